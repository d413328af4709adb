/*-------------------------------------------------------------------------
 *
 * support_row.c
 *	  A row of the log, as far as a person who asks about a lead sees it.
 *
 * Memory: what a row has is copied to the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "report/support_row.h"

/* A bigint or a time that may be null. */
LeadValue
look_value(const Look *look, int column)
{
	LeadValue	value = {
		.provided = !look_is_null(look, column),
		.number = look_integer(look, column)
	};

	return value;
}

/* Reads the current row of a statement with the columns of a SupportRow. */
static void
read_row(const Look *look, SupportRow *row)
{
	int			column = 1;

	row->log_id = look_integer(look, column++);
	row->received_at = look_integer(look, column++);
	row->status = look_text(look, column++);
	row->reason = look_text(look, column++);
	row->person_action = look_text(look, column++);
	row->booking_action = look_text(look, column++);
	row->booking_reason = look_text(look, column++);
	row->dealership_id = look_value(look, column++);
	row->workspace_id = look_integer(look, column++);
	row->workspace_name = look_text(look, column++);
	row->person_id = look_integer(look, column++);
	row->booking_id = look_integer(look, column++);
	row->replay_of = look_integer(look, column++);
	row->dismissed_at = look_value(look, column++);
	row->note = look_text(look, column++);
	row->lead_reference = look_text(look, column++);
	row->email = look_text(look, column++);
	row->client_id = look_text(look, column++);
	row->has_payload = DatumGetBool(look_datum(look, column++));
	row->outcome = look_is_null(look, column) ? NULL :
		DatumGetJsonbPCopy(look_datum(look, column));
}

/* Finds a row of the log; returns false if there is none. */
bool
support_find_row(Store *store, int64 log_id, SupportRow *row)
{
	StatementArgs args = {0};
	Look		look;
	bool		found;

	arg_integer(&args, log_id);
	look_begin(store, &support_statements[SUPPORT_ROW], &args, &look);
	found = look_next(&look);
	if (found)
		read_row(&look, row);
	look_end(&look);
	return found;
}

/*
 * Lists the deliveries of a lead, what they replay and their replays, in order:
 * the newest MAX_DELIVERIES_TOLD.  Returns how many; *are_more: there are older
 * ones.
 */
int
support_list_rows(Store *store, const LeadKey *lead, SupportRow *rows,
				  bool *are_more)
{
	StatementArgs args = {0};
	Look		look;
	int			count = 0;

	arg_text(&args, lead->alone ? lead_text(NULL, 0) : lead->lead_reference);
	arg_value(&args, INT8OID, &lead->dealership_id);
	arg_id(&args, lead->alone ? lead->log_id : 0);
	look_begin(store, &support_statements[SUPPORT_STORY], &args, &look);
	while (count <= MAX_DELIVERIES_TOLD && look_next(&look))
		read_row(&look, &rows[count++]);
	look_end(&look);
	*are_more = count > MAX_DELIVERIES_TOLD;
	if (*are_more)
		memmove(rows, rows + 1, --count * sizeof(SupportRow));
	return count;
}

/*
 * Returns the row by which a lead is open, and the reason; 0 if it is not open.
 */
int64
support_find_open(Store *store, const LeadKey *lead, LeadText *reason)
{
	StatementArgs args = {0};
	SupportStatement statement = SUPPORT_OPEN_ALONE;
	int64		log_id = 0;
	Look		look;

	if (lead->alone)
		arg_integer(&args, lead->log_id);
	else
	{
		statement = SUPPORT_OPEN_OF_LEAD;
		arg_text(&args, lead->lead_reference);
		arg_value(&args, INT8OID, &lead->dealership_id);
	}
	look_begin(store, &support_statements[statement], &args, &look);
	if (look_next(&look))
	{
		log_id = look_integer(&look, 1);
		*reason = look_text(&look, 2);
	}
	look_end(&look);
	return log_id;
}

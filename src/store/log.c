/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The storage of loopit.ingest_log.
 *
 * Memory: see run.c; rows for a caller's result go to its tuplestore.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "rules/time.h"
#include "store/row.h"

/*
 * Notes a row that is written after the day (UTC) on which it was received: that
 * day may be counted already.  The clock is read after the row was written, so
 * that whoever reads a later day, and then waits for older transactions, sees a
 * row that is not noted.
 */
static void
note_late(Store *store, const LogRow *log)
{
	StatementArgs args = {0};

	if (day_of_time(log->received_at) >= day_of_time(GetCurrentTimestamp()))
		return;
	arg_integer(&args, log->id);
	arg_integer(&args, log->received_at);
	if (run_change(store, SQL_NOTE_LATE, &args) == 0)
		store_raise_not_stored("ingest_late");
}

/* Inserts a row into the log. */
void
store_insert_log(Store *store, const LogRow *log)
{
	const TableSpec *spec = &table_specs[TABLE_INGEST_LOG];
	RowValues	row;

	new_row(&row);
	set_integer(&row, LOG_ID, log->id);
	set_integer(&row, LOG_RECEIVED_AT, log->received_at);
	set_value(&row, spec, LOG_DEALERSHIP_ID, &log->dealership_id);
	set_id(&row, LOG_WORKSPACE_ID, log->workspace_id);
	set_id(&row, LOG_PERSON_ID, log->person_id);
	set_id(&row, LOG_BOOKING_ID, log->booking_id);
	set_id(&row, LOG_REPLAY_OF, log->replay_of);
	set_value(&row, spec, LOG_FIRST_RECEIVED_AT, &log->first_received_at);
	set_integer(&row, LOG_DURATION_US, log->duration_us);
	set_datum(&row, LOG_PAYLOAD_VERSION, Int32GetDatum(log->payload_version));
	set_datum(&row, LOG_ASKED_FOR_BOOKING, BoolGetDatum(log->asked_for_booking));
	set_datum(&row, LOG_OPEN, BoolGetDatum(log->open));
	set_string(&row, LOG_STATUS, status_name(log->status));
	set_string(&row, LOG_REASON, code_name(log->reason));
	set_text(&row, LOG_LEAD_REFERENCE, log->lead_reference);
	set_text(&row, LOG_EMAIL, log->email);
	set_string(&row, LOG_PERSON_ACTION, action_name(log->person_action));
	set_string(&row, LOG_BOOKING_ACTION, action_name(log->booking_action));
	set_string(&row, LOG_BOOKING_REASON, code_name(log->booking_reason));
	set_string(&row, LOG_INGESTED_BY, log->ingested_by);
	set_text(&row, LOG_CLIENT_ID, log->client_id);
	set_datum(&row, LOG_OUTCOME, PointerGetDatum(log->outcome));
	if (log->payload != NULL)
		set_datum(&row, LOG_PAYLOAD, PointerGetDatum(log->payload));
	if (log->raw_body != NULL)
		set_datum(&row, LOG_RAW_BODY, PointerGetDatum(log->raw_body));
	(void) insert_row(store, TABLE_INGEST_LOG, &row);
	note_late(store, log);
}

/* Returns true if the row that is current is open for a conflict. */
static bool
is_open_conflict(const RowScan *row)
{
	LeadText	status = row_value(row, LOG_STATUS).text;
	LeadText	action = row_value(row, LOG_BOOKING_ACTION).text;

	return strcmp(status.data, status_name(STATUS_PROCESSED)) == 0 &&
		strcmp(action.data, action_name(ACTION_SKIPPED)) != 0;
}

/*
 * Returns true if open rows of the log may be settled by this one, which is
 * about to be inserted: it is a replay, or there are open rows of its lead that
 * it may settle.  For most leads that is one search in an index that is almost
 * empty.  Of a partitioned log the newest partitions are searched, since to
 * search a hundred would cost as much as the lead: a row of an older one may stay
 * marked, and no view shows it.
 */
bool
store_may_settle(Store *store, const LogRow *log)
{
	Datum		key[3];
	bool		found = false;
	RowScan		row;

	if (log->replay_of != 0)
		return true;
	if (log->status != STATUS_PROCESSED || !log->dealership_id.provided ||
		log->lead_reference.data == NULL)
		return false;

	store_take_snapshot(store);
	key[0] = Int64GetDatum(log->dealership_id.number);
	key[1] = text_datum(log->lead_reference);
	/* those that asked for a booking need one */
	key[2] = BoolGetDatum(false);
	find_rows(store, log->booking_action == ACTION_SKIPPED ?
			  OPEN_ROWS_BY_LEAD_AND_ASKED : OPEN_ROWS_BY_LEAD, key, &row);
	while (!found && next_row(&row))
		found = !is_open_conflict(&row);
	end_rows(&row);
	return found;
}

/*
 * Clears the mark of open rows that the inserted row has settled.  A row that
 * another transaction has locked is left to that one: view open_delivery shows
 * no settled row, marked or not.
 */
void
store_settle(Store *store, const LogRow *log)
{
	StatementArgs args = {0};

	arg_value(&args, INT8OID, &log->dealership_id);
	arg_text(&args, log->lead_reference);
	arg_id(&args, log->replay_of);
	run_change(store, SQL_SETTLE, &args);
}

/*
 * Returns the payload, palloc'd, of the newest row of a lead and its person that
 * was processed, still has its payload, and whose outcome is_base() accepts for
 * the thing; NULL if there is none.  *outcome is then that outcome.
 */
Jsonb *
store_find_base(Store *store, int64 workspace_id, LeadText lead_reference,
				int64 person_id,
				bool (*is_base) (Jsonb *outcome, Thing thing), Thing thing,
				Jsonb **outcome)
{
	Datum		key[] = {text_datum(lead_reference)};
	Jsonb	   *payload = NULL;
	int64		received_at = 0;
	int64		id = 0;
	RowScan		row;

	find_rows(store, LOG_BY_LEAD_REFERENCE, key, &row);
	while (next_row(&row))
	{
		Jsonb	   *row_outcome;

		/* rows received at the same time are in no order */
		if (payload != NULL && row_integer(&row, LOG_RECEIVED_AT) != received_at)
			break;
		if (row_integer(&row, LOG_WORKSPACE_ID) != workspace_id ||
			row_integer(&row, LOG_PERSON_ID) != person_id ||
			row_integer(&row, LOG_ID) < id ||
			row_is_null(&row, LOG_PAYLOAD) ||
			strcmp(row_value(&row, LOG_STATUS).text.data,
				   status_name(STATUS_PROCESSED)) != 0)
			continue;
		row_outcome = row_jsonb(&row, LOG_OUTCOME);
		if (!is_base(row_outcome, thing))
			continue;
		received_at = row_integer(&row, LOG_RECEIVED_AT);
		id = row_integer(&row, LOG_ID);
		payload = row_jsonb(&row, LOG_PAYLOAD);
		*outcome = row_outcome;
	}
	end_rows(&row);
	return payload;
}

/* A copy of a varlena of the result; NULL where it is null. */
static struct varlena *
result_varlena(uint64 row, int column)
{
	bool		isnull;
	Datum		datum = result_datum(row, column, &isnull);

	return isnull ? NULL : PG_DETOAST_DATUM_COPY(datum);
}

/* Locks that row and reads its delivery; false: there is no such row. */
bool
store_find_delivery(Store *store, int64 log_id, LoggedDelivery *delivery)
{
	StatementArgs args = {0};

	arg_integer(&args, log_id);
	if (run_change(store, SQL_FIND_DELIVERY, &args) == 0)
		return false;
	delivery->payload = (Jsonb *) result_varlena(0, 1);
	delivery->raw_body = (bytea *) result_varlena(0, 2);
	delivery->first_received_at = result_integer(0, 3);
	return true;
}

/* Returns the look-up whose index fits what is asked for. */
static Statement
find_leads_statement(const LeadQuery *query)
{
	if (query->lead_reference.data != NULL)
		return SQL_FIND_LEADS_BY_REFERENCE;
	if (query->email.data != NULL)
		return SQL_FIND_LEADS_BY_EMAIL;
	if (query->dealership_id.provided)
		return SQL_FIND_LEADS_BY_DEALERSHIP;
	return query->from.provided ? SQL_FIND_LEADS_BY_TIME : SQL_FIND_NEWEST_LEADS;
}

/*
 * Puts rows of the log, newest first, into the result of loopit_find_leads(),
 * which the server keeps in a file where they are many.
 */
void
store_find_leads(Store *store, const LeadQuery *query, Tuplestorestate *result)
{
	StatementArgs args = {0};
	Statement	statement = find_leads_statement(query);
	Portal		cursor;
	uint64		rows;

	if (statement != SQL_FIND_NEWEST_LEADS)
	{
		arg_text(&args, query->lead_reference);
		arg_text(&args, query->email);
		arg_value(&args, TIMESTAMPTZOID, &query->from);
		arg_value(&args, TIMESTAMPTZOID, &query->until);
		arg_value(&args, INT8OID, &query->dealership_id);
	}
	if (statement == SQL_FIND_LEADS_BY_REFERENCE)
		arg_text(&args, query->other_reference);
	cursor = open_cursor(store, statement, &args);
	while ((rows = fetch_rows(cursor)) > 0)
	{
		for (uint64 row = 0; row < rows; row++)
			tuplestore_puttuple(result, SPI_tuptable->vals[row]);
	}
}

/* Dismisses that row's lead; a note without data is none. */
void
store_dismiss_lead(Store *store, int64 log_id, int64 now, LeadText note)
{
	StatementArgs args = {0};

	arg_integer(&args, log_id);
	arg_integer(&args, now);
	arg_text(&args, note);
	run_change(store, SQL_DISMISS_LEAD, &args);
}

/* Deletes rows received from a time on and before another; returns how many. */
static int64
purge_between(Store *store, Statement statement, int64 from, int64 until,
			  int64 max_rows)
{
	StatementArgs args = {0};

	if (max_rows == 0 || from >= until)
		return 0;
	arg_integer(&args, from);
	arg_integer(&args, until);
	arg_integer(&args, max_rows);
	return single_id(run_change(store, statement, &args));
}

/*
 * Marks what is settled of the rows that were received from the first time on and
 * before the second, where that was missed when the delivery came that settled
 * it: once that is deleted, it settles nothing any more by being there.
 */
void
store_settle_between(Store *store, int64 from, int64 until)
{
	StatementArgs args = {0};

	arg_integer(&args, from);
	arg_integer(&args, until);
	run_change(store, SQL_SETTLE_BETWEEN, &args);
}

/*
 * Deletes at most so many rows that were processed before the first time, and,
 * before the second, rows that were not, or whose lead is still open.  Returns
 * how many.
 */
int64
store_purge_log(Store *store, int64 processed_before, int64 others_before,
				int64 max_rows)
{
	int64		all_before = Min(processed_before, others_before);
	int64		some_before = Max(processed_before, others_before);
	int64		deleted;

	if (all_before < some_before)
		store_settle_between(store, all_before, some_before);
	deleted = purge_between(store, SQL_PURGE_ALL, DT_NOBEGIN, all_before,
							max_rows);
	return deleted +
		purge_between(store, some_before == others_before ?
					  SQL_PURGE_FAILURES : SQL_PURGE_PROCESSED,
					  all_before, some_before, max_rows - deleted);
}

/*
 * Begins to list the rows of the workspace, or of none, of which a body is kept,
 * or a payload that was not processed.
 */
void
store_list_unread(Store *store, int64 workspace_id, UnreadScan *scan)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	scan->cursor = open_cursor(store, SQL_LIST_UNREAD, &args);
	scan->rows = 0;
	scan->next = 0;
}

/*
 * Reads the next row; false: there is none.  Its body and payload are copied to
 * the current context.
 */
bool
store_next_unread(UnreadScan *scan)
{
	if (scan->next == scan->rows)
	{
		scan->rows = fetch_rows(scan->cursor);
		scan->next = 0;
	}
	if (scan->rows == 0)
		return false;
	scan->log_id = result_integer(scan->next, 1);
	scan->raw_body = (bytea *) result_varlena(scan->next, 2);
	scan->payload = (Jsonb *) result_varlena(scan->next, 3);
	scan->next++;
	return true;
}

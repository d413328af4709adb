/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The storage of loopit.ingest_log.  See store.h.
 *
 * Memory: see row_sql.c; rows for a caller's result go to its tuplestore.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/outcome.h"
#include "rules/version.h"
#include "store/row.h"

void
store_insert_log(Store *store, const LogRow *row, const Outcome *outcome)
{
	StatementArgs args = {0};
	const ThingOutcome *booking = &outcome->thing[THING_BOOKING];

	arg_integer(&args, row->id);
	arg_integer(&args, row->received_at);
	arg_value(&args, TYPE_BIGINT, &row->dealership_id);
	arg_id(&args, outcome->workspace_id);
	arg_id(&args, outcome->person_id);
	arg_id(&args, outcome->booking_id);
	arg_id(&args, row->replay_of);
	arg_value(&args, TYPE_TIMESTAMP, &row->first_received_at);
	arg_integer(&args, row->duration_us);
	arg_datum(&args, Int32GetDatum(PAYLOAD_VERSION), false);
	arg_datum(&args, BoolGetDatum(row->asked_for_booking), false);
	arg_string(&args, status_name(outcome->status));
	arg_string(&args, code_name(outcome->reason));
	arg_text(&args, outcome->lead_reference);
	arg_text(&args, row->email);
	arg_string(&args, action_name(outcome->thing[THING_PERSON].action));
	arg_string(&args, action_name(booking->action));
	arg_string(&args, code_name(booking->reason));
	arg_text(&args, row->ingested_by);
	arg_datum(&args, PointerGetDatum(row->outcome), false);
	arg_datum(&args, PointerGetDatum(row->payload), row->payload == NULL);
	arg_datum(&args, PointerGetDatum(row->raw_body), row->raw_body == NULL);
	(void) insert_row(store, TABLE_INGEST_LOG, &args);
}

/* A copy of a varlena of the result; NULL where it is null. */
static struct varlena *
result_varlena(uint64 row, int column)
{
	bool		isnull;
	Datum		datum = result_datum(row, column, &isnull);

	return isnull ? NULL : PG_DETOAST_DATUM_COPY(datum);
}

bool
store_find_delivery(Store *store, int64 log_id, LoggedDelivery *delivery)
{
	StatementArgs args = {0};

	arg_integer(&args, log_id);
	if (run_look(store, SQL_FIND_DELIVERY, &args) == 0)
		return false;
	delivery->payload = (Jsonb *) result_varlena(0, 1);
	delivery->raw_body = (bytea *) result_varlena(0, 2);
	delivery->first_received_at = result_integer(0, 3);
	return true;
}

/* The look-up whose index fits what is asked for. */
static Statement
find_leads_statement(LeadText lead_reference, LeadText email,
					 const LeadValue *from)
{
	if (lead_reference.data != NULL)
		return SQL_FIND_LEADS_BY_REFERENCE;
	if (email.data != NULL)
		return SQL_FIND_LEADS_BY_EMAIL;
	return from->provided ? SQL_FIND_LEADS_BY_TIME : SQL_FIND_NEWEST_LEADS;
}

void
store_find_leads(Store *store, LeadText lead_reference, LeadText email,
				 const LeadValue *from, const LeadValue *until,
				 ReturnSetInfo *result)
{
	StatementArgs args = {0};
	Statement	statement = find_leads_statement(lead_reference, email, from);
	uint64		rows;

	if (statement != SQL_FIND_NEWEST_LEADS)
	{
		arg_text(&args, lead_reference);
		arg_text(&args, email);
		arg_value(&args, TYPE_TIMESTAMP, from);
		arg_value(&args, TYPE_TIMESTAMP, until);
	}
	rows = run_look(store, statement, &args);
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
}

void
store_dismiss_lead(Store *store, int64 log_id, int64 now, LeadText note)
{
	StatementArgs args = {0};

	arg_integer(&args, log_id);
	arg_integer(&args, now);
	arg_text(&args, note);
	run_change(store, SQL_DISMISS_LEAD, &args);
}

int64
store_purge_log(Store *store, int64 processed_before, int64 others_before,
				int64 max_rows)
{
	StatementArgs args = {0};

	arg_integer(&args, processed_before);
	arg_integer(&args, others_before);
	arg_integer(&args, max_rows);
	return (int64) run_change(store, SQL_PURGE_LOG, &args);
}

/* Changes what belongs to a person; answers how many rows. */
static int64
change_of_person(Store *store, Statement statement, int64 workspace_id,
				 int64 person_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	return (int64) run_change(store, statement, &args);
}

void
store_forget_person(Store *store, int64 workspace_id, LeadText email,
					ForgetCounts *counts)
{
	StatementArgs key = {0};
	StatementArgs args = {0};
	int64		person_id;

	memset(counts, 0, sizeof(*counts));
	arg_integer(&key, workspace_id);
	arg_text(&key, email);
	person_id = single_id(run_change(store, SQL_LOCK_PERSON_TO_FORGET, &key));
	if (person_id != 0)
	{
		counts->bookings = change_of_person(store, SQL_UNLINK_BOOKINGS,
											workspace_id, person_id);
		counts->documents = change_of_person(store, SQL_DELETE_DOCUMENTS,
											 workspace_id, person_id);
		counts->persons = change_of_person(store, SQL_DELETE_PERSON,
										   workspace_id, person_id);
	}

	arg_integer(&args, workspace_id);
	arg_id(&args, person_id);
	arg_text(&args, email);
	counts->log_rows = (int64) run_change(store, SQL_FORGET_LOG, &args);
}

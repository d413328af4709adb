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

#include "catalog/pg_type_d.h"

#include "rules/version.h"
#include "store/row.h"

/* Inserts a row into the log; its payload version is that of the rules. */
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
	set_datum(&row, LOG_PAYLOAD_VERSION, Int32GetDatum(PAYLOAD_VERSION));
	set_datum(&row, LOG_ASKED_FOR_BOOKING, BoolGetDatum(log->asked_for_booking));
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
}

/* A copy of a varlena of the result; NULL where it is null. */
static struct varlena *
result_varlena(uint64 row, int column)
{
	bool		isnull;
	Datum		datum = result_datum(row, column, &isnull);

	return isnull ? NULL : PG_DETOAST_DATUM_COPY(datum);
}

/* Reads what that row has of its delivery; false: there is no such row. */
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

/*
 * Puts rows of the log, newest first, into the result of loopit_find_leads().
 * A text without data, and a time that is not provided, is no condition.
 */
void
store_find_leads(Store *store, LeadText lead_reference, LeadText email,
				 const LeadValue *from, const LeadValue *until,
				 Tuplestorestate *result)
{
	StatementArgs args = {0};
	Statement	statement = find_leads_statement(lead_reference, email, from);
	uint64		rows;

	if (statement != SQL_FIND_NEWEST_LEADS)
	{
		arg_text(&args, lead_reference);
		arg_text(&args, email);
		arg_value(&args, TIMESTAMPTZOID, from);
		arg_value(&args, TIMESTAMPTZOID, until);
	}
	rows = run_look(store, statement, &args);
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(result, SPI_tuptable->vals[row]);
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

/* Deletes rows received before; returns how many. */
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

/*
 * Erases the person with that address, in lower case, and what the log has of
 * either.
 */
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

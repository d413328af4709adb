/*-------------------------------------------------------------------------
 *
 * forget.c
 *	  The storage of an erasure: the person's rows, and those of the log.
 *
 * Memory: see run.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/snapmgr.h"

#include "store/run.h"

/* Changes what belongs to a person; returns how many rows. */
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
 * Returns true if that is, in lower case, the e-mail of a person of the
 * workspace or of a row of the log.
 */
bool
store_is_known_email(Store *store, int64 workspace_id, LeadText email)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, email);
	return run_look(store, SQL_FIND_EMAIL, &args) > 0;
}

/* How many rows of the log a person has in the active snapshot. */
static int64
count_log_rows(Store *store, int64 workspace_id, int64 person_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	return single_id(run_look(store, SQL_COUNT_LOG_ROWS, &args));
}

/*
 * Raises a serialization failure if a delivery of the person, for which the
 * lock has waited, left a row in the log that the transaction's own snapshot
 * does not see: it would not be erased.
 */
static void
require_visible_log(Store *store, int64 workspace_id, int64 person_id)
{
	int64		seen = count_log_rows(store, workspace_id, person_id);
	int64		committed;

	PushActiveSnapshot(GetLatestSnapshot());
	committed = count_log_rows(store, workspace_id, person_id);
	PopActiveSnapshot();
	if (committed != seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
}

/*
 * Erases the person with that e-mail, in lower case; returns the id, 0 if there
 * is none.  Counts all but log_rows.
 */
int64
store_forget_person(Store *store, int64 workspace_id, LeadText email,
					ForgetCounts *counts)
{
	StatementArgs key = {0};
	int64		person_id;

	arg_integer(&key, workspace_id);
	arg_text(&key, email);
	person_id = single_id(run_change(store, SQL_LOCK_PERSON_TO_FORGET, &key));
	if (person_id == 0)
		return 0;
	if (IsolationUsesXactSnapshot())
		require_visible_log(store, workspace_id, person_id);
	counts->bookings = change_of_person(store, SQL_UNLINK_BOOKINGS,
										workspace_id, person_id);
	counts->documents = change_of_person(store, SQL_DELETE_DOCUMENTS,
										 workspace_id, person_id);
	counts->persons = change_of_person(store, SQL_DELETE_PERSON,
									   workspace_id, person_id);
	return person_id;
}

/*
 * Erases what is personal in rows of the log: those of the person (0: nobody),
 * those of the e-mail, and the rows of these ids.  Returns how many.
 */
int64
store_forget_log(Store *store, int64 workspace_id, int64 person_id,
				 LeadText email, Datum *log_ids, int count)
{
	StatementArgs args = {0};
	ArrayType  *ids = construct_array(log_ids, count, INT8OID, sizeof(int64),
									  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);

	arg_integer(&args, workspace_id);
	arg_id(&args, person_id);
	arg_text(&args, email);
	arg_datum(&args, PointerGetDatum(ids), false);
	return (int64) run_change(store, SQL_FORGET_LOG, &args);
}

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

#include "store/row.h"

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

/*
 * Returns true if the newest snapshot counts other rows of the log than that of
 * the look-ups does: some were committed in between.
 */
static bool
has_newer_rows(Store *store, Statement count, StatementArgs *args)
{
	int64		seen = single_id(run_look(store, count, args));
	int64		committed;

	PushActiveSnapshot(GetLatestSnapshot());
	committed = single_id(run_look(store, count, args));
	PopActiveSnapshot();
	return committed != seen;
}

static void
raise_not_serializable(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update")));
}

/*
 * Raises a serialization failure if a delivery of the person, which is locked,
 * left a row in the log that the transaction's own snapshot does not see: an
 * erasure would miss it, and a delivery would not be compared with it.
 */
void
require_visible_log(Store *store, int64 workspace_id, int64 person_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	if (has_newer_rows(store, SQL_COUNT_LOG_ROWS, &args))
		raise_not_serializable();
}

/*
 * Erases the person with that e-mail, in lower case; returns the id, 0 if there
 * is none.  Adds to all counts but log_rows.
 */
int64
store_forget_person(Store *store, int64 workspace_id, LeadText email,
					ForgetCounts *counts)
{
	StatementArgs key = {0};
	int64		person_id;
	int64		deleted;

	arg_integer(&key, workspace_id);
	arg_text(&key, email);
	person_id = single_id(run_change(store, SQL_LOCK_PERSON_TO_FORGET, &key));
	if (person_id == 0)
		return 0;
	if (IsolationUsesXactSnapshot())
		require_visible_log(store, workspace_id, person_id);
	counts->bookings += change_of_person(store, SQL_UNLINK_BOOKINGS,
										 workspace_id, person_id);
	counts->documents += change_of_person(store, SQL_DELETE_DOCUMENTS,
										  workspace_id, person_id);
	deleted = change_of_person(store, SQL_DELETE_PERSON, workspace_id, person_id);
	counts->persons += deleted;
	if (deleted == 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("row of table \"person\" was not deleted"),
				 errhint("Look for a trigger that returns NULL, and for a rule.")));
	return person_id;
}

static ArrayType *
id_array(Datum *ids, int count)
{
	return construct_array(ids, count, INT8OID, sizeof(int64),
						   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* The ids in the first column of the result, as an array. */
static ArrayType *
result_ids(uint64 rows)
{
	Datum	   *ids = palloc_extended(rows * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (uint64 row = 0; row < rows; row++)
		ids[row] = Int64GetDatum(result_integer(row, 1));
	return id_array(ids, (int) rows);
}

/*
 * Erases what is personal in rows of the log: those of the person (0: nobody),
 * those of the e-mail, and the rows of these ids.  Returns how many.
 *
 * A replay holds a lock on the row that it replays, so the erasure of that waits
 * for it, but does not see the row and the person that it has stored meanwhile:
 * *replayed is then true, and all is to be done again.
 */
int64
store_forget_log(Store *store, int64 workspace_id, int64 person_id,
				 LeadText email, Datum *log_ids, int count, bool *replayed)
{
	StatementArgs args = {0};
	StatementArgs erased = {0};
	uint64		rows;

	arg_integer(&args, workspace_id);
	arg_id(&args, person_id);
	arg_text(&args, email);
	arg_datum(&args, PointerGetDatum(id_array(log_ids, count)), false);
	rows = run_change(store, SQL_FORGET_LOG, &args);

	arg_varlena(&erased, result_ids(rows));
	*replayed = has_newer_rows(store, SQL_COUNT_REPLAYS, &erased);
	if (*replayed && IsolationUsesXactSnapshot())
		raise_not_serializable();
	return (int64) rows;
}

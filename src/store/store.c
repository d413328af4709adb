/*-------------------------------------------------------------------------
 *
 * store.c
 *	  A session of the storage, its snapshot, and what is common to all tables:
 *	  which error is a lost race, and what is said of a row that is not stored.
 *
 * Memory: a store is palloc'd in the caller's context, and pfree'd when it is
 * closed.  An error leaves it to its context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "store/row.h"

/* Defines loopit_leads.storage; called by _PG_init(). */
void
store_init(void)
{
	row_init();
}

/*
 * Opens a session.  A read-only one takes the snapshot that the calling query
 * has, and writes and locks nothing.
 */
Store *
store_open(bool read_only)
{
	Store	   *store = palloc0(sizeof(Store));

	store->read_only = read_only;
	return store;
}

static void
drop_snapshot(Store *store)
{
	if (store->has_snapshot)
		PopActiveSnapshot();
	store->has_snapshot = false;
}

void
store_close(Store *store)
{
	end_direct_access(store);
	drop_snapshot(store);
	disconnect_from_spi(store);
	pfree(store);
}

/*
 * Begins a round of look-ups: one snapshot for all of them, so that they tell
 * of one moment; it has what this transaction did before.
 */
void
store_take_snapshot(Store *store)
{
	if (store->read_only)
		return;
	drop_snapshot(store);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	store->has_snapshot = true;
}

/*
 * Raises an error that says that a row of the table is not stored.  Without an
 * error of the server's own, it is a trigger that returns NULL.  A lead that
 * would be reported as stored, and is not, is lost.
 */
void
store_raise_not_stored(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("row of table \"%s\" was not stored", table),
			 errhint("Look for a trigger that returns NULL."),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, "loopit"),
			 err_generic_string(PG_DIAG_TABLE_NAME, table)));
}

/* Returns true if it is the index of the key; a DBA may have renamed it. */
static bool
is_key_of(const TableSpec *spec, int key, const char *index_name)
{
	Oid			schema = get_namespace_oid("loopit", true);

	return index_name != NULL && OidIsValid(schema) &&
		direct_is_key(get_relname_relid(index_name, schema), spec, key);
}

/*
 * Returns true if the error is that of an insert of a person, document or
 * booking that another transaction has inserted in between.  What raised it is
 * then rolled back, and a retry finds that row.  Any other unique violation is
 * the lead's failure.
 */
bool
store_lost_race(const ErrorData *error)
{
	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION ||
		error->schema_name == NULL || error->table_name == NULL ||
		strcmp(error->schema_name, "loopit") != 0)
		return false;
	for (int table = 0; table < NUM_TABLES; table++)
	{
		const TableSpec *spec = &table_specs[table];

		if (strcmp(error->table_name, spec->name) != 0)
			continue;
		for (int key = 0; key < MAX_KEYS && spec->keys[key].ncolumns > 0; key++)
		{
			if (spec->keys[key].identifies)
				return is_key_of(spec, key, error->constraint_name);
		}
	}
	return false;
}

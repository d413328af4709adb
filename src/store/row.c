/*-------------------------------------------------------------------------
 *
 * row.c
 *	  Rows of the tables, with or without SQL.  See row.h.
 *
 * Memory: the caller's context; see row_sql.c and direct.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "store/row.h"

/* The values of loopit_leads.storage. */
typedef enum StorageMode
{
	STORAGE_AUTO,				/* without SQL where that is the same */
	STORAGE_SQL
} StorageMode;

static int	storage_mode = STORAGE_AUTO;

/* See store.h.  No caller's choice: tables of an engine may need SQL. */
void
store_init(void)
{
	static const struct config_enum_entry modes[] = {
		{"auto", STORAGE_AUTO, false},
		{"sql", STORAGE_SQL, false},
		{NULL, 0, false}
	};

	DefineCustomEnumVariable("loopit_leads.storage",
							 "How rows of leads are read and written.",
							 "\"auto\" goes without SQL where that is the same; \"sql\" never does.",
							 &storage_mode, STORAGE_AUTO, modes,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("loopit_leads");
	direct_init("loopit", table_specs, NUM_TABLES);
}

/* The table, where it can do without SQL; else NULL. */
static DirectRelation *
direct_relation(Store *store, Table table)
{
	if (storage_mode == STORAGE_SQL)
		return NULL;
	if (store->direct == NULL)
		store->direct = direct_begin(store->read_only);
	return direct_open(store->direct, table);
}

/* See row.h. */
void
find_rows(Store *store, Lookup lookup, StatementArgs *args, StoreRow *row)
{
	const LookupSpec *spec = &lookup_specs[lookup];

	row->direct = direct_relation(store, spec->table);
	row->number = 0;
	if (row->direct != NULL)
		direct_scan_begin(&row->scan, row->direct, spec->key, args->values,
						  args->count);
	else
	{
		row->count = run_look(store, spec->statement, args);
		row->tuples = SPI_tuptable;
	}
}

/* See row.h. */
bool
next_row(StoreRow *row)
{
	if (row->direct != NULL)
		return direct_scan_next(&row->scan);
	return row->number++ < row->count;
}

/* See row.h. */
void
end_rows(StoreRow *row)
{
	if (row->direct != NULL)
		direct_scan_end(&row->scan);
}

/* See row.h. */
bool
find_row(Store *store, Lookup lookup, StatementArgs *args, StoreRow *row)
{
	bool		found;

	find_rows(store, lookup, args, row);
	found = next_row(row);
	end_rows(row);
	return found;
}

static Datum
row_datum(const StoreRow *row, int column, bool *isnull)
{
	if (row->direct != NULL)
		return direct_value(row->direct, column, isnull);
	return SPI_getbinval(row->tuples->vals[row->number - 1],
						 row->tuples->tupdesc, column + 1, isnull);
}

/* See row.h. */
int64
row_integer(const StoreRow *row, int column)
{
	bool		isnull;
	Datum		value = row_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* See row.h. */
bool
row_is_null(const StoreRow *row, int column)
{
	bool		isnull;

	(void) row_datum(row, column, &isnull);
	return isnull;
}

/* See row.h. */
LeadValue
row_value(const StoreRow *row, int column, FieldType type)
{
	bool		isnull;
	Datum		value = row_datum(row, column, &isnull);

	return datum_value(value, isnull, type);
}

/* Is the row one that this call has locked, or has inserted? */
static bool
is_held(const Store *store, Table table, const Datum *key)
{
	for (int i = 0; i < store->held_count; i++)
	{
		if (store->held[i].table == table && store->held[i].key[0] == key[0] &&
			store->held[i].key[1] == key[1])
			return true;
	}
	return false;
}

/* Keys of more rows than fit are only forgotten: such a row is locked again. */
static void
hold(Store *store, Table table, const Datum *key)
{
	if (store->held_count == lengthof(store->held))
		return;
	store->held[store->held_count].table = table;
	store->held[store->held_count].key[0] = key[0];
	store->held[store->held_count].key[1] = key[1];
	store->held_count++;
}

/*
 * Locks the row of a primary key; false: it is gone.  Its newest version may
 * have another key, like one that SELECT ... FOR UPDATE looks at anew.
 */
static bool
lock_directly(DirectRelation *relation, const Datum *key, LockTupleMode mode)
{
	return (direct_at(relation, key) ||
			direct_find(relation, 0, key, relation->table->keys[0].ncolumns)) &&
		direct_lock(relation, mode) && direct_at(relation, key);
}

/* See row.h. */
bool
lock_row(Store *store, Table table, StatementArgs *key, StoreRow *row)
{
	const WriteSpec *spec = &write_specs[table];
	bool		found;

	row->direct = direct_relation(store, table);
	found = row->direct != NULL &&
		lock_directly(row->direct, key->values, spec->lock_mode);
	if (!found)
	{
		/* what a trigger has changed in this call, only SQL finds */
		row->direct = NULL;
		found = run_change(store, spec->lock, key) > 0;
		row->tuples = SPI_tuptable;
		row->number = 1;
	}
	if (found)
		hold(store, table, key->values);
	return found;
}

/*
 * Locks the rows that an inserted one refers to, in place of the foreign keys'
 * triggers; false: one is gone, or its table takes SQL.
 */
static bool
hold_parents(Store *store, const DirectSpec *spec, const Datum *values)
{
	for (int i = 0; i < DIRECT_MAX_PARENTS && spec->parents[i].count > 0; i++)
	{
		const DirectParent *parent = &spec->parents[i];
		Datum		key[DIRECT_MAX_KEY_COLUMNS] = {0};
		DirectRelation *relation;

		for (int j = 0; j < parent->count; j++)
			key[j] = values[parent->columns[j]];
		if (is_held(store, parent->table, key))
			continue;
		relation = direct_relation(store, parent->table);
		if (relation == NULL || !lock_directly(relation, key, LockTupleKeyShare))
			return false;
		hold(store, parent->table, key);
	}
	return true;
}

/*
 * A change by a statement.  The table's triggers can do anything to rows that
 * this transaction has locked, and to their tables: none counts as held behind
 * it, and no table is in use.
 */
static uint64
change_rows(Store *store, Statement statement, StatementArgs *args)
{
	if (store->direct != NULL)
		direct_end(store->direct);
	store->direct = NULL;
	store->held_count = 0;
	return run_change(store, statement, args);
}

/* See row.h. */
int64
insert_row(Store *store, Table table, StatementArgs *args)
{
	const DirectSpec *spec = &table_specs[table];
	DirectRelation *relation = direct_relation(store, table);

	if (relation != NULL && hold_parents(store, spec, args->values))
	{
		int64		id = 0;

		if (spec->identity != 0)
		{
			id = direct_next_id(relation);
			args->values[spec->identity] = Int64GetDatum(id);
			args->nulls[spec->identity] = ' ';
		}
		direct_insert(relation, args->values, args->nulls);
		hold(store, table, args->values);
		return id;
	}
	if (change_rows(store, write_specs[table].insert, args) == 0)
		store_raise_not_stored(spec->name);
	return spec->identity != 0 ? result_integer(0, 1) : 0;
}

/* See row.h. */
bool
update_row(Store *store, Table table, StatementArgs *args)
{
	DirectRelation *relation = direct_relation(store, table);

	if (relation == NULL ||
		!lock_directly(relation, args->values, LockTupleNoKeyExclusive) ||
		direct_is_own(relation))
		return change_rows(store, write_specs[table].update, args) > 0;
	direct_update(relation, args->values, args->nulls);
	return true;
}

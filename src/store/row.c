/*-------------------------------------------------------------------------
 *
 * row.c
 *	  Rows of the tables: the choice between the direct path and SQL, and what
 *	  both have in common.
 *
 * Memory: works in the caller's context; see run.c and direct/direct.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "store/row.h"

/* The values of loopit_leads.storage. */
typedef enum StorageMode
{
	STORAGE_AUTO,				/* without SQL where results are identical */
	STORAGE_SQL
} StorageMode;

static int	storage_mode = STORAGE_AUTO;

/*
 * Defines loopit_leads.storage, and makes the tables known to the direct path;
 * called by _PG_init().  The setting is not any caller's to change: the tables
 * of a storage engine may need SQL.
 */
void
row_init(void)
{
	static const struct config_enum_entry modes[] = {
		{"auto", STORAGE_AUTO, false},
		{"sql", STORAGE_SQL, false},
		{NULL, 0, false}
	};

	DefineCustomEnumVariable("loopit_leads.storage",
							 "How rows of leads are read and written.",
							 "\"auto\" does without SQL where results are identical; \"sql\" always uses SQL.",
							 &storage_mode, STORAGE_AUTO, modes,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("loopit_leads");
	direct_init("loopit", table_specs, NUM_TABLES);
	planner_init();
}

/*
 * Returns how the call reaches the table's rows.  Raises if the table's shape
 * does not allow either way.
 */
static const RowAccess *
access_to(Store *store, Table table)
{
	if (store->access[table] != NULL)
		return store->access[table];
	if (storage_mode == STORAGE_AUTO)
	{
		if (store->direct == NULL)
			store->direct = direct_begin(store->read_only);
		if (direct_open(store->direct, table) != NULL)
			return store->access[table] = &direct_access;
	}
	direct_check_shape(table);
	return store->access[table] = &sql_access;
}

/*
 * Gives up the direct path until the next use of a table: a statement that
 * writes may fire triggers, which can do anything to rows that this transaction
 * has locked, and to their tables.  Forgets all remembered locks.
 */
void
end_direct_access(Store *store)
{
	if (store->direct != NULL)
		direct_end(store->direct);
	store->direct = NULL;
	memset(store->access, 0, sizeof(store->access));
	store->locked_count = 0;
}

/* Returns true if this call has locked, or inserted, the row. */
bool
is_locked(const Store *store, Table table, const Datum *key)
{
	for (int i = 0; i < store->locked_count; i++)
	{
		if (store->locked[i].table == table &&
			store->locked[i].key[0] == key[0] &&
			store->locked[i].key[1] == key[1])
			return true;
	}
	return false;
}

/* Keys of more rows than fit are forgotten: such a row is locked again. */
void
note_locked(Store *store, Table table, const Datum *key)
{
	LockedRow  *locked = &store->locked[store->locked_count];

	if (store->locked_count == lengthof(store->locked))
		return;
	locked->table = table;
	locked->key[0] = key[0];
	locked->key[1] = table_specs[table].keys[0].ncolumns > 1 ? key[1] : 0;
	store->locked_count++;
}

/*
 * Finds rows by the values of a key, in the order of its columns.  Each is
 * current after a next_row(), until that returns false.
 */
void
find_rows(Store *store, Lookup lookup, Datum *key, RowScan *scan)
{
	const LookupSpec *spec = &lookup_specs[lookup];
	Table		table = spec->table;

	scan->store = store;
	scan->spec = &table_specs[table];
	scan->lookup = spec;
	scan->rows = 0;
	scan->access = access_to(store, table);
	if (spec->recent && scan->access != &direct_access &&
		store->direct != NULL && direct_routing_column(table) >= 0)
		scan->access = &recent_access;
	scan->access->begin(scan, lookup, key);
}

bool
next_row(RowScan *scan)
{
	return (scan->lookup->max_rows == 0 ||
			scan->rows++ < scan->lookup->max_rows) &&
		scan->access->next(scan);
}

void
end_rows(RowScan *scan)
{
	scan->access->end(scan);
}

/* Finds one row, which is current until the next look-up in its table. */
bool
find_row(Store *store, Lookup lookup, Datum *key, RowScan *scan)
{
	bool		found;

	find_rows(store, lookup, key, scan);
	found = next_row(scan);
	end_rows(scan);
	return found;
}

/* Finds a row of a workspace by a text. */
bool
find_row_by_text(Store *store, Lookup lookup, int64 workspace_id, LeadText text,
				 RowScan *scan)
{
	Datum		key[] = {Int64GetDatum(workspace_id), text_datum(text)};

	return find_row(store, lookup, key, scan);
}

/* A bigint of the current row; 0 where it is null. */
int64
row_integer(const RowScan *scan, int column)
{
	bool		isnull;
	Datum		value = scan->access->value(scan, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

bool
row_is_null(const RowScan *scan, int column)
{
	bool		isnull;

	(void) scan->access->value(scan, column, &isnull);
	return isnull;
}

/* A value of the current row; a text is copied to the current context. */
LeadValue
row_value(const RowScan *scan, int column)
{
	bool		isnull;
	Datum		value = scan->access->value(scan, column, &isnull);

	return datum_value(value, isnull, scan->spec->columns[column].type);
}

/* A jsonb of the current row that is not null, copied to the current context. */
Jsonb *
row_jsonb(const RowScan *scan, int column)
{
	bool		isnull;

	return DatumGetJsonbPCopy(scan->access->value(scan, column, &isnull));
}

/*
 * Locks the row of a primary key; its newest version is then current.  Returns
 * false if it is gone.
 */
bool
lock_row(Store *store, Table table, LockTupleMode mode, Datum *key,
		 RowScan *scan)
{
	scan->store = store;
	scan->spec = &table_specs[table];
	scan->access = access_to(store, table);
	if (!scan->access->lock(scan, table, mode, key))
		return false;
	note_locked(store, table, key);
	return true;
}

/*
 * Inserts a row, and returns the id that its sequence gave, or 0 if it has
 * none.  Raises what the server raises, and where no row was stored or the id
 * is 0.
 */
int64
insert_row(Store *store, Table table, RowValues *row)
{
	const TableSpec *spec = &table_specs[table];
	const RowAccess *access = access_to(store, table);
	int64		id;

	if (access != &direct_access && store->direct != NULL &&
		insert_into_partition(store, table, row))
		return 0;
	id = access->insert(store, table, row);
	/* 0 stands for none: the row would be inserted again and again */
	if (spec->identity != 0 && id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("a row of table \"%s\" must not have the id 0",
						spec->name),
				 errhint("Let the sequence of the column \"%s\" begin with 1.",
						 spec->columns[spec->identity].name),
				 err_generic_string(PG_DIAG_SCHEMA_NAME, "loopit"),
				 err_generic_string(PG_DIAG_TABLE_NAME, spec->name),
				 err_generic_string(PG_DIAG_COLUMN_NAME,
									spec->columns[spec->identity].name)));
	return id;
}

/*
 * Updates the row of that primary key, in the columns that the description
 * marks so.  Returns false if there is no such row.
 */
bool
update_row(Store *store, Table table, RowValues *row)
{
	return access_to(store, table)->update(store, table, row);
}

/* Makes it a row of nulls. */
void
new_row(RowValues *row)
{
	memset(row->values, 0, sizeof(row->values));
	memset(row->nulls, 'n', sizeof(row->nulls));
}

void
set_datum(RowValues *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = ' ';
}

void
set_integer(RowValues *row, int column, int64 value)
{
	set_datum(row, column, Int64GetDatum(value));
}

/* An id, of which 0 is null. */
void
set_id(RowValues *row, int column, int64 id)
{
	if (id != 0)
		set_integer(row, column, id);
}

void
set_text(RowValues *row, int column, LeadText text)
{
	if (text.data != NULL)
		set_datum(row, column, text_datum(text));
}

/* A string of the code's own; NULL is null. */
void
set_string(RowValues *row, int column, const char *string)
{
	if (string != NULL)
		set_text(row, column, lead_text(string, strlen(string)));
}

void
set_value(RowValues *row, const TableSpec *spec, int column,
		  const LeadValue *value)
{
	if (value->provided)
		set_datum(row, column, value_datum(value, spec->columns[column].type));
}

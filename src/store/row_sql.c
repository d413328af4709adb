/*-------------------------------------------------------------------------
 *
 * row_sql.c
 *	  Rows by SQL statements, which are generated from the descriptions of the
 *	  tables: find by a key, lock, insert, update.
 *
 * As in the server's ri_triggers.c every table and operator is qualified, so
 * that no search path changes what a statement means, and a plan is saved when
 * a statement is first used.  Parameters have the numbers of the description's
 * columns, from 1; those of a look-up, of the key's.
 *
 * Memory: plans live as long as the backend; see run.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "store/row.h"

/* The statements of a table, beside its look-ups. */
typedef struct TablePlans
{
	SPIPlanPtr	lock[LockTupleExclusive + 1];
	SPIPlanPtr	insert;
	SPIPlanPtr	update;
} TablePlans;

static TablePlans table_plans[NUM_TABLES];
static SPIPlanPtr lookup_plans[NUM_LOOKUPS];

/* Appends the names of columns, each with a prefix, commas between. */
static void
append_columns(StringInfo sql, const TableSpec *spec, const char *prefix,
			   bool updated_only, int without)
{
	const char *separator = "";

	for (int i = 0; i < table_column_count(spec); i++)
	{
		if (i == without || (updated_only && !spec->columns[i].updated))
			continue;
		appendStringInfo(sql, "%s%s%s", separator, prefix,
						 quote_identifier(spec->columns[i].name));
		separator = ", ";
	}
}

/* Appends their parameters in the same way. */
static void
append_parameters(StringInfo sql, const TableSpec *spec, bool updated_only,
				  int without)
{
	const char *separator = "";

	for (int i = 0; i < table_column_count(spec); i++)
	{
		if (i == without || (updated_only && !spec->columns[i].updated))
			continue;
		appendStringInfo(sql, "%s$%d", separator, i + 1);
		separator = ", ";
	}
}

/* Appends what an index has of a column. */
static void
append_key_column(StringInfo sql, const TableSpec *spec, const KeyColumn *column)
{
	const char *name = quote_identifier(spec->columns[column->column].name);

	switch (column->form)
	{
		case KEY_PLAIN:
			appendStringInfo(sql, "t.%s", name);
			break;
		case KEY_EXACT:
			appendStringInfo(sql, "(t.%s COLLATE pg_catalog.\"C\")", name);
			break;
		case KEY_FOLDED:
			appendStringInfo(sql, "pg_catalog.lower(t.%s COLLATE pg_catalog.\"C\")",
							 name);
			break;
	}
}

/* Appends the condition that the first columns of a key are $1, $2 ... */
static void
append_condition(StringInfo sql, const TableSpec *spec, const KeySpec *key,
				 int count)
{
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(sql, i == 0 ? " WHERE " : " AND ");
		append_key_column(sql, spec, &key->columns[i]);
		appendStringInfo(sql, " OPERATOR(pg_catalog.=) $%d", i + 1);
	}
	if (key->predicate == KEY_OF_LIVE_ROWS)
		appendStringInfo(sql, " AND t.%s IS NULL",
						 quote_identifier(spec->columns[key->predicate_column].name));
	else if (key->predicate == KEY_OF_OPEN_ROWS)
		appendStringInfo(sql, " AND t.%s",
						 quote_identifier(spec->columns[key->predicate_column].name));
}

static void
append_select(StringInfo sql, const TableSpec *spec)
{
	appendStringInfoString(sql, "SELECT ");
	append_columns(sql, spec, "t.", false, -1);
	appendStringInfo(sql, " FROM loopit.%s t", quote_identifier(spec->name));
}

/* The types of a key's columns, which come first in those of the table. */
static void
key_types(const TableSpec *spec, const KeySpec *key, Oid *types)
{
	for (int i = 0; i < key->ncolumns; i++)
		types[i] = spec->columns[key->columns[i].column].type;
}

static SPIPlanPtr
plan_lookup(Store *store, Lookup lookup)
{
	const LookupSpec *how = &lookup_specs[lookup];
	const TableSpec *spec = &table_specs[how->table];
	const KeySpec *key = &spec->keys[how->key];
	Oid			types[MAX_KEY_COLUMNS];
	StringInfoData sql;

	if (lookup_plans[lookup] != NULL)
		return lookup_plans[lookup];
	initStringInfo(&sql);
	append_select(&sql, spec);
	append_condition(&sql, spec, key, how->nvalues);
	for (int i = how->nvalues; i < key->ncolumns; i++)
	{
		appendStringInfoString(&sql, i == how->nvalues ? " ORDER BY " : ", ");
		append_key_column(&sql, spec, &key->columns[i]);
		if (how->backward)
			appendStringInfoString(&sql, " DESC");
	}
	if (how->max_rows != 0)
		appendStringInfo(&sql, " LIMIT " UINT64_FORMAT, how->max_rows);
	key_types(spec, key, types);
	return lookup_plans[lookup] =
		prepare_plan(store, sql.data, how->nvalues, types);
}

static SPIPlanPtr
plan_lock(Store *store, Table table, LockTupleMode mode)
{
	static const char *const clauses[] = {
		[LockTupleKeyShare] = " FOR KEY SHARE",
		[LockTupleShare] = " FOR SHARE",
		[LockTupleNoKeyExclusive] = " FOR NO KEY UPDATE",
		[LockTupleExclusive] = " FOR UPDATE"
	};
	const TableSpec *spec = &table_specs[table];
	SPIPlanPtr *plan = &table_plans[table].lock[mode];
	Oid			types[MAX_KEY_COLUMNS];
	StringInfoData sql;

	if (*plan != NULL)
		return *plan;
	initStringInfo(&sql);
	append_select(&sql, spec);
	append_condition(&sql, spec, &spec->keys[0], spec->keys[0].ncolumns);
	appendStringInfoString(&sql, clauses[mode]);
	key_types(spec, &spec->keys[0], types);
	return *plan = prepare_plan(store, sql.data, spec->keys[0].ncolumns, types);
}

/* Prepares a statement whose parameters are a whole row. */
static SPIPlanPtr
prepare_row_plan(Store *store, const TableSpec *spec, const char *sql)
{
	int			count = table_column_count(spec);
	Oid			types[MAX_COLUMNS];

	for (int i = 0; i < count; i++)
		types[i] = spec->columns[i].type;
	return prepare_plan(store, sql, count, types);
}

/*
 * There is no ON CONFLICT, so that a lost race (a unique violation) and a
 * trigger that returns NULL (no row) can be told apart.  An id that no sequence
 * gives, the log's, is the caller's, though its column is GENERATED ALWAYS.
 */
static SPIPlanPtr
plan_insert(Store *store, Table table)
{
	const TableSpec *spec = &table_specs[table];
	int			without = spec->identity != 0 ? spec->identity : -1;
	StringInfoData sql;

	if (table_plans[table].insert != NULL)
		return table_plans[table].insert;
	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO loopit.%s (",
					 quote_identifier(spec->name));
	append_columns(&sql, spec, "", false, without);
	appendStringInfo(&sql, ")%s VALUES (",
					 spec->identity == 0 ? " OVERRIDING SYSTEM VALUE" : "");
	append_parameters(&sql, spec, false, without);
	appendStringInfoChar(&sql, ')');
	if (spec->identity != 0)
		appendStringInfo(&sql, " RETURNING %s",
						 quote_identifier(spec->columns[spec->identity].name));
	return table_plans[table].insert = prepare_row_plan(store, spec, sql.data);
}

static SPIPlanPtr
plan_update(Store *store, Table table)
{
	const TableSpec *spec = &table_specs[table];
	StringInfoData sql;

	if (table_plans[table].update != NULL)
		return table_plans[table].update;
	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE loopit.%s t SET (",
					 quote_identifier(spec->name));
	append_columns(&sql, spec, "", true, -1);
	appendStringInfoString(&sql, ") = ROW(");
	append_parameters(&sql, spec, true, -1);
	appendStringInfoChar(&sql, ')');
	append_condition(&sql, spec, &spec->keys[0], spec->keys[0].ncolumns);
	return table_plans[table].update = prepare_row_plan(store, spec, sql.data);
}

/* Takes the result of a SELECT of the table's columns. */
static void
take_result(RowScan *scan, uint64 rows)
{
	for (int i = 0; i < table_column_count(scan->spec); i++)
		check_result_type(i + 1, scan->spec->columns[i].type);
	scan->tuples = SPI_tuptable;
	scan->count = rows;
	scan->number = 0;
}

static void
begin_sql(RowScan *scan, Lookup lookup, Datum *key)
{
	Store	   *store = scan->store;
	SPIPlanPtr	plan = plan_lookup(store, lookup);

	Assert(store->read_only || store->has_snapshot);
	connect_to_spi(store);
	plan_by_key(plan, scan->spec, lookup_specs[lookup].key);
	take_result(scan, run_plan(store, plan, key, NULL, true));
}

static bool
next_sql(RowScan *scan)
{
	return scan->number++ < scan->count;
}

/* The rows belong to the SPI connection. */
static void
end_sql(RowScan *scan)
{
}

static Datum
value_sql(const RowScan *scan, int column, bool *isnull)
{
	return SPI_getbinval(scan->tuples->vals[scan->number - 1],
						 scan->tuples->tupdesc, column + 1, isnull);
}

static bool
lock_sql(RowScan *scan, Table table, LockTupleMode mode, Datum *key)
{
	Store	   *store = scan->store;
	SPIPlanPtr	plan = plan_lock(store, table, mode);

	connect_to_spi(store);
	plan_by_key(plan, scan->spec, 0);
	take_result(scan, run_plan(store, plan, key, NULL, false));
	return next_sql(scan);
}

static int64
insert_sql(Store *store, Table table, RowValues *row)
{
	const TableSpec *spec = &table_specs[table];
	SPIPlanPtr	plan = plan_insert(store, table);

	end_direct_access(store);
	if (run_insert(store, plan, row) == 0)
		store_raise_not_stored(spec->name);
	if (spec->identity == 0)
		return 0;
	check_result_type(1, INT8OID);
	return result_integer(0, 1);
}

static bool
update_sql(Store *store, Table table, RowValues *row)
{
	SPIPlanPtr	plan = plan_update(store, table);

	end_direct_access(store);
	connect_to_spi(store);
	plan_by_key(plan, &table_specs[table], 0);
	return run_plan(store, plan, row->values, row->nulls, false) > 0;
}

const RowAccess sql_access = {
	.begin = begin_sql,
	.next = next_sql,
	.end = end_sql,
	.value = value_sql,
	.lock = lock_sql,
	.insert = insert_sql,
	.update = update_sql
};

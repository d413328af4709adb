/*-------------------------------------------------------------------------
 *
 * run.c
 *	  Running SQL statements, and reading their results.
 *
 * Fixed text with qualified names needs no invalidation of our own: the plan
 * cache replans where a table changes.  The types of a result are checked each
 * time, since a table's owner may change them, and a value of another type
 * read as ours is a crash, or an address that the owner chose.
 *
 * SPI is connected to when the first statement is run, and not at all where
 * everything is done without SQL.
 *
 * Memory: a plan lives as long as the backend (SPI_keepplan, under
 * CacheMemoryContext).  Results belong to the SPI connection, which ends at
 * store_close(); everything else, texts of results included, is in the
 * caller's context, which stays current between the two.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"

#include "server/fault.h"
#include "server/owner.h"
#include "store/run.h"

/* How many rows of a cursor are in memory. */
#define FETCHED_ROWS	100

/*
 * Connects to SPI, whose own context must not become the caller's, and pins the
 * settings: no SQL is run, and none is planned, without the connection.
 */
void
connect_to_spi(Store *store)
{
	MemoryContext context = CurrentMemoryContext;

	if (store->connected)
		return;
	store->guc_nest_level = owner_pin_settings();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	store->connected = true;
	MemoryContextSwitchTo(context);
}

/*
 * Ends the connection, if there is one, and with it all results.  SPI would
 * return to the context in which it was connected to, which may be gone by now.
 */
void
disconnect_from_spi(Store *store)
{
	MemoryContext context = CurrentMemoryContext;

	if (!store->connected)
		return;
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	store->connected = false;
	MemoryContextSwitchTo(context);
	owner_unpin_settings(store->guc_nest_level);
}

void
arg_datum(StatementArgs *args, Datum value, bool isnull)
{
	Assert(args->count < MAX_STATEMENT_ARGS);
	args->values[args->count] = value;
	args->nulls[args->count] = isnull ? 'n' : ' ';
	args->count++;
}

void
arg_integer(StatementArgs *args, int64 value)
{
	arg_datum(args, Int64GetDatum(value), false);
}

/* An id, of which 0 is NULL. */
void
arg_id(StatementArgs *args, int64 id)
{
	arg_datum(args, Int64GetDatum(id), id == 0);
}

void
arg_text(StatementArgs *args, LeadText text)
{
	arg_datum(args, text_datum(text), text.data == NULL);
}

/* A bytea or an array; NULL is NULL. */
void
arg_varlena(StatementArgs *args, const void *value)
{
	arg_datum(args, PointerGetDatum(value), value == NULL);
}

void
arg_value(StatementArgs *args, Oid type, const LeadValue *value)
{
	arg_datum(args, value_datum(value, type), !value->provided);
}

/*
 * Prepares and keeps a plan; a generic one, since every statement is a look-up
 * by key.  An error leaves nothing behind.
 */
SPIPlanPtr
prepare_plan(Store *store, const char *sql, int nargs, const Oid *arg_types)
{
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan;

	connect_to_spi(store);
	plan = SPI_prepare_cursor(sql, nargs, unconstify(Oid *, arg_types),
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s: %s",
			 SPI_result_code_string(SPI_result), sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	MemoryContextSwitchTo(context);
	return plan;
}

/*
 * A statement that a rule (DO INSTEAD NOTHING, or NOTIFY) has rewritten depends
 * on no table, so that the plan cache keeps it when the rule is dropped.
 */
static void
renew_empty_plan(SPIPlanPtr plan)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));

	if (source->relationOids == NIL)
		source->is_valid = false;
}

/*
 * Runs a plan, and returns the number of rows, which are in SPI_tuptable.  SPI
 * leaves its own context as the current one, in which nothing outlives
 * store_close(): it is changed back.
 *
 * Even a statement that reads may call functions of the tables' owner (a view's,
 * a policy's), which can do anything to rows that this transaction has locked,
 * so all remembered locks are forgotten.
 */
uint64
run_plan(Store *store, SPIPlanPtr plan, Datum *values, const char *nulls,
		 bool read_only)
{
	MemoryContext context = CurrentMemoryContext;
	int			result;

	connect_to_spi(store);
	store->locked_count = 0;
	renew_empty_plan(plan);
	PG_TRY();
	{
		result = SPI_execute_plan(plan, values, nulls, read_only, 0);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		fault_rethrow();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* Raises if a column, from 1, cannot be read as that type. */
static void
check_column_type(TupleDesc columns, int column, Oid expected)
{
	Form_pg_attribute attribute = TupleDescAttr(columns, column - 1);

	if (attribute->atttypid != expected &&
		!IsBinaryCoercible(getBaseType(attribute->atttypid), expected))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s instead of %s",
						NameStr(attribute->attname),
						format_type_be(attribute->atttypid),
						format_type_be(expected)),
				 err_generic_string(PG_DIAG_COLUMN_NAME,
									NameStr(attribute->attname))));
}

/* Raises if a column of the result, from 1, cannot be read as that type. */
void
check_result_type(int column, Oid expected)
{
	check_column_type(SPI_tuptable->tupdesc, column, expected);
}

/* Raises if a column of a statement's result cannot be read as it is read. */
void
check_result_types(const StatementSpec *spec, TupleDesc columns)
{
	for (int i = 0; spec->result_types && OidIsValid(spec->result_types[i]); i++)
		check_column_type(columns, i + 1, spec->result_types[i]);
}

/* Raises if a table that the statement uses has not the shape of ours. */
void
check_statement_tables(const StatementSpec *spec)
{
	for (int table = 0; table < NUM_TABLES; table++)
	{
		if (spec->tables & (UINT32_C(1) << table))
			direct_check_shape(table);
	}
}

/* The number of a statement's arguments. */
int
statement_nargs(const StatementSpec *spec)
{
	int			nargs = 0;

	while (OidIsValid(spec->arg_types[nargs]))
		nargs++;
	return nargs;
}

/* Returns the plan of a statement, after a check of the tables that it uses. */
static SPIPlanPtr
plan_statement(Store *store, Statement statement)
{
	static SPIPlanPtr plans[NUM_STATEMENTS];
	const StatementSpec *spec = &statements[statement];

	check_statement_tables(spec);
	if (plans[statement] == NULL)
		plans[statement] = prepare_plan(store, spec->sql, statement_nargs(spec),
										spec->arg_types);
	return plans[statement];
}

static uint64
run_statement(Store *store, Statement statement, StatementArgs *args,
			  bool read_only)
{
	SPIPlanPtr	plan = plan_statement(store, statement);
	uint64		rows;

	Assert(args->count == SPI_getargcount(plan));
	rows = run_plan(store, plan, args->values, args->nulls, read_only);
	if (SPI_tuptable != NULL)
		check_result_types(&statements[statement], SPI_tuptable->tupdesc);
	return rows;
}

/*
 * Runs a statement that reads in the snapshot of the look-ups.  Raises what
 * the server raises.
 */
uint64
run_look(Store *store, Statement statement, StatementArgs *args)
{
	Assert(store->read_only || store->has_snapshot);
	return run_statement(store, statement, args, true);
}

/* Runs a statement that writes or locks: it sees the newest rows. */
uint64
run_change(Store *store, Statement statement, StatementArgs *args)
{
	Assert(!store->read_only);
	return run_statement(store, statement, args, false);
}

/*
 * Opens a cursor for a statement that reads, in the snapshot of the look-ups,
 * more rows than may be held in memory.
 */
Portal
open_cursor(Store *store, Statement statement, StatementArgs *args)
{
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan = plan_statement(store, statement);
	Portal		cursor;

	Assert(store->read_only || store->has_snapshot);
	Assert(args->count == SPI_getargcount(plan));
	connect_to_spi(store);
	cursor = SPI_cursor_open(NULL, plan, args->values, args->nulls, true);
	MemoryContextSwitchTo(context);
	check_result_types(&statements[statement], cursor->tupDesc);
	return cursor;
}

/*
 * Fetches the next rows, of which the last ones fetched are freed; returns how
 * many there are, 0 at the end.  The end closes the cursor.
 */
uint64
fetch_rows(Portal cursor)
{
	MemoryContext context = CurrentMemoryContext;

	SPI_freetuptable(SPI_tuptable);
	PG_TRY();
	{
		SPI_cursor_fetch(cursor, true, FETCHED_ROWS);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		fault_rethrow();
	}
	PG_END_TRY();
	if (SPI_processed == 0)
		SPI_cursor_close(cursor);
	MemoryContextSwitchTo(context);
	return SPI_processed;
}

Datum
result_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/* A bigint of the result; 0 where it is null. */
int64
result_integer(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* A text of the result, copied to the current context; none where it is null. */
LeadText
result_text(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return datum_value(value, isnull, TEXTOID).text;
}

/* The first column of the only row; 0 where there is no row. */
int64
single_id(uint64 rows)
{
	return rows == 0 ? 0 : result_integer(0, 1);
}

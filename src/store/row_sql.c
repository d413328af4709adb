/*-------------------------------------------------------------------------
 *
 * row_sql.c
 *	  Running a statement of the SPI storage, and reading its result.
 *
 * Fixed text with qualified names needs no invalidation of our own: the plan
 * cache replans where a table changes.
 *
 * SPI is connected to when the first statement is run, and not where all goes
 * without SQL.
 *
 * Memory: a plan lives as long as the backend (SPI_keepplan, under
 * CacheMemoryContext).  Results belong to the SPI connection, which ends at
 * store_close(); all else, texts of results included, is in the caller's
 * context, which stays current between the two.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/direct/direct.h"
#include "store/row_sql.h"

/* See store.h. */
void
store_open(Store *store, bool read_only)
{
	memset(store, 0, sizeof(*store));
	store->read_only = read_only;
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
	if (store->direct != NULL)
		direct_end(store->direct);
	store->direct = NULL;
	drop_snapshot(store);
	if (store->connected && SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	store->connected = false;
}

/* Connects to SPI, whose own context must not become the caller's. */
static void
connect_to_spi(Store *store)
{
	MemoryContext context = CurrentMemoryContext;

	if (store->connected)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	store->connected = true;
	MemoryContextSwitchTo(context);
}

/*
 * See store.h.  One snapshot for all look-ups of a round, so that they tell
 * of one moment; it has what this transaction did before.
 */
void
store_look(Store *store)
{
	if (store->read_only)
		return;
	drop_snapshot(store);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	store->has_snapshot = true;
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

void
arg_id(StatementArgs *args, int64 id)
{
	arg_datum(args, Int64GetDatum(id), id == 0);
}

void
arg_text(StatementArgs *args, LeadText text)
{
	if (text.data == NULL)
		arg_datum(args, (Datum) 0, true);
	else
		arg_datum(args, PointerGetDatum(cstring_to_text_with_len(text.data,
																 (int) text.length)),
				  false);
}

void
arg_string(StatementArgs *args, const char *string)
{
	arg_text(args, lead_text(string, string != NULL ? strlen(string) : 0));
}

/* A value of the lead or of a row, as its field's type is stored. */
void
arg_value(StatementArgs *args, FieldType type, const LeadValue *value)
{
	if (!value->provided)
		arg_datum(args, (Datum) 0, true);
	else if (type == TYPE_DATE)
		arg_datum(args, DateADTGetDatum((DateADT) value->number), false);
	else if (type == TYPE_BOOLEAN)
		arg_datum(args, BoolGetDatum(value->number != 0), false);
	else if (type == TYPE_TIMESTAMP || type == TYPE_BIGINT)
		arg_integer(args, value->number);
	else
		arg_text(args, value->text);
}

/*
 * The statement's plan; a generic one, since every statement is a look-up by
 * key.  Kept before it is published, so that an error leaves nothing behind.
 */
static SPIPlanPtr
statement_plan(Statement statement)
{
	static SPIPlanPtr plans[NUM_STATEMENTS];
	const StatementSpec *spec = &statements[statement];
	SPIPlanPtr	plan;
	int			nargs = 0;

	if (plans[statement] != NULL)
		return plans[statement];

	while (OidIsValid(spec->arg_types[nargs]))
		nargs++;
	plan = SPI_prepare_cursor(spec->sql, nargs,
							  unconstify(Oid *, spec->arg_types),
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s: %s",
			 SPI_result_code_string(SPI_result), spec->sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	plans[statement] = plan;
	return plan;
}

/*
 * Runs the statement; the result is checked.  SPI leaves its own context as
 * the current one, in which nothing outlives store_close(): it is changed back.
 */
static uint64
run_statement(Store *store, Statement statement, StatementArgs *args,
			  bool read_only)
{
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan;
	int			result;

	connect_to_spi(store);
	plan = statement_plan(statement);

	Assert(args->count == SPI_getargcount(plan));
	result = SPI_execute_plan(plan, args->values, args->nulls, read_only, 0);
	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s: %s",
			 SPI_result_code_string(result), statements[statement].sql);
	return SPI_processed;
}

/* See row_sql.h. */
uint64
run_look(Store *store, Statement statement, StatementArgs *args)
{
	Assert(store->read_only || store->has_snapshot);
	return run_statement(store, statement, args, true);
}

/* See row_sql.h. */
uint64
run_change(Store *store, Statement statement, StatementArgs *args)
{
	Assert(!store->read_only);
	return run_statement(store, statement, args, false);
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

/* See row_sql.h. */
LeadValue
datum_value(Datum datum, bool isnull, FieldType type)
{
	LeadValue	value = {0};

	value.provided = !isnull;
	if (isnull)
		return value;
	if (type == TYPE_DATE)
		value.number = DatumGetDateADT(datum);
	else if (type == TYPE_BOOLEAN)
		value.number = DatumGetBool(datum);
	else if (type == TYPE_TIMESTAMP)
		value.number = DatumGetTimestampTz(datum);
	else
	{
		text	   *stored = DatumGetTextPP(datum);
		size_t		length = VARSIZE_ANY_EXHDR(stored);
		char	   *copy = palloc(length + 1);

		memcpy(copy, VARDATA_ANY(stored), length);
		copy[length] = '\0';
		value.text.data = copy;
		value.text.length = length;
	}
	return value;
}

/* See row_sql.h. */
LeadValue
result_value(uint64 row, int column, FieldType type)
{
	bool		isnull;
	Datum		datum = result_datum(row, column, &isnull);

	return datum_value(datum, isnull, type);
}

/* The first column of the only row; 0 where there is no row. */
int64
single_id(uint64 rows)
{
	return rows == 0 ? 0 : result_integer(0, 1);
}

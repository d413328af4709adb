/*-------------------------------------------------------------------------
 *
 * day_count.c
 *	  The storage of the counts of days, and of which days are counted.
 *
 * A call counts a few days at most, so no plan is kept.  What has to be true
 * of one snapshot is one statement.
 *
 * Memory: see run.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type_d.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "rules/time.h"
#include "store/count_sql.h"
#include "store/run.h"

#define GE	" OPERATOR(pg_catalog.>=) "
#define LT	" OPERATOR(pg_catalog.<) "
#define GT	" OPERATOR(pg_catalog.>) "
#define EQ	" OPERATOR(pg_catalog.=) "

#define ARGS(...)		.arg_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define RESULTS(...)	.result_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define IN_THE_LOG		.tables = UINT32_C(1) << TABLE_INGEST_LOG

/* Locks the row, which is made if somebody has deleted it. */
static const StatementSpec lock = {
	"INSERT INTO loopit.ingest_counted (only_row) VALUES (true)"
	" ON CONFLICT (only_row) DO UPDATE SET only_row = true"
	" RETURNING counted_until, ended_until, purged_until, checked_until",
	ARGS(InvalidOid),
	RESULTS(DATEOID, DATEOID, DATEOID, DATEOID)
};

/*
 * $1 is the next transaction.  An ended_by that is ahead of it comes from another
 * server, by a restore.
 */
static const StatementSpec read_progress = {
	"SELECT pg_catalog.pg_snapshot_xmin(s.snapshot)" GE "$1,"
	" COALESCE(pg_catalog.pg_snapshot_xmin(s.snapshot)" GE "c.ended_by, false),"
	" COALESCE($1" GE "c.ended_by, false)"
	" FROM loopit.ingest_counted c,"
	" (SELECT pg_catalog.pg_current_snapshot() AS snapshot) s",
	ARGS(XID8OID),
	RESULTS(BOOLOID, BOOLOID, BOOLOID)
};

static const StatementSpec save = {
	"UPDATE loopit.ingest_counted SET counted_until = $1, ended_until = $2,"
	" ended_by = COALESCE($3, ended_by), purged_until = $4, checked_until = $5",
	ARGS(DATEOID, DATEOID, XID8OID, DATEOID, DATEOID)
};

static const StatementSpec find_row = {
	"SELECT pg_catalog.min(l.received_at) FROM loopit.ingest_log l"
	" WHERE l.received_at" GE "$1 AND l.received_at" LT "$2",
	IN_THE_LOG,
	ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID),
	RESULTS(TIMESTAMPTZOID)
};

static const StatementSpec forget_counts = {
	"WITH issues AS (DELETE FROM loopit.ingest_day_issue i"
	"  WHERE i.day" GE "$1 AND i.day" LT "$2 AND NOT i.purged)"
	" DELETE FROM loopit.ingest_day_count c"
	" WHERE c.day" GE "$1 AND c.day" LT "$2 AND NOT c.purged",
	ARGS(DATEOID, DATEOID)
};

#define OF_THE_DAY	"WHERE r.received_at" GE "$1 AND r.received_at" LT "$2"

/* Rows that are noted as late are rows of the day like others. */
static const StatementSpec count_day = {
	"WITH noted AS (DELETE FROM loopit.ingest_late n"
	"  WHERE n.received_at" GE "$1 AND n.received_at" LT "$2),"
	" counts AS (" ADD_COUNTS(OF_THE_DAY, "false") "),"
	" issues AS (" ADD_ISSUES(OF_THE_DAY, "false") ")"
	" SELECT COALESCE(pg_catalog.sum(leads), 0)::pg_catalog.int8 FROM counts",
	IN_THE_LOG,
	ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID),
	RESULTS(INT8OID)
};

#define NOTED \
	"WHERE r.id" EQ "ANY (ARRAY(SELECT n.log_id FROM noted n))"

static const StatementSpec count_late = {
	"WITH noted AS (DELETE FROM loopit.ingest_late n"
	"  WHERE n.received_at" LT "$1 RETURNING n.log_id),"
	" counts AS (" ADD_COUNTS(NOTED, "false") "),"
	" issues AS (" ADD_ISSUES(NOTED, "false") ")"
	" SELECT",
	IN_THE_LOG,
	ARGS(TIMESTAMPTZOID)
};

static const StatementSpec find_miscounted = {
	"SELECT l.day FROM ("
	"  SELECT (received_at AT TIME ZONE 'UTC')::pg_catalog.date AS day,"
	"   pg_catalog.count(*) AS leads FROM loopit.ingest_log"
	"  WHERE received_at" GE "$1 AND received_at" LT "$2 GROUP BY 1) l"
	" LEFT JOIN ("
	"  SELECT day, pg_catalog.sum(leads) AS leads FROM loopit.ingest_day_count"
	"  WHERE day" GE "$3 AND day" LT "$4 AND NOT purged GROUP BY 1) c"
	" ON c.day" EQ "l.day"
	" WHERE l.leads" GT "COALESCE(c.leads, 0) ORDER BY l.day LIMIT $5",
	IN_THE_LOG,
	ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, DATEOID, DATEOID, INT8OID),
	RESULTS(DATEOID)
};

static const StatementSpec note_purged = {
	"UPDATE loopit.ingest_counted SET purged_until = $1"
	" WHERE purged_until" LT "$1",
	ARGS(DATEOID)
};

/* Runs a statement that sees the newest rows; returns how many there are. */
static uint64
run_once(Store *store, const StatementSpec *spec, StatementArgs *args)
{
	MemoryContext context = CurrentMemoryContext;
	int			result;

	Assert(!store->read_only);
	Assert(args->count == statement_nargs(spec));
	check_statement_tables(spec);
	connect_to_spi(store);
	store->locked_count = 0;
	result = SPI_execute_with_args(spec->sql, args->count,
								   unconstify(Oid *, spec->arg_types),
								   args->values, args->nulls, false, 0);
	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s",
			 SPI_result_code_string(result));
	if (SPI_tuptable != NULL)
		check_result_types(spec, SPI_tuptable->tupdesc);
	return SPI_processed;
}

static void
arg_date(StatementArgs *args, DateADT day)
{
	arg_datum(args, DateADTGetDatum(day), false);
}

/* When a day (UTC) begins. */
static void
arg_start(StatementArgs *args, DateADT day)
{
	arg_datum(args, TimestampTzGetDatum(day_start(day)), false);
}

static bool
result_flag(int column)
{
	bool		isnull;
	Datum		flag = result_datum(0, column, &isnull);

	return !isnull && DatumGetBool(flag);
}

static DateADT
result_date(uint64 row, int column)
{
	bool		isnull;
	Datum		day = result_datum(row, column, &isnull);

	return isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(day);
}

/* Returns when a day (UTC) begins; infinity where no time is so late. */
int64
day_start(int32 day)
{
	if (day <= DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE)
		return DT_NOBEGIN;
	if (day >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		return DT_NOEND;
	return (int64) day * USECS_PER_DAY;
}

/*
 * Reads which days are counted, and locks that until the transaction ends.  The
 * next transaction is read first: if this one has no number yet, it is not older.
 */
void
store_lock_day_counts(Store *store, DayCounts *days)
{
	StatementArgs none = {0};
	StatementArgs args = {0};

	days->next = ReadNextFullTransactionId();
	if (run_once(store, &lock, &none) == 0)
		store_raise_not_stored("ingest_counted");
	days->counted_until = result_date(0, 1);
	days->ended_until = result_date(0, 2);
	days->purged_until = result_date(0, 3);
	days->checked_until = result_date(0, 4);

	arg_datum(&args, FullTransactionIdGetDatum(days->next), false);
	if (run_once(store, &read_progress, &args) == 0)
		store_raise_not_stored("ingest_counted");
	days->alone = result_flag(1);
	days->ended = result_flag(2);
	days->waiting = result_flag(3);
}

/* Stores it; ended_now: ended_until was reached before the next transaction. */
void
store_save_day_counts(Store *store, const DayCounts *days, bool ended_now)
{
	StatementArgs args = {0};

	arg_date(&args, days->counted_until);
	arg_date(&args, days->ended_until);
	arg_datum(&args, FullTransactionIdGetDatum(days->next), !ended_now);
	arg_date(&args, days->purged_until);
	arg_date(&args, days->checked_until);
	if (run_once(store, &save, &args) == 0)
		store_raise_not_stored("ingest_counted");
}

/* Finds the first day from one to before another that has rows in the log. */
bool
store_find_day(Store *store, int32 from, int32 until, int32 *day)
{
	StatementArgs args = {0};
	bool		isnull;
	Datum		first;

	arg_start(&args, from);
	arg_start(&args, until);
	(void) run_once(store, &find_row, &args);
	first = result_datum(0, 1, &isnull);
	if (isnull || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(first)))
		return false;
	*day = day_of_time(DatumGetTimestampTz(first));
	return true;
}

/* Removes the counts of days from one to before another; not of purged rows. */
void
store_forget_day_counts(Store *store, int32 from, int32 until)
{
	StatementArgs args = {0};

	arg_date(&args, from);
	arg_date(&args, until);
	(void) run_once(store, &forget_counts, &args);
}

/* Counts a day, anew if it is counted; returns how many rows the log has. */
int64
store_count_day(Store *store, int32 day)
{
	StatementArgs args = {0};

	store_forget_day_counts(store, day, day + 1);
	arg_start(&args, day);
	arg_start(&args, day + 1);
	return single_id(run_once(store, &count_day, &args));
}

/* Adds rows that are noted as late to the counts of days before that one. */
void
store_count_late(Store *store, int32 until)
{
	StatementArgs args = {0};

	arg_start(&args, until);
	(void) run_once(store, &count_late, &args);
}

/*
 * Finds days from one to before another of which the log has more rows than
 * are counted; returns how many, at most limit.
 */
int
store_find_miscounted(Store *store, int32 from, int32 until, int limit,
					  int32 *days)
{
	StatementArgs args = {0};
	uint64		rows;

	arg_start(&args, from);
	arg_start(&args, until);
	arg_date(&args, from);
	arg_date(&args, until);
	arg_integer(&args, limit);
	rows = run_once(store, &find_miscounted, &args);
	for (uint64 row = 0; row < rows; row++)
		days[row] = result_date(row, 1);
	return (int) rows;
}

/* Notes that rows received before that time have been purged. */
void
store_note_purged(Store *store, int64 before)
{
	StatementArgs args = {0};

	arg_date(&args, day_of_time(before) + 1);
	(void) run_once(store, &note_purged, &args);
}

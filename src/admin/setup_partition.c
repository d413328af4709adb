/*-------------------------------------------------------------------------
 *
 * setup_partition.c
 *	  loopit_partition_log(): making the log a table that is partitioned by
 *	  received_at.
 *
 * No row is copied: the table becomes the first partition, and a new partitioned
 * table takes its name and all that belongs to it (setup_carry.c).  The server
 * believes that the rows are within the partition's bounds because of a CHECK
 * that was validated before, and takes the indexes for those of the partitioned
 * table because their definitions are the same.  So the table is locked for as
 * long as it takes to change the catalogs.
 *
 * What takes longer on a large table is the DBA's to run before, by statements
 * that block no lead, of which an error tells; on a small one it is done here.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "admin/call.h"
#include "admin/setup_carry.h"
#include "admin/setup_find.h"
#include "admin/setup_partition.h"
#include "admin/setup_step.h"
#include "admin/setup_trust.h"
#include "server/fault.h"
#include "server/schema_version.h"
#include "store/partition.h"

/* Up to how many pages the table is read, and its indexes are built, at once. */
#define SMALL_PAGES		10000

/* Before when a CHECK that a DBA adds refuses no lead. */
#define NOTICE_TIME		(7 * USECS_PER_DAY)

/* How often locks are asked for. */
#define LOCK_ATTEMPTS	20
#define LOCK_PAUSE		100000L /* microseconds */

#define MOVED_ROWS		10000

#define HINT_PERIOD		"Give 'day', 'week' or 'month'."

typedef struct Conversion
{
	Oid			log;			/* the table, which becomes a partition */
	bool		small;
	int64		until;			/* its rows are before */
	char	   *check;			/* the name of the CHECK that says so */
	char	   *id_index;		/* of (id) */
	char	   *key_index;		/* of (id, received_at) */
	char	   *partition;		/* its name from now on */
	Oid			sequence;
} Conversion;

static void
report_step(ReturnSetInfo *result, int number, const char *title,
			const char *done)
{
	Datum		values[3] = {
		Int32GetDatum(number),
		CStringGetTextDatum(title),
		CStringGetTextDatum(done[0] != '\0' ? done : "nothing to do")
	};
	bool		nulls[3] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The time as DDL has it, whatever the session's settings. */
static char *
time_literal(int64 time)
{
	return quote_literal_cstr(pstrdup(timestamptz_to_str(time)));
}

/* Raises that something long is to be run before. */
static void
raise_not_prepared(const Conversion *conversion, Period period)
{
	int64		until = period_next(period, GetCurrentTimestamp() + NOTICE_TIME);
	StringInfoData todo;

	initStringInfo(&todo);
	if (conversion->id_index == NULL)
		appendStringInfoString(&todo, "CREATE UNIQUE INDEX CONCURRENTLY ON loopit.ingest_log (id);\n");
	if (conversion->key_index == NULL)
		appendStringInfoString(&todo, "CREATE UNIQUE INDEX CONCURRENTLY ON loopit.ingest_log (id, received_at);\n");
	if (conversion->check == NULL)
		appendStringInfo(&todo, "ALTER TABLE loopit.ingest_log ADD CONSTRAINT ingest_log_before_%s"
						 " CHECK (received_at < %s) NOT VALID;\n"
						 "ALTER TABLE loopit.ingest_log VALIDATE CONSTRAINT ingest_log_before_%s;\n",
						 partition_label(until), time_literal(until), partition_label(until));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"loopit.ingest_log\" is too large to be partitioned without preparation"),
			 errdetail("To read all of it, and to build indexes, would make leads wait.  The statements of the hint do not."
					   "  The constraint refuses leads from its time on, unless the log is partitioned before."),
			 errhint("Run these, one at a time and outside of a transaction, then this function again:\n%s",
					 todo.data)));
}

/* Whether the table is read fast enough for all to wait. */
static bool
is_small(Oid log)
{
	Relation	rel = table_open(log, AccessShareLock);
	bool		small = RelationGetNumberOfBlocks(rel) <= SMALL_PAGES;

	table_close(rel, AccessShareLock);
	return small;
}

/*
 * Finds what the table has of what the conversion needs; raises if it is large
 * and something is missing.
 */
static void
find_preparations(Conversion *conversion, Period period)
{
	Oid			log = conversion->log;

	conversion->small = is_small(log);
	conversion->id_index = find_unique_index(log, "{id}");
	conversion->key_index = find_unique_index(log, "{id,received_at}");
	conversion->check = find_bound_check(log);
	if (!conversion->small &&
		(conversion->id_index == NULL || conversion->key_index == NULL ||
		 conversion->check == NULL))
		raise_not_prepared(conversion, period);
}

/* Locks the sequence, as a lead does first, and the table: for fault_catch(). */
static void
lock_log(void *argument)
{
	const Conversion *conversion = argument;
	int			nest_level = limit_lock_waits();

	LockRelationOid(conversion->sequence, AccessExclusiveLock);
	run_sql("LOCK TABLE loopit.ingest_log IN ACCESS EXCLUSIVE MODE",
			"locking the log");
	AtEOXact_GUC(true, nest_level);
}

static bool
is_not_about_lock(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
}

/* Gets the locks between transactions that have them, so that few leads wait. */
static void
lock_patiently(Conversion *conversion)
{
	for (int i = 0; i < LOCK_ATTEMPTS; i++)
	{
		if (fault_catch(lock_log, conversion, is_not_about_lock) == NULL)
			return;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(LOCK_PAUSE);
	}
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("table \"loopit.ingest_log\" is in use"),
			 errdetail("Transactions that use it end too seldom for it to be locked without making leads wait."),
			 errhint("Look for a long transaction in pg_stat_activity, and call the function again.")));
}

static char *
make_index(const char *columns, const char *list)
{
	Oid			log = get_relname_relid("ingest_log", get_namespace_oid("loopit", false));

	run_sql(psprintf("CREATE UNIQUE INDEX ON loopit.ingest_log (%s)", list),
			"an index of the log");
	return find_unique_index(log, columns);
}

/* Does what is missing of the preparations, on a small table that is locked. */
static void
prepare(Conversion *conversion, Period period)
{
	if (conversion->id_index == NULL)
		conversion->id_index = make_index("{id}", "id");
	if (conversion->key_index == NULL)
		conversion->key_index = make_index("{id,received_at}", "id, received_at");
	if (conversion->check == NULL)
	{
		int64		now = GetCurrentTimestamp();
		char	   *newest;

		run_sql("SELECT pg_catalog.date_part('epoch', GREATEST(pg_catalog.max(received_at),"
				" pg_catalog.now()))::pg_catalog.int8::pg_catalog.text FROM loopit.ingest_log",
				"the newest row");
		newest = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		now = Max(now, time_t_to_timestamptz((pg_time_t) strtoll(newest, NULL, 10) + 1));
		conversion->until = period_next(period, now);
		conversion->check = psprintf("ingest_log_before_%s", partition_label(conversion->until));
		run_sql(psprintf("ALTER TABLE loopit.ingest_log ADD CONSTRAINT %s CHECK (received_at < %s)",
						 conversion->check, time_literal(conversion->until)),
				"the bound of the log");
	}
	else
	{
		const char *day = conversion->check + strlen("ingest_log_before_");
		int			date = (int) strtol(day, NULL, 10);

		conversion->until = (int64) (date2j(date / 10000, date / 100 % 100, date % 100) -
									 POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	}
	conversion->partition = psprintf("ingest_log_until_%s", partition_label(conversion->until));
}

/*
 * Makes the table a partition of a new one of its name.  All that it has is
 * noted while it has its name, and given to the new table afterwards.
 */
static void
convert(Conversion *conversion)
{
	Carried    *carried = carry_begin(conversion->log, conversion->sequence,
									  conversion->partition);
	const char *partition = quote_identifier(conversion->partition);

	carry_rename(carried);
	carry_create(carried, conversion->check);
	run_sql(psprintf("ALTER TABLE loopit.%s ADD CONSTRAINT %s PRIMARY KEY USING INDEX %s",
					 partition,
					 quote_identifier(psprintf("%s_pkey", conversion->partition)),
					 quote_identifier(conversion->key_index)),
			"the primary key of the first partition");
	run_sql(psprintf("ALTER INDEX loopit.%s RENAME TO %s",
					 quote_identifier(conversion->id_index),
					 quote_identifier(psprintf("%s_id_idx", conversion->partition))),
			"the index of ids of the first partition");
	carry_objects(carried);
	run_sql(psprintf("ALTER TABLE loopit.ingest_log ATTACH PARTITION loopit.%s"
					 " FOR VALUES FROM (MINVALUE) TO (%s)",
					 partition, time_literal(conversion->until)),
			"attaching the first partition");
	run_sql(psprintf("ALTER TABLE loopit.%s DROP CONSTRAINT %s", partition,
					 conversion->check), "the bound of the log");
	carry_views(carried);
}

/* Makes the log a partitioned table; returns what was done, "" if it is one. */
static char *
partition_log_itself(Oid schema, Period period)
{
	Conversion	conversion = {0};
	int			nest_level;

	conversion.log = get_relname_relid("ingest_log", schema);
	if (!OidIsValid(conversion.log))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"loopit.ingest_log\" does not exist"),
				 errhint("%s", schema_upgrade_hint())));
	if (store_log_is_partitioned())
		return "";
	require_carriable(conversion.log);
	find_preparations(&conversion, period);
	conversion.sequence = get_relname_relid("ingest_log_id_seq", schema);
	nest_level = NewGUCNestLevel();
	owner_set("client_min_messages", "warning");
	owner_set("default_tablespace", "");
	lock_patiently(&conversion);
	require_carriable(conversion.log);
	prepare(&conversion, period);
	convert(&conversion);
	AtEOXact_GUC(true, nest_level);
	return psprintf("its rows are in %s", conversion.partition);
}

/* Returns true if the period, and no other, is what is noted. */
static bool
is_noted(const char *name)
{
	char	   *noted;

	run_sql("SELECT p.period::pg_catalog.text FROM loopit.log_partitioning p",
			"the period of partitions");
	if (SPI_processed != 1)
		return false;
	noted = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	return noted != NULL && strcmp(noted, name) == 0;
}

/* Notes the period; returns what was done. */
static const char *
note_period(Oid schema, Period period)
{
	const char *name = period_specs[period].name;

	if (!OidIsValid(get_relname_relid("log_partitioning", schema)))
		run_sql("CREATE TABLE loopit.log_partitioning ("
				"period text NOT NULL CHECK (period IN ('day', 'week', 'month')));"
				"COMMENT ON TABLE loopit.log_partitioning IS"
				" 'The period of the partitions of loopit.ingest_log that loopit_purge_ingest_log() makes; without a row it makes none.'",
				"the period of partitions");
	if (is_noted(name))
		return "";
	run_sql(psprintf("DELETE FROM loopit.log_partitioning;"
					 " INSERT INTO loopit.log_partitioning (period) VALUES (%s)",
					 quote_literal_cstr(name)),
			"the period of partitions");
	return name;
}

/* Returns the schema, after a check that all in it is the caller's. */
static Oid
own_schema(void)
{
	Oid			schema = get_namespace_oid("loopit", true);

	require_schema_version(schema);
	require_schema_owner(schema);
	require_own_objects(schema);
	return schema;
}

/*
 * Makes the log partitioned by that period, and puts one row per step into the
 * result: number, title, what was done.  Raises if the period is none, if the
 * schema or anything in it is not the caller's, or if something of the log
 * cannot be kept; nothing has been changed then.
 */
void
partition_log(struct varlena *period_name, ReturnSetInfo *result)
{
	OwnerScope	scope;
	Period		period;
	Oid			schema;
	Store	   *store;
	const char *done;
	const char *noted;
	bool		other_period;

	require_not_null(period_name, "period", HINT_PERIOD);
	period = find_period(argument_text(period_name));
	if (period == NUM_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period is not known"),
				 errhint("%s", HINT_PERIOD)));

	owner_begin_as(&scope, GetUserId());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	schema = own_schema();
	done = partition_log_itself(schema, period);
	report_step(result, 1, "the log as a partitioned table", done);
	noted = note_period(schema, period);
	report_step(result, 2, "the period of its partitions", noted);
	other_period = noted[0] != '\0' && done[0] == '\0';
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");

	store = store_open(false);
	store_take_snapshot(store);
	report_step(result, 3, "a partition for rows that have no other",
				store_make_default_partition(store));
	if (other_period)
		store_drop_future_partitions(store, GetCurrentTimestamp());
	report_step(result, 4, "partitions of the next periods",
				store_make_partitions(store, GetCurrentTimestamp(), MOVED_ROWS));
	call_end(&scope, store);
}

/*-------------------------------------------------------------------------
 *
 * partition_list.c
 *	  The partitions of loopit.ingest_log and their periods, and what making and
 *	  dropping them have in common.
 *
 * Memory: works in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "rules/time.h"
#include "server/fault.h"
#include "server/owner.h"
#include "store/partition_list.h"

#define LOCK_TIMEOUT	"250ms"

const PeriodSpec period_specs[NUM_PERIODS] = {
	[PERIOD_DAY] = {"day", 7},
	[PERIOD_WEEK] = {"week", 4},
	[PERIOD_MONTH] = {"month", 3}
};

/* Returns the period of that name, NUM_PERIODS if there is none. */
Period
find_period(LeadText name)
{
	int			period = 0;

	while (period < NUM_PERIODS &&
		   (strlen(period_specs[period].name) != name.length ||
			memcmp(period_specs[period].name, name.data, name.length) != 0))
		period++;
	return (Period) period;
}

/* Returns when the period began, in UTC, that a time is in. */
int64
period_start(Period period, int64 time)
{
	int64		day = day_of_time(time);
	int			year;
	int			month;
	int			day_of_month;

	if (period == PERIOD_WEEK)
		day -= ((day + 5) % 7 + 7) % 7; /* day 0 is a Saturday */
	else if (period == PERIOD_MONTH)
	{
		j2date((int) day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
		day -= day_of_month - 1;
	}
	return day * USECS_PER_DAY;
}

/* The day (UTC) of a time as the name of a partition has it: 20261201. */
char *
partition_label(int64 time)
{
	int			year;
	int			month;
	int			day;

	j2date(day_of_time(time) + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d%02d%02d", year, month, day);
}

/* Returns when the next period begins. */
int64
period_next(Period period, int64 time)
{
	static const int longest[] = {
		[PERIOD_DAY] = 1,[PERIOD_WEEK] = 7,[PERIOD_MONTH] = 31
	};

	return period_start(period, period_start(period, time) +
						longest[period] * USECS_PER_DAY);
}

Oid
relation_of_schema(const char *name)
{
	Oid			schema = get_namespace_oid("loopit", true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

/* Returns true if the log is a partitioned table. */
bool
store_log_is_partitioned(void)
{
	Oid			log = relation_of_schema("ingest_log");

	return OidIsValid(log) && get_rel_relkind(log) == RELKIND_PARTITIONED_TABLE;
}

static int64
bound_of(const PartitionBoundInfo bounds, int number, int64 infinite)
{
	if (number < 0 || number >= bounds->ndatums ||
		bounds->kind[number][0] != PARTITION_RANGE_DATUM_VALUE)
		return infinite;
	return DatumGetTimestampTz(bounds->datums[number][0]);
}

/*
 * Returns a partition; NULL if it is gone: one that was detached concurrently may
 * be in the description of the table when it is dropped.
 */
static Partition *
new_partition(Oid relid)
{
	Partition  *partition = palloc0(sizeof(Partition));
	char	   *schema = get_namespace_name(get_rel_namespace(relid));
	char	   *name = get_rel_name(relid);

	if (schema == NULL || name == NULL)
		return NULL;
	partition->relid = relid;
	partition->name = quote_qualified_identifier(schema, name);
	return partition;
}

/* Returns true if the key is the column received_at, and ranges of it. */
static bool
is_by_time(Relation log)
{
	PartitionKey key = RelationGetPartitionKey(log);

	return key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 &&
		key->partattrs[0] != 0 &&
		key->partattrs[0] == get_attnum(RelationGetRelid(log), "received_at") &&
		key->parttypid[0] == TIMESTAMPTZOID;
}

/*
 * Lists the partitions of the log, oldest first, the default one last.  There
 * are none if it is no table that is partitioned by received_at.
 */
List *
list_partitions(void)
{
	Relation	log = try_relation_open(relation_of_schema("ingest_log"),
										AccessShareLock);
	List	   *partitions = NIL;

	if (log != NULL && log->rd_rel->relkind == RELKIND_PARTITIONED_TABLE &&
		is_by_time(log))
	{
		PartitionDesc desc = RelationGetPartitionDesc(log, ActiveSnapshotSet());
		PartitionBoundInfo bounds = desc->boundinfo;

		for (int i = 0; desc->nparts > 0 && i <= bounds->ndatums; i++)
		{
			Partition  *partition;

			if (bounds->indexes[i] < 0)
				continue;
			partition = new_partition(desc->oids[bounds->indexes[i]]);
			if (partition == NULL)
				continue;
			partition->from = bound_of(bounds, i - 1, DT_NOBEGIN);
			partition->until = bound_of(bounds, i, DT_NOEND);
			partitions = lappend(partitions, partition);
		}
		if (desc->nparts > 0 && bounds->default_index >= 0)
		{
			Partition  *partition = new_partition(desc->oids[bounds->default_index]);

			if (partition != NULL)
			{
				partition->is_default = true;
				partitions = lappend(partitions, partition);
			}
		}
	}
	if (log != NULL)
		relation_close(log, AccessShareLock);
	return partitions;
}

/* Returns the default partition, NULL if there is none. */
const Partition *
default_partition(List *partitions)
{
	const Partition *last = partitions != NIL ? llast(partitions) : NULL;

	return last != NULL && last->is_default ? last : NULL;
}

/* Runs SQL; returns the number of rows. */
uint64
run_text(Store *store, const char *sql, int nargs, Oid *types, Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	volatile int result = 0;

	connect_to_spi(store);
	PG_TRY();
	{
		result = SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		fault_rethrow();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s: %s",
			 SPI_result_code_string(result), sql);
	CommandCounterIncrement();
	return SPI_processed;
}

void
run_ddl(Store *store, const char *sql)
{
	(void) run_text(store, sql, 0, NULL, NULL);
}

/* Runs SQL with up to two times; returns the number of rows. */
uint64
run_with_times(Store *store, const char *sql, int64 first, int64 second)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(first), TimestampTzGetDatum(second)};

	return run_text(store, sql, lengthof(types), types, values);
}

/*
 * Returns the only value of a query about the log, whose OID is $1; NULL if
 * there is none.
 */
char *
text_about(Store *store, const char *sql, Oid relation)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relation)};

	if (run_text(store, sql, lengthof(types), types, values) != 1)
		return NULL;
	return unconstify(char *, result_text(0, 1).data);
}

/* Waits for locks no longer than is good for ingestion; ended by AtEOXact_GUC(). */
int
limit_lock_waits(void)
{
	int			nest_level = NewGUCNestLevel();

	owner_set("lock_timeout", LOCK_TIMEOUT);
	return nest_level;
}

/* What the owner or a concurrent transaction brought about is not the caller's. */
bool
must_end_call(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE && is_retryable(error);
}

/* Says that something was not done, and will be. */
void
report_not_done(const char *what, const ErrorData *error)
{
	ereport(error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ? NOTICE : WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s: %s", what, error->message),
			 errhint("The next call of loopit_purge_ingest_log() tries again.")));
}

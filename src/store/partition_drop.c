/*-------------------------------------------------------------------------
 *
 * partition_drop.c
 *	  Dropping partitions of loopit.ingest_log: those whose rows are all old
 *	  enough, and those of the future that are to be of another period.
 *
 * A partition can be detached without a lock that makes leads wait only outside
 * of a transaction, so not in a function.  The lock is held from then on until
 * the transaction ends.
 *
 * Memory: works in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "utils/guc.h"

#include "server/fault.h"
#include "store/partition_list.h"

/* Partitions to be dropped. */
typedef struct DropPartitions
{
	Store	   *store;
	List	   *partitions;
	int64		rows;
} DropPartitions;

/* Returns true if the partition, which is not written meanwhile, has no row to be kept. */
static bool
has_only_due_rows(Store *store, const Partition *partition,
				  int64 processed_before, int64 others_before)
{
	run_ddl(store, psprintf("LOCK TABLE ONLY %s IN SHARE MODE", partition->name));
	return run_with_times(store, psprintf("SELECT FROM %s o WHERE NOT (" LOG_ROW_IS_DUE ") LIMIT 1",
										  partition->name),
						  processed_before, others_before) == 0;
}

typedef struct DueCheck
{
	Store	   *store;
	const Partition *partition;
	int64		processed_before;
	int64		others_before;
	bool		due;
} DueCheck;

static void
check_due(void *argument)
{
	DueCheck   *check = argument;
	int			nest_level = limit_lock_waits();

	check->due = has_only_due_rows(check->store, check->partition,
								   check->processed_before, check->others_before);
	AtEOXact_GUC(true, nest_level);
}

/*
 * Returns true if the rows of the partition have to be deleted one by one: a
 * trigger, a rule or a policy, which does not see a table that is dropped, is to
 * see each of them, and may keep it.
 */
static bool
is_guarded(Store *store, const Partition *partition)
{
	return text_about(store,
					  psprintf("SELECT 'true'::pg_catalog.text FROM pg_catalog.pg_class l"
							   " WHERE l.oid OPERATOR(pg_catalog.=) $1"
							   " AND (l.relrowsecurity AND l.relforcerowsecurity"
							   "  OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r"
							   "   WHERE r.ev_class OPERATOR(pg_catalog.=) l.oid"
							   "   AND r.ev_type OPERATOR(pg_catalog.=) '4'"
							   "   AND r.ev_enabled IN ('O', 'A'))"
							   "  OR EXISTS (SELECT FROM pg_catalog.pg_trigger t"
							   "   WHERE t.tgrelid IN (l.oid, %u) AND NOT t.tgisinternal"
							   "   AND t.tgenabled IN ('O', 'A')"
							   "   AND (t.tgtype OPERATOR(pg_catalog.&) %d::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0))",
							   partition->relid, TRIGGER_TYPE_DELETE),
					  relation_of_schema("ingest_log")) != NULL;
}

/* Returns true if every row of the partition is old enough. */
static bool
is_due(Store *store, const Partition *partition, int64 processed_before,
	   int64 others_before)
{
	DueCheck	check = {store, partition, processed_before, others_before, false};

	if (partition->is_default ||
		partition->until > Max(processed_before, others_before) ||
		is_guarded(store, partition))
		return false;
	if (partition->until <= Min(processed_before, others_before))
		return true;
	return fault_catch(check_due, &check, must_end_call) == NULL && check.due;
}

/* Drops the partitions: a body of fault_catch(). */
static void
drop_partitions(void *argument)
{
	DropPartitions *drop = argument;
	int			nest_level = limit_lock_waits();
	ListCell   *cell;

	run_ddl(drop->store, "LOCK TABLE ONLY " INGEST_LOG " IN ACCESS EXCLUSIVE MODE");
	foreach(cell, drop->partitions)
	{
		const Partition *partition = lfirst(cell);

		run_ddl(drop->store, psprintf("ALTER TABLE " INGEST_LOG " DETACH PARTITION %s",
									  partition->name));
		run_ddl(drop->store, psprintf("DROP TABLE %s", partition->name));
	}
	AtEOXact_GUC(true, nest_level);
}

static int64
count_rows(Store *store, const Partition *partition)
{
	(void) run_text(store, psprintf("SELECT pg_catalog.count(*) FROM %s", partition->name),
					0, NULL, NULL);
	return result_integer(0, 1);
}

/* Drops what is listed, if it can be locked; returns true if it was. */
static bool
try_drop(DropPartitions *drop)
{
	const ErrorData *error;

	if (drop->partitions == NIL)
		return false;
	error = fault_catch(drop_partitions, drop, must_end_call);
	if (error != NULL)
		report_not_done("partitions of loopit.ingest_log were not dropped", error);
	return error == NULL;
}

/*
 * Drops the partitions of which every row is old enough, and of a day that is
 * counted, that is before counted_until; returns how many rows they had.  The log is locked from then on until the transaction ends.
 */
int64
store_drop_partitions(Store *store, int64 processed_before, int64 others_before,
					  int64 counted_until)
{
	int64		all_before = Min(processed_before, others_before);
	int64		some_before = Max(processed_before, others_before);
	DropPartitions drop = {.store = store};
	bool		settled = false;
	ListCell   *cell;

	connect_to_spi(store);
	foreach(cell, list_partitions())
	{
		const Partition *partition = lfirst(cell);

		if (partition->is_default || partition->until > counted_until)
			continue;
		if (!settled && all_before < some_before &&
			partition->until <= some_before)
		{
			store_settle_between(store, all_before, some_before);
			settled = true;
		}
		if (!is_due(store, partition, processed_before, others_before))
			continue;
		drop.partitions = lappend(drop.partitions, lfirst(cell));
		drop.rows += count_rows(store, partition);
	}
	return try_drop(&drop) ? drop.rows : 0;
}

/* Drops the partitions that begin after now and have no row. */
void
store_drop_future_partitions(Store *store, int64 now)
{
	DropPartitions drop = {.store = store};
	ListCell   *cell;

	connect_to_spi(store);
	foreach(cell, list_partitions())
	{
		const Partition *partition = lfirst(cell);

		if (!partition->is_default && partition->from > now &&
			run_text(store, psprintf("SELECT FROM %s LIMIT 1", partition->name),
					 0, NULL, NULL) == 0)
			drop.partitions = lappend(drop.partitions, lfirst(cell));
	}
	(void) try_drop(&drop);
}

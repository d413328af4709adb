/*-------------------------------------------------------------------------
 *
 * partition.c
 *	  Making the partitions of loopit.ingest_log of this period and the next ones.
 *
 * setup_partition.c in admin makes the log a partitioned table, and notes the
 * period in loopit.log_partitioning.  Without a row there, partitions are the
 * matter of somebody else, such as pg_partman, and none is made here.
 *
 * Ingestion must not wait for any of this.  So locks that conflict with it are
 * asked for with a short timeout, in a subtransaction; if one is not to be had,
 * a NOTICE says so, and the next call does the work.  A row that has no partition
 * meanwhile goes into the default partition, and moves when its partition is
 * made.
 *
 * Memory: works in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "server/fault.h"
#include "server/owner.h"
#include "store/partition_list.h"

/* How many partitions one call makes at most. */
#define MAX_MADE		100

/* A partition to be made. */
typedef struct NewPartition
{
	Store	   *store;
	const Partition *other;		/* the default partition, or NULL */
	bool		is_default;
	int64		from;
	int64		until;
	int			max_rows;		/* to be moved from the default partition */
	char	   *name;			/* once it is made, without its schema */
} NewPartition;

/*
 * Where and how the rows of a new partition are stored, as CREATE TABLE has it:
 * in the tablespace of the log, and with the options of the newest partition.
 */
static char *
storage_clauses(Store *store)
{
	static const char *const options =
		"(SELECT pg_catalog.string_agg(pg_catalog.format('%s = %L',"
		"  pg_catalog.split_part(o.option, '=', 1),"
		"  pg_catalog.substr(o.option, pg_catalog.strpos(o.option, '=') OPERATOR(pg_catalog.+) 1)), ', ')"
		" FROM (SELECT pg_catalog.unnest(n.reloptions) AS option"
		"  UNION ALL"
		"  SELECT pg_catalog.concat('toast.', pg_catalog.unnest(t.reloptions))"
		"  FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) n.reltoastrelid) o)";
	List	   *partitions = list_partitions();
	Oid			newest = InvalidOid;
	ListCell   *cell;

	foreach(cell, partitions)
	{
		const Partition *partition = lfirst(cell);

		if (!partition->is_default)
			newest = partition->relid;
	}
	return text_about(store,
					  psprintf("SELECT pg_catalog.concat(' USING heap',"
							   " ' WITH (' OPERATOR(pg_catalog.||) %s OPERATOR(pg_catalog.||) ')',"
							   " ' TABLESPACE ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(s.spcname))"
							   " FROM pg_catalog.pg_class l"
							   " JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
							   " JOIN pg_catalog.pg_tablespace s ON s.oid OPERATOR(pg_catalog.=)"
							   "  COALESCE(NULLIF(l.reltablespace, 0::pg_catalog.oid), d.dattablespace)"
							   " LEFT JOIN pg_catalog.pg_class n ON n.oid OPERATOR(pg_catalog.=) %u"
							   " WHERE l.oid OPERATOR(pg_catalog.=) $1", options, newest),
					  relation_of_schema("ingest_log"));
}

/*
 * Creates a table like the log that is no partition yet.  ATTACH PARTITION brings
 * its indexes, triggers and foreign keys; what it does not bring is set here:
 * columns of personal data keep no values in pg_statistic.
 */
static void
create_like_log(Store *store, const char *name)
{
	Oid			log = relation_of_schema("ingest_log");
	const char *quoted = quote_identifier(name);
	char	   *clauses = storage_clauses(store);
	char	   *targets;

	run_ddl(store, psprintf("CREATE TABLE loopit.%s (LIKE " INGEST_LOG
							" INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
							" INCLUDING GENERATED INCLUDING STORAGE"
							" INCLUDING COMPRESSION)%s", quoted, clauses));
	targets = text_about(store,
						 "SELECT pg_catalog.string_agg(pg_catalog.format("
						 "'ALTER COLUMN %I SET STATISTICS %s', a.attname, a.attstattarget), ', ')"
						 " FROM pg_catalog.pg_attribute a"
						 " WHERE a.attrelid OPERATOR(pg_catalog.=) $1"
						 " AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped"
						 " AND a.attstattarget OPERATOR(pg_catalog.>=) 0", log);
	if (targets != NULL)
		run_ddl(store, psprintf("ALTER TABLE loopit.%s %s", quoted, targets));
	run_ddl(store, psprintf("CREATE UNIQUE INDEX ON loopit.%s (id)", quoted));
}

/* Moves the rows of the new partition into it; false: they are too many. */
static bool
move_rows(NewPartition *new)
{
	const char *moved = "received_at OPERATOR(pg_catalog.>=) $1"
		" AND received_at OPERATOR(pg_catalog.<) $2";
	const char *other = new->other->name;
	char	   *columns;
	uint64		rows;

	rows = run_with_times(new->store,
						  psprintf("SELECT FROM ONLY %s WHERE %s LIMIT %d::pg_catalog.int8"
								   " OPERATOR(pg_catalog.+) 1::pg_catalog.int8",
								   other, moved, new->max_rows),
						  new->from, new->until);
	if (rows == 0)
		return true;
	if (rows > new->max_rows)
	{
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has more than %d rows of the next partition, which is not made therefore",
						other, new->max_rows),
				 errhint("Call loopit_purge_ingest_log() with a max_rows as large as the rows that may be moved at once.")));
		return false;
	}
	columns = text_about(new->store,
						 "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ')"
						 " FROM pg_catalog.pg_attribute a"
						 " WHERE a.attrelid OPERATOR(pg_catalog.=) $1"
						 " AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped"
						 " AND a.attgenerated OPERATOR(pg_catalog.=) ''",
						 relation_of_schema("ingest_log"));
	run_with_times(new->store,
				   psprintf("WITH moved AS (DELETE FROM ONLY %s WHERE %s RETURNING *)"
							" INSERT INTO loopit.%s (%s) SELECT %s FROM moved",
							other, moved, quote_identifier(new->name), columns, columns),
				   new->from, new->until);
	return true;
}

/* A name for the partition that is not taken. */
static char *
choose_name(const NewPartition *new)
{
	char	   *name = "ingest_log_default";
	char	   *label = NULL;

	if (!new->is_default)
		name = psprintf("ingest_log_p%s", partition_label(new->from));
	for (int i = 1; OidIsValid(relation_of_schema(label != NULL ? label : name)); i++)
		label = psprintf("%s_%d", name, i);
	return label != NULL ? label : name;
}

/* Makes the partition: a body of fault_catch(). */
static void
make_partition(void *argument)
{
	NewPartition *new = argument;
	int			nest_level = limit_lock_waits();
	char	   *name = choose_name(new);

	/* the caller's setting would say where its indexes are */
	owner_set("default_tablespace", "");
	run_ddl(new->store, "LOCK TABLE ONLY " INGEST_LOG " IN SHARE UPDATE EXCLUSIVE MODE");
	create_like_log(new->store, name);
	if (new->other != NULL)
		run_ddl(new->store, psprintf("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE",
									 new->other->name));
	new->name = name;
	if (new->is_default)
		run_ddl(new->store, psprintf("ALTER TABLE " INGEST_LOG " ATTACH PARTITION loopit.%s DEFAULT",
									 quote_identifier(name)));
	else if (new->other == NULL || move_rows(new))
		run_ddl(new->store, psprintf("ALTER TABLE " INGEST_LOG " ATTACH PARTITION loopit.%s"
									 " FOR VALUES FROM (%s) TO (%s)",
									 quote_identifier(name),
									 quote_literal_cstr(timestamptz_to_str(new->from)),
									 quote_literal_cstr(pstrdup(timestamptz_to_str(new->until)))));
	else
	{
		run_ddl(new->store, psprintf("DROP TABLE loopit.%s", quote_identifier(name)));
		new->name = NULL;
	}
	AtEOXact_GUC(true, nest_level);
}

/* Makes it, and adds its name; returns false if it was not made. */
static bool
try_partition(NewPartition *new, StringInfo made)
{
	const ErrorData *error;

	connect_to_spi(new->store);
	new->name = NULL;
	error = fault_catch(make_partition, new, must_end_call);
	if (error != NULL)
	{
		report_not_done("a partition of loopit.ingest_log was not made", error);
		return false;
	}
	if (new->name == NULL)
		return false;
	appendStringInfo(made, "%s%s", made->len > 0 ? ", " : "", new->name);
	return true;
}

/* Returns the period that is noted, NUM_PERIODS if there is none. */
static Period
noted_period(Store *store)
{
	if (!OidIsValid(relation_of_schema("log_partitioning")) ||
		run_text(store, "SELECT p.period::pg_catalog.text"
				 " FROM loopit.log_partitioning p LIMIT 1", 0, NULL, NULL) == 0)
		return NUM_PERIODS;
	check_result_type(1, TEXTOID);
	return find_period(result_text(0, 1));
}

/*
 * Returns from when on partitions are missing: from the end of the last one, or
 * the begin of this period, but a row of the default partition that has none
 * comes before.
 */
static int64
first_missing(Store *store, Period period, int64 last, int64 now,
			  const Partition *other)
{
	int64		from = Max(last, period_start(period, now));

	if (other != NULL &&
		run_with_times(store,
					   psprintf("SELECT d.received_at FROM ONLY %s d"
								" WHERE d.received_at OPERATOR(pg_catalog.>=) $1"
								" AND d.received_at OPERATOR(pg_catalog.<) $2"
								" ORDER BY d.received_at LIMIT 1", other->name),
					   last, from) == 1)
		from = Max(last, period_start(period, result_integer(0, 1)));
	return from;
}

/*
 * ANALYZE keeps no values of a column of which the log wants none, also in a
 * partition that somebody else has made, and so has no such column: a body of
 * fault_catch().
 */
static void
set_statistics(void *argument)
{
	Store	   *store = argument;
	int			nest_level = limit_lock_waits();
	char	   *ddl;

	ddl = text_about(store,
					 "SELECT pg_catalog.string_agg(pg_catalog.format("
					 "'ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', h.inhrelid::pg_catalog.regclass, p.attname), ';')"
					 " FROM pg_catalog.pg_inherits h"
					 " JOIN pg_catalog.pg_attribute l ON l.attrelid OPERATOR(pg_catalog.=) h.inhparent"
					 " JOIN pg_catalog.pg_attribute p ON p.attrelid OPERATOR(pg_catalog.=) h.inhrelid"
					 " AND p.attname OPERATOR(pg_catalog.=) l.attname"
					 " WHERE h.inhparent OPERATOR(pg_catalog.=) $1"
					 " AND l.attnum OPERATOR(pg_catalog.>) 0 AND NOT l.attisdropped"
					 " AND l.attstattarget OPERATOR(pg_catalog.=) 0"
					 " AND p.attstattarget IS DISTINCT FROM 0"
					 " AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute s"
					 "  WHERE s.attrelid OPERATOR(pg_catalog.=) h.inhrelid"
					 "  AND s.attnum OPERATOR(pg_catalog.>) 0"
					 "  AND s.attstattarget OPERATOR(pg_catalog.=) 0 OFFSET 0)",
					 relation_of_schema("ingest_log"));
	if (ddl != NULL)
		run_ddl(store, ddl);
	AtEOXact_GUC(true, nest_level);
}

/* Makes the default partition if there is none; returns its name, or "". */
char *
store_make_default_partition(Store *store)
{
	NewPartition new = {.store = store,.is_default = true};
	StringInfoData made;

	initStringInfo(&made);
	if (default_partition(list_partitions()) == NULL)
		(void) try_partition(&new, &made);
	return made.data;
}

/*
 * Makes the partitions of this period and of the next ones, if a period is noted.
 * At most that many rows are moved from the default partition into each.  Returns
 * the names of what was made, separated by commas.
 */
char *
store_make_partitions(Store *store, int64 now, int max_rows)
{
	List	   *partitions = list_partitions();
	const Partition *other = default_partition(partitions);
	int			ranges = list_length(partitions) - (other != NULL ? 1 : 0);
	int64		last = DT_NOBEGIN;
	NewPartition new = {.store = store,.other = other,.max_rows = max_rows};
	Period		period = partitions == NIL ? NUM_PERIODS : noted_period(store);
	StringInfoData made;
	int64		goal;

	initStringInfo(&made);
	connect_to_spi(store);
	if (partitions != NIL)
		(void) fault_catch(set_statistics, store, must_end_call);
	if (period == NUM_PERIODS)
		return made.data;
	if (ranges > 0)
		last = ((const Partition *) list_nth(partitions, ranges - 1))->until;
	goal = period_next(period, now);
	for (int i = 0; i < period_specs[period].ahead; i++)
		goal = period_next(period, goal);

	new.from = last < goal ? first_missing(store, period, last, now, other) : goal;
	for (int i = 0; i < MAX_MADE && new.from < goal; i++)
	{
		new.until = period_next(period, new.from);
		if (!try_partition(&new, &made))
			break;
		new.from = new.until;
	}
	return made.data;
}

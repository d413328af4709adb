/*-------------------------------------------------------------------------
 *
 * cache.c
 *	  The described tables: what is known of each, and those that a call has
 *	  in use.
 *
 * A table is examined as a whole when it is first used (eligibility.c), and
 * again after the server reports that it, one of its indexes or a table that
 * it refers to has changed.  At DEBUG1 the server's log says which table uses
 * SQL, and why.
 *
 * Memory: a context for each table under CacheMemoryContext.  A description
 * that is stale may still be in use by a call around this one (a trigger's
 * doing), so it goes with the transaction.  A session is in the caller's
 * context.
 *
 * A table may be partitioned (partition.c).  The entries after those of the
 * tables are the partition that a row went into last, and the ones before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "server/compat.h"
#include "store/direct/eligibility.h"

#define MAX_TABLES 16

/* What is remembered of each table, by its number. */
static struct
{
	bool		valid;			/* nothing has changed since it was examined */
	bool		examined;		/* and that did not raise */
	LocalTransactionId until;	/* what is known holds for that transaction
								 * only; invalid: for all */
	Oid			relid;
	DirectTable *table;			/* NULL: it uses SQL */
	int			routes_by;		/* the column by which rows go into its
								 * partitions without SQL; -1: none */
	MemoryContext context;
	bool		shape_valid;	/* the same for its shape alone, which SQL */
	bool		shape_checked;	/* depends on too */
	Oid			shape_relid;
	ShapeFault	fault;
}			cache[MAX_TABLES];

static const char *schema_name;
static const TableSpec *table_specs;
static int	table_count;

/* Is it an index of the table, or a table that its foreign keys refer to? */
static bool
depends_on(const DirectTable *table, Oid relation)
{
	if (table == NULL)
		return false;
	for (int i = 0; i < MAX_PARENTS; i++)
	{
		if (table->parent_relid[i] == relation)
			return true;
	}
	for (int i = 0; i < table->nindexes; i++)
	{
		if (table->indexes[i] == relation)
			return true;
	}
	return false;
}

/* Callbacks mark the cache stale, the next call rebuilds it. */
static void
mark_all_stale(Datum arg, int cache_id, uint32 hash)
{
	for (int i = 0; i < MAX_TABLES; i++)
	{
		cache[i].valid = false;
		cache[i].shape_valid = false;
		if (cache[i].table != NULL)
			cache[i].table->stale = true;
	}
}

/* All of them: whether a foreign key is known depends on the other table too. */
static void
mark_stale(Datum arg, Oid relation)
{
	for (int i = 0; i < MAX_TABLES; i++)
	{
		if (!OidIsValid(relation) || cache[i].relid == relation ||
			cache[i].shape_relid == relation ||
			depends_on(cache[i].table, relation))
		{
			mark_all_stale((Datum) 0, 0, 0);
			return;
		}
	}
}

/*
 * Makes the tables of a schema known by their descriptions, which are numbered
 * from 0 and live as long as the backend; called by _PG_init().
 */
void
direct_init(const char *schema, const TableSpec *specs, int count)
{
	Assert(count + DIRECT_PARTITIONS <= MAX_TABLES);
	schema_name = schema;
	table_specs = specs;
	table_count = count;
	CacheRegisterRelcacheCallback(mark_stale, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, mark_all_stale, (Datum) 0);
	/* an owner to whom policies apply from now on, or who lost a privilege */
	CacheRegisterSyscacheCallback(AUTHOID, mark_all_stale, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, mark_all_stale, (Datum) 0);
}

/* What nobody has open, no call around this one can have in use. */
static void
drop_description(int number, Relation rel)
{
	MemoryContext context = cache[number].context;

	cache[number].context = NULL;
	cache[number].table = NULL;
	if (context == NULL)
		return;
	if (rel->rd_refcnt == 1 && cache[number].relid == RelationGetRelid(rel))
		MemoryContextDelete(context);
	else
		MemoryContextSetParent(context, TopTransactionContext);
}

/*
 * Examines the table, or a partition of it for the entry of that number.  The
 * entry is marked valid first: an invalidation that arrives in between then
 * marks it stale again, and is not lost.
 */
static void
examine_table(int number, const TableSpec *spec, Relation rel)
{
	MemoryContext context;
	MemoryContext old;
	DirectTable *table;
	const char *reason;
	bool		transient;

	drop_description(number, rel);
	cache[number].relid = RelationGetRelid(rel);
	cache[number].examined = false;
	cache[number].valid = true;

	context = AllocSetContextCreate(CurrentMemoryContext,
									"loopit_leads table",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	table = palloc0(sizeof(DirectTable));
	table->spec = spec;
	table->partition = number >= table_count;
	reason = describe_table(rel, table_specs, table, &transient);
	cache[number].routes_by = reason == NULL ? -1 : routing_column(rel, spec);
	MemoryContextSwitchTo(old);
	cache[number].until = transient ? current_lxid() : InvalidLocalTransactionId;
	cache[number].examined = true;

	if (reason != NULL)
	{
		elog(DEBUG1, "table \"%s\" uses SQL: %s",
			 RelationGetRelationName(rel), reason);
		MemoryContextDelete(context);
		return;
	}
	MemoryContextSetParent(context, CacheMemoryContext);
	cache[number].context = context;
	cache[number].table = table;
	table->stale = !cache[number].valid;
}

/* Returns true if nothing has changed since the table was examined. */
static bool
is_known(int number)
{
	return cache[number].valid && cache[number].examined &&
		(cache[number].until == InvalidLocalTransactionId ||
		 cache[number].until == current_lxid());
}

static bool
uses_sql(int number)
{
	const DirectTable *table = cache[number].table;

	return is_known(number) &&
		(table == NULL || (table->checks_begun && !table->checks_prepared));
}

static Relation
open_by_name(int number, LOCKMODE lockmode)
{
	return table_openrv(makeRangeVar(unconstify(char *, schema_name),
									 unconstify(char *, table_specs[number].name),
									 -1),
						lockmode);
}

/*
 * Opens the table by its name or, where it is known, by its OID; what is known
 * may have changed while the lock was waited for.
 */
static Relation
open_table(int number, LOCKMODE lockmode)
{
	Relation	rel;

	if (is_known(number))
	{
		rel = try_table_open(cache[number].relid, lockmode);
		if (cache[number].valid && rel != NULL)
			return rel;
		if (rel != NULL)
			table_close(rel, lockmode);
	}
	rel = open_by_name(number, lockmode);
	examine_table(number, &table_specs[number], rel);
	return rel;
}

/*
 * Begins a session, palloc'd in the current context.  It belongs to the
 * subtransaction that began it, whose abort ends it without direct_end().
 */
DirectSession *
direct_begin(bool read_only)
{
	DirectSession *session = palloc0(sizeof(DirectSession));

	session->read_only = read_only;
	session->count = table_count + DIRECT_PARTITIONS;
	session->relations = palloc0(sizeof(DirectRelation) * session->count);
	return session;
}

/* A hook on privileges sees statements only. */
static bool
all_use_sql(void)
{
	return ExecutorCheckPerms_hook != NULL ||
		SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN;
}

/* Fills the relation, whose description is the one of that number. */
static DirectRelation *
use_relation(DirectRelation *relation, int number, Relation rel)
{
	relation->table = cache[number].table;
	relation->rel = rel;
	relation->indexes = palloc0(sizeof(Relation) * relation->table->nindexes);
	relation->slot = MakeSingleTupleTableSlot(relation->table->tupdesc,
											  table_slot_callbacks(rel));
	return relation;
}

/* Returns the table, opened, or NULL if it uses SQL. */
DirectRelation *
direct_open(DirectSession *session, int number)
{
	DirectRelation *relation = &session->relations[number];
	Relation	rel;

	if (relation->rel != NULL)
		return relation;
	if (all_use_sql() || uses_sql(number))
		return NULL;

	relation->lockmode = session->read_only ? AccessShareLock :
		table_specs[number].lockmode;
	rel = open_table(number, relation->lockmode);
	if (cache[number].table == NULL)
	{
		table_close(rel, relation->lockmode);
		return NULL;
	}
	return use_relation(relation, number, rel);
}

/* Opens a partition of the table that was routed to. */
static DirectRelation *
open_partition(DirectSession *session, const TableSpec *spec, Oid partition,
			   int back)
{
	int			number = table_count + back;
	DirectRelation *relation = &session->relations[number];
	Relation	rel;

	if (relation->rel != NULL)
		return RelationGetRelid(relation->rel) == partition ? relation : NULL;
	relation->lockmode = session->read_only ? AccessShareLock : spec->lockmode;
	rel = try_table_open(partition, relation->lockmode);
	if (rel == NULL)
		return NULL;
	if (!is_known(number) || cache[number].relid != partition)
		examine_table(number, spec, rel);
	if (!is_known(number) || uses_sql(number))
	{
		table_close(rel, NoLock);
		return NULL;
	}
	return use_relation(relation, number, rel);
}

/* Returns the column by which rows are routed; -1: none, or it takes SQL. */
int
direct_routing_column(int number)
{
	return all_use_sql() || !is_known(number) ? -1 : cache[number].routes_by;
}

/*
 * Returns the partition of the table for a value of its routing column, or the
 * one that is so many before it, opened; NULL if there is none (*none is then
 * true) or it uses SQL.  As in the executor, the partitioned table is locked
 * first, so that its partitions stay as they are until the transaction ends.
 */
DirectRelation *
direct_open_partition(DirectSession *session, int number, Datum value,
					  int back, bool *none)
{
	const TableSpec *spec = &table_specs[number];
	DirectRelation *relation = NULL;
	Oid			partition = InvalidOid;
	Relation	root = open_table(number, session->read_only ? AccessShareLock :
								  spec->lockmode);

	*none = false;
	if (direct_routing_column(number) >= 0)
	{
		partition = route_row(root, value, back);
		*none = !OidIsValid(partition);
	}
	if (OidIsValid(partition))
		relation = open_partition(session, spec, partition, back);
	table_close(root, NoLock);
	return relation;
}

/* Ends a session.  Locks are kept until the transaction ends. */
void
direct_end(DirectSession *session)
{
	for (int i = 0; i < session->count; i++)
	{
		DirectRelation *relation = &session->relations[i];

		if (relation->rel == NULL)
			continue;
		ExecDropSingleTupleTableSlot(relation->slot);
		for (int j = 0; j < relation->table->nindexes; j++)
		{
			if (relation->indexes[j] != NULL)
				index_close(relation->indexes[j], NoLock);
		}
		table_close(relation->rel, NoLock);
	}
	pfree(session->relations);
	pfree(session);
}

/*
 * Raises if the table lacks a unique index by which deliveries identify a row,
 * or a column of its description, or has one of a type
 * that is not binary-coercible to ours: statements could not be planned, or
 * would return what must not be read as our type.
 */
void
direct_check_shape(int number)
{
	const ShapeFault *fault = &cache[number].fault;

	if (!cache[number].shape_valid || !cache[number].shape_checked)
	{
		Relation	rel = open_by_name(number, AccessShareLock);

		cache[number].shape_relid = RelationGetRelid(rel);
		cache[number].shape_checked = false;
		cache[number].shape_valid = true;
		check_shape(rel, &table_specs[number], &cache[number].fault);
		cache[number].shape_checked = true;
		table_close(rel, AccessShareLock);
	}
	if (fault->sqlerrcode != 0)
		raise_shape_fault(fault, schema_name, table_specs[number].name);
}

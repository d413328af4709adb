/*-------------------------------------------------------------------------
 *
 * cache.c
 *	  The tables that can do without SQL: what is known of them, and those
 *	  that a call has in use.  See direct.h.
 *
 * A table is looked at as a whole when it is first used (eligibility.c), and
 * again when the server says that it or one of its indexes has changed.  At
 * DEBUG1 the server's log says which goes by SQL, and why.
 *
 * Memory: a context a table under CacheMemoryContext.  A description that is
 * not valid any more may still be in use by a call around this one (a
 * trigger's doing), so it goes with the transaction.  A session is in the
 * caller's context.
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

#include "store/direct/eligibility.h"

#define MAX_TABLES 12

/* What is remembered of each table, by its number. */
static struct
{
	bool		valid;
	bool		described;		/* that did not raise */
	Oid			relid;
	DirectTable *table;			/* NULL: it goes by SQL */
	MemoryContext context;
}			cache[MAX_TABLES];

static const char *schema_name;
static const DirectSpec *table_specs;
static int	table_count;

/* Is it an index of the table, or a table that its foreign keys refer to? */
static bool
depends_on(const DirectTable *table, Oid relation)
{
	if (table != NULL && list_member_oid(table->parents, relation))
		return true;
	for (int i = 0; table != NULL && i < table->nindexes; i++)
	{
		if (table->indexes[i] == relation)
			return true;
	}
	return false;
}

/* The callbacks only mark; what is right is looked up at the next use. */
static void
forget_all(Datum arg, int cache_id, uint32 hash)
{
	for (int i = 0; i < MAX_TABLES; i++)
		cache[i].valid = false;
}

/* All of them: whether a foreign key is known is also the other table's. */
static void
forget_relation(Datum arg, Oid relation)
{
	for (int i = 0; i < MAX_TABLES; i++)
	{
		if (!OidIsValid(relation) || cache[i].relid == relation ||
			depends_on(cache[i].table, relation))
		{
			forget_all((Datum) 0, 0, 0);
			return;
		}
	}
}

/* See direct.h. */
void
direct_init(const char *schema, const DirectSpec *specs, int count)
{
	Assert(count <= MAX_TABLES);
	schema_name = schema;
	table_specs = specs;
	table_count = count;
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, forget_all, (Datum) 0);
	/* an owner that policies apply to from now on, or who lost a privilege */
	CacheRegisterSyscacheCallback(AUTHOID, forget_all, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, forget_all, (Datum) 0);
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
 * Makes the description anew.  It is marked valid first: an invalidation that
 * arrives in between then marks it again, and is not lost.
 */
static void
look_at_table(int number, Relation rel)
{
	MemoryContext context;
	MemoryContext old;
	DirectTable *table;
	const char *reason;

	drop_description(number, rel);
	cache[number].relid = RelationGetRelid(rel);
	cache[number].described = false;
	cache[number].valid = true;

	context = AllocSetContextCreate(CurrentMemoryContext,
									"loopit_leads table",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	table = palloc0(sizeof(DirectTable));
	table->spec = &table_specs[number];
	reason = describe_table(rel, table_specs, table);
	MemoryContextSwitchTo(old);
	cache[number].described = true;

	if (reason != NULL)
	{
		elog(DEBUG1, "table \"%s\" goes by SQL: %s",
			 RelationGetRelationName(rel), reason);
		MemoryContextDelete(context);
		return;
	}
	MemoryContextSetParent(context, CacheMemoryContext);
	cache[number].context = context;
	cache[number].table = table;
}

/* Is there a description, or the knowledge that the table goes by SQL? */
static bool
is_known(int number)
{
	return cache[number].valid && cache[number].described;
}

static bool
goes_by_sql(int number)
{
	const DirectTable *table = cache[number].table;

	return is_known(number) &&
		(table == NULL || (table->checks_begun && !table->checks_prepared));
}

/*
 * Opens the table by its name, or, where it is known, by its OID; what is
 * known may have changed while the lock was waited for.
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
	rel = table_openrv(makeRangeVar(unconstify(char *, schema_name),
									unconstify(char *, table_specs[number].name),
									-1),
					   lockmode);
	look_at_table(number, rel);
	return rel;
}

/* See direct.h. */
DirectSession *
direct_begin(bool read_only)
{
	DirectSession *session = palloc0(sizeof(DirectSession));

	session->read_only = read_only;
	session->count = table_count;
	session->relations = palloc0(sizeof(DirectRelation) * table_count);
	return session;
}

/* See direct.h. */
DirectRelation *
direct_open(DirectSession *session, int number)
{
	DirectRelation *relation = &session->relations[number];
	Relation	rel;

	if (relation->rel != NULL)
		return relation;
	/* a hook on privileges sees statements only */
	if (ExecutorCheckPerms_hook != NULL ||
		SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN ||
		goes_by_sql(number))
		return NULL;

	relation->lockmode = session->read_only ? AccessShareLock :
		table_specs[number].lockmode;
	rel = open_table(number, relation->lockmode);
	relation->table = cache[number].table;
	if (relation->table == NULL)
	{
		table_close(rel, relation->lockmode);
		return NULL;
	}
	relation->rel = rel;
	relation->indexes = palloc0(sizeof(Relation) * relation->table->nindexes);
	relation->slot = MakeSingleTupleTableSlot(relation->table->tupdesc,
											  table_slot_callbacks(rel));
	return relation;
}

/* See direct.h.  Locks are kept until the transaction ends. */
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

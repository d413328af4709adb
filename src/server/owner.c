/*-------------------------------------------------------------------------
 *
 * owner.c
 *	  Running as the owner of the tables.
 *
 * The callers of the data functions hold EXECUTE on them and nothing else, so
 * the functions have to act as somebody who may touch the tables.  That is
 * not the extension's owner (SECURITY DEFINER): a superuser, as whom a
 * trigger that the tables' owner made would then run.  It is the owner of the
 * tables, as in the referential-integrity triggers, whose way of switching
 * this is.  One role has to own them all: otherwise the owner of one could
 * have the code act on another's.
 *
 * Memory: nothing is allocated.  The cache is static, and valid until the
 * server says that one of the relations or the schema has changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "server/compat.h"
#include "server/owner.h"
#include "server/schema_version.h"

#define LOG_SEQUENCE	"ingest_log_id_seq"

/* The relations that the functions read or write. */
static const char *const relation_names[] = {
	"workspace", "dealership", "location", "package", "asset",
	"asset_location", "person", "identity_document", "booking", "ingest_log",
	"schema_version", "client", "access_token", "ingest_counted",
	"ingest_day_count", "ingest_day_issue", "ingest_late", LOG_SEQUENCE
};

static struct
{
	bool		valid;
	Oid			owner;
	Oid			relation[lengthof(relation_names)];
}			cache;

/* Callbacks mark the cache stale, the next call rebuilds it. */
static void
forget_relation(Datum arg, Oid relation)
{
	if (!OidIsValid(relation))
		cache.valid = false;
	for (int i = 0; cache.valid && i < lengthof(cache.relation); i++)
	{
		if (cache.relation[i] == relation)
			cache.valid = false;
	}
}

static void
forget_schema(Datum arg, int cache_id, uint32 hash)
{
	cache.valid = false;
}

/* Registers the invalidation of the cache; called by _PG_init(). */
void
owner_init(void)
{
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, forget_schema, (Datum) 0);
}

/* Returns the owner; none if the relation has been dropped concurrently. */
static Oid
relation_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Looks the relations up.  The cache is marked valid first: an invalidation
 * that arrives in between then marks it again, and is not lost.
 *
 * Only a version that is sufficient is cached, so an upgrade needs no
 * invalidation.
 */
static void
fill_cache(void)
{
	Oid			schema = get_namespace_oid("loopit", true);

	require_schema_version(schema);
	cache.valid = true;
	for (int i = 0; i < lengthof(relation_names); i++)
	{
		Oid			relation = InvalidOid;
		Oid			owner = InvalidOid;

		if (OidIsValid(schema))
			relation = get_relname_relid(relation_names[i], schema);
		if (OidIsValid(relation))
			owner = relation_owner(relation);
		if (!OidIsValid(owner))
		{
			cache.valid = false;
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation \"loopit.%s\" does not exist",
							relation_names[i]),
					 errhint("%s", schema_upgrade_hint())));
		}

		cache.relation[i] = relation;
		if (i == 0)
			cache.owner = owner;
		else if (owner != cache.owner)
		{
			cache.valid = false;
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("tables of schema \"loopit\" have more than one owner"),
					 errdetail("\"%s\" and \"%s\" are owned by different roles.",
							   relation_names[0], relation_names[i]),
					 errhint("Let one role own them all: ALTER TABLE ... OWNER TO ...")));
		}
	}
}

/*
 * Sets what SQL, and the compiling and printing of expressions, depends on:
 * search_path is pg_catalog, pg_temp until owner_unpin_settings() is given the
 * result, or an error ends the (sub)transaction.
 */
int
owner_pin_settings(void)
{
	int			nest_level = NewGUCNestLevel();

	pin_search_path();
	return nest_level;
}

void
owner_unpin_settings(int nest_level)
{
	AtEOXact_GUC(false, nest_level);
}

static void
become(OwnerScope *scope, Oid role)
{
	GetUserIdAndSecContext(&scope->user, &scope->security_context);
	SetUserIdAndSecContext(role, scope->security_context |
						   SECURITY_LOCAL_USERID_CHANGE);
	scope->guc_nest_level = 0;
}

/*
 * Becomes another role, which the caller has checked, with the settings pinned,
 * until the scope ends.  An error ends it, too.
 */
void
owner_begin_as(OwnerScope *scope, Oid role)
{
	become(scope, role);
	scope->guc_nest_level = owner_pin_settings();
}

/*
 * Becomes the owner of the tables in the same way.  Raises undefined_table if
 * loopit_setup() has not made the tables, object_not_in_prerequisite_state if
 * they are of an older version, and insufficient_privilege if they have more
 * than one owner.
 */
void
owner_begin(OwnerScope *scope)
{
	if (!cache.valid)
		fill_cache();
	owner_begin_as(scope, cache.owner);
}

/*
 * The same with the settings of the caller: pinning them costs more than a
 * look-up.  A store pins them before it runs SQL, and the direct path before it
 * compiles or prints an expression.
 */
void
owner_begin_unpinned(OwnerScope *scope)
{
	if (!cache.valid)
		fill_cache();
	become(scope, cache.owner);
}

/* Restores the role and the settings that the scope began with. */
void
owner_end(const OwnerScope *scope)
{
	if (scope->guc_nest_level != 0)
		owner_unpin_settings(scope->guc_nest_level);
	SetUserIdAndSecContext(scope->user, scope->security_context);
}

/* Sets a setting until the scope, or a subtransaction in it, ends. */
void
owner_set(const char *setting, const char *value)
{
	(void) set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Until the scope, or a subtransaction in it, ends, no statement that is planned
 * reads a table from end to end for the want of statistics: a plan that was made
 * while the log was empty is used until the table is analyzed.  What such a plan
 * costs is no reason to compile it.
 */
void
owner_prefer_indexes(void)
{
	owner_set("enable_seqscan", "off");
	owner_set("jit", "off");
}

/*
 * Locks the sequence of the log, and returns its OID.  While the lock is waited
 * for, the tables may be dropped or replaced, or given to another role: then
 * they are looked up again.
 */
static Oid
lock_log_sequence(void)
{
	for (;;)
	{
		Oid			sequence = cache.relation[lengthof(relation_names) - 1];
		Relation	rel = try_relation_open(sequence, RowExclusiveLock);

		if (rel != NULL)
			relation_close(rel, NoLock);
		if (rel != NULL && cache.valid)
			return sequence;
		CHECK_FOR_INTERRUPTS();
		fill_cache();
		if (cache.owner != GetUserId())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the owner of the tables of schema \"loopit\" has changed during the call")));
	}
}

/*
 * Returns the next id of loopit.ingest_log; only within a scope of owner_begin().
 * loopit_partition_log() replaces the sequence: a call that waited for its lock
 * meanwhile takes the new one, which goes on where the old one was.
 */
int64
owner_next_log_id(void)
{
	return nextval_internal(lock_log_sequence(), true);
}

/*-------------------------------------------------------------------------
 *
 * eligibility.c
 *	  Which tables can do without SQL: those that are ordinary tables with
 *	  btree indexes, and have nothing that only SQL honours.  See direct.h.
 *
 * What is not known to be the same either way goes by SQL, a trigger of a DBA
 * as well as a policy: that is slower, and just as a DBA expects.
 *
 * Memory: the description is palloc'd in the current context, work too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"

#include "server/compat.h"
#include "store/direct/eligibility.h"

/*
 * The checks.  Each answers what stands against going without SQL, or NULL.
 */

static const char *
check_relation(const DirectSpec *spec, Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	AclMode		privileges = ACL_SELECT;

	if (spec->lockmode >= RowShareLock)
		privileges |= ACL_UPDATE;
	if (spec->lockmode >= RowExclusiveLock)
		privileges |= ACL_INSERT;

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_tableam != GetHeapamTableAmRoutine())
		return "it is not an ordinary table";
	if (rel->rd_rel->relispartition || has_superclass(relid) ||
		has_subclass(relid))
		return "it is partitioned or inherits";
	if (rel->rd_rules != NULL)
		return "it has rules";
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return "its policies apply to its owner";
	if (pg_class_aclmask(relid, GetUserId(), privileges,
						 ACLMASK_ALL) != privileges)
		return "its owner lacks privileges";
	return NULL;
}

static bool
is_user_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

/*
 * See eligibility.h.  Functions that come with the server are safe to call
 * outside of an executor and in a state that outlives an error; nothing is
 * known of others.  Nor of a domain's constraints, of whose changes the table
 * hears nothing.
 */
bool
calls_user_function(Node *node, void *context)
{
	return node != NULL &&
		(IsA(node, CoerceToDomain) ||
		 check_functions_in_node(node, is_user_function, context) ||
		 expression_tree_walker(node, calls_user_function, context));
}

static const char *
check_constraints(Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		if (calls_user_function(stringToNode(constr->check[i].ccbin), NULL))
			return "a CHECK calls a function that is not the server's";
	}
	return NULL;
}

/* One of the description's columns, whose number there is i. */
static const char *
check_column(const DirectSpec *spec, int i, Form_pg_attribute attribute)
{
	if (attribute->atttypid != spec->columns[i].type ||
		attribute->atttypmod != -1)
		return "a column is missing or has another type";
	if (OidIsValid(attribute->attcollation) &&
		!get_collation_isdeterministic(attribute->attcollation))
		return "a column's collation is not deterministic";
	if (attribute->attidentity && i > 0 && i != spec->identity &&
		spec->lockmode >= RowExclusiveLock)
		return "a column is an identity column";
	return NULL;
}

/* Finds the description's columns; any other may be null when it is inserted. */
static const char *
check_columns(Relation rel, DirectTable *table)
{
	const DirectSpec *spec = table->spec;
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Bitmapset  *known = NULL;

	for (int i = 0; i < DIRECT_MAX_COLUMNS && spec->columns[i].name; i++)
	{
		AttrNumber	attnum = get_attnum(RelationGetRelid(rel),
										spec->columns[i].name);
		const char *reason;

		if (attnum <= 0)
			return "a column is missing or has another type";
		reason = check_column(spec, i, TupleDescAttr(tupdesc, attnum - 1));
		if (reason != NULL)
			return reason;
		table->attnum[i] = attnum;
		table->ncolumns = i + 1;
		known = bms_add_member(known, attnum);
	}

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);

		if (attribute->attisdropped)
			continue;
		if (attribute->attgenerated)
			return "it has a generated column";
		if (!bms_is_member(i + 1, known) &&
			(get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN ||
			 build_column_default(rel, i + 1) != NULL))
			return "a column that is not known has a default or a domain";
	}
	return NULL;
}

/* Is the foreign key from and to these columns? */
static bool
same_foreign_key(const DirectSpec *child, const DirectParent *parent,
				 const DirectSpec *specs, const ForeignKeyCacheInfo *key)
{
	const DirectSpec *to = &specs[parent->table];

	if (parent->count != key->nkeys ||
		strcmp(to->name, get_rel_name(key->confrelid)) != 0)
		return false;
	for (int i = 0; i < key->nkeys; i++)
	{
		if (strcmp(child->columns[parent->columns[i]].name,
				   get_attname(key->conrelid, key->conkey[i], false)) != 0 ||
			strcmp(to->columns[i].name,
				   get_attname(key->confrelid, key->confkey[i], false)) != 0)
			return false;
	}
	return true;
}

/* Is it one whose row the caller holds? */
static bool
is_known_foreign_key(const DirectSpec *spec, const DirectSpec *specs,
					 const ForeignKeyCacheInfo *key)
{
	if (get_rel_namespace(key->confrelid) != get_rel_namespace(key->conrelid))
		return false;
	for (int i = 0; i < DIRECT_MAX_PARENTS; i++)
	{
		if (same_foreign_key(spec, &spec->parents[i], specs, key))
			return true;
	}
	return false;
}

/* The columns that an update may change. */
static Bitmapset *
updated_columns(const DirectTable *table)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < table->ncolumns; i++)
	{
		if (table->spec->columns[i].updated)
			columns = bms_add_member(columns, table->attnum[i] -
									 FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

/*
 * Triggers of foreign keys need not fire: on this table's side because the
 * caller holds the row referred to, or never inserts, on the other's because
 * no update changes a column of a key.
 */
static const char *
check_triggers(Relation rel, const DirectSpec *specs, DirectTable *table)
{
	Bitmapset  *updated = updated_columns(table);
	List	   *known = NIL;
	ListCell   *lc;

	if (bms_overlap(updated, RelationGetIndexAttrBitmap(rel,
														INDEX_ATTR_BITMAP_KEY)))
		return "an updated column is unique";
	foreach(lc, copyObject(RelationGetFKeyList(rel)))
	{
		ForeignKeyCacheInfo *key = lfirst(lc);

		for (int i = 0; i < key->nkeys; i++)
		{
			if (bms_is_member(key->conkey[i] - FirstLowInvalidHeapAttributeNumber,
							  updated))
				return "an updated column is of a foreign key";
		}
		if (is_known_foreign_key(table->spec, specs, key))
		{
			known = lappend_oid(known, key->conoid);
			table->parents = lappend_oid(table->parents, key->confrelid);
		}
	}

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];
		int			type = RI_FKey_trigger_type(trigger->tgfoid);

		if (type == RI_TRIGGER_NONE)
			return "it has a trigger";
		if (type == RI_TRIGGER_FK &&
			table->spec->lockmode >= RowExclusiveLock &&
			!list_member_oid(known, trigger->tgconstraint))
			return "it has a foreign key that is not known";
		if (trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
			return "a foreign key is not enabled as usual";
	}
	return NULL;
}

/* See eligibility.h. */
const char *
describe_table(Relation rel, const DirectSpec *specs, DirectTable *table)
{
	const DirectSpec *spec = table->spec;
	const char *reason;

	table->relid = RelationGetRelid(rel);
	table->tupdesc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	table->estate = CreateExecutorState();
	table->relinfo = makeNode(ResultRelInfo);
	InitResultRelInfo(table->relinfo, rel, 0, NULL, 0);

	if ((reason = check_relation(spec, rel)) != NULL ||
		(reason = check_columns(rel, table)) != NULL ||
		(reason = check_constraints(rel)) != NULL ||
		(reason = check_triggers(rel, specs, table)) != NULL ||
		(reason = check_indexes(rel, table)) != NULL)
		return reason;

	if (spec->identity != 0)
	{
		table->sequence = identity_sequence(rel, table->attnum[spec->identity]);
		if (!OidIsValid(table->sequence))
			return "its ids have no sequence";
	}
	return NULL;
}

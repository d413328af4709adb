/*-------------------------------------------------------------------------
 *
 * eligibility.c
 *	  Which tables can do without SQL: ordinary tables with btree indexes that
 *	  have no feature that requires SQL.
 *
 * What is not known to give the same result either way uses SQL, a trigger of
 * a DBA as well as a policy: that is slower, and just what the DBA expects.
 *
 * The functions named check_... return why SQL is required, as a phrase for
 * the server's log, or NULL.
 *
 * To read the expressions of an index evaluates what is constant in them, which
 * may be a function of the tables' owner, so the settings are pinned meanwhile.
 *
 * Memory: the description is palloc'd in the current context, as is everything
 * that is needed to make it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/sysattr.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"

#include "server/compat.h"
#include "server/owner.h"
#include "store/direct/eligibility.h"
#include "store/direct/index.h"

/*
 * Looks for a column of the description that the relation, whatever its kind,
 * does not have, or whose type is not binary-coercible to ours, and for a unique
 * index by which deliveries identify a row: without it two could be inserted.
 */
void
check_shape(Relation rel, const TableSpec *spec, ShapeFault *fault)
{
	int			nest_level;

	memset(fault, 0, sizeof(*fault));
	for (int i = 0; i < MAX_COLUMNS && spec->columns[i].name; i++)
	{
		const ColumnSpec *column = &spec->columns[i];
		AttrNumber	attnum = get_attnum(RelationGetRelid(rel), column->name);

		if (attnum <= 0)
			fault->sqlerrcode = ERRCODE_UNDEFINED_COLUMN;
		else
		{
			fault->type = TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid;
			if (IsBinaryCoercible(getBaseType(fault->type), column->type))
				continue;
			fault->sqlerrcode = ERRCODE_DATATYPE_MISMATCH;
		}
		fault->column = column->name;
		return;
	}
	nest_level = owner_pin_settings();
	for (int i = 0; i < MAX_KEYS && spec->keys[i].ncolumns > 0; i++)
	{
		if (spec->keys[i].identifies &&
			!has_identifying_index(rel, spec, &spec->keys[i]))
			fault->sqlerrcode = ERRCODE_INVALID_COLUMN_REFERENCE;
	}
	owner_unpin_settings(nest_level);
}

/*
 * Raises what stands against a table of the schema; see check_shape().  Whether
 * the name of a type is printed with its schema depends on the settings.
 */
void
raise_shape_fault(const ShapeFault *fault, const char *schema, const char *name)
{
	(void) owner_pin_settings();
	if (fault->column == NULL)
		ereport(ERROR,
				(errcode(fault->sqlerrcode),
				 errmsg("relation \"%s.%s\" lacks a unique index by which its rows are identified",
						schema, name),
				 errhint("Run SELECT loopit_setup().")));
	ereport(ERROR,
			(errcode(fault->sqlerrcode),
			 fault->sqlerrcode == ERRCODE_UNDEFINED_COLUMN ?
			 errmsg("column \"%s\" of relation \"%s.%s\" does not exist",
					fault->column, schema, name) :
			 errmsg("column \"%s\" of relation \"%s.%s\" has type %s",
					fault->column, schema, name,
					format_type_be(fault->type)),
			 errhint("Give the column the type that loopit_setup() gave it."),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, schema),
			 err_generic_string(PG_DIAG_TABLE_NAME, name),
			 err_generic_string(PG_DIAG_COLUMN_NAME, fault->column)));
}

/* Checks what a table and a partitioned one have in common. */
const char *
check_relation(Relation rel, const TableSpec *spec)
{
	Oid			relid = RelationGetRelid(rel);
	AclMode		privileges = ACL_SELECT;

	if (spec->lockmode >= RowShareLock)
		privileges |= ACL_UPDATE;
	if (spec->lockmode >= RowExclusiveLock)
		privileges |= ACL_INSERT;

	if (rel->rd_rules != NULL)
		return "it has rules";
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return "its policies apply to its owner";
	if (pg_class_aclmask(relid, GetUserId(), privileges,
						 ACLMASK_ALL) != privileges)
		return "its owner lacks privileges";
	return NULL;
}

static const char *
check_kind(Relation rel, const DirectTable *table)
{
	Oid			relid = RelationGetRelid(rel);

	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		return "it is partitioned";
	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_tableam != GetHeapamTableAmRoutine())
		return "it is not an ordinary table";
	if (has_subclass(relid) ||
		(!table->partition &&
		 (rel->rd_rel->relispartition || has_superclass(relid))))
		return "it is a partition or inherits";
	return NULL;
}

/* The CHECKs of a table that no call writes have nothing to check. */
static const char *
check_constraints(Relation rel, const TableSpec *spec)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	if (spec->lockmode < RowExclusiveLock)
		return NULL;
	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		if (requires_executor(stringToNode(constr->check[i].ccbin)))
			return "a CHECK calls a function that is not an immutable one of the server";
	}
	return NULL;
}

/* Checks a column of the description, whose number there is i. */
static const char *
check_column(const TableSpec *spec, int i, Form_pg_attribute attribute)
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

/* Finds the description's columns; any other has to take a null. */
const char *
check_columns(Relation rel, DirectTable *table)
{
	const TableSpec *spec = table->spec;
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Bitmapset  *known = NULL;

	for (int i = 0; i < MAX_COLUMNS && spec->columns[i].name; i++)
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

/* Returns true if the foreign key is from and to the columns of the parent. */
static bool
is_key_to_parent(const DirectTable *table, const ParentSpec *parent,
				 const TableSpec *specs, const ForeignKeyCacheInfo *key)
{
	const TableSpec *to = &specs[parent->table];

	if (parent->ncolumns != key->nkeys ||
		get_rel_namespace(key->confrelid) != get_rel_namespace(key->conrelid) ||
		strcmp(to->name, get_rel_name(key->confrelid)) != 0)
		return false;
	for (int i = 0; i < key->nkeys; i++)
	{
		if (table->attnum[parent->columns[i]] != key->conkey[i] ||
			strcmp(to->columns[i].name,
				   get_attname(key->confrelid, key->confkey[i], false)) != 0)
			return false;
	}
	return true;
}

/*
 * Notes which table the foreign key refers to, if it is one of those whose row
 * the caller locks.
 */
static bool
find_parent(DirectTable *table, const TableSpec *specs,
			const ForeignKeyCacheInfo *key)
{
	for (int i = 0; i < MAX_PARENTS && table->spec->parents[i].ncolumns > 0; i++)
	{
		if (is_key_to_parent(table, &table->spec->parents[i], specs, key))
		{
			table->parent_relid[i] = key->confrelid;
			return true;
		}
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
 * caller has locked the row referred to, or never inserts, on the other's
 * because no update changes a column of a key.
 */
static const char *
check_triggers(Relation rel, const TableSpec *specs, DirectTable *table)
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
		if (find_parent(table, specs, key))
			known = lappend_oid(known, key->conoid);
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

static const char *
describe(Relation rel, const TableSpec *specs, DirectTable *table,
		 bool *transient)
{
	const char *reason;

	*transient = false;
	/* first, since nothing else fits a relation of another kind */
	if ((reason = check_kind(rel, table)) != NULL ||
		(reason = check_relation(rel, table->spec)) != NULL)
		return reason;

	table->relid = RelationGetRelid(rel);
	table->tupdesc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	table->estate = CreateExecutorState();
	table->relinfo = makeNode(ResultRelInfo);
	InitResultRelInfo(table->relinfo, rel, 0, NULL, 0);

	if ((reason = check_columns(rel, table)) != NULL ||
		(reason = check_constraints(rel, table->spec)) != NULL ||
		(reason = check_triggers(rel, specs, table)) != NULL ||
		(reason = check_indexes(rel, table, transient)) != NULL)
		return reason;

	if (table->spec->identity != 0)
	{
		table->sequence =
			identity_sequence(rel, table->attnum[table->spec->identity]);
		if (!OidIsValid(table->sequence))
			return "its ids have no sequence";
	}
	return NULL;
}

/* Describes what can do without SQL; *transient: look again next time. */
const char *
describe_table(Relation rel, const TableSpec *specs, DirectTable *table,
			   bool *transient)
{
	int			nest_level = owner_pin_settings();
	const char *reason = describe(rel, specs, table, transient);

	owner_unpin_settings(nest_level);
	return reason;
}

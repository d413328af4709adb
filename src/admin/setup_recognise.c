/*-------------------------------------------------------------------------
 *
 * setup_recognise.c
 *	  Whether what a statement of a setup step makes is there already.
 *
 * A DBA may have renamed an index, turned it into a constraint, or created the
 * same one before.  So the statement is analysed as the server would analyse
 * it, and the result is compared with what the catalogs have: structures, not
 * texts, which depend on settings and names.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/defrem.h"
#include "nodes/execnodes.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_utilcmd.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "admin/setup_recognise.h"

/* An index that does not exist yet, as the catalogs would describe it. */
typedef struct IndexShape
{
	IndexInfo  *info;
	Oid			collation[INDEX_MAX_KEYS];
	Oid			opclass[INDEX_MAX_KEYS];
	Oid			opfamily[INDEX_MAX_KEYS];
	int16		option[INDEX_MAX_KEYS];
} IndexShape;

/* INDOPTION_... of a column's ordering. */
static int16
index_option(const IndexElem *column)
{
	bool		descending = column->ordering == SORTBY_DESC;
	bool		nulls_first = column->nulls_ordering == SORTBY_NULLS_FIRST ||
		(column->nulls_ordering == SORTBY_NULLS_DEFAULT && descending);

	return (descending ? INDOPTION_DESC : 0) |
		(nulls_first ? INDOPTION_NULLS_FIRST : 0);
}

/* Adds a key column; returns false if the table has no such column. */
static bool
add_index_column(IndexShape *shape, Relation table, const IndexElem *column,
				 const char *access_method)
{
	IndexInfo  *info = shape->info;
	int			n = info->ii_NumIndexAttrs;
	Oid			type;

	if (n >= INDEX_MAX_KEYS)
		return false;
	if (column->expr != NULL)
	{
		info->ii_IndexAttrNumbers[n] = InvalidAttrNumber;
		info->ii_Expressions = lappend(info->ii_Expressions, column->expr);
		type = exprType(column->expr);
		shape->collation[n] = exprCollation(column->expr);
	}
	else
	{
		AttrNumber	number = get_attnum(RelationGetRelid(table), column->name);
		Form_pg_attribute attribute;

		if (number <= 0)
			return false;
		attribute = TupleDescAttr(RelationGetDescr(table), number - 1);
		info->ii_IndexAttrNumbers[n] = number;
		type = attribute->atttypid;
		shape->collation[n] = attribute->attcollation;
	}
	if (column->collation != NIL)
		shape->collation[n] = get_collation_oid(column->collation, false);
	shape->opclass[n] = ResolveOpClass(column->opclass, type, access_method,
									   info->ii_Am);
	shape->opfamily[n] = get_opclass_family(shape->opclass[n]);
	shape->option[n] = index_option(column);
	info->ii_NumIndexAttrs = ++info->ii_NumIndexKeyAttrs;
	return true;
}

/*
 * What the statement would make, with expressions and predicate as the
 * relcache has them; false if it would raise, or has included columns, which
 * no step's has.
 */
static bool
index_shape(Relation table, IndexStmt *stmt, const char *sql,
			IndexShape *shape)
{
	IndexStmt  *analysed = transformIndexStmt(RelationGetRelid(table),
											  copyObject(stmt), sql);
	IndexInfo  *info = makeNode(IndexInfo);
	ListCell   *cell;

	if (stmt->indexIncludingParams != NIL)
		return false;
	info->ii_Unique = stmt->unique;
	info->ii_NullsNotDistinct = stmt->nulls_not_distinct;
	info->ii_Am = get_index_am_oid(stmt->accessMethod, false);
	shape->info = info;
	foreach(cell, analysed->indexParams)
	{
		if (!add_index_column(shape, table, lfirst(cell), stmt->accessMethod))
			return false;
	}
	info->ii_Expressions = (List *)
		eval_const_expressions(NULL, (Node *) info->ii_Expressions);
	fix_opfuncids((Node *) info->ii_Expressions);
	if (analysed->whereClause != NULL)
	{
		Node	   *predicate = eval_const_expressions(NULL, analysed->whereClause);

		predicate = (Node *) canonicalize_qual((Expr *) predicate, false);
		info->ii_Predicate = make_ands_implicit((Expr *) predicate);
		fix_opfuncids((Node *) info->ii_Predicate);
	}
	return true;
}

/* The attribute numbers of a table, mapped to themselves. */
static AttrMap *
identity_map(Relation table)
{
	AttrMap    *map = make_attrmap(RelationGetNumberOfAttributes(table));

	for (int i = 0; i < map->maplen; i++)
		map->attnums[i] = i + 1;
	return map;
}

/* Whether an index does what one of this shape would do. */
static bool
index_has_shape(Relation table, Relation index, IndexShape *shape)
{
	Form_pg_index form = index->rd_index;
	Datum		opclasses;
	oidvector  *opclass;
	bool		isnull;

	/* a failed CREATE INDEX CONCURRENTLY, or the index of a deferrable key */
	if (!form->indisvalid || !form->indisready || !form->indimmediate)
		return false;
	if (!CompareIndexInfo(shape->info, BuildIndexInfo(index),
						  shape->collation,
						  index->rd_indcollation,
						  shape->opfamily,
						  index->rd_opfamily, identity_map(table)))
		return false;

	opclasses = SysCacheGetAttr(INDEXRELID, index->rd_indextuple,
								Anum_pg_index_indclass, &isnull);
	Assert(!isnull);
	opclass = (oidvector *) DatumGetPointer(opclasses);
	for (int i = 0; i < shape->info->ii_NumIndexKeyAttrs; i++)
	{
		if (opclass->values[i] != shape->opclass[i] ||
			index->rd_indoption[i] != shape->option[i])
			return false;
	}
	return true;
}

static bool
can_have_indexes(Relation table)
{
	return table->rd_rel->relkind == RELKIND_RELATION ||
		table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
		table->rd_rel->relkind == RELKIND_MATVIEW;
}

/*
 * Returns the indexes of the table, of whatever name, that are the same in
 * table, columns, expressions, predicate, uniqueness, operator classes,
 * collations and order; a list of OIDs.
 */
List *
indexes_of_definition(Oid table_oid, IndexStmt *stmt, const char *sql)
{
	Relation	table = table_open(table_oid, AccessShareLock);
	List	   *found = NIL;
	IndexShape	shape;

	if (can_have_indexes(table) && index_shape(table, stmt, sql, &shape))
	{
		ListCell   *cell;

		foreach(cell, RelationGetIndexList(table))
		{
			Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

			if (index_has_shape(table, index, &shape))
				found = lappend_oid(found, lfirst_oid(cell));
			index_close(index, AccessShareLock);
		}
	}
	table_close(table, AccessShareLock);
	return found;
}

/*
 * Returns true if the table has such an index; also if the relation is of a
 * kind that has no indexes.
 */
bool
index_is_there(Oid table_oid, IndexStmt *stmt, const char *sql)
{
	Relation	table = table_open(table_oid, AccessShareLock);
	bool		possible = can_have_indexes(table);

	table_close(table, AccessShareLock);
	return !possible || indexes_of_definition(table_oid, stmt, sql) != NIL;
}

/* The letter of a kind of extended statistics in pg_statistic_ext. */
static char
statistics_kind(const char *name)
{
	if (strcmp(name, "ndistinct") == 0)
		return STATS_EXT_NDISTINCT;
	if (strcmp(name, "dependencies") == 0)
		return STATS_EXT_DEPENDENCIES;
	return STATS_EXT_MCV;
}

static bool
statistics_have_kind(HeapTuple tuple, char kind)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(STATEXTOID, tuple,
										Anum_pg_statistic_ext_stxkind, &isnull);
	ArrayType  *kinds = DatumGetArrayTypeP(datum);

	return memchr(ARR_DATA_PTR(kinds), kind,
				  ArrayGetNItems(ARR_NDIM(kinds), ARR_DIMS(kinds))) != NULL;
}

static bool
statistics_have_column(HeapTuple tuple, AttrNumber column)
{
	int2vector *keys = &((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxkeys;

	for (int i = 0; i < keys->dim1; i++)
	{
		if (keys->values[i] == column)
			return true;
	}
	return false;
}

/*
 * Whether a statistics object is of the table, and covers just the columns and
 * all the kinds.
 */
bool
statistics_cover(Oid statistics, Oid table, CreateStatsStmt *stmt)
{
	HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
	bool		found;
	ListCell   *cell;

	if (!HeapTupleIsValid(tuple))
		return false;
	found = ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid == table &&
		((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxkeys.dim1 ==
		list_length(stmt->exprs);
	foreach(cell, stmt->exprs)
	{
		const StatsElem *column = lfirst(cell);

		found = found && column->name != NULL &&
			statistics_have_column(tuple, get_attnum(table, column->name));
	}
	foreach(cell, stmt->stat_types)
		found = found && statistics_have_kind(tuple, statistics_kind(strVal(lfirst(cell))));
	ReleaseSysCache(tuple);
	return found;
}

/*
 * Returns true if the table has extended statistics, of whatever name, of the
 * same columns and of all the kinds that the statement names.
 */
bool
statistics_are_there(Oid table_oid, CreateStatsStmt *stmt)
{
	Relation	table = table_open(table_oid, AccessShareLock);
	List	   *all = RelationGetStatExtList(table);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, all)
		found = found || statistics_cover(lfirst_oid(cell), table_oid, stmt);
	table_close(table, AccessShareLock);
	return found;
}

/* The condition of a CHECK as the catalogs have it. */
static Node *
check_condition(Relation table, Constraint *check, const char *sql)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *columns;
	Node	   *condition;

	pstate->p_sourcetext = sql;
	columns = addRangeTableEntryForRelation(pstate, table, AccessShareLock,
											NULL, false, true);
	addNSItemToQuery(pstate, columns, true, true, true);
	condition = transformExpr(pstate, copyObject(check->raw_expr),
							  EXPR_KIND_CHECK_CONSTRAINT);
	condition = coerce_to_boolean(pstate, condition, "CHECK");
	assign_expr_collations(pstate, condition);
	free_parsestate(pstate);
	return condition;
}

/*
 * Returns true if the table has a CHECK, of whatever name, with the same
 * condition, valid or not.
 */
bool
check_is_there(Oid table_oid, Constraint *check, const char *sql)
{
	Relation	table = table_open(table_oid, AccessShareLock);
	TupleConstr *constr = RelationGetDescr(table)->constr;
	Node	   *condition = check_condition(table, check, sql);
	bool		found = false;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
		found = found || equal(stringToNode(constr->check[i].ccbin), condition);
	table_close(table, AccessShareLock);
	return found;
}

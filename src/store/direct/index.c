/*-------------------------------------------------------------------------
 *
 * index.c
 *	  Which indexes a table may have to do without SQL, and which of them are
 *	  the keys of its description.
 *
 * An index is compared with a key by what the catalogs have of it, not by its
 * name, nor by its definition as text, which settings of a session change.
 *
 * Memory: the description is palloc'd in the current context, as is everything
 * that is needed to make it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type_d.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "server/owner.h"
#include "store/direct/index.h"

static bool
is_user_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

/*
 * Returns true if the node brings in a type that is not the server's: functions
 * of the server, such as array_eq(), call what its operator classes have.
 */
static bool
has_user_type(Node *node)
{
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_ArrayExpr:
		case T_RowExpr:
			return exprType(node) >= FirstNormalObjectId;
		default:
			return false;
	}
}

static bool
calls_user_function(Node *node, void *context)
{
	return node != NULL &&
		(IsA(node, CoerceToDomain) || has_user_type(node) ||
		 check_functions_in_node(node, is_user_function, context) ||
		 expression_tree_walker(node, calls_user_function, context));
}

/* Returns true if an operator class of the index has a user's function. */
static bool
has_user_support(Relation index)
{
	int			count = index->rd_index->indnkeyatts *
		index->rd_indam->amsupport;

	for (int i = 0; i < count; i++)
	{
		if (is_user_function(index->rd_support[i], NULL))
			return true;
	}
	return false;
}

/*
 * Returns true if the expression, which may be NULL or a list, can run code
 * that is not the server's, or that can run SQL.  An immutable function of the
 * server is safe to call outside of an executor and in a state that outlives
 * an error; one that is not immutable (query_to_xml()) may call this extension
 * again.  Of a domain's constraints, of whose changes the table gets no
 * invalidation, nothing is known.
 */
bool
requires_executor(Node *expression)
{
	return calls_user_function(expression, NULL) ||
		contain_mutable_functions(expression);
}

static bool
can_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_Var:
		case T_Const:
			return expression_tree_walker(node, can_fail, context);
		case T_OpExpr:
			return (((OpExpr *) node)->opfuncid != F_TEXTEQ &&
					((OpExpr *) node)->opfuncid != F_TEXTNE) ||
				expression_tree_walker(node, can_fail, context);
		default:
			return true;
	}
}

/*
 * Returns true if there is a predicate, and it combines columns, constants, tests
 * for null and comparisons of texts.  That can be evaluated before the index is
 * opened: it raises no error, which might have to come after that of another
 * index.
 */
static bool
predicate_cannot_fail(List *predicate)
{
	return predicate != NIL && !can_fail((Node *) predicate, NULL);
}

/* Returns true if the node is the column of that name, in whatever collation. */
static bool
is_column(Node *node, Oid table, const char *name)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) &&
		((Var *) node)->varattno == get_attnum(table, name);
}

/* Returns true if the node is lower(column COLLATE "C"). */
static bool
is_folded_column(Node *node, Oid table, const char *name)
{
	const FuncExpr *call = (FuncExpr *) node;

	return node != NULL && IsA(node, FuncExpr) &&
		call->funcid == F_LOWER_TEXT && call->inputcollid == C_COLLATION_OID &&
		is_column(linitial(call->args), table, name);
}

static bool
matches_predicate(Relation index, const TableSpec *spec, const KeySpec *key)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	Oid			table = index->rd_index->indrelid;
	const char *name = spec->columns[key->predicate_column].name;
	const NullTest *test;

	if (key->predicate == KEY_OF_ALL_ROWS)
		return predicate == NIL;
	if (list_length(predicate) != 1)
		return false;
	if (key->predicate == KEY_OF_OPEN_ROWS)
		return is_column(linitial(predicate), table, name);
	if (!IsA(linitial(predicate), NullTest))
		return false;
	test = linitial(predicate);
	return test->nulltesttype == IS_NULL &&
		is_column((Node *) test->arg, table, name);
}

/* Returns true if the index has what the key has, in the same order. */
static bool
matches_columns(Relation index, const TableSpec *spec, const KeySpec *key)
{
	Oid			table = index->rd_index->indrelid;
	List	   *expressions = RelationGetIndexExpressions(index);
	ListCell   *expression = list_head(expressions);

	if (index->rd_index->indnkeyatts != key->ncolumns)
		return false;
	for (int i = 0; i < key->ncolumns; i++)
	{
		const char *name = spec->columns[key->columns[i].column].name;
		AttrNumber	attnum = index->rd_index->indkey.values[i];
		Node	   *node = NULL;

		if (attnum == 0)
		{
			if (expression == NULL)
				return false;
			node = lfirst(expression);
			expression = lnext(expressions, expression);
		}
		if (key->columns[i].form == KEY_FOLDED ?
			!is_folded_column(node, table, name) :
			attnum != get_attnum(table, name))
			return false;
	}
	return true;
}

/*
 * Fills *ready if the index is the key; text in the C collation, where equal
 * values are equal byte by byte.
 */
static bool
match_key(Relation index, const TableSpec *spec, const KeySpec *key,
		  DirectIndex *ready)
{
	if ((key->identifies && !index->rd_index->indisunique) ||
		!matches_columns(index, spec, key) ||
		!matches_predicate(index, spec, key))
		return false;
	ready->remembered = index->rd_index->indisunique &&
		key->predicate != KEY_OF_OPEN_ROWS;
	for (int i = 0; i < key->ncolumns; i++)
	{
		RegProcedure equal = InvalidOid;

		if (index->rd_indoption[i] != 0)
			return false;		/* rows come in another order */
		if (index->rd_opfamily[i] == INTEGER_BTREE_FAM_OID)
			equal = index->rd_opcintype[i] == INT8OID ? F_INT8EQ : F_INT4EQ;
		else if (index->rd_opfamily[i] ==
				 get_opclass_family(GetDefaultOpClass(TIMESTAMPTZOID, BTREE_AM_OID)))
			equal = F_TIMESTAMPTZ_EQ;
		else if (index->rd_opfamily[i] == BOOL_BTREE_FAM_OID)
			equal = F_BOOLEQ;
		else if (index->rd_opfamily[i] == TEXT_BTREE_FAM_OID &&
				 index->rd_indcollation[i] == C_COLLATION_OID)
			equal = F_TEXTEQ;
		if (!OidIsValid(equal))
			return false;
		fmgr_info_cxt(equal, &ready->equal[i], CurrentMemoryContext);
		ready->remembered &= equal == F_INT8EQ || equal == F_TEXTEQ;
	}
	ready->ncolumns = key->ncolumns;
	ready->unique_since = HeapTupleHeaderGetXmin(index->rd_indextuple->t_data);
	return true;
}

/*
 * Returns true if that relation, which may be none, is an index that is the
 * key of the description.
 */
bool
direct_is_key(Oid index, const TableSpec *spec, int key)
{
	Relation	rel = try_relation_open(index, AccessShareLock);
	DirectIndex ready;
	int			nest_level;
	bool		same;

	if (rel == NULL)
		return false;
	nest_level = owner_pin_settings();
	same = rel->rd_rel->relkind == RELKIND_INDEX &&
		rel->rd_rel->relam == BTREE_AM_OID &&
		match_key(rel, spec, &spec->keys[key], &ready);
	owner_unpin_settings(nest_level);
	relation_close(rel, AccessShareLock);
	return same;
}

/*
 * Returns true if a unique index of the table, partitioned or not, has just
 * the columns of the key, in whatever order and collation.
 */
bool
has_identifying_index(Relation rel, const TableSpec *spec, const KeySpec *key)
{
	ListCell   *lc;
	bool		found = false;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		int			count = 0;

		for (int i = 0; i < key->ncolumns; i++)
		{
			AttrNumber	attnum = get_attnum(RelationGetRelid(rel),
											spec->columns[key->columns[i].column].name);

			for (int j = 0; j < form->indnkeyatts; j++)
				count += form->indkey.values[j] == attnum;
		}
		found |= form->indisunique && form->indisvalid && form->indimmediate &&
			form->indnkeyatts == key->ncolumns && count == key->ncolumns &&
			RelationGetIndexPredicate(index) == NIL;
		index_close(index, AccessShareLock);
	}
	return found;
}

/*
 * An index that was built while some row was being changed may lack what old
 * snapshots see, until all of this session are newer (get_relation_info() in
 * the server's plancat.c has the same rule).
 */
static bool
is_too_new(Relation index)
{
	return index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin);
}

/* Checks one of the table's indexes, whose number is table->nindexes. */
static const char *
check_index(Relation index, DirectTable *table, bool *found, bool *transient)
{
	Form_pg_index form = index->rd_index;
	IndexInfo  *info = BuildIndexInfo(index);
	const KeySpec *keys = table->spec->keys;

	if (index->rd_rel->relam != BTREE_AM_OID || form->indisexclusion ||
		!form->indisvalid || !form->indisready || !form->indimmediate)
		return "an index is not an ordinary one";
	if (is_too_new(index))
	{
		*transient = true;
		return "an index is newer than what the transaction sees";
	}
	if (has_user_support(index) ||
		requires_executor((Node *) info->ii_Expressions) ||
		requires_executor((Node *) info->ii_Predicate))
		return "an index calls a function that is not the server's";

	table->relinfo->ri_IndexRelationInfo[table->nindexes] = info;
	table->prints_expressions |= form->indisunique && info->ii_Expressions != NIL;
	table->foreseen[table->nindexes] = predicate_cannot_fail(info->ii_Predicate);
	for (int i = 0; i < MAX_KEYS && keys[i].ncolumns > 0; i++)
	{
		if (found[i] ||
			!match_key(index, table->spec, &keys[i], &table->keys[i]))
			continue;
		table->keys[i].number = table->nindexes;
		found[i] = true;
	}
	return NULL;
}

/*
 * Describes the table's indexes, in the server's order, which all writers
 * keep.  Returns why SQL is required, or NULL.
 */
const char *
check_indexes(Relation rel, DirectTable *table, bool *transient)
{
	List	   *indexes = RelationGetIndexList(rel);
	bool		found[MAX_KEYS] = {false};
	ListCell   *lc;

	table->indexes = palloc(sizeof(Oid) * list_length(indexes));
	table->foreseen = palloc(sizeof(bool) * list_length(indexes));
	table->relinfo->ri_IndexRelationInfo =
		palloc(sizeof(IndexInfo *) * list_length(indexes));
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		const char *reason = check_index(index, table, found, transient);

		index_close(index, AccessShareLock);
		if (reason != NULL)
			return reason;
		table->indexes[table->nindexes++] = lfirst_oid(lc);
	}
	table->relinfo->ri_NumIndices = table->nindexes;

	for (int i = 0; i < MAX_KEYS && table->spec->keys[i].ncolumns > 0; i++)
	{
		/* a partition's primary key has the partition key as well */
		if (!found[i] && !(table->partition && i == 0))
			return "an index is missing";
	}
	return NULL;
}

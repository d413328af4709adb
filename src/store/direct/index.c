/*-------------------------------------------------------------------------
 *
 * index.c
 *	  Which indexes a table may have to do without SQL, and which of them are
 *	  the keys that its description names.  See eligibility.h.
 *
 * Memory: the description is palloc'd in the current context, work too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"

#include "store/direct/eligibility.h"

static bool
same_predicate(Relation index, const char *expected)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	Oid			table = index->rd_index->indrelid;
	char	   *text;

	if (predicate == NIL || expected == NULL)
		return predicate == NIL && expected == NULL;
	text = deparse_expression((Node *) make_ands_explicit(predicate),
							  deparse_context_for(get_rel_name(table), table),
							  false, false);
	return strcmp(text, expected) == 0;
}

/*
 * Fills *key if the index is as described; text in the C collation, where
 * equal is equal byte by byte.
 */
static bool
match_key(Relation index, const DirectKey *expected, DirectIndex *key)
{
	int			count = index->rd_index->indnkeyatts;

	if (count > DIRECT_MAX_KEY_COLUMNS ||
		(expected->unique && !index->rd_index->indisunique) ||
		strcmp(pg_get_indexdef_columns(RelationGetRelid(index), false),
			   expected->columns) != 0 ||
		!same_predicate(index, expected->predicate))
		return false;
	for (int i = 0; i < count; i++)
	{
		RegProcedure equal = InvalidOid;

		if (index->rd_indoption[i] != 0)
			return false;		/* rows come in another order */
		if (index->rd_opfamily[i] == INTEGER_BTREE_FAM_OID)
			equal = index->rd_opcintype[i] == INT8OID ? F_INT8EQ : F_INT4EQ;
		else if (index->rd_opfamily[i] == TEXT_BTREE_FAM_OID &&
				 index->rd_indcollation[i] == C_COLLATION_OID)
			equal = F_TEXTEQ;
		if (!OidIsValid(equal))
			return false;
		fmgr_info_cxt(equal, &key->equal[i], CurrentMemoryContext);
	}
	key->ncolumns = count;
	return true;
}

/* See direct.h. */
bool
direct_is_key(Oid index, const DirectKey *key)
{
	Relation	rel = try_relation_open(index, AccessShareLock);
	DirectIndex ready;
	bool		same;

	if (rel == NULL)
		return false;
	same = rel->rd_rel->relkind == RELKIND_INDEX &&
		match_key(rel, key, &ready);
	relation_close(rel, AccessShareLock);
	return same;
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

/* One of the table's indexes, whose number is table->nindexes. */
static const char *
check_index(Relation index, DirectTable *table, bool *found)
{
	Form_pg_index form = index->rd_index;
	IndexInfo  *info = BuildIndexInfo(index);

	if (index->rd_rel->relam != BTREE_AM_OID || form->indisexclusion ||
		!form->indisvalid || !form->indisready || !form->indimmediate)
		return "an index is not an ordinary one";
	if (is_too_new(index))
		return "an index is newer than what the transaction sees";
	if (calls_user_function((Node *) info->ii_Expressions, NULL) ||
		calls_user_function((Node *) info->ii_Predicate, NULL))
		return "an index calls a function that is not the server's";

	table->relinfo->ri_IndexRelationInfo[table->nindexes] = info;
	for (int i = 0; i < DIRECT_MAX_KEYS && table->spec->keys[i].columns; i++)
	{
		if (found[i] ||
			!match_key(index, &table->spec->keys[i], &table->keys[i]))
			continue;
		table->keys[i].number = table->nindexes;
		found[i] = true;
	}
	return NULL;
}

/* See eligibility.h.  In the server's order, which all writers keep. */
const char *
check_indexes(Relation rel, DirectTable *table)
{
	List	   *indexes = RelationGetIndexList(rel);
	bool		found[DIRECT_MAX_KEYS] = {false};
	ListCell   *lc;

	table->indexes = palloc(sizeof(Oid) * list_length(indexes));
	table->relinfo->ri_IndexRelationInfo =
		palloc(sizeof(IndexInfo *) * list_length(indexes));
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		const char *reason = check_index(index, table, found);

		index_close(index, AccessShareLock);
		if (reason != NULL)
			return reason;
		table->indexes[table->nindexes++] = lfirst_oid(lc);
	}
	table->relinfo->ri_NumIndices = table->nindexes;

	for (int i = 0; i < DIRECT_MAX_KEYS && table->spec->keys[i].columns; i++)
	{
		if (!found[i])
			return "an index is missing";
	}
	return NULL;
}

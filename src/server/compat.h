/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15 and 18: the only file that looks at
 *	  the server's version.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COMPAT_H
#define LOOPIT_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "executor/executor.h"
#include "fmgr.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#endif
#include "storage/proc.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#if PG_VERSION_NUM < 150000
#error "loopit_leads needs PostgreSQL 15 or later"
#endif

/*
 * The search path of the data functions until the GUC nest level ends.  The
 * server has a function for it since PostgreSQL 17.
 */
static inline void
pin_search_path(void)
{
#if PG_VERSION_NUM >= 170000
	RestrictSearchPath();
#else
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
#endif
}

/*
 * The jsonb of a text.  Since PostgreSQL 16 NULL says that it is no JSON; what
 * the server still raises then, and all that older ones do, is the caller's
 * to catch.
 */
static inline Jsonb *
parse_jsonb(char *json)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext escontext = {.type = T_ErrorSaveContext};
	Datum		result;

	if (!DirectInputFunctionCallSafe(jsonb_in, json, InvalidOid, -1,
									 (Node *) &escontext, &result))
		return NULL;
	return DatumGetJsonbP(result);
#else
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
#endif
}

/* The number of the current transaction in this backend. */
static inline LocalTransactionId
current_lxid(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

static inline IndexScanDesc
begin_index_scan(Relation table, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(table, index, snapshot, nkeys, 0);
#endif
}

/* The sequence of an identity column. */
static inline Oid
identity_sequence(Relation table, AttrNumber column)
{
#if PG_VERSION_NUM >= 170000
	return getIdentitySequence(table, column, true);
#else
	return getIdentitySequence(RelationGetRelid(table), column, true);
#endif
}

/*
 * Prepares the CHECKs of a table, as the server does at a first write, for as
 * long as the state lives; they are there whole, or not at all if it raises.
 */
static inline void
prepare_checks(Relation table, ResultRelInfo *info, EState *estate)
{
	MemoryContext context = MemoryContextSwitchTo(estate->es_query_cxt);
	TupleConstr *constr = RelationGetDescr(table)->constr;
	int			count = constr != NULL ? constr->num_check : 0;
	ExprState **states = palloc0(sizeof(ExprState *) * (count + 1));

	for (int i = 0; i < count; i++)
	{
#if PG_VERSION_NUM >= 180000
		if (!constr->check[i].ccenforced)
			continue;
#endif
		states[i] = ExecPrepareExpr(stringToNode(constr->check[i].ccbin),
									estate);
	}
#if PG_VERSION_NUM >= 180000
	info->ri_CheckConstraintExprs = states;
#else
	info->ri_ConstraintExprs = states;
#endif
	MemoryContextSwitchTo(context);
}

/*
 * Inserts the index entries of a row that was just stored; btree indexes only,
 * so there are no summarizing ones.  That an update leaves an index's columns
 * as they were is a hint that is not given.
 */
static inline void
insert_index_entries(ResultRelInfo *info, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL, false);
#else
	ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL);
#endif
}

/*
 * Replaces the row version at tid, which is locked; *index_entries says
 * whether the new one needs index entries.
 */
static inline TM_Result
update_tuple(Relation table, ItemPointer tid, TupleTableSlot *slot,
			 bool *index_entries)
{
	TM_FailureData failure;
	LockTupleMode mode;
	TM_Result	result;
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes update_indexes;
#else
	bool		update_indexes;
#endif

	result = table_tuple_update(table, tid, slot, GetCurrentCommandId(true),
								GetActiveSnapshot(), InvalidSnapshot, true,
								&failure, &mode, &update_indexes);
#if PG_VERSION_NUM >= 160000
	*index_entries = update_indexes == TU_All;
#else
	*index_entries = update_indexes;
#endif
	return result;
}

#endif							/* LOOPIT_COMPAT_H */

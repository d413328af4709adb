/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  The differences between PostgreSQL 15 and 18.  No other file tests
 *	  PG_VERSION_NUM.
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
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#if PG_VERSION_NUM < 150000
#error "loopit_leads needs PostgreSQL 15 or later"
#endif

/*
 * Sets search_path to pg_catalog, pg_temp until the GUC nest level ends.
 * PostgreSQL 17 and later have a function for it.
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
 * Returns the jsonb of a text, palloc'd.  PostgreSQL 16 and later return NULL
 * for most texts that are not JSON; the caller must also be ready to catch an
 * error, which PostgreSQL 15 raises for all of them.
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

/* Infinite intervals exist since PostgreSQL 17. */
static inline bool
interval_is_finite(const Interval *interval)
{
#if PG_VERSION_NUM >= 170000
	return !INTERVAL_NOT_FINITE(interval);
#else
	return true;
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

/* Pins the buffer if it still has that page; ReleaseBuffer() unpins it. */
static inline bool
read_recent_buffer(Relation table, BlockNumber block, Buffer buffer)
{
#if PG_VERSION_NUM >= 160000
	return ReadRecentBuffer(table->rd_locator, MAIN_FORKNUM, block, buffer);
#else
	return ReadRecentBuffer(table->rd_node, MAIN_FORKNUM, block, buffer);
#endif
}

/* Returns the OID of an identity column's sequence. */
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
 * Prepares the CHECK constraints of a table, as the server does at the first
 * write.  They live as long as the EState.  If preparing one raises an error, none
 * is set.
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
 * Inserts the index entries of a row that was just stored.  The table has btree
 * indexes only, so none is summarizing.  The hint that an update does not change
 * an index's columns is not given.
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
 * Replaces the row version at tid, which must be locked.  Sets *index_entries
 * to true if the new version needs index entries.
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

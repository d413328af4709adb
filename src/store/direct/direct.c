/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  Rows of ordinary tables by the table and index access methods: find,
 *	  lock, insert, update.
 *
 * Models: the server's execReplication.c (writing), nodeLockRows.c (locking).
 *
 * Values of a key are given in the order of its columns, those of a row in the
 * order of the description, and none of a key is null.
 *
 * Memory: works in the caller's context.  What CHECKs and index expressions
 * evaluate to is in the per-tuple context of the table's description, which
 * each write resets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "server/owner.h"
#include "store/direct/tid_cache.h"

/*
 * The table's lock does not keep its indexes in place (ALTER INDEX ... SET
 * TABLESPACE takes none on the table), so each is locked when it is used, as
 * the executor does.
 */
static Relation
open_index(DirectRelation *relation, int number)
{
	if (relation->indexes[number] == NULL)
		relation->indexes[number] =
			index_open(relation->table->indexes[number],
					   Min(relation->lockmode, RowExclusiveLock));
	return relation->indexes[number];
}

/*
 * Begins a search by the first columns of a key.  Rows are those that the
 * active snapshot sees, in the order of the key's index.
 */
void
direct_scan_begin(DirectScan *scan, DirectRelation *relation, int key,
				  const Datum *values, int count)
{
	const DirectIndex *index = &relation->table->keys[key];
	Relation	index_rel;
	ScanKeyData keys[MAX_KEY_COLUMNS];

	Assert(count <= index->ncolumns);
	scan->relation = relation;
	scan->direction = ForwardScanDirection;
	scan->scan = NULL;
	scan->found = tid_cache_find(relation, key, values, count, &scan->hash);
	if (scan->found)
		return;
	index_rel = open_index(relation, index->number);
	for (int i = 0; i < count; i++)
		ScanKeyEntryInitializeWithInfo(&keys[i], 0, (AttrNumber) (i + 1),
									   BTEqualStrategyNumber, InvalidOid,
									   index_rel->rd_indcollation[i],
									   unconstify(FmgrInfo *, &index->equal[i]),
									   values[i]);
	scan->scan = begin_index_scan(relation->rel, index_rel,
								  GetActiveSnapshot(), count);
	index_rescan(scan->scan, keys, count, NULL, 0);
}

/*
 * Puts the next row into relation->slot, where it stays until another is
 * found; false if there is none.  The row is copied, because a buffer pin that
 * is held while the call waits for a lock can block VACUUM (FREEZE), in a cycle
 * that the deadlock detector does not see.
 */
bool
direct_scan_next(DirectScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	if (scan->scan == NULL)
	{
		bool		found = scan->found;

		scan->found = false;
		return found;
	}
	if (!index_getnext_slot(scan->scan, scan->direction,
							scan->relation->slot))
		return false;
	tid_cache_remember(scan->hash, scan->relation);
	ExecMaterializeSlot(scan->relation->slot);
	return true;
}

/* Ends the search.  The row that was found last stays in relation->slot. */
void
direct_scan_end(DirectScan *scan)
{
	if (scan->scan != NULL)
		index_endscan(scan->scan);
}

/* Finds the first row of a search; false if there is none. */
bool
direct_find(DirectRelation *relation, int key, const Datum *values, int count)
{
	DirectScan	scan;
	bool		found;

	direct_scan_begin(&scan, relation, key, values, count);
	found = direct_scan_next(&scan);
	direct_scan_end(&scan);
	return found;
}

/* Returns a column of the row in relation->slot. */
Datum
direct_value(DirectRelation *relation, int column, bool *isnull)
{
	return slot_getattr(relation->slot, relation->table->attnum[column],
						isnull);
}

/*
 * Locks the row in relation->slot, and leaves its newest version there.
 * Returns false if it was deleted, or if this transaction has changed it since
 * the snapshot by which it was found.  Waits for other transactions, and
 * raises a serialization failure where the isolation level asks for it.  The
 * flags and results are those of nodeLockRows.c.
 */
bool
direct_lock(DirectRelation *relation, LockTupleMode mode)
{
	ItemPointerData tid = relation->slot->tts_tid;
	TM_FailureData failure;
	TM_Result	result;
	uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	PreventCommandIfReadOnly("SELECT FOR UPDATE");
	result = table_tuple_lock(relation->rel, &tid, GetActiveSnapshot(),
							  relation->slot, GetCurrentCommandId(false), mode,
							  LockWaitBlock, flags, &failure);
	if (result == TM_Ok)
	{
		ExecMaterializeSlot(relation->slot);
		return true;
	}
	if ((result == TM_Updated || result == TM_Deleted) &&
		IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (result == TM_Deleted || result == TM_SelfModified ||
		result == TM_Invisible)
	{
		ExecClearTuple(relation->slot);
		return false;
	}
	elog(ERROR, "unexpected table_tuple_lock status: %d", (int) result);
}

/*
 * Returns false if a write must use SQL: something of the table has changed
 * since it was opened, though its own lock is held (a table that it refers to
 * was replaced), or a CHECK of a write in progress has called this function,
 * and its per-tuple context must not be reset.
 */
bool
direct_is_writable(DirectRelation *relation)
{
	const DirectTable *table = relation->table;

	return !table->stale &&
		(table->writing_lxid != current_lxid() ||
		 !SubTransactionIsActive(table->writing_subid));
}

/*
 * Returns true if the row in relation->slot was made by this transaction, and
 * foreign keys of its table have checks to come, which an update without
 * triggers would cancel (RI_FKey_check() skips a row version that is dead).
 */
bool
direct_has_pending_checks(DirectRelation *relation)
{
	bool		isnull;
	Datum		xmin = slot_getsysattr(relation->slot,
									   MinTransactionIdAttributeNumber,
									   &isnull);

	return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin)) &&
		AfterTriggerPendingOnRel(RelationGetRelid(relation->rel));
}

/* Returns the next value of the identity column. */
int64
direct_next_id(DirectRelation *relation)
{
	return nextval_internal(relation->table->sequence, false);
}

/*
 * Returns true if the row enters the index, or if that cannot be said before the
 * index is opened.
 */
static bool
may_enter_index(const DirectTable *table, int number, TupleTableSlot *row)
{
	IndexInfo  *info = table->relinfo->ri_IndexRelationInfo[number];
	ExprContext *context;

	if (!table->foreseen[number])
		return true;
	context = GetPerTupleExprContext(table->estate);
	context->ecxt_scantuple = row;
	return ExecQual(info->ii_PredicateState, context);
}

/*
 * Prepares the expressions of CHECKs and indexes for all writes to come, with the
 * settings pinned; if that raises, the table uses SQL from then on
 * (direct_open()), which prepares them for each write.
 */
static void
prepare_expressions(DirectRelation *relation)
{
	DirectTable *table = relation->table;
	int			nest_level = owner_pin_settings();

	table->checks_begun = true;
	prepare_checks(relation->rel, table->relinfo, table->estate);
	for (int i = 0; i < table->nindexes; i++)
	{
		IndexInfo  *info = table->relinfo->ri_IndexRelationInfo[i];

		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate,
												  table->estate);
		info->ii_ExpressionsState = ExecPrepareExprList(info->ii_Expressions,
														table->estate);
	}
	table->checks_prepared = true;
	owner_unpin_settings(nest_level);
}

/*
 * Begins to write a row: returns what the server's functions are to work on.  An
 * index that is not opened is one that they pass over.
 */
static ResultRelInfo *
begin_write(DirectRelation *relation, TupleTableSlot *row)
{
	DirectTable *table = relation->table;
	ResultRelInfo *info = table->relinfo;

	if (!table->checks_prepared)
		prepare_expressions(relation);
	table->guc_nest_level = table->prints_expressions ? owner_pin_settings() : 0;
	ResetPerTupleExprContext(table->estate);
	for (int i = 0; i < table->nindexes; i++)
	{
		if (may_enter_index(table, i, row))
			open_index(relation, i);
	}
	info->ri_RelationDesc = relation->rel;
	info->ri_IndexRelationDescs = relation->indexes;
	table->writing_lxid = current_lxid();
	table->writing_subid = GetCurrentSubTransactionId();
	return info;
}

static void
end_write(DirectRelation *relation)
{
	DirectTable *table = relation->table;

	ResetPerTupleExprContext(table->estate);
	table->writing_lxid = InvalidLocalTransactionId;
	if (table->guc_nest_level != 0)
		owner_unpin_settings(table->guc_nest_level);
}

/* Stores the description's columns into the arrays of a whole row. */
static void
set_columns(const DirectTable *table, const Datum *values, const char *nulls,
			bool updated_only, TupleTableSlot *slot)
{
	for (int i = 0; i < table->ncolumns; i++)
	{
		int			attribute = table->attnum[i] - 1;

		if (updated_only && !table->spec->columns[i].updated)
			continue;
		slot->tts_values[attribute] = values[i];
		slot->tts_isnull[attribute] = nulls[i] == 'n';
	}
}

/*
 * Inserts a row; 'n' in nulls stands for a null, as in SPI.  Columns that the
 * description does not have are null.
 */
void
direct_insert(DirectRelation *relation, const Datum *values, const char *nulls)
{
	const DirectTable *table = relation->table;
	ResultRelInfo *info;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(table->tupdesc,
													&TTSOpsVirtual);

	PreventCommandIfReadOnly("INSERT");
	memset(slot->tts_isnull, true, sizeof(bool) * table->tupdesc->natts);
	set_columns(table, values, nulls, false, slot);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(relation->rel);

	info = begin_write(relation, slot);
	if (relation->rel->rd_att->constr != NULL)
		ExecConstraints(info, slot, table->estate);
	table_tuple_insert(relation->rel, slot, GetCurrentCommandId(true), 0, NULL);
	insert_index_entries(info, slot, table->estate);
	ExecDropSingleTupleTableSlot(slot);
	end_write(relation);
}

/*
 * Updates the row in relation->slot, which is locked, in the columns that the
 * description marks so.  Nobody else can have changed the row since it was
 * locked, so there is nothing to wait for and nothing to retry.
 */
void
direct_update(DirectRelation *relation, const Datum *values, const char *nulls)
{
	const DirectTable *table = relation->table;
	ResultRelInfo *info;
	TupleTableSlot *stored = relation->slot;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(table->tupdesc,
													&TTSOpsVirtual);
	int			natts = table->tupdesc->natts;
	TM_Result	result;
	bool		index_entries;

	PreventCommandIfReadOnly("UPDATE");
	CheckCmdReplicaIdentity(relation->rel, CMD_UPDATE);
	slot_getallattrs(stored);
	memcpy(slot->tts_values, stored->tts_values, sizeof(Datum) * natts);
	memcpy(slot->tts_isnull, stored->tts_isnull, sizeof(bool) * natts);
	for (int i = 0; i < natts; i++)
		slot->tts_isnull[i] |= TupleDescAttr(table->tupdesc, i)->attisdropped;
	set_columns(table, values, nulls, true, slot);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(relation->rel);

	info = begin_write(relation, slot);
	if (relation->rel->rd_att->constr != NULL)
		ExecConstraints(info, slot, table->estate);
	result = update_tuple(relation->rel, &stored->tts_tid, slot, &index_entries);
	if (result != TM_Ok)
		elog(ERROR, "unexpected table_tuple_update status: %d", (int) result);
	if (index_entries)
		insert_index_entries(info, slot, table->estate);
	ExecDropSingleTupleTableSlot(slot);
	end_write(relation);
}

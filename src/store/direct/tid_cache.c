/*-------------------------------------------------------------------------
 *
 * tid_cache.c
 *	  Where rows were found last by a unique key.
 *
 * Leads name the same vehicles, locations and packages again and again, and to
 * read a row whose place is known costs a quarter of a search of its index.
 *
 * A remembered place is a hint, so it needs no invalidation.  It is used only if
 * the row that is there now is visible to the snapshot, has the key, and
 * satisfies the predicate of the key's index.  Then it is the row that the index
 * would lead to: the index is unique, its constraint is not deferred
 * (check_index()), and the snapshot is not older than the index
 * (is_remembered()), so no other visible row has the key.  Otherwise the index
 * is searched.
 *
 * Memory: a static array of 256 kB in each backend, whose pages are allocated as
 * they are used.  Rows are copied to the memory context of the relation's slot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "common/hashfn.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "rules/text.h"
#include "server/compat.h"
#include "store/direct/tid_cache.h"

#define TID_CACHE_ENTRIES 16384

/* Of keys that share an entry, the last one is remembered. */
typedef struct TidCacheEntry
{
	uint32		hash;			/* of the table and the key; 0: never used */
	Buffer		buffer;
	ItemPointerData tid;
} TidCacheEntry;

static TidCacheEntry entries[TID_CACHE_ENTRIES];

/* Never returns 0. */
static uint32
hash_key(const DirectRelation *relation, int key, const Datum *values)
{
	const DirectIndex *index = &relation->table->keys[key];
	uint32		hash = hash_combine(relation->table->relid, key);

	for (int i = 0; i < index->ncolumns; i++)
	{
		uint32		part;

		if (index->equal[i].fn_oid == F_TEXTEQ)
		{
			const		text *value = DatumGetTextPP(values[i]);

			part = hash_bytes((const unsigned char *) VARDATA_ANY(value),
							  VARSIZE_ANY_EXHDR(value));
		}
		else
			part = murmurhash32((uint32) DatumGetInt64(values[i]));
		hash = hash_combine(hash, part);
	}
	return Max(hash, 1);
}

/* Returns true if lower(column COLLATE "C") is the text, which is in lower case. */
static bool
folds_to(Datum column, Datum folded)
{
	const		text *value = DatumGetTextPP(column);
	const		text *wanted = DatumGetTextPP(folded);

	return text_equal_folded(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							 VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted));
}

/* Returns true if the row in relation->slot has this key. */
bool
slot_matches_key(DirectRelation *relation, int key, const Datum *values)
{
	const DirectIndex *index = &relation->table->keys[key];
	const KeySpec *spec = &relation->table->spec->keys[key];
	bool		isnull;

	if (TTS_EMPTY(relation->slot))
		return false;
	for (int i = 0; i < index->ncolumns; i++)
	{
		Datum		value = direct_value(relation, spec->columns[i].column, &isnull);

		if (isnull)
			return false;
		if (spec->columns[i].form == KEY_FOLDED)
		{
			if (!folds_to(value, values[i]))
				return false;
		}
		else if (!DatumGetBool(FunctionCall2Coll(unconstify(FmgrInfo *,
															&index->equal[i]),
												 C_COLLATION_OID,
												 value, values[i])))
			return false;
	}
	if (spec->predicate == KEY_OF_ALL_ROWS)
		return true;
	Assert(spec->predicate == KEY_OF_LIVE_ROWS);
	(void) direct_value(relation, spec->predicate_column, &isnull);
	return isnull;
}

/*
 * Returns true if the row of these first columns of a key can be remembered.
 *
 * A snapshot that is older than the index may see two rows of the key, one of
 * which was deleted before the index was made.  No snapshot of this session is
 * older than TransactionXmin.  SERIALIZABLE requires a search of the index, which
 * notes there that the key was read.
 */
static bool
is_remembered(const DirectIndex *index, int count)
{
	return index->remembered && count == index->ncolumns &&
		TransactionIdPrecedes(index->unique_since, TransactionXmin) &&
		!IsolationIsSerializable();
}

/*
 * Puts the row at that place, whose page exists, into relation->slot, as a copy,
 * and returns true, if the snapshot sees it and it has the key; otherwise the slot
 * is empty.
 */
static bool
fetch_if_key(DirectRelation *relation, ItemPointerData tid, int key,
			 const Datum *values)
{
	if (table_tuple_fetch_row_version(relation->rel, &tid, GetActiveSnapshot(),
									  relation->slot))
	{
		/* holds no buffer pin: see direct_scan_next() */
		ExecMaterializeSlot(relation->slot);
		if (slot_matches_key(relation, key, values))
			return true;
	}
	ExecClearTuple(relation->slot);
	return false;
}

/*
 * Puts the row of the key into relation->slot, as a copy, and returns true, if it
 * is where it was last, or is the row that was found or locked before, maybe by
 * another key.  *hash is what tid_cache_remember() needs to remember the row that
 * the index leads to; 0: it is not remembered.
 */
bool
tid_cache_find(DirectRelation *relation, int key, const Datum *values,
			   int count, uint32 *hash)
{
	const TidCacheEntry *entry;
	bool		found;

	*hash = 0;
	if (!is_remembered(&relation->table->keys[key], count))
		return false;
	if (slot_matches_key(relation, key, values) &&
		fetch_if_key(relation, relation->slot->tts_tid, key, values))
		return true;

	*hash = hash_key(relation, key, values);
	entry = &entries[*hash % TID_CACHE_ENTRIES];

	/*
	 * VACUUM may have truncated the page away.  If it is still in its buffer,
	 * it exists; to ask for the length of the file would take a system call.
	 */
	if (entry->hash != *hash ||
		!read_recent_buffer(relation->rel,
							ItemPointerGetBlockNumber(&entry->tid),
							entry->buffer))
		return false;
	found = fetch_if_key(relation, entry->tid, key, values);
	ReleaseBuffer(entry->buffer);
	return found;
}

/*
 * Remembers the row in relation->slot, whose buffer is still pinned, by the hash
 * of its key; not if that is 0.
 */
void
tid_cache_remember(uint32 hash, const DirectRelation *relation)
{
	TidCacheEntry *entry = &entries[hash % TID_CACHE_ENTRIES];

	if (hash == 0)
		return;
	Assert(TTS_IS_BUFFERTUPLE(relation->slot));
	entry->hash = hash;
	entry->buffer = ((BufferHeapTupleTableSlot *) relation->slot)->buffer;
	entry->tid = relation->slot->tts_tid;
}

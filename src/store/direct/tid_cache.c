/*-------------------------------------------------------------------------
 *
 * tid_cache.c
 *	  Where rows were found last by a unique key.
 *
 * Leads name the same vehicles, locations and packages again and again, and a
 * descent through an index costs ten times what it costs to read a row whose
 * place is known.
 *
 * What is remembered is a hint, so it needs no invalidation: a place counts only
 * if the row that is there now is visible to the snapshot, has the key, and
 * satisfies the predicate of the key's index.  No other visible row can then
 * have that key, because the index is unique, its constraint is not deferred
 * (check_index()), and the snapshot is newer than the index (is_remembered_key()),
 * so this is the row that the index would lead to.  Otherwise the index is asked.
 *
 * Memory: a static array of 256 kB a backend, of which the pages are used as they
 * are filled.  Rows are copied to the memory context of the relation's slot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "store/direct/tid_cache.h"

#define TID_CACHE_ENTRIES 16384

/* Of keys that fall on one entry, the last one is remembered. */
typedef struct TidCacheEntry
{
	uint32		hash;			/* of the table and the key */
	Buffer		buffer;			/* invalid: the entry was never used */
	ItemPointerData tid;
} TidCacheEntry;

static TidCacheEntry entries[TID_CACHE_ENTRIES];

/* Keys are of bigint and text (is_remembered_key()). */
static uint32
hash_key(const DirectRelation *relation, int key, const Datum *values)
{
	const TableSpec *spec = relation->table->spec;
	uint32		hash = hash_combine(relation->table->relid, key);

	for (int i = 0; i < spec->keys[key].ncolumns; i++)
	{
		uint32		part;

		if (spec->columns[spec->keys[key].columns[i].column].type == TEXTOID)
		{
			const		text *value = DatumGetTextPP(values[i]);

			part = hash_bytes((const unsigned char *) VARDATA_ANY(value),
							  VARSIZE_ANY_EXHDR(value));
		}
		else
			part = murmurhash32((uint32) DatumGetInt64(values[i]));
		hash = hash_combine(hash, part);
	}
	return hash;
}

/* Returns true if lower(column COLLATE "C") is that text. */
static bool
folds_to(Datum column, Datum folded)
{
	text	   *value = DatumGetTextPP(column);
	text	   *wanted = DatumGetTextPP(folded);
	const char *data = VARDATA_ANY(value);
	const char *wanted_data = VARDATA_ANY(wanted);
	Size		length = VARSIZE_ANY_EXHDR(value);

	if (length != VARSIZE_ANY_EXHDR(wanted))
		return false;
	for (Size i = 0; i < length; i++)
	{
		if ((char) pg_ascii_tolower((unsigned char) data[i]) != wanted_data[i])
			return false;
	}
	return true;
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
 * Returns true if rows can be remembered by this key: it identifies one row, and
 * hash_key() and slot_matches_key() know what it consists of.
 *
 * A snapshot that is older than the index may see two rows of the key, one of
 * which was deleted before the index was made.  No snapshot of this session is
 * older than TransactionXmin.
 */
static bool
is_remembered_key(const DirectTable *table, int key, int count)
{
	const DirectIndex *index = &table->keys[key];
	const KeySpec *spec = &table->spec->keys[key];

	if (!index->unique || count != spec->ncolumns ||
		spec->predicate == KEY_OF_OPEN_ROWS ||
		!TransactionIdPrecedes(index->unique_since, TransactionXmin))
		return false;
	for (int i = 0; i < count; i++)
	{
		Oid			type = table->spec->columns[spec->columns[i].column].type;

		if (type != INT8OID && type != TEXTOID)
			return false;
	}
	return true;
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
 * another key.  *place is where to remember the row that the index leads to, if
 * rows are remembered by the key.
 *
 * SERIALIZABLE goes by the index, which notes there that the key was read.
 */
bool
tid_cache_find(DirectRelation *relation, int key, const Datum *values,
			   int count, TidCachePlace *place)
{
	const TidCacheEntry *entry;
	bool		found;

	place->entry = NULL;
	if (IsolationIsSerializable() ||
		!is_remembered_key(relation->table, key, count))
		return false;
	if (slot_matches_key(relation, key, values) &&
		fetch_if_key(relation, relation->slot->tts_tid, key, values))
		return true;

	place->hash = hash_key(relation, key, values);
	entry = place->entry = &entries[place->hash % TID_CACHE_ENTRIES];

	/*
	 * VACUUM may have cut off the page.  If it is still in its buffer, it
	 * exists; to ask for the length of the file would take a system call.
	 */
	if (entry->hash != place->hash || !BufferIsValid(entry->buffer) ||
		!read_recent_buffer(relation->rel, entry->tid, entry->buffer))
		return false;
	found = fetch_if_key(relation, entry->tid, key, values);
	ReleaseBuffer(entry->buffer);
	return found;
}

/* Remembers the row in relation->slot, whose buffer is still pinned. */
void
tid_cache_remember(const TidCachePlace *place, const DirectRelation *relation)
{
	if (place->entry == NULL)
		return;
	Assert(TTS_IS_BUFFERTUPLE(relation->slot));
	place->entry->hash = place->hash;
	place->entry->buffer = ((BufferHeapTupleTableSlot *) relation->slot)->buffer;
	place->entry->tid = relation->slot->tts_tid;
}

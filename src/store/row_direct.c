/*-------------------------------------------------------------------------
 *
 * row_direct.c
 *	  Rows by the table and index access methods.
 *
 * Rows changed by a trigger in this call are visible only to SQL, and a write
 * may turn out to need it: each function then passes the row on to row_sql.c.
 *
 * Memory: works in the caller's context; see direct/direct.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "store/row.h"

static DirectRelation *
open_relation(Store *store, Table table)
{
	return direct_open(store->direct, table);
}

static void
begin_scan(RowScan *scan, DirectRelation *relation, Datum *key)
{
	const LookupSpec *spec = scan->lookup;

	direct_scan_begin(&scan->direct, relation, spec->key, key, spec->nvalues);
	if (spec->backward)
		scan->direct.direction = BackwardScanDirection;
}

static void
begin_direct(RowScan *scan, Lookup lookup, Datum *key)
{
	begin_scan(scan, open_relation(scan->store, scan->lookup->table), key);
}

static bool
next_direct(RowScan *scan)
{
	return direct_scan_next(&scan->direct);
}

static void
end_direct(RowScan *scan)
{
	direct_scan_end(&scan->direct);
}

static Datum
value_direct(const RowScan *scan, int column, bool *isnull)
{
	return direct_value(scan->direct.relation, column, isnull);
}

/*
 * Locks the row of a primary key; false if it is gone.  The newest version may
 * have another key, as may one that SELECT ... FOR UPDATE rechecks.
 */
static bool
lock_by_key(DirectRelation *relation, const Datum *key, LockTupleMode mode)
{
	return (slot_matches_key(relation, 0, key) ||
			direct_find(relation, 0, key, relation->table->keys[0].ncolumns)) &&
		direct_lock(relation, mode) && slot_matches_key(relation, 0, key);
}

static bool
lock_direct(RowScan *scan, Table table, LockTupleMode mode, Datum *key)
{
	scan->direct.relation = open_relation(scan->store, table);
	if (lock_by_key(scan->direct.relation, key, mode))
		return true;
	scan->access = &sql_access;
	return scan->access->lock(scan, table, mode, key);
}

/*
 * Locks the rows that a new one refers to, in place of the foreign keys'
 * triggers.  Returns false if one is gone, if its table uses SQL, or if it is
 * not the table that the foreign key refers to.
 */
static bool
lock_parents(Store *store, DirectRelation *child, const RowValues *row)
{
	const TableSpec *spec = child->table->spec;

	for (int i = 0; i < MAX_PARENTS && spec->parents[i].ncolumns > 0; i++)
	{
		const ParentSpec *parent = &spec->parents[i];
		Datum		key[MAX_KEY_COLUMNS] = {0};
		DirectRelation *relation;

		/* without the foreign key, SQL would not look at the parent either */
		if (!OidIsValid(child->table->parent_relid[i]))
			continue;
		for (int j = 0; j < parent->ncolumns; j++)
			key[j] = row->values[parent->columns[j]];
		relation = open_relation(store, parent->table);
		if (relation == NULL ||
			child->table->parent_relid[i] != relation->table->relid)
			return false;
		if (is_locked(store, parent->table, key))
			continue;
		if (!lock_by_key(relation, key, LockTupleKeyShare))
			return false;
		note_locked(store, parent->table, key);
	}
	return true;
}

static int64
insert_direct(Store *store, Table table, RowValues *row)
{
	DirectRelation *relation = open_relation(store, table);
	int			identity = table_specs[table].identity;
	int64		id = 0;

	/* while a parent's lock was waited for, the tables may have changed */
	if (!lock_parents(store, relation, row) || !direct_is_writable(relation))
		return sql_access.insert(store, table, row);
	if (identity != 0)
	{
		id = direct_next_id(relation);
		set_integer(row, identity, id);
	}
	direct_insert(relation, row->values, row->nulls);
	note_locked(store, table, row->values);
	return id;
}

/*
 * Inserts a row, to which no sequence gives an id, into the partition that it
 * belongs to; false: the table is not partitioned, or the insert uses SQL.
 */
bool
insert_into_partition(Store *store, Table table, RowValues *row)
{
	int			column = direct_routing_column(table);
	DirectRelation *partition;
	bool		none;

	if (column < 0 || row->nulls[column] == 'n')
		return false;
	partition = direct_open_partition(store->direct, table, row->values[column],
									  0, &none);
	if (partition == NULL || !direct_is_writable(partition))
		return false;
	direct_insert(partition, row->values, row->nulls);
	return true;
}

static bool
update_direct(Store *store, Table table, RowValues *row)
{
	DirectRelation *relation = open_relation(store, table);

	if (!direct_is_writable(relation) ||
		!lock_by_key(relation, row->values, LockTupleNoKeyExclusive) ||
		direct_has_pending_checks(relation))
		return sql_access.update(store, table, row);
	direct_update(relation, row->values, row->nulls);
	return true;
}

const RowAccess direct_access = {
	.begin = begin_direct,
	.next = next_direct,
	.end = end_direct,
	.value = value_direct,
	.lock = lock_direct,
	.insert = insert_direct,
	.update = update_direct
};

/* Goes on to the next partition of those that are searched; false: that was it. */
static bool
begin_partition(RowScan *scan)
{
	DirectRelation *relation;
	bool		none;

	if (scan->back == DIRECT_PARTITIONS)
		return false;
	relation = direct_open_partition(scan->store->direct, scan->lookup->table,
									 TimestampTzGetDatum(GetCurrentTimestamp()),
									 scan->back++, &none);
	if (relation == NULL)
		return false;
	begin_scan(scan, relation, scan->key);
	return true;
}

/* All of them have to be searched in one way. */
static void
begin_recent(RowScan *scan, Lookup lookup, Datum *key)
{
	bool		none;

	scan->key = key;
	scan->back = 0;
	for (int back = 0; back < DIRECT_PARTITIONS; back++)
	{
		if (direct_open_partition(scan->store->direct, scan->lookup->table,
								  TimestampTzGetDatum(GetCurrentTimestamp()),
								  back, &none) == NULL && !none)
		{
			scan->access = &sql_access;
			scan->access->begin(scan, lookup, key);
			return;
		}
	}
	scan->searching = begin_partition(scan);
}

static bool
next_recent(RowScan *scan)
{
	while (scan->searching)
	{
		if (direct_scan_next(&scan->direct))
			return true;
		direct_scan_end(&scan->direct);
		scan->searching = begin_partition(scan);
	}
	return false;
}

static void
end_recent(RowScan *scan)
{
	if (scan->searching)
		direct_scan_end(&scan->direct);
}

/* Look-ups in the newest partitions of a table, which nothing else reaches so. */
const RowAccess recent_access = {
	.begin = begin_recent,
	.next = next_recent,
	.end = end_recent,
	.value = value_direct
};

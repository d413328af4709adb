/*-------------------------------------------------------------------------
 *
 * partition.c
 *	  Partitioned tables: which partition a row is inserted into.
 *
 * Only a table that is partitioned by ranges of one column of its description,
 * and has nothing else that requires SQL, is routed here.  Whether rows of a
 * partition can be inserted and found without SQL is a matter of that partition
 * (eligibility.c).  A look-up in all partitions, and a change, takes SQL.
 *
 * Model: the server's execPartition.c, whose routing needs an executor.
 *
 * Memory: nothing is kept; the server caches what is known of the partitions
 * with the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "store/direct/eligibility.h"

/*
 * The number in the description of the only column of the partition key; -1: the
 * key has another form, or a function that is not the server's compares by it.
 */
static int
key_column(Relation rel, const TableSpec *spec)
{
	PartitionKey key = RelationGetPartitionKey(rel);

	if (key->strategy != PARTITION_STRATEGY_RANGE || key->partnatts != 1 ||
		key->partattrs[0] == 0 ||
		key->partsupfunc[0].fn_oid >= FirstNormalObjectId)
		return -1;
	for (int i = 0; i < MAX_COLUMNS && spec->columns[i].name; i++)
	{
		if (get_attnum(RelationGetRelid(rel), spec->columns[i].name) ==
			key->partattrs[0])
			return i;
	}
	return -1;
}

/*
 * Returns the number of the column by whose value rows of a partitioned table
 * go into its partitions, or -1 if it is not partitioned or its inserts use SQL.
 * What the executor does with the partitioned table itself: it fires triggers,
 * and takes columns that are not given from their defaults there.
 */
int
routing_column(Relation rel, const TableSpec *spec)
{
	DirectTable columns = {.spec = spec};

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE ||
		rel->rd_rel->relispartition || rel->trigdesc != NULL ||
		spec->identity != 0 || spec->parents[0].ncolumns > 0 ||
		check_relation(rel, spec) != NULL || check_columns(rel, &columns) != NULL)
		return -1;
	return key_column(rel, spec);
}

/*
 * Returns the partition that has a row of that value of the key, which is not
 * null, or the one that is so many before it; InvalidOid: none.  One that is
 * being detached concurrently gets no new rows; see PartitionDirectoryLookup().
 */
Oid
route_row(Relation root, Datum value, int back)
{
	PartitionKey key = RelationGetPartitionKey(root);
	PartitionDesc partitions =
		RelationGetPartitionDesc(root, !IsolationUsesXactSnapshot());
	PartitionBoundInfo bounds = partitions->boundinfo;
	int			number = -1;

	if (partitions->nparts == 0)
		return InvalidOid;
	if (bounds->ndatums > 0)
	{
		bool		equal;
		int			below = partition_range_datum_bsearch(key->partsupfunc,
														  key->partcollation,
														  bounds, 1, &value,
														  &equal);

		number = bounds->indexes[below + 1];
		for (; back > 0 && below >= 0; below--)
		{
			if (bounds->indexes[below] < 0)
				continue;
			number = bounds->indexes[below];
			back--;
		}
	}
	if (back > 0)
		return InvalidOid;
	if (number < 0)
		number = bounds->default_index;
	return number < 0 ? InvalidOid : partitions->oids[number];
}

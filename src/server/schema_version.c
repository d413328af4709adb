/*-------------------------------------------------------------------------
 *
 * schema_version.c
 *	  The version of schema loopit that the library requires.
 *
 * A new library is in use as soon as it is installed, before anybody has run
 * ALTER EXTENSION ... UPDATE and loopit_setup().  It must not write into the
 * tables of an older version: each lead would be logged as failed, and the
 * sender would be told that it was received.
 *
 * The version is the highest step in loopit.schema_version, which is read as a
 * table, without SQL: the owner may have made anything of it, such as a view.
 *
 * Memory: nothing is kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "server/required_version.h"
#include "server/schema_version.h"

/* Whether the extension's SQL is of the library's version. */
static bool
extension_is_current(void)
{
	Relation	extensions = table_open(ExtensionRelationId, AccessShareLock);
	bool		current = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("loopit_leads"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL,
							  1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion,
										   RelationGetDescr(extensions),
										   &isnull);

		current = !isnull &&
			strcmp(TextDatumGetCString(version), REQUIRED_EXTENSION) == 0;
	}
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return current;
}

/* Returns the hint that says what brings the schema up to date. */
const char *
schema_upgrade_hint(void)
{
	return extension_is_current() ? "Run SELECT loopit_setup()." :
		"Run ALTER EXTENSION loopit_leads UPDATE, then SELECT loopit_setup().";
}

/* The number of the column "step", of type int; 0 if there is none. */
static AttrNumber
step_column(Relation table)
{
	TupleDesc	columns = RelationGetDescr(table);

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!column->attisdropped && column->atttypid == INT4OID &&
			strcmp(NameStr(column->attname), "step") == 0)
			return column->attnum;
	}
	return 0;
}

/*
 * Returns the highest step that the table holds, 0 if there is none; reads no
 * further than to one that is enough.
 */
static int32
highest_step(Relation table, AttrNumber column, int32 enough)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(table, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	int32		version = 0;

	while (version < enough &&
		   table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		step = slot_getattr(slot, column, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			version = Max(version, DatumGetInt32(step));
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	return version;
}

/*
 * Returns the version that the relation loopit.schema_version has, or any that
 * is at least the one that is enough.  Raises object_not_in_prerequisite_state
 * if it is of a shape that cannot be read, undefined_table if there is none
 * (InvalidOid, or it was dropped meanwhile).
 */
int32
read_schema_version(Oid relation, int32 enough)
{
	Relation	table = OidIsValid(relation) ?
		try_relation_open(relation, AccessShareLock) : NULL;
	AttrNumber	column;
	int32		version;

	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"loopit.schema_version\" does not exist"),
				 errhint("%s", schema_upgrade_hint())));

	column = table->rd_rel->relkind == RELKIND_RELATION ? step_column(table) : 0;
	if (column == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the version of schema \"loopit\" cannot be read"),
				 errdetail("\"loopit.schema_version\" is not a table with a column \"step\" of type integer."),
				 errhint("Drop or rename it, then run SELECT loopit_setup().")));

	version = highest_step(table, column, enough);
	relation_close(table, AccessShareLock);
	return version;
}

/*
 * Raises undefined_table if the schema (InvalidOid: it does not exist) has no
 * schema_version, and object_not_in_prerequisite_state if its version is older
 * than the library requires.  Returns if it is that or a newer one.
 */
void
require_schema_version(Oid schema)
{
	Oid			relation = OidIsValid(schema) ?
		get_relname_relid("schema_version", schema) : InvalidOid;
	int32		version = read_schema_version(relation, REQUIRED_SCHEMA);

	if (version < REQUIRED_SCHEMA)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"loopit\" is of version %d, and the library requires version %d",
						version, REQUIRED_SCHEMA),
				 errhint("%s", schema_upgrade_hint())));
}

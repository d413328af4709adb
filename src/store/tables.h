/*-------------------------------------------------------------------------
 *
 * tables.h
 *	  The tables of schema loopit as the storage sees them: the columns that
 *	  it reads or writes, and the ways to find a row.
 *
 * A table's columns have one order, here, in the statements and in a
 * statement's arguments; those of the primary key come first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TABLES_H
#define LOOPIT_TABLES_H

#include "store/direct/direct.h"
#include "store/statement.h"

typedef enum Table
{
	TABLE_WORKSPACE,
	TABLE_DEALERSHIP,
	TABLE_LOCATION,
	TABLE_PACKAGE,
	TABLE_ASSET,
	TABLE_ASSET_LOCATION,
	TABLE_PERSON,
	TABLE_IDENTITY_DOCUMENT,
	TABLE_BOOKING,
	TABLE_INGEST_LOG,
	NUM_TABLES
} Table;

extern const DirectSpec table_specs[NUM_TABLES];

/* What is read of the tables that a loader fills. */
#define DEALERSHIP_WORKSPACE_ID		1
#define LOCATION_ID					1
#define LOCATION_ARCHIVED_AT		2
#define PACKAGE_ID					1
#define PACKAGE_ARCHIVED_AT			2
#define ASSET_ID					1
#define ASSET_ARCHIVED_AT			2
#define ASSET_VIN					3
#define ASSET_LOCATION_LOCATION_ID	2

/* loopit.person: these, then those of PersonColumn. */
enum
{
	PERSON_WORKSPACE_ID,
	PERSON_ID,
	PERSON_EMAIL,
	PERSON_CREATED_AT,
	PERSON_UPDATED_AT,
	PERSON_SOURCE_UPDATED_AT,
	FIRST_PERSON_COLUMN
};

/* loopit.identity_document: these, then those of DocumentColumn. */
enum
{
	DOCUMENT_WORKSPACE_ID,
	DOCUMENT_PERSON_ID,
	DOCUMENT_KIND,
	DOCUMENT_CREATED_AT,
	DOCUMENT_UPDATED_AT,
	FIRST_DOCUMENT_COLUMN
};

/* loopit.booking */
enum
{
	BOOKING_WORKSPACE_ID,
	BOOKING_ID,
	BOOKING_PERSON_ID,
	BOOKING_ASSET_ID,
	BOOKING_LOCATION_ID,
	BOOKING_PACKAGE_ID,
	BOOKING_INGEST_LOG_ID,
	BOOKING_CREATED_AT,
	BOOKING_LEAD_REFERENCE
};

/* The ways to find rows. */
typedef enum Lookup
{
	WORKSPACE_BY_ID,
	DEALERSHIP_BY_ID,
	LOCATION_BY_ID,
	LOCATION_BY_NAME,
	PACKAGE_BY_NAME,
	ASSET_BY_VIN,
	ASSET_BY_STOCK_NUMBER,
	LOCATIONS_BY_ASSET,
	PERSON_BY_EMAIL,
	DOCUMENTS_BY_PERSON,
	BOOKING_BY_LEAD_REFERENCE,
	NUM_LOOKUPS
} Lookup;

typedef struct LookupSpec
{
	Table		table;
	int			key;			/* of the table's description */
	Statement	statement;
} LookupSpec;

extern const LookupSpec lookup_specs[NUM_LOOKUPS];

/* How a table's rows are locked and written, where they are. */
typedef struct WriteSpec
{
	LockTupleMode lock_mode;
	Statement	lock;
	Statement	insert;
	Statement	update;
} WriteSpec;

extern const WriteSpec write_specs[NUM_TABLES];

#endif							/* LOOPIT_TABLES_H */

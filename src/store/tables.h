/*-------------------------------------------------------------------------
 *
 * tables.h
 *	  The tables of schema loopit, and the ways to find a row of them.
 *
 * A table's columns have one order: that of its description, of a row's
 * values, and of the parameters of the statements generated from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TABLES_H
#define LOOPIT_TABLES_H

#include "store/direct/spec.h"

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

extern const TableSpec table_specs[NUM_TABLES];

/*
 * Columns that the code names.  Those that hold a field of the payload have no
 * name here: they come last in the description, which names their field.
 */
enum
{
	WORKSPACE_ID
};

enum
{
	DEALERSHIP_ID,
	DEALERSHIP_WORKSPACE_ID
};

enum
{
	LOCATION_WORKSPACE_ID,
	LOCATION_ID,
	LOCATION_ARCHIVED_AT,
	LOCATION_NAME
};

enum
{
	PACKAGE_WORKSPACE_ID,
	PACKAGE_ID,
	PACKAGE_ARCHIVED_AT,
	PACKAGE_NAME_COLUMN			/* pg_config.h has a PACKAGE_NAME */
};

enum
{
	ASSET_WORKSPACE_ID,
	ASSET_ID,
	ASSET_ARCHIVED_AT,
	ASSET_VIN,
	ASSET_STOCK_NUMBER
};

enum
{
	ASSET_LOCATION_WORKSPACE_ID,
	ASSET_LOCATION_ASSET_ID,
	ASSET_LOCATION_LOCATION_ID,
	ASSET_LOCATION_POSITION
};

enum
{
	PERSON_WORKSPACE_ID,
	PERSON_ID,
	PERSON_EMAIL,
	PERSON_CREATED_AT,
	PERSON_UPDATED_AT,
	PERSON_SOURCE_UPDATED_AT
};

enum
{
	DOCUMENT_WORKSPACE_ID,
	DOCUMENT_PERSON_ID,
	DOCUMENT_KIND,
	DOCUMENT_CREATED_AT,
	DOCUMENT_UPDATED_AT
};

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

enum
{
	LOG_ID,
	LOG_RECEIVED_AT,
	LOG_DEALERSHIP_ID,
	LOG_WORKSPACE_ID,
	LOG_PERSON_ID,
	LOG_BOOKING_ID,
	LOG_REPLAY_OF,
	LOG_FIRST_RECEIVED_AT,
	LOG_DURATION_US,
	LOG_PAYLOAD_VERSION,
	LOG_ASKED_FOR_BOOKING,
	LOG_OPEN,
	LOG_STATUS,
	LOG_REASON,
	LOG_LEAD_REFERENCE,
	LOG_EMAIL,
	LOG_PERSON_ACTION,
	LOG_BOOKING_ACTION,
	LOG_BOOKING_REASON,
	LOG_INGESTED_BY,
	LOG_CLIENT_ID,
	LOG_OUTCOME,
	LOG_PAYLOAD,
	LOG_RAW_BODY
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
	ASSETS_BY_FOLDED_STOCK_NUMBER,
	LOCATIONS_BY_ASSET,
	ASSET_LOCATION_BY_ID,
	PERSON_BY_EMAIL,
	DOCUMENTS_BY_PERSON,
	BOOKING_BY_LEAD_REFERENCE,
	LOG_BY_LEAD_REFERENCE,
	OPEN_ROWS_BY_LEAD,
	OPEN_ROWS_BY_LEAD_AND_ASKED,
	NUM_LOOKUPS
} Lookup;

typedef struct LookupSpec
{
	Table		table;
	int			key;			/* of the table's description */
	int			nvalues;		/* how many of its columns are given; rows are
								 * in the order of the others, */
	bool		backward;		/* or in the reverse */
	bool		recent;			/* of a partitioned table, rows of the newest
								 * partitions will do */
	uint64		max_rows;		/* that are read; 0: all */
} LookupSpec;

extern const LookupSpec lookup_specs[NUM_LOOKUPS];

extern int	table_column_count(const TableSpec *spec);

#endif							/* LOOPIT_TABLES_H */

/*-------------------------------------------------------------------------
 *
 * tables.c
 *	  The tables of schema loopit as the storage sees them.  See
 *	  tables.h; their DDL is in the extension's script.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/tables.h"

#define LIVE	"(archived_at IS NULL)"

const DirectSpec table_specs[NUM_TABLES] = {
	[TABLE_WORKSPACE] = {
		.name = "workspace",
		.lockmode = RowShareLock,
		.columns = {{"id", INT8OID}},
		.keys = {{"id"}}
	},
	[TABLE_DEALERSHIP] = {
		.name = "dealership",
		.lockmode = AccessShareLock,
		.columns = {{"id", INT8OID}, {"workspace_id", INT8OID}},
		.keys = {{"id"}}
	},
	[TABLE_LOCATION] = {
		.name = "location",
		.lockmode = RowShareLock,
		.columns = {
			{"workspace_id", INT8OID}, {"id", INT8OID},
			{"archived_at", TIMESTAMPTZOID}, {"name", TEXTOID}
		},
		.keys = {
			{"workspace_id, id"},
			{"workspace_id, lower((name COLLATE \"C\"))", LIVE}
		}
	},
	[TABLE_PACKAGE] = {
		.name = "package",
		.lockmode = RowShareLock,
		.columns = {
			{"workspace_id", INT8OID}, {"id", INT8OID},
			{"archived_at", TIMESTAMPTZOID}, {"name", TEXTOID}
		},
		.keys = {{"workspace_id, id"}, {"workspace_id, name", LIVE}}
	},
	[TABLE_ASSET] = {
		.name = "asset",
		.lockmode = RowShareLock,
		.columns = {
			{"workspace_id", INT8OID}, {"id", INT8OID},
			{"archived_at", TIMESTAMPTZOID}, {"vin", TEXTOID},
			{"stock_number", TEXTOID}
		},
		.keys = {
			{"workspace_id, id"},
			{"workspace_id, lower((vin COLLATE \"C\"))", LIVE},
			{"workspace_id, stock_number", LIVE}
		}
	},
	[TABLE_ASSET_LOCATION] = {
		.name = "asset_location",
		.lockmode = AccessShareLock,
		.columns = {
			{"workspace_id", INT8OID}, {"asset_id", INT8OID},
			{"location_id", INT8OID}
		},
		.keys = {
			{"workspace_id, asset_id, location_id"},
			{"workspace_id, asset_id, \"position\""}
		}
	},
	[TABLE_PERSON] = {
		.name = "person",
		.lockmode = RowExclusiveLock,
		.columns = {
			{"workspace_id", INT8OID}, {"id", INT8OID},
			{"email", TEXTOID}, {"created_at", TIMESTAMPTZOID},
			{"updated_at", TIMESTAMPTZOID, true},
			{"source_updated_at", TIMESTAMPTZOID, true},
			{"first_name", TEXTOID, true}, {"middle_name", TEXTOID, true},
			{"last_name", TEXTOID, true}, {"date_of_birth", DATEOID, true},
			{"mobile_phone", TEXTOID, true},
			{"marketing_opt_in", BOOLOID, true},
			{"street", TEXTOID, true}, {"city", TEXTOID, true},
			{"state", TEXTOID, true}, {"country", TEXTOID, true},
			{"postcode", TEXTOID, true}
		},
		.keys = {{"workspace_id, id"}, {"workspace_id, email", NULL, true}},
		.parents = {{TABLE_WORKSPACE, 1, {PERSON_WORKSPACE_ID}}},
		.identity = PERSON_ID
	},
	[TABLE_IDENTITY_DOCUMENT] = {
		.name = "identity_document",
		.lockmode = RowExclusiveLock,
		.columns = {
			{"workspace_id", INT8OID}, {"person_id", INT8OID},
			{"kind", TEXTOID}, {"created_at", TIMESTAMPTZOID},
			{"updated_at", TIMESTAMPTZOID, true},
			{"number", TEXTOID, true}, {"card_number", TEXTOID, true},
			{"issuing_state", TEXTOID, true},
			{"issuing_country", TEXTOID, true},
			{"date_of_birth", DATEOID, true}, {"expires_on", DATEOID, true}
		},
		.keys = {{"workspace_id, person_id, kind", NULL, true}},
		.parents = {
			{TABLE_PERSON, 2, {DOCUMENT_WORKSPACE_ID, DOCUMENT_PERSON_ID}}
		}
	},
	[TABLE_BOOKING] = {
		.name = "booking",
		.lockmode = RowExclusiveLock,
		.columns = {
			{"workspace_id", INT8OID}, {"id", INT8OID},
			{"person_id", INT8OID}, {"asset_id", INT8OID},
			{"location_id", INT8OID}, {"package_id", INT8OID},
			{"ingest_log_id", INT8OID}, {"created_at", TIMESTAMPTZOID},
			{"lead_reference", TEXTOID}
		},
		.keys = {{"workspace_id, id"}, {"workspace_id, lead_reference", NULL, true}},
		.parents = {
			{TABLE_PERSON, 2, {BOOKING_WORKSPACE_ID, BOOKING_PERSON_ID}},
			{TABLE_ASSET, 2, {BOOKING_WORKSPACE_ID, BOOKING_ASSET_ID}},
			{TABLE_LOCATION, 2, {BOOKING_WORKSPACE_ID, BOOKING_LOCATION_ID}},
			{TABLE_PACKAGE, 2, {BOOKING_WORKSPACE_ID, BOOKING_PACKAGE_ID}}
		},
		.identity = BOOKING_ID
	},
	[TABLE_INGEST_LOG] = {
		.name = "ingest_log",
		.lockmode = RowExclusiveLock,
		.columns = {
			{"id", INT8OID}, {"received_at", TIMESTAMPTZOID},
			{"dealership_id", INT8OID}, {"workspace_id", INT8OID},
			{"person_id", INT8OID}, {"booking_id", INT8OID},
			{"replay_of", INT8OID}, {"first_received_at", TIMESTAMPTZOID},
			{"duration_us", INT8OID}, {"payload_version", INT4OID},
			{"asked_for_booking", BOOLOID}, {"status", TEXTOID},
			{"reason", TEXTOID}, {"lead_reference", TEXTOID},
			{"email", TEXTOID}, {"person_action", TEXTOID},
			{"booking_action", TEXTOID}, {"booking_reason", TEXTOID},
			{"ingested_by", TEXTOID}, {"outcome", JSONBOID},
			{"payload", JSONBOID}, {"raw_body", BYTEAOID}
		},
		.keys = {{"id"}}
	}
};

const LookupSpec lookup_specs[NUM_LOOKUPS] = {
	[WORKSPACE_BY_ID] = {TABLE_WORKSPACE, 0, SQL_FIND_WORKSPACE},
	[DEALERSHIP_BY_ID] = {TABLE_DEALERSHIP, 0, SQL_FIND_DEALERSHIP},
	[LOCATION_BY_ID] = {TABLE_LOCATION, 0, SQL_FIND_LOCATION},
	[LOCATION_BY_NAME] = {TABLE_LOCATION, 1, SQL_FIND_LOCATION_BY_NAME},
	[PACKAGE_BY_NAME] = {TABLE_PACKAGE, 1, SQL_FIND_PACKAGE_BY_NAME},
	[ASSET_BY_VIN] = {TABLE_ASSET, 1, SQL_FIND_ASSET_BY_VIN},
	[ASSET_BY_STOCK_NUMBER] = {TABLE_ASSET, 2, SQL_FIND_ASSET_BY_STOCK_NUMBER},
	[LOCATIONS_BY_ASSET] =
	{TABLE_ASSET_LOCATION, 1, SQL_FIND_LOCATIONS_BY_ASSET},
	[PERSON_BY_EMAIL] = {TABLE_PERSON, 1, SQL_FIND_PERSON_BY_EMAIL},
	[DOCUMENTS_BY_PERSON] =
	{TABLE_IDENTITY_DOCUMENT, 0, SQL_FIND_DOCUMENTS_BY_PERSON},
	[BOOKING_BY_LEAD_REFERENCE] =
	{TABLE_BOOKING, 1, SQL_FIND_BOOKING_BY_LEAD_REFERENCE}
};

const WriteSpec write_specs[NUM_TABLES] = {
	[TABLE_LOCATION] = {LockTupleKeyShare, SQL_LOCK_LOCATION},
	[TABLE_PACKAGE] = {LockTupleKeyShare, SQL_LOCK_PACKAGE},
	[TABLE_ASSET] = {LockTupleKeyShare, SQL_LOCK_ASSET},
	[TABLE_PERSON] = {
		LockTupleNoKeyExclusive, SQL_LOCK_PERSON,
		SQL_INSERT_PERSON, SQL_UPDATE_PERSON
	},
	[TABLE_IDENTITY_DOCUMENT] = {
		.insert = SQL_INSERT_DOCUMENT,
		.update = SQL_UPDATE_DOCUMENT
	},
	[TABLE_BOOKING] = {.insert = SQL_INSERT_BOOKING},
	[TABLE_INGEST_LOG] = {.insert = SQL_INSERT_LOG}
};

/*-------------------------------------------------------------------------
 *
 * tables.c
 *	  The tables of schema loopit, and the ways to find a row of them.
 *
 * This is the one description of what the code reads and writes: statements
 * are generated from it (row_sql.c), and the direct path uses it as it is.
 * The DDL is in src/admin/steps; t/038_table_descriptions.pl compares both.
 *
 * A column of a new field takes a row here, beside one in rules/field.c and a
 * setup step.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "store/tables.h"

#define COLUMN(name, type)			{name, type}
#define NOT_NULL(name, type)		{name, type, .not_null = true}
#define UPDATED(name, type)			{name, type, .updated = true}
#define NOT_NULL_UPDATED(name, type) \
	{name, type, .not_null = true, .updated = true}

/* A column that a field of the payload fills: a person's, a document's. */
#define STORED(name, type, field)	UPDATED_FROM(false, name, type, field, FIELD_NONE)
#define OF_DOCUMENT(name, type, licence, passport) \
	UPDATED_FROM(false, name, type, licence, passport)
#define REQUIRED_OF_DOCUMENT(name, type, licence, passport) \
	UPDATED_FROM(true, name, type, licence, passport)
#define UPDATED_FROM(required, name, type, first, second) \
	{name, type, .not_null = required, .updated = true, .field = {first, second}}

#define KEY(...)	{.ncolumns = lengthof(((KeyColumn[]) {__VA_ARGS__})), .columns = {__VA_ARGS__}}
#define LIVE_KEY(archived_at, ...) \
	{.ncolumns = lengthof(((KeyColumn[]) {__VA_ARGS__})), .columns = {__VA_ARGS__}, \
	 .predicate = KEY_OF_LIVE_ROWS, .predicate_column = archived_at}
#define OPEN_KEY(open, ...) \
	{.ncolumns = lengthof(((KeyColumn[]) {__VA_ARGS__})), .columns = {__VA_ARGS__}, \
	 .predicate = KEY_OF_OPEN_ROWS, .predicate_column = open}
#define IDENTIFYING_KEY(...) \
	{.ncolumns = lengthof(((KeyColumn[]) {__VA_ARGS__})), .columns = {__VA_ARGS__}, \
	 .identifies = true}
#define PLAIN(column)	{column, KEY_PLAIN}
#define EXACT(column)	{column, KEY_EXACT}
#define FOLDED(column)	{column, KEY_FOLDED}

#define PARENT(table, ...) \
	{table, lengthof(((int[]) {__VA_ARGS__})), {__VA_ARGS__}}

const TableSpec table_specs[NUM_TABLES] = {
	[TABLE_WORKSPACE] = {
		.name = "workspace",
		.lockmode = RowShareLock,
		.row_lock = LockTupleKeyShare,
		.columns = {
			[WORKSPACE_ID] = NOT_NULL("id", INT8OID)
		},
		.keys = {KEY(PLAIN(WORKSPACE_ID))}
	},
	[TABLE_DEALERSHIP] = {
		.name = "dealership",
		.lockmode = AccessShareLock,
		.columns = {
			[DEALERSHIP_ID] = NOT_NULL("id", INT8OID),
			[DEALERSHIP_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID)
		},
		.keys = {KEY(PLAIN(DEALERSHIP_ID))}
	},
	[TABLE_LOCATION] = {
		.name = "location",
		.lockmode = RowShareLock,
		.row_lock = LockTupleKeyShare,
		.columns = {
			[LOCATION_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[LOCATION_ID] = NOT_NULL("id", INT8OID),
			[LOCATION_ARCHIVED_AT] = COLUMN("archived_at", TIMESTAMPTZOID),
			[LOCATION_NAME] = NOT_NULL("name", TEXTOID)
		},
		.keys = {
			KEY(PLAIN(LOCATION_WORKSPACE_ID), PLAIN(LOCATION_ID)),
			LIVE_KEY(LOCATION_ARCHIVED_AT,
					 PLAIN(LOCATION_WORKSPACE_ID), FOLDED(LOCATION_NAME))
		}
	},
	[TABLE_PACKAGE] = {
		.name = "package",
		.lockmode = RowShareLock,
		.row_lock = LockTupleKeyShare,
		.columns = {
			[PACKAGE_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[PACKAGE_ID] = NOT_NULL("id", INT8OID),
			[PACKAGE_ARCHIVED_AT] = COLUMN("archived_at", TIMESTAMPTZOID),
			[PACKAGE_NAME_COLUMN] = NOT_NULL("name", TEXTOID)
		},
		.keys = {
			KEY(PLAIN(PACKAGE_WORKSPACE_ID), PLAIN(PACKAGE_ID)),
			LIVE_KEY(PACKAGE_ARCHIVED_AT,
					 PLAIN(PACKAGE_WORKSPACE_ID), EXACT(PACKAGE_NAME_COLUMN))
		}
	},
	[TABLE_ASSET] = {
		.name = "asset",
		.lockmode = RowShareLock,
		.row_lock = LockTupleKeyShare,
		.columns = {
			[ASSET_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[ASSET_ID] = NOT_NULL("id", INT8OID),
			[ASSET_ARCHIVED_AT] = COLUMN("archived_at", TIMESTAMPTZOID),
			[ASSET_VIN] = COLUMN("vin", TEXTOID),
			[ASSET_STOCK_NUMBER] = COLUMN("stock_number", TEXTOID)
		},
		.keys = {
			KEY(PLAIN(ASSET_WORKSPACE_ID), PLAIN(ASSET_ID)),
			LIVE_KEY(ASSET_ARCHIVED_AT,
					 PLAIN(ASSET_WORKSPACE_ID), FOLDED(ASSET_VIN)),
			LIVE_KEY(ASSET_ARCHIVED_AT,
					 PLAIN(ASSET_WORKSPACE_ID), EXACT(ASSET_STOCK_NUMBER)),
			LIVE_KEY(ASSET_ARCHIVED_AT,
					 PLAIN(ASSET_WORKSPACE_ID), FOLDED(ASSET_STOCK_NUMBER))
		}
	},
	[TABLE_ASSET_LOCATION] = {
		.name = "asset_location",
		.lockmode = AccessShareLock,
		.columns = {
			[ASSET_LOCATION_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[ASSET_LOCATION_ASSET_ID] = NOT_NULL("asset_id", INT8OID),
			[ASSET_LOCATION_LOCATION_ID] = NOT_NULL("location_id", INT8OID),
			[ASSET_LOCATION_POSITION] = NOT_NULL("position", INT4OID)
		},
		.keys = {
			KEY(PLAIN(ASSET_LOCATION_WORKSPACE_ID), PLAIN(ASSET_LOCATION_ASSET_ID),
				PLAIN(ASSET_LOCATION_LOCATION_ID)),
			KEY(PLAIN(ASSET_LOCATION_WORKSPACE_ID), PLAIN(ASSET_LOCATION_ASSET_ID),
				PLAIN(ASSET_LOCATION_POSITION))
		}
	},
	[TABLE_PERSON] = {
		.name = "person",
		.lockmode = RowExclusiveLock,
		.row_lock = LockTupleNoKeyExclusive,
		.columns = {
			[PERSON_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[PERSON_ID] = NOT_NULL("id", INT8OID),
			[PERSON_EMAIL] = NOT_NULL("email", TEXTOID),
			[PERSON_CREATED_AT] = NOT_NULL("created_at", TIMESTAMPTZOID),
			[PERSON_UPDATED_AT] = NOT_NULL_UPDATED("updated_at", TIMESTAMPTZOID),
			[PERSON_SOURCE_UPDATED_AT] = UPDATED("source_updated_at", TIMESTAMPTZOID),
			STORED("first_name", TEXTOID, FIELD_FIRST_NAME),
			STORED("middle_name", TEXTOID, FIELD_MIDDLE_NAME),
			STORED("last_name", TEXTOID, FIELD_LAST_NAME),
			STORED("date_of_birth", DATEOID, FIELD_DOB),
			STORED("mobile_phone", TEXTOID, FIELD_MOBILE_PHONE),
			STORED("marketing_opt_in", BOOLOID, FIELD_MARKETING_OPT_IN),
			STORED("street", TEXTOID, FIELD_STREET),
			STORED("city", TEXTOID, FIELD_CITY),
			STORED("state", TEXTOID, FIELD_STATE),
			STORED("country", TEXTOID, FIELD_COUNTRY),
			STORED("postcode", TEXTOID, FIELD_POSTCODE)
		},
		.keys = {
			KEY(PLAIN(PERSON_WORKSPACE_ID), PLAIN(PERSON_ID)),
			IDENTIFYING_KEY(PLAIN(PERSON_WORKSPACE_ID), PLAIN(PERSON_EMAIL))
		},
		.parents = {PARENT(TABLE_WORKSPACE, PERSON_WORKSPACE_ID)},
		.identity = PERSON_ID
	},
	[TABLE_IDENTITY_DOCUMENT] = {
		.name = "identity_document",
		.lockmode = RowExclusiveLock,
		.columns = {
			[DOCUMENT_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[DOCUMENT_PERSON_ID] = NOT_NULL("person_id", INT8OID),
			[DOCUMENT_KIND] = NOT_NULL("kind", TEXTOID),
			[DOCUMENT_CREATED_AT] = NOT_NULL("created_at", TIMESTAMPTZOID),
			[DOCUMENT_UPDATED_AT] = NOT_NULL_UPDATED("updated_at", TIMESTAMPTZOID),
			REQUIRED_OF_DOCUMENT("number", TEXTOID,
								 FIELD_LICENCE_NUMBER, FIELD_PASSPORT_NUMBER),
			OF_DOCUMENT("card_number", TEXTOID,
						FIELD_LICENCE_CARD_NUMBER, FIELD_NONE),
			OF_DOCUMENT("issuing_state", TEXTOID,
						FIELD_LICENCE_STATE, FIELD_NONE),
			OF_DOCUMENT("issuing_country", TEXTOID,
						FIELD_NONE, FIELD_PASSPORT_COUNTRY),
			REQUIRED_OF_DOCUMENT("date_of_birth", DATEOID,
								 FIELD_LICENCE_DOB, FIELD_PASSPORT_DOB),
			REQUIRED_OF_DOCUMENT("expires_on", DATEOID,
								 FIELD_LICENCE_EXPIRY, FIELD_PASSPORT_EXPIRY)
		},
		.keys = {
			IDENTIFYING_KEY(PLAIN(DOCUMENT_WORKSPACE_ID), PLAIN(DOCUMENT_PERSON_ID),
							PLAIN(DOCUMENT_KIND))
		},
		.parents = {
			PARENT(TABLE_PERSON, DOCUMENT_WORKSPACE_ID, DOCUMENT_PERSON_ID)
		}
	},
	[TABLE_BOOKING] = {
		.name = "booking",
		.lockmode = RowExclusiveLock,
		.columns = {
			[BOOKING_WORKSPACE_ID] = NOT_NULL("workspace_id", INT8OID),
			[BOOKING_ID] = NOT_NULL("id", INT8OID),
			[BOOKING_PERSON_ID] = COLUMN("person_id", INT8OID),
			[BOOKING_ASSET_ID] = NOT_NULL("asset_id", INT8OID),
			[BOOKING_LOCATION_ID] = NOT_NULL("location_id", INT8OID),
			[BOOKING_PACKAGE_ID] = NOT_NULL("package_id", INT8OID),
			[BOOKING_INGEST_LOG_ID] = NOT_NULL("ingest_log_id", INT8OID),
			[BOOKING_CREATED_AT] = NOT_NULL("created_at", TIMESTAMPTZOID),
			[BOOKING_LEAD_REFERENCE] = NOT_NULL("lead_reference", TEXTOID)
		},
		.keys = {
			KEY(PLAIN(BOOKING_WORKSPACE_ID), PLAIN(BOOKING_ID)),
			IDENTIFYING_KEY(PLAIN(BOOKING_WORKSPACE_ID), PLAIN(BOOKING_LEAD_REFERENCE))
		},
		.parents = {
			PARENT(TABLE_PERSON, BOOKING_WORKSPACE_ID, BOOKING_PERSON_ID),
			PARENT(TABLE_ASSET, BOOKING_WORKSPACE_ID, BOOKING_ASSET_ID),
			PARENT(TABLE_LOCATION, BOOKING_WORKSPACE_ID, BOOKING_LOCATION_ID),
			PARENT(TABLE_PACKAGE, BOOKING_WORKSPACE_ID, BOOKING_PACKAGE_ID)
		},
		.identity = BOOKING_ID
	},
	[TABLE_INGEST_LOG] = {
		.name = "ingest_log",
		.lockmode = RowExclusiveLock,
		.columns = {
			[LOG_ID] = NOT_NULL("id", INT8OID),
			[LOG_RECEIVED_AT] = NOT_NULL("received_at", TIMESTAMPTZOID),
			[LOG_DEALERSHIP_ID] = COLUMN("dealership_id", INT8OID),
			[LOG_WORKSPACE_ID] = COLUMN("workspace_id", INT8OID),
			[LOG_PERSON_ID] = COLUMN("person_id", INT8OID),
			[LOG_BOOKING_ID] = COLUMN("booking_id", INT8OID),
			[LOG_REPLAY_OF] = COLUMN("replay_of", INT8OID),
			[LOG_FIRST_RECEIVED_AT] = COLUMN("first_received_at", TIMESTAMPTZOID),
			[LOG_DURATION_US] = NOT_NULL("duration_us", INT8OID),
			[LOG_PAYLOAD_VERSION] = NOT_NULL("payload_version", INT4OID),
			[LOG_ASKED_FOR_BOOKING] = NOT_NULL("asked_for_booking", BOOLOID),
			[LOG_OPEN] = NOT_NULL("open", BOOLOID),
			[LOG_STATUS] = NOT_NULL("status", TEXTOID),
			[LOG_REASON] = COLUMN("reason", TEXTOID),
			[LOG_LEAD_REFERENCE] = COLUMN("lead_reference", TEXTOID),
			[LOG_EMAIL] = COLUMN("email", TEXTOID),
			[LOG_PERSON_ACTION] = NOT_NULL("person_action", TEXTOID),
			[LOG_BOOKING_ACTION] = NOT_NULL("booking_action", TEXTOID),
			[LOG_BOOKING_REASON] = COLUMN("booking_reason", TEXTOID),
			[LOG_INGESTED_BY] = NOT_NULL("ingested_by", TEXTOID),
			[LOG_CLIENT_ID] = COLUMN("client_id", TEXTOID),
			[LOG_OUTCOME] = NOT_NULL("outcome", JSONBOID),
			[LOG_PAYLOAD] = COLUMN("payload", JSONBOID),
			[LOG_RAW_BODY] = COLUMN("raw_body", BYTEAOID)
		},
		.keys = {
			KEY(PLAIN(LOG_ID)),
			KEY(PLAIN(LOG_LEAD_REFERENCE), PLAIN(LOG_RECEIVED_AT)),
			OPEN_KEY(LOG_OPEN,
					 PLAIN(LOG_DEALERSHIP_ID), PLAIN(LOG_LEAD_REFERENCE),
					 PLAIN(LOG_ASKED_FOR_BOOKING), PLAIN(LOG_RECEIVED_AT),
					 PLAIN(LOG_ID))
		}
	}
};

const LookupSpec lookup_specs[NUM_LOOKUPS] = {
	[WORKSPACE_BY_ID] = {TABLE_WORKSPACE, 0, 1},
	[DEALERSHIP_BY_ID] = {TABLE_DEALERSHIP, 0, 1},
	[LOCATION_BY_ID] = {TABLE_LOCATION, 0, 2},
	[LOCATION_BY_NAME] = {TABLE_LOCATION, 1, 2},
	[PACKAGE_BY_NAME] = {TABLE_PACKAGE, 1, 2},
	[ASSET_BY_VIN] = {TABLE_ASSET, 1, 2},
	[ASSET_BY_STOCK_NUMBER] = {TABLE_ASSET, 2, 2},
	[ASSETS_BY_FOLDED_STOCK_NUMBER] = {TABLE_ASSET, 3, 2},
	[LOCATIONS_BY_ASSET] = {TABLE_ASSET_LOCATION, 1, 2},
	[ASSET_LOCATION_BY_ID] = {TABLE_ASSET_LOCATION, 0, 3},
	[PERSON_BY_EMAIL] = {TABLE_PERSON, 1, 2},
	[DOCUMENTS_BY_PERSON] = {TABLE_IDENTITY_DOCUMENT, 0, 2},
	[BOOKING_BY_LEAD_REFERENCE] = {TABLE_BOOKING, 1, 2},
	[LOG_BY_LEAD_REFERENCE] = {TABLE_INGEST_LOG, 1, 1,.backward = true},
	/* of a lead that is sent for a thousand persons, the newest will do */
	[OPEN_ROWS_BY_LEAD] = {TABLE_INGEST_LOG, 2, 2,
	.backward = true,.recent = true,.max_rows = 100},
	[OPEN_ROWS_BY_LEAD_AND_ASKED] = {TABLE_INGEST_LOG, 2, 3,.recent = true,
	.max_rows = 1}
};

/* How many columns the description has. */
int
table_column_count(const TableSpec *spec)
{
	int			count = 0;

	while (count < MAX_COLUMNS && spec->columns[count].name != NULL)
		count++;
	return count;
}

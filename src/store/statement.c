/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  The SQL statements of the SPI storage.  See statement.h.
 *
 * Every table, function and operator is schema-qualified, so that no search
 * path changes what a statement means.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/statement.h"

#define ARGS(...)	(const Oid[]) {__VA_ARGS__, InvalidOid}

#define EQ			" OPERATOR(pg_catalog.=) "
#define FOLDED(x)	"pg_catalog.lower(" x " COLLATE pg_catalog.\"C\")"
#define EXACT(x)	x " COLLATE pg_catalog.\"C\""

/*
 * The columns in the order of PersonColumn and DocumentColumn; all columns,
 * and all arguments, are in the order of tables.h.
 */
#define PERSON_COLUMNS \
	"first_name, middle_name, last_name, date_of_birth, mobile_phone, " \
	"marketing_opt_in, street, city, state, country, postcode"
#define DOCUMENT_COLUMNS \
	"number, card_number, issuing_state, issuing_country, date_of_birth, " \
	"expires_on"

#define PERSON_ARGS \
	ARGS(INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, \
		 TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, TEXTOID, \
		 BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID)
#define DOCUMENT_ARGS \
	ARGS(INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, \
		 TEXTOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, DATEOID)

#define FIND_LOCATION \
	"SELECT l.workspace_id, l.id, l.archived_at FROM loopit.location l"
#define FIND_PACKAGE \
	"SELECT p.workspace_id, p.id, p.archived_at FROM loopit.package p"
#define FIND_ASSET \
	"SELECT a.workspace_id, a.id, a.archived_at, a.vin FROM loopit.asset a"

/*
 * Does the text contain the address, and not as part of a longer one?  What
 * is no part of an address is a boundary, an escaped control character too.
 */
#define CONTAINS(text, address) \
	"(pg_catalog.strpos(" FOLDED(text) ", " address ")" \
	" OPERATOR(pg_catalog.>) 0 AND " FOLDED(text) \
	" OPERATOR(pg_catalog.~) pg_catalog.concat(" \
	"'(?:(?<![a-z0-9._+-])|(?<=\\\\[nrtbf]))'," \
	" pg_catalog.regexp_replace(" address ", '[^a-z0-9]', '\\\\\\&', 'g')," \
	" '(?![a-z0-9-]|\\.[a-z0-9])'))"

/* What loopit_find_leads() returns, by look-ups that differ in their index. */
#define FIND_LEADS \
	"SELECT l.id, l.received_at, l.status, l.reason, l.booking_reason," \
	" l.dealership_id, l.workspace_id, l.person_id, l.booking_id," \
	" l.lead_reference, l.email, l.outcome FROM loopit.ingest_log l"
#define NEWEST_FIRST	" ORDER BY l.received_at DESC, l.id DESC"

const StatementSpec statements[NUM_STATEMENTS] = {
	[SQL_FIND_WORKSPACE] = {
		"SELECT w.id FROM loopit.workspace w WHERE w.id" EQ "$1",
		ARGS(INT8OID)
	},
	[SQL_FIND_DEALERSHIP] = {
		"SELECT d.id, d.workspace_id FROM loopit.dealership d"
		" WHERE d.id" EQ "$1",
		ARGS(INT8OID)
	},
	[SQL_FIND_LOCATION] = {
		FIND_LOCATION " WHERE l.workspace_id" EQ "$1 AND l.id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_LOCATION_BY_NAME] = {
		FIND_LOCATION " WHERE l.workspace_id" EQ "$1"
		" AND " FOLDED("l.name") EQ EXACT("$2")
		" AND l.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_PACKAGE_BY_NAME] = {
		FIND_PACKAGE " WHERE p.workspace_id" EQ "$1"
		" AND " EXACT("p.name") EQ "$2"
		" AND p.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_ASSET_BY_VIN] = {
		FIND_ASSET " WHERE a.workspace_id" EQ "$1"
		" AND " FOLDED("a.vin") EQ EXACT("$2")
		" AND a.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_ASSET_BY_STOCK_NUMBER] = {
		FIND_ASSET " WHERE a.workspace_id" EQ "$1"
		" AND " EXACT("a.stock_number") EQ "$2"
		" AND a.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_LOCATIONS_BY_ASSET] = {
		"SELECT al.workspace_id, al.asset_id, al.location_id"
		" FROM loopit.asset_location al"
		" WHERE al.workspace_id" EQ "$1 AND al.asset_id" EQ "$2"
		" ORDER BY al.position",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_PERSON_BY_EMAIL] = {
		"SELECT workspace_id, id, email, created_at, updated_at,"
		" source_updated_at, " PERSON_COLUMNS " FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.email" EQ "$2",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_DOCUMENTS_BY_PERSON] = {
		"SELECT workspace_id, person_id, kind, created_at, updated_at, "
		DOCUMENT_COLUMNS " FROM loopit.identity_document d"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_BOOKING_BY_LEAD_REFERENCE] = {
		"SELECT b.workspace_id, b.id, b.person_id, b.asset_id, b.location_id,"
		" b.package_id FROM loopit.booking b"
		" WHERE b.workspace_id" EQ "$1 AND b.lead_reference" EQ "$2",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_LOCK_LOCATION] = {
		FIND_LOCATION " WHERE l.workspace_id" EQ "$1 AND l.id" EQ "$2"
		" FOR KEY SHARE",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_LOCK_PACKAGE] = {
		FIND_PACKAGE " WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2"
		" FOR KEY SHARE",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_LOCK_ASSET] = {
		FIND_ASSET " WHERE a.workspace_id" EQ "$1 AND a.id" EQ "$2"
		" FOR KEY SHARE",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_LOCK_PERSON] = {
		"SELECT FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2"
		" FOR NO KEY UPDATE",
		ARGS(INT8OID, INT8OID)
	},
	/* Of what is inserted, $2 is an id that the sequence gives. */
	[SQL_INSERT_PERSON] = {
		"INSERT INTO loopit.person (workspace_id, email, created_at,"
		" updated_at, source_updated_at, " PERSON_COLUMNS ")"
		" VALUES ($1, $3, $4, $5, $6,"
		" $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
		" ON CONFLICT (workspace_id, email) DO NOTHING RETURNING id",
		PERSON_ARGS
	},
	/* What is updated has the arguments of an insert. */
	[SQL_UPDATE_PERSON] = {
		"UPDATE loopit.person p SET updated_at = $5, source_updated_at = $6,"
		" (" PERSON_COLUMNS ") ="
		" ($7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
		" WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2",
		PERSON_ARGS
	},
	[SQL_INSERT_DOCUMENT] = {
		"INSERT INTO loopit.identity_document (workspace_id, person_id, kind,"
		" created_at, updated_at, " DOCUMENT_COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT (workspace_id, person_id, kind) DO NOTHING",
		DOCUMENT_ARGS
	},
	[SQL_UPDATE_DOCUMENT] = {
		"UPDATE loopit.identity_document d SET updated_at = $5,"
		" (" DOCUMENT_COLUMNS ") = ($6, $7, $8, $9, $10, $11)"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2"
		" AND d.kind" EQ "$3",
		DOCUMENT_ARGS
	},
	[SQL_INSERT_BOOKING] = {
		"INSERT INTO loopit.booking (workspace_id, person_id, asset_id,"
		" location_id, package_id, ingest_log_id, created_at, lead_reference)"
		" VALUES ($1, $3, $4, $5, $6, $7, $8, $9)"
		" ON CONFLICT (workspace_id, lead_reference) DO NOTHING RETURNING id",
		ARGS(INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
			 TIMESTAMPTZOID, TEXTOID)
	},
	[SQL_INSERT_LOG] = {
		"INSERT INTO loopit.ingest_log (id, received_at, dealership_id,"
		" workspace_id, person_id, booking_id, replay_of, first_received_at,"
		" duration_us,"
		" payload_version, asked_for_booking, status, reason, lead_reference,"
		" email, person_action, booking_action, booking_reason, ingested_by,"
		" outcome, payload, raw_body)"
		" OVERRIDING SYSTEM VALUE"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
		" $14, $15, $16, $17, $18, $19, $20, $21, $22)",
		ARGS(INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID,
			 INT8OID, TIMESTAMPTZOID, INT8OID, INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID,
			 TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID,
			 BYTEAOID)
	},
	[SQL_RECEIVED_LATER] = {
		/* $3: when the payload was received; $4: when the row was changed */
		"SELECT FROM loopit.ingest_log l"
		" WHERE l.email" EQ "$2 AND l.workspace_id" EQ "$1"
		" AND l.received_at OPERATOR(pg_catalog.>) $3"
		" AND l.status" EQ "'processed'"
		" AND (l.first_received_at IS NULL"
		"  OR l.first_received_at OPERATOR(pg_catalog.>) $3)"
		" UNION ALL"
		" SELECT WHERE $4 OPERATOR(pg_catalog.>) $3 AND NOT EXISTS ("
		"  SELECT FROM loopit.ingest_log l"
		"  WHERE l.email" EQ "$2 AND l.workspace_id" EQ "$1"
		"  AND l.received_at" EQ "$4)"
		" LIMIT 1",
		ARGS(INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_ARCHIVED_ASSET] = {
		/* the first part of a UNION ALL is run first */
		"SELECT a.id FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " FOLDED("a.vin") EQ FOLDED("$2")
		" AND a.archived_at IS NOT NULL"
		" UNION ALL"
		" SELECT a.id FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " EXACT("a.stock_number") EQ "$3"
		" AND a.archived_at IS NOT NULL"
		" AND (a.vin IS NULL OR $2 IS NULL)"
		" LIMIT 1",
		ARGS(INT8OID, TEXTOID, TEXTOID)
	},
	[SQL_LIST_PACKAGES] = {
		"SELECT p.name FROM loopit.package p"
		" WHERE p.workspace_id" EQ "$1 AND p.archived_at IS NULL"
		" ORDER BY " FOLDED("pg_catalog.replace(p.name, ' ', '')")
		EQ FOLDED("pg_catalog.replace($2, ' ', '')") " DESC,"
		" " EXACT("p.name") " LIMIT $3",
		ARGS(INT8OID, TEXTOID, INT8OID)
	},
	[SQL_FIND_DELIVERY] = {
		"SELECT l.payload, l.raw_body,"
		" COALESCE(l.first_received_at, l.received_at)"
		" FROM loopit.ingest_log l WHERE l.id" EQ "$1",
		ARGS(INT8OID)
	},
	[SQL_FIND_LEADS_BY_REFERENCE] = {
		FIND_LEADS " WHERE l.lead_reference" EQ "$1"
		" AND ($2 IS NULL OR l.email" EQ "$2)"
		" AND ($3 IS NULL OR l.received_at OPERATOR(pg_catalog.>=) $3)"
		" AND ($4 IS NULL OR l.received_at OPERATOR(pg_catalog.<=) $4)"
		NEWEST_FIRST,
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_LEADS_BY_EMAIL] = {
		FIND_LEADS " WHERE l.email" EQ "$2 AND $1 IS NULL"
		" AND ($3 IS NULL OR l.received_at OPERATOR(pg_catalog.>=) $3)"
		" AND ($4 IS NULL OR l.received_at OPERATOR(pg_catalog.<=) $4)"
		NEWEST_FIRST,
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_LEADS_BY_TIME] = {
		FIND_LEADS " WHERE $1 IS NULL AND $2 IS NULL"
		" AND l.received_at OPERATOR(pg_catalog.>=) $3"
		" AND l.received_at OPERATOR(pg_catalog.<=) $4"
		NEWEST_FIRST,
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_NEWEST_LEADS] = {
		FIND_LEADS NEWEST_FIRST " LIMIT 100",
		ARGS(InvalidOid)
	},
	[SQL_DISMISS_LEAD] = {
		/* the row itself, and those of its lead that would take its place */
		"UPDATE loopit.ingest_log l"
		" SET dismissed_at = $2, dismissal_note = $3"
		" WHERE l.dismissed_at IS NULL AND l.id IN ("
		" SELECT d.id FROM loopit.ingest_log d WHERE d.id" EQ "$1"
		" UNION ALL"
		" SELECT s.id FROM loopit.ingest_log d, loopit.ingest_log s"
		" WHERE d.id" EQ "$1"
		" AND s.lead_reference" EQ "d.lead_reference"
		" AND s.dealership_id" EQ "d.dealership_id"
		" AND (s.status OPERATOR(pg_catalog.<>) 'processed'"
		" OR s.booking_action" EQ "'skipped' AND s.asked_for_booking))",
		ARGS(INT8OID, TIMESTAMPTZOID, TEXTOID)
	},
	[SQL_PURGE_LOG] = {
		"DELETE FROM loopit.ingest_log l WHERE l.id" EQ "ANY (ARRAY("
		" SELECT o.id FROM loopit.ingest_log o"
		" WHERE o.received_at OPERATOR(pg_catalog.<) GREATEST($1, $2)"
		" AND o.received_at OPERATOR(pg_catalog.<)"
		" CASE o.status WHEN 'processed' THEN $1 ELSE $2 END"
		" ORDER BY o.received_at, o.id LIMIT $3 FOR UPDATE SKIP LOCKED))",
		ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID)
	},
	[SQL_LOCK_PERSON_TO_FORGET] = {
		"SELECT p.id FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.email" EQ "$2 FOR UPDATE",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_UNLINK_BOOKINGS] = {
		"UPDATE loopit.booking b SET person_id = NULL"
		" WHERE b.workspace_id" EQ "$1 AND b.person_id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_DELETE_DOCUMENTS] = {
		"DELETE FROM loopit.identity_document d"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_DELETE_PERSON] = {
		"DELETE FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FORGET_LOG] = {
		"UPDATE loopit.ingest_log l SET payload = NULL, raw_body = NULL,"
		" email = NULL, person_id = NULL, dismissal_note = NULL,"
		" outcome = pg_catalog.jsonb_set(l.outcome, '{person,id}', 'null', false)"
		" WHERE (l.workspace_id" EQ "$1 OR l.workspace_id IS NULL)"
		" AND (l.person_id" EQ "$2 OR l.email" EQ "$3"
		/* bytes beyond ASCII are escaped, so that any body becomes text */
		" OR " CONTAINS("pg_catalog.encode(l.raw_body, 'escape')", "$3")
		/* a payload that was not read may have the address anywhere */
		" OR l.status OPERATOR(pg_catalog.<>) 'processed'"
		"  AND " CONTAINS("l.payload::pg_catalog.text", "$3") ")",
		ARGS(INT8OID, INT8OID, TEXTOID)
	}
};

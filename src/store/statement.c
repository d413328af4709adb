/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  The SQL statements that are not routine: those that row_sql.c does not
 *	  generate from the descriptions of the tables.
 *
 * Every table, function and operator is schema-qualified, so that no search
 * path changes what a statement means.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "store/count_sql.h"
#include "store/statement.h"
#include "store/tables.h"

#define ARGS(...)		.arg_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define RESULTS(...)	.result_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define TABLE(name)		.tables = UINT32_C(1) << TABLE_##name

#define EQ			" OPERATOR(pg_catalog.=) "
#define FOLDED(x)	"pg_catalog.lower(" x " COLLATE pg_catalog.\"C\")"
#define EXACT(x)	x " COLLATE pg_catalog.\"C\""

/* What loopit_find_leads() returns, by look-ups that differ in their index. */
#define FIND_LEADS \
	"SELECT l.id, l.received_at, l.status, l.reason, l.booking_reason," \
	" l.dealership_id, l.workspace_id, l.person_id, l.booking_id," \
	" l.lead_reference, l.email, l.outcome, " DELIVERY_STATE("l") \
	" FROM loopit.ingest_log l"
#define FOUND_LEAD \
	INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, \
	INT8OID, INT8OID, TEXTOID, TEXTOID, JSONBOID, TEXTOID
#define IN_TIME \
	" AND ($3 IS NULL OR l.received_at OPERATOR(pg_catalog.>=) $3)" \
	" AND ($4 IS NULL OR l.received_at OPERATOR(pg_catalog.<=) $4)"
#define FROM_DEALERSHIP	" AND ($5 IS NULL OR l.dealership_id" EQ "$5)"
#define NEWEST_FIRST	" ORDER BY l.received_at DESC, l.id DESC"
/* the same by what no index has, since all rows that are found are read */
#define FOUND_NEWEST_FIRST	" ORDER BY l.received_at OPERATOR(pg_catalog.+) '0'::pg_catalog.interval DESC, l.id DESC"

/* Marked rows, without conflicts, that are settled, and that nobody has locked. */
#define SETTLED_ROWS(condition) \
	"ARRAY(SELECT o.id FROM loopit.ingest_log o WHERE o.open AND " condition \
	" AND o.booking_action" EQ "'skipped'" \
	" AND NOT EXISTS (SELECT FROM loopit.open_delivery d" \
	"  WHERE d.log_id" EQ "o.id AND d.received_at" EQ "o.received_at OFFSET 0)" \
	" FOR NO KEY UPDATE OF o SKIP LOCKED)"

/*
 * Deletes the oldest of the rows that were received from $1 on and before $2, and
 * counts those that are in no count of their day.  Those that are locked are left
 * out.  Of a partitioned log, only the partitions that have them are searched for
 * their ids.
 */
#define PURGE(condition) \
	"WITH old AS MATERIALIZED (SELECT o.id, o.received_at" \
	"  FROM loopit.ingest_log o" \
	"  WHERE o.received_at OPERATOR(pg_catalog.>=) $1" \
	"  AND o.received_at OPERATOR(pg_catalog.<) $2 AND " condition \
	"  ORDER BY o.received_at, o.id LIMIT $3 FOR UPDATE SKIP LOCKED)," \
	" gone AS (DELETE FROM loopit.ingest_log l" \
	" WHERE l.id" EQ "ANY (ARRAY(SELECT old.id FROM old))" \
	" AND l.received_at OPERATOR(pg_catalog.>=)" \
	"  (SELECT pg_catalog.min(old.received_at) FROM old)" \
	" AND l.received_at OPERATOR(pg_catalog.<=)" \
	"  (SELECT pg_catalog.max(old.received_at) FROM old)" \
	" RETURNING l.id, l.received_at)," COUNT_GONE

/* What ingest_log_failure_idx has. */
#define IS_FAILURE "(o.status OPERATOR(pg_catalog.<>) 'processed' OR o.open)"

/*
 * Values of a column of live rows that come next to $2 in the order of the
 * index on them in any case, half of $3 on either side: those that begin alike.
 */
#define NAMES_AROUND(table, column) \
	"(" HALF_OF_NAMES(table, column, ">=", "ASC") ") UNION ALL" \
	" (" HALF_OF_NAMES(table, column, "<", "DESC") ")"
#define HALF_OF_NAMES(table, column, operator, direction) \
	"SELECT n." column " FROM loopit." table " n" \
	" WHERE n.workspace_id" EQ "$1 AND n.archived_at IS NULL" \
	" AND " FOLDED("n." column) \
	" OPERATOR(pg_catalog." operator ") " FOLDED("$2") \
	" ORDER BY n.workspace_id " direction ", " \
	FOLDED("n." column) " " direction \
	" LIMIT $3 OPERATOR(pg_catalog./) 2"

const StatementSpec statements[NUM_STATEMENTS] = {
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
		TABLE(INGEST_LOG),
		ARGS(INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_ARCHIVED_ASSET] = {
		"SELECT a.id FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " FOLDED("a.vin") EQ FOLDED("$2")
		" AND a.archived_at IS NOT NULL LIMIT 1",
		TABLE(ASSET),
		ARGS(INT8OID, TEXTOID),
		RESULTS(INT8OID)
	},
	[SQL_LIST_ARCHIVED_ASSETS] = {
		"SELECT a.id, a.vin FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " EXACT("a.stock_number") EQ "$2"
		" AND a.archived_at IS NOT NULL LIMIT $3",
		TABLE(ASSET),
		ARGS(INT8OID, TEXTOID, INT8OID),
		RESULTS(INT8OID, TEXTOID)
	},
	[SQL_LIST_PACKAGES] = {
		"SELECT p.name FROM loopit.package p"
		" WHERE p.workspace_id" EQ "$1 AND p.archived_at IS NULL"
		" ORDER BY " FOLDED("pg_catalog.replace(p.name, ' ', '')")
		EQ FOLDED("pg_catalog.replace($2, ' ', '')") " DESC,"
		" " EXACT("p.name") " LIMIT $3",
		TABLE(PACKAGE),
		ARGS(INT8OID, TEXTOID, INT8OID),
		RESULTS(TEXTOID)
	},
	[SQL_LIST_LOCATIONS] = {
		"SELECT l.name FROM loopit.location l"
		" WHERE l.workspace_id" EQ "$1 AND l.archived_at IS NULL"
		" ORDER BY " FOLDED("l.name") " LIMIT $2",
		TABLE(LOCATION),
		ARGS(INT8OID, INT8OID),
		RESULTS(TEXTOID)
	},
	[SQL_LIST_NEAR_LOCATIONS] = {
		NAMES_AROUND("location", "name"),
		TABLE(LOCATION),
		ARGS(INT8OID, TEXTOID, INT8OID),
		RESULTS(TEXTOID)
	},
	[SQL_LIST_VINS] = {
		NAMES_AROUND("asset", "vin"),
		TABLE(ASSET),
		ARGS(INT8OID, TEXTOID, INT8OID),
		RESULTS(TEXTOID)
	},
	[SQL_LIST_STOCK_NUMBERS] = {
		NAMES_AROUND("asset", "stock_number"),
		TABLE(ASSET),
		ARGS(INT8OID, TEXTOID, INT8OID),
		RESULTS(TEXTOID)
	},
	[SQL_SETTLE] = {
		"UPDATE loopit.ingest_log l SET open = false WHERE l.id" EQ "ANY ("
		SETTLED_ROWS("o.dealership_id" EQ "$1 AND o.lead_reference" EQ "$2")
		" OPERATOR(pg_catalog.||) " SETTLED_ROWS("o.id" EQ "$3") ")",
		TABLE(INGEST_LOG),
		ARGS(INT8OID, TEXTOID, INT8OID)
	},
	[SQL_FIND_DELIVERY] = {
		/* waits for an erasure, which would otherwise miss the replay */
		"SELECT l.payload, l.raw_body,"
		" COALESCE(l.first_received_at, l.received_at)"
		" FROM loopit.ingest_log l WHERE l.id" EQ "$1 FOR SHARE",
		TABLE(INGEST_LOG),
		ARGS(INT8OID),
		RESULTS(JSONBOID, BYTEAOID, TIMESTAMPTZOID)
	},
	[SQL_FIND_LEADS_BY_REFERENCE] = {
		/* $6: the reference without a # that it may begin with */
		FIND_LEADS " WHERE l.lead_reference" EQ "ANY (ARRAY[$1, $6])"
		" AND ($2 IS NULL OR l.email" EQ "$2)" IN_TIME FROM_DEALERSHIP
		FOUND_NEWEST_FIRST,
		TABLE(INGEST_LOG),
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID),
		RESULTS(FOUND_LEAD)
	},
	[SQL_FIND_LEADS_BY_EMAIL] = {
		FIND_LEADS " WHERE l.email" EQ "$2 AND $1 IS NULL" IN_TIME
		FROM_DEALERSHIP FOUND_NEWEST_FIRST,
		TABLE(INGEST_LOG),
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(FOUND_LEAD)
	},
	[SQL_FIND_LEADS_BY_DEALERSHIP] = {
		/* an infinite time where none is given, so that the index has both */
		FIND_LEADS " WHERE $1 IS NULL AND $2 IS NULL"
		" AND l.dealership_id" EQ "$5"
		" AND l.received_at OPERATOR(pg_catalog.>=) COALESCE($3, '-infinity')"
		" AND l.received_at OPERATOR(pg_catalog.<=) COALESCE($4, 'infinity')"
		FOUND_NEWEST_FIRST,
		TABLE(INGEST_LOG),
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(FOUND_LEAD)
	},
	[SQL_FIND_LEADS_BY_TIME] = {
		FIND_LEADS " WHERE $1 IS NULL AND $2 IS NULL AND $5 IS NULL"
		" AND l.received_at OPERATOR(pg_catalog.>=) $3"
		" AND l.received_at OPERATOR(pg_catalog.<=) $4"
		NEWEST_FIRST,
		TABLE(INGEST_LOG),
		ARGS(TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(FOUND_LEAD)
	},
	[SQL_FIND_NEWEST_LEADS] = {
		FIND_LEADS NEWEST_FIRST " LIMIT 100",
		TABLE(INGEST_LOG),
		ARGS(InvalidOid),
		RESULTS(FOUND_LEAD)
	},
	[SQL_DISMISS_LEAD] = {
		/* the row itself, and those of its lead that would take its place */
		"UPDATE loopit.ingest_log l"
		" SET dismissed_at = $2, dismissal_note = $3, open = false"
		" WHERE l.dismissed_at IS NULL AND l.id" EQ "ANY (ARRAY("
		" SELECT d.id FROM loopit.ingest_log d WHERE d.id" EQ "$1"
		" UNION ALL"
		" SELECT o.id FROM loopit.ingest_log d, loopit.ingest_log o"
		" WHERE d.id" EQ "$1 AND o.open"
		" AND o.dealership_id" EQ "d.dealership_id"
		" AND o.lead_reference" EQ "d.lead_reference))",
		TABLE(INGEST_LOG),
		ARGS(INT8OID, TIMESTAMPTZOID, TEXTOID)
	},
	[SQL_SETTLE_BETWEEN] = {
		"UPDATE loopit.ingest_log l SET open = false WHERE l.id" EQ "ANY ("
		SETTLED_ROWS("o.received_at OPERATOR(pg_catalog.>=) $1"
					 " AND o.received_at OPERATOR(pg_catalog.<) $2") ")",
		TABLE(INGEST_LOG),
		ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID)
	},
	[SQL_PURGE_ALL] = {
		PURGE("true"),
		TABLE(INGEST_LOG),
		ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(INT8OID)
	},
	[SQL_PURGE_FAILURES] = {
		PURGE(IS_FAILURE),
		TABLE(INGEST_LOG),
		ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(INT8OID)
	},
	[SQL_PURGE_PROCESSED] = {
		PURGE("NOT " IS_FAILURE),
		TABLE(INGEST_LOG),
		ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID),
		RESULTS(INT8OID)
	},
	[SQL_NOTE_LATE] = {
		/* one that is there is of a log that was emptied */
		"INSERT INTO loopit.ingest_late (log_id, received_at) VALUES ($1, $2)"
		" ON CONFLICT (log_id) DO UPDATE SET received_at = EXCLUDED.received_at",
		ARGS(INT8OID, TIMESTAMPTZOID)
	},
	[SQL_LOCK_PERSON_TO_FORGET] = {
		"SELECT p.id FROM loopit.person p WHERE p.workspace_id" EQ "$1 AND p.email" EQ "$2 FOR UPDATE",
		TABLE(PERSON),
		ARGS(INT8OID, TEXTOID),
		RESULTS(INT8OID)
	},
	[SQL_UNLINK_BOOKINGS] = {
		"UPDATE loopit.booking b SET person_id = NULL"
		" WHERE b.workspace_id" EQ "$1 AND b.person_id" EQ "$2",
		TABLE(BOOKING),
		ARGS(INT8OID, INT8OID)
	},
	[SQL_DELETE_DOCUMENTS] = {
		"DELETE FROM loopit.identity_document d"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2",
		TABLE(IDENTITY_DOCUMENT),
		ARGS(INT8OID, INT8OID)
	},
	[SQL_DELETE_PERSON] = {
		"DELETE FROM loopit.person p WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2",
		TABLE(PERSON),
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_EMAIL] = {
		"SELECT FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.email" EQ "$2"
		" UNION ALL"
		" SELECT FROM loopit.ingest_log l WHERE l.email" EQ "$2"
		" LIMIT 1",
		.tables = UINT32_C(1) << TABLE_PERSON | UINT32_C(1) << TABLE_INGEST_LOG,
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_LIST_UNREAD] = {
		/* the predicate of ingest_log_unread_idx */
		"SELECT l.id, l.raw_body,"
		" CASE WHEN l.status OPERATOR(pg_catalog.<>) 'processed'"
		" THEN l.payload END"
		" FROM loopit.ingest_log l"
		" WHERE (l.workspace_id" EQ "$1 OR l.workspace_id IS NULL)"
		" AND (l.raw_body IS NOT NULL"
		"  OR l.status OPERATOR(pg_catalog.<>) 'processed'"
		"  AND l.payload IS NOT NULL)",
		TABLE(INGEST_LOG),
		ARGS(INT8OID),
		RESULTS(INT8OID, BYTEAOID, JSONBOID)
	},
	[SQL_COUNT_LOG_ROWS] = {
		"SELECT pg_catalog.count(*) FROM loopit.ingest_log l"
		" WHERE l.person_id" EQ "$2 AND l.workspace_id" EQ "$1",
		TABLE(INGEST_LOG),
		ARGS(INT8OID, INT8OID),
		RESULTS(INT8OID)
	},
	[SQL_FORGET_LOG] = {
		"UPDATE loopit.ingest_log l SET payload = NULL, raw_body = NULL,"
		" open = false, email = NULL, person_id = NULL, dismissal_note = NULL,"
		" outcome = pg_catalog.jsonb_set(l.outcome, '{person,id}', 'null', false)"
		" WHERE l.id" EQ "ANY (ARRAY("
		" SELECT p.id FROM loopit.ingest_log p"
		" WHERE p.person_id" EQ "$2"
		" AND (p.workspace_id" EQ "$1 OR p.workspace_id IS NULL)"
		" UNION ALL"
		" SELECT e.id FROM loopit.ingest_log e"
		" WHERE e.email" EQ "$3"
		" AND (e.workspace_id" EQ "$1 OR e.workspace_id IS NULL)"
		" UNION ALL"
		" SELECT pg_catalog.unnest($4))) RETURNING l.id",
		TABLE(INGEST_LOG),
		ARGS(INT8OID, INT8OID, TEXTOID, INT8ARRAYOID),
		RESULTS(INT8OID)
	},
	[SQL_COUNT_REPLAYS] = {
		"SELECT pg_catalog.count(*) FROM loopit.ingest_log r WHERE r.replay_of" EQ "ANY ($1)",
		TABLE(INGEST_LOG),
		ARGS(INT8ARRAYOID),
		RESULTS(INT8OID)
	},
	[SQL_FIND_CLIENT] = {
		"SELECT c.client_id, c.workspaces FROM loopit.client c"
		" WHERE c.client_id" EQ "$1 AND c.revoked_at IS NULL",
		ARGS(TEXTOID),
		RESULTS(TEXTOID, INT8ARRAYOID)
	},
	[SQL_FIND_CLIENT_OF_TOKEN] = {
		"SELECT c.client_id, c.workspaces"
		" FROM loopit.access_token t, loopit.client c"
		" WHERE t.digest" EQ "$1 AND t.expires_at OPERATOR(pg_catalog.>) $2"
		" AND c.client_id" EQ "t.client_id AND c.revoked_at IS NULL",
		ARGS(BYTEAOID, TIMESTAMPTZOID),
		RESULTS(TEXTOID, INT8ARRAYOID)
	},
	[SQL_CLIENT_HAS_SECRET] = {
		"SELECT FROM loopit.client c"
		" WHERE c.client_id" EQ "$1 AND c.revoked_at IS NULL"
		" AND (c.secret_digest" EQ "$2 OR c.previous_digest" EQ "$2"
		"  AND c.previous_until OPERATOR(pg_catalog.>) $3)",
		ARGS(TEXTOID, BYTEAOID, TIMESTAMPTZOID)
	},
	[SQL_INSERT_CLIENT] = {
		"INSERT INTO loopit.client (client_id, name, workspaces, secret_digest)"
		" VALUES ($1, $2, $3, $4)",
		ARGS(TEXTOID, TEXTOID, INT8ARRAYOID, BYTEAOID)
	},
	[SQL_ROTATE_CLIENT] = {
		"UPDATE loopit.client c SET secret_digest = $2,"
		" previous_digest = c.secret_digest, previous_until = $3"
		" WHERE c.client_id" EQ "$1 AND c.revoked_at IS NULL",
		ARGS(TEXTOID, BYTEAOID, TIMESTAMPTZOID)
	},
	[SQL_REVOKE_CLIENT] = {
		"UPDATE loopit.client c SET revoked_at = COALESCE(c.revoked_at, $2)"
		" WHERE c.client_id" EQ "$1",
		ARGS(TEXTOID, TIMESTAMPTZOID)
	},
	[SQL_DELETE_TOKENS_OF_CLIENT] = {
		"DELETE FROM loopit.access_token t WHERE t.client_id" EQ "$1",
		ARGS(TEXTOID)
	},
	[SQL_DELETE_EXPIRED_TOKENS] = {
		/* a few per new token: more than are made, and no call waits */
		"DELETE FROM loopit.access_token t WHERE t.digest" EQ "ANY (ARRAY("
		" SELECT e.digest FROM loopit.access_token e"
		" WHERE e.expires_at OPERATOR(pg_catalog.<=) $1"
		" ORDER BY e.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))",
		ARGS(TIMESTAMPTZOID)
	},
	[SQL_INSERT_TOKEN] = {
		"INSERT INTO loopit.access_token (digest, client_id, expires_at)"
		" VALUES ($1, $2, $3)",
		ARGS(BYTEAOID, TEXTOID, TIMESTAMPTZOID)
	}
};

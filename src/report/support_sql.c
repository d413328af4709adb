/*-------------------------------------------------------------------------
 *
 * support_sql.c
 *	  The SQL statements of what a person asks about a lead.
 *
 * Every statement reads a bounded number of rows by an index, whatever the log
 * holds: where a condition has no index, it filters what a LIMIT has bounded.
 * Every table, function and operator is schema-qualified.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "report/support_sql.h"
#include "store/tables.h"

#define ARGS(...)		.arg_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define RESULTS(...)	.result_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define OF_LOG			.tables = UINT32_C(1) << TABLE_INGEST_LOG

#define EQ		" OPERATOR(pg_catalog.=) "
#define NUMBER(macro)	CppAsString2(macro)

/*
 * The columns of a SupportRow.  An outcome of ours has at most a few kilobytes,
 * and a note is short; a row with a larger one is shown without it.
 */
#define ROW_COLUMNS \
	"l.id, l.received_at, l.status, l.reason, l.person_action," \
	" l.booking_action, l.booking_reason, l.dealership_id, l.workspace_id," \
	" (SELECT w.name FROM loopit.workspace w WHERE w.id" EQ "l.workspace_id)" \
	" AS workspace_name, l.person_id, l.booking_id, l.replay_of," \
	" l.dismissed_at, CASE WHEN pg_catalog.pg_column_size(l.dismissal_note)" \
	"  OPERATOR(pg_catalog.<) 8192 THEN l.dismissal_note END AS dismissal_note," \
	" l.lead_reference, l.email, l.client_id," \
	" (l.payload IS NOT NULL OR pg_catalog.octet_length(l.raw_body)" \
	"  OPERATOR(pg_catalog.>) 0) AS has_payload," \
	" CASE WHEN pg_catalog.pg_column_size(l.outcome)" \
	"  OPERATOR(pg_catalog.<) 32768 THEN l.outcome END AS outcome"
#define ROW_RESULTS \
	RESULTS(INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, \
			TEXTOID, INT8OID, INT8OID, TEXTOID, INT8OID, INT8OID, INT8OID, \
			TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, \
			JSONBOID)

/* The newest deliveries that a condition on an index finds. */
#define NEWEST(columns, condition, limit) \
	"SELECT " columns " FROM loopit.ingest_log l WHERE " condition \
	" ORDER BY l.received_at DESC LIMIT " NUMBER(limit)

/* Of these, those that have the other values asked for; one more than searched
 * tells that there are more. */
#define LEADS_AMONG(newest) \
	"SELECT d.id, d.lead_reference, d.dealership_id FROM (" newest ") d" \
	" WHERE ($1 IS NULL OR d.lead_reference" EQ "ANY (ARRAY[$1, $2]))" \
	" AND ($3 IS NULL OR d.email" EQ "$3)" \
	" AND ($4 IS NULL OR d.dealership_id" EQ "$4)" \
	" ORDER BY d.received_at DESC, d.id DESC"
#define LEAD_COLUMNS \
	"l.id, l.lead_reference, l.email, l.dealership_id, l.received_at"
#define LEADS \
	OF_LOG, \
	ARGS(TEXTOID, TEXTOID, TEXTOID, INT8OID), \
	RESULTS(INT8OID, TEXTOID, INT8OID)

/* Which values of an array the log has, and the newest delivery of each. */
#define VALUES_AMONG(column) \
	"SELECT n.value, n.received_at, n.dealership_id" \
	" FROM pg_catalog.unnest($1) v(value) CROSS JOIN LATERAL (" \
	NEWEST("l." column " AS value, l.received_at, l.dealership_id", \
		   "l." column EQ "v.value", 1) ") n" \
	" ORDER BY n.received_at DESC LIMIT 20"

/*
 * The values that come next to $1 in the order of an index, each looked up from
 * the one before, so that a value of many deliveries costs no more than another.
 */
#define NEXT_VALUE(column, operator, direction, from) \
	"SELECT l." column " AS value FROM loopit.ingest_log l" \
	" WHERE l." column " OPERATOR(pg_catalog." operator ") " from \
	" ORDER BY l." column " " direction " LIMIT 1"
#define VALUES_ON_A_SIDE(name, column, operator, direction) \
	name " AS ((" NEXT_VALUE(column, operator, direction, "$1") ")" \
	" UNION ALL SELECT n.value FROM " name " b CROSS JOIN LATERAL (" \
	NEXT_VALUE(column, operator, direction, "b.value") ") n)"
#define VALUES_BESIDE(column) \
	"WITH RECURSIVE " \
	VALUES_ON_A_SIDE("above", column, ">", "ASC") ", " \
	VALUES_ON_A_SIDE("below", column, "<", "DESC") \
	" SELECT n.value, n.received_at, n.dealership_id FROM (" \
	"(SELECT a.value FROM above a LIMIT " NUMBER(MAX_BESIDE_COMPARED) ")" \
	" UNION ALL" \
	" (SELECT b.value FROM below b LIMIT " NUMBER(MAX_BESIDE_COMPARED) ")" \
	") v CROSS JOIN LATERAL (" \
	NEWEST("l." column " AS value, l.received_at, l.dealership_id", \
		   "l." column EQ "v.value", 1) ") n"
#define FOUND_VALUES	RESULTS(TEXTOID, TIMESTAMPTZOID, INT8OID)

const StatementSpec support_statements[NUM_SUPPORT_STATEMENTS] = {
	[SUPPORT_ROW] = {
		"SELECT " ROW_COLUMNS " FROM loopit.ingest_log l WHERE l.id" EQ "$1",
		OF_LOG,
		ARGS(INT8OID),
		ROW_RESULTS
	},
	[SUPPORT_STORY] = {
		/*
		 * The deliveries of a lead, or the row $3, with what they replay and
		 * their replays; one more than told tells that there are more.
		 */
		"WITH RECURSIVE seed AS ("
		" (SELECT s.id FROM ("
		NEWEST("l.id, l.dealership_id, l.received_at",
			   "l.lead_reference" EQ "$1", MAX_DELIVERIES_SEARCHED) ") s"
		" WHERE s.dealership_id" EQ "$2"
		" ORDER BY s.received_at DESC LIMIT " NUMBER(MAX_DELIVERIES_TOLD) " + 1)"
		" UNION ALL SELECT $3 WHERE $3 IS NOT NULL),"
		" story AS (SELECT s.id FROM seed s UNION"
		" SELECT n.id FROM story s CROSS JOIN LATERAL ("
		"SELECT p.replay_of AS id FROM loopit.ingest_log p"
		" WHERE p.id" EQ "s.id AND p.replay_of IS NOT NULL"
		" UNION ALL SELECT r.id FROM loopit.ingest_log r"
		" WHERE r.replay_of" EQ "s.id) n)"
		" SELECT d.* FROM ("
		"SELECT " ROW_COLUMNS " FROM loopit.ingest_log l"
		" WHERE l.id" EQ "ANY (ARRAY(SELECT s.id FROM story s LIMIT 200))"
		" ORDER BY l.received_at DESC, l.id DESC"
		" LIMIT " NUMBER(MAX_DELIVERIES_TOLD) " + 1) d"
		" ORDER BY d.received_at, d.id",
		OF_LOG,
		ARGS(TEXTOID, INT8OID, INT8OID),
		ROW_RESULTS
	},
	[SUPPORT_OPEN_OF_LEAD] = {
		"SELECT u.log_id, u.reason FROM loopit.unresolved_lead u"
		" WHERE u.lead_reference" EQ "$1 AND u.dealership_id" EQ "$2 LIMIT 1",
		OF_LOG,
		ARGS(TEXTOID, INT8OID),
		RESULTS(INT8OID, TEXTOID)
	},
	[SUPPORT_OPEN_ALONE] = {
		"SELECT u.log_id, u.reason FROM loopit.unresolved_lead u"
		" WHERE u.log_id" EQ "$1",
		OF_LOG,
		ARGS(INT8OID),
		RESULTS(INT8OID, TEXTOID)
	},
	[SUPPORT_LEADS_BY_REFERENCE] = {
		LEADS_AMONG("(" NEWEST(LEAD_COLUMNS, "l.lead_reference" EQ "$1",
							   MAX_DELIVERIES_SEARCHED) ")"
					" UNION ALL (" NEWEST(LEAD_COLUMNS, "l.lead_reference" EQ "$2",
										  MAX_DELIVERIES_SEARCHED) ")"),
		LEADS
	},
	[SUPPORT_LEADS_BY_EMAIL] = {
		LEADS_AMONG(NEWEST(LEAD_COLUMNS, "l.email" EQ "$3",
						   MAX_DELIVERIES_SEARCHED)),
		LEADS
	},
	[SUPPORT_LEADS_BY_DEALERSHIP] = {
		LEADS_AMONG(NEWEST(LEAD_COLUMNS, "l.dealership_id" EQ "$4",
						   MAX_DELIVERIES_SEARCHED)),
		LEADS
	},
	[SUPPORT_REFERENCES_AMONG] = {
		VALUES_AMONG("lead_reference"),
		OF_LOG,
		ARGS(TEXTARRAYOID),
		FOUND_VALUES
	},
	[SUPPORT_EMAILS_AMONG] = {
		VALUES_AMONG("email"),
		OF_LOG,
		ARGS(TEXTARRAYOID),
		FOUND_VALUES
	},
	[SUPPORT_REFERENCES_BESIDE] = {
		VALUES_BESIDE("lead_reference"),
		OF_LOG,
		ARGS(TEXTOID),
		FOUND_VALUES
	},
	[SUPPORT_EMAILS_BESIDE] = {
		VALUES_BESIDE("email"),
		OF_LOG,
		ARGS(TEXTOID),
		FOUND_VALUES
	},
	[SUPPORT_NEWEST] = {
		NEWEST("l.lead_reference, l.email, l.received_at, l.dealership_id",
			   "true", MAX_NEWEST_COMPARED),
		OF_LOG,
		ARGS(InvalidOid),
		RESULTS(TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID)
	},
	[SUPPORT_UNREAD] = {
		/*
		 * the predicate of an index on the time, and a body that it does not
		 * have
		 */
		"SELECT b.id, b.received_at, CASE WHEN pg_catalog.octet_length(b.raw_body)"
		" OPERATOR(pg_catalog.<=) " NUMBER(MAX_UNREAD_BYTES) " THEN b.raw_body END"
		" FROM ("
		NEWEST("l.id, l.received_at, l.raw_body",
			   "l.status OPERATOR(pg_catalog.<>) 'processed'",
			   MAX_DELIVERIES_SEARCHED) ") b"
		" WHERE b.raw_body IS NOT NULL"
		" ORDER BY b.received_at DESC LIMIT " NUMBER(MAX_UNREAD_SEARCHED),
		OF_LOG,
		ARGS(InvalidOid),
		RESULTS(INT8OID, TIMESTAMPTZOID, BYTEAOID)
	},
	[SUPPORT_OLDEST] = {
		"SELECT l.received_at FROM loopit.ingest_log l"
		" ORDER BY l.received_at LIMIT 1",
		OF_LOG,
		ARGS(InvalidOid),
		RESULTS(TIMESTAMPTZOID)
	}
};

/*-------------------------------------------------------------------------
 *
 * report_sql.c
 *	  The SQL statements of the report.
 *
 * They run with search_path pg_catalog, pg_temp, of which operators are looked
 * for in pg_catalog alone, so only relations and functions are qualified.
 *
 * REPORT_PERIOD and REPORT_ISSUES read the log of the period; the others read
 * counts per day, and the open leads.
 *
 * Constant data; nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "report/statements.h"
#include "store/tables.h"

#define ARGS(...)		.arg_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define RESULTS(...)	.result_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define LOG_TABLE		.tables = UINT32_C(1) << TABLE_INGEST_LOG

#define COUNT(condition) "pg_catalog.count(*) FILTER (WHERE " condition ")"
#define SUM(what, condition) \
	"COALESCE(pg_catalog.sum(" what ") FILTER (WHERE " condition "), 0)::bigint"
#define PAYLOAD_TEXT(path) "(b.payload #>> '{" path "}')"

/*
 * The payload, of which a sender decides how much it costs to look into it: one
 * that is larger, compressed, is not looked into.  An ordinary one has 3 kB.
 */
#define BOUNDED_PAYLOAD \
	"(SELECT CASE WHEN pg_catalog.pg_column_size(p.payload) < 8192" \
	" THEN p.payload END AS payload)"

/* Reasons that are about the dealership, and what others look for. */
#define ABOUT_DEALERSHIP "'workspace_not_found', 'dealership_not_allowed'"
#define LOOKED_FOR \
	"CASE WHEN o.reason = 'package_not_found' THEN " \
	PAYLOAD_TEXT("additional_details,subscription_plan") \
	" WHEN o.reason = 'location_not_found' THEN " \
	PAYLOAD_TEXT("location,location_name") \
	" WHEN o.reason IN ('asset_not_found', 'asset_archived') THEN " \
	"COALESCE(NULLIF(pg_catalog.btrim(" PAYLOAD_TEXT("item,vin") "), ''), " \
	PAYLOAD_TEXT("item,stock_number") ") END"

/*
 * Whether the value may be personal: an address, a telephone number, or what
 * the payload has of its person, of whom it is not searched if it has many keys.
 */
#define MANY_KEYS "100"
#define PROSPECT \
	"CASE WHEN pg_catalog.jsonb_typeof(b.payload -> 'prospect') = 'object'" \
	" THEN b.payload -> 'prospect' ELSE '{}' END"
#define MAY_BE_PERSONAL \
	"pg_catalog.strpos(v.value, '@') > 0" \
	" OR o.reason IN ('package_not_found', 'location_not_found')" \
	" AND pg_catalog.translate(v.value, ' -().+', '') ~ '[0-9]{7}'" \
	" OR EXISTS (SELECT FROM pg_catalog.jsonb_object_keys(" PROSPECT ") OFFSET " MANY_KEYS ")" \
	" OR EXISTS (SELECT FROM ((SELECT e.value FROM pg_catalog.jsonb_each_text(" PROSPECT ") e LIMIT " MANY_KEYS ")" \
	"  UNION ALL VALUES (" PAYLOAD_TEXT("prospect,address,street") ")," \
	"  (" PAYLOAD_TEXT("additional_details,license_number") ")," \
	"  (" PAYLOAD_TEXT("additional_details,license_card_number") ")," \
	"  (" PAYLOAD_TEXT("additional_details,passport_number") ")) AS of_person(word)" \
	" WHERE pg_catalog.length(pg_catalog.btrim(of_person.word)) > 2" \
	" AND pg_catalog.strpos(pg_catalog.lower(v.value)," \
	"  pg_catalog.lower(pg_catalog.btrim(of_person.word))) > 0)"

/* The log and its partitions; of a table that has none there is no tree. */
#define LOG_TREE \
	"(SELECT 'loopit.ingest_log'::pg_catalog.regclass AS relid" \
	" UNION SELECT p.relid FROM pg_catalog.pg_partition_tree('loopit.ingest_log') p) t"

const StatementSpec report_statements[NUM_REPORT_STATEMENTS] = {
	[REPORT_PERIOD] = {
		/* $1: since when.  A replay alone is no lead of the period. */
		"WITH deliveries AS MATERIALIZED ("
		" SELECT l.dealership_id, l.lead_reference,"
		" CASE WHEN l.lead_reference IS NULL THEN COALESCE(l.replay_of, l.id) END AS alone,"
		" l.replay_of IS NULL AS sent, l.asked_for_booking AS asked,"
		" l.booking_action <> 'skipped' AS booked, l.status, l.duration_us"
		" FROM loopit.ingest_log l WHERE l.received_at >= $1),"
		" leads AS ("
		" SELECT " COUNT("d.sent") " AS deliveries,"
		" pg_catalog.bool_or(d.asked) AS asked, pg_catalog.bool_or(d.booked) AS booked,"
		" pg_catalog.bool_or(d.status = 'processed') AS stored,"
		" pg_catalog.bool_or(d.status = 'failed') AS failed"
		" FROM deliveries d GROUP BY d.dealership_id, d.lead_reference, d.alone"
		" HAVING pg_catalog.bool_or(d.sent))"
		" SELECT COALESCE(pg_catalog.sum(l.deliveries), 0)::bigint,"
		" pg_catalog.count(l.deliveries), " COUNT("l.booked") ", " COUNT("l.stored AND l.asked AND NOT l.booked") ", "
		COUNT("NOT l.stored AND NOT l.failed") ", " COUNT("NOT l.stored AND l.failed") ","
		" t.p[1], t.p[2], t.p[3], t.p[4]"
		" FROM (SELECT pg_catalog.percentile_disc(ARRAY[0.5, 0.95, 0.99, 1])"
		"  WITHIN GROUP (ORDER BY d.duration_us) AS p FROM deliveries d) t"
		" LEFT JOIN leads l ON true GROUP BY t.p",
		LOG_TABLE,
		ARGS(TIMESTAMPTZOID),
		RESULTS(INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
				INT8OID, INT8OID, INT8OID, INT8OID)
	},
	[REPORT_ISSUES] = {
		/* $1: since when */
		"SELECT i.field, i.code, pg_catalog.sum(i.leads)::bigint,"
		" pg_catalog.count(i.dealership_id),"
		" (pg_catalog.array_agg(i.dealership_id ORDER BY i.leads DESC, i.dealership_id))[1],"
		" pg_catalog.max(i.leads)"
		" FROM (SELECT e.issue ->> 'field' AS field, e.issue ->> 'code' AS code,"
		"  l.dealership_id, pg_catalog.count(DISTINCT l.id) AS leads"
		"  FROM loopit.ingest_log l, LATERAL pg_catalog.jsonb_array_elements("
		"   CASE WHEN pg_catalog.jsonb_typeof(l.outcome -> 'issues') = 'array'"
		"   THEN l.outcome -> 'issues' ELSE '[]' END) AS e(issue)"
		"  WHERE l.received_at >= $1 AND l.replay_of IS NULL"
		"  AND pg_catalog.jsonb_typeof(e.issue) = 'object'"
		"  GROUP BY 1, 2, 3) i"
		" WHERE i.code IS NOT NULL"
		" GROUP BY 1, 2 ORDER BY 3 DESC, 2, 1 LIMIT 200",
		LOG_TABLE,
		ARGS(TIMESTAMPTZOID),
		RESULTS(TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID)
	},
	[REPORT_DAYS] = {
		/* $1: the first day */
		"SELECT s.day, " SUM("s.count", "s.status <> 'processed'") ", "
		SUM("s.booked", "s.status = 'processed'") ", "
		SUM("s.asked - s.booked", "s.status = 'processed'") ", "
		SUM("s.count - s.asked", "s.status = 'processed'")
		" FROM loopit.ingest_summary s WHERE s.day >= $1 GROUP BY s.day",
		ARGS(DATEOID),
		RESULTS(DATEOID, INT8OID, INT8OID, INT8OID, INT8OID)
	},
	[REPORT_ISSUE_DAYS] = {
		/* $1: the first day; $2: the day after the last one */
		"SELECT s.field, s.code, s.day, pg_catalog.sum(s.leads)::bigint"
		" FROM loopit.ingest_issue_summary s WHERE s.day >= $1 AND s.day < $2"
		" GROUP BY 1, 2, 3",
		ARGS(DATEOID, DATEOID),
		RESULTS(TEXTOID, TEXTOID, DATEOID, INT8OID)
	},
	[REPORT_OPEN_REASONS] = {
		/* $1: since when the period is */
		"SELECT u.reason, pg_catalog.count(*), " COUNT("u.received_at >= $1") ","
		" pg_catalog.min(u.received_at)"
		" FROM loopit.unresolved_lead u GROUP BY 1 ORDER BY 2 DESC, 1",
		ARGS(TIMESTAMPTZOID),
		RESULTS(TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID)
	},
	[REPORT_OPEN_GROUPS] = {
		/*
		 * $1: since when the period is; $2: how many leads are read.  A value
		 * that repeats what its lead says of the person is shown if another
		 * lead has the same value, and another person.
		 */
		"SELECT g.reason, g.workspace_id, w.name, g.dealership_id, g.client_id,"
		" CASE WHEN NOT pg_catalog.bool_and(g.personal) THEN g.value END,"
		" g.value IS NOT NULL AND pg_catalog.bool_and(g.personal),"
		" (pg_catalog.array_agg(g.hint ORDER BY g.received_at DESC))[1],"
		" g.sqlstate, g.place, pg_catalog.count(*), " COUNT("g.received_at >= $1") ","
		" pg_catalog.min(g.received_at), pg_catalog.max(g.log_id)"
		" FROM (SELECT o.reason, o.workspace_id, o.log_id, o.received_at,"
		"  CASE WHEN o.reason IN (" ABOUT_DEALERSHIP ") THEN o.dealership_id END AS dealership_id,"
		"  CASE WHEN o.reason = 'dealership_not_allowed' THEN p.client_id END AS client_id,"
		"  v.value, h.hint, p.outcome #>> '{error,sqlstate}' AS sqlstate,"
		"  NULLIF(pg_catalog.concat_ws(', ', 'table ' || (p.outcome #>> '{error,table}'),"
		"   'column ' || (p.outcome #>> '{error,column}'),"
		"   'constraint ' || (p.outcome #>> '{error,constraint}')), '') AS place,"
		"  " MAY_BE_PERSONAL " AS personal"
		"  FROM (SELECT * FROM loopit.unresolved_lead u"
		"   ORDER BY u.received_at DESC LIMIT $2) o"
		"  JOIN loopit.ingest_log p ON p.id = o.log_id,"
		"  LATERAL " BOUNDED_PAYLOAD " b,"
		"  LATERAL (SELECT NULLIF(pg_catalog.btrim(" LOOKED_FOR "), '') AS value) v,"
		"  LATERAL (SELECT pg_catalog.max(e.issue ->> 'hint') AS hint"
		"   FROM pg_catalog.jsonb_array_elements("
		"    CASE WHEN pg_catalog.jsonb_typeof(p.outcome -> 'issues') = 'array'"
		"    THEN p.outcome -> 'issues' ELSE '[]' END) AS e(issue)"
		"   WHERE e.issue ->> 'code' = o.reason AND v.value IS NOT NULL) h) g"
		" LEFT JOIN loopit.workspace w ON w.id = g.workspace_id"
		" GROUP BY g.reason, g.workspace_id, w.name, g.dealership_id, g.client_id, g.value,"
		" g.sqlstate, g.place"
		" ORDER BY 11 DESC, 13, 14",
		LOG_TABLE,
		ARGS(TIMESTAMPTZOID, INT8OID),
		RESULTS(TEXTOID, INT8OID, TEXTOID, INT8OID, TEXTOID, TEXTOID, BOOLOID,
				TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID,
				INT8OID)
	},
	[REPORT_CONVERSION] = {
		/* $1: the first day; $2: the first of those that count as now */
		"SELECT s.workspace_id, w.name, " SUM("s.asked", "s.day >= $2") ", "
		SUM("s.booked", "s.day >= $2") ", " SUM("s.asked", "s.day < $2") ", "
		SUM("s.booked", "s.day < $2")
		" FROM loopit.ingest_summary s"
		" LEFT JOIN loopit.workspace w ON w.id = s.workspace_id"
		" WHERE s.day >= $1 AND s.workspace_id IS NOT NULL"
		" GROUP BY s.workspace_id, w.name",
		ARGS(DATEOID, DATEOID),
		RESULTS(INT8OID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID)
	},
	[REPORT_DEALERSHIPS] = {
		/* $1: the first day */
		"SELECT d.id, d.workspace_id, w.name, COALESCE(s.leads, 0), s.first_day, s.last"
		" FROM loopit.dealership d"
		" LEFT JOIN loopit.workspace w ON w.id = d.workspace_id"
		" LEFT JOIN (SELECT i.dealership_id, pg_catalog.sum(i.count)::bigint AS leads,"
		"  pg_catalog.min(i.day) AS first_day, pg_catalog.max(i.last_seen) AS last"
		"  FROM loopit.ingest_summary i WHERE i.day >= $1 GROUP BY 1) s"
		" ON s.dealership_id = d.id ORDER BY 1",
		ARGS(DATEOID),
		RESULTS(INT8OID, INT8OID, TEXTOID, INT8OID, DATEOID, TIMESTAMPTZOID)
	},
	[REPORT_LOG] = {
		"SELECT pg_catalog.current_database()::text,"
		" (SELECT x.extversion FROM pg_catalog.pg_extension x WHERE x.extname = 'loopit_leads'),"
		" (SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(t.relid))::bigint FROM " LOG_TREE "),"
		" (SELECT CASE WHEN pg_catalog.bool_or(c.reltuples < 0) THEN -1"
		"  ELSE pg_catalog.sum(c.reltuples)::bigint END"
		"  FROM " LOG_TREE " JOIN pg_catalog.pg_class c ON c.oid = t.relid WHERE c.relkind = 'r'),"
		" (SELECT pg_catalog.min(l.received_at) FROM loopit.ingest_log l),"
		" (SELECT pg_catalog.count(*) FROM loopit.workspace),"
		" (SELECT pg_catalog.count(*) FROM loopit.dealership)",
		LOG_TABLE,
		ARGS(InvalidOid),
		RESULTS(TEXTOID, TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID)
	}
};

/*-------------------------------------------------------------------------
 *
 * count_sql.h
 *	  SQL text that adds rows of the log to the counts of their days.
 *
 * Both are parts of a WITH.  The source is what follows the log's rows r in
 * the FROM clause; purged is a constant, see loopit.ingest_day_count.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COUNT_SQL_H
#define LOOPIT_COUNT_SQL_H

#define ADD_COUNTS(source, purged) \
	"INSERT INTO loopit.ingest_day_count AS c (day, workspace_id," \
	"  dealership_id, status, reason, purged, leads, asked, booked, last_seen)" \
	" SELECT r.day, r.workspace_id, r.dealership_id, r.status, r.reason," \
	"  " purged ", pg_catalog.count(*)," \
	"  pg_catalog.count(*) FILTER (WHERE r.asked)," \
	"  pg_catalog.count(*) FILTER (WHERE r.booked)," \
	"  pg_catalog.max(r.received_at)" \
	" FROM loopit.ingest_log_result r " source \
	" GROUP BY r.day, r.workspace_id, r.dealership_id, r.status, r.reason" \
	" ON CONFLICT (day, workspace_id, dealership_id, status, reason, purged)" \
	" DO UPDATE SET leads = c.leads OPERATOR(pg_catalog.+) EXCLUDED.leads," \
	"  asked = c.asked OPERATOR(pg_catalog.+) EXCLUDED.asked," \
	"  booked = c.booked OPERATOR(pg_catalog.+) EXCLUDED.booked," \
	"  last_seen = GREATEST(c.last_seen, EXCLUDED.last_seen)" \
	" RETURNING leads"

#define ADD_ISSUES(source, purged) \
	"INSERT INTO loopit.ingest_day_issue AS c (day, workspace_id," \
	"  dealership_id, field, code, purged, leads)" \
	" SELECT r.day, r.workspace_id, r.dealership_id," \
	"  i.issue OPERATOR(pg_catalog.->>) 'field'," \
	"  i.issue OPERATOR(pg_catalog.->>) 'code', " purged ", pg_catalog.count(*)" \
	" FROM (SELECT r.* FROM loopit.ingest_log_result r " source ") r," \
	" LATERAL pg_catalog.jsonb_path_query(r.outcome, '$.issues[*]') AS i(issue)" \
	" WHERE i.issue OPERATOR(pg_catalog.->>) 'code' IS NOT NULL" \
	" GROUP BY 1, 2, 3, 4, 5" \
	" ON CONFLICT (day, workspace_id, dealership_id, field, code, purged)" \
	" DO UPDATE SET leads = c.leads OPERATOR(pg_catalog.+) EXCLUDED.leads"

#endif							/* LOOPIT_COUNT_SQL_H */

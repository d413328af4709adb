-- title: counts of days
-- makes: loopit.ingest_counted, loopit.ingest_day_count
-- makes: loopit.ingest_day_issue, loopit.ingest_late
-- makes: loopit.ingest_counted_until, loopit.ingest_log_result
-- makes: loopit.ingest_uncounted, loopit.ingest_summary
-- makes: loopit.ingest_issue_summary

CREATE TABLE IF NOT EXISTS loopit.ingest_counted (
	only_row	boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	counted_until date NOT NULL DEFAULT '-infinity',
	ended_until date NOT NULL DEFAULT '-infinity',
	ended_by	xid8,
	purged_until date NOT NULL DEFAULT '-infinity',
	checked_until date NOT NULL DEFAULT '-infinity'
);
INSERT INTO loopit.ingest_counted DEFAULT VALUES;
COMMENT ON TABLE loopit.ingest_counted IS
	'Which days of the log are counted; one row, written by loopit_purge_ingest_log().';
COMMENT ON COLUMN loopit.ingest_counted.counted_until IS
	'The days (UTC) before this one are counted.';
COMMENT ON COLUMN loopit.ingest_counted.ended_until IS
	'The days before this one were over when ended_by was the next transaction; they can be counted once no older one is in progress.';
COMMENT ON COLUMN loopit.ingest_counted.purged_until IS
	'Rows of days before this one have been purged, so these days are not counted again.';
COMMENT ON COLUMN loopit.ingest_counted.checked_until IS
	'How far the counts have been compared with the log; begins again at the end.';

CREATE TABLE IF NOT EXISTS loopit.ingest_day_count (
	day			date NOT NULL,
	workspace_id bigint,
	dealership_id bigint,
	leads		bigint NOT NULL,
	asked		bigint NOT NULL,
	booked		bigint NOT NULL,
	last_seen	timestamptz NOT NULL,
	purged		boolean NOT NULL,
	status		text COLLATE "C" NOT NULL,
	reason		text COLLATE "C",
	CONSTRAINT ingest_day_count_key UNIQUE NULLS NOT DISTINCT
		(day, workspace_id, dealership_id, status, reason, purged)
);
COMMENT ON TABLE loopit.ingest_day_count IS
	'The rows of loopit.ingest_log per day (UTC), workspace, dealership, status and reason; read it by loopit.ingest_summary.';
COMMENT ON COLUMN loopit.ingest_day_count.purged IS
	'True: counts of rows that were purged before their day was counted.';

CREATE TABLE IF NOT EXISTS loopit.ingest_day_issue (
	day			date NOT NULL,
	workspace_id bigint,
	dealership_id bigint,
	leads		bigint NOT NULL,
	purged		boolean NOT NULL,
	field		text COLLATE "C",
	code		text COLLATE "C" NOT NULL,
	CONSTRAINT ingest_day_issue_key UNIQUE NULLS NOT DISTINCT
		(day, workspace_id, dealership_id, field, code, purged)
);
COMMENT ON TABLE loopit.ingest_day_issue IS
	'The issues in the outcomes of loopit.ingest_log per day (UTC), workspace, dealership, field and code; read it by loopit.ingest_issue_summary.';
COMMENT ON COLUMN loopit.ingest_day_issue.purged IS
	'As in loopit.ingest_day_count.';

CREATE TABLE IF NOT EXISTS loopit.ingest_late (
	log_id		bigint PRIMARY KEY,
	received_at	timestamptz NOT NULL
);
COMMENT ON TABLE loopit.ingest_late IS
	'Rows of loopit.ingest_log that were written after the day of their received_at; loopit_purge_ingest_log() adds them to the counts of that day.';

-- A clock that was ahead, and was set back, may have counted days that are not over.
CREATE OR REPLACE VIEW loopit.ingest_counted_until AS
SELECT LEAST(c.day, (pg_catalog.now() AT TIME ZONE 'UTC')::date) AS day,
	LEAST(c.day, (pg_catalog.now() AT TIME ZONE 'UTC')::date)::timestamp
		AT TIME ZONE 'UTC' AS day_start
FROM (SELECT COALESCE(pg_catalog.max(counted_until), '-infinity') AS day
	FROM loopit.ingest_counted) c;
COMMENT ON VIEW loopit.ingest_counted_until IS
	'The first day (UTC) whose rows loopit.ingest_summary reads in the log, and its beginning.';

CREATE OR REPLACE VIEW loopit.ingest_log_result AS
SELECT l.id, l.received_at, (l.received_at AT TIME ZONE 'UTC')::date AS day,
	l.workspace_id, l.dealership_id, l.status,
	COALESCE(l.reason, l.booking_reason,
		CASE WHEN l.booking_action = 'unchanged'
			AND l.outcome @> '{"issues": [{"code": "booking_conflict"}]}'
			THEN 'booking_conflict' END) AS reason,
	l.asked_for_booking AS asked,
	l.asked_for_booking AND l.booking_action <> 'skipped' AS booked,
	l.outcome
FROM loopit.ingest_log l;
COMMENT ON VIEW loopit.ingest_log_result IS
	'What is counted of a row of loopit.ingest_log.';

-- The upper bound excludes nothing, and the limit is NULL, which is no limit.  Both
-- lower the planner's estimate: it expects a range to be small, and an unknown limit
-- to return a tenth of the rows.  It adds up the estimates of all partitions, and the
-- server would otherwise compile the query (JIT), which takes minutes.
CREATE OR REPLACE VIEW loopit.ingest_uncounted AS
(SELECT r.day, r.workspace_id, r.dealership_id, r.status, r.reason, r.asked,
	r.booked, r.received_at, r.outcome
FROM loopit.ingest_log_result r
WHERE r.received_at >= (SELECT u.day_start FROM loopit.ingest_counted_until u)
AND r.received_at <= 'infinity'
LIMIT (SELECT NULL::bigint))
UNION ALL
SELECT r.day, r.workspace_id, r.dealership_id, r.status, r.reason, r.asked,
	r.booked, r.received_at, r.outcome
FROM loopit.ingest_late n
JOIN loopit.ingest_log_result r ON r.id = n.log_id AND r.received_at = n.received_at
WHERE n.received_at < (SELECT u.day_start FROM loopit.ingest_counted_until u);
COMMENT ON VIEW loopit.ingest_uncounted IS
	'The rows of loopit.ingest_log that are not in loopit.ingest_day_count.';

CREATE OR REPLACE VIEW loopit.ingest_summary AS
SELECT s.day, s.workspace_id, s.status, s.reason,
	pg_catalog.sum(s.leads)::bigint AS count, pg_catalog.max(s.last_seen) AS last_seen,
	s.dealership_id, pg_catalog.sum(s.asked)::bigint AS asked,
	pg_catalog.sum(s.booked)::bigint AS booked
FROM (
	SELECT c.day, c.workspace_id, c.dealership_id, c.status, c.reason, c.leads,
		c.asked, c.booked, c.last_seen
	FROM loopit.ingest_day_count c
	WHERE c.purged OR c.day < (SELECT u.day FROM loopit.ingest_counted_until u)
	UNION ALL
	SELECT r.day, r.workspace_id, r.dealership_id, r.status, r.reason, 1,
		r.asked::int, r.booked::int, r.received_at
	FROM loopit.ingest_uncounted r
) s
GROUP BY s.day, s.workspace_id, s.dealership_id, s.status, s.reason;
COMMENT ON VIEW loopit.ingest_summary IS
	'Counts per day (UTC), workspace, dealership, status and reason: the alarm for leads that do not appear. Purged rows stay counted.';

-- The planner expects 100 elements of an array, and 1,000 results of a path.
CREATE OR REPLACE VIEW loopit.ingest_issue_summary AS
SELECT s.day, s.workspace_id, s.dealership_id, s.field, s.code,
	pg_catalog.sum(s.leads)::bigint AS leads
FROM (
	SELECT c.day, c.workspace_id, c.dealership_id, c.field, c.code, c.leads
	FROM loopit.ingest_day_issue c
	WHERE c.purged OR c.day < (SELECT u.day FROM loopit.ingest_counted_until u)
	UNION ALL
	SELECT r.day, r.workspace_id, r.dealership_id, i.issue ->> 'field', i.issue ->> 'code', 1
	FROM loopit.ingest_uncounted r,
		LATERAL pg_catalog.jsonb_array_elements(
			pg_catalog.jsonb_path_query_array(r.outcome, '$.issues[*]')) AS i(issue)
	WHERE i.issue ->> 'code' IS NOT NULL
) s
GROUP BY s.day, s.workspace_id, s.dealership_id, s.field, s.code;
COMMENT ON VIEW loopit.ingest_issue_summary IS
	'Counts per day (UTC), workspace, dealership, field and code of the issues in the outcomes. Purged rows stay counted.';

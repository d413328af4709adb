-- Days that are over are counted by loopit_purge_ingest_log(), and
-- loopit.ingest_summary and loopit.ingest_issue_summary are right at any time.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- A day is given by how many days it is ago.
CREATE FUNCTION test.today() RETURNS date LANGUAGE sql RETURN (clock_timestamp() AT TIME ZONE 'UTC')::date;
CREATE FUNCTION test.at(ago int, "time" interval DEFAULT '10 hours') RETURNS timestamptz LANGUAGE sql
	RETURN (test.today() - ago)::timestamp AT TIME ZONE 'UTC' + "time";
CREATE FUNCTION test.ago(day date) RETURNS int LANGUAGE sql RETURN test.today() - day;
-- Ingests a lead, and makes a row of that time of its row, as if it had come then.
CREATE FUNCTION test.deliver(received_at timestamptz, more jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := loopit_ingest_lead(test.lead(more))->>'log_id';
BEGIN
	UPDATE loopit.ingest_log l SET received_at = deliver.received_at WHERE id = n;
	RETURN n;
END $$;
-- The same as the views, by the log alone.
CREATE VIEW test.summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
	coalesce(reason, booking_reason, CASE WHEN jsonb_path_exists(outcome, '$.issues[*] ? (@.code == "booking_conflict")') THEN 'booking_conflict' END) AS reason,
	count(*) AS count, max(received_at) AS last_seen, dealership_id,
	count(*) FILTER (WHERE asked_for_booking) AS asked, count(*) FILTER (WHERE booking_action IN ('created', 'unchanged')) AS booked
FROM loopit.ingest_log GROUP BY 1, 2, 3, 4, 7;
CREATE VIEW test.issue_summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, dealership_id, i->>'field' AS field, i->>'code' AS code, count(*) AS leads
FROM loopit.ingest_log, jsonb_array_elements(outcome->'issues') i GROUP BY 1, 2, 3, 4, 5;
CREATE FUNCTION test.differences() RETURNS TABLE (view text, side text, differing text) LANGUAGE sql AS $$
	SELECT 'summary', 'view', d::text FROM (TABLE loopit.ingest_summary EXCEPT ALL TABLE test.summary) d
	UNION ALL SELECT 'summary', 'log', d::text FROM (TABLE test.summary EXCEPT ALL TABLE loopit.ingest_summary) d
	UNION ALL SELECT 'issues', 'view', d::text FROM (TABLE loopit.ingest_issue_summary EXCEPT ALL TABLE test.issue_summary) d
	UNION ALL SELECT 'issues', 'log', d::text FROM (TABLE test.issue_summary EXCEPT ALL TABLE loopit.ingest_issue_summary) d
$$;
-- What is counted of each day.
CREATE FUNCTION test.counted(OUT ago int, OUT leads bigint, OUT purged boolean) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT test.ago(day), sum(c.leads)::bigint, c.purged FROM loopit.ingest_day_count c GROUP BY 1, 3 ORDER BY 1 DESC, 3
$$;
CREATE FUNCTION test.state(OUT counted int, OUT purged int) LANGUAGE sql AS $$
	SELECT CASE WHEN isfinite(counted_until) THEN test.ago(counted_until) END,
		CASE WHEN isfinite(purged_until) THEN test.ago(purged_until) END FROM loopit.ingest_counted
$$;
SELECT * FROM loopit.ingest_summary \gdesc
SELECT * FROM loopit.ingest_issue_summary \gdesc

-- Nothing to count.
SELECT * FROM test.state();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT count(*) FROM loopit.ingest_summary;

-- Leads of six days, of all kinds: also a booking that comes again, and one with
-- which a lead conflicts.
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
CREATE VIEW test.kind AS SELECT * FROM (VALUES
	('processed', '{"id": "a"}'::jsonb), ('rejected', '{"id": "b", "dealership": {"id": 999}}'),
	('no workspace', '{"id": "c", "dealership": {}}'), ('failed', '{"id": "d", "prospect": {"first_name": "Bea"}}'),
	('not booked', '{"id": "e", "item": {"vin": "LATE"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('booked', '{"id": "f", "item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('conflict', '{"id": "f", "item": {"vin": "VIN89"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('issues', '{"id": "g", "dealership": {"id": 357}, "prospect": {"address": {"street": "1 High St", "state": "nowhere"}, "first_name": "N/A", "last_name": []}}')
	) v(kind, more);
SELECT count(test.deliver(test.at(ago), more)) FROM unnest('{9,8,6,2,1}'::int[]) ago, test.kind;
SELECT count(test.deliver(test.at(0, '0'), more)) FROM test.kind;
SELECT * FROM test.differences();
SELECT status, reason, count, asked, booked, dealership_id FROM loopit.ingest_summary WHERE test.ago(day) = 6 ORDER BY 1, 2, 6;
SELECT field, code, leads, dealership_id FROM loopit.ingest_issue_summary WHERE test.ago(day) = 6 ORDER BY 1, 2, 4;

-- The call counts the days before today, and nothing else changes.
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT * FROM test.counted();
SELECT * FROM test.differences();
-- it is the counts that are read
BEGIN;
UPDATE loopit.ingest_day_count SET leads = leads + 1000;
SELECT test.ago(day), min(count) > 1000 AS by_counts FROM loopit.ingest_summary GROUP BY 1 ORDER BY 1 DESC;
ROLLBACK;
-- again: nothing is counted twice
SELECT loopit_purge_ingest_log('1 year');
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.counted();
SELECT * FROM test.differences();

-- A row that comes later for a counted day and is noted: the summary has it at
-- once, and the next call adds it to the counts.
WITH late AS (SELECT test.deliver(test.at(8), more) AS id FROM test.kind)
INSERT INTO loopit.ingest_late SELECT id, test.at(8) FROM late;
SELECT * FROM test.counted() WHERE ago = 8;
SELECT * FROM test.differences();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.counted() WHERE ago = 8;
SELECT count(*) FROM loopit.ingest_late;
SELECT * FROM test.differences();
-- of a day that had no lead, and before all that are counted
WITH late AS (SELECT ago, test.deliver(test.at(ago), '{"id": "late"}') AS id FROM unnest('{7,30}'::int[]) ago)
INSERT INTO loopit.ingest_late SELECT id, test.at(ago) FROM late;
SELECT * FROM test.differences();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.counted();
SELECT * FROM test.differences();

-- One that is not noted, as after a clock was set back: the next call finds it.
SELECT test.deliver(test.at(1), '{"id": "back"}') > 0 AS done;
SELECT view, side FROM test.differences() ORDER BY 1, 2;
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.differences();
-- of an older day: one of the next calls, as each compares a week
SELECT test.deliver(test.at(9), '{"id": "loaded"}') > 0 AS done;
SELECT loopit_purge_ingest_log('1 year') FROM generate_series(1, 4);
SELECT loopit_purge_ingest_log('1 year');
SELECT loopit_purge_ingest_log('1 year');
SELECT loopit_purge_ingest_log('1 year');
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.counted() WHERE ago = 9;
SELECT * FROM test.differences();

-- A clock that was ahead by three days, and had them counted.
SELECT count(test.deliver(test.at(-2), more)) FROM test.kind;
SELECT * FROM test.differences();
BEGIN;
INSERT INTO loopit.ingest_day_count (day, workspace_id, dealership_id, leads, asked, booked, last_seen, purged, status, reason)
SELECT day, workspace_id, dealership_id, count, asked, booked, last_seen, false, status, reason FROM test.summary WHERE test.ago(day) <= 0;
INSERT INTO loopit.ingest_day_issue (day, workspace_id, dealership_id, leads, purged, field, code)
SELECT day, workspace_id, dealership_id, leads, false, field, code FROM test.issue_summary WHERE test.ago(day) <= 0;
UPDATE loopit.ingest_counted SET counted_until = test.today() + 3, ended_until = test.today() + 3;
COMMIT;
-- the summary takes no day for over that is not
SELECT test.deliver(test.at(0, '0'), '{"id": "today"}') > 0 AS done;
SELECT * FROM test.differences();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT * FROM test.differences();
SELECT * FROM test.counted() WHERE ago <= 0;
DELETE FROM loopit.ingest_log WHERE received_at > now() + interval '1 day';

-- Purged rows stay counted: those of counted days, ...
CREATE TABLE test.before AS TABLE loopit.ingest_summary;
CREATE TABLE test.issues_before AS TABLE loopit.ingest_issue_summary;
SELECT loopit_purge_ingest_log('5 days', '7 days');
SELECT * FROM test.state();
SELECT loopit_purge_ingest_log('5 days') > 0 AS more;
SELECT count(*) FROM (TABLE loopit.ingest_summary EXCEPT TABLE test.before) s;
SELECT count(*) FROM (TABLE test.before EXCEPT TABLE loopit.ingest_summary) s;
-- ... a late one that is purged before it was counted, ...
WITH late AS (SELECT test.deliver(test.at(6), '{"id": "late and purged"}') AS id)
INSERT INTO loopit.ingest_late SELECT id, test.at(6) FROM late;
SELECT loopit_purge_ingest_log('5 days');
SELECT b.count AS before, s.count FROM test.before b JOIN loopit.ingest_summary s USING (day, workspace_id, dealership_id, status)
WHERE test.ago(day) = 6 AND b.reason IS NULL AND s.reason IS NULL AND b.dealership_id = 356;
-- ... and those of today, some of which come after that.
DELETE FROM test.before;
INSERT INTO test.before TABLE loopit.ingest_summary;
SELECT loopit_purge_ingest_log('0', NULL, 5);
SELECT loopit_purge_ingest_log('0') > 0 AS more;
SELECT count(*) FROM loopit.ingest_log;
SELECT count(*) FROM (TABLE loopit.ingest_summary EXCEPT TABLE test.before) s;
SELECT count(*) FROM (TABLE test.before EXCEPT TABLE loopit.ingest_summary) s;
SELECT * FROM test.counted() WHERE ago = 0;
SELECT test.deliver(test.at(0, '0'), '{"id": "after"}') > 0 AS done;
SELECT sum(count) - (SELECT sum(count) FROM test.before) AS more FROM loopit.ingest_summary;
-- the next day
UPDATE loopit.ingest_day_count SET day = day - 1000;
UPDATE loopit.ingest_day_count SET day = day + 999;
UPDATE loopit.ingest_day_issue SET day = day - 1000;
UPDATE loopit.ingest_day_issue SET day = day + 999;
UPDATE loopit.ingest_log SET received_at = received_at - interval '1 day';
UPDATE loopit.ingest_counted SET counted_until = counted_until - 1, ended_until = ended_until - 1, purged_until = purged_until - 1;
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.counted() WHERE ago = 1;
SELECT sum(count) - (SELECT sum(count) FROM test.before) AS more FROM loopit.ingest_summary;

-- In a transaction that has written already, a call cannot tell which others are
-- older; it leaves the days to another call.
SELECT test.deliver(test.at(0), '{"id": "own transaction"}') > 0 AS done;
UPDATE loopit.ingest_log SET received_at = received_at - interval '1 day';
UPDATE loopit.ingest_counted SET counted_until = '-infinity', ended_until = '-infinity', ended_by = NULL, purged_until = '-infinity';
DELETE FROM loopit.ingest_day_count;
DELETE FROM loopit.ingest_day_issue;
BEGIN;
CREATE TEMP TABLE written AS SELECT 1;
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
COMMIT;
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT * FROM test.differences();

-- A limited number of days per call, oldest first.
SELECT count(test.deliver(test.at(ago), '{}')) FROM generate_series(100, 140) ago;
UPDATE loopit.ingest_counted SET counted_until = '-infinity';
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT * FROM test.differences();
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.state();
SELECT * FROM test.differences();

-- Outcomes of another shape, which an owner may have written, are no issues.
BEGIN;
UPDATE loopit.ingest_log l SET outcome = (ARRAY['{}', '[]', '1', '{"issues": 1}', '{"issues": [1, null, {}, {"code": 1}, {"field": {}, "code": []}]}']::jsonb[])[1 + n % 5]
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM loopit.ingest_log) s WHERE s.id = l.id;
UPDATE loopit.ingest_counted SET counted_until = '-infinity';
SELECT DISTINCT field, code FROM loopit.ingest_issue_summary ORDER BY 1, 2;
SELECT loopit_purge_ingest_log('1 year');
ROLLBACK;

-- A restored dump may bring a transaction number that is ahead: it counts for
-- nothing.  One that is not ended is waited for.
BEGIN;
UPDATE loopit.ingest_counted SET counted_until = '-infinity', ended_until = test.today() - 1, ended_by = '1000000000000';
SELECT loopit_purge_ingest_log('1 year');
SELECT ended_by < '1000000000000' AS replaced FROM loopit.ingest_counted;
ROLLBACK;

-- The row of what is counted is made again if it is gone: all is counted anew.
DELETE FROM loopit.ingest_counted;
SELECT count(*) > 0 AS reads_the_log FROM loopit.ingest_summary;
SELECT loopit_purge_ingest_log('1 year') FROM generate_series(1, 2);
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.differences();

-- Who may read it: whoever may read the summary, and no table of it.
CREATE ROLE regress_loopit_monitor;
GRANT USAGE ON SCHEMA loopit TO regress_loopit_monitor;
GRANT SELECT ON loopit.ingest_summary, loopit.ingest_issue_summary TO regress_loopit_monitor;
SET ROLE regress_loopit_monitor;
SELECT count(*) > 0 AS read FROM loopit.ingest_summary;
SELECT count(*) > 0 AS read FROM loopit.ingest_issue_summary;
SELECT count(*) FROM loopit.ingest_day_count;
SELECT count(*) FROM loopit.ingest_uncounted;
RESET ROLE;
DROP OWNED BY regress_loopit_monitor;
DROP ROLE regress_loopit_monitor;
DROP TABLE test.before, test.issues_before;
DROP VIEW test.kind;
DROP FUNCTION test.differences, test.counted, test.state, test.deliver, test.at, test.ago;
DROP VIEW test.summary, test.issue_summary;
DROP FUNCTION test.today;
\ir :done

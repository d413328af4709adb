-- loopit_metrics().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SELECT * FROM loopit_metrics() \gdesc
-- Seconds in days, as far as they are not those of this test.
CREATE VIEW test.metric AS
SELECT metric, workspace_id AS ws, dealership_id AS dealership, label,
	CASE metric WHEN 'loopit_log_bytes' THEN (value > 0)::text
		ELSE CASE WHEN metric ~ '_seconds$' THEN round(value / 86400) ELSE value END::text END AS value
FROM loopit_metrics();
-- No lead: the dealerships, none of which has sent one, and the log.
TABLE test.metric ORDER BY 1, 2, 3, 4;

-- Leads of today: processed, with a booking and one that comes again, without the
-- one they asked for, rejected, failed.
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
CREATE VIEW test.kind AS SELECT * FROM (VALUES
	('{"id": "a"}'::jsonb), ('{"id": "b", "item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('{"id": "b", "item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('{"id": "c", "item": {"vin": "LATE1"}, "additional_details": {"subscription_plan": "Premium"}}'),
	('{"id": "d", "item": {"vin": "LATE2"}, "additional_details": {"subscription_plan": "Premium"}, "dealership": {"id": 357}}'),
	('{"id": "e", "prospect": {"email": "nobody"}}'), ('{"id": "f", "prospect": {"first_name": "Bea"}}'),
	('{"id": "g", "dealership": {"id": 900}}')) v(lead);
SELECT count(loopit_ingest_lead(test.lead(lead))) FROM test.kind;
-- A sender chooses the dealership: those that nobody has configured have no name here.
SELECT count(loopit_ingest_lead(jsonb_build_object('id', n, 'dealership', jsonb_build_object('id', 1000 + n), 'prospect', '{"email": "o''neil@example.com"}'::jsonb))) FROM generate_series(1, 20) n;
SELECT count(loopit_ingest_webhook('<secret@example.com>'::bytea)) FROM generate_series(1, 2);
TABLE test.metric ORDER BY 1, 2, 3, 4;
-- no column is NULL, and nothing is there twice
SELECT count(*) FROM loopit_metrics() m WHERE num_nulls(metric, workspace_id, dealership_id, label, value) > 0;
SELECT metric, workspace_id, dealership_id, label FROM loopit_metrics() GROUP BY 1, 2, 3, 4 HAVING count(*) > 1;
-- the totals are those of the summary
SELECT (SELECT sum(value) FROM loopit_metrics() WHERE metric = 'loopit_leads_total') = sum(count) AS leads,
	(SELECT sum(value) FROM loopit_metrics() WHERE metric = 'loopit_leads_asked_total') = sum(asked) AS asked,
	(SELECT sum(value) FROM loopit_metrics() WHERE metric = 'loopit_leads_booked_total') = sum(booked) AS booked
FROM loopit.ingest_summary;

-- A replay settles what was open, and is no delivery of the dealership.
UPDATE loopit.ingest_log SET received_at = received_at - interval '4 days' WHERE lead_reference = 'd';
INSERT INTO loopit.asset (workspace_id, vin) VALUES (7, 'LATE2');
INSERT INTO loopit.asset_location SELECT 7, id, 3, 1 FROM loopit.asset WHERE vin = 'LATE2';
SELECT * FROM test.metric WHERE dealership = '357' ORDER BY 1, 4;
SELECT loopit_replay_lead(log_id)#>'{booking,action}' AS booking FROM loopit.unresolved_lead WHERE dealership_id = 357;
SELECT * FROM test.metric WHERE dealership = '357' ORDER BY 1, 4;

-- The counters are those of today; nothing is in the future.
UPDATE loopit.ingest_log SET received_at = received_at - interval '1 day' WHERE dealership_id = 356;
UPDATE loopit.ingest_log SET received_at = received_at + interval '1 day' WHERE dealership_id = 900;
SELECT * FROM test.metric WHERE dealership IN ('356', '900') ORDER BY 1, 3, 4;
-- what is purged stays counted
SELECT sum(value) AS total FROM loopit_metrics() WHERE metric = 'loopit_leads_total' \gset
SELECT loopit_purge_ingest_log('0') > 20 AS purged;
SELECT sum(value) = :total AS same FROM loopit_metrics() WHERE metric = 'loopit_leads_total';
SELECT * FROM test.metric WHERE metric ~ 'open|oldest' ORDER BY 1, 2, 3, 4;

-- Who may call it, and in a transaction that writes nothing.
CREATE ROLE regress_loopit_monitor;
SET ROLE regress_loopit_monitor;
SELECT count(*) FROM loopit_metrics();
RESET ROLE;
GRANT EXECUTE ON FUNCTION loopit_metrics() TO regress_loopit_monitor;
SET ROLE regress_loopit_monitor;
BEGIN READ ONLY;
SELECT count(*) > 5 AS metrics FROM loopit_metrics();
COMMIT;
SELECT count(*) FROM loopit.ingest_summary;
RESET ROLE;
DROP OWNED BY regress_loopit_monitor;
DROP ROLE regress_loopit_monitor;
-- columns of another type, which the owner may make, are no crash
\set VERBOSITY sqlstate
BEGIN;
DROP VIEW loopit.ingest_log_result CASCADE;
CREATE VIEW loopit.ingest_log_result AS SELECT received_at, 'x'::text AS workspace_id, 1.5 AS dealership_id, 4 AS status, true AS asked, true AS booked FROM loopit.ingest_log;
SELECT count(*) > 0 FROM loopit_metrics();
ROLLBACK;
BEGIN;
DROP VIEW loopit.unresolved_lead;
SELECT count(*) > 0 FROM loopit_metrics();
ROLLBACK;
DROP VIEW test.metric, test.kind;
\ir :done

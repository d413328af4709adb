-- The demonstration of script/demo.  :examples is the folder of the payloads.
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset null '-'
\set dealership :examples '/dealership.sql'
\cd :examples

\echo
\echo '=== CREATE EXTENSION loopit_leads;  as the owner of the tables:'
\echo '=== SELECT * FROM loopit_setup();'
\echo
CREATE EXTENSION loopit_leads;
CREATE ROLE loopit_owner;
CREATE SCHEMA loopit AUTHORIZATION loopit_owner;
GRANT EXECUTE ON FUNCTION loopit_setup TO loopit_owner;
SET ROLE loopit_owner;
SELECT step, title, CASE WHEN done LIKE 'created%' THEN 'created' ELSE done END AS done
FROM loopit_setup();
RESET ROLE;

\ir :dealership
\echo '=== The specification''s example:  SELECT * FROM jsonb_each(loopit_ingest_lead(:payload));'
\echo
\set payload `cat dealer-studio.json`
SELECT * FROM jsonb_each(loopit_ingest_lead(:'payload'));

\echo '=== The same lead again: nothing changes, and nothing is stored twice.'
\echo
SELECT outcome->>'status' AS status, outcome#>>'{person,action}' AS person,
	outcome#>>'{address,action}' AS address, outcome#>>'{driver_licence,action}' AS driver_licence,
	outcome#>>'{booking,action}' AS booking, outcome#>>'{booking,id}' AS booking_id
FROM loopit_ingest_lead(:'payload') AS outcome;

\set payload `cat partial.json`
\echo '=== A partial lead: the person is stored, with all reasons why the rest is not.'
\echo
SELECT outcome->>'status' AS status, outcome#>>'{person,action}' AS person,
	outcome#>>'{driver_licence,reason}' AS driver_licence, outcome#>>'{booking,reason}' AS booking
FROM loopit_ingest_lead(:'payload') AS outcome;
\pset tuples_only on
\pset format unaligned
SELECT (issue->>'code') || E'\n    ' || (issue->>'message') || coalesce(E'\n    hint: ' || (issue->>'hint'), '')
FROM loopit.ingest_log, jsonb_array_elements(outcome->'issues') issue
WHERE lead_reference = '1759347';
\echo
\pset tuples_only off
\pset format aligned

\set payload `cat bad.json`
\echo '=== A bad lead: rejected; all faults are reported at once.'
\echo
SELECT outcome->>'status' AS status, outcome->>'reason' AS reason
FROM loopit_ingest_lead(:'payload') AS outcome;
SELECT issue->>'code' AS code, issue->>'field' AS field, issue->>'hint' AS hint
FROM loopit.ingest_log, jsonb_array_elements(outcome->'issues') issue
WHERE lead_reference = '1759348';

\set payload `cat unknown-dealership.json`
\echo '=== A lead for a dealership that is not configured yet.'
\echo
SELECT outcome->>'status' AS status, outcome->>'reason' AS reason
FROM loopit_ingest_lead(:'payload') AS outcome;

\set body `base64 -w 0 dealer-studio-as-published.txt`
\echo '=== The raw body as published, with its trailing comma:'
\echo '=== SELECT loopit_ingest_webhook(:body);'
\echo
SELECT outcome->>'status' AS status, outcome#>>'{booking,action}' AS booking,
	outcome#>>'{issues,0,code}' AS issue
FROM loopit_ingest_webhook(decode(:'body', 'base64')) AS outcome;

\echo '=== The log has one row for each delivery:  SELECT … FROM loopit.ingest_log'
\echo
SELECT id, status, reason, dealership_id AS dealership, lead_reference AS lead, email,
	person_action AS person, booking_action AS booking, booking_reason
FROM loopit.ingest_log ORDER BY id;

\echo '=== Leads that are still unresolved:  SELECT … FROM loopit.unresolved_lead'
\echo
SELECT log_id, dealership_id AS dealership, lead_reference AS lead, status, reason
FROM loopit.unresolved_lead ORDER BY log_id;

\echo '=== When the dealership is configured, one statement ingests its leads:'
\echo '=== SELECT loopit_replay_lead(log_id) FROM loopit.unresolved_lead'
\echo '===     WHERE reason = ''workspace_not_found'';'
\echo
INSERT INTO loopit.dealership (id, workspace_id) VALUES (999, 7);
SELECT outcome->>'log_id' AS log_id, outcome->>'status' AS status,
	outcome#>>'{person,action}' AS person, outcome#>>'{booking,action}' AS booking
FROM loopit.unresolved_lead, loopit_replay_lead(log_id) AS outcome
WHERE reason = 'workspace_not_found';
SELECT log_id, lead_reference AS lead, status, reason FROM loopit.unresolved_lead ORDER BY log_id;

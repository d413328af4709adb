-- An id 0 is an id like any other that does not exist, in every function: inside
-- it stands for none, and must not be taken for it.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- A dealership 0.
SELECT o->>'status' AS status, o->>'reason' AS reason, o->'workspace_id' AS workspace, test.issues(o) AS issues
FROM (VALUES ('0'::jsonb), ('0.0'), ('"0"'), ('"000"'), ('-0'), ('-1')) v(id), LATERAL loopit_ingest_lead(test.lead() || jsonb_build_object('dealership', jsonb_build_object('id', id))) o;
SELECT DISTINCT dealership_id, workspace_id FROM loopit.ingest_log ORDER BY 1;
SELECT DISTINCT log_id > 0 AS log_id, dealership_id, workspace_id, person_id, booking_id FROM loopit_find_leads() ORDER BY 2;
SELECT o->>'status' AS status, o->>'reason' AS reason FROM loopit_validate_lead(test.lead() || '{"dealership": {"id": 0}}') o;

-- A row 0 of the log: none is made, and if somebody makes one it is no row that
-- can be replayed or dismissed.
CREATE FUNCTION test.error(call text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call INTO message;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT * FROM test.error('SELECT loopit_replay_lead(0)');
SELECT * FROM test.error($$SELECT loopit_dismiss_lead(0, 'x')$$);
INSERT INTO loopit.ingest_log (id, received_at, duration_us, payload_version, asked_for_booking, status, reason, person_action, booking_action, ingested_by, outcome, payload)
OVERRIDING SYSTEM VALUE VALUES (0, now(), 1, 1, false, 'rejected', 'dealership_missing', 'skipped', 'skipped', 'x', '{"person": {"id": null}}', '{}');
SELECT * FROM test.error('SELECT loopit_replay_lead(0)');
SELECT * FROM test.error($$SELECT loopit_dismiss_lead(0, 'x')$$);
SELECT count(*) FROM loopit.ingest_log WHERE replay_of = 0 OR dismissed_at IS NOT NULL;

-- A workspace 0.
SELECT count(loopit_ingest_lead(test.lead()));
SELECT loopit_forget_person(0, (SELECT email FROM loopit.person));
SELECT count(*) AS persons FROM loopit.person;
DROP FUNCTION test.error;
\ir :done

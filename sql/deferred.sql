-- A constraint that a DBA defers to COMMIT raises there, and takes the log row
-- with it: nothing of the lead is left, and nothing says that it was stored.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE FUNCTION test.object_to_zed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.last_name = 'Zed' THEN
		RAISE 'nobody is called Zed' USING ERRCODE = 'check_violation';
	END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER object_to_zed AFTER INSERT OR UPDATE ON loopit.person
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.object_to_zed();
SELECT test.lead('{"prospect": {"last_name": "Zed"}}') AS zed,
	test.lead('{"id": 2, "prospect": {"email": "bea@example.com", "last_name": "Abe"}}') AS abe \gset

-- In a transaction of its own the call's statement fails as a whole.
SELECT status, person FROM test.short(loopit_ingest_lead(:'zed'));
\echo :LAST_ERROR_SQLSTATE
SELECT (SELECT count(*) FROM loopit.person) AS persons, (SELECT count(*) FROM loopit.ingest_log) AS log_rows;

-- In a longer one COMMIT fails, for every lead in it.
BEGIN;
SELECT status, person FROM test.short(loopit_ingest_lead(:'abe'));
SELECT status, person FROM test.short(loopit_ingest_lead(:'zed'));
SELECT (SELECT count(*) FROM loopit.person) AS persons, (SELECT count(*) FROM loopit.ingest_log) AS log_rows;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
SELECT (SELECT count(*) FROM loopit.person) AS persons, (SELECT count(*) FROM loopit.ingest_log) AS log_rows;

-- Checked at once, it is an error like any of the lead's: caught, and logged.
BEGIN;
SET CONSTRAINTS loopit.object_to_zed IMMEDIATE;
SELECT status, person FROM test.short(loopit_ingest_lead(:'abe'));
SELECT status, person FROM test.short(loopit_ingest_lead(:'zed'));
COMMIT;
SELECT (SELECT count(*) FROM loopit.person) AS persons, (SELECT count(*) FROM loopit.ingest_log) AS log_rows;
SELECT outcome->'error'->>'sqlstate' AS sqlstate, lead_reference, person_id
FROM loopit.ingest_log WHERE status = 'failed';

-- The same with a foreign key of the DBA's, which ingestion cannot know.
CREATE TABLE test.crm (email text PRIMARY KEY);
INSERT INTO test.crm SELECT email FROM loopit.person;
ALTER TABLE loopit.person ADD CONSTRAINT person_in_crm FOREIGN KEY (email) REFERENCES test.crm
	DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"id": 3, "prospect": {"email": "cid@example.com"}}')));
COMMIT;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"id": 3, "prospect": {"email": "cid@example.com"}}')));
INSERT INTO test.crm VALUES ('cid@example.com');
COMMIT;
SELECT email FROM loopit.person ORDER BY email;
SELECT lead_reference, status FROM loopit.ingest_log ORDER BY id;
\ir :done
SET client_min_messages = warning;
DROP TABLE test.crm CASCADE;
DROP FUNCTION test.object_to_zed CASCADE;

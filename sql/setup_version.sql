-- The version of the schema that the library requires: on an older one each
-- function that reads or writes data raises, and says what to do.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\ir :fresh
CREATE TEMP TABLE call AS SELECT * FROM (VALUES
	($$SELECT loopit_ingest_lead('{}')$$), ($$SELECT loopit_ingest_webhook('{')$$),
	($$SELECT loopit_validate_lead('{}')$$), ('SELECT loopit_replay_lead(1)'),
	($$SELECT loopit_dismiss_lead(1, 'spam')$$), ('SELECT * FROM loopit_find_leads()'),
	($$SELECT loopit_forget_person(7, 'a@example.com')$$),
	($$SELECT loopit_purge_ingest_log('1 day')$$)) v(call);
-- What each of them answers once the session has looked the version up again:
-- it remembers a sufficient one until a relation of the extension changes.
CREATE FUNCTION test.answers(OUT calls bigint, OUT state text, OUT message text, OUT hint text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	c text;
BEGIN
	ALTER TABLE loopit.asset SET (fillfactor = 100);
	CREATE TEMP TABLE answer (state text, message text, hint text);
	FOR c IN SELECT call.call FROM call LOOP
		BEGIN
			EXECUTE c;
			INSERT INTO answer VALUES ('00000');
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
			INSERT INTO answer VALUES (state, regexp_replace(message, '(requires) version \d+', '\1 version N'), hint);
		END;
	END LOOP;
	RETURN QUERY SELECT count(*), a.state, a.message, a.hint FROM answer a GROUP BY 2, 3, 4 ORDER BY 2, 3;
	DROP TABLE answer;
END $$;
CREATE FUNCTION test.required() RETURNS int LANGUAGE sql AS $$ SELECT max(step) FROM loopit_setup_steps() $$;

-- as set up: only the calls about a row that is not there raise
SELECT * FROM test.answers();

-- One step behind, far behind, without a note, and with notes that say nothing.
DELETE FROM loopit.schema_version WHERE step = test.required();
SELECT state, message = format('schema "loopit" is of version %s, and the library requires version N',
	test.required() - 1) AS message, hint, calls FROM test.answers();
DELETE FROM loopit.schema_version WHERE step > 1;
SELECT * FROM test.answers();
TRUNCATE loopit.schema_version;
SELECT * FROM test.answers();
INSERT INTO loopit.schema_version VALUES (-2147483648, 'least');
SELECT * FROM test.answers();
ALTER TABLE loopit.schema_version DROP CONSTRAINT schema_version_pkey;
ALTER TABLE loopit.schema_version ALTER step DROP NOT NULL;
INSERT INTO loopit.schema_version VALUES (NULL, 'null');
SELECT * FROM test.answers();
-- nothing is logged
SELECT count(*) FROM loopit.ingest_log WHERE status = 'failed';
-- a newer schema serves
INSERT INTO loopit.schema_version VALUES (2147483647, 'most');
SELECT calls, state FROM test.answers();

-- What is seen is what is committed or ours, whatever the snapshot.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM loopit.schema_version;
SELECT calls, state FROM test.answers();
ROLLBACK;
SELECT calls, state FROM test.answers();

-- A table of another shape, or what is no table.
CREATE FUNCTION test.as_table(definition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS loopit.schema_version CASCADE;
	EXECUTE definition;
END $$;
CREATE FUNCTION test.trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SELECT test.as_table('CREATE TABLE loopit.schema_version (step text)');
INSERT INTO loopit.schema_version VALUES ('12');
SELECT * FROM test.answers();
SELECT test.as_table('CREATE TABLE loopit.schema_version (step bigint, title text)');
SELECT calls, state FROM test.answers();
SELECT test.as_table('CREATE TABLE loopit.schema_version (title text, "Step" int)');
SELECT calls, state FROM test.answers();
SELECT test.as_table('CREATE TABLE loopit.schema_version ()');
SELECT calls, state FROM test.answers();
SELECT test.as_table('CREATE TABLE loopit.schema_version (step int)');
ALTER TABLE loopit.schema_version DROP step;
SELECT calls, state FROM test.answers();
ALTER TABLE loopit.schema_version ADD step int DEFAULT 1000;
SELECT calls, state, message FROM test.answers();
SELECT test.as_table('CREATE TABLE loopit.schema_version (title text, step int) PARTITION BY LIST (step)');
SELECT calls, state FROM test.answers();
DROP TABLE loopit.schema_version;
CREATE VIEW loopit.schema_version AS SELECT test.trap() AS step;
SELECT calls, state, message FROM test.answers();
DROP VIEW loopit.schema_version;
CREATE MATERIALIZED VIEW loopit.schema_version AS SELECT 1000 AS step;
SELECT calls, state FROM test.answers();
DROP MATERIALIZED VIEW loopit.schema_version;
CREATE SEQUENCE loopit.schema_version;
SELECT calls, state FROM test.answers();
DROP SEQUENCE loopit.schema_version;
CREATE INDEX schema_version ON loopit.asset (archived_at);
SELECT calls, state FROM test.answers();
DROP INDEX loopit.schema_version;
-- columns dropped and added before the rows were written, and after
SELECT test.as_table('CREATE TABLE loopit.schema_version (a text, step int)');
INSERT INTO loopit.schema_version VALUES ('x', 1), ('y', NULL);
ALTER TABLE loopit.schema_version DROP a, ADD b int DEFAULT 1;
INSERT INTO loopit.schema_version VALUES (1000, 1);
SELECT calls, state FROM test.answers();
DROP TABLE loopit.schema_version;
SELECT * FROM test.answers();

-- Where the extension's SQL is older, it is to be updated first.
SET client_min_messages = error;
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
CREATE EXTENSION loopit_leads VERSION '1.0';
DROP FUNCTION test.answers;
SELECT loopit_ingest_lead('{}');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM loopit_setup();
\set VERBOSITY default
SELECT loopit_ingest_lead('{}');
\echo :LAST_ERROR_SQLSTATE
SELECT loopit_validate_lead('{}');
ALTER EXTENSION loopit_leads UPDATE;
SELECT loopit_validate_lead('{}');
SELECT count(*) = max(step) AS all_steps FROM loopit_setup();
SELECT loopit_validate_lead('{}')->>'status' AS status;
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
DROP FUNCTION test.as_table, test.trap, test.required;

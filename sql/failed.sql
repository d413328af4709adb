-- An unexpected database error is caught: nothing of the lead is stored, the
-- log row is.  Those that a retry or an operator mends are raised.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- A trigger that raises what the setting test.sqlstate says, with all it knows;
-- 'null' keeps the row from being written without an error.
CREATE OR REPLACE FUNCTION test.fail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	code text := current_setting('test.sqlstate', true);
BEGIN
	IF code = 'null' THEN
		RETURN NULL;
	ELSIF code <> '' THEN
		RAISE EXCEPTION 'no such %', to_jsonb(NEW) USING ERRCODE = code, DETAIL = to_jsonb(NEW)::text, HINT = NEW::text;
	END IF;
	RETURN NEW;
END $$;

-- Ingests under that setting: the outcome, or what was raised, and how many
-- rows there are more.
CREATE FUNCTION test.attempt(code text, payload jsonb, OUT result text, OUT error jsonb, OUT log_rows bigint, OUT stored bigint,
	OUT discreet bool) LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb;
	counted text := 'SELECT (SELECT count(*) FROM loopit.ingest_log), (SELECT count(*) FROM loopit.person)
		+ (SELECT count(*) FROM loopit.identity_document) + (SELECT count(*) FROM loopit.booking)';
	log_before bigint;
	stored_before bigint;
BEGIN
	EXECUTE counted INTO log_before, stored_before;
	PERFORM set_config('test.sqlstate', code, false);
	BEGIN
		outcome := loopit_ingest_lead(payload);
		result := concat_ws(' ', outcome->>'status', outcome->>'reason');
		error := outcome->'error';
		discreet := outcome::text !~* '\m(ann|anna|eve|cole|elm|no such|1990|l1|l2|p1)\M';
	EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
		result := 'raised ' || SQLSTATE;
	END;
	PERFORM set_config('test.sqlstate', '', false);
	EXECUTE counted INTO log_rows, stored;
	log_rows := log_rows - log_before;
	stored := stored - stored_before;
END $$;

-- Each table that a lead writes: the lead fails whole, and the next call works.
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM (VALUES (1, 'P0001'), (2, '')) v(n, code), LATERAL test.attempt(code, test.full_lead()) a ORDER BY n;
SELECT a.* FROM test.attempt('P0001', test.put(test.full_lead(), '{prospect,first_name}', '"Eve"')) a;
DROP TRIGGER fail ON loopit.person;
SELECT first_name FROM loopit.person;
DELETE FROM loopit.booking; DELETE FROM loopit.person;
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON loopit.identity_document FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM (VALUES (1, 'P0001'), (2, '')) v(n, code), LATERAL test.attempt(code, test.full_lead()) a ORDER BY n;
SELECT a.* FROM test.attempt('P0001', test.put(test.full_lead(), '{additional_details,passport_dob}', '"02/02/1990"')) a;
DROP TRIGGER fail ON loopit.identity_document;
DELETE FROM loopit.booking; DELETE FROM loopit.person;
CREATE TRIGGER fail AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM (VALUES (1, 'P0001'), (2, '')) v(n, code), LATERAL test.attempt(code, test.full_lead()) a ORDER BY n;
DROP TRIGGER fail ON loopit.booking;

-- The whole outcome; it lists the issues that were found before the error.
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION test.fail();
SET test.sqlstate = 'P0001';
SELECT jsonb_pretty(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,first_name}', '"Eve"')) - '{log_id}'::text[]);
SELECT test.issues(loopit_ingest_lead(test.full_lead() || '{"id": 2, "updated_at": "2024-01-01T00:00:00Z", "item": {"vin": "VIN89",
	"stock_number": "7021602"}, "location": {"location_name": "Nowhere"}, "prospect": {"email": "eve@example.com", "first_name": true}}'));
SELECT status, reason, lead_reference, workspace_id, dealership_id, email, person_id, person_action, booking_id, booking_action,
	booking_reason, payload IS NOT NULL AS payload_kept, outcome->>'log_id' = id::text AS names_itself
FROM loopit.ingest_log ORDER BY id DESC LIMIT 2;

-- A dry run writes nothing, so it meets no trigger; nor does a rejected lead.
SELECT s.status, s.person FROM test.short(loopit_validate_lead(test.put(test.full_lead(), '{prospect,first_name}', '"Eve"'))) s;
SELECT s.status, s.person FROM test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,email}', '"eve"'))) s;
RESET test.sqlstate;
DELETE FROM loopit.booking; DELETE FROM loopit.person;

-- By class: 08, 25, 40, 53, 54, 55, 57, 58 and XX are raised, and then no log
-- row is left; every other one is caught.
SELECT code, a.* FROM unnest('{01000,02000,03000,08000,08006,09000,0A000,0P000,20000,21000,22000,22001,22P02,23000,23505,23514,
	24000,25000,25006,25P02,26000,27000,28000,2B000,2D000,34000,38000,39000,3D000,3F000,40000,40001,40P01,42000,42501,42P01,44000,
	53000,53100,53200,53400,54000,54001,55000,55006,55P03,57000,57014,57P01,57P03,58000,58030,58P01,72000,F0000,HV000,P0000,P0001,
	P0004,XX000,XX001,XX002,45000,ABCDE}'::text[]) WITH ORDINALITY u(code, n), LATERAL test.attempt(code, test.full_lead()) a
ORDER BY n;

-- The caller is who he was, whatever was raised or caught.
SELECT current_user = session_user AS same_user, current_setting('search_path') AS search_path;

-- What the error names, where it is known.
DROP TRIGGER fail ON loopit.person;
ALTER TABLE loopit.person ADD CONSTRAINT no_eve CHECK (first_name <> 'Eve'), ALTER last_name SET NOT NULL;
ALTER TABLE loopit.identity_document ADD CONSTRAINT not_expired CHECK (expires_on > '2020-01-01');
CREATE UNIQUE INDEX one_phone ON loopit.person (mobile_phone);
SELECT what, a.* FROM (VALUES
	(1, 'check', '{prospect,first_name}', '"Eve"'), (2, 'not null', '{prospect,last_name}', NULL),
	(3, 'check of a document', '{additional_details,license_expiry}', '"01/01/1999"'),
	(4, 'fine', '{x}', '1'), (5, 'unique index', '{prospect,email}', '"bob@example.com"')) v(n, what, path, value),
LATERAL test.attempt('', test.put(test.full_lead(), path::text[], value::jsonb)) a
ORDER BY n;
DROP INDEX loopit.one_phone;
DELETE FROM loopit.booking; DELETE FROM loopit.person;

-- A row that a trigger keeps from being written is an error as well.
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM test.attempt('null', test.full_lead()) a;
SELECT a.result FROM test.attempt('', test.full_lead() - 'item' #- '{additional_details,subscription_plan}') a;
SELECT a.* FROM test.attempt('null', test.put(test.full_lead(), '{prospect,first_name}', '"Anna"')) a;
SELECT a.* FROM test.attempt('null', test.put(test.full_lead(), '{prospect,address,street}', '"2 Elm St"')) a;
DROP TRIGGER fail ON loopit.person;
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON loopit.identity_document FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM test.attempt('null', test.put(test.full_lead(), '{additional_details,license_number}', '"L2"')) a;
SELECT a.* FROM test.attempt('null', test.put(test.full_lead(), '{prospect,email}', '"bob@example.com"')) a;
DROP TRIGGER fail ON loopit.identity_document;
CREATE TRIGGER fail BEFORE INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT a.* FROM test.attempt('null', test.full_lead() || '{"id": "another"}') a;
DROP TRIGGER fail ON loopit.booking;

-- If the log row itself cannot be written, the error is raised whatever its
-- class, and nothing is stored.
CREATE TRIGGER fail BEFORE INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT code, a.* FROM unnest('{P0001,22000,23505,42P01,40001,53100,XX000}'::text[]) WITH ORDINALITY u(code, n),
LATERAL test.attempt(code, test.put(test.full_lead(), '{prospect,first_name}', '"Anna"') || jsonb_build_object('id', n)) a ORDER BY n;
SELECT a.* FROM test.attempt('P0001', '{}') a;
SELECT a.result, a.log_rows FROM test.attempt('', '{}') a;
SELECT a.result LIKE 'raised %' AS raised, a.log_rows, a.stored FROM (VALUES (1, test.full_lead() || '{"id": "new"}'), (2, '{}')) v(n, payload),
LATERAL test.attempt('null', payload) a ORDER BY n;
DROP TRIGGER fail ON loopit.ingest_log;

-- A constraint that is deferred to COMMIT raises there, log row included.
SELECT count(*) AS log_rows FROM loopit.ingest_log \gset
CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON loopit.person DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION test.fail();
\set VERBOSITY sqlstate
BEGIN;
SET LOCAL test.sqlstate = 'P0001';
SELECT s.status, s.person FROM test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,first_name}', '"Anna"'))) s;
COMMIT;
\set VERBOSITY terse
SELECT count(*) - :log_rows AS log_rows FROM loopit.ingest_log;
DROP TRIGGER fail ON loopit.person;
DROP FUNCTION test.fail, test.attempt;
\ir :done

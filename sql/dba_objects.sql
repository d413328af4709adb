-- What a DBA adds to the tables, or takes from them, works as with plain SQL.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- A column with a default, a generated one, an identity, an extra index.
ALTER TABLE loopit.person
	ADD note text NOT NULL DEFAULT 'from ' || current_user,
	ADD full_name text GENERATED ALWAYS AS (coalesce(first_name, '') || ' ' || coalesce(last_name, '')) STORED,
	ADD serial int GENERATED ALWAYS AS IDENTITY;
CREATE INDEX ON loopit.person (lower(last_name));
ALTER TABLE loopit.booking ADD code text DEFAULT md5('x') UNIQUE DEFERRABLE;
ALTER TABLE loopit.ingest_log ADD source text DEFAULT 'webhook';
ALTER TABLE loopit.booking ALTER code DROP DEFAULT;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"first_name": "Ann"},
	"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}')));
SELECT full_name, serial, note = 'from ' || current_user AS has_default FROM loopit.person;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"last_name": "Lee"}}')));
SELECT full_name, serial, note = 'from ' || current_user AS has_default FROM loopit.person;
SELECT count(*), min(source) FROM loopit.ingest_log;

-- A column was dropped.
ALTER TABLE loopit.person DROP note, DROP serial;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"last_name": "Wong"}}')));
SELECT full_name FROM loopit.person;

-- A CHECK and a unique index of the DBA's own: the lead is failed, and both
-- are named.
ALTER TABLE loopit.person ADD CONSTRAINT no_bob CHECK (first_name <> 'Bob');
CREATE UNIQUE INDEX one_phone ON loopit.person (workspace_id, mobile_phone);
SELECT o->>'status' AS status, o->'error' AS error FROM loopit_ingest_lead(test.lead('{"prospect": {"first_name": "Bob"}}')) o;
SELECT count(loopit_ingest_lead(test.lead('{"prospect": {"mobile_phone": "1"}}')));
SELECT o->>'status' AS status, o->'error' AS error
FROM loopit_ingest_lead(test.lead('{"prospect": {"email": "eve@example.com", "mobile_phone": "1"}}')) o;
SELECT email, first_name, mobile_phone FROM loopit.person;
ALTER TABLE loopit.person DROP CONSTRAINT no_bob;
DROP INDEX loopit.one_phone;

-- Triggers, BEFORE and AFTER, a row and a statement: they see the row, and may
-- change it.
CREATE TABLE test.fired (n int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION test.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO test.fired (what) VALUES (concat_ws(' ', TG_TABLE_NAME, TG_WHEN, TG_OP, TG_LEVEL));
	IF TG_WHEN = 'BEFORE' AND TG_LEVEL = 'ROW' AND TG_TABLE_NAME = 'person' THEN
		NEW.city := upper(NEW.city);
	END IF;
	RETURN NEW;
END $$;
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY '{person,identity_document,booking,ingest_log}'::text[] LOOP
		EXECUTE format('CREATE TRIGGER b BEFORE INSERT OR UPDATE ON loopit.%I FOR EACH ROW EXECUTE FUNCTION test.note()', t);
		EXECUTE format('CREATE TRIGGER a AFTER INSERT OR UPDATE ON loopit.%I FOR EACH ROW EXECUTE FUNCTION test.note()', t);
		EXECUTE format('CREATE TRIGGER s AFTER INSERT OR UPDATE ON loopit.%I FOR EACH STATEMENT EXECUTE FUNCTION test.note()', t);
	END LOOP;
END $$;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"id": 2, "prospect": {"email": "mia@example.com",
	"address": {"street": "S", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"}},
	"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium",
	"license_number": 1, "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}')));
SELECT what FROM test.fired ORDER BY n;
SELECT city FROM loopit.person WHERE email = 'mia@example.com';
DROP FUNCTION test.note CASCADE;
DROP TABLE test.fired;

-- Look-ups go on without their indexes, only slower; a unique one that ON
-- CONFLICT needs is missed, and setup brings it back.
DROP INDEX loopit.asset_vin_key, loopit.location_name_key, loopit.package_name_key;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"id": 3, "item": {"vin": "VIN91"},
	"location": {"location_name": "depot"}, "additional_details": {"subscription_plan": "Premium"}}')));
DROP INDEX loopit.person_email_key;
SELECT o->>'status' AS status, o->'error' AS error FROM loopit_ingest_lead(test.lead('{"prospect": {"email": "zoe@example.com"}}')) o;
SET client_min_messages = error;
SELECT step, done FROM loopit_setup() WHERE done LIKE 'created%';
RESET client_min_messages;
SELECT * FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "zoe@example.com"}}')));

-- A sequence has no more values: the person's fails the lead, the log's own is
-- raised, since there is nowhere to say so.
ALTER SEQUENCE loopit.person_id_seq MAXVALUE 64;
SELECT count(*) < 64 AS some_fit, bool_or(o->>'status' = 'failed') AS some_fail,
	count(DISTINCT o->'error') AS errors, max(o#>>'{error,sqlstate}') AS sqlstate
FROM generate_series(1, 70) i, loopit_ingest_lead(test.lead(jsonb_build_object('id', 100 + i,
	'prospect', jsonb_build_object('email', 'p' || i || '@example.com')))) o
WHERE o->>'status' = 'failed';
ALTER SEQUENCE loopit.ingest_log_id_seq MAXVALUE 128;
\set VERBOSITY sqlstate
SELECT count(loopit_ingest_lead(NULL)) FROM generate_series(1, 200);
\set VERBOSITY terse
ALTER SEQUENCE loopit.ingest_log_id_seq NO MAXVALUE;
ALTER SEQUENCE loopit.person_id_seq NO MAXVALUE;
SELECT status FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "last@example.com"}}')));
\ir :done

-- Who may do what, and that no search path changes what is done.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE ROLE regress_loopit_hook;
GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO regress_loopit_hook;
CREATE VIEW test.function AS
SELECT p.oid, proname AS name FROM pg_proc p
JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
	AND refclassid = 'pg_extension'::regclass
JOIN pg_extension x ON x.oid = refobjid AND extname = 'loopit_leads';
CREATE VIEW test.relation AS
SELECT oid, relname AS name, relkind AS kind FROM pg_class
WHERE relnamespace = to_regnamespace('loopit') AND relkind IN ('r', 'v', 'S');

-- PUBLIC may execute the pure functions and no other.
CREATE VIEW test.pure AS
SELECT * FROM (VALUES ('loopit_lead_schema'), ('loopit_reason_codes'),
	('loopit_mask_payload'), ('loopit_setup_steps')) v(name);
SELECT has_function_privilege('public', oid, 'EXECUTE') AS public,
	name IN (TABLE test.pure) AS pure, count(*) > 1 AS more_than_one
FROM test.function GROUP BY 1, 2 ORDER BY 1;
SELECT name, kind FROM test.relation
WHERE has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT has_schema_privilege('public', 'loopit', 'USAGE') AS usage,
	has_schema_privilege('public', 'loopit', 'CREATE') AS "create";

-- A role that may execute loopit_ingest_lead ingests.
GRANT USAGE ON SCHEMA test TO regress_loopit_hook;
SET ROLE regress_loopit_hook;
SELECT status, person, licence, booking, issues FROM test.short(loopit_ingest_lead(test.lead('{
	"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium",
	"license_number": 1, "license_expiry": "01/01/2030", "license_dob": "01/02/1990"}}')));
SELECT current_user, session_user <> current_user AS other_session_user;

-- It can do nothing else.
SELECT loopit_validate_lead('{}');
SELECT * FROM loopit_setup();
SELECT * FROM loopit.person;

-- Nor choose how rows are stored, in a session that has not called yet either.
SET loopit_leads.storage = auto;
RESET ROLE;
\c
SET ROLE regress_loopit_hook;
SET loopit_leads.storage = auto;
SELECT loopit_ingest_lead(test.lead('{"prospect": 1}'))->>'reason' AS reason;
SELECT source = 'session' AS taken FROM pg_settings WHERE name = 'loopit_leads.storage';
RESET ROLE;
SELECT name FROM test.function
WHERE has_function_privilege('regress_loopit_hook', oid, 'EXECUTE') AND name NOT IN (TABLE test.pure);
CREATE FUNCTION test.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_loopit_hook;
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;
SELECT test.attempt(format(command, name)) AS answer, kind, command COLLATE "C",
	count(*) > 2 AS more_than_two
FROM test.relation, (VALUES ('TABLE loopit.%I'), ('DELETE FROM loopit.%I'),
	('INSERT INTO loopit.%I DEFAULT VALUES'), ('LOCK loopit.%I IN ACCESS SHARE MODE')) v(command)
WHERE kind = 'r' OR kind = 'v' AND command LIKE 'TABLE %'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT test.attempt(format('SELECT nextval(%L)', 'loopit.' || name)) AS answer, count(*) > 2 AS more_than_two
FROM test.relation WHERE kind = 'S' GROUP BY 1;

-- The log names the caller: the role, not the session's; that of a function
-- which runs as its owner, too.
CREATE ROLE regress_loopit_gateway;
GRANT USAGE, CREATE ON SCHEMA test TO regress_loopit_gateway;
GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO regress_loopit_gateway;
SET ROLE regress_loopit_gateway;
CREATE FUNCTION test.gateway(payload jsonb) RETURNS jsonb SECURITY DEFINER
	LANGUAGE sql AS 'SELECT loopit_ingest_lead(payload)';
SET ROLE regress_loopit_hook;
SELECT o->>'status' AS status FROM test.gateway(test.lead()) o;
RESET ROLE;
SELECT o->>'status' AS status FROM loopit_ingest_lead(test.lead()) o;
SELECT CASE ingested_by WHEN session_user THEN 'session user' ELSE ingested_by END
FROM loopit.ingest_log ORDER BY id;

-- A schema full of look-alikes, for the setup, the plans and the casts.
CREATE FUNCTION test.digest() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS $$
	SELECT md5(string_agg(d, E'\n' ORDER BY d COLLATE "C")) FROM (
		SELECT pg_get_viewdef(oid) FROM test.relation WHERE kind = 'v'
		UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
		WHERE connamespace = to_regnamespace('loopit')
		UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN test.relation ON oid = indrelid
		UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN test.relation r ON r.oid = adrelid
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace('loopit')
		UNION ALL SELECT concat_ws(' ', name, attname, attnum, format_type(atttypid, atttypmod), attcollation::regcollation)
		FROM pg_attribute JOIN test.relation r ON r.oid = attrelid WHERE attnum > 0) s(d)
$$;
SELECT test.digest() AS clean \gset
CREATE SCHEMA evil;
CREATE FUNCTION evil.trap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE 'trapped'; END $$;
DO $$
DECLARE
	l text; r text; o text; f text;
BEGIN
	FOR l, r IN VALUES ('bigint', 'bigint'), ('bigint', 'text'), ('bigint', 'int'), ('int', 'int'),
		('text', 'text'), ('timestamptz', 'timestamptz'), ('oid', 'oid') LOOP
		EXECUTE format('CREATE FUNCTION evil.compare(%s, %s) RETURNS boolean LANGUAGE sql'
			' AS ''SELECT evil.trap()''', l, r);
		FOREACH o IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
			EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.compare)', o, l, r);
		END LOOP;
	END LOOP;
	FOR f IN VALUES ('lower(text)'), ('upper(text)'), ('max(bigint)'), ('max(int)'), ('cardinality(text[])'),
		('to_regclass(text)'), ('loopit_mask_payload(jsonb)'), ('masked(jsonb)'), ('replace(text, text, text)'),
		('unnest(text[])'), ('nextval(regclass)'), ('now()'), ('clock_timestamp()'),
		('loopit_setup_steps()'), ('loopit_reason_codes()') LOOP
		EXECUTE format('CREATE FUNCTION evil.%s RETURNS boolean LANGUAGE sql'
			' AS ''SELECT evil.trap()''', f);
	END LOOP;
END $$;
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.trap());
CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.trap());
CREATE DOMAIN evil.timestamptz AS pg_catalog.timestamptz CHECK (evil.trap());
CREATE COLLATION evil."C" FROM "C";
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM test.relation WHERE kind = 'r' LOOP
		EXECUTE format('CREATE TABLE evil.%I (trap int)', r.name);
	END LOOP;
END $$;

-- A new session, so that nothing is planned yet: setup, and a lead, in it.
\c -
CREATE TEMP TABLE person (trap int);
CREATE TEMP TABLE ingest_log (trap int);
CREATE TEMP TABLE dealership (trap int);
CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (evil.trap());
SET client_min_messages = error;
SET search_path = pg_temp, evil, pg_catalog, public;
SELECT 1 = 1;
SELECT lower('A'::pg_catalog.text);
ALTER SCHEMA loopit RENAME TO loopit_kept;
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 5 AS steps FROM public.loopit_setup();
RESET search_path;
SELECT test.digest() = :'clean' AS same;
DROP SCHEMA loopit CASCADE;
ALTER SCHEMA loopit_kept RENAME TO loopit;
SELECT test.lead('{"id": 2, "prospect": {"email": "bea@example.com", "dob": "01/02/1990",
	"address": {"street": "1 High St", "city": "Sydney", "state": "nsw", "postcode": 2000, "country": "Australia"}},
	"item": {"vin": "vin92", "stock_number": "STOCK89"}, "location": {"location_name": "DEPOT"},
	"additional_details": {"subscription_plan": "Premium", "passport_number": "P1",
	"passport_country": "uk", "passport_expiry": "01/01/2030", "passport_dob": "01/02/1990"}}') AS lead \gset
SET search_path = pg_temp, evil, pg_catalog, public;
SELECT public.loopit_validate_lead(:'lead'::pg_catalog.jsonb) AS dry \gset
SELECT public.loopit_ingest_lead(:'lead'::pg_catalog.jsonb) AS new \gset
SELECT public.loopit_ingest_lead(:'lead'::pg_catalog.jsonb) AS again \gset
SELECT public.loopit_ingest_lead(pg_catalog.jsonb_set(:'lead'::pg_catalog.jsonb, '{item}', '{"vin": "Vin89"}')) AS booked \gset
SELECT payload OPERATOR(pg_catalog.#>) '{prospect,dob}' AS dob, pg_typeof(id)
FROM loopit.ingest_audit ORDER BY id DESC LIMIT 1;
RESET search_path;
SELECT * FROM test.short(:'dry');
SELECT * FROM test.short(:'new');
SELECT * FROM test.short(:'again');
SELECT booking, issues, :'booked'::jsonb#>'{booking,location_from}' AS location_from FROM test.short(:'booked');
SELECT (SELECT count(*) FROM evil.person) AS evil, (SELECT count(*) FROM pg_temp.person) AS temp,
	(SELECT count(*) FROM loopit.person) AS loopit;
\ir :done
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP VIEW test.function, test.pure, test.relation CASCADE;
DROP FUNCTION test.digest, test.attempt, test.gateway;
DROP OWNED BY regress_loopit_hook, regress_loopit_gateway;
DROP ROLE regress_loopit_hook, regress_loopit_gateway;

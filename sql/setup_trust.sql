-- loopit_setup() trusts nothing that it finds: it works on a schema of the
-- calling role, with nothing of another role in it, and runs nobody's code.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS loopit_leads;
DROP SCHEMA IF EXISTS loopit CASCADE;
CREATE EXTENSION loopit_leads;
CREATE ROLE regress_loopit_owner;
CREATE ROLE regress_loopit_mallory;
CREATE SCHEMA trust;
GRANT ALL ON SCHEMA trust TO PUBLIC;
DO $$ BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_loopit_owner, regress_loopit_mallory', current_database());
END $$;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner;
-- what ran as whom
CREATE TABLE trust.ran (n int GENERATED ALWAYS AS IDENTITY, what text, who name);
GRANT ALL ON trust.ran TO PUBLIC;
GRANT USAGE ON SEQUENCE trust.ran_n_seq TO PUBLIC;
CREATE FUNCTION trust.digest() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(oid::text || relname || relowner || relacl::text || relhastriggers, ',' ORDER BY oid)) || count(*)
	FROM (SELECT oid, relname, relowner, coalesce(relacl, '{}') AS relacl, relhastriggers FROM pg_class
		WHERE relnamespace = to_regnamespace('loopit')) s $$;
CREATE FUNCTION trust.attempt(role name) RETURNS TABLE (state text, message text, detail text, hint text, changed boolean) LANGUAGE plpgsql AS $$
DECLARE before text := trust.digest();
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', role);
		PERFORM loopit_setup();
		state := '00000';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;
	RESET ROLE;
	changed := before IS DISTINCT FROM trust.digest();
	RETURN NEXT;
END $$;
CREATE FUNCTION trust.spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO trust.ran (what, who) VALUES (TG_NAME || ' on ' || TG_TABLE_NAME, current_user);
	RETURN coalesce(new, old);
END $$;
GRANT CREATE ON SCHEMA public TO regress_loopit_mallory;
\x on

-- A schema that somebody else has made, empty, or with a deferred trigger on
-- what setup writes: neither the DBA nor an owner role walks into it.
SET ROLE regress_loopit_mallory;
CREATE SCHEMA loopit;
GRANT ALL ON SCHEMA loopit TO PUBLIC;
RESET ROLE;
SELECT * FROM trust.attempt(current_user);
SELECT * FROM trust.attempt('regress_loopit_owner');
SET ROLE regress_loopit_mallory;
CREATE TABLE loopit.schema_version (step int PRIMARY KEY, title text, applied_at timestamptz DEFAULT now());
GRANT ALL ON loopit.schema_version TO PUBLIC;
CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON loopit.schema_version DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION trust.spy();
RESET ROLE;
SELECT * FROM trust.attempt(current_user);
-- a member of the schema's owner is not the owner
GRANT regress_loopit_mallory TO regress_loopit_owner;
SELECT * FROM trust.attempt('regress_loopit_owner');
REVOKE regress_loopit_mallory FROM regress_loopit_owner;
TABLE trust.ran;
DROP SCHEMA loopit CASCADE;

-- A schema of the caller in which another role has made something: tables,
-- views, sequences, functions, types, ...
\x off
CREATE FUNCTION trust.planted(ddl text) RETURNS TABLE (state text, detail text, changed boolean) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL client_min_messages = error;
	DROP SCHEMA IF EXISTS loopit CASCADE;
	CREATE SCHEMA loopit AUTHORIZATION regress_loopit_owner;
	GRANT ALL ON SCHEMA loopit TO regress_loopit_mallory;
	SET LOCAL ROLE regress_loopit_mallory;
	EXECUTE ddl;
	RESET ROLE;
	RETURN QUERY SELECT a.state, a.detail, a.changed FROM trust.attempt('regress_loopit_owner') a;
END $$;
SELECT (trust.planted(ddl)).* FROM (VALUES
	(1, 'CREATE TABLE loopit.person (id bigint)'),
	(2, 'CREATE TABLE loopit.harmless (id bigint)'),
	(3, 'CREATE VIEW loopit.ingest_audit AS SELECT 1 AS id'),
	(4, 'CREATE MATERIALIZED VIEW loopit.ingest_summary AS SELECT 1 AS id'),
	(5, 'CREATE SEQUENCE loopit.ingest_log_id_seq'),
	(6, 'CREATE FUNCTION loopit.masked(payload jsonb) RETURNS jsonb LANGUAGE sql AS ''SELECT payload'''),
	(7, 'CREATE FUNCTION loopit.is_trimmed(value varchar) RETURNS boolean LANGUAGE sql AS ''SELECT true'''),
	(8, 'CREATE PROCEDURE loopit.p() LANGUAGE sql AS '''''),
	(9, 'CREATE TYPE loopit.person AS (id bigint)'),
	(10, 'CREATE DOMAIN loopit.text AS pg_catalog.text CHECK (true)'),
	(11, 'CREATE TYPE loopit.jsonb AS ENUM ()'),
	(12, 'CREATE OPERATOR loopit.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)'),
	(13, 'CREATE COLLATION loopit."C" FROM "C"'),
	(14, 'CREATE TABLE trust.t (a int, b int); CREATE STATISTICS loopit.ingest_log_unsettled_stats ON a, b FROM trust.t'),
	(15, 'CREATE TABLE loopit.ingest_log (id bigint) PARTITION BY RANGE (id)')) v(n, ddl) ORDER BY n;
SELECT detail FROM trust.planted('CREATE TABLE loopit.person (id bigint)');

-- Triggers and rules on a relation of ours that was there first.
CREATE FUNCTION trust.trapped(ddl text, present text DEFAULT NULL) RETURNS TABLE (state text, detail text, hint text, changed boolean) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL client_min_messages = error;
	DROP SCHEMA IF EXISTS loopit CASCADE;
	CREATE SCHEMA loopit AUTHORIZATION regress_loopit_owner;
	SET LOCAL ROLE regress_loopit_owner;
	EXECUTE coalesce(present, 'SELECT loopit_setup()');
	GRANT USAGE ON SCHEMA loopit TO regress_loopit_mallory;
	GRANT TRIGGER ON ALL TABLES IN SCHEMA loopit TO regress_loopit_mallory;
	IF ddl LIKE '%RULE%' THEN
		EXECUTE ddl;
	ELSE
		SET LOCAL ROLE regress_loopit_mallory;
		EXECUTE ddl;
	END IF;
	RESET ROLE;
	RETURN QUERY SELECT a.state, a.detail, a.hint, a.changed FROM trust.attempt('regress_loopit_owner') a;
END $$;
\set version 'CREATE TABLE loopit.schema_version (step int, title text, applied_at timestamptz DEFAULT now())'
\set trigger 'FOR EACH ROW EXECUTE FUNCTION trust.spy()'
SELECT (trust.trapped(ddl || :'trigger', :'version')).* FROM (VALUES
	(1, 'CREATE TRIGGER trap BEFORE INSERT ON loopit.schema_version '),
	(2, 'CREATE TRIGGER trap AFTER INSERT ON loopit.schema_version '),
	(3, 'CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON loopit.schema_version DEFERRABLE INITIALLY DEFERRED ')) v(n, ddl) ORDER BY n;
SELECT * FROM trust.trapped('CREATE RULE trap AS ON INSERT TO loopit.schema_version DO ALSO
	INSERT INTO trust.ran (what) VALUES (''rule'')', :'version');
-- any of our tables, as long as nothing is noted
SELECT * FROM trust.trapped('CREATE TRIGGER trap AFTER UPDATE ON loopit.person ' || :'trigger', 'CREATE TABLE loopit.person (id bigint)');
SELECT * FROM trust.trapped('CREATE RULE trap AS ON DELETE TO loopit.ingest_log DO ALSO SELECT 1', 'CREATE TABLE loopit.ingest_log (id bigint)');
SELECT * FROM trust.trapped('CREATE RULE "Trap" AS ON DELETE TO loopit.ingest_audit DO INSTEAD NOTHING', 'CREATE VIEW loopit.ingest_audit AS SELECT 1 AS id');
-- afterwards a trigger is the DBA's, but not on the notes; nor is a table that is not ours
SELECT * FROM trust.trapped('CREATE TRIGGER trap AFTER UPDATE ON loopit.person ' || :'trigger');
SELECT * FROM trust.trapped('CREATE TRIGGER trap AFTER INSERT ON loopit.schema_version ' || :'trigger');
SELECT * FROM trust.trapped('CREATE TRIGGER trap AFTER INSERT ON loopit.inbox ' || :'trigger', 'CREATE TABLE loopit.inbox (id bigint)');
TABLE trust.ran;

-- What cannot be read is not taken for a version.
SELECT state, detail FROM trust.trapped('SELECT 1', 'CREATE VIEW loopit.schema_version AS SELECT 1 AS step');
SELECT state, detail FROM trust.trapped('SELECT 1', 'CREATE TABLE loopit.schema_version (step text)');

-- A step that writes rows: deferred triggers fire inside of the call, as the
-- owner, whoever the session is when it commits.
SET client_min_messages = error;
DROP SCHEMA IF EXISTS loopit CASCADE;
SET ROLE regress_loopit_owner;
SELECT count(*) > 1 AS steps FROM loopit_setup();
RESET ROLE;
GRANT USAGE ON SCHEMA loopit TO regress_loopit_mallory;
INSERT INTO loopit.workspace VALUES (1, 'a');
ALTER EXTENSION loopit_leads DROP FUNCTION loopit_setup_steps();
CREATE OR REPLACE FUNCTION loopit_setup_steps(OUT step int, OUT title text, OUT makes text[], OUT ddl text)
	RETURNS SETOF record LANGUAGE sql AS $$ VALUES
	(1, 'schema', '{}'::text[], 'CREATE SCHEMA loopit'), (1000, 'rows', '{}', 'UPDATE loopit.workspace SET name = name') $$;
SET ROLE regress_loopit_owner;
GRANT TRIGGER ON loopit.workspace TO regress_loopit_mallory;
SET ROLE regress_loopit_mallory;
CREATE CONSTRAINT TRIGGER trap AFTER UPDATE ON loopit.workspace DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION trust.spy();
RESET ROLE;
BEGIN;
SET LOCAL ROLE regress_loopit_owner;
SELECT step, done FROM loopit_setup();
RESET ROLE;
SELECT what, who FROM trust.ran;
COMMIT;
SELECT what, who FROM trust.ran;

-- A superuser is warned, each time; the schema that it makes is its own.
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
DROP FUNCTION loopit_setup_steps();
CREATE EXTENSION loopit_leads;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner;
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT count(*) > 1 AS steps FROM loopit_setup();
SELECT count(*) > 1 AS steps FROM loopit_setup();
SELECT nspowner::regrole::text = current_user AS own FROM pg_namespace WHERE nspname = 'loopit';
SELECT state, replace(message, current_user, 'superuser') AS message, changed FROM trust.attempt('regress_loopit_owner');

-- No advisory lock: who holds all of them does not stall setup.
SELECT pg_advisory_lock(hashtextextended('loopit_setup', 0));
BEGIN;
SET LOCAL client_min_messages = error;
SELECT count(*) > 1 AS steps FROM loopit_setup();
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid = 'pg_namespace'::regclass
AND objid = 'loopit'::regnamespace;
COMMIT;
SELECT pg_advisory_unlock_all();

SET client_min_messages = error;
DROP SCHEMA loopit, trust CASCADE;
DROP EXTENSION loopit_leads;
DROP OWNED BY regress_loopit_owner, regress_loopit_mallory;
DROP ROLE regress_loopit_owner, regress_loopit_mallory;

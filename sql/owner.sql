-- The functions act as the owner of the tables: neither as the caller nor as
-- the extension's owner.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE ROLE regress_loopit_owner;
CREATE ROLE regress_loopit_second;
CREATE ROLE regress_loopit_hook;
GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO regress_loopit_hook;
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT relname, relkind FROM pg_class
		WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v') LOOP
		EXECUTE format('ALTER %s loopit.%I OWNER TO regress_loopit_owner',
			CASE r.relkind WHEN 'r' THEN 'TABLE' ELSE 'VIEW' END, r.relname);
	END LOOP;
END $$;
ALTER SCHEMA loopit OWNER TO regress_loopit_owner;
ALTER FUNCTION loopit.masked OWNER TO regress_loopit_owner;

-- A trigger of the owner, which notes as whom it runs, and tries to be more.
SET ROLE regress_loopit_owner;
CREATE TABLE loopit.note (n int GENERATED ALWAYS AS IDENTITY, subject text, answer text);
CREATE FUNCTION loopit.spy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	subject text;
	command text;
	answer text;
BEGIN
	INSERT INTO loopit.note (subject, answer) VALUES ('current_user', current_user),
		('current_user is session_user', (current_user = session_user)::text),
		('search_path', current_setting('search_path'));
	FOR subject, command IN VALUES
		('reset role', 'RESET ROLE'),
		('no role', 'SET ROLE NONE'),
		('role of the session', format('SET ROLE %I', session_user)),
		('role of another', 'SET LOCAL ROLE regress_loopit_second'),
		('reset session', 'RESET SESSION AUTHORIZATION'),
		('session default', 'SET SESSION AUTHORIZATION DEFAULT'),
		('session user', format('SET SESSION AUTHORIZATION %I', session_user)),
		('reset all', 'RESET ALL'),
		('set_config', format('SELECT set_config(''role'', %L, false)', session_user)),
		('secrets', 'SELECT rolpassword FROM pg_authid LIMIT 1'),
		('a file', 'SELECT pg_read_file(''postgresql.conf'')'),
		('a program', 'COPY loopit.note (answer) FROM PROGRAM ''id'''),
		('a superuser', 'CREATE ROLE regress_loopit_evil SUPERUSER'),
		('a superuser''s setting', 'SET log_min_messages = error'),
		('another''s table', 'SELECT FROM test.private'),
		('a function not granted', 'SELECT loopit_setup()')
	LOOP
		BEGIN
			EXECUTE command;
			answer := 'done';
		EXCEPTION WHEN OTHERS THEN
			answer := SQLSTATE;
		END;
		INSERT INTO loopit.note (subject, answer) VALUES (subject, answer || ' ' || current_user);
	END LOOP;
	SET search_path = loopit;
	SET work_mem = '77kB';
	RETURN new;
END $$;
CREATE TRIGGER spy BEFORE INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.spy();
RESET ROLE;
CREATE TABLE test.private (secret text);
GRANT USAGE ON SCHEMA test TO regress_loopit_owner;
-- that a superuser's own session may all of it
SELECT count(*) = 1 AS readable FROM (SELECT rolpassword FROM pg_authid LIMIT 1) s;
SET search_path = public, test;
SET work_mem = '3MB';
SELECT current_user AS before_user, current_setting('search_path') AS before_path,
	current_setting('work_mem') AS before_work_mem \gset
CREATE FUNCTION test.as_before(text, text, text) RETURNS boolean LANGUAGE sql AS $$
	SELECT current_user = $1 AND current_setting('search_path') = $2
		AND current_setting('work_mem') = $3 AND current_setting('role') IN ('none', $1) $$;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead()));
SELECT test.as_before(:'before_user', :'before_path', :'before_work_mem');
SELECT subject, answer FROM loopit.note ORDER BY n;

-- The same for another caller.
GRANT USAGE ON SCHEMA test TO regress_loopit_hook;
TRUNCATE loopit.note;
SET ROLE regress_loopit_hook;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead(
	'{"id": 2, "prospect": {"email": "bea@example.com"}}')));
SELECT test.as_before('regress_loopit_hook', :'before_path', :'before_work_mem');
RESET ROLE;
SELECT split_part(answer, ' ', -1) AS run_as, count(*) > 10 AS many FROM loopit.note
WHERE subject <> 'current_user is session_user' AND subject <> 'search_path' GROUP BY 1;
DROP TRIGGER spy ON loopit.person;

-- The caller is itself again after an error too: one that is caught inside,
-- one that the caller catches, and a rolled-back savepoint.
SET ROLE regress_loopit_owner;
CREATE FUNCTION loopit.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	SET search_path = loopit;
	SET work_mem = '77kB';
	RAISE 'spoiled' USING ERRCODE = split_part(new.email, '@', 1);
END $$;
CREATE TRIGGER spoil BEFORE INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.spoil();
SET ROLE regress_loopit_hook;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "p0001@example.com"}}')));
SELECT test.as_before('regress_loopit_hook', :'before_path', :'before_work_mem');
DO $$
BEGIN
	PERFORM loopit_ingest_lead(test.lead('{"prospect": {"email": "40001@example.com"}}'));
	RAISE 'no error';
EXCEPTION WHEN serialization_failure THEN
	RAISE INFO 'caught as %', current_user;
END $$;
SELECT test.as_before('regress_loopit_hook', :'before_path', :'before_work_mem');
BEGIN;
SAVEPOINT s;
SELECT loopit_ingest_lead(test.lead('{"prospect": {"email": "57014@example.com"}}'));
ROLLBACK TO s;
SELECT test.as_before('regress_loopit_hook', :'before_path', :'before_work_mem');
ROLLBACK;
RESET ROLE;
DROP TRIGGER spoil ON loopit.person;

-- Tables of two owners: nobody's code is to act on another's.
ALTER TABLE loopit.asset OWNER TO regress_loopit_second;
SELECT loopit_ingest_lead(test.lead());
\echo :LAST_ERROR_SQLSTATE
SELECT loopit_validate_lead(test.lead());
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE loopit.asset OWNER TO regress_loopit_owner;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead()));

-- Row-level security is the owner's: nothing to it, unless it is forced.
CREATE POLICY shown ON loopit.person TO regress_loopit_owner
	USING (email NOT LIKE 'hidden%');
ALTER TABLE loopit.person ENABLE ROW LEVEL SECURITY;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "hidden1@example.com"}}')));
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "hidden1@example.com"}}')));
ALTER TABLE loopit.person FORCE ROW LEVEL SECURITY;
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "cid@example.com"}}')));
SELECT status, person FROM test.short(loopit_ingest_lead(test.lead('{"prospect": {"email": "cid@example.com", "last_name": "C"}}')));
-- new, but the policy does not let it in; there already, but out of sight
SELECT o->>'status' AS status, o->'error' AS error FROM
	loopit_ingest_lead(test.lead('{"prospect": {"email": "hidden2@example.com"}}')) o;
SELECT o->>'status' AS status, o->'error' AS error FROM
	loopit_ingest_lead(test.lead('{"prospect": {"email": "hidden1@example.com"}}')) o;
ALTER POLICY shown ON loopit.person WITH CHECK (true);
SELECT o->>'status' AS status, o->'error' AS error FROM
	loopit_ingest_lead(test.lead('{"prospect": {"email": "hidden1@example.com"}}')) o;
ALTER TABLE loopit.person NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SELECT email, last_name FROM loopit.person ORDER BY email;

\ir :done
SET client_min_messages = warning;
DROP SCHEMA loopit CASCADE;
DROP TABLE test.private;
DROP FUNCTION test.as_before;
DROP OWNED BY regress_loopit_owner, regress_loopit_hook;
DROP ROLE regress_loopit_owner, regress_loopit_second, regress_loopit_hook;

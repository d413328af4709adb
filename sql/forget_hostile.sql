-- loopit_forget_person() and loopit_find_leads() against hostile arguments, hostile
-- rows and a hostile owner of the tables: no crash, nobody else erased, nothing
-- read as what it is not.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE FUNCTION test.error(call text, OUT state text, OUT message text, OUT column_name text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call INTO message;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, column_name = COLUMN_NAME;
END $$;

-- Addresses that mean something to a pattern, to SQL or to a decoder.
SELECT count(loopit_ingest_webhook(convert_to(body, 'UTF8'))) FROM unnest(ARRAY['<ann@example.com', '<axb@example.com', '<a.b@example.com', '<bob@example.com', '<a\@example.com',
	'<%@example.com', '<a%40b@example.com', '<a''b@example.com', '<a"b@example.com', '<(a)@example.com', '<a|b@example.com', '<$1@example.com']) body;
SELECT address, loopit_forget_person(7, address)->'log_rows' AS log_rows FROM unnest(ARRAY['a.b@example.com', '.*@example.com', '%@example.com', '_@example.com', '[a-z]+@example.com',
	'(a|b)@example.com', '''; DROP TABLE loopit.person; --@x', '$1@example.com', '\1@example.com', '(?i)ann@example.com', '^@$', 'a\@example.com', 'a%40b@example.com', '@@@', 'a''b@example.com',
	'ann@example.com|bob@example.com', '***:ann@example.com']) WITH ORDINALITY a(address, n) ORDER BY n;
SELECT encode(raw_body, 'escape') AS left FROM loopit.ingest_log WHERE raw_body IS NOT NULL ORDER BY id;
-- Long ones: a search takes a time that is bounded by the bodies.
SELECT count(loopit_ingest_webhook(convert_to(repeat('a@', 500000), 'UTF8')));
SET statement_timeout = '60s';
SELECT length, e.state, e.message FROM unnest('{1000,1100,1000000}'::int[]) length, LATERAL test.error(format('SELECT loopit_forget_person(7, %L)->>''log_rows''', repeat('a@', length / 2) || 'b')) e;
RESET statement_timeout;
-- A body of 30 MB is found, and compressed to little.
SELECT o->>'reason' AS reason FROM loopit_ingest_webhook(convert_to(repeat('\u0020', 5000000) || 'big\u0040example.com', 'UTF8')) o;
SELECT loopit_forget_person(7, 'big@example.com')->'log_rows' AS log_rows;
-- More rows than are fetched at once, in one statement and in one transaction.
SELECT count(loopit_ingest_webhook(convert_to('<many@example.com' || n, 'UTF8'))) FROM generate_series(1, 250) n;
SELECT loopit_forget_person(7, 'many@example.com')->'log_rows' AS none;
SELECT count(loopit_ingest_webhook(convert_to('<many@example.com ' || n, 'UTF8'))) FROM generate_series(1, 250) n;
BEGIN;
SELECT loopit_forget_person(7, 'many@example.com')->'log_rows' AS many;
SELECT loopit_forget_person(7, 'many@example.com')->'log_rows' AS again;
ROLLBACK;
SELECT sum((loopit_forget_person(w, 'many@example.com')->'log_rows')::int) AS many FROM generate_series(6, 9) w;

-- A column of another type is refused by name, whatever its bytes are.
SELECT count(loopit_ingest_lead(test.lead('{"prospect": {"email": "eve@example.com"}}'))), count(loopit_ingest_webhook('<eve@example.com'));
CREATE FUNCTION test.retyped(name text, type text, expression text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	was text := format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'loopit.ingest_log'::regclass AND attname = name;
	call text;
	e record;
BEGIN
	EXECUTE format('ALTER TABLE loopit.ingest_log ALTER %I TYPE %s USING %s', name, type, expression);
	FOREACH call IN ARRAY ARRAY['SELECT count(*) FROM loopit_find_leads()', 'SELECT count(*) FROM loopit_find_leads(''1'')', 'SELECT count(*) FROM loopit_find_leads(around => now())',
		'SELECT count(*) FROM loopit_find_leads(email => ''x'')', 'SELECT loopit_forget_person(7, ''eve@example.com'')', 'SELECT loopit_purge_ingest_log(''1 day'')', 'SELECT loopit_replay_lead(1)'] LOOP
		SELECT * INTO e FROM test.error(call);
		RETURN NEXT concat_ws(' ', name, type, e.state, e.column_name);
	END LOOP;
END $$;
DO $$
DECLARE
	c record;
	r text;
BEGIN
	FOR c IN SELECT * FROM (VALUES ('booking_reason', 'lseg', 'NULL::lseg'), ('outcome', 'text', 'outcome::text'), ('payload', 'json', 'payload::text::json'), ('raw_body', 'text', '''x'''),
		('email', 'bytea', 'convert_to(email, ''UTF8'')'), ('received_at', 'timestamp', 'received_at'), ('workspace_id', 'int', 'workspace_id'), ('id', 'numeric', 'id'),
		('person_id', 'text', 'person_id'), ('status', 'name', 'status'), ('status', '"char"', 'status::"char"')) v(name, type, expression) LOOP
		BEGIN
			DROP VIEW loopit.unresolved_lead, loopit.open_delivery, loopit.ingest_summary, loopit.ingest_audit;
			ALTER TABLE loopit.ingest_log DROP CONSTRAINT ingest_log_status_check, DROP CONSTRAINT ingest_log_reason_unless_processed;
			ALTER TABLE loopit.ingest_log ALTER id DROP IDENTITY;
			CREATE SEQUENCE loopit.ingest_log_id_seq;
			DROP INDEX loopit.ingest_log_unread_idx, loopit.ingest_log_failure_idx;
			FOR r IN SELECT DISTINCT t FROM test.retyped(c.name, c.type, c.expression) t ORDER BY 1 LOOP
				RAISE WARNING '%', r;
			END LOOP;
			RAISE EXCEPTION 'undone';
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT count(*) FROM loopit_find_leads(email => 'eve@example.com');

-- Triggers and policies that call back.
CREATE FUNCTION test.call_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM public.loopit_find_leads();
	PERFORM public.loopit_forget_person(7, 'nobody@example.com');
	IF pg_trigger_depth() < 2 THEN
		PERFORM public.loopit_forget_person(7, 'eve@example.com');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER call_back BEFORE UPDATE ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.call_back();
SELECT e.state, e.message FROM test.error($$SELECT loopit_forget_person(7, 'eve@example.com')$$) e;
DROP TRIGGER call_back ON loopit.ingest_log;
DROP FUNCTION test.call_back, test.retyped;
-- (a policy counts for an owner who is no superuser)
CREATE ROLE regress_loopit_rows;
GRANT USAGE ON SCHEMA test, public TO regress_loopit_rows;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA test, public TO regress_loopit_rows;
DO $$
DECLARE
	r regclass;
BEGIN
	FOR r IN SELECT oid FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO regress_loopit_rows', r);
	END LOOP;
END $$;
ALTER SCHEMA loopit OWNER TO regress_loopit_rows;
CREATE FUNCTION test.visible() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('test.depth', (current_setting('test.depth')::int - 1)::text, false);
	RETURN CASE WHEN current_setting('test.depth')::int < 0 THEN true
		ELSE (SELECT count(*) FROM public.loopit_find_leads()) > 0 AND public.loopit_forget_person(7, 'nobody@example.com') IS NOT NULL END;
END $$;
ALTER TABLE loopit.ingest_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY calls_back ON loopit.ingest_log USING (test.visible());
SET max_stack_depth = '500kB';
SET test.depth = 3;
SELECT count(*) > 0 AS found FROM loopit_find_leads();
SELECT loopit_forget_person(7, 'eve@example.com')->'log_rows' AS log_rows;
SET test.depth = 1000000;
SELECT e.state FROM test.error('SELECT count(*) FROM loopit_find_leads()') e;
SELECT e.state FROM test.error($$SELECT loopit_forget_person(7, 'eve@example.com')$$) e;
DROP POLICY calls_back ON loopit.ingest_log;
SELECT count(*) AS left FROM loopit.ingest_log WHERE email = 'eve@example.com' OR raw_body LIKE '%eve@%';
ALTER TABLE loopit.ingest_log NO FORCE ROW LEVEL SECURITY;
DROP FUNCTION test.visible, test.error;
\ir :done
REASSIGN OWNED BY regress_loopit_rows TO CURRENT_USER;
DROP OWNED BY regress_loopit_rows;
DROP ROLE regress_loopit_rows;

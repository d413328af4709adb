-- The database of script/bench: schemas loopit (ours), peer (PL/pgSQL) and app
-- (the application) with the same tables, the log of the floor (bench.log), the
-- leads, and the statements.  The psql variable example is the example payload of
-- the specification.  Lead n is the same for all variants.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = error;
CREATE EXTENSION loopit_leads;
CREATE EXTENSION pg_prewarm;
SELECT count(*) AS steps FROM loopit_setup() \gset
\ir peer.sql

CREATE SCHEMA app;
DO $$
DECLARE
	ddl text;
BEGIN
	FOR ddl IN
		SELECT s.ddl FROM loopit_setup_steps() s
		WHERE s.ddl ~ '(CREATE|ALTER) TABLE' AND s.ddl !~ 'CREATE SCHEMA' ORDER BY s.step
	LOOP
		EXECUTE replace(
			regexp_replace(ddl, '(CREATE OR REPLACE|COMMENT ON) VIEW [^;]*;', '', 'g'),
			'loopit.', 'app.');
	END LOOP;
END $$;

CREATE SCHEMA bench;
CREATE TABLE bench.log (LIKE loopit.ingest_log INCLUDING ALL);
CREATE TABLE bench.payload_log (LIKE loopit.ingest_log INCLUDING ALL);
DO $$
DECLARE
	unwanted text;
BEGIN
	SELECT string_agg(format('ALTER COLUMN %I DROP NOT NULL', attname), ', ') INTO unwanted FROM pg_attribute
	WHERE attrelid = 'bench.payload_log'::regclass AND attnum > 0 AND attnotnull AND attidentity = '';
	EXECUTE 'ALTER TABLE bench.payload_log ' || unwanted;
	SELECT string_agg(format('DROP CONSTRAINT %I', conname), ', ') INTO unwanted FROM pg_constraint
	WHERE conrelid = 'bench.payload_log'::regclass AND contype = 'c';
	EXECUTE 'ALTER TABLE bench.payload_log ' || unwanted;
END $$;
CREATE UNLOGGED TABLE bench.mark (run text, cpu bigint, wal pg_lsn);

-- The CPU time of this backend in nanoseconds.
CREATE FUNCTION bench.cpu() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::bigint
$$;

-- ---------------------------------------------------------------------------
-- Lead n.  E-mail addresses are spread like real ones, lead references ascend.
-- The functions are inlined, so a call costs no more than its expressions.
-- ---------------------------------------------------------------------------

CREATE FUNCTION bench.workspace(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
	AS 'SELECT n % 20 + 1';
CREATE FUNCTION bench.dealership(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
	AS 'SELECT n % 20 + 356';
CREATE FUNCTION bench.reference(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
	AS 'SELECT (n + 1000000)::text';
CREATE FUNCTION bench.mailbox(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
	AS 'SELECT n * 2654435761 % 4294967296';
CREATE FUNCTION bench.email(n bigint) RETURNS text LANGUAGE sql STABLE
	AS $$ SELECT 'person' || bench.mailbox(n)::text || '@email.com' $$;
CREATE FUNCTION bench.invalid_email(n bigint) RETURNS text LANGUAGE sql STABLE
	AS $$ SELECT 'person' || bench.mailbox(n)::text || '.email.com' $$;
CREATE FUNCTION bench.asset(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
	AS 'SELECT n % 20 * 100 + n / 20 % 100 + 1';
CREATE FUNCTION bench.stock_number(asset bigint) RETURNS text LANGUAGE sql IMMUTABLE
	AS 'SELECT (asset + 1000000)::text';
CREATE FUNCTION bench.vin(asset bigint) RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT 'JSAGJB74V0' || bench.stock_number(asset) $$;
CREATE FUNCTION bench.licence(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
	AS 'SELECT (n + 1000000000)::text';

-- The payload is the text of the example with the values of the lead inserted: it
-- costs little to join the pieces, and the cast parses the result, as it parses
-- what a client sends.
CREATE PROCEDURE bench.make_payload(name text, body text, mailbox text) LANGUAGE plpgsql AS $$
DECLARE
	part record;
BEGIN
	body := quote_literal(regexp_replace(body, '\s*\n\s*', '', 'g'));
	FOR part IN
		SELECT * FROM (VALUES
			('1759346', 'bench.reference(n)'),
			('johnsmith@email.com', mailbox),
			('JSAGJB74V00202326', 'bench.vin(bench.asset(n))'),
			('7021602', 'bench.stock_number(bench.asset(n))'),
			('1231231231', 'bench.licence(n)'),
			('356', 'bench.dealership(n)::text')) v (sent, expression)
	LOOP
		body := replace(body, part.sent, format(''' || %s || ''', part.expression));
	END LOOP;
	EXECUTE format('CREATE FUNCTION bench.%I(n bigint) RETURNS jsonb LANGUAGE sql STABLE AS %L',
		name, format('SELECT (%s)::jsonb', body));
	EXECUTE format('CREATE FUNCTION bench.%I(n bigint) RETURNS text LANGUAGE sql STABLE AS %L',
		name || '_body', format('SELECT %s', body));
END $$;

CALL bench.make_payload('full_lead', :'example', 'bench.email(n)');
CALL bench.make_payload('rejected_lead', :'example', 'bench.invalid_email(n)');
CALL bench.make_payload('minimal_lead', '{"id": 1759346, "prospect": {"first_name": "John",
	"last_name": "Smith", "email": "johnsmith@email.com"}, "dealership": {"id": 356}}',
	'bench.email(n)');

-- ---------------------------------------------------------------------------
-- Workspaces, vehicles, locations and packages
-- ---------------------------------------------------------------------------

INSERT INTO loopit.workspace (id, name) SELECT w, 'Workspace ' || w FROM generate_series(1, 20) w;
INSERT INTO loopit.dealership (id, workspace_id) SELECT w + 355, w FROM generate_series(1, 20) w;
INSERT INTO loopit.location (workspace_id, id, name)
SELECT w, w * 2 + i, (ARRAY['Depot', 'Dealer A'])[i + 1]
FROM generate_series(1, 20) w, generate_series(0, 1) i;
INSERT INTO loopit.package (workspace_id, id, name)
SELECT w, w * 2 + i, (ARRAY['Basic', 'Premium'])[i + 1]
FROM generate_series(1, 20) w, generate_series(0, 1) i;
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number)
SELECT (a - 1) / 100 + 1, a, bench.vin(a), bench.stock_number(a) FROM generate_series(1, 2000) a;
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position)
SELECT workspace_id, id, workspace_id * 2 + i, i + 1 FROM loopit.asset, generate_series(0, 1) i;

-- ---------------------------------------------------------------------------
-- The log row that a call of the extension writes, for each mix
-- ---------------------------------------------------------------------------

SELECT loopit_ingest_lead(bench.full_lead(0)) AS outcome \gset
SELECT loopit_ingest_lead(bench.full_lead(0)) AS outcome \gset
SELECT loopit_ingest_lead(bench.minimal_lead(0)) AS outcome \gset
SELECT loopit_ingest_lead(bench.rejected_lead(0)) AS outcome \gset
CREATE TABLE bench.sample AS
SELECT (ARRAY['new', 'redelivery', 'minimal', 'rejected'])[id] AS mix,
	(ARRAY['full', 'full', 'minimal', 'rejected'])[id] || '_lead' AS payload_of, l.*
FROM loopit.ingest_log l;
TRUNCATE loopit.person, loopit.identity_document, loopit.booking, loopit.ingest_log RESTART IDENTITY;

-- ---------------------------------------------------------------------------
-- The statements; $1 is n
-- ---------------------------------------------------------------------------

CREATE TABLE bench.statement (variant text, mix text, statement text, PRIMARY KEY (variant, mix));
INSERT INTO bench.statement
SELECT variant, mix, format(statement, payload_of || CASE WHEN variant IN ('raw', 'body') THEN '_body' ELSE '' END)
FROM bench.sample, (VALUES
	('raw', 'SELECT loopit_ingest_webhook_text(bench.%I($1))'),
	('body', 'SELECT bench.%I($1) IS NULL'),
	('ours', 'SELECT loopit_ingest_lead(bench.%I($1))'),
	('sql', 'SELECT loopit_ingest_lead(bench.%I($1))'),
	('peer', 'SELECT peer.ingest_lead(bench.%I($1))'),
	('payload', 'SELECT bench.%I($1) IS NULL'),
	('insert', 'INSERT INTO bench.payload_log (received_at, dealership_id, lead_reference, email, payload) VALUES
		(clock_timestamp(), bench.dealership($1), bench.reference($1), bench.email($1), bench.%I($1))'),
	('call', 'SELECT $1 IS NULL')) v (variant, statement);
-- The outcome of the floor is a constant, the least that storing can cost.
INSERT INTO bench.statement
SELECT 'floor', mix, format('INSERT INTO bench.log (%s) VALUES (%s)',
	string_agg(quote_ident(key), ', ' ORDER BY n),
	string_agg(CASE key
		WHEN 'received_at' THEN 'clock_timestamp()'
		WHEN 'dealership_id' THEN 'bench.dealership($1)'
		WHEN 'workspace_id' THEN 'bench.workspace($1)'
		WHEN 'person_id' THEN '$1'
		WHEN 'booking_id' THEN '$1'
		WHEN 'lead_reference' THEN 'bench.reference($1)'
		WHEN 'email' THEN CASE mix WHEN 'rejected' THEN 'bench.invalid_email($1)' ELSE 'bench.email($1)' END
		WHEN 'payload' THEN format('bench.%I($1)', payload_of)
		ELSE quote_literal(value) END, ', ' ORDER BY n))
FROM bench.sample s, jsonb_each_text(to_jsonb(s)) WITH ORDINALITY e (key, value, n)
WHERE value IS NOT NULL AND key NOT IN ('id', 'mix', 'payload_of')
GROUP BY mix, payload_of;

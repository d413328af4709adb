-- What the CHECKs tell who loads workspaces, dealerships, locations, packages
-- and assets: names, VINs and stock numbers are trimmed, ids are not 0.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE FUNCTION test.load(command text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE refused text;
BEGIN
	EXECUTE replace(command, '$1', quote_literal(value));
	RAISE 'loaded' USING ERRCODE = 'P0001';
EXCEPTION
	WHEN raise_exception THEN RETURN 'loaded';
	WHEN check_violation THEN
		GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME;
		RETURN refused;
END $$;
CREATE TABLE test.target (n int, command text);
INSERT INTO test.target VALUES
	(1, 'INSERT INTO loopit.workspace (id, name) VALUES (1000, $1)'),
	(2, 'INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 1000, $1)'),
	(3, 'INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 1000, $1)'),
	(4, 'INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 1000, $1)'),
	(5, 'INSERT INTO loopit.asset (workspace_id, id, stock_number) VALUES (7, 1000, $1)'),
	(6, 'UPDATE loopit.asset SET vin = $1 WHERE id = 88');
SELECT n, test.load(command, 'A b') AS trimmed, test.load(command, '') AS empty, test.load(command, ' ') AS blank,
	test.load(command, ' A') AS before, test.load(command, E'A\t') AS after, test.load(command, E'A\n B') AS within
FROM test.target ORDER BY n;
SELECT test.load('INSERT INTO loopit.asset (workspace_id, vin, stock_number) VALUES (7, NULL, NULL)', '') AS nulls;

-- ids
SELECT value, test.load('INSERT INTO loopit.workspace (id, name) VALUES ($1, ''A'')', value) AS workspace,
	test.load('INSERT INTO loopit.dealership (id, workspace_id) VALUES ($1, 7)', value) AS dealership,
	test.load('INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, $1, ''A'')', value) AS location,
	test.load('INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, $1, ''A'')', value) AS package,
	test.load('INSERT INTO loopit.asset (workspace_id, id) VALUES (7, $1)', value) AS asset
FROM (VALUES ('0'), ('-0'), ('1000'), ('-1'), ('9223372036854775807'), ('-9223372036854775808')) v(value);

-- White space is what trimming of a payload takes off: these characters, at
-- either end, and no other of the basic plane.
SELECT string_agg(to_hex(c), ' ' ORDER BY c) FROM generate_series(1, 65535) c
WHERE c NOT BETWEEN 55296 AND 57343 AND NOT loopit.is_trimmed(chr(c) || 'x');
SELECT count(*) AS one_end_only FROM generate_series(1, 65535) c
WHERE c NOT BETWEEN 55296 AND 57343 AND loopit.is_trimmed(chr(c) || 'x') <> loopit.is_trimmed('x' || chr(c));
SELECT loopit.is_trimmed('x' || chr(160) || 'x') AS within, loopit.is_trimmed(chr(128512)) AS emoji,
	loopit.is_trimmed(chr(160)) AS alone, loopit.is_trimmed(NULL) AS "null";
-- whatever the caller's search path and role
CREATE SCHEMA evil;
CREATE FUNCTION evil.encode(bytea, text) RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$;
CREATE FUNCTION evil.ne(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.ne);
SET search_path = evil, pg_catalog;
SELECT loopit.is_trimmed('x') AS trimmed, loopit.is_trimmed('x ') AS not_trimmed;
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
RESET client_min_messages;

-- Rows that were there before: the constraint holds for new ones, and setup
-- names the old ones, not what they hold.
ALTER TABLE loopit.location DROP CONSTRAINT location_name_trimmed;
ALTER TABLE loopit.asset DROP CONSTRAINT asset_vin_trimmed, DROP CONSTRAINT asset_id_not_zero;
INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 50, ' Secret'), (8, 51, 'Secret ');
INSERT INTO loopit.asset (workspace_id, id, vin) SELECT 7, i, 'S' || i || ' ' FROM generate_series(100, 108) i;
INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (8, 0, 'Z ');
DELETE FROM loopit.schema_version WHERE step >= 11;
SET client_min_messages = error;
SELECT regexp_split_to_table(done, '; ') AS done FROM loopit_setup() WHERE step = 11;
RESET client_min_messages;
SELECT conname, convalidated FROM pg_constraint
WHERE connamespace = 'loopit'::regnamespace AND conname ~ '_(trimmed|zero)$' ORDER BY 1;
INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 60, 'Yard ');
-- corrected, it can be validated
UPDATE loopit.location SET name = btrim(name);
ALTER TABLE loopit.location VALIDATE CONSTRAINT location_name_trimmed;

-- Personal data stays out of the statistics: what an ANALYZE of the past has
-- kept goes, whether or not there is another one.
SELECT attrelid::regclass, string_agg(attname, ', ' ORDER BY attnum) AS with_statistics FROM pg_attribute
WHERE attrelid IN ('loopit.person'::regclass, 'loopit.identity_document'::regclass, 'loopit.ingest_log'::regclass)
AND attnum > 0 AND NOT attisdropped AND coalesce(attstattarget, -1) <> 0 GROUP BY 1 ORDER BY 1;
SELECT count(loopit_ingest_lead(test.full_lead() || jsonb_build_object('id', i))) FROM generate_series(1, 30) i;
CREATE VIEW test.kept AS
SELECT tablename, attname FROM pg_stats WHERE schemaname = 'loopit'
AND (tablename = 'person' AND attname IN ('email', 'first_name', 'street', 'date_of_birth', 'mobile_phone')
	OR tablename = 'identity_document' AND attname IN ('number', 'card_number', 'expires_on')
	OR tablename = 'ingest_log' AND attname IN ('email', 'payload', 'outcome'));
ANALYZE loopit.person, loopit.identity_document, loopit.ingest_log;
SELECT * FROM test.kept;
ALTER TABLE loopit.person ALTER email SET STATISTICS -1, ALTER street SET STATISTICS 10;
ALTER TABLE loopit.identity_document ALTER number SET STATISTICS -1;
ALTER TABLE loopit.ingest_log ALTER email SET STATISTICS -1;
ANALYZE loopit.person, loopit.identity_document, loopit.ingest_log;
SELECT * FROM test.kept ORDER BY 1, 2;
DELETE FROM loopit.schema_version WHERE step >= 10;
SET client_min_messages = error;
SELECT step, split_part(done, ';', 1) AS done FROM loopit_setup() WHERE step = 10;
RESET client_min_messages;
SELECT * FROM test.kept;
ANALYZE loopit.person, loopit.identity_document, loopit.ingest_log;
SELECT * FROM test.kept;
\ir :done
SET client_min_messages = warning;
DROP TABLE test.target;
DROP VIEW test.kept;
DROP FUNCTION test.load;
DROP SCHEMA loopit CASCADE;

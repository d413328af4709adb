-- loopit_forget_person() finds the address in bodies that could not be read and
-- in payloads that were not processed, however it is written there: contract and
-- README, "Erasure".
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Ingests bodies; shows which of them are not erased, or are, against what is
-- expected.  Every body is malformed, or of no workspace.
CREATE TABLE test.body (n int GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL, erased boolean NOT NULL, log_id bigint);
CREATE FUNCTION test.wrong(address text DEFAULT 'john@example.com', OUT rows bigint, OUT erased bigint, OUT wrong text) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE test.body SET log_id = (loopit_ingest_webhook(body)->>'log_id')::bigint WHERE log_id IS NULL;
	-- the search is tested, not the e-mail that the log may have of such a body
	UPDATE loopit.ingest_log SET email = NULL WHERE reason = 'payload_malformed';
	erased := loopit_forget_person(7, address)->'log_rows';
	SELECT count(*), string_agg(encode(b.body, 'escape'), E'\n' ORDER BY n) FILTER (WHERE (raw_body IS NULL AND payload IS NULL) <> b.erased)
	INTO rows, wrong FROM test.body b JOIN loopit.ingest_log ON id = log_id;
	TRUNCATE test.body;
END $$;

-- Every byte before and after: only letters, digits and the characters that
-- join words of an address make it another address.
INSERT INTO test.body (body, erased)
SELECT convert_to('{"x": zz ', 'UTF8') || set_byte('?', 0, b) || 'bea@example.com', NOT (chr(nullif(b, 0)) ~ '[A-Za-z0-9_+-]' AND b < 128) OR b = 0
FROM generate_series(0, 255) b;
INSERT INTO test.body (body, erased)
SELECT convert_to('{"x": zz bea@example.com', 'UTF8') || set_byte('?', 0, b), NOT (chr(nullif(b, 0)) ~ '[A-Za-z0-9]' AND b < 128) OR b = 0
FROM generate_series(0, 255) b;
SELECT * FROM test.wrong('bea@example.com');

-- Every character of the address escaped, one at a time and all together, in
-- upper and lower case.
CREATE FUNCTION test.escaped(c text, kind text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE kind WHEN 'json' THEN '\u' || lpad(to_hex(ascii(c)), 4, '0') WHEN 'JSON' THEN '\u' || upper(lpad(to_hex(ascii(c)), 4, '0'))
		WHEN 'url' THEN '%' || to_hex(ascii(c)) WHEN 'URL' THEN '%' || upper(to_hex(ascii(c))) WHEN 'escape()' THEN '%u' || lpad(to_hex(ascii(c)), 4, '0')
		WHEN 'decimal' THEN '&#' || ascii(c) || ';' WHEN 'padded' THEN '&#0' || ascii(c) || ';' WHEN 'hex' THEN '&#x' || to_hex(ascii(c)) || ';'
		WHEN 'HEX' THEN '&#X' || upper(to_hex(ascii(c))) || ';' WHEN 'JSON in JSON' THEN '\\u' || lpad(to_hex(ascii(c)), 4, '0')
		WHEN 'URL in URL' THEN '%25' || to_hex(ascii(c)) WHEN 'HTML in HTML' THEN '&amp;#' || ascii(c) || ';' WHEN 'URL in JSON' THEN '\u0025' || to_hex(ascii(c))
		WHEN 'JSON in HTML' THEN '&bsol;u' || lpad(to_hex(ascii(c)), 4, '0') WHEN 'program' THEN '\x' || to_hex(ascii(c)) END
$$;
CREATE TABLE test.kind AS SELECT unnest(ARRAY['json', 'JSON', 'url', 'URL', 'escape()', 'decimal', 'padded', 'hex', 'HEX', 'JSON in JSON', 'URL in URL',
	'HTML in HTML', 'URL in JSON', 'JSON in HTML', 'program']) AS kind;
INSERT INTO test.body (body, erased)
SELECT convert_to('{"e": <' || left(a, n - 1) || test.escaped(substr(a, n, 1), kind) || substr(a, n + 1) || '>', 'UTF8'), true
FROM test.kind, (VALUES ('john+x@example.com'), ('John+X@Example.COM')) v(a), generate_series(1, length(a)) n;
INSERT INTO test.body (body, erased)
SELECT convert_to('{"e": <' || (SELECT string_agg(test.escaped(substr(a, n, 1), kind), '') FROM generate_series(1, length(a)) n) || '>', 'UTF8'), true
FROM test.kind, (VALUES ('john+x@example.com'), ('John+X@Example.COM')) v(a);
SELECT * FROM test.wrong('john+x@example.com');
-- A longer address is another's, whatever is escaped of it.
INSERT INTO test.body (body, erased)
SELECT convert_to('{"e": <' || before || after || '>', 'UTF8'), false
FROM test.kind, LATERAL (VALUES (test.escaped('x', kind) || 'john@example.com', ''), ('x' || test.escaped('.', kind) || 'john@example.com', ''),
	('x' || test.escaped('+', kind) || 'john@example.com', ''), ('john@example.com', test.escaped('.', kind) || 'au'),
	('john@example.com', '.' || test.escaped('a', kind) || 'u'), ('john@example.com', test.escaped('m', kind))) v(before, after);
SELECT * FROM test.wrong();
-- What is escaped beside it is no part of it.
INSERT INTO test.body (body, erased)
SELECT convert_to('{"e": x' || test.escaped(c, kind) || 'john@example.com' || test.escaped(c, kind) || 'x', 'UTF8'), true
FROM test.kind, unnest('{" ",<,>,"\"",=,&,(,/,;}'::text[]) c;
INSERT INTO test.body (body, erased)
SELECT convert_to('{"e": "x' || c || 'john@example.com' || c || 'x', 'UTF8'), true
FROM unnest(ARRAY['\n', '\t', '\r\n', '\\n', '\u00a0', '\u200b', '&nbsp;', '&lt;', '&#160;', '&NewLine;', '%0A', '%C2%A0', '%e2%80%8b', '\u00e9', '\ud83d\ude00',
	'&eacute;', U&'\00A0', U&'\3000', U&'\00E9', '\"', '\/', '''', '*', '|', '#', '!', '..', '. ']) c;
SELECT * FROM test.wrong();

-- UTF-16 of either byte order, with and without a mark and from an odd byte on;
-- UTF-32; and escapes in it.
CREATE FUNCTION test.wide(content text, width int, big boolean) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(CASE WHEN big THEN substr('\x000000'::bytea, 1, width - 1) || convert_to(c, 'UTF8')
		ELSE convert_to(c, 'UTF8') || substr('\x000000'::bytea, 1, width - 1) END, ''::bytea ORDER BY n)
	FROM regexp_split_to_table(content, '') WITH ORDINALITY s(c, n)
$$;
INSERT INTO test.body (body, erased)
SELECT prefix || test.wide(content, width, big), erased
FROM (VALUES ('{"e": "john@example.com"', true), ('john@example.com', true), ('JOHN\u0040example.com', true), ('john%40example.com', true), ('{"e": "\njohn@example.com.', true),
		('{"e": "xjohn@example.com"', false), ('{"e": "john@example.com.au"', false), ('xjohn@example.com', false), ('{"e": "x\u002ejohn@example.com"', false)) v(content, erased),
	(VALUES (''::bytea), ('\xfffe'), ('\xfeff'), ('\xefbbbf')) p(prefix), (VALUES (2), (4)) w(width), (VALUES (true), (false)) b(big)
-- (after an odd byte it cannot be told which half of a character is which)
WHERE erased OR prefix <> '\xefbbbf';
-- beside letters of another script
INSERT INTO test.body (body, erased) VALUES
	('\x2d4e'::bytea || test.wide('john@example.com', 2, false) || '\x2d4e', true), ('\x4e2d'::bytea || test.wide('john@example.com', 2, true) || '\x4e2d', true),
	('\x604f'::bytea || test.wide('xjohn@example.com', 2, false), false), ('\x4f60'::bytea || test.wide('xjohn@example.com', 2, true), false);
SELECT * FROM test.wrong();

-- A form; an address in another syntax; one after another's.
INSERT INTO test.body (body, erased) SELECT convert_to(body, 'UTF8'), erased FROM (VALUES
	('email=john%40example.com&name=x', true), ('note=call+john%40example.com&name=x', true), ('email=x%2Bjohn%40example.com', false), ('name=x&email=john@example.com', true),
	('<a href="mailto:&#106;&#111;&#104;&#110;&#64;example&period;com?subject=x">', true), ('<john@example.com>', true), ('{''e'': u''john@example.com''}', true),
	('o''john@example.com', false), ('DOMAIN\john@example.com', true), ('{\"email\":\"john@example.com\"}', true), ('{\\\"email\\\":\\\"john@example.com\\\"}', true),
	('xjohn@example.com,john@example.com', true), ('john@example.com.au john@example.com', true), ('john@example.com@john@example.com', true), ('see john@example.com.', true),
	('john@example.com-x.org', false), ('john@example.co', false), ('john@example.com_x', true), ('@example.com john', false), ('john&commat;example&PERIOD;com', true),
	('&#64example.com john&#64example.com', true), ('john@@example.com', false), ('john @ example.com', false), ('"john"@example.com', false)) v(body, erased);
SELECT * FROM test.wrong();

-- In any string of a payload that was not processed, and its keys; in none of a
-- number, which may be as long as it wants.
INSERT INTO test.body (body, erased) SELECT convert_to(body, 'UTF8'), erased FROM (VALUES ('{"a": {"b": ["<JOHN@example.com>"]}}', true), ('{"john@example.com": 1}', true),
	('["john\u0040example.com"]', true), ('"john%40example.com"', true), ('{"id": "1", "x": "\u00a0john@example.com\u00a0"}', true), ('{"x": "{\"email\": \"john\\u0040example.com\"}"}', true),
	('{"x": "xjohn@example.com"}', false), ('[1, 2, null, true, {}]', false)) v(body, erased);
SELECT * FROM test.wrong();
INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status, reason, person_action, booking_action, ingested_by, outcome, payload)
SELECT now(), 1, 1, false, 'rejected', 'dealership_missing', 'skipped', 'skipped', 'x', '{"person": {"id": null}}',
	('{"x": "john@example.com", "n": [' || repeat('1e131071, ', 9000) || '0]}')::jsonb;
SELECT loopit_forget_person(7, 'nobody@example.com')->'log_rows' AS nobody, loopit_forget_person(7, 'john@example.com')->'log_rows' AS john;
SELECT count(*) AS left FROM loopit.ingest_log WHERE payload ? 'n';

-- An address beyond ASCII, which is no valid one: as UTF-8, escaped, and as the
-- Windows-1252 of a body that is no UTF-8.
INSERT INTO test.body (body, erased) VALUES (convert_to(U&'{"e": "J\00f6rg@example.com', 'UTF8'), true), ('{"e": "j\\u00f6rg@example.com', true), ('e=j%C3%B6rg%40example.com', true),
	('{"e": "j\366rg@example.com', true), ('{"e": "jorg@example.com', false), ('{"e": "xj\366rg@example.com', false);
SELECT * FROM test.wrong(U&'J\00f6rg@example.com');
-- One that is longer than what the log keeps of it.
INSERT INTO test.body (body, erased) VALUES (convert_to('{"e": "' || repeat('x', 300) || '@example.com"', 'UTF8'), true), (convert_to('{"e": "' || repeat('x', 301) || '@example.com"', 'UTF8'), false),
	(convert_to('{"dealership": {"id": 356}, "prospect": {"email": "' || repeat('X', 300) || '@example.com"}}', 'UTF8'), true);
SELECT * FROM test.wrong(repeat('x', 300) || '@example.com');

-- Large bodies, and such as have many escapes, layers or almost-addresses.
INSERT INTO test.body (body, erased) SELECT convert_to(repeat(part, 1000000 / length(part)) || ' john@example.com', 'UTF8'), true
FROM unnest(ARRAY['@', '%25', '&amp;', '\\', '\u0040', 'john@example.co ', 'xjohn@example.com ', '&#0000064', 'x']) part;
SELECT rows, wrong IS NULL AS right FROM test.wrong();

-- Settings of the session change nothing.
CREATE SCHEMA test_shadow;
CREATE FUNCTION test_shadow.jsonb_set(jsonb, text[], jsonb, boolean) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
CREATE FUNCTION test_shadow.unnest(bigint[]) RETURNS bigint LANGUAGE sql AS 'SELECT NULL::bigint';
SET search_path = test_shadow, public, pg_catalog;
SET standard_conforming_strings = off;
SET escape_string_warning = on;
SET backslash_quote = off;
SET bytea_output = escape;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET transform_null_equals = on;
SET quote_all_identifiers = on;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_custom_plan;
SET default_transaction_isolation = 'serializable';
SET row_security = off;
SET client_encoding = 'LATIN1';
SET work_mem = '64kB';
INSERT INTO test.body (body, erased) VALUES ('{"e": "\\\\u003cjohn\\\\u0040example.com', true), (E'{"e": "\303\251john%40example.com', true), ('{"e": "xjohn@example.com', false);
SELECT * FROM test.wrong();
RESET ALL;
DROP SCHEMA test_shadow CASCADE;
\connect -
SET client_min_messages = warning;

-- What is no address erases nobody, unless somebody sent exactly that.
SELECT count(loopit_ingest_webhook(convert_to(body, 'UTF8'))) FROM unnest(ARRAY['{"e": "john.smith@example.com"', '{"e": "smith@example.com"', '{"n": "smith"',
	'{"id": "s", "prospect": {"email": " Smith "}}', '{"id": "t", "prospect": {"email": "@"}}']) body;
CREATE FUNCTION test.error(email text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	message := loopit_forget_person(7, email);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT v.email, e.* FROM unnest('{com,.,%,_,example.com,@example.com,smith@,@@,"@ @",SMITHS,"smith ",smith,@,@}'::text[]) WITH ORDINALITY v(email, n), LATERAL test.error(v.email) e ORDER BY n;
SELECT id IS NOT NULL AS row, lead_reference, encode(raw_body, 'escape') AS raw_body, payload IS NULL AS no_payload FROM loopit.ingest_log
WHERE email LIKE '%smith%' OR raw_body LIKE '%smith%' OR lead_reference IN ('s', 't') ORDER BY loopit.ingest_log.id;
-- A person whose e-mail is none, as a loader may have brought it.
INSERT INTO loopit.person (workspace_id, email) VALUES (7, 'walk-in 12');
SELECT loopit_forget_person(7, ' Walk-In 12 ');
SELECT * FROM test.error('walk-in 12');

-- A workspace that is not, or no longer, in this database, 0 among them: what the
-- log has of the address in no workspace is erased, and no other workspace's.
SELECT count(loopit_ingest_webhook(convert_to(body, 'UTF8'))) FROM unnest(ARRAY['{"e": "kim@example.com"', '{"id": "k1", "prospect": {"email": "kim@example.com"}}',
	'{"id": "k2", "dealership": {"id": 356}, "prospect": {"email": "kim@example.com"}}', '{"id": "k3", "dealership": {"id": 356}, "prospect": {"email": "kim@example.com"},}']) body;
SELECT loopit_forget_person(99, 'kim@example.com');
SELECT loopit_forget_person(99, 'kim@example.com'), loopit_forget_person(0, 'kim@example.com'), loopit_forget_person(-1, 'kim@example.com');
SELECT lead_reference, workspace_id, email IS NULL AS erased FROM loopit.ingest_log WHERE lead_reference ~ '^k' ORDER BY 1;
SELECT loopit_forget_person(7, 'kim@example.com');
SELECT count(loopit_ingest_webhook('{"e": "kim@example.com"'));
SELECT loopit_forget_person(0, 'kim@example.com');

-- Nothing personal is left in an outcome: no string of it is the sender's but
-- the reference.
SELECT count(loopit_ingest_webhook(convert_to(body, 'UTF8'))) FROM unnest(ARRAY[
	'{"id": "p", "dealership": {"id": 356}, "prospect": {"email": "eve@example.com", "first_name": "SECRET"}, "item": {"vin": "SECRET"}, "location": {"location_name": "SECRET"},
	  "additional_details": {"subscription_plan": "SECRET premium", "passport_country": "SECRET"}}',
	'{"id": "p", "dealership": {"id": "SECRET"}, "prospect": {"email": "eve@example.com", "dob": "SECRET", "address": "SECRET", "opt_in_to_marketing": "SECRET"}}']) body;
SELECT loopit_forget_person(7, 'eve@example.com');
SELECT count(*) AS outcomes, count(*) FILTER (WHERE outcome::text ~* 'secret|eve@') AS with_a_secret, bool_and(outcome#>>'{person,id}' IS NULL) AS nobody
FROM loopit.ingest_log WHERE lead_reference = 'p';

-- In a database of another encoding a body is in UTF-8, and a payload is not.
\set back :DBNAME
CREATE DATABASE regress_loopit_forget TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_loopit_forget
SET client_encoding = 'UTF8';
\ir :fresh
SELECT count(loopit_ingest_webhook(body)) FROM (VALUES ('{"e": "j\303\266rg@example.com"'::bytea), ('["j\303\266rg@example.com"]'), ('["xj\303\266rg@example.com"]'),
	('{"id": "l", "prospect": {"email": "J\303\266rg@example.com"}}'), ('\342\202\254 john\\u0040example.com \377')) v(body);
SELECT loopit_forget_person(7, U&'J\00f6rg@example.com')->'log_rows' AS "jörg", loopit_forget_person(7, 'john@example.com')->'log_rows' AS john;
\c :back
DROP DATABASE regress_loopit_forget;
DROP TABLE test.body, test.kind;
DROP FUNCTION test.wrong, test.escaped, test.wide, test.error;
\ir :done

-- What a payload may grow to: by either entry nothing is stored that makes a
-- dump, an erasure, a digest or a view fail, or that is many times as large as
-- what was received.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- The limit of a number is that of its plain text, 100 characters, and the same
-- by both entries and for every form of it.
CREATE TABLE test.number AS
SELECT sign || digits || exponent AS number FROM unnest('{"",-}'::text[]) sign,
	unnest(ARRAY['0', '1', '9', '10', '12.5', '0.5', '0.05', '1.00', '0.00', '9999.9999', repeat('7', 99), repeat('7', 100), repeat('7', 101),
		'0.' || repeat('7', 97), '0.' || repeat('7', 98), '0.' || repeat('7', 99), '1' || repeat('0', 200), '0.' || repeat('0', 150) || '1']) digits,
	unnest('{"",e0,e1,e2,e3,e4,e5,e-1,e-4,E-5,e+50,e-50,e94,e95,e96,e97,e98,e99,e100,e101,e-94,e-95,e-96,e-97,e-98,e-99,e-100,e199,e-199,e9999,e-9999,e131071}'::text[]) exponent;
CREATE FUNCTION test.plain(number text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN number::numeric;
EXCEPTION WHEN numeric_value_out_of_range THEN
	RETURN repeat('9', 200000);
END $$;
CREATE TABLE test.said AS
SELECT number, plain, b.o AS body, loopit_ingest_lead(test.lead(jsonb_build_object('x', jsonb_build_array(plain::numeric)))) AS lead
FROM (SELECT number, test.plain(number) FROM test.number OFFSET 0) n(number, plain), LATERAL loopit_ingest_webhook(
	convert_to('{"id": 1, "dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}, "x": [' || number || ']}', 'UTF8')) b(o)
WHERE length(plain) < 130000;
SELECT length(plain) > 100 AS long, test.issues(body) AS body, test.issues(lead) AS lead, count(*),
	bool_and(b.payload = l.payload) AS same, bool_and((b.payload#>>'{x,0}') IS NOT DISTINCT FROM CASE WHEN length(plain) <= 100 THEN plain END) AS as_sent
FROM test.said LEFT JOIN loopit.ingest_log b ON b.id = (body->>'log_id')::bigint LEFT JOIN loopit.ingest_log l ON l.id = (lead->>'log_id')::bigint
GROUP BY 1, 2, 3 ORDER BY 1;
SELECT count(*) AS at_the_limit FROM test.said WHERE length(plain) IN (100, 101);

-- Wherever the number is: at any depth, a lead's own field, the payload itself;
-- in a dry run as well.  What has none is not copied but taken as it is.
CREATE TABLE test.answer AS
SELECT n, title, v.o AS dry_run, i.o AS ingested FROM (VALUES (1, 'in arrays and objects', test.lead('{"a": [[{"b": [1e200, 2]}], 1e-200], "c": {"d": -1e300}}')),
	(2, 'in a key', test.lead('{"1e200": "1e200"}')), (3, 'the id', test.lead('{"id": 1e200}')),
	(4, 'the dealership', test.lead('{"dealership": {"id": 1e200}}')), (5, 'the address', test.lead('{"prospect": {"email": 1e200}}')),
	(6, 'a date', test.lead('{"prospect": {"dob": 1e200}}')), (7, 'the plan', test.lead('{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": 1e200}}')),
	(8, 'alone', '1e200'), (9, 'alone and short', '1e20'), (10, 'in an array', '[1e200, 1]')) n(n, title, payload),
LATERAL loopit_validate_lead(payload) v(o), LATERAL loopit_ingest_lead(payload) i(o) ORDER BY n;
SELECT title, replace(test.issues(dry_run), E'\n', ', ') AS dry_run, test.issues(dry_run) IS NOT DISTINCT FROM test.issues(ingested) AS same,
	payload - '{dealership,prospect}'::text[] AS rest, raw_body
FROM test.answer a JOIN loopit.ingest_log l ON l.id = (a.ingested->>'log_id')::bigint
WHERE jsonb_typeof(payload) = 'object' ORDER BY n;
SELECT title, replace(test.issues(dry_run), E'\n', ', ') AS dry_run, payload, raw_body
FROM test.answer a JOIN loopit.ingest_log l ON l.id = (a.ingested->>'log_id')::bigint
WHERE jsonb_typeof(payload) <> 'object' ORDER BY n;

-- 81 kB of the longest numbers, without an id: the digest, the views and the
-- text of the log are no larger than what was received.
\ir :fresh
SELECT test.issues(loopit_ingest_webhook(convert_to('{"n": [' || repeat('1e131071,', 9000) || '1], "prospect": {"email": "ann@example.com"}}', 'UTF8'))) AS body,
	test.issues(loopit_ingest_lead(jsonb_build_object('n', (SELECT jsonb_agg(1e131071) FROM generate_series(1, 9000)), 'prospect', '{"email": "ann@example.com"}'::jsonb))) AS lead;
SELECT length(payload::text) < 82000 AS payload, length(lead_reference) AS reference FROM loopit.ingest_log ORDER BY id;
SELECT count(*), bool_and(length(a::text) < 85000) AS small FROM loopit.ingest_audit a;
SELECT loopit_forget_person(7, 'ann@example.com')->'log_rows' AS erased;
-- a replay has nothing to repair
\ir :fresh
SELECT test.issues(loopit_ingest_webhook('{"id": 1, "dealership": {"id": 1000}, "prospect": {"email": "ann@example.com"}, "x": 1e999}')) AS delivered;
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT o->>'status' AS status, test.issues(o) FROM loopit_replay_lead(1) o;
SELECT replay_of, payload->'x' AS x, raw_body IS NULL AS no_body FROM loopit.ingest_log ORDER BY id;

-- More elements than the server's parser has memory for are no error.
CREATE TABLE test.elements AS
SELECT n, about, body, o FROM (VALUES (1, '16,777,217 elements', convert_to('[' || repeat('0,', 16777216) || '0]', 'UTF8')),
	(2, '8,388,609 keys', convert_to('{' || repeat('"":0,', 8388608) || '"":0}', 'UTF8')),
	(3, 'elements of a lead', convert_to('{"id":1,"a":[' || repeat('0,', 16777216) || '0]}', 'UTF8'))) v(n, about, body),
LATERAL loopit_ingest_webhook(body) o;
SELECT about, o->>'reason' AS reason, i->>'hint' AS hint, raw_body = body AS kept
FROM test.elements JOIN loopit.ingest_log l ON l.id = (o->>'log_id')::bigint, jsonb_array_elements(o->'issues') i ORDER BY n;

-- A body that is larger than 128 MB would not fit into a dump, and is not kept.
SELECT o->>'reason' AS reason, o->'issues'->0->>'hint' AS hint
FROM loopit_ingest_webhook(convert_to('{"id": 5' || repeat(' ', 134217729), 'UTF8')) o;
SELECT lead_reference, raw_body IS NULL AS not_kept FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;

-- jsonb that is nested deeper than a body may be is kept as a body, since a view
-- or a restored dump might not have the stack for it.
CREATE TABLE test.deep AS
SELECT depth, o FROM unnest('{999,1000,1001,3000}'::int[]) depth, LATERAL (SELECT (repeat('[', depth) || repeat(']', depth))::jsonb) p(p),
LATERAL loopit_ingest_lead(p) o;
SELECT depth, o->>'reason' AS reason, i->>'hint' AS hint, jsonb_typeof(payload) AS payload, octet_length(raw_body) AS raw_body
FROM test.deep JOIN loopit.ingest_log l ON l.id = (o->>'log_id')::bigint, jsonb_array_elements(o->'issues') i ORDER BY depth;
SELECT loopit_validate_lead(('{"a":' || repeat('[', 1000) || repeat(']', 1000) || '}')::jsonb)->>'reason' AS dry_run;
SELECT o->>'reason' AS replayed FROM loopit.ingest_log, LATERAL loopit_replay_lead(id) o WHERE octet_length(raw_body) = 6000;

-- Arrays of leads and JSON in a string are JSON: their hints are the same by
-- both entries.
SELECT body, i->>'code' AS code, i->>'hint' AS hint, i = (SELECT j FROM jsonb_array_elements(loopit_ingest_lead(body::jsonb)->'issues') j) AS same
FROM (VALUES (1, '[{"id": 1}]'), (2, '[[{"id": 1}]]'), (3, '[]'), (4, '[1]'), (5, '"{\"id\": 1}"'), (6, '" [{}]"'), (7, '"\"{}\""'), (8, '"x"'),
	(9, '""'), (10, '1'), (11, 'true'), (12, 'null')) v(n, body), LATERAL loopit_ingest_webhook(convert_to(body, 'UTF8')) o, jsonb_array_elements(o->'issues') i ORDER BY n;
DROP TABLE test.number, test.said, test.answer, test.elements, test.deep;
DROP FUNCTION test.plain;
\ir :done

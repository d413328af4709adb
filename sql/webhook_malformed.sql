-- Bodies that cannot be read: what they look like, and what support finds of
-- them by the reference and the address that the sender has.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- ASCII in UTF-16, or in UTF-32 with three bytes of zero beside each.
CREATE FUNCTION test.wide(body text, before int, after int) RETURNS bytea LANGUAGE sql AS $$
	SELECT decode(string_agg(repeat('00', before) || encode(convert_to(c, 'UTF8'), 'hex') || repeat('00', after), '' ORDER BY n), 'hex')
	FROM regexp_split_to_table(body, '') WITH ORDINALITY s(c, n)
$$;
CREATE TABLE test.body (n int GENERATED ALWAYS AS IDENTITY, about text, body bytea);
INSERT INTO test.body (about, body) SELECT about, convert_to(body, 'UTF8') FROM (VALUES
	('form', 'id=1759346&email=ann%40example.com'), ('form of a prospect', 'lead%5Bid%5D=5&id=6&prospect%5Bemail%5D=ann%40example.com&email=office@example.com'),
	('form, address first', 'dealer_email=office@example.com&prospect.email=Ann%2Bx@Example.com'),
	('form of JSON', 'payload=%7B%22id%22%3A1759346%2C%22prospect%22%3A%7B%22email%22%3A%22ann%40example.com%22%7D%7D'),
	('form of JSON with blanks', 'a=b&payload=%7B+%22id%22+:+%22A%2F1+x%22%2C+"prospect"%3A%7B%22email%22%3A%22ann%40example.com%22%7D+%7D&c'),
	('JSON, percent-encoded', '%7B%22id%22%3A17%2C%22email%22%3A%22ann%40example.com%22%7D'),
	('multipart form', E'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nann@example.com\r\n--x--\r\n'),
	('form without values', 'a&b&c'), ('an equals sign in a sentence', 'the id = 5'),
	('two documents', '{"id": 1, "prospect": {"email": "ann@example.com"}}{"id": 2}'), ('two with a comma', '{"id": 1}, {"id": 2}'),
	('a document per line', E'{"id": 1, "email": "ann@example.com"}\n{"id": 2, "email": "bob@example.com"}\n'), ('two arrays', '[{"id": 3}] [{"id": 4}]'),
	('RFC 7464', E'\x1e{"id": 1}\n\x1e{"id": 2}\n'), ('two strings', '"a" "b"'), ('a document and garbage', '{"id": 1} x'),
	('cut in a string', '{"id": 1759346, "prospect": {"email": "ann@example.com", "first_name": "An'), ('cut in an object', '{"id": "A-1", "prospect": {"email": "ann@example.com"'),
	('cut in an array', '[{"id": 7, "email": "ann@example.com"}, '), ('cut in the id', '{"prospect": {"email": "ann@example.com"}, "id": 17593'),
	('cut in the text of the id', '{"prospect": {"email": "ann@example.com"}, "id": "17593'), ('cut in the address', '{"id": 1, "prospect": {"email": "ann@exampl'),
	('cut after an escape', '{"id": 1, "a": "\'), ('a stray quotation mark', '{"id": 1, "a": "x"y", "prospect": {"email": "ann@example.com"}}'),
	('the id of another object', '{"dealership": {"id": 356}, "item": {"id": 5}, "prospect": {"id": 6, "email": "ann@example.com"},, }'),
	('the id after others', '{"dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}, "id": 77,, }'),
	('the first id', '{"id": 1, "id": 2,, }'), ('null for an id', '{"id": null, "a": 5,, }'), ('a fraction for an id', '{"id": 1.5,, }'), ('an empty id', '{"id": " ",, }'),
	('an id of 255', '{"id": "' || repeat('x', 255) || '",, }'), ('an id of 256', '{"id": "' || repeat('x', 256) || '",, }'), ('an id that is no ASCII', '{"id": "é",, }'),
	('escapes', '{"id": "\u0041\/1", "prospect": {"email": "ann\u0040example.com"},, }'), ('quotes in a string', '{"a": "\"id\": 5, \"email\": \"eve@example.com\"", "id": 1, "email": "ann@example.com",, }'),
	('the prospect''s address', '{"dealership": {"email": "office@example.com"}, "prospect": {"email": "ann@example.com"}, "x": {"email": "eve@example.com"},, }'),
	('another''s address', '{"dealership": {"email": "office@example.com"},, }'), ('an address anywhere', '{"id": 1, "comments": "call <Ann@Example.com>, or bob@example.com",, }'),
	('no valid address', '{"prospect": {"email": "ann@localhost"},, }'), ('no address', '{"prospect": {"email": "none"}, "a": "@", "b": "x@", "c": "@x.com",, }'),
	('an address of 254', '{"prospect": {"email": "' || repeat('a', 242) || '@example.com"},, }'), ('an address of 255', '{"prospect": {"email": "' || repeat('a', 243) || '@example.com"},, }'),
	('JSON in a string', '{"body": "{\"id\": 8, \"prospect\": {\"email\": \"ann@example.com\"}}",, }'), ('single quotes', '{''id'': 9, ''prospect'': {''email'': ''ann@example.com''}}'),
	('no quotes', '{id: 10, prospect: {email: "ann@example.com"}}'), ('Python', '{''id'': 11, ''ok'': True, ''prospect'': {''email'': ''ann@example.com'', ''dob'': None}}'),
	('XML', '<lead><id>12</id><email>ann@example.com</email></lead>'), ('text', 'Please call ann@example.com.'), ('an address alone', 'ann@example.com'), ('an address cut off', '{"comments": "call ann@example.co'), ('blank', '   '),
	('beyond a megabyte', '{"a": "' || repeat('x', 1048576) || '", "id": 1, "email": "ann@example.com",, }')) v(about, body);
INSERT INTO test.body (about, body) SELECT about || mark, decode(mark, 'hex') || test.wide('{"id": 1759346, "prospect": {"email": "ann@example.com"}}', before, after)
FROM (VALUES ('UTF-16 BE ', 1, 0), ('UTF-16 LE ', 0, 1), ('UTF-32 BE ', 3, 0), ('UTF-32 LE ', 0, 3)) w(about, before, after),
	unnest(CASE about WHEN 'UTF-16 BE ' THEN '{"",feff}' WHEN 'UTF-16 LE ' THEN '{"",fffe}' WHEN 'UTF-32 BE ' THEN '{"",0000feff}' ELSE '{"",fffe0000}' END::text[]) mark;
INSERT INTO test.body (about, body) VALUES ('a NUL at the end', '\x7b22696422203a20317d00'), ('gzip', '\x1f8b0800'), ('zlib', '\x789c0300'), ('Zstandard', '\x28b52ffd');

CREATE TABLE test.answer AS SELECT n, o FROM test.body, LATERAL loopit_ingest_webhook(body) o ORDER BY n;
CREATE VIEW test.result AS SELECT about, left(lead_reference, 20) || CASE WHEN length(lead_reference) > 20 THEN '... ' || length(lead_reference) ELSE '' END AS lead_reference,
	left(email, 20) || CASE WHEN length(email) > 20 THEN '... ' || length(email) ELSE '' END AS email, i->>'hint' AS hint, l.reason, n, o, l.id
FROM test.answer JOIN test.body USING (n) JOIN loopit.ingest_log l ON l.id = (o->>'log_id')::bigint, jsonb_array_elements(o->'issues') i;
SELECT about, lead_reference, email, hint FROM test.result ORDER BY n;
SELECT DISTINCT reason, o->>'lead_reference' AS in_outcome, count(*) = (SELECT count(*) FROM test.body) AS all FROM test.result GROUP BY 1, 2;
-- found by what the sender has, and each for itself on the list
SELECT count(*) AS by_address FROM loopit_find_leads(email => 'Ann@example.com');
SELECT count(*) AS by_reference FROM loopit_find_leads('1759346');
SELECT count(*) = (SELECT count(*) FROM test.body) AS unresolved FROM loopit.unresolved_lead;
-- So is what is JSON, but no object: an array of leads by its first one, a string
-- by its text; whichever function takes it.
CREATE TABLE test.no_object AS SELECT n, payload, loopit_ingest_lead(payload::jsonb) AS o, loopit_ingest_webhook(convert_to(payload, 'UTF8')) AS by_webhook FROM (VALUES
	(1, '[{"id": "A1", "prospect": {"email": "zoe@example.com"}}, {"id": "A2", "prospect": {"email": "bob@example.com"}}]'),
	(2, to_jsonb('{"id": "A1", "prospect": {"email": "zoe@example.com"}}'::text)::text), (3, to_jsonb(to_jsonb('{"id": "A1", "prospect": {"email": "zoe@example.com"}}'::text)::text)::text),
	(4, '"Please call zoe@example.com."'), (5, '[["zoe@example.com"]]'), (6, '[]'), (7, '7'), (8, 'null')) v(n, payload);
SELECT n, left(d.payload, 20) AS payload, o->>'reason' AS reason, o->>'lead_reference' AS in_outcome, l.lead_reference, l.email, (l.lead_reference, l.email) IS NOT DISTINCT FROM (w.lead_reference, w.email) AS same
FROM test.no_object d JOIN loopit.ingest_log l ON l.id = (o->>'log_id')::bigint JOIN loopit.ingest_log w ON w.id = (by_webhook->>'log_id')::bigint ORDER BY n;
SELECT count(*) AS by_address FROM loopit_find_leads(email => 'zoe@example.com');
SELECT loopit_forget_person(7, 'zoe@example.com')->'log_rows' AS erased;
SELECT count(*) FROM loopit.ingest_log WHERE email = 'zoe@example.com' OR payload::text LIKE '%zoe@example.com%';
DROP TABLE test.no_object;
-- a replay finds the same again
SELECT a->>'reason' AS reason, a->'issues'->0->>'hint' AS hint FROM test.result r, LATERAL loopit_replay_lead(r.id) a WHERE about = 'form';
SELECT lead_reference, email FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
-- and an erasure erases it
SELECT loopit_forget_person(7, 'ann@example.com')->'log_rows' > '30' AS erased;
SELECT count(*) FROM loopit.ingest_log WHERE email = 'ann@example.com' OR encode(raw_body, 'escape') ~* 'ann@example.com';
DROP TABLE test.body, test.answer CASCADE;
DROP FUNCTION test.wide;
\ir :done

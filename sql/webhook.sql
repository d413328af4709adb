-- loopit_ingest_webhook(): a raw body, whatever its bytes are.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- A body in a notation that can be read: @ stands for what a good lead has
-- between its braces, ~ and two hex digits for a byte.
CREATE FUNCTION test.bytes(notation text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(decode(string_agg(CASE WHEN part[1] ~ '^~' THEN substr(part[1], 2)
		ELSE encode(convert_to(part[1], 'UTF8'), 'hex') END, '' ORDER BY n), 'hex'), '')
	FROM regexp_matches(replace(notation, '@',
		'"id":1,"dealership":{"id":356},"prospect":{"email":"ann@example.com"}'),
		'~[0-9A-F]{2}|[^~]+', 'g') WITH ORDINALITY m(part, n)
$$;
CREATE TABLE test.body (n int GENERATED ALWAYS AS IDENTITY, want text, about text, notation text,
	body bytea GENERATED ALWAYS AS (test.bytes(notation)) STORED);

-- What is JSON is taken as it is.
INSERT INTO test.body (want, about, notation) SELECT 'ok', * FROM (VALUES
	('the lead', '{@}'), ('white space', E' \t\r\n{@} \t\r\n'), ('byte-order mark', '~EF~BB~BF{@}'),
	('mark and space', '~EF~BB~BF {@}'), ('mark in a string', '{@,"a":"~EF~BB~BF"}'), ('two bytes', '{@,"a":"é"}'),
	('four bytes', '{@,"a":"😀"}'), ('last code point', '{@,"a":"~F4~8F~BF~BF"}'),
	('no character', '{@,"a":"~EF~BF~BF"}'), ('delete', '{@,"a":"~7F"}'),
	('escapes', '{@,"a":"\"\\\/\b\f\n\r\t"}'), ('escaped', '{@,"\u00e9":"\u00E9"}'),
	('a pair', '{@,"a":"\ud83d\ude00"}'), ('escaped backslash', '{@,"a":"\\u0000"}'),
	('two of them', '{@,"a":"\\\\u0000"}'), ('U+0001', '{@,"a":"\u0001"}'),
	('U+0000 but for a digit', '{@,"a":"\u000a"}'), ('key twice', '{@,"a":1,"a":2}'), ('id twice', '{"id":5,@}'),
	('empty key', '{@,"":1}'), ('minus nought', '{@,"a":-0}'), ('nought with an exponent', '{@,"a":[0e9,-0E+9,0.00e99]}'),
	('numbers', '{@,"a":[0,-1,1.50,1E+2,1e-2]}'), ('comma in a string', '{@,"a":",}"}'),
	('and quote', '{@,"a":"\",}"}'), ('and backslash', '{@,"a":"x,\\"}'), ('comma in a key', '{@,",}":[]}'),
	('slashes in a string', '{@,"a":"/* // */"}'), ('brackets in a string', '{@,"a":"]]}}[[{{"}')) v;

-- Repaired: a comma after a value that nothing follows, \u0000, half a surrogate
-- pair, a control character in a string, a byte that is not UTF-8, and a number
-- whose plain text is longer than 100 characters.
INSERT INTO test.body (want, about, notation) SELECT 'repaired', * FROM (VALUES
	('object', '{@,}'), ('array', '{@,"a":[1,]}'), ('both', '{@,"a":[1,],}'),
	('nested', '{@,"a":{"b":[{"c":[[1,],],},],},}'), ('spaces', '{@,"a":[1 , ] , }'), ('newline', E'{@,\r\n\t}'),
	('mark', '~EF~BB~BF{@,}'), ('true', '{@,"a":true,}'), ('false', '{@,"a":[false,]}'), ('null', '{@,"a":null,}'),
	('number', '{@,"a":1.5,}'), ('exponent', '{@,"a":1E5,}'), ('empty object', '{@,"a":{},}'),
	('empty array', '{@,"a":[],}'), ('string', '{@,"a":"",}'), ('comma in it', '{@,"a":"x,",}'),
	('brace in it', '{@,"a":"}",}'), ('quote in it', '{@,"a":"\"",}'), ('backslash in it', '{@,"a":"\\",}'),
	('é', '{@,"a":"é",}'), ('NUL', '{@,"a":"x\u0000y"}'), ('alone', '{@,"a":"\u0000"}'),
	('twice', '{@,"a":"\u0000x\u0000\u0000"}'), ('in a key', '{@,"a\u0000b":1}'),
	('in a key of the lead', '{@,"loc\u0000ation":{}}'), ('same key then', '{@,"a":1,"a\u0000":2}'),
	('behind a backslash', '{@,"a":"\\\u0000"}'), ('before an escape', '{@,"a":"\u0000\""}'),
	('before its own text', '{@,"a":"\u0000u0000"}'), ('and a comma', '{@,"a":"\u0000,",}'),
	('NUL byte in a string', '{@,"a":"x~00y"}'), ('lone high', '{@,"a":"\ud800"}'), ('lone low', '{@,"a":"x\uDFFFy"}'),
	('turned round', '{@,"a":"\ude00\ud83d"}'), ('high, then text', '{@,"a":"\ud83dx"}'),
	('high twice', '{@,"a":"\ud83d\ud83d\ude00"}'), ('low twice', '{@,"a":"\ude00\ude00"}'), ('high, then another escape', '{@,"a":"\ud83d\u0041\ud83d\n"}'),
	('a dropped NUL joins no pair', '{@,"a":"\ud83d\u0000\ude00"}'), ('half a pair in a key', '{@,"\ud83d":1}'),
	('control', '{@,"a":"x~01~1F"}'), ('tab', E'{@,"a":"\t"}'), ('newline', E'{@,"a":"1\r\n2"}'),
	('control in a key', E'{@,"a\tb":1}'), ('form feed and backspace', '{@,"a":"~0C~08"}'),
	('apostrophe of Windows', '{@,"a":"it~92s"}'), ('Latin 1', '{@,"a":"caf~E9"}'), ('in a key', '{@,"caf~E9":1}'),
	('euro and undefined ones', '{@,"a":"~80~81~8D~8F~90~9D"}'), ('last ones', '{@,"a":"~9F~A0~FF"}'),
	('beside UTF-8', '{@,"a":"~E9é~E9"}'), ('overlong', '{@,"a":"~C0~80"}'), ('overlong', '{@,"a":"~E0~80~80"}'),
	('overlong', '{@,"a":"~F0~80~80~80"}'), ('overlong slash', '{@,"a":"~C0~AF"}'), ('surrogate', '{@,"a":"~ED~A0~80"}'),
	('CESU pair', '{@,"a":"~ED~A0~BD~ED~B8~80"}'), ('beyond Unicode', '{@,"a":"~F4~90~80~80"}'),
	('beyond Unicode', '{@,"a":"~F5~80~80~80"}'), ('cut character', '{@,"a":"~E2~82"}'), ('cut before an escape', '{@,"a":"~E2~82\n"}'),
	('1e99 fits', '{@,"a":[1e99,1e100]}'), ('-1e98 fits', '{@,"a":[-1e98,-1e99]}'), ('1e-98 fits', '{@,"a":[1e-98,1e-99]}'),
	('-1e-97 fits', '{@,"a":[-1e-97,-1e-98]}'), ('1e-96 and zeros', '{@,"a":[1.00e-96,1.000e-96]}'), ('12e98 fits', '{@,"a":[12e98,12e99]}'),
	('0e-98 fits', '{@,"a":[0e-98,-0e-99]}'), ('poison', '{@,"a":1e131071}'), ('poison fraction', '{@,"a":1e-16383}'),
	('out of range', '{@,"a":1e999999}'), ('out of range', '{@,"a":-1E+99999999999999999999}'), ('in the id', '{@,"id":1e999999}'),
	('in a key of numbers', '{@,"a":{"1e999":1e999}}'), ('and a comma', '{@,"a":[1e999,]}'),
	('all of them', E'{@,"a":["\\u0000\\ud800\t~92",1e999,],}')) v;

-- No JSON that can be read, or none that jsonb can hold.
INSERT INTO test.body (want, about, notation) SELECT 'malformed', * FROM (VALUES
	('a space', ' '), ('mark alone', '~EF~BB~BF'), ('mark twice', '~EF~BB~BF~EF~BB~BF{@}'),
	('half a mark', '~EF~BB{@}'), ('mark behind', '{@}~EF~BB~BF'), ('NUL', '~00'), ('NUL behind', '{@}~00'),
	('NUL before', '~00{@}'), ('UTF-16 LE', '~FF~FE{~00}~00'),
	('UTF-16 BE', '~FE~FF~00{~00}'), ('without a mark', '{~00}~00'), ('byte outside a string', '{@,~92a~92:1}'), ('space of Latin 1', '{@,~A0"a":1}'), ('cut at the end', '{@}~E2~82'),
	('a dropped NUL completes no escape', '{@,"a":"\u00\u000041"}'), ('cut surrogate', '{@,"a":"\ud83"}'),
	('NUL escape outside', '{@\u0000}'), ('escape', '{@,"a":"\x41"}'), ('escape', '{@,"a":"\u12"}'),
	('escape', '{@,"a":"\u00G0"}'), ('escape', '{@,"a":"\''"}'), ('escape', '{@,"a":"\U0000"}'),
	('backslash at the end', '{@,"a":"\'), ('NaN', '{@,"a":NaN}'), ('Infinity', '{@,"a":-Infinity}'),
	('number', '{@,"a":-}'), ('number', '{@,"a":01}'), ('number', '{@,"a":1.}'), ('number', '{@,"a":.5}'),
	('number', '{@,"a":+1}'), ('number', '{@,"a":1e}'), ('number', '{@,"a":0x10}'), ('number', '{@,"a":1_000}'),
	('number', '{@,"a":--1}'), ('long and no number', '{@,"a":1e999999x}'), ('long and no number', '{@,"a":01e999}'),
	('long for a key', '{@,1e999:1}'), ('open string', '{@,"a":"x}'), ('open string', '"'),
	('control outside a string', '{@,~01"a":1}'),
	('single quotes', '{@,''a'':1}'), ('single quotes', '{@,"a":''x''}'), ('no quotes', '{@,a:1}'),
	('curly quotes', '{@,“a”:1}'), ('number for a key', '{@,1:1}'), ('comment', '{@ /* x */}'),
	('comment', E'{@ // x\n}'), ('comment', E'# x\n{@}'), ('two commas', '{@,"a":[1,,]}'), ('two commas', '{@,,}'),
	('between', '{@,"a":[1,,2]}'), ('alone', '{@,"a":[,]}'), ('alone', '{,}'), ('first', '{@,"a":[,1]}'),
	('no value', '{@,"a":,}'), ('no value', '{@,"a":}'), ('no colon', '{@,"a",}'), ('behind the document', '{@},'),
	('before it', ',{@}'), ('and an open brace', '{@,"a":[1,]'), ('no comma', '{@ "a":1}'), ('semicolon', '{@;}'),
	('True', '{@,"a":True}'), ('nul', '{@,"a":nul,}'), ('nulls', '{@,"a":nulls}'),
	('undefined', '{@,"a":undefined}'), ('cut', '{'), ('cut', '{@'), ('cut', '{@,'), ('cut', '{@,"a"'),
	('cut', '{@,"a":'), ('cut', '{@,"a":tru'), ('wrong bracket', '{@]'), ('wrong bracket', '[{@]}'),
	('one too many', '{@}}'), ('closing', ']'), ('garbage', '{@}x'), ('twice', '{@}{@}'),
	('a line each', E'{@}\n{@}'), ('form feed', '~0C{@}'), ('no-break space', '~C2~A0{@}'),
	('a form', 'email=ann%40example.com&id=1'), ('a page', '<html></html>'), ('text', 'ann')) v;

-- JSON, but no lead.
INSERT INTO test.body (want, about, notation) VALUES
	('missing', 'no bytes', ''), ('not_object', 'null', 'null'), ('not_object', 'number', '1'),
	('not_object', 'string', '"x"'), ('not_object', 'true', 'true'), ('not_object', 'empty array', '[]'),
	('not_object', 'a lead in an array', '[{@}]'), ('not_object repaired', 'array with a comma', '[{@},]'),
	('not_object repaired', 'NUL', '"\u0000"');

-- Each body gives one outcome and one log row; what could not be read or had
-- to be repaired is kept as it came, what could be read is a payload.
CREATE TABLE test.answer AS
SELECT n, outcome FROM test.body, LATERAL loopit_ingest_webhook(body) outcome ORDER BY n;
CREATE FUNCTION test.rest(payload jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE jsonb_typeof(payload) WHEN 'object' THEN payload - '{id,dealership,prospect}'::text[]
		ELSE payload END::text
$$;
CREATE VIEW test.result AS
SELECT n, want, about, notation, l.status, l.reason, replace(test.issues(l.outcome), E'\n', ', ') AS issues,
	CASE WHEN raw_body IS NULL THEN 'no' WHEN raw_body = body THEN 'kept' ELSE 'other' END AS raw_body,
	test.rest(payload) AS rest, payload, l.lead_reference, l.outcome
FROM test.answer a JOIN test.body USING (n) LEFT JOIN loopit.ingest_log l ON l.id = (a.outcome->>'log_id')::bigint;
SELECT want, status, reason, issues, raw_body, rest IS NOT NULL AS payload, count(*)
FROM test.result GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY min(n);
SELECT count(*) = (SELECT count(*) FROM test.body) AS a_log_row_each, count(DISTINCT id) = count(*) AS of_its_own,
	(SELECT count(*) FROM test.answer a JOIN loopit.ingest_log l ON l.outcome = a.outcome) = count(*) AS same_outcome
FROM loopit.ingest_log;
SELECT count(*) AS persons, bool_and(email = 'ann@example.com') AS ann FROM loopit.person;

-- What was read: of JSON what the server's own parser reads, of the others
-- the same but for what was dropped.
SELECT count(*), bool_and(payload = convert_from(body, 'UTF8')::jsonb) AS same
FROM test.result JOIN test.body USING (n) WHERE result.want IN ('ok', 'not_object') AND substr(body, 1, 3) <> '\xEFBBBF';
SELECT about, notation, rest FROM test.result WHERE about LIKE '%mark%' AND rest = '{}'
	OR about ~ 'key twice|id twice|backslash|two of them|U\+000' AND want = 'ok' ORDER BY n;
SELECT about, notation, rest FROM test.result WHERE want LIKE '%repaired' ORDER BY n;
-- the message says what was repaired, and nothing of what was sent
SELECT about, n, substring(i->>'message' FROM 'stored: (.*); send JSON that needs no repair\.$') AS repaired
FROM test.result, jsonb_array_elements(outcome->'issues') i WHERE want LIKE '%repaired' AND i->>'code' = 'payload_repaired'
AND (about = 'all of them' OR n IN (SELECT min(n) FROM test.result, jsonb_array_elements(outcome->'issues') i
	WHERE i->>'code' = 'payload_repaired' GROUP BY i->>'message')) ORDER BY n;
SELECT DISTINCT i->>'message' AS message FROM test.result, jsonb_array_elements(outcome->'issues') i
WHERE about = 'all of them' AND i->>'code' = 'payload_repaired';
-- a hint where the body looks like something
SELECT coalesce(i->>'hint', '-') AS hint, count(*), string_agg(about, ', ' ORDER BY n) AS about
FROM test.result, jsonb_array_elements(outcome->'issues') i WHERE want = 'malformed' GROUP BY 1 ORDER BY min(n);
SELECT DISTINCT want, left(lead_reference, 7) AS lead_reference, outcome->>'lead_reference' IS NOT NULL AS in_outcome
FROM test.result ORDER BY 1, 2;

-- Long and deep ones: 1,000 levels are read, 1,001 are not.
CREATE TABLE test.long (n int GENERATED ALWAYS AS IDENTITY, want text, about text, body bytea);
INSERT INTO test.long (want, about, body)
SELECT want, about, test.bytes(replace(notation, '%', long)) FROM (VALUES
	('ok', '1,000 arrays deep', '{@,"a":%}', repeat('[', 999) || repeat(']', 999)),
	('malformed', '1,001 arrays deep', '{@,"a":%}', repeat('[', 1000) || repeat(']', 1000)),
	('ok', '1,000 objects deep', '{@,"a":%}', repeat('{"a":', 999) || '1' || repeat('}', 999)),
	('malformed', '1,001 objects deep', '{@,"a":%}', repeat('{"a":', 1000) || '1' || repeat('}', 1000)),
	('malformed', '1,001 of both deep', '{@,"a":%}', repeat('[{"a":', 500) || '1' || repeat('}]', 500)),
	('not_object', '1,000 arrays', '%', repeat('[', 1000) || repeat(']', 1000)),
	('malformed', '1,001 arrays', '%', repeat('[', 1001) || repeat(']', 1001)),
	('ok', 'not deep but wide', '{@,"a":[%[]]}', repeat('[[]],', 5000)),
	('ok', 'brackets in a string', '{@,"a":"%"}', repeat('[{', 5000)),
	('repaired', '998 commas', '{@,"a":%}', repeat('[', 998) || '1' || repeat(',]', 998)),
	('malformed', '100,000 open arrays', '%', repeat('[', 100000)),
	('malformed', '100,000 open objects', '%', repeat('{"a":', 100000)),
	('malformed', '100,000 in a lead', '{@,"a":%', repeat('[', 100000)),
	('malformed', '100,000 closing', '%', repeat(']', 100000)),
	('malformed', '100,000 commas', '{@,"a":[1%]}', repeat(',', 100000)),
	('malformed', '100,000 quotes', '%', repeat('"', 100000)),
	('malformed', '100,000 backslashes', '{@,"a":"%', repeat('\', 100000)),
	('ok', '50,000 escaped ones', '{@,"a":"%"}', repeat('\\', 50000)),
	('repaired', '10,000 NULs', '{@,"a":"%"}', repeat('\u0000', 10000)),
	('ok', 'number of 100 digits', '{@,"a":%}', repeat('7', 100)),
	('ok', 'fraction of 98 digits', '{@,"a":0.%}', repeat('7', 98)),
	('repaired', 'number of 101 digits', '{@,"a":%}', repeat('7', 101)),
	('repaired', 'fraction of 99 digits', '{@,"a":0.%}', repeat('7', 99)),
	('repaired', 'number of 200,000 digits', '{@,"a":%}', repeat('7', 200000)),
	('ok', 'nought with an exponent that numeric refuses', '{@,"a":-%}', '0.00E+99999999999'),
	('ok', '1 in 200,000 zeros', '{@,"a":0.%1e200001}', repeat('0', 200000)),
	('repaired', '9,000 poison numbers', '{@,"a":[%1]}', repeat('1e131071,', 9000)),
	('ok too_long', 'id of 300 characters', '{"id":"%","dealership":{"id":356},"prospect":{"email":"ann~40example.com"}}',
		repeat('x', 300)),
	('repaired', 'id of 300 digits', '{"id":%,"dealership":{"id":356},"prospect":{"email":"ann~40example.com"}}',
		repeat('7', 300)),
	('ok', 'key of a million characters', '{@,"%":1}', repeat('k', 1000000)),
	('ok', 'a thousand keys', '{@%}', (SELECT string_agg(',"k' || k || '":' || k, '') FROM generate_series(1, 1000) k)),
	('malformed', 'blanks alone', '%', repeat(' ', 100000)),
	('ok', 'blanks around', '%{@}%', repeat(E' \n', 50000))) v(want, about, notation, long);
-- (not through that notation: a string of 5 MB)
INSERT INTO test.long (want, about, body)
SELECT want, about, overlay(body PLACING convert_to(repeat('x', 5000000), 'UTF8') FROM octet_length(body) - back FOR 0)
FROM (VALUES ('ok', 'string of 5 MB', test.bytes('{@,"a":""}'), 1), ('repaired', 'and a comma', test.bytes('{@,"a":"",}'), 2),
	('malformed', 'and no end', test.bytes('{@,"a":"'), -1)) v(want, about, body, back);

CREATE TABLE test.long_answer AS SELECT n, outcome FROM test.long, LATERAL loopit_ingest_webhook(body) outcome ORDER BY n;
SELECT want, about, octet_length(body) AS octets, concat_ws(' ', l.status, l.reason) AS status, test.issues(l.outcome) AS issues,
	CASE WHEN raw_body IS NULL THEN 'no' WHEN raw_body = body THEN 'kept' ELSE 'other' END AS raw_body,
	payload IS NOT NULL AS payload, left(l.lead_reference, 7) AS reference
FROM test.long_answer a JOIN test.long USING (n) LEFT JOIN loopit.ingest_log l ON l.id = (a.outcome->>'log_id')::bigint
ORDER BY n;
SELECT about, length(payload->>'a') AS length, payload->>'a' = repeat('x', 5000000) AS whole FROM test.long_answer a JOIN test.long USING (n)
JOIN loopit.ingest_log l ON l.id = (a.outcome->>'log_id')::bigint WHERE about IN ('string of 5 MB', 'and a comma') ORDER BY n;
SELECT count(*) = (SELECT count(*) FROM test.body) + (SELECT count(*) FROM test.long) AS a_log_row_each FROM loopit.ingest_log;

-- As a text it is the same body: the answers are the same, and so is what is kept.
CREATE TABLE test.text_answer AS SELECT n, a.outcome, loopit_ingest_webhook_text(convert_from(body, 'UTF8')) AS by_text
FROM test.answer a JOIN test.body USING (n) WHERE about ~ '^(the lead|byte-order mark|two bytes|four bytes|escapes|object|alone|tab|newline|lone high|poison|NaN|cut|a line each|no bytes|a lead in an array)$';
SELECT count(*), bool_and(t.outcome - '{log_id,person}'::text[] = by_text - '{log_id,person}'::text[]) AS same_outcome,
	bool_and(a.raw_body IS NOT DISTINCT FROM b.raw_body) AS same_body, count(a.raw_body) AS kept, bool_and(a.payload IS NOT DISTINCT FROM b.payload) AS same_payload
FROM test.text_answer t JOIN loopit.ingest_log a ON a.id = (t.outcome->>'log_id')::bigint JOIN loopit.ingest_log b ON b.id = (by_text->>'log_id')::bigint;
SELECT o->>'reason' AS reason FROM loopit_ingest_webhook_text(NULL) o;
DROP TABLE test.text_answer;

-- No body at all.
SELECT * FROM test.short(loopit_ingest_webhook(NULL));
SELECT status, reason, payload, raw_body, email, lead_reference, dealership_id, workspace_id, person_action, booking_action, booking_reason
FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;

-- Neither is a lead that could be replayed.
SELECT count(*) FILTER (WHERE l.reason = 'payload_missing') AS rows, count(u.log_id) FILTER (WHERE l.reason = 'payload_missing') AS unresolved,
	count(u.log_id) > 0 AS others FROM loopit.ingest_log l LEFT JOIN loopit.unresolved_lead u ON u.log_id = l.id;

-- A lead that is rejected for what it says, not for its JSON, is no raw body.
SELECT o->>'status' AS status, o->>'reason' AS reason, test.issues(o) FROM loopit_ingest_webhook('{"dealership": {"id": 1}}') o;
SELECT raw_body, payload FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;

-- The specification's example as it stands there, byte for byte, has a comma
-- too many; it gives what the payload without it gives, and says so.
\ir :fresh
\set file :abs_srcdir '/examples/dealer-studio.json'
SELECT pg_read_file(:'file')::jsonb AS example \gset
\set file :abs_srcdir '/examples/dealer-studio-as-published.txt'
SELECT pg_read_binary_file(:'file') AS published \gset
SELECT loopit_ingest_lead(:'example') - 'log_id' AS repaired \gset
\ir :fresh
SELECT loopit_ingest_webhook(:'published') - 'log_id' AS outcome \gset
SELECT :'outcome'::jsonb - 'issues' = :'repaired'::jsonb - 'issues' AS same_outcome,
	test.issues(:'repaired') AS issues, test.issues(:'outcome') AS issues_as_published;
SELECT status, raw_body = :'published' AS raw_body_whole, payload = :'example' AS payload_repaired, lead_reference, email
FROM loopit.ingest_log;
SELECT email, (SELECT count(*) FROM loopit.identity_document) AS documents, (SELECT count(*) FROM loopit.booking) AS bookings
FROM loopit.person;
DROP TABLE test.body, test.answer, test.long, test.long_answer;
DROP FUNCTION test.bytes, test.rest;
\ir :done

-- loopit_ingest_webhook() in a database that is not UTF-8: a body is, and what
-- the database's encoding lacks cannot be read.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\set back :DBNAME
CREATE DATABASE regress_loopit_latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_loopit_latin1
SET client_encoding = 'UTF8';
\ir :fresh
-- A lead with that value, in UTF-8 (which this database's own text is not).
CREATE FUNCTION test.body(value bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT '{"dealership": {"id": 356}, "prospect": {"email": "ann@example.com", "first_name": "'::bytea
		|| value || '"}}'::bytea
$$;
SELECT about, status, test.issues(outcome), left(outcome->>'lead_reference', 12) AS lead_reference
FROM (VALUES (1, 'ASCII', 'Ann'::bytea), (2, 'e acute', 'Zo\303\251'), (3, 'escaped', 'Zo\\u00e9'), (4, 'no-break space', '\302\240Zo\303\251\302\240'),
	(5, 'control of Latin 1', 'a\302\205b'), (6, 'euro', '\342\202\254'), (7, 'euro escaped', '\\u20ac'), (8, 'A macron', '\304\200'),
	(9, 'Hangul', '\355\225\234'), (10, 'a pair', '\\ud83d\\ude00'), (11, 'lone surrogate', '\\ud83d'), (12, 'NUL', 'x\\u0000y'),
	(13, 'Latin 1 bytes', 'Zo\351'), (14, 'overlong', '\300\200')) v(n, about, value),
LATERAL loopit_ingest_webhook(test.body(value)) outcome, LATERAL (SELECT outcome->>'status') s(status) ORDER BY n;
SELECT id, status, reason, raw_body IS NOT NULL AS raw_body, payload#>>'{prospect,first_name}' AS first_name,
	octet_length(payload#>>'{prospect,first_name}') AS octets FROM loopit.ingest_log ORDER BY id;
SELECT bool_and(raw_body IN (test.body('\342\202\254'), test.body('\\u20ac'), test.body('\304\200'), test.body('\355\225\234'),
	test.body('\\ud83d\\ude00'), test.body('\\ud83d'), test.body('x\\u0000y'), test.body('Zo\351'), test.body('\300\200'))) AS as_they_came
FROM loopit.ingest_log;
-- the digest is that of the payload in UTF-8: the same lead has it in any database
SELECT count(*), bool_and(lead_reference = 'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')) AS in_utf8
FROM loopit.ingest_log WHERE status = 'processed';
SELECT id, convert_to(payload#>>'{prospect,first_name}', 'UTF8') FROM loopit.ingest_log WHERE id IN (2, 3, 4) ORDER BY id;
-- read by its characters: what is trimmed is a byte here; with a mark and commas
SELECT test.issues(loopit_ingest_webhook('\357\273\277' || test.body('\302\240Zo\303\251\302\240", "last_name": "\303\211",}, "a": [1,], "b": {"c": "')));
SELECT convert_to(first_name, 'UTF8') AS first_name, convert_to(last_name, 'UTF8') AS last_name FROM loopit.person;
-- a text is in the database's encoding, and the body that is kept of it in UTF-8
SELECT test.issues(loopit_ingest_webhook_text(E'{"id": 9, "dealership": {"id": 356}, "prospect": {"email": "zoe@example.com", "first_name": "Zo\u00e9"},}'));
SELECT convert_to(first_name, 'UTF8') AS first_name FROM loopit.person WHERE email = 'zoe@example.com';
SELECT substring(raw_body FROM position('Zo' IN raw_body) FOR 5) AS raw_body FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
SELECT test.issues(loopit_replay_lead(6));
SELECT replay_of, status, reason, raw_body = test.body('\342\202\254') AS raw_body FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
\ir :done
\c :back
DROP DATABASE regress_loopit_latin1;

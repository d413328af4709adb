-- The person: found by e-mail in the workspace, created or updated; a provided
-- value replaces the stored one, what is not provided is never erased.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Ingests, and answers what became of the person and of its row: written at
-- all, and its updated_at moved.
CREATE FUNCTION test.after(prospect jsonb, OUT action text, OUT written bool, OUT touched bool,
	OUT stored text, OUT issues text) LANGUAGE plpgsql AS $$
DECLARE
	who text := lower(btrim(coalesce(prospect->>'email', 'ann@example.com')));
	before record;
	now record;
BEGIN
	SELECT ctid, xmin, updated_at FROM loopit.person WHERE email = who INTO before;
	SELECT s.person, replace(s.issues, E'\n', ', ')
	FROM test.short(loopit_ingest_lead(test.lead(jsonb_build_object('prospect', prospect)))) s INTO action, issues;
	SELECT ctid, xmin, updated_at, concat_ws('|', coalesce(first_name, '-'), coalesce(middle_name, '-'),
		coalesce(last_name, '-'), coalesce(to_char(date_of_birth, 'YYYY-MM-DD'), '-'),
		coalesce(mobile_phone, '-'), coalesce(marketing_opt_in::text, '-')) AS stored
	FROM loopit.person WHERE email = who INTO now;
	written := (before.ctid, before.xmin) IS DISTINCT FROM (now.ctid, now.xmin);
	touched := before.updated_at IS DISTINCT FROM now.updated_at;
	stored := now.stored;
END $$;

-- One delivery after the other.
SELECT what, a.* FROM (VALUES
	(1, 'only the e-mail', '{}'),
	(2, 'the same again', '{}'),
	(3, 'names', '{"first_name": "Ann", "middle_name": "Bea", "last_name": "Cole"}'),
	(4, 'the same again', '{"first_name": "Ann", "middle_name": "Bea", "last_name": "Cole"}'),
	(5, 'one of them', '{"last_name": "Cole"}'),
	(6, 'another first name', '{"first_name": "Anna"}'),
	(7, 'nulls, blanks', '{"first_name": null, "middle_name": "", "last_name": " \t"}'),
	(8, 'the rest', '{"dob": "01/02/1990", "mobile_phone": "0403 123 123", "opt_in_to_marketing": true}'),
	(9, 'nulls, blanks', '{"dob": null, "mobile_phone": "", "opt_in_to_marketing": null}'),
	(10, 'blanks', '{"dob": " ", "mobile_phone": " ", "opt_in_to_marketing": ""}'),
	(11, 'opted out', '{"opt_in_to_marketing": false}'),
	(12, 'opted out, as text', '{"opt_in_to_marketing": "False"}'),
	(13, 'opted in, as text', '{"opt_in_to_marketing": "TRUE"}'),
	(14, 'wrong types', '{"first_name": true, "last_name": [], "mobile_phone": {}, "opt_in_to_marketing": 2}'),
	(15, 'another birthday', '{"dob": "29/02/2000"}'),
	(16, 'an invalid one', '{"dob": "2000-02-29", "first_name": "Eve"}'),
	(17, 'another case', '{"first_name": "ANNA"}'),
	(18, 'trimmed the same', '{"first_name": " ANNA ", "last_name": "\u00a0Cole"}'),
	(19, 'numbers', '{"first_name": 7, "mobile_phone": 403123123.0}'),
	(20, 'the same as text', '{"first_name": "7", "mobile_phone": "403123123"}'),
	(21, 'not ASCII', '{"last_name": "Çolé 李"}'),
	(22, 'the e-mail in another case', '{"email": " ANN@Example.com ", "first_name": "Ann"}'),
	(23, 'another person', '{"email": "bob@example.com", "first_name": "Bob"}'),
	(24, 'no e-mail', '{"email": null, "first_name": "Eve"}'),
	(25, 'an invalid one', '{"email": "ann@example", "first_name": "Eve"}')) v(n, what, prospect),
LATERAL test.after(prospect::jsonb) a
ORDER BY n;
SELECT id, email, first_name FROM loopit.person ORDER BY id;

-- Too long counts as not provided.
SELECT a.* FROM test.after(jsonb_build_object('last_name', repeat('x', 256), 'first_name', 'Zoe')) a;

-- The action speaks of the person's own fields, not of the address, whose
-- change touches the row all the same; nor of documents and bookings.
SELECT what, a.action, a.written, a.touched FROM (VALUES
	(1, 'address', '{"address": {"street": "1 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"}}'),
	(2, 'the same', '{"address": {"street": "1 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"}}'),
	(3, 'another', '{"address": {"street": "2 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"}}'),
	(4, 'incomplete', '{"address": {"street": "3 Elm St"}}')) v(n, what, prospect),
LATERAL test.after(prospect::jsonb) a
ORDER BY n;
SELECT ctid, xmin, updated_at FROM loopit.person WHERE email = 'ann@example.com' \gset before_
SELECT person, licence, passport, booking FROM test.short(loopit_ingest_lead(test.full_lead() || '{"prospect": {"email": "ann@example.com"}}'
	#- '{updated_at}'));
SELECT ctid = :'before_ctid' AND xmin = :'before_xmin' AND updated_at = :'before_updated_at' AS untouched
FROM loopit.person WHERE email = 'ann@example.com';

-- The row of a new person, and what the log says of each call.
SELECT outcome->'person' AS person
FROM loopit_ingest_lead(test.put(test.full_lead(), '{prospect,email}', '"Carl@Example.com"')) outcome;
SELECT workspace_id, id, email, first_name, middle_name, last_name, date_of_birth, mobile_phone, marketing_opt_in,
	source_updated_at AT TIME ZONE 'UTC' AS source_updated_at, created_at = updated_at AS new,
	created_at BETWEEN now() - interval '1 minute' AND clock_timestamp() AS just_now
FROM loopit.person WHERE email = 'carl@example.com';
SELECT email, status, reason, person_action, person_id, count(*)
FROM loopit.ingest_log GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4;
DROP FUNCTION test.after;
\ir :done

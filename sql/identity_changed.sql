-- identity_changed: another date of birth of a person, or another number of a
-- document, replaced the stored one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Ingests another lead of one person: what became of person and documents, and what is
-- reported.
CREATE SEQUENCE test.lead_number;
CREATE FUNCTION test.deliver(prospect jsonb, details jsonb, updated_at text DEFAULT NULL, OUT person text, OUT licence text,
	OUT passport text, OUT issues text) LANGUAGE sql AS $$
	SELECT o->'person'->>'action', concat_ws(' ', o->'driver_licence'->>'action', o->'driver_licence'->>'reason'),
		concat_ws(' ', o->'passport'->>'action', o->'passport'->>'reason'),
		replace(replace(test.issues(o), 'additional_details.', ''), E'\n', ', ')
	FROM loopit_ingest_lead(test.lead(jsonb_build_object('id', nextval('test.lead_number'), 'prospect', prospect,
		'additional_details', details, 'updated_at', updated_at))) o
$$;

-- The date of birth of the person.
SELECT what, d.person, d.issues FROM (VALUES
	(1, 'new', '{"dob": "01/02/1990"}'), (2, 'the same', '{"dob": "01/02/1990"}'), (3, 'not provided', '{"first_name": "Ann"}'),
	(4, 'another', '{"dob": "02/02/1990"}'), (5, 'the same again', '{"dob": "02/02/1990"}'),
	(6, 'another name alone', '{"first_name": "Bea", "last_name": "Cole", "mobile_phone": "1"}'), (7, 'back', '{"dob": "01/02/1990"}'),
	(8, 'of a person without one', '{"email": "bob@example.com"}'), (9, 'filled', '{"email": "bob@example.com", "dob": "03/03/1993"}'))
	v(n, what, prospect), LATERAL test.deliver(prospect::jsonb, '{}') d ORDER BY n;

-- The number of a document, compared as document numbers are: without spaces,
-- hyphens, dots, slashes, case and leading zeros.
SELECT what, number, d.licence, d.issues FROM (VALUES
	(1, 'new', '"0A12 345"', '2040'), (2, 'the same', '"0A12 345"', '2040'), (3, 'another form', '"a12-345"', '2040'),
	(4, 'another form and expiry', '"A.12/345"', '2041'), (5, 'another', '"A12346"', '2041'), (6, 'another expiry', '"A12346"', '2042'),
	(7, 'a number', '77', '2042'), (8, 'the same number as text', '"077"', '2042'), (9, 'another digit', '770', '2042'))
	v(n, what, number, year),
LATERAL test.deliver('{}', jsonb_build_object('license_number', number::jsonb, 'license_dob', '01/02/1990', 'license_expiry', '01/01/' || year)) d
ORDER BY n;
SELECT what, number, d.passport, d.issues FROM (VALUES
	(1, 'new', '"PB1"', 'au'), (2, 'another country', '"pb 1"', 'fr'), (3, 'another', '"PB2"', 'fr')) v(n, what, number, country),
LATERAL test.deliver('{}', jsonb_build_object('passport_number', number::jsonb, 'passport_dob', '01/02/1990', 'passport_expiry', '01/01/2040',
	'passport_country', country)) d ORDER BY n;
-- An incomplete document replaces nothing.
SELECT d.* FROM test.deliver('{}', '{"license_number": "B1", "passport_number": "B2"}') d;

-- A couple that shares an address: everything at once, and nothing of it is in
-- the outcome.
SELECT d.* FROM test.deliver('{"dob": "04/05/1966"}', '{"license_number": "ZZ987", "license_dob": "04/05/1966", "license_expiry": "01/01/2040",
	"passport_number": "ZZ654", "passport_dob": "04/05/1966", "passport_expiry": "01/01/2040", "passport_country": "au"}') d;
SELECT count(*) AS outcomes, count(*) FILTER (WHERE outcome::text ~ 'ZZ|1966|A1234') AS with_values FROM loopit.ingest_log;
-- A dry run says so, too.
SELECT test.issues(loopit_validate_lead(test.lead('{"prospect": {"dob": "05/05/1966"}}'))) AS issues;

-- A late delivery replaces nothing.
SELECT d.* FROM test.deliver('{"dob": "04/05/1966"}', '{}', '2025-10-02T00:00:00Z') d;
SELECT d.* FROM test.deliver('{"dob": "06/06/1966"}', '{"license_number": "Y1", "license_dob": "04/05/1966", "license_expiry": "01/01/2040"}',
	'2025-10-01T00:00:00Z') d;

-- After erasure there is nothing to compare with.
SELECT loopit_forget_person(7, 'ann@example.com')->'persons' AS forgotten;
SELECT d.* FROM test.deliver('{"dob": "04/05/1967"}', '{"license_number": "Y1", "license_dob": "04/05/1966", "license_expiry": "01/01/2040"}') d;

SELECT i->>'field' AS field, i->>'message' AS message
FROM loopit_ingest_lead(test.lead('{"prospect": {"dob": "01/01/1970"}}')) o, jsonb_array_elements(o->'issues') i;

-- A redelivery and a replay, which replace nothing, report nothing.
SELECT count(d.*) FROM test.deliver('{"email": "cat@example.com", "dob": "01/01/1980"}', '{}') d;
UPDATE loopit.person SET date_of_birth = '1981-01-01' WHERE email = 'cat@example.com';
SELECT s.person, s.issues FROM test.short(loopit_ingest_lead((SELECT payload FROM loopit.ingest_log WHERE email = 'cat@example.com'))) s;
SELECT s.person, s.issues FROM test.short(loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log WHERE email = 'cat@example.com'))) s;
DROP FUNCTION test.deliver;
DROP SEQUENCE test.lead_number;
\ir :done

-- Driver licence and passport: what they need, replacing, and what is kept.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- All sets of the parts: none is not provided, an issue for each missing part
-- that is needed, and a document where none is missing.
SELECT kind, cardinality(needed) - missing AS needed_ones, optional, count(*) AS sets,
	concat_ws(' ', outcome->kind->>'action', outcome->kind->>'reason') AS document,
	bool_and(coalesce(test.issues(outcome), '') = CASE WHEN given = '{}' THEN '' ELSE issues END) AS each_missing_named
FROM (VALUES
	('driver_licence', 'licence_incomplete', '{license_expiry,license_dob,license_number}'::text[],
		'{license_card_number,license_state}'::text[]),
	('passport', 'passport_incomplete', '{passport_country,passport_expiry,passport_dob,passport_number}', '{}')
) k(kind, code, needed, may),
generate_series(0, (1 << cardinality(needed || may)) - 1) bits,
LATERAL (
	SELECT coalesce(jsonb_object_agg(key, test.full_lead()#>ARRAY['additional_details', key]) FILTER (WHERE is_given), '{}') AS given,
		count(*) FILTER (WHERE NOT is_given AND n <= cardinality(needed)) AS missing,
		count(*) FILTER (WHERE is_given AND n > cardinality(needed)) AS optional,
		coalesce(string_agg('additional_details.' || key || ' ' || code, E'\n' ORDER BY n)
			FILTER (WHERE NOT is_given AND n <= cardinality(needed)), '') AS issues
	FROM unnest(needed || may) WITH ORDINALITY u(key, n), LATERAL (SELECT bits >> (n::int - 1) & 1 = 1) g(is_given)) s,
LATERAL loopit_validate_lead(test.lead(jsonb_build_object('additional_details', given))) outcome
GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3;

-- The reason is the first code in the catalogue's order; all are reported.
SELECT s.licence, s.passport, replace(s.issues, 'additional_details.', '') AS issues FROM (VALUES
	(1, '{"license_number": 1, "license_expiry": "x", "license_dob": "y", "license_state": "Victoria"}'),
	(2, '{"license_number": 1, "license_expiry": "01/01/2030", "license_dob": "y", "license_state": "VIC"}'),
	(3, '{"license_expiry": "x", "license_dob": "01/01/2000", "license_state": "Victoria"}'),
	(4, '{"license_number": 1, "license_expiry": "01/01/2030", "license_dob": "01/01/2000", "license_state": "Victoria"}'),
	(5, '{"license_state": "Victoria"}'),
	(6, '{"license_card_number": 5}'),
	(11, '{"passport_number": 1, "passport_country": "xx", "passport_expiry": "x", "passport_dob": "y"}'),
	(12, '{"passport_country": "xx", "passport_expiry": "x", "passport_dob": "y"}'),
	(13, '{"passport_number": 1, "passport_country": "au", "passport_expiry": "x", "passport_dob": "y"}'),
	(14, '{"passport_number": 1, "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "y"}'),
	(15, '{"passport_number": 1, "passport_country": "xx", "passport_expiry": "01/01/2030", "passport_dob": "01/01/2000"}'),
	(16, '{"passport_country": "xx"}')) v(n, details),
LATERAL test.short(loopit_ingest_lead(test.lead(jsonb_build_object('additional_details', details::jsonb)))) s
ORDER BY n;
SELECT count(*) AS stored FROM loopit.identity_document;
DELETE FROM loopit.person;

-- Ingests, and answers what became of the document and its row.
CREATE FUNCTION test.after(of text, details jsonb, OUT action text, OUT written bool, OUT touched bool,
	OUT stored text, OUT issues text) LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb;
	before record;
	now record;
BEGIN
	SELECT ctid, xmin, updated_at FROM loopit.identity_document d WHERE d.kind = of INTO before;
	outcome := loopit_ingest_lead(test.lead(jsonb_build_object('additional_details', details)));
	SELECT ctid, xmin, updated_at, concat_ws('|', number, coalesce(card_number, '-'), coalesce(issuing_state, '-'),
		coalesce(issuing_country, '-'), to_char(date_of_birth, 'YYYY-MM-DD'), to_char(expires_on, 'YYYY-MM-DD')) AS stored
	FROM loopit.identity_document d WHERE d.kind = of INTO now;
	action := concat_ws(' ', outcome->of->>'action', outcome->of->>'reason');
	written := (before.ctid, before.xmin) IS DISTINCT FROM (now.ctid, now.xmin);
	touched := before.updated_at IS DISTINCT FROM now.updated_at;
	stored := now.stored;
	issues := replace(test.issues(outcome), 'additional_details.', '');
END $$;

-- A licence, one delivery after the other: a complete one replaces the stored
-- one; optional parts that are not provided, or left out for a bad state, are
-- kept while the number is the same, else cleared.
SELECT what, a.* FROM (VALUES
	(1, 'needed parts', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990"}'),
	(2, 'the same', '{"license_number": " L1 ", "license_expiry": "01/01/2030", "license_dob": "02/02/1990"}'),
	(3, 'card number', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990", "license_card_number": 9}'),
	(4, 'state', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990", "license_state": "nsw"}'),
	(5, 'neither', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990"}'),
	(6, 'nulls, blanks', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990", "license_card_number": "", "license_state": null}'),
	(7, 'bad state', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "02/02/1990", "license_state": "Victoria"}'),
	(8, 'bad state, a change', '{"license_number": "L1", "license_expiry": "01/01/2031", "license_dob": "02/02/1990", "license_state": "Victoria"}'),
	(9, 'wrong types', '{"license_number": "L1", "license_expiry": "01/01/2031", "license_dob": "02/02/1990", "license_card_number": [], "license_state": {}}'),
	(10, 'another dob', '{"license_number": "L1", "license_expiry": "01/01/2031", "license_dob": "03/02/1990"}'),
	(11, 'another state', '{"license_number": "L1", "license_expiry": "01/01/2031", "license_dob": "03/02/1990", "license_state": "vic"}'),
	(12, 'nothing', '{}'),
	(13, 'incomplete', '{"license_number": "L2", "license_expiry": "01/01/2031"}'),
	(14, 'invalid', '{"license_number": "L2", "license_expiry": "2031-01-01", "license_dob": "03/02/1990"}'),
	(15, 'another number', '{"license_number": "L2", "license_expiry": "01/01/2031", "license_dob": "03/02/1990"}'),
	(16, 'whole', '{"license_number": "L2", "license_expiry": "01/01/2031", "license_dob": "03/02/1990", "license_card_number": "C2", "license_state": "SA"}'),
	(17, 'another, bad state', '{"license_number": "L3", "license_expiry": "01/01/2031", "license_dob": "03/02/1990", "license_card_number": "C3", "license_state": "South Australia"}'),
	(18, 'another case', '{"license_number": "l3", "license_expiry": "01/01/2031", "license_dob": "03/02/1990"}'),
	(19, 'a number', '{"license_number": 12345.0, "license_expiry": "01/01/2031", "license_dob": "03/02/1990", "license_card_number": 7, "license_state": 1}'),
	(20, 'the same as text', '{"license_number": "12345", "license_expiry": "01/01/2031", "license_dob": "03/02/1990"}'),
	(21, 'leading zero', '{"license_number": "012345", "license_expiry": "01/01/2031", "license_dob": "03/02/1990"}'),
	(22, 'long expired', '{"license_number": "012345", "license_expiry": "01/01/1999", "license_dob": "03/02/1990"}'),
	(23, 'the person''s dob differs', '{"license_number": "012345", "license_expiry": "01/01/1999", "license_dob": "31/12/2099"}')) v(n, what, details),
LATERAL test.after('driver_licence', details::jsonb) a
ORDER BY n;

-- The same number in another form: without white space, hyphens, dots, slashes,
-- case and leading zeros.  Card and state stay; a JSON number does not replace the
-- text, and a text does.
SELECT what, a.* FROM (VALUES
	(1, 'whole', '{"license_number": "012345678", "license_expiry": "01/01/2030", "license_dob": "02/02/1990", "license_card_number": "C1", "license_state": "NSW"}'),
	(2, 'a JSON number', '{"license_number": 12345678, "license_expiry": "01/01/2030", "license_dob": "02/02/1990"}'),
	(3, 'and another expiry', '{"license_number": 12345678, "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(4, 'spaces', '{"license_number": "12 345 678", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(5, 'hyphens', '{"license_number": "12-345-678", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(6, 'dots and slashes', '{"license_number": "0/12.345.678", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(7, 'a JSON number with a fraction of 0', '{"license_number": 12345678.0, "license_expiry": "01/01/2031", "license_dob": "02/02/1990", "license_card_number": "C2"}'),
	(8, 'forms of spaces and hyphens', '{"license_number": "12\u00a0345\u2011678", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(9, 'other separators', '{"license_number": "12_345_678", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(10, 'whole', '{"license_number": "AB 1023", "license_expiry": "01/01/2031", "license_dob": "02/02/1990", "license_card_number": "C3", "license_state": "VIC"}'),
	(11, 'case', '{"license_number": "ab1023", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(12, 'a zero inside', '{"license_number": "ab123", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(13, 'another JSON number', '{"license_number": 123, "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}'),
	(14, 'its text', '{"license_number": "123", "license_expiry": "01/01/2031", "license_dob": "02/02/1990"}')) v(n, what, details),
LATERAL test.after('driver_licence', details::jsonb) a
ORDER BY n;
SELECT what, a.* FROM (VALUES
	(1, 'whole', '{"passport_number": "00P-123", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(2, 'another form', '{"passport_number": "p123", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(3, 'digits alone', '{"passport_number": "0077", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(4, 'a JSON number', '{"passport_number": 77, "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}')) v(n, what, details),
LATERAL test.after('passport', details::jsonb) a
ORDER BY n;
DELETE FROM loopit.identity_document WHERE kind = 'passport';

-- A passport; the licence stays as it is.
SELECT ctid, xmin FROM loopit.identity_document \gset licence_
SELECT what, a.* FROM (VALUES
	(1, 'whole', '{"passport_number": "P1", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(2, 'the same, by name', '{"passport_number": "P1", "passport_country": "Australia", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(3, 'another country', '{"passport_number": "P1", "passport_country": "UK", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(4, 'the same country', '{"passport_number": "P1", "passport_country": "great britain", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(5, 'unknown country', '{"passport_number": "P2", "passport_country": "Atlantis", "passport_expiry": "01/01/2030", "passport_dob": "02/02/1990"}'),
	(6, 'incomplete', '{"passport_number": "P2", "passport_country": "fr"}'),
	(7, 'invalid', '{"passport_number": "P2", "passport_country": "fr", "passport_expiry": "01/01/2030", "passport_dob": "30/02/1990"}'),
	(8, 'another number', '{"passport_number": 2, "passport_country": "fr", "passport_expiry": "01/01/2031", "passport_dob": "03/02/1990"}'),
	(9, 'a licence''s fields', '{"license_card_number": "C1", "license_state": "NSW"}')) v(n, what, details),
LATERAL test.after('passport', details::jsonb) a
ORDER BY n;
SELECT kind, ctid = :'licence_ctid' AND xmin = :'licence_xmin' AS untouched FROM loopit.identity_document ORDER BY kind;

-- Both at once; one row a person and kind; another person has others.
SELECT s.person, s.licence, s.passport FROM (VALUES (1, 'ann@example.com'), (2, 'bob@example.com'), (3, 'bob@example.com')) v(n, email),
LATERAL test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,email}', to_jsonb(email)))) s
ORDER BY n;
SELECT email, kind, number, card_number, issuing_state, issuing_country, d.date_of_birth, expires_on,
	d.created_at = d.updated_at AS never_updated
FROM loopit.identity_document d JOIN loopit.person p ON p.workspace_id = d.workspace_id AND p.id = d.person_id
ORDER BY email, kind;

-- A document leaves the person's own row alone, but for source_updated_at.
SELECT ctid, xmin FROM loopit.person WHERE email = 'bob@example.com' \gset person_
SELECT s.person, s.licence, s.passport FROM test.short(loopit_ingest_lead(test.put(test.put(test.full_lead(),
	'{prospect,email}', '"bob@example.com"'), '{additional_details,license_number}', '"L7"'))) s;
SELECT ctid = :'person_ctid' AND xmin = :'person_xmin' AS untouched FROM loopit.person WHERE email = 'bob@example.com';
DROP FUNCTION test.after;
\ir :done

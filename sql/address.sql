-- The address: stored whole, when street, city, state, postcode and country
-- are all provided and the state is an abbreviation (test "countries").
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- All sets of the five parts: none is not provided, an issue for each missing
-- one, and only all of them make an address.
SELECT parts, count(*) AS sets, address, bool_and(issues = missing) AS each_missing_named
FROM (
	SELECT parts, outcome#>>'{address,action}' || coalesce(' ' || (outcome#>>'{address,reason}'), '') AS address,
		coalesce(test.issues(outcome), '') AS issues, missing
	FROM generate_series(0, 31) bits,
	LATERAL (
		SELECT count(*) FILTER (WHERE given) AS parts,
			coalesce(jsonb_object_agg(key, value) FILTER (WHERE given), '{}') AS address,
			CASE WHEN bool_or(given) THEN coalesce(string_agg('prospect.address.' || key || ' address_incomplete', E'\n'
				ORDER BY n) FILTER (WHERE NOT given), '') ELSE '' END AS missing
		FROM (VALUES (0, 'street', '1 Elm St'), (1, 'city', 'Sydney'), (2, 'state', 'NSW'), (3, 'country', 'Australia'),
			(4, 'postcode', '2000')) v(n, key, value), LATERAL (SELECT bits >> n & 1 = 1) g(given)) a,
	LATERAL loopit_validate_lead(test.lead(jsonb_build_object('prospect', jsonb_build_object('address', address)))) outcome) s
GROUP BY parts, address ORDER BY parts;

-- Ingests, and answers what became of the address, the person and the row.
CREATE FUNCTION test.after(more jsonb, OUT address text, OUT person text, OUT written bool, OUT touched bool,
	OUT stored text, OUT issues text) LANGUAGE plpgsql AS $$
DECLARE
	before record;
	now record;
BEGIN
	SELECT ctid, xmin, updated_at FROM loopit.person INTO before;
	SELECT s.address, s.person, s.issues
	FROM test.short(loopit_ingest_lead(test.lead(jsonb_build_object('prospect', jsonb_build_object('address', more))))) s
	INTO address, person, issues;
	SELECT ctid, xmin, updated_at, concat_ws('|', street, city, state, country, postcode) AS stored
	FROM loopit.person INTO now;
	written := (before.ctid, before.xmin) IS DISTINCT FROM (now.ctid, now.xmin);
	touched := before.updated_at IS DISTINCT FROM now.updated_at;
	stored := now.stored;
END $$;

-- One delivery after the other.
SELECT what, a.* FROM (VALUES
	(1, 'incomplete', '{"street": "1 Elm St", "city": "Sydney"}'),
	(2, 'whole', '{"street": "1 Elm St", "city": "Sydney", "state": "nsw", "country": "Australia", "postcode": "2000"}'),
	(3, 'the same', '{"street": "1 Elm St", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": "2000"}'),
	(4, 'a number, trimmed', '{"street": " 1 Elm St ", "city": "Sydney", "state": " nsw", "country": "Australia", "postcode": 2000.0}'),
	(5, 'nothing', 'null'),
	(6, 'incomplete', '{"street": "2 Elm St", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": null}'),
	(7, 'a part alone', '{"street": "2 Elm St"}'),
	(8, 'all blank', '{"street": "", "city": " ", "state": null}'),
	(9, 'another street', '{"street": "2 Elm St", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": 2000}'),
	(10, 'another case', '{"street": "2 ELM St", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": 2000}'),
	(11, 'state in full', '{"street": "3 Elm St", "city": "Sydney", "state": "New South Wales", "country": "Australia", "postcode": 2000}'),
	(12, 'another country''s', '{"street": "3 Elm St", "city": "Sydney", "state": "CA", "country": "Australia", "postcode": 2000}'),
	(13, 'a wrong type', '{"street": ["3 Elm St"], "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": 2000}'),
	(14, 'a list', '["3 Elm St"]'),
	(15, 'all else', '{"street": "0", "city": 0, "state": "1a", "country": "Neverland", "postcode": "0800"}')) v(n, what, more),
LATERAL test.after(more::jsonb) a
ORDER BY n;

-- A postcode that is a number has lost its leading zeros: Australia and New
-- Zealand have four digits, the United States, Germany and France five.
CREATE FUNCTION test.postcode(country text, postcode jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb := loopit_ingest_lead(test.lead(jsonb_build_object('id', 'P', 'prospect', jsonb_build_object(
		'email', 'postcode@example.com', 'address', jsonb_build_object('street', 's', 'city', 'c', 'state', 'NT',
			'country', country, 'postcode', postcode)))));
BEGIN
	IF outcome#>>'{address,action}' = 'skipped' THEN
		RETURN test.issues(outcome);
	END IF;
	RETURN (SELECT p.postcode FROM loopit.person p WHERE email = 'postcode@example.com');
END $$;
SELECT postcode, test.postcode('Australia', postcode::jsonb) AS australia, test.postcode('New Zealand', postcode::jsonb) AS new_zealand,
	test.postcode('Germany', postcode::jsonb) AS germany, test.postcode('France', postcode::jsonb) AS france,
	test.postcode('Canada', postcode::jsonb) AS canada
FROM (VALUES (1, '800'), (2, '"800"'), (3, '0'), (4, '-0'), (5, '7'), (6, '2134'), (7, '21340'), (8, '213401'), (9, '800.0'), (10, '8e2'),
	(11, '800.5'), (12, '-800'), (13, '-8'), (14, '0.5')) v(n, postcode) ORDER BY n;
-- the country by any of its names or its alpha-2 code
SELECT country, test.postcode(country, '213') AS postcode FROM (VALUES (1, 'Australia'), (2, 'AUSTRALIA'), (3, 'au'), (4, 'Commonwealth of Australia'),
	(5, 'AUS'), (6, 'nz'), (7, 'Aotearoa New Zealand'), (8, 'Federal Republic of Germany'), (9, 'DE'), (10, 'The French Republic'), (11, 'fr'),
	(12, 'UK'), (13, 'Neverland'), (14, 'Austria')) v(n, country) ORDER BY n;
SELECT country, postcode, o#>>'{address,action}' AS address
FROM (VALUES (1, 'US', '2134'), (2, 'United States', '2134'), (3, 'U.S.A.', '501'), (4, 'usa', '2134.0'), (5, 'US', '"2134"')) v(n, country, postcode),
LATERAL loopit_ingest_lead(test.lead(jsonb_build_object('id', n, 'prospect', jsonb_build_object('email', n || '@us.example.com',
	'address', jsonb_build_object('street', 's', 'city', 'c', 'state', 'MA', 'country', country, 'postcode', postcode::jsonb))))) o ORDER BY n;
SELECT email, postcode, country FROM loopit.person WHERE email LIKE '%@us.example.com' ORDER BY email;
DROP FUNCTION test.postcode;

-- Incomplete comes before a bad state; both are reported.
SELECT s.address, s.issues FROM (VALUES
	(1, '{"street": "s", "state": "New South Wales", "country": "Australia", "postcode": 1}'),
	(2, '{"state": "New South Wales"}'),
	(3, '{"city": "c", "state": "CA", "country": "Australia"}'),
	(4, '{"street": "s", "city": "c", "state": "Victoria", "country": "Australia", "postcode": 1}')) v(n, more),
LATERAL test.short(loopit_validate_lead(test.lead(jsonb_build_object('prospect', jsonb_build_object('address', more::jsonb))))) s
ORDER BY n;

-- Neither the location's address nor one beside it is the person's.
SELECT s.address FROM test.short(loopit_validate_lead(test.lead('{
	"location": {"street": "1 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"},
	"prospect": {"street": "1 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"},
	"address": {"street": "1 Elm St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"},
	"additional_details": {"street": "1 Elm St", "suburb": "Sydney", "country": "Australia"}}'))) s;

-- A new person comes with the address; a rejected one without.
SELECT s.person, s.address
FROM test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,email}', '"bob@example.com"'))) s;
SELECT concat_ws('|', street, city, state, country, postcode) AS stored FROM loopit.person WHERE email = 'bob@example.com';
SELECT s.person, s.address
FROM test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect,dob}', '"x"'))) s;
DROP FUNCTION test.after;
\ir :done

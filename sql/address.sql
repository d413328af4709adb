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

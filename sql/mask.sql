-- loopit_mask_payload(): masks every value but those whose whole path is known to
-- be harmless; keys, nulls and types stay.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SELECT title, loopit_mask_payload(payload::jsonb) AS masked FROM (VALUES
	('document numbers', '{"license_number": 1231231231, "license_card_number": "C1", "passport_number": "PB1"}'),
	('dates of birth', '{"dob": "01/04/2000", "license_dob": "01/04/2000", "passport_dob": "01/04/2000"}'),
	('street', '{"address": {"street": "1 Elizabeth St", "city": "Sydney", "state": "NSW", "postcode": 2000}}'),
	('parts of a street', '{"street_number": 123, "subpremise": 12}'),
	('what is harmless at its own path alone', '{"id": 1, "license_expiry": "01/04/2030", "license_state": "NSW", "passport_country": "au", "passport_expiry": "01/04/2030", "item": {"vin": "V", "stock_number": "S"}, "prospect": {"email": "a@b.co", "first_name": "Ann"}}'),
	('where it belongs', '{"prospect": {"dob": "1"}, "additional_details": {"license_number": 2}, "location": {"street": "3"}}'),
	('at depth', '{"a": {"b": {"c": {"dob": "1", "d": [{"street": "2"}]}}}}'),
	('in arrays', '[{"dob": "1"}, [{"dob": "2"}], [[{"passport_number": 3}]], "dob", null]'),
	('any case', '{"DOB": "1", "License_Number": 2, "pASSPORT_nUMBER": 3, "STREET": "4"}'),
	('a null stays null', '{"dob": null, "address": null, "license_number": null, "street": null}'),
	('an empty string is masked', '{"dob": ""}'),
	('true, false and a number', '{"dob": true, "street": false, "license_number": 1.50e3}'),
	('an object under it', '{"dob": {"day": 1, "month": 4}, "license_number": {"number": {"digits": "1"}}}'),
	('an array under it', '{"dob": ["01/04/2000"], "passport_number": [["P"]], "street": []}'),
	('an empty object under it', '{"dob": {}}'),
	('an address as one text', '{"prospect": {"address": "1 Elizabeth St, Sydney"}}'),
	('an address as a list', '{"address": ["1 Elizabeth St", ["Sydney", null], {"street": "x", "city": "y"}], "b": [1]}'),
	('a list behind an address', '[{"address": "1 Elizabeth St"}, [1], {"address": {"city": "Sydney"}}, [2]]'),
	('an address as a number', '{"address": 1}'),
	('an address within one', '{"address": {"address": "1 Elizabeth St", "street": "x", "city": "Sydney"}}'),
	('what follows a masked one', '{"a": 1, "dob": {"a": [1]}, "e": ["2"], "license_dob": [3], "f": {"g": "h"}}'),
	('a longer or shorter key is another', '{"dobs": 1, "do": 2, "streets": 3, "street_": 4, "xdob": 5, "": 6}'),
	('empty', '{}'),
	('no object', '[]'),
	('a scalar', '"dob"'),
	('a number', '17'),
	('JSON null', 'null')) v(title, payload);
SELECT loopit_mask_payload(NULL) IS NULL AS null_is_null;
-- Harmless is a path, not a key: the same key elsewhere, in an array, in another
-- case, or a key that is spelled like a path is masked.
SELECT title, loopit_mask_payload(payload::jsonb) AS masked FROM (VALUES
	('harmless', '{"id": 5, "dealership": {"id": 356, "name": "D"}, "item": {"vin": "V", "year": 2023, "price": 1.50}, "location": {"location_name": "L"}}'),
	('and the person', '{"prospect": {"email": "ann@example.com", "first_name": "Ann", "middle_name": null, "last_name": "Cole"}}'),
	('ids of other things', '{"x": {"id": "secret"}, "prospect": {"id": "secret"}, "dealership": {"dealership": {"id": "secret"}}}'),
	('an array of it', '{"id": ["secret"], "dealership": [{"id": "secret"}], "category": [["secret"]]}'),
	('an object of it', '{"id": {"id": "secret"}, "source": {"": "secret"}, "dealership": {"id": {"name": "secret"}}}'),
	('another case', '{"ID": "secret", "Dealership": {"id": "secret"}}'),
	('spelled like a path', '{"dealership.id": "secret", "prospect.email": "secret", "": {"id": "secret"}, ".id": "secret", "item": {"": "secret", "third_party_integrations.[].service": "secret"}}'),
	('elements that are harmless', '{"item": {"third_party_integrations": [{"service": "Loopit", "external_id": "5", "token": "secret"}, {"service": "x"}, "secret"]}}'),
	('elements that are not', '{"item": {"third_party_integrations": {"[]": {"service": "secret"}, "service": "secret"}}, "[]": {"service": "secret"}}'),
	('a longer or a shorter path', '{"categor": "secret", "categoryx": "secret", "item": {"vi": "secret", "vinx": "secret"}, "ite": {"m": "secret"}, "item.vin": "secret"}'),
	('after a deeper one', '{"dealership": {"a": {"b": [{"id": "secret"}]}, "id": 1}, "id": 2, "z": "secret"}'),
	('JSON in a string', '{"source": "{\"dob\": \"secret\"}", "category": " [\"secret\"]", "provider": "\"secret\"", "id": "{"}'),
	('a text that is no field''s', jsonb_build_object('category', repeat('x', 255), 'source', repeat('x', 256))::text),
	('a number that is none', '{"id": 1e99, "lead_cluster_id": 1e100, "x": 1e131071}'),
	('names of the same things', '{"dateOfBirth": "1", "licenseNumber": 2, "address": {"line1": "3"}, "passport_no": "4", "drivers_license_number": "5"}'),
	('consent', '{"prospect": {"opt_in_to_marketing": true, "mobile_phone": "0403", "title": "Ms"}}'),
	('free text', '{"comments": "secret", "item": {"comments": "secret", "url": "secret"}, "utm_campaign": "secret"}'),
	('JSON in a string alone', '"{\"dob\": \"secret\"}"'), ('a boolean alone', 'true'), ('an array of leads', '[{"id": 1, "prospect": {"email": "secret"}}]')) v(title, payload);
-- masking again changes nothing
SELECT loopit_mask_payload(m) = m AS idempotent
FROM loopit_mask_payload('{"dob": "1", "address": 2, "a": [{"street": {"b": true}}], "id": 3}') m;
-- at any depth, and to any
SELECT depth, loopit_mask_payload((repeat('{"a":[', depth) || '"secret"' || repeat(']}', depth))::jsonb)::text
	= (repeat('{"a":[', depth) || '"***"' || repeat(']}', depth))::jsonb::text AS masked FROM unnest('{1,8,9,500,1000}'::int[]) depth;
-- every leaf of a payload, and its type, by the path that it has there
CREATE FUNCTION test.leaves(doc jsonb) RETURNS TABLE (path text, type text, value jsonb) LANGUAGE sql AS $$
	WITH RECURSIVE pair(path, value) AS (
		SELECT '', doc
		UNION ALL
		SELECT path || '.' || key, child FROM pair, LATERAL (
			SELECT key, value FROM jsonb_each(CASE jsonb_typeof(value) WHEN 'object' THEN value END)
			UNION ALL SELECT n::text, e FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value END)
				WITH ORDINALITY a(e, n)) c(key, child))
	SELECT path, jsonb_typeof(value), value FROM pair
$$;
-- the fields of the specification, each with a value: those that are shown
SELECT string_agg(substr(s.path, 2), ' ' ORDER BY s.path COLLATE "C") FILTER (WHERE m.value = s.value) AS shown,
	string_agg(substr(s.path, 2), ' ' ORDER BY s.path COLLATE "C") FILTER (WHERE m.value <> s.value AND m.value = '"***"') AS masked,
	bool_and(m.type = s.type) AS same_types
FROM test.leaves(test.full_lead() #- '{prospect,opt_in_to_marketing}') s JOIN test.leaves(loopit_mask_payload(test.full_lead())) m USING (path)
WHERE s.type NOT IN ('object', 'array');
-- the specification's example: every key is there, and of what may be read, every value
\set file :abs_srcdir '/examples/dealer-studio.json'
SELECT pg_read_file(:'file')::jsonb AS example \gset
SELECT s.path, m.value AS masked FROM test.leaves(:'example') s LEFT JOIN test.leaves(loopit_mask_payload(:'example')) m USING (path)
WHERE m.value IS DISTINCT FROM s.value AND s.type NOT IN ('object', 'array') ORDER BY s.path COLLATE "C";
SELECT string_agg(substr(s.path, 2), ' ' ORDER BY s.path COLLATE "C") AS shown, bool_and(s.type = m.type) AS same_types
FROM test.leaves(:'example') s LEFT JOIN test.leaves(loopit_mask_payload(:'example')) m USING (path)
WHERE m.value = s.value AND s.type NOT IN ('object', 'array', 'null');

-- An auditor reads the audit view, and there masked payloads and no raw body.
CREATE ROLE regress_loopit_auditor;
SELECT status, licence, passport, address, issues FROM test.short(loopit_ingest_lead(test.lead('{"id": 3,
	"prospect": {"dob": "11/11/1911", "address": {"street": "Private Street", "city": "Sydney",
		"state": "NSW", "postcode": 2000, "country": "Australia"}},
	"additional_details": {"license_number": "LICENCE1", "license_card_number": "CARD",
		"license_dob": "11/11/1911", "license_expiry": "01/01/2030", "passport_number": "PASS1",
		"passport_country": "fr", "passport_dob": "11/11/1911", "passport_expiry": "01/01/2031"}}')));
GRANT USAGE ON SCHEMA loopit TO regress_loopit_auditor;
GRANT SELECT ON loopit.ingest_audit TO regress_loopit_auditor;
SET ROLE regress_loopit_auditor;
SELECT jsonb_pretty(payload) AS payload, outcome->>'lead_reference' AS lead_reference
FROM loopit.ingest_audit ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM loopit.ingest_audit a
WHERE a::text ~ 'Private Street|Sydney|Australia|LICENCE|CARD|PASS|1911|2031';
SELECT raw_body FROM loopit.ingest_audit;
SELECT * FROM loopit.ingest_log;
SELECT * FROM loopit.person;
SELECT * FROM loopit.unresolved_lead;
SELECT loopit_ingest_lead('{}');
RESET ROLE;
DROP FUNCTION test.leaves;
\ir :done
SET client_min_messages = warning;
DROP OWNED BY regress_loopit_auditor;
DROP ROLE regress_loopit_auditor;

-- loopit_mask_payload(): masks by key, at any depth; the key and a null stay.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SELECT title, loopit_mask_payload(payload::jsonb) AS masked FROM (VALUES
	('document numbers', '{"license_number": 1231231231, "license_card_number": "C1", "passport_number": "PB1"}'),
	('dates of birth', '{"dob": "01/04/2000", "license_dob": "01/04/2000", "passport_dob": "01/04/2000"}'),
	('street', '{"address": {"street": "1 Elizabeth St", "city": "Sydney", "state": "NSW", "postcode": 2000}}'),
	('parts of a street', '{"street_number": 123, "subpremise": 12}'),
	('what is not sensitive', '{"id": 1, "license_expiry": "01/04/2030", "license_state": "NSW", "passport_country": "au", "passport_expiry": "01/04/2030", "item": {"vin": "V", "stock_number": "S"}, "prospect": {"email": "a@b.co", "first_name": "Ann"}}'),
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
-- masking again changes nothing
SELECT loopit_mask_payload(m) = m AS idempotent
FROM loopit_mask_payload('{"dob": "1", "address": "2", "a": [{"street": {"b": 3}}]}') m;
-- the sensitive keys, each of them alone: none is in what is left
SELECT key FROM unnest(ARRAY['dob', 'license_dob', 'passport_dob', 'license_number',
	'license_card_number', 'passport_number', 'street']) key
WHERE loopit_mask_payload(jsonb_build_object('x', jsonb_build_array(jsonb_build_object(key, 'secret'))))::text
	<> jsonb_build_object('x', jsonb_build_array(jsonb_build_object(key, '***')))::text;
-- the specification's example: every key is there, and of what may be read, every value
\set file :abs_srcdir '/examples/dealer-studio.json'
SELECT pg_read_file(:'file')::jsonb AS example \gset
WITH RECURSIVE pair(doc, path, value) AS (
	SELECT doc, '', value FROM (VALUES ('sent', :'example'::jsonb),
		('masked', loopit_mask_payload(:'example'))) v(doc, value)
	UNION ALL
	SELECT doc, path || '.' || key, child FROM pair, LATERAL (
		SELECT key, value FROM jsonb_each(CASE jsonb_typeof(value) WHEN 'object' THEN value END)
		UNION ALL SELECT n::text, e FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value END)
			WITH ORDINALITY a(e, n)) c(key, child))
SELECT s.path, m.value AS masked FROM pair s LEFT JOIN pair m ON m.doc = 'masked' AND m.path = s.path
WHERE s.doc = 'sent' AND m.value IS DISTINCT FROM s.value
AND jsonb_typeof(s.value) NOT IN ('object', 'array')
ORDER BY s.path COLLATE "C";

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
WHERE a::text ~ 'Private Street|LICENCE|CARD|PASS|1911';
SELECT raw_body FROM loopit.ingest_audit;
SELECT * FROM loopit.ingest_log;
SELECT * FROM loopit.person;
SELECT * FROM loopit.unresolved_lead;
SELECT loopit_ingest_lead('{}');
RESET ROLE;
\ir :done
SET client_min_messages = warning;
DROP OWNED BY regress_loopit_auditor;
DROP ROLE regress_loopit_auditor;

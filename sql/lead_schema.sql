-- loopit_lead_schema(): what the payload may be.  Whether it says what the
-- parser does is for t/008_json_schema.pl.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SELECT string_agg(key, ' ' ORDER BY key COLLATE "C") AS keys FROM jsonb_object_keys(loopit_lead_schema()) key;
SELECT s->>'$schema' AS schema, s->>'title' AS title, s->>'$comment' AS comment, s->>'type' AS type, length(s->>'description') > 20 AS described
FROM loopit_lead_schema() s;

-- The payload version of its comment is that of the log.
SELECT count(loopit_ingest_lead('{}'));
SELECT s->>'$comment' LIKE 'payload version ' || payload_version || ' (____-__-__)' AS same_version
FROM loopit_lead_schema() s, loopit.ingest_log;

-- Its example is the specification's.
\set file :abs_srcdir '/examples/dealer-studio.json'
SELECT jsonb_array_length(s->'examples') AS examples, s#>'{examples,0}' = pg_read_file(:'file')::jsonb AS same
FROM loopit_lead_schema() s;
SELECT o->>'status' AS status, o->'issues' AS issues, o#>>'{booking,action}' AS booking
FROM loopit_ingest_lead(loopit_lead_schema()#>'{examples,0}') o;

-- Every field, a parent with its own, and what types it takes.
CREATE VIEW test.schema_path AS
WITH RECURSIVE path AS (
	SELECT key AS path, value FROM jsonb_each(loopit_lead_schema()->'properties')
	UNION ALL
	SELECT path || '.' || p.key, p.value FROM path, jsonb_each(path.value->'properties') p)
TABLE path;
SELECT path, value->>'type' AS type, length(value->>'description') BETWEEN 5 AND 200 AS described, value ? 'pattern' AS pattern,
	value ? 'minimum' AS minimum, value ? 'exclusiveMaximum' AS exclusive_maximum, value ? 'properties' AS properties
FROM test.schema_path ORDER BY path COLLATE "C";
-- the specification's field table, id and updated_at: no one is missing, no one more
CREATE TABLE test.field (path text);
INSERT INTO test.field VALUES ('id'), ('updated_at'), ('dealership'), ('dealership.id'), ('prospect'), ('prospect.first_name'),
	('prospect.middle_name'), ('prospect.last_name'), ('prospect.email'), ('prospect.dob'), ('prospect.mobile_phone'),
	('prospect.opt_in_to_marketing'), ('prospect.address'), ('prospect.address.street'), ('prospect.address.city'),
	('prospect.address.state'), ('prospect.address.country'), ('prospect.address.postcode'), ('additional_details'),
	('additional_details.license_expiry'), ('additional_details.license_dob'), ('additional_details.license_number'),
	('additional_details.license_card_number'), ('additional_details.license_state'), ('additional_details.passport_country'),
	('additional_details.passport_expiry'), ('additional_details.passport_dob'), ('additional_details.passport_number'),
	('additional_details.subscription_plan'), ('item'), ('item.vin'), ('item.stock_number'), ('location'), ('location.location_name');
SELECT count(*) AS properties, (SELECT count(*) FROM test.field) AS fields FROM test.schema_path;
SELECT f.path AS field, s.path AS property FROM test.field f FULL JOIN test.schema_path s USING (path) WHERE f.path IS NULL OR s.path IS NULL;
-- no two described alike
SELECT value->>'description', count(*) FROM test.schema_path GROUP BY 1 HAVING count(*) > 1;
-- the parser knows them: each of a wrong type is an issue of that field
SELECT path FROM test.schema_path, LATERAL loopit_validate_lead(test.lead_with(string_to_array(path, '.'), '[true]')) o
WHERE NOT o->'issues' @> jsonb_build_array(jsonb_build_object('field', path));
-- the field's code for its absence stands in the description, as in the catalogue
SELECT path, code FROM loopit_reason_codes(), regexp_split_to_table(field, ', ') path JOIN test.schema_path USING (path)
WHERE code ~ '_missing|_incomplete' AND strpos(value->>'description', code) = 0 AND path <> 'item';

-- Null and the absence of a field are no fault of shape, and neither is an
-- unknown key: nothing is required, nothing is closed.
SELECT path FROM test.schema_path WHERE NOT (value->'type') ? 'null'
	OR value ?| '{required,additionalProperties,unevaluatedProperties,enum,const,minLength,propertyNames}';
SELECT loopit_lead_schema() ?| '{required,additionalProperties,unevaluatedProperties,propertyNames}' AS closed;
-- no keyword but these
SELECT string_agg(DISTINCT key, ' ' ORDER BY key) AS keywords FROM test.schema_path, jsonb_object_keys(value) key;

-- It is the same each time, and anybody may read it, before setup too.
SET client_min_messages = warning;
SELECT count(DISTINCT s) AS schemas FROM generate_series(1, 3), loopit_lead_schema() s;
CREATE ROLE regress_loopit_nobody;
BEGIN;
DROP SCHEMA loopit CASCADE;
SET LOCAL ROLE regress_loopit_nobody;
SELECT loopit_lead_schema()->>'title' AS title;
ROLLBACK;
DROP ROLE regress_loopit_nobody;
DROP VIEW test.schema_path;
DROP TABLE test.field;
\ir :done

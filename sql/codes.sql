-- The catalogue of codes, and for each code a payload that gets it.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- In the catalogue's order, which is that of reasons and issues.
SELECT code, thing, field FROM loopit_reason_codes();

-- Explanation and remedy are clauses, from which the messages are built.
SELECT count(*) = count(DISTINCT code) AS unique, bool_and(explanation ~ '^[a-z].*[^.]$') AS explained, bool_and(remedy ~ '^[a-z].*[^.]$') AS remedied
FROM loopit_reason_codes();
SELECT i->>'message' = 'prospect.email: ' || explanation || '; ' || remedy || '.' AS as_in_messages
FROM loopit_reason_codes(), jsonb_array_elements(loopit_validate_lead(test.lead_with('{prospect,email}', '"x"'))->'issues') i
WHERE code = i->>'code';

-- What is put at a path of the full payload to get a code; NULL removes it.
CREATE TABLE test.example (code text, path text[], value jsonb);
INSERT INTO test.example VALUES
	('wrong_type', '{id}', 'true'),
	('too_long', '{prospect,first_name}', to_jsonb(repeat('x', 256))),
	('dealership_missing', '{dealership}', NULL),
	('dealership_invalid', '{dealership,id}', '"x"'),
	('workspace_not_found', '{dealership,id}', '4711'),
	('email_missing', '{prospect,email}', NULL),
	('email_invalid', '{prospect,email}', '"x"'),
	('dob_invalid', '{prospect,dob}', '"31/02/1990"'),
	('address_incomplete', '{prospect,address,city}', NULL),
	('state_not_abbreviated', '{prospect,address,state}', '"New South Wales"'),
	('licence_incomplete', '{additional_details,license_number}', NULL),
	('licence_expiry_invalid', '{additional_details,license_expiry}', '"2030-04-03"'),
	('licence_dob_invalid', '{additional_details,license_dob}', '"1990"'),
	('licence_state_not_abbreviated', '{additional_details,license_state}', '"Victoria"'),
	('passport_incomplete', '{additional_details,passport_number}', NULL),
	('passport_country_unknown', '{additional_details,passport_country}', '"Atlantis"'),
	('passport_expiry_invalid', '{additional_details,passport_expiry}', '"soon"'),
	('passport_dob_invalid', '{additional_details,passport_dob}', '"1990"'),
	('vehicle_missing', '{item}', NULL),
	('asset_not_found', '{item,vin}', '"VIN999"'),
	('asset_archived', '{item,vin}', '"VIN92"'),
	('package_missing', '{additional_details,subscription_plan}', NULL),
	('package_not_found', '{additional_details,subscription_plan}', '"Platinum"'),
	('vehicle_ambiguous', '{item,stock_number}', '"STOCK89"'),
	('location_defaulted', '{location,location_name}', '"Nowhere"'),
	('location_unlisted', '{item,vin}', '"VIN93"'),
	('placeholder', '{item,vin}', '"N/A"'),
	('document_expired', '{additional_details,license_expiry}', '"31/12/1999"'),
	('dob_implausible', '{prospect,dob}', '"31/12/1899"'),
	('updated_at_invalid', '{updated_at}', '"yesterday"'),
	('not_provided', '{additional_details}', NULL),
	('person_skipped', '{prospect,email}', NULL);

-- Each is ingested with an id of its own, so that it meets no earlier lead.
CREATE FUNCTION test.codes_of(outcome jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT jsonb_path_query(outcome, 'strict $.**.code ? (@ != null)') #>> '{}'
	UNION SELECT jsonb_path_query(outcome, 'strict $.**.reason ? (@ != null)') #>> '{}'
$$;
CREATE TABLE test.seen AS
SELECT code, outcome
FROM (SELECT code,
		test.put(jsonb_set(test.full_lead(), '{id}', to_jsonb('x' || row_number() OVER ())), path, value) AS payload FROM test.example) e,
	loopit_ingest_lead(payload) AS outcome;

-- Those that take more than a changed value.  (VIN93 can be booked nowhere.)
INSERT INTO test.seen VALUES
	('location_not_found', loopit_ingest_lead(test.full_lead() || '{"id": "x0", "item": {"vin": "VIN93"}, "location": null}')),
	('id_missing', loopit_ingest_lead(test.full_lead() - 'id')),
	('payload_missing', loopit_ingest_lead(NULL)),
	('payload_not_object', loopit_ingest_lead('[]')),
	('payload_malformed', loopit_ingest_webhook('{"id": 1')),
	('payload_repaired', loopit_ingest_webhook('{"id": 1,}')),
	('stale_payload', loopit_ingest_lead(test.full_lead() || '{"updated_at": "2024-01-01T00:00:00Z"}'));
INSERT INTO test.seen VALUES
	('identity_changed', loopit_ingest_lead(jsonb_set(test.full_lead() || '{"id": "x00", "updated_at": null}', '{prospect,dob}', '"02/02/1990"')));
INSERT INTO test.seen VALUES
	('booking_conflict', loopit_ingest_lead(jsonb_set(test.full_lead() || '{"id": "x12"}', '{item,vin}', '"VIN89"')));
INSERT INTO loopit.client (client_id, name, workspaces) VALUES ('x', 'x', '{8}');
SELECT log_id FROM loopit_door_receive_as('x', convert_to(test.full_lead()::text, 'UTF8')) \gset
INSERT INTO test.seen SELECT 'dealership_not_allowed', outcome FROM loopit.ingest_log WHERE id = :log_id;
ALTER TABLE loopit.person ADD CHECK (first_name <> 'Refused');
INSERT INTO test.seen VALUES
	('database_error', loopit_ingest_lead(test.lead_with('{prospect,first_name}', '"Refused"')));

-- Every code is among those that its outcome has, and every code has an example.
SELECT code, outcome->>'status' AS status, array(SELECT c FROM test.codes_of(outcome) c WHERE c <> code ORDER BY c COLLATE "C") AS others
FROM test.seen WHERE code IN (SELECT test.codes_of(outcome)) ORDER BY code COLLATE "C";
SELECT code AS without_it FROM test.seen WHERE code NOT IN (SELECT test.codes_of(outcome)) ORDER BY 1;
SELECT code AS without_example FROM loopit_reason_codes() EXCEPT SELECT code FROM test.seen ORDER BY 1;

DROP TABLE test.example, test.seen;
DROP FUNCTION test.codes_of;
\ir :done

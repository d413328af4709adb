-- A payload that is older than what is stored only fills what is still empty.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Ingests a lead as of that time, and answers what became of the person, of
-- source_updated_at and of the row's updated_at.
CREATE FUNCTION test.after(at text, more jsonb, OUT person text, OUT stored text, OUT source timestamp,
	OUT touched bool, OUT issues text) LANGUAGE plpgsql AS $$
DECLARE
	before timestamptz := (SELECT updated_at FROM loopit.person);
	after timestamptz;
BEGIN
	SELECT s.person, s.issues FROM test.short(loopit_ingest_lead(test.lead(
		jsonb_build_object('updated_at', at, 'prospect', more)))) s INTO person, issues;
	SELECT concat_ws('|', coalesce(first_name, '-'), coalesce(last_name, '-'), coalesce(to_char(date_of_birth, 'YYYY-MM-DD'), '-'),
		coalesce(mobile_phone, '-'), coalesce(marketing_opt_in::text, '-')), source_updated_at AT TIME ZONE 'UTC', updated_at
	FROM loopit.person INTO stored, source, after;
	touched := after IS DISTINCT FROM before;
END $$;

-- The person, one delivery after the other.
SELECT what, at, a.* FROM (VALUES
	(1, 'no time', NULL, '{"first_name": "Ann"}'),
	(2, 'no time, again', NULL, '{"first_name": "Ann"}'),
	(3, 'any time is newer', '1999-01-01T00:00:00Z', '{"first_name": "Anna"}'),
	(4, 'newer', '2025-01-01T00:00:00Z', '{"last_name": "Cole"}'),
	(5, 'newer, nothing else', '2025-02-01T00:00:00Z', '{"last_name": "Cole"}'),
	(6, 'newer, nothing at all', '2025-03-01T00:00:00Z', '{}'),
	(7, 'equal, the same', '2025-03-01T00:00:00Z', '{"last_name": "Cole"}'),
	(8, 'equal replaces', '2025-03-01T00:00:00Z', '{"last_name": "Coles"}'),
	(9, 'equal, another offset', '2025-03-01T10:00:00+10:00', '{"last_name": "Colin"}'),
	(10, 'older stays out', '2025-02-28T23:59:59Z', '{"first_name": "Eve", "last_name": "Eves"}'),
	(11, 'older fills', '2025-02-28T23:59:59Z', '{"first_name": "Eve", "mobile_phone": "123", "opt_in_to_marketing": false}'),
	(12, 'older, false is not empty', '2025-02-28T23:59:59Z', '{"opt_in_to_marketing": true, "mobile_phone": "456"}'),
	(13, 'older, the same', '2025-02-28T23:59:59Z', '{"mobile_phone": "123"}'),
	(14, 'older, nothing', '2025-02-28T23:59:59Z', '{}'),
	(15, 'older by a microsecond', '2025-02-28T23:59:59.999999Z', '{"last_name": "Eves"}'),
	(16, 'older by its offset', '2025-03-01T00:00:00+00:01', '{"last_name": "Eves"}'),
	(17, 'newer by its offset', '2025-03-01T00:00:00-00:01', '{"last_name": "Colón"}'),
	(18, 'no time is current', NULL, '{"last_name": "Colas"}'),
	(19, 'an invalid one is none', '2025-03-01', '{"last_name": "Colby"}'),
	(20, 'far ahead is none', '9000-01-01T00:00:00Z', '{"last_name": "Colt"}'),
	(21, 'older, wrong types', '2024-01-01T00:00:00Z', '{"dob": "", "first_name": []}'),
	(22, 'older, what is empty still', '2024-01-01T00:00:00Z', '{"dob": "01/02/1990", "first_name": "Eve"}'),
	(23, 'newer replaces', '2025-03-02T00:00:00Z', '{"first_name": "Ann", "dob": "02/02/1990", "opt_in_to_marketing": true}'),
	(24, 'newer by a microsecond', '2025-03-02T00:00:00.000001Z', '{}')) v(n, what, at, more),
LATERAL test.after(at, more::jsonb) a
ORDER BY n;
DROP FUNCTION test.after;

-- Address and documents: created where none is stored, unchanged where the
-- stored one is the same, else skipped; what the payload itself lacks is said
-- first.
DELETE FROM loopit.person;
CREATE FUNCTION test.after(at text, address text, licence text, passport text, OUT things text, OUT stored text, OUT issues text)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT concat_ws(', ', s.person, s.address, s.licence, s.passport), s.issues
	FROM test.short(loopit_ingest_lead(test.lead(jsonb_build_object('updated_at', at, 'prospect', jsonb_build_object('address',
			'{"city": "c", "state": "s", "country": "Neverland", "postcode": 1}'::jsonb || address::jsonb),
		'additional_details', coalesce(licence::jsonb || '{"license_expiry": "01/01/2030", "license_dob": "01/01/1990"}', '{}')
			|| coalesce(passport::jsonb || '{"passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"}', '{}'))))) s
	INTO things, issues;
	stored := concat_ws(' ', (SELECT street FROM loopit.person),
		(SELECT string_agg(concat_ws('/', number, card_number, issuing_state, issuing_country), ' ' ORDER BY kind)
		 FROM loopit.identity_document));
	issues := replace(issues, 'additional_details.', '');
END $$;
SELECT what, at, a.* FROM (VALUES
	(1, 'the first', '2025-01-01', NULL, NULL, NULL),
	(2, 'older creates', '2024-01-01', '{"street": "a"}', '{"license_number": "L1"}', '{"passport_number": "P1", "passport_country": "au"}'),
	(3, 'older, the same', '2024-01-01', '{"street": "a"}', '{"license_number": "L1"}', '{"passport_number": "P1", "passport_country": "Australia"}'),
	(4, 'older, others', '2024-01-01', '{"street": "b"}', '{"license_number": "L2"}', '{"passport_number": "P2", "passport_country": "au"}'),
	(5, 'older, one part', '2024-01-01', '{"street": "a", "postcode": 2}', '{"license_number": "L1", "license_card_number": "C1"}', '{"passport_number": "P1", "passport_country": "fr"}'),
	(6, 'equal replaces', '2025-01-01', '{"street": "b"}', '{"license_number": "L1", "license_card_number": "C1", "license_state": "X"}', '{"passport_number": "P1", "passport_country": "fr"}'),
	(7, 'older, without options', '2024-01-01', '{"street": "b"}', '{"license_number": "L1"}', NULL),
	(8, 'older, a bad state', '2024-01-01', '{"street": "b"}', '{"license_number": "L1", "license_state": "Victoria"}', NULL),
	(9, 'older, incomplete', '2024-01-01', '{"street": ""}', '{"license_number": ""}', '{"passport_number": "P9"}'),
	(10, 'older, invalid', '2024-01-01', '{"street": "z", "state": "Victoria"}', '{"license_number": []}', '{"passport_number": "P9", "passport_country": "xx"}'),
	(11, 'no time is current', NULL, '{"street": "c"}', '{"license_number": "L3"}', '{"passport_number": "P3", "passport_country": "us"}'),
	(12, 'newer replaces', '2025-01-02', '{"street": "d"}', '{"license_number": "L4"}', '{"passport_number": "P4", "passport_country": "us"}')
) v(n, what, at, address, licence, passport),
LATERAL test.after(at || 'T00:00:00Z', coalesce(address, '{"city": "", "state": "", "country": "", "postcode": ""}'), licence, passport) a
ORDER BY n;
DROP FUNCTION test.after;

-- A late lead is booked all the same.
SELECT s.booking, s.issues FROM test.short(loopit_ingest_lead(test.put(test.put(test.full_lead(), '{updated_at}', '"2024-01-01T00:00:00Z"'),
	'{id}', '"late"'))) s;

-- A newer payload that is not stored does not count; one that changes only a
-- document does, and leaves the person's updated_at.
SELECT s.status FROM test.short(loopit_ingest_lead(test.lead('{"updated_at": "2025-06-01T00:00:00Z", "prospect": {"dob": "x"}}'))) s;
SELECT source_updated_at AT TIME ZONE 'UTC' AS source, updated_at FROM loopit.person \gset before_
SELECT :'before_source' AS source;
SELECT s.person, s.licence FROM test.short(loopit_ingest_lead(test.lead('{"updated_at": "2025-07-01T00:00:00Z", "additional_details":
	{"license_number": "L5", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}'))) s;
SELECT source_updated_at AT TIME ZONE 'UTC' AS source, updated_at = :'before_updated_at' AS same FROM loopit.person;

-- The dry run says the same.
SELECT s.person, s.issues FROM test.short(loopit_validate_lead(test.lead('{"updated_at": "2025-06-30T00:00:00Z", "prospect":
	{"first_name": "Ann", "last_name": "Cole"}}'))) s;
\ir :done

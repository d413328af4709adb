-- The hints of issues: what something close to what was asked for is called.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- The one issue of that code: its hint, none, or that there is no such issue.
CREATE FUNCTION test.hint(outcome jsonb, code text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(CASE WHEN i ? 'hint' THEN i->>'hint' ELSE '(no key)' END, ' | '), '(no issue)')
	FROM jsonb_array_elements(outcome->'issues') i WHERE i->>'code' = hint.code
$$;
CREATE FUNCTION test.package(name text) RETURNS text LANGUAGE sql AS $$
	SELECT test.hint(loopit_validate_lead(test.put(test.full_lead(), '{additional_details,subscription_plan}', to_jsonb(name))), 'package_not_found')
$$;

-- A package but for case and spaces.  Archived ones and another workspace's
-- are not what the workspace has.
INSERT INTO loopit.package (workspace_id, id, name, archived_at) VALUES (8, 20, 'Deluxe', NULL), (7, 21, 'Élite Plus', NULL),
	(7, 22, 'Gold 10', NULL), (7, 23, 'Gold 100', NULL), (7, 24, '50% "off"', NULL), (7, 25, 'X', NULL);
SELECT name, test.package(name) AS hint FROM (VALUES (1, 'Premium'), (2, 'premium'), (3, 'PREMIUM'), (4, 'P r e m i u m'), (5, 'pre MIUM'),
	(6, ' Premium '), (7, 'Retired'), (8, 'retired'), (9, 'Deluxe'), (10, 'deluxe'), (11, 'gold10'), (12, 'GOLD 1 0 0'), (13, 'Élite  plus'),
	(14, '50%"off"'), (15, 'x')) v(n, name) ORDER BY n;
-- The nearest by edit distance; where none is near, no hint.
SELECT left(name, 20) AS name, test.package(name) AS hint FROM (VALUES (1, 'Premum'), (2, 'Premiums'), (3, 'Prenium'), (4, 'Basik'), (5, 'Bas'), (6, 'Gold 11'),
	(7, 'Gold 1000'), (8, 'Elite Plus'), (9, 'Élite Plu'), (10, 'Zebra'), (11, 'Quarterly'), (12, 'Platinum'), (13, 'Y'), (14, 'Pr'), (15, '-'),
	(16, repeat('x', 255)), (17, repeat('Premium ', 30))) v(n, name) ORDER BY n;
-- Of many packages the answer is as quick and the same.
INSERT INTO loopit.package (workspace_id, id, name) SELECT 7, 1000 + n, 'Offer ' || n || repeat('!', 300) FROM generate_series(1, 500) n;
SELECT name, test.package(name) AS hint FROM (VALUES (1, 'basic'), (2, 'Gold 9'), (3, 'Zebra')) v(n, name) ORDER BY n;
DELETE FROM loopit.package WHERE workspace_id = 7 AND name LIKE 'Offer %' OR name = 'X';

-- An archived vehicle, by VIN or stock number; none that does not exist.
INSERT INTO loopit.asset (workspace_id, id, vin, archived_at) VALUES (7, 95, 'VIN95', now());
SELECT item, test.hint(o, 'asset_archived') AS archived, test.hint(o, 'asset_not_found') AS not_found
FROM (VALUES (1, '{"vin": "VIN92"}'), (2, '{"vin": "vin92"}'), (3, '{"stock_number": "STOCK92"}'), (4, '{"vin": "VIN95", "stock_number": "NONE"}'),
	(5, '{"vin": "VIN9"}'), (6, '{"vin": "VIN94"}'), (7, '{"vin": "VIN91"}')) v(n, item),
LATERAL loopit_validate_lead(test.full_lead() || jsonb_build_object('item', item::jsonb)) o ORDER BY n;

-- The nearest of a vehicle's numbers: by one character, of a VIN of eight or more
-- by two, and of a number with less than four by none.
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES (7, 96, 'KX123456', 'QX71'), (7, 97, 'MY12345', 'Q72');
SELECT item, test.hint(loopit_validate_lead(test.full_lead() || jsonb_build_object('item', item::jsonb)), 'asset_not_found') AS hint
FROM (VALUES (1, '{"vin": "KX123400"}'), (2, '{"vin": "KX123000"}'), (3, '{"vin": "MY12300"}'), (4, '{"vin": "MY12340"}'),
	(5, '{"stock_number": "QX72"}'), (6, '{"stock_number": "QX82"}'), (7, '{"stock_number": "Q73"}'), (8, '{"stock_number": "Q 7-2"}')) v(n, item) ORDER BY n;
DELETE FROM loopit.asset WHERE id IN (96, 97);

-- A stock number whose vehicle has another VIN.
SELECT item, test.hint(o, 'vehicle_ambiguous') AS ambiguous
FROM (VALUES (1, '{"vin": "OTHER1", "stock_number": "STOCK89"}'), (2, '{"vin": "VIN91", "stock_number": "STOCK89"}'),
	(3, '{"vin": "vin89", "stock_number": "STOCK89"}'), (4, '{"vin": "OTHER1", "stock_number": "STOCK90"}')) v(n, item),
LATERAL loopit_validate_lead(test.full_lead() || jsonb_build_object('item', item::jsonb)) o ORDER BY n;

-- A country's code that is not one of the six, of two letters or three, and the
-- name of two countries.
SELECT country, test.hint(loopit_validate_lead(test.put(test.full_lead(), '{additional_details,passport_country}', to_jsonb(country))),
	'passport_country_unknown') AS hint
FROM (VALUES (1, 'nz'), (2, 'NZ'), (3, ' Nz '), (4, 'gb'), (5, 'ci'), (6, 'xx'), (7, 'zz'), (8, 'n'), (9, 'New Zeeland'), (10, 'New Zealand'),
	(11, 'au'), (12, '64'), (20, 'AUS'), (21, 'nzl'), (22, 'Civ'), (23, 'xxx'), (24, 'the nz'), (30, 'Congo'), (31, 'the Congo'), (32, 'CONGO'),
	(33, 'Congo (DRC)'), (34, 'Congos')) v(n, country) ORDER BY n;

-- What has no hint has no key either.
SELECT i->>'code' AS code, i ? 'hint' AS hint FROM loopit_validate_lead('{"dealership": {"id": 356}, "prospect": {"email": "ann@example.com",
	"address": {"state": "New South Wales"}, "first_name": true}, "additional_details": {"license_number": "1", "passport_number": "2",
	"license_state": "nowhere", "subscription_plan": "Zebra"}, "item": {"vin": "VIN89"}, "location": {"location_name": "Dealer"}, "updated_at": "now"}') o,
LATERAL jsonb_array_elements(o->'issues') WITH ORDINALITY e(i, n) ORDER BY n;

-- A hint is a sentence, stands in the log's outcome too, and is never
-- personal: of these payloads, with secrets in all places, no hint has any.
CREATE FUNCTION test.secret_lead(more jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(test.full_lead(), '{prospect}', '{"email": "secret1@example.com", "first_name": "Secret2", "middle_name": "Secret3",
			"last_name": "Secret4", "dob": "01/01/1905", "mobile_phone": "Secret6", "address": {"street": "Secret7", "city": "Secret8",
			"postcode": "Secret9", "state": "Secret10", "country": "Secret11"}}'),
		'{additional_details}', test.full_lead()->'additional_details' || '{"license_number": "Secret12", "license_card_number": "Secret13",
			"passport_number": "Secret14", "license_dob": "02/02/1905", "passport_dob": "03/03/1905"}' || more->'additional_details')
		|| (more - 'additional_details')
$$;
SELECT count(loopit_ingest_lead(test.secret_lead(jsonb_build_object('id', n) || more::jsonb))) FROM (VALUES
	(1, '{"additional_details": {"subscription_plan": "premium", "passport_country": "nz"}, "item": {"vin": "VIN92"}}'),
	(2, '{"additional_details": {"subscription_plan": "Basik", "passport_country": "ci"}, "item": {"vin": "VIN91", "stock_number": "STOCK89"}}'),
	(3, '{"additional_details": {"passport_country": "Secret15", "subscription_plan": "Secret16"}, "item": {"vin": "Secret17", "stock_number": "STOCK88"},
		"location": {"location_name": "Secret18"}}')) v(n, more);
SELECT l.lead_reference, i->>'code' AS code, i->>'hint' AS hint
FROM loopit.ingest_log l, jsonb_array_elements(outcome->'issues') i WHERE i ? 'hint' ORDER BY l.id, 2;
SELECT count(*) AS hints, count(*) FILTER (WHERE i->>'hint' ~* 'secret|1905') AS with_secrets,
	count(*) FILTER (WHERE i->>'hint' !~ '^[A-Z].*[.]$') AS no_sentence
FROM loopit.ingest_log l, jsonb_array_elements(outcome->'issues') i WHERE i ? 'hint';
SELECT count(*) AS outcomes_with_secrets FROM loopit.ingest_log WHERE outcome::text ~* 'secret|1905';
DROP FUNCTION test.hint, test.package, test.secret_lead;
\ir :done

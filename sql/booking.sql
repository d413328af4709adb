-- The booking: the vehicle, the location, the package, and the one a lead has.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Archived ones beside the fixture's: with a live one's vin, with a live one's
-- stock number, and on their own.
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number, archived_at) VALUES
	(7, 101, 'VIN89', 'STOCK101', now()), (7, 102, 'VIN102', 'STOCK89', now()),
	(7, 103, NULL, 'STOCK103', now()), (7, 104, 'VIN104', NULL, now()), (7, 105, 'VIN104', NULL, now()),
	(7, 106, 'vin106', 'stock106', NULL), (7, 107, '5500', '0077', NULL);
INSERT INTO loopit.asset_location VALUES (7, 106, 3, 5), (7, 106, 2, 7), (7, 107, 2, 1);

CREATE SEQUENCE test.lead_number;
-- Ingests a lead of a new person and answers what became of the booking.
CREATE FUNCTION test.book(item jsonb, location text, plan jsonb, OUT booking text, OUT asset bigint,
	OUT location bigint, OUT "from" text, OUT package bigint, OUT issues text) LANGUAGE sql AS $$
	SELECT concat_ws(' ', b->>'action', b->>'reason'), (b->>'asset_id')::bigint, (b->>'location_id')::bigint,
		b->>'location_from', (b->>'package_id')::bigint, replace(test.issues(outcome), 'additional_details.', '')
	FROM loopit_ingest_lead(jsonb_build_object('id', 'B-' || nextval('test.lead_number'), 'dealership', '{"id": 356}'::jsonb,
		'prospect', jsonb_build_object('email', currval('test.lead_number') || '@example.com'),
		'item', item, 'location', jsonb_build_object('location_name', location),
		'additional_details', jsonb_build_object('subscription_plan', plan))) outcome,
	LATERAL (SELECT outcome->'booking') x(b)
$$;

-- The vehicle: a vin in any case or a stock number; live before archived, vin
-- before stock number; by stock number alone none whose own vin contradicts.
SELECT what, item, b.booking, b.asset, b.issues FROM (VALUES
	(1, 'by vin', '{"vin": "VIN91"}'), (2, 'vin, any case', '{"vin": "vin91"}'), (3, 'vin, any case', '{"vin": "VIN106"}'),
	(4, 'vin, trimmed', '{"vin": " VIN91\t"}'), (5, 'vin, a number', '{"vin": 5500}'),
	(6, 'by stock number', '{"stock_number": "STOCK89"}'), (7, 'stock number, any case', '{"stock_number": "stock89"}'),
	(8, 'stock number, exactly', '{"stock_number": "0077"}'), (9, 'stock number, exactly', '{"stock_number": 77}'),
	(10, 'stock number, a number', '{"stock_number": 7021602}'), (11, 'stock number, trimmed', '{"stock_number": " STOCK89 "}'),
	(12, 'the same one', '{"vin": "jsagjb74v00202326", "stock_number": "7021602"}'),
	(13, 'blank vin', '{"vin": " ", "stock_number": "STOCK89"}'), (14, 'wrong type', '{"vin": [], "stock_number": "STOCK89"}'),
	(15, 'unknown vin', '{"vin": "VIN0"}'), (16, 'unknown stock number', '{"stock_number": "STOCK0"}'),
	(17, 'both unknown', '{"vin": "VIN0", "stock_number": "STOCK0"}'), (18, 'the other''s vin', '{"vin": "STOCK89"}'),
	(20, 'vin, other stock', '{"vin": "VIN91", "stock_number": "STOCK0"}'),
	(21, 'stock, it has no vin', '{"vin": "VIN0", "stock_number": "STOCK90"}'),
	(22, 'stock, another vin', '{"vin": "VIN0", "stock_number": "STOCK89"}'),
	(23, 'two live ones', '{"vin": "VIN91", "stock_number": "STOCK89"}'),
	(24, 'two, one without vin', '{"vin": "VIN91", "stock_number": "STOCK90"}'),
	(30, 'archived vin', '{"vin": "VIN92"}'), (31, 'archived stock', '{"stock_number": "STOCK92"}'),
	(32, 'archived both', '{"vin": "VIN92", "stock_number": "STOCK92"}'), (33, 'archived twice', '{"vin": "VIN104"}'),
	(34, 'archived stock, no vin', '{"vin": "VIN0", "stock_number": "STOCK103"}'),
	(35, 'archived stock, another vin', '{"vin": "VIN0", "stock_number": "STOCK92"}'),
	(36, 'archived vin, live one', '{"vin": "VIN89"}'), (37, 'archived stock, live one', '{"stock_number": "STOCK89"}'),
	(40, 'archived vin, live stock without', '{"vin": "VIN92", "stock_number": "STOCK90"}'),
	(41, 'archived vin, live stock of another', '{"vin": "VIN92", "stock_number": "STOCK89"}'),
	(42, 'live vin, archived stock', '{"vin": "VIN91", "stock_number": "STOCK92"}'),
	(43, 'its own archived twin''s stock', '{"vin": "VIN89", "stock_number": "STOCK101"}'),
	(44, 'archived vin, unknown stock', '{"vin": "VIN92", "stock_number": "STOCK0"}'),
	(50, 'another workspace''s vin', '{"vin": "VIN94"}')) v(n, what, item),
LATERAL test.book(item::jsonb, NULL, '"Premium"'::jsonb) b
ORDER BY n;

-- The location: the named live one in any case, else the vehicle's first live
-- one by position; it is looked for only once a live vehicle is found.
SELECT what, vin, name, b.booking, b.location, b.from, b.issues FROM (VALUES
	(1, 'named', 'VIN91', 'Depot'), (2, 'named, any case', 'VIN91', 'dEPOT'), (3, 'named, trimmed', 'VIN91', ' Depot  '),
	(4, 'not one of the vehicle''s', 'VIN91', 'Dealer A'), (5, 'of a vehicle without any', 'VIN93', 'Dealer A'),
	(6, 'not named', 'VIN91', NULL), (7, 'not named', 'JSAGJB74V00202326', NULL), (8, 'blank', 'VIN91', ' '),
	(9, 'first by position', 'VIN106', NULL), (10, 'first live one', 'VIN89', NULL),
	(11, 'unknown', 'VIN91', 'Nowhere'), (12, 'unknown', 'VIN89', 'Nowhere'), (13, 'archived', 'VIN91', 'Old Yard'),
	(14, 'none', 'VIN93', NULL), (15, 'none', 'VIN93', 'Nowhere'), (16, 'none', 'VIN93', 'Old Yard'),
	(17, 'not looked for', 'VIN0', 'Nowhere'), (18, 'not looked for', 'VIN92', 'Nowhere')) v(n, what, vin, name),
LATERAL test.book(jsonb_build_object('vin', vin), name, '"Premium"') b
ORDER BY n;
SELECT s.booking, s.issues FROM test.short(loopit_ingest_lead(test.put(test.full_lead() || '{"id": "L-0"}', '{location,location_name}', '[]'))) s;

-- The package: live, and exactly the plan.
SELECT plan, b.booking, b.package, b.issues FROM (VALUES
	(1, '"Premium"'), (2, '"Basic"'), (3, '" Premium "'), (4, '"premium"'), (5, '"Prem"'), (6, '"Premium Plus"'), (7, '"Retired"'),
	(8, '5'), (9, '""'), (10, 'null'), (11, 'true')) v(n, plan),
LATERAL test.book('{"vin": "VIN91"}', 'Depot', plan::jsonb) b
ORDER BY n;

-- The reason is the first in the catalogue's order; every problem is reported.
SELECT item, name, plan, b.booking, b.issues FROM (VALUES
	(1, '{}', NULL, NULL), (2, '{}', 'Nowhere', NULL), (3, '{}', 'Nowhere', 'Premium'), (4, '{}', NULL, 'No plan'),
	(5, '{"vin": "VIN0"}', 'Nowhere', NULL), (6, '{"vin": "VIN0"}', NULL, 'No plan'),
	(7, '{"vin": "VIN92"}', 'Nowhere', NULL), (8, '{"vin": "VIN92"}', NULL, 'No plan'),
	(9, '{"vin": "VIN93"}', NULL, NULL), (10, '{"vin": "VIN93"}', 'Nowhere', 'No plan'),
	(11, '{"vin": "VIN91"}', 'Nowhere', NULL), (12, '{"vin": "VIN91"}', 'Nowhere', 'No plan'),
	(13, '{"vin": "VIN91", "stock_number": "STOCK89"}', 'Nowhere', 'No plan'),
	(14, '{"vin": "VIN0", "stock_number": "STOCK89"}', 'Nowhere', 'No plan')) v(n, item, name, plan),
LATERAL test.book(item::jsonb, name, to_jsonb(plan)) b
ORDER BY n;

-- Without a person there is none.
SELECT s.status, s.booking FROM test.short(loopit_ingest_lead(test.full_lead() || '{"prospect": {}}')) s;

-- A hint, where something close exists.
SELECT i->>'code' AS code, i->>'hint' AS hint FROM (VALUES (1, '{"vin": "VIN91"}', 'premium'), (2, '{"vin": "VIN91"}', 'Premum'),
	(3, '{"vin": "VIN91"}', 'Quite another'), (4, '{"vin": "VIN92"}', 'Basic'), (5, '{"vin": "VIN0"}', 'Basic'),
	(6, '{"vin": "VIN0", "stock_number": "STOCK89"}', 'Basic')) v(n, item, plan),
LATERAL loopit_validate_lead(test.lead(jsonb_build_object('item', item::jsonb,
	'additional_details', jsonb_build_object('subscription_plan', plan)))) outcome,
LATERAL jsonb_array_elements(outcome->'issues') WITH ORDINALITY e(i, k)
ORDER BY n, k;
TRUNCATE loopit.booking RESTART IDENTITY;

-- One booking a lead.  An attempt at it again is unchanged and shows the
-- stored one, whatever the look-ups find; what they find is reported.
CREATE FUNCTION test.again(payload jsonb, OUT booking text, OUT ids text, OUT issues text) LANGUAGE sql AS $$
	SELECT concat_ws(' ', b->>'action', b->>'reason'),
		concat_ws(' ', b->>'id', b->>'asset_id', b->>'location_id', b->>'location_from', b->>'package_id'),
		replace(test.issues(outcome), E'\n', ', ')
	FROM loopit_ingest_lead(payload) outcome, LATERAL (SELECT outcome->'booking') x(b)
$$;
SELECT a.* FROM test.again(test.full_lead() || '{"id": "first"}') a;
SELECT what, a.booking, a.ids, a.issues FROM (VALUES
	(1, 'new', '{id}', '"L-1"'), (2, 'the same', '{x}', '1'),
	(3, 'another person', '{prospect,email}', '"bob@example.com"'), (4, 'another vehicle', '{item,vin}', '"VIN89"'),
	(5, 'another location', '{location,location_name}', '"Dealer A"'), (6, 'another package', '{additional_details,subscription_plan}', '"Basic"'),
	(7, 'the same, any case', '{item,vin}', '"vin91"'), (8, 'the same, by default', '{location}', NULL),
	(9, 'the same, defaulted', '{location,location_name}', '"Nowhere"'), (10, 'another dealership', '{dealership,id}', '357'),
	(11, 'unknown vehicle', '{item,vin}', '"VIN0"'), (12, 'archived vehicle', '{item,vin}', '"VIN92"'),
	(13, 'vehicle without locations', '{item,vin}', '"VIN93"'), (14, 'no such location', '{location,location_name}', '"Old Yard"'),
	(15, 'unknown package', '{additional_details,subscription_plan}', '"Nothing"'), (16, 'no plan', '{additional_details,subscription_plan}', NULL),
	(17, 'no vehicle', '{item}', NULL), (18, 'ambiguous', '{item,stock_number}', '"STOCK89"'),
	(19, 'another person, no plan', '{additional_details}', '{"license_state": "NSW"}')) v(n, what, path, value),
LATERAL test.again(test.put(test.full_lead() || '{"id": "L-1"}', path::text[], value::jsonb)) a
ORDER BY n;
-- nothing of a booking in it: none is attempted
SELECT a.* FROM test.again(test.lead('{"id": "L-1", "location": {"location_name": "Depot"}}')) a;
-- the vehicle's first location, its archiving: what is booked stays
UPDATE loopit.asset_location SET location_id = 3 WHERE asset_id = 91;
SELECT a.ids, a.issues FROM test.again(test.full_lead() - 'location' || '{"id": "L-1"}') a;
UPDATE loopit.asset SET archived_at = now() WHERE id = 91;
SELECT a.ids, a.issues FROM test.again(test.full_lead() - 'location' || '{"id": "L-1"}') a;
UPDATE loopit.asset SET archived_at = NULL WHERE id = 91;
SELECT b.lead_reference, p.email, asset_id, location_id, package_id, l.email = p.email AND l.booking_id = b.id AS logged
FROM loopit.booking b JOIN loopit.person p ON p.id = person_id JOIN loopit.ingest_log l ON l.id = ingest_log_id ORDER BY b.id;

-- An erased person's booking is never a conflict and is not linked again.
DELETE FROM loopit.person;
SELECT a.booking, a.ids, a.issues FROM (VALUES (1, 'ann@example.com', 'VIN91'), (2, 'bob@example.com', 'VIN89'),
	(3, 'eve@example.com', 'VIN0')) v(n, email, vin),
LATERAL test.again(test.put(test.put(test.full_lead() || '{"id": "L-1"}', '{prospect,email}', to_jsonb(email)), '{item,vin}',
	to_jsonb(vin))) a
ORDER BY n;
SELECT lead_reference, person_id FROM loopit.booking ORDER BY id;
SELECT count(*) AS persons FROM loopit.person;

-- What the log says: id and action, or why not.
SELECT booking_action, booking_reason, booking_id IS NOT NULL AS has_id, count(*) > 0 AS some
FROM loopit.ingest_log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DROP FUNCTION test.book, test.again;
DROP SEQUENCE test.lead_number;
\ir :done

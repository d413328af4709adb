-- The vehicle: a VIN in any case and also without its spaces, a stock number
-- exactly or in any case, and what contradicts.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number, archived_at) VALUES
	(7, 201, 'VIN 201', 'Ab-201', NULL), (7, 202, 'VIN202', 'S202', NULL), (7, 203, 'VIN203', 's202', NULL), (7, 204, 'VIN204', 'S-204', NULL),
	(7, 205, 'VIN205', 'OLD205', now()), (7, 206, 'AB-206', 'OLD206', now()), (7, 207, 'AB207', 'OLD206', now()), (7, 208, 'VIN 208', NULL, now()),
	(7, 209, 'VIN208', NULL, NULL), (7, 210, 'VIN210', 'DDF445', NULL), (7, 211, NULL, 'ddf445', now()), (7, 212, NULL, 'QQ1', now()),
	(8, 213, 'VIN213', 'onlythere', NULL);
CREATE FUNCTION test.vehicle(item jsonb, OUT asset text, OUT reason text, OUT issues text) LANGUAGE sql AS $$
	SELECT o->'booking'->>'asset_id', o->'booking'->>'reason', replace(test.issues(o), E'\n', ', ')
	FROM loopit_validate_lead(test.lead(jsonb_build_object('item', item, 'location', '{"location_name": "Depot"}'::jsonb,
		'additional_details', '{"subscription_plan": "Premium"}'::jsonb)) #- '{location}') o
$$;
-- each can be booked at the depot
INSERT INTO loopit.asset_location SELECT workspace_id, id, 2, 1 FROM loopit.asset WHERE workspace_id = 7 ON CONFLICT DO NOTHING;

-- A VIN that is not found is looked for again without its white space of any
-- kind, not without anything else.
SELECT what, v.asset, v.reason, v.issues FROM (VALUES
	(1, 'groups', '{"vin": "JSAG JB74 V002 02326"}'), (2, 'any case', '{"vin": "jsag jb74 v002 02326"}'),
	(3, 'no-break space', '{"vin": "JSAG\u00a0JB74\u202fV00202326"}'), (4, 'tab and newline', '{"vin": "JSAG\tJB74\nV00202326"}'),
	(5, 'zero width', '{"vin": "JSAGJB74\u200bV00202326"}'), (6, 'a space after each', '{"vin": "J S A G J B 7 4 V 0 0 2 0 2 3 2 6"}'),
	(7, 'hyphens', '{"vin": "JSAG-JB74-V00202326"}'), (8, 'stored with its space', '{"vin": "vin 201"}'),
	(9, 'stored with a space', '{"vin": "VIN201"}'), (10, 'another workspace''s', '{"vin": "VIN 213"}'),
	(11, 'archived', '{"vin": "VIN 205"}'), (12, 'an archived one has the spaces, a live one has not', '{"vin": "VIN 208"}'))
	w(n, what, item), LATERAL test.vehicle(item::jsonb) v ORDER BY n;

-- A stock number is that of one vehicle: exactly, else in any case.
SELECT what, v.asset, v.reason, v.issues FROM (VALUES
	(1, 'exactly', '{"stock_number": "DDF445"}'), (2, 'any case', '{"stock_number": "ddf445"}'), (3, 'any case', '{"stock_number": "dDf445"}'),
	(4, 'any case', '{"stock_number": "aB-201"}'), (5, 'exactly, of two', '{"stock_number": "S202"}'), (6, 'exactly, of two', '{"stock_number": "s202"}'),
	(7, 'no hyphen', '{"stock_number": "s204"}'), (8, 'another workspace''s', '{"stock_number": "ONLYTHERE"}'),
	(9, 'archived, exactly', '{"stock_number": "OLD205"}'), (10, 'archived, any case', '{"stock_number": "old205"}'),
	(11, 'spaces inside', '{"stock_number": "DDF 445"}')) w(n, what, item), LATERAL test.vehicle(item::jsonb) v ORDER BY n;
UPDATE loopit.asset SET stock_number = 'Dup1' WHERE id = 202;
UPDATE loopit.asset SET stock_number = 'dUP1' WHERE id = 203;
SELECT what, v.asset, v.reason, v.issues FROM (VALUES (1, 'one of two, exactly', '{"stock_number": "Dup1"}'),
	(2, 'two', '{"stock_number": "DUP1"}'), (3, 'two, and a VIN', '{"vin": "VIN202", "stock_number": "DUP1"}'))
	w(n, what, item), LATERAL test.vehicle(item::jsonb) v ORDER BY n;
UPDATE loopit.asset SET archived_at = now() WHERE id = 203;
SELECT v.asset, v.reason, v.issues FROM test.vehicle('{"stock_number": "DUP1"}') v;

-- A vehicle with the stock number whose own VIN is another is not booked.
-- Spaces, hyphens and case contradict nothing.
SELECT what, v.asset, v.reason, v.issues FROM (VALUES
	(1, 'spaces', '{"vin": "VIN2 10", "stock_number": "DDF445"}'), (2, 'hyphens', '{"vin": "vin-210", "stock_number": "DDF445"}'),
	(3, 'dashes', '{"vin": "vin\u2013210", "stock_number": "DDF445"}'), (4, 'the stored one has a space', '{"vin": "VIN201", "stock_number": "AB-201"}'),
	(5, 'another', '{"vin": "VIN2100", "stock_number": "DDF445"}'), (6, 'another, stock number in any case', '{"vin": "VIN2100", "stock_number": "ddf445"}'),
	(7, 'two vehicles', '{"vin": "VIN89", "stock_number": "ddf445"}'), (8, 'the VIN without its spaces is another''s', '{"vin": "VIN 89", "stock_number": "DDF445"}'),
	(9, 'dots', '{"vin": "VIN.210", "stock_number": "DDF445"}'), (10, 'archived, hyphens', '{"vin": "ab206", "stock_number": "OLD206"}'),
	(11, 'archived, another', '{"vin": "AB208", "stock_number": "OLD206"}'), (12, 'archived, second of the number', '{"vin": "AB-2 07", "stock_number": "OLD206"}'),
	(13, 'archived, without a VIN', '{"vin": "AB208", "stock_number": "QQ1"}')) w(n, what, item), LATERAL test.vehicle(item::jsonb) v ORDER BY n;

-- A hint names a near VIN or stock number of the workspace.
SELECT item, i->>'code' AS code, i->>'hint' AS hint FROM (VALUES
	(1, '{"vin": "JSAGJB74V00202327"}'), (2, '{"vin": "JSAGJB74V00202362"}'), (3, '{"vin": "JSAGJB74V00202411"}'), (4, '{"vin": "jsagjb74v0020232"}'),
	(5, '{"vin": "VIN201"}'), (6, '{"vin": "VIN213"}'), (7, '{"stock_number": "DDF44"}'), (8, '{"stock_number": "DUP1"}'), (9, '{"stock_number": "s204"}'),
	(10, '{"stock_number": "onlythere"}'), (11, '{"stock_number": "QQ"}'), (12, '{"vin": "NOTHING1", "stock_number": "7021603"}'),
	(13, '{"vin": "VIN2100", "stock_number": "DDF445"}'), (14, '{"stock_number": "OLD2055"}')) w(n, item),
LATERAL loopit_validate_lead(test.lead(jsonb_build_object('item', item::jsonb))) o,
LATERAL jsonb_array_elements(o->'issues') i WHERE i->>'code' <> 'package_missing' ORDER BY n, 2;
-- of many vehicles those next to it in alphabetical order
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) SELECT 7, 10000 + n, 'WVWZZZ1K' || 100000 + n * 37, 'N' || 100000 + n * 37 FROM generate_series(1, 5000) n;
SELECT item, i->>'hint' AS hint FROM (VALUES (1, '{"vin": "WVWZZZ1K118501"}'), (2, '{"vin": "WVWZZZ1K11850"}'), (3, '{"stock_number": "n118501"}'),
	(4, '{"stock_number": "N11850"}')) w(n, item),
LATERAL loopit_validate_lead(test.lead(jsonb_build_object('item', item::jsonb))) o,
LATERAL jsonb_array_elements(o->'issues') i WHERE i->>'code' = 'asset_not_found' ORDER BY n;
DROP FUNCTION test.vehicle;
\ir :done

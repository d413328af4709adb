-- The location: a name in any case, else the one that is the same when white
-- space, apostrophes and hyphens are alike; and one where the vehicle is not listed.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
INSERT INTO loopit.location (workspace_id, id, name, archived_at) VALUES
	(7, 10, 'Dealer B Cairns', NULL), (7, 11, 'Rio''s Yard', NULL), (7, 12, 'North-West', NULL), (7, 13, E'South\u00a0 Side', NULL),
	(7, 14, 'Jo''s', NULL), (7, 15, E'Jo\u2019s', NULL), (7, 16, 'Ann''s Old', now()), (8, 17, 'Eve''s', NULL), (7, 18, E'Caf\u00e9 d\u2019Or', NULL);
CREATE FUNCTION test.location(name jsonb, OUT location text, OUT "from" text, OUT issues text, OUT hint text) LANGUAGE sql AS $$
	SELECT o->'booking'->>'location_id', o->'booking'->>'location_from', replace(test.issues(o), E'\n', ', '),
		(SELECT i->>'hint' FROM jsonb_array_elements(o->'issues') i WHERE i ? 'hint')
	FROM loopit_validate_lead(test.put(test.full_lead(), '{location,location_name}', name)) o
$$;
SELECT what, l.* FROM (VALUES
	(1, 'as stored', '"Rio''s Yard"'), (2, 'any case', '"RIO''S YARD"'), (3, 'U+2019', '"Rio\u2019s Yard"'), (4, 'U+2018', '"Rio\u2018s Yard"'),
	(5, 'U+02BC', '"Rio\u02bcs Yard"'), (6, 'acute', '"Rio\u00b4s Yard"'), (7, 'grave', '"Rio`s Yard"'), (8, 'prime', '"rio\u2032s yard"'),
	(9, 'full width', '"Rio\uff07s Yard"'), (10, 'no apostrophe', '"Rios Yard"'), (11, 'a quotation mark', '"Rio\"s Yard"'),
	(20, 'no-break space', '"Dealer B\u00a0Cairns"'), (21, 'two spaces', '"Dealer  B Cairns"'), (22, 'tab, newline', '"dealer\tB\n Cairns"'),
	(23, 'narrow and ideographic', '"Dealer\u202fB\u3000Cairns"'), (24, 'no space', '"DealerB Cairns"'), (25, 'stored with two', '"south side"'),
	(26, 'as stored', '"South\u00a0 Side"'),
	(30, 'en dash', '"North\u2013West"'), (31, 'no-break hyphen', '"north\u2011west"'), (32, 'em dash', '"North\u2014West"'), (33, 'minus', '"North\u2212West"'),
	(34, 'full width', '"North\uff0dWest"'), (35, 'a space', '"North West"'), (36, 'an underscore', '"North_West"'), (37, 'two hyphens', '"North--West"'),
	(40, 'one of two, as stored', '"Jo''s"'), (41, 'one of two, as stored', '"JO\u2019S"'), (42, 'may be either', '"Jo`s"'), (43, 'archived', '"Ann\u2019s Old"'),
	(44, 'another workspace''s', '"Eve\u2019s"'), (45, 'beyond ASCII', '"Caf\u00e9\u2003d''Or"'), (46, 'another letter', '"Cafe d''Or"'))
	v(n, what, name), LATERAL test.location(name::jsonb) l ORDER BY n;
-- A hint names the closest; one that cannot be booked otherwise as well.
SELECT name, l.* FROM (VALUES (1, '"Depto"'), (2, '"Dealer B Carns"'), (3, '"Depots"'), (4, '"Quite another"'), (5, '"Eves"'), (6, '"Old Yards"')) v(n, name),
LATERAL test.location(name::jsonb) l ORDER BY n;
SELECT i->>'code' AS code, i->>'hint' AS hint
FROM loopit_validate_lead(test.put(test.put(test.full_lead(), '{item,vin}', '"VIN93"'), '{location,location_name}', '"Depott"')) o,
LATERAL jsonb_array_elements(o->'issues') i;

-- Where the vehicle is not listed it is booked all the same, and reported; each
-- time, also where the booking exists.
SELECT name, vin, s.booking, s.issues FROM (VALUES (1, 'Depot', 'VIN91'), (2, 'Dealer A', 'VIN91'), (3, 'Dealer A', 'VIN91'),
	(4, 'DEALER A', 'VIN93'), (5, E'Rio\u2019s Yard', 'VIN89'), (6, 'Dealer A', 'VIN89')) v(n, name, vin),
LATERAL test.short(loopit_ingest_lead(test.put(test.put(test.full_lead() || jsonb_build_object('id', vin || name), '{item,vin}', to_jsonb(vin)),
	'{location,location_name}', to_jsonb(name)))) s ORDER BY n;
SELECT asset_id, location_id FROM loopit.booking ORDER BY id;
DROP FUNCTION test.location;
\ir :done

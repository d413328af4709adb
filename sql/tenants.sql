-- Two workspaces with the same e-mail, lead, vin and names: nothing crosses.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- In workspace 8 what the full lead of workspace 7 asks for, under the same ids.
INSERT INTO loopit.location (workspace_id, id, name) VALUES (8, 2, 'Depot'), (8, 5, 'Only here');
INSERT INTO loopit.package (workspace_id, id, name) VALUES (8, 2, 'Basic'), (8, 5, 'Only here');
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES (8, 91, 'VIN91', NULL), (8, 95, 'VIN8ONLYHERE', 'ONLYHERE');
INSERT INTO loopit.asset_location VALUES (8, 91, 4, 1), (8, 95, 5, 1);
INSERT INTO loopit.workspace VALUES (9, 'Dealer C');
INSERT INTO loopit.dealership VALUES (950, 9);

-- The rows of a workspace, with their versions and locks.
CREATE FUNCTION test.rows(of bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(r, E'\n') FROM (
		SELECT concat_ws(' ', ctid, xmin, xmax, p) FROM loopit.person p WHERE workspace_id = of
		UNION ALL SELECT concat_ws(' ', ctid, xmin, xmax, d) FROM loopit.identity_document d WHERE workspace_id = of
		UNION ALL SELECT concat_ws(' ', ctid, xmin, xmax, b) FROM loopit.booking b WHERE workspace_id = of
		UNION ALL SELECT concat_ws(' ', ctid, xmin, xmax, a) FROM loopit.asset a WHERE workspace_id = of
		UNION ALL SELECT concat_ws(' ', ctid, xmin, xmax, l) FROM loopit.location l WHERE workspace_id = of
		UNION ALL SELECT concat_ws(' ', ctid, xmin, xmax, k) FROM loopit.package k WHERE workspace_id = of) s(r)
$$;

-- The same lead in one after the other.
SELECT s.status, s.person, s.licence, s.booking, s.issues FROM test.short(loopit_ingest_lead(test.full_lead())) s;
SELECT test.rows(7) AS before \gset
SELECT s.status, s.person, s.licence, s.booking, s.issues
FROM test.short(loopit_ingest_lead(test.full_lead() || '{"dealership": {"id": 900}}')) s;
SELECT test.rows(7) = :'before' AS untouched;
SELECT test.rows(8) AS before \gset
SELECT s.person, s.address, s.licence, s.booking, s.issues
FROM test.short(loopit_ingest_lead(test.put(test.put(test.full_lead() - 'updated_at', '{prospect,first_name}', '"Anna"'),
	'{additional_details,license_number}', '"L2"'))) s;
SELECT test.rows(8) = :'before' AS untouched;
-- older in one, newer in the other; a conflict in neither
SELECT dealership, s.person, s.booking, s.issues FROM (VALUES (1, 356, '2025-01-01'), (2, 900, '2025-11-01'), (3, 356, '2025-10-15'),
	(4, 900, '2025-10-15'), (5, 950, '2024-01-01')) v(n, dealership, day),
LATERAL test.short(loopit_ingest_lead(test.full_lead() || jsonb_build_object('dealership', jsonb_build_object('id', dealership),
	'updated_at', day || 'T00:00:00Z'))) s
ORDER BY n;
SELECT p.workspace_id, email, first_name, source_updated_at AT TIME ZONE 'UTC' AS source, d.number
FROM loopit.person p JOIN loopit.identity_document d ON d.workspace_id = p.workspace_id AND d.person_id = p.id AND kind = 'driver_licence'
ORDER BY 1;
SELECT workspace_id, lead_reference, asset_id, location_id, package_id,
	(SELECT p.workspace_id FROM loopit.person p WHERE p.id = b.person_id AND p.workspace_id = b.workspace_id) = workspace_id AS own_person
FROM loopit.booking b ORDER BY 1;

-- What only the other workspace has is not found.
SELECT what, s.booking, s.issues FROM (VALUES
	(1, 'vin', '{item}', '{"vin": "VIN8ONLYHERE"}'), (2, 'stock number', '{item}', '{"stock_number": "ONLYHERE"}'),
	(3, 'location', '{location,location_name}', '"Only here"'), (4, 'package', '{additional_details,subscription_plan}', '"Only here"'),
	(5, 'its own of another vin', '{item}', '{"vin": "VIN94", "stock_number": "STOCK89"}')) v(n, what, path, value),
LATERAL test.short(loopit_ingest_lead(test.put(test.full_lead() || jsonb_build_object('id', 'x' || n), path::text[], value::jsonb))) s
ORDER BY n;
SELECT s.booking, s.issues FROM test.short(loopit_ingest_lead(test.full_lead() || '{"id": "y", "dealership": {"id": 900},
	"item": {"vin": "VIN94", "stock_number": "STOCK89"}, "location": {"location_name": "Only here"},
	"additional_details": {"subscription_plan": "Only here"}}')) s;

-- Of every tenant table the primary key leads with workspace_id, and every
-- foreign key between two of them has it on both sides.
SELECT conrelid::regclass AS tenant_table, (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS leads
FROM pg_constraint WHERE contype = 'p' AND connamespace = 'loopit'::regnamespace
AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = conrelid AND attname = 'workspace_id')
ORDER BY conrelid::regclass::text COLLATE "C";
SELECT count(*) > 0 AS some, bool_and('workspace_id' = (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1])
	AND 'workspace_id' = (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1])) AS composite
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'loopit'::regnamespace AND confrelid NOT IN ('loopit.workspace'::regclass, 'loopit.client'::regclass);
-- so that no loader's mistake crosses either
INSERT INTO loopit.asset_location VALUES (8, 88, 4, 2);
INSERT INTO loopit.asset_location VALUES (8, 94, 3, 2);
UPDATE loopit.booking SET asset_id = 88 WHERE workspace_id = 8;
UPDATE loopit.booking b SET person_id = (SELECT id FROM loopit.person WHERE workspace_id = 7) WHERE workspace_id = 8;

-- A dealership that moves takes later leads along and leaves what there is.
SELECT test.rows(7) AS before \gset
UPDATE loopit.dealership SET workspace_id = 9 WHERE id = 356;
SELECT s.person, s.booking, s.issues FROM test.short(loopit_ingest_lead(test.full_lead())) s;
SELECT test.rows(7) = :'before' AS untouched;
SELECT dealership_id, workspace_id, count(*) FROM loopit.ingest_log GROUP BY 1, 2 ORDER BY 1, 2;
DROP FUNCTION test.rows;
\ir :done

-- Makes an installation of 1.0 as it is after some weeks: leads of all kinds, some
-- rows that 1.1 would refuse, and a DBA's own objects.  For psql, as a superuser,
-- in a database "old" of a server that has the library of 1.0.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE ROLE loopit_owner; CREATE ROLE hook; CREATE ROLE auditor;
GRANT CREATE ON DATABASE old TO loopit_owner;
CREATE EXTENSION loopit_leads;
GRANT EXECUTE ON FUNCTION loopit_setup() TO loopit_owner;
GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb), loopit_ingest_webhook(bytea) TO hook;
GRANT EXECUTE ON FUNCTION loopit_find_leads(text, text, timestamptz, interval) TO auditor;
SET ROLE loopit_owner;
SELECT count(*) FROM loopit_setup();
GRANT USAGE ON SCHEMA loopit TO auditor;
GRANT SELECT ON loopit.ingest_audit, loopit.ingest_summary TO auditor;
INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A'), (8, 'Dealer B ');
INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7), (900, 8), (0, 8);
INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 3, 'Depot'), (8, 4, E'Yard\u00a0'), (7, 5, ' Back lot');
INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 2, 'Premium'), (8, 4, 'Premium');
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number)
	SELECT w, w * 100 + i, CASE i WHEN 19 THEN 'VIN19 ' ELSE 'VIN' || i END, CASE i WHEN 18 THEN E'\tS18' END
	FROM generate_series(7, 8) w, generate_series(1, 20) i;
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position)
	SELECT workspace_id, id, CASE workspace_id WHEN 7 THEN 3 ELSE 4 END, 1 FROM loopit.asset;
-- the DBA's own
ALTER TABLE loopit.person ADD COLUMN crm text DEFAULT 'new';
CREATE INDEX person_crm_idx ON loopit.person (crm);
CREATE TABLE loopit.crm_inbox (email text);
CREATE FUNCTION loopit.to_crm() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN INSERT INTO loopit.crm_inbox VALUES (new.email); RETURN new; END $$;
CREATE TRIGGER to_crm AFTER INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.to_crm();
ALTER INDEX loopit.booking_package_idx RENAME TO bookings_by_package;
COMMENT ON TABLE loopit.asset IS 'Our fleet.';
RESET ROLE;
SET ROLE hook;
SELECT count(loopit_ingest_lead(jsonb_strip_nulls(jsonb_build_object('id', i, 'dealership', '{"id": 356}'::jsonb,
	'updated_at', to_char(timestamptz '2025-10-01 00:00+00' + i * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
	'prospect', jsonb_build_object('email', 'p' || i % 90 || '@example.com', 'last_name', 'L' || i / 100,
		'dob', CASE WHEN i % 17 = 0 THEN '31/02/1990' WHEN i % 3 = 0 THEN '01/02/1990' END,
		'address', CASE WHEN i % 5 = 0 THEN '{"street": "1 High St", "city": "Sydney", "state": "NSW", "postcode": 2000, "country": "Australia"}'::jsonb END),
	'item', CASE WHEN i % 2 = 0 THEN jsonb_build_object('vin', 'VIN' || i % 22) END,
	'additional_details', CASE WHEN i % 2 = 0 THEN jsonb_build_object('subscription_plan', CASE i % 7 WHEN 0 THEN 'Basic' ELSE 'Premium' END,
		'license_number', 'N' || i % 90, 'license_expiry', '01/01/2030', 'license_dob', '01/02/1990') END)))) AS leads
FROM generate_series(1, 240) i;
-- redeliveries, another tenant, an unknown dealership, bodies that are no JSON
SELECT count(loopit_ingest_lead(jsonb_build_object('id', i, 'dealership', jsonb_build_object('id', CASE i % 3 WHEN 0 THEN 356 WHEN 1 THEN 900 ELSE 999 END),
	'prospect', jsonb_build_object('email', 'p' || i || '@example.com')))) FROM generate_series(1, 30) i;
SELECT count(loopit_ingest_webhook(body)) FROM (VALUES ('{"id": 1, "prospect": {"email": "p1@example.com",}}'::bytea),
	('{"id": 2, "dealership": {"id": 356}, "prospect": {"email": "p2@example.com"},}'), ('email=p3%40example.com'), ('')) v(body);
RESET ROLE;
SELECT count(loopit_replay_lead(log_id)) FROM (SELECT log_id FROM loopit.unresolved_lead WHERE reason = 'asset_not_found' ORDER BY log_id LIMIT 3) s;
SELECT count(loopit_dismiss_lead(log_id, 'spam')) FROM (SELECT log_id FROM loopit.unresolved_lead WHERE reason = 'workspace_not_found' ORDER BY log_id LIMIT 2) s;
SELECT loopit_forget_person(7, 'p11@example.com');
ANALYZE;
SELECT status, count(*) FROM loopit.ingest_log GROUP BY 1;
SELECT count(*) FROM pg_stats WHERE schemaname = 'loopit' AND tablename = 'person' AND attname = 'email';

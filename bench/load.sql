-- Loads leads 1 to :persons, as if they had been delivered, and a log of :log_rows
-- deliveries of them into schema loopit, and also into the other schemas if the
-- psql variable everyone is set.
\set QUIET on
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';

INSERT INTO loopit.person (workspace_id, id, email, first_name, middle_name, last_name, mobile_phone,
	marketing_opt_in, street, city, state, postcode, country, source_updated_at) OVERRIDING SYSTEM VALUE
SELECT bench.workspace(n), n, bench.email(n), 'John', 'Middle', 'Smith', '0403 123 123',
	false, 'Elizabeth Street', 'Sydney', 'NSW', '2000', 'Australia', '2025-10-03T06:10:22.097Z'
FROM generate_series(1, :persons) n;

INSERT INTO loopit.identity_document (workspace_id, person_id, kind, number, card_number,
	issuing_state, date_of_birth, expires_on)
SELECT bench.workspace(n), n, 'driver_licence', bench.licence(n), '9999999',
	'NSW', '1980-10-10', '2029-10-10'
FROM generate_series(1, :persons) n;

INSERT INTO loopit.booking (workspace_id, id, person_id, asset_id, location_id, package_id,
	ingest_log_id, lead_reference) OVERRIDING SYSTEM VALUE
SELECT w, n, n, bench.asset(n), w * 2 + 1, w * 2 + 1, n, bench.reference(n)
FROM generate_series(1, :persons) n, bench.workspace(n) w;

-- One delivery per second, the last one now.
INSERT INTO loopit.ingest_log (id, received_at, dealership_id, workspace_id, person_id, booking_id,
	duration_us, payload_version, asked_for_booking, status, lead_reference, email,
	person_action, booking_action, ingested_by, outcome, payload) OVERRIDING SYSTEM VALUE
SELECT n, now() - make_interval(secs => :log_rows - n), bench.dealership(n), bench.workspace(n), n, n,
	duration_us, payload_version, asked_for_booking, status, bench.reference(n), bench.email(n),
	person_action, booking_action, ingested_by, outcome, bench.full_lead(n)
FROM bench.sample, generate_series(1, :log_rows) n
WHERE mix = 'new';

\if :{?everyone}
DO $$
DECLARE
	target text;
	source text;
BEGIN
	FOREACH target IN ARRAY '{peer,app}'::text[] LOOP
		FOREACH source IN ARRAY '{workspace,dealership,location,package,asset,asset_location,person,identity_document,booking,ingest_log}'::text[] LOOP
			EXECUTE format('INSERT INTO %I.%I OVERRIDING SYSTEM VALUE SELECT * FROM loopit.%2$I', target, source);
		END LOOP;
	END LOOP;
	INSERT INTO bench.log OVERRIDING SYSTEM VALUE SELECT * FROM loopit.ingest_log;
	INSERT INTO bench.payload_log OVERRIDING SYSTEM VALUE SELECT * FROM loopit.ingest_log;
END $$;
\endif

-- Sequences continue after the loaded ids.
SELECT count(setval(pg_get_serial_sequence(a.attrelid::regclass::text, a.attname), 100000000)) AS moved
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace IN ('loopit'::regnamespace, 'peer'::regnamespace, 'app'::regnamespace, 'bench'::regnamespace)
AND a.attidentity <> '' AND c.relkind = 'r' \gset
VACUUM (FREEZE, ANALYZE);

-- If the load is right, a redelivery of a loaded lead changes nothing.
SELECT bool_and(outcome #>> '{person,action}' = 'unchanged' AND outcome #>> '{driver_licence,action}' = 'unchanged'
	AND outcome #>> '{address,action}' = 'unchanged' AND outcome #>> '{booking,action}' = 'unchanged') AS same
FROM generate_series(1, 40) n, loopit_ingest_lead(bench.full_lead(n)) outcome \gset
\if :same
\else
DO $$ BEGIN RAISE 'redelivery of loaded leads is no redelivery'; END $$;
\endif

-- The specification's example payload, its trailing comma removed.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
\set file :abs_srcdir '/examples/dealer-studio.json'
SELECT pg_read_file(:'file')::jsonb AS example \gset

-- A dry run first: what would be, with no ids of rows that are not there.
SELECT jsonb_pretty(loopit_validate_lead(:'example'));

-- Person, address, licence and booking are created.
SELECT jsonb_pretty(loopit_ingest_lead(:'example'));
SELECT workspace_id, id, email, first_name, middle_name, last_name, date_of_birth,
	mobile_phone, marketing_opt_in, source_updated_at AT TIME ZONE 'UTC' AS source_updated_at
FROM loopit.person;
SELECT street, city, state, postcode, country FROM loopit.person;
SELECT workspace_id, person_id, kind, number, card_number, issuing_state,
	issuing_country, date_of_birth, expires_on
FROM loopit.identity_document;
SELECT workspace_id, id, lead_reference, person_id, asset_id, location_id,
	package_id, ingest_log_id
FROM loopit.booking;
SELECT id, dealership_id, workspace_id, person_id, booking_id, replay_of,
	dismissed_at, payload_version, asked_for_booking, status, reason,
	lead_reference, email, person_action, booking_action, booking_reason,
	payload = :'example' AS payload_whole, raw_body
FROM loopit.ingest_log;
SELECT outcome->>'log_id' = id::text AS names_itself,
	received_at BETWEEN now() - interval '1 minute' AND clock_timestamp() AS just_now,
	duration_us BETWEEN 0 AND 60000000 AS measured, ingested_by = current_user AS by_us
FROM loopit.ingest_log;

-- A second call finds nothing to do: one log row more and nothing else.
SELECT md5(string_agg(x::text, '')) AS before FROM
	(SELECT p, d, b, p.xmin, d.xmin, b.xmin
	 FROM loopit.person p, loopit.identity_document d, loopit.booking b) x \gset
SELECT * FROM test.short(loopit_ingest_lead(:'example'));
SELECT md5(string_agg(x::text, '')) = :'before' AS nothing_written FROM
	(SELECT p, d, b, p.xmin, d.xmin, b.xmin
	 FROM loopit.person p, loopit.identity_document d, loopit.booking b) x;
SELECT count(*) FROM loopit.ingest_log;
\ir :done

-- pgbench script: what a good application does with lead :n, in one transaction.
-- It reads the stored rows, lets the server compare them with the payload, and
-- writes the differences.  :full is true if the payload asks for a licence and a
-- booking, :valid if its e-mail address is valid.  (No time of day is written with
-- colons, since pgbench would take what follows a colon as a variable.)
BEGIN;
SELECT workspace_id AS workspace, nextval('app.ingest_log_id_seq') AS log FROM app.dealership WHERE id = bench.dealership(:n::bigint) \gset
\set person 0
\set booking 0
\set no_person 0
\set no_booking 0
\set person_differs 0
\set licence_differs 0
\if :valid
\if :full
SELECT p.id IS NULL AS no_person, coalesce(p.id, 0) AS person, (p.first_name, p.middle_name, p.last_name, p.mobile_phone, p.marketing_opt_in, p.street, p.city, p.state, p.postcode, p.country, p.source_updated_at) IS DISTINCT FROM ('John', 'Middle', 'Smith', '0403 123 123', false, 'Elizabeth Street', 'Sydney', 'NSW', '2000', 'Australia', '20251003T061022.097Z'::timestamptz) AS person_differs FROM (VALUES (1)) one LEFT JOIN app.person p ON p.workspace_id = :workspace::bigint AND p.email = bench.email(:n::bigint) \gset
\if :no_person
\set licence_differs 1
\else
SELECT (d.number, d.card_number, d.issuing_state, d.date_of_birth, d.expires_on) IS DISTINCT FROM (bench.licence(:n::bigint), '9999999', 'NSW', '1980-10-10'::date, '2029-10-10'::date) AS licence_differs FROM (VALUES (1)) one LEFT JOIN app.identity_document d ON d.workspace_id = :workspace::bigint AND d.person_id = :person::bigint AND d.kind = 'driver_licence' \gset
\endif
SELECT b.id IS NULL AS no_booking, coalesce(b.id, 0) AS booking FROM (VALUES (1)) one LEFT JOIN app.booking b ON b.workspace_id = :workspace::bigint AND b.lead_reference = bench.reference(:n::bigint) \gset
SELECT (SELECT id FROM app.asset WHERE workspace_id = :workspace::bigint AND lower(vin COLLATE "C") = lower(bench.vin(bench.asset(:n::bigint)) COLLATE "C") AND archived_at IS NULL) AS asset, (SELECT id FROM app.location WHERE workspace_id = :workspace::bigint AND lower(name COLLATE "C") = lower('Dealer A') AND archived_at IS NULL) AS location, (SELECT id FROM app.package WHERE workspace_id = :workspace::bigint AND name COLLATE "C" = 'Premium' AND archived_at IS NULL) AS package \gset
\else
SELECT p.id IS NULL AS no_person, coalesce(p.id, 0) AS person, (p.first_name, p.last_name) IS DISTINCT FROM ('John', 'Smith') AS person_differs FROM (VALUES (1)) one LEFT JOIN app.person p ON p.workspace_id = :workspace::bigint AND p.email = bench.email(:n::bigint) \gset
\endif
\if :no_person
INSERT INTO app.person (workspace_id, email, first_name, middle_name, last_name, mobile_phone, marketing_opt_in, street, city, state, postcode, country, source_updated_at) VALUES (:workspace::bigint, bench.email(:n::bigint), 'John', 'Middle', 'Smith', '0403 123 123', false, 'Elizabeth Street', 'Sydney', 'NSW', '2000', 'Australia', '20251003T061022.097Z') RETURNING id AS person \gset
\elif :person_differs
UPDATE app.person SET first_name = 'John', middle_name = 'Middle', last_name = 'Smith', mobile_phone = '0403 123 123', marketing_opt_in = false, street = 'Elizabeth Street', city = 'Sydney', state = 'NSW', postcode = '2000', country = 'Australia', source_updated_at = '20251003T061022.097Z', updated_at = now() WHERE workspace_id = :workspace::bigint AND id = :person::bigint;
\endif
\if :licence_differs
INSERT INTO app.identity_document (workspace_id, person_id, kind, number, card_number, issuing_state, date_of_birth, expires_on) VALUES (:workspace::bigint, :person::bigint, 'driver_licence', bench.licence(:n::bigint), '9999999', 'NSW', '1980-10-10', '2029-10-10') ON CONFLICT (workspace_id, person_id, kind) DO UPDATE SET number = excluded.number, card_number = excluded.card_number, issuing_state = excluded.issuing_state, date_of_birth = excluded.date_of_birth, expires_on = excluded.expires_on, updated_at = now();
\endif
\if :no_booking
INSERT INTO app.booking (workspace_id, person_id, asset_id, location_id, package_id, ingest_log_id, lead_reference) VALUES (:workspace::bigint, :person::bigint, :asset::bigint, :location::bigint, :package::bigint, :log::bigint, bench.reference(:n::bigint)) RETURNING id AS booking \gset
\endif
\if :full
INSERT INTO app.ingest_log (id, received_at, dealership_id, workspace_id, person_id, booking_id, duration_us, payload_version, asked_for_booking, status, lead_reference, email, person_action, booking_action, ingested_by, outcome, payload) OVERRIDING SYSTEM VALUE VALUES (:log::bigint, now(), bench.dealership(:n::bigint), :workspace::bigint, :person::bigint, :booking::bigint, 100, 1, true, 'processed', bench.reference(:n::bigint), bench.email(:n::bigint), 'created', 'created', 'app', concat('{"log_id": ', :log::bigint, ', "status": "processed", "reason": null, "lead_reference": "', bench.reference(:n::bigint), '", "workspace_id": ', :workspace::bigint, ', "person": {"action": "created", "id": ', :person::bigint, '}, "address": {"action": "created"}, "driver_licence": {"action": "created"}, "passport": {"action": "skipped", "reason": "not_provided"}, "booking": {"action": "created", "id": ', :booking::bigint, ', "asset_id": ', :asset::bigint, ', "location_id": ', :location::bigint, ', "location_from": "payload", "package_id": ', :package::bigint, '}, "issues": []}')::jsonb, bench.full_lead(:n::bigint));
\else
INSERT INTO app.ingest_log (id, received_at, dealership_id, workspace_id, person_id, duration_us, payload_version, asked_for_booking, status, lead_reference, email, person_action, booking_action, booking_reason, ingested_by, outcome, payload) OVERRIDING SYSTEM VALUE VALUES (:log::bigint, now(), bench.dealership(:n::bigint), :workspace::bigint, :person::bigint, 100, 1, false, 'processed', bench.reference(:n::bigint), bench.email(:n::bigint), 'unchanged', 'skipped', 'not_provided', 'app', concat('{"log_id": ', :log::bigint, ', "status": "processed", "reason": null, "lead_reference": "', bench.reference(:n::bigint), '", "workspace_id": ', :workspace::bigint, ', "person": {"action": "unchanged", "id": ', :person::bigint, '}, "address": {"action": "skipped", "reason": "not_provided"}, "driver_licence": {"action": "skipped", "reason": "not_provided"}, "passport": {"action": "skipped", "reason": "not_provided"}, "booking": {"action": "skipped", "reason": "not_provided"}, "issues": []}')::jsonb, bench.minimal_lead(:n::bigint));
\endif
\else
INSERT INTO app.ingest_log (id, received_at, dealership_id, workspace_id, duration_us, payload_version, asked_for_booking, status, reason, lead_reference, email, person_action, booking_action, booking_reason, ingested_by, outcome, payload) OVERRIDING SYSTEM VALUE VALUES (:log::bigint, now(), bench.dealership(:n::bigint), :workspace::bigint, 100, 1, true, 'rejected', 'email_invalid', bench.reference(:n::bigint), bench.invalid_email(:n::bigint), 'skipped', 'skipped', 'person_skipped', 'app', concat('{"log_id": ', :log::bigint, ', "status": "rejected", "reason": "email_invalid", "lead_reference": "', bench.reference(:n::bigint), '", "workspace_id": ', :workspace::bigint, ', "person": {"action": "skipped", "reason": "email_invalid"}, "address": {"action": "skipped", "reason": "person_skipped"}, "driver_licence": {"action": "skipped", "reason": "person_skipped"}, "passport": {"action": "skipped", "reason": "not_provided"}, "booking": {"action": "skipped", "reason": "person_skipped"}, "issues": [{"code": "email_invalid", "field": "prospect.email", "message": "The value is not a valid e-mail address; send one address like name@example.com."}]}')::jsonb, bench.rejected_lead(:n::bigint));
\endif
COMMIT;

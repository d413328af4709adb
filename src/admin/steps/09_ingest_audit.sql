-- title: audit
-- makes: loopit.ingest_audit

CREATE OR REPLACE VIEW loopit.ingest_audit AS
SELECT id, received_at, status, reason, dealership_id, workspace_id,
	lead_reference, email, person_id, person_action, booking_id,
	booking_action, booking_reason, asked_for_booking, outcome,
	loopit.masked(payload) AS payload, replay_of, first_received_at, dismissed_at,
	dismissal_note, payload_version, duration_us, ingested_by
FROM loopit.ingest_log;
COMMENT ON VIEW loopit.ingest_audit IS
	'The log for auditors: payloads masked, no raw bodies.';

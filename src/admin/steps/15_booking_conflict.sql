-- title: leads that conflict with their booking
-- makes: loopit.unresolved_lead, loopit.ingest_summary
-- makes: loopit.ingest_log_conflict_idx

-- Few redeliveries conflict, and only those are in the index.
CREATE INDEX IF NOT EXISTS ingest_log_conflict_idx
	ON loopit.ingest_log (received_at)
	WHERE dismissed_at IS NULL AND booking_action = 'unchanged'
	AND outcome @> '{"issues": [{"code": "booking_conflict"}]}';

CREATE OR REPLACE VIEW loopit.unresolved_lead AS
SELECT DISTINCT ON (l.dealership_id, l.lead_reference, l.stands_alone)
	l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status, l.reason, l.asked_for_booking
FROM (
	SELECT id, received_at, dealership_id, workspace_id, lead_reference, email, status,
		COALESCE(reason, booking_reason) AS reason, asked_for_booking,
		CASE WHEN dealership_id IS NULL OR lead_reference IS NULL THEN id END AS stands_alone
	FROM loopit.ingest_log
	WHERE dismissed_at IS NULL
	AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking)
	AND (payload IS NOT NULL OR raw_body IS NOT NULL)
	AND NOT EXISTS (
		SELECT FROM loopit.ingest_log later
		WHERE later.lead_reference = ingest_log.lead_reference
		AND later.dealership_id = ingest_log.dealership_id
		AND (later.received_at, later.id) > (ingest_log.received_at, ingest_log.id)
		AND later.status = 'processed'
		AND (later.booking_action <> 'skipped' OR NOT ingest_log.asked_for_booking))
	AND NOT EXISTS (
		SELECT FROM loopit.ingest_log replay
		WHERE replay.replay_of = ingest_log.id
		AND (ingest_log.dealership_id IS NULL OR ingest_log.lead_reference IS NULL))
	UNION ALL
	-- a conflict, which no later delivery settles
	SELECT id, received_at, dealership_id, workspace_id, lead_reference, email, status,
		'booking_conflict', asked_for_booking, NULL
	FROM loopit.ingest_log
	WHERE dismissed_at IS NULL
	AND booking_action = 'unchanged'
	AND outcome @> '{"issues": [{"code": "booking_conflict"}]}'
	AND (payload IS NOT NULL OR raw_body IS NOT NULL)
) l
ORDER BY l.dealership_id, l.lead_reference, l.stands_alone,
	l.asked_for_booking DESC, l.received_at DESC, l.id DESC;
COMMENT ON VIEW loopit.unresolved_lead IS
	'One row per lead that was rejected, failed, got no booking though it asked for one, or conflicts with its booking, and that nothing later settled. Replay with loopit_replay_lead(log_id), or take it out with loopit_dismiss_lead(log_id, note), which is all that settles a conflict.';

CREATE OR REPLACE VIEW loopit.ingest_summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
	COALESCE(reason, booking_reason,
		CASE WHEN booking_action = 'unchanged'
			AND outcome @> '{"issues": [{"code": "booking_conflict"}]}'
			THEN 'booking_conflict' END) AS reason,
	pg_catalog.count(*) AS count, pg_catalog.max(received_at) AS last_seen,
	dealership_id
FROM loopit.ingest_log
GROUP BY 1, 2, 3, 4, 7;
COMMENT ON VIEW loopit.ingest_summary IS
	'Counts per day (UTC), workspace, dealership, status and reason: the alarm for leads that do not appear.';

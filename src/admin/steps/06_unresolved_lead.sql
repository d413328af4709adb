-- title: unresolved leads
-- makes: loopit.unresolved_lead

CREATE OR REPLACE VIEW loopit.unresolved_lead AS
SELECT DISTINCT ON (l.dealership_id, l.lead_reference, l.stands_alone)
	l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status,
	COALESCE(l.reason, l.booking_reason) AS reason, l.asked_for_booking
FROM (
	SELECT *, CASE WHEN dealership_id IS NULL OR lead_reference IS NULL THEN id END AS stands_alone
	FROM loopit.ingest_log
	WHERE dismissed_at IS NULL
	AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking)
	AND (payload IS NOT NULL OR raw_body IS NOT NULL)
) l
WHERE NOT EXISTS (
	SELECT FROM loopit.ingest_log later
	WHERE later.lead_reference = l.lead_reference
	AND later.dealership_id = l.dealership_id
	AND (later.received_at, later.id) > (l.received_at, l.id)
	AND later.status = 'processed'
	AND (later.booking_action <> 'skipped' OR NOT l.asked_for_booking))
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log replay
	WHERE replay.replay_of = l.id
	AND l.stands_alone IS NOT NULL)
ORDER BY l.dealership_id, l.lead_reference, l.stands_alone,
	l.asked_for_booking DESC, l.received_at DESC, l.id DESC;
COMMENT ON VIEW loopit.unresolved_lead IS
	'One row a lead that was rejected, failed or got no booking though it asked for one, and that nothing later settled. Replay with loopit_replay_lead(log_id), or take it out with loopit_dismiss_lead(log_id, note).';

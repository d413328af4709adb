-- title: whether a lead is still open
-- makes: loopit.ingest_log_open_idx, loopit.ingest_log_failure_idx
-- makes: loopit.open_delivery, loopit.unresolved_lead, loopit.ingest_audit

ALTER TABLE loopit.ingest_log
	ADD COLUMN IF NOT EXISTS open boolean NOT NULL DEFAULT false;
-- Rows of before: what loopit.unresolved_lead found by a search.
UPDATE loopit.ingest_log l SET open = true
WHERE NOT l.open AND l.dismissed_at IS NULL
AND (l.status <> 'processed' OR l.booking_action = 'skipped' AND l.asked_for_booking)
AND (l.payload IS NOT NULL OR l.raw_body <> '')
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log later
	WHERE later.lead_reference = l.lead_reference
	AND later.dealership_id = l.dealership_id
	AND (later.received_at, later.id) > (l.received_at, l.id)
	AND later.status = 'processed'
	AND (later.booking_action <> 'skipped' OR NOT l.asked_for_booking))
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log replay
	WHERE replay.replay_of = l.id
	AND (l.dealership_id IS NULL OR l.lead_reference IS NULL));
UPDATE loopit.ingest_log l SET open = true
WHERE NOT l.open AND l.dismissed_at IS NULL
AND l.status = 'processed' AND l.booking_action = 'unchanged'
AND l.outcome @> '{"issues": [{"code": "booking_conflict"}]}'
AND (l.payload IS NOT NULL OR l.raw_body <> '');
-- Without statistics of the column the planner takes half of the log for open.
DO $statistics$
BEGIN
	IF EXISTS (SELECT FROM loopit.ingest_log) THEN
		ANALYZE loopit.ingest_log (open);
	END IF;
END
$statistics$;
COMMENT ON COLUMN loopit.ingest_log.open IS
	'The lead needs something done, and the row can be replayed. Cleared by the delivery or replay that settles it, by a dismissal or an erasure. loopit.open_delivery has the rows of which that is still true.';

-- Deliveries of one person are in the order in which they were applied.
COMMENT ON COLUMN loopit.ingest_log.received_at IS
	'Wall clock when the call began, or when it got the lock of a person that was stored already; not the transaction''s time.';

-- Deliveries find by it what they settle, and few rows are in it.
CREATE INDEX IF NOT EXISTS ingest_log_open_idx
	ON loopit.ingest_log (dealership_id, lead_reference, asked_for_booking, received_at, id)
	WHERE open;
-- What is purged after failures_older_than, and what has been open since when.
CREATE INDEX IF NOT EXISTS ingest_log_failure_idx
	ON loopit.ingest_log (received_at, id) WHERE status <> 'processed' OR open;
DROP INDEX IF EXISTS loopit.ingest_log_unsettled_idx;
DROP INDEX IF EXISTS loopit.ingest_log_conflict_idx;
DROP STATISTICS IF EXISTS loopit.ingest_log_unsettled_stats;

-- A delivery and an earlier one of the same lead may run at once and not see
-- each other, so a row that is marked open is looked at once more.  OFFSET 0
-- makes that a look-up per open row whatever the planner expects; the newest
-- delivery of a lead is the likeliest to settle it.
CREATE OR REPLACE VIEW loopit.open_delivery AS
SELECT l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status,
	COALESCE(l.reason, l.booking_reason, 'booking_conflict') AS reason,
	l.asked_for_booking
FROM loopit.ingest_log l
WHERE l.open
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log later
	WHERE later.lead_reference = l.lead_reference
	AND later.dealership_id = l.dealership_id
	AND later.received_at >= l.received_at
	AND (later.received_at, later.id) > (l.received_at, l.id)
	AND later.status = 'processed'
	AND (later.booking_action <> 'skipped' OR NOT l.asked_for_booking)
	-- a conflict is settled by dismissal alone
	AND (l.status <> 'processed' OR l.booking_action = 'skipped')
	ORDER BY later.received_at DESC OFFSET 0)
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log replay
	WHERE replay.replay_of = l.id
	AND (l.dealership_id IS NULL OR l.lead_reference IS NULL)
	OFFSET 0);
COMMENT ON VIEW loopit.open_delivery IS
	'The rows of loopit.ingest_log that are still open: of a lead that was rejected, failed, got no booking though it asked for one, or conflicts with its booking, and that nothing later settled.';

CREATE OR REPLACE VIEW loopit.unresolved_lead AS
SELECT l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status,
	COALESCE(l.reason, l.booking_reason, 'booking_conflict') AS reason,
	l.asked_for_booking
FROM loopit.ingest_log l
WHERE l.open
AND l.id = CASE WHEN l.dealership_id IS NULL OR l.lead_reference IS NULL
	THEN (SELECT o.log_id FROM loopit.open_delivery o
		WHERE o.log_id = l.id AND o.received_at = l.received_at)
	ELSE (SELECT o.log_id FROM loopit.open_delivery o
		WHERE o.dealership_id = l.dealership_id
		AND o.lead_reference = l.lead_reference
		ORDER BY o.asked_for_booking DESC, o.received_at DESC, o.log_id DESC LIMIT 1)
	END;
COMMENT ON VIEW loopit.unresolved_lead IS
	'One row per lead that has an open delivery: the latest, and one that asked for a booking before others. Replay with loopit_replay_lead(log_id), or take it out with loopit_dismiss_lead(log_id, note), which is all that settles a conflict.';

CREATE OR REPLACE VIEW loopit.ingest_audit AS
SELECT id, received_at, status, reason, dealership_id, workspace_id,
	lead_reference, email, person_id, person_action, booking_id,
	booking_action, booking_reason, asked_for_booking, outcome,
	loopit.masked(payload) AS payload, replay_of, first_received_at, dismissed_at,
	dismissal_note, payload_version, duration_us, ingested_by, client_id, open
FROM loopit.ingest_log;

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
-- each other, so a row that is marked open is looked at once more: what settles it
-- is among the newest deliveries of the lead.  Only a hundred of them are read, so
-- that a lead of many open rows does not cost their square.
--
-- OFFSET 0 makes that a look-up per open row, above the scan of all partitions
-- instead of once in each.  IS NOT DISTINCT FROM, which no index supports, leaves
-- the index on the lead reference.  id + 0 = id is always true, and lowers the
-- planner's estimate to one row in 200: it adds up the estimates of all partitions,
-- and the server would otherwise compile the query (JIT), which takes minutes.
CREATE OR REPLACE VIEW loopit.open_delivery AS
SELECT l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status,
	COALESCE(l.reason, l.booking_reason, 'booking_conflict') AS reason,
	l.asked_for_booking
FROM loopit.ingest_log l
CROSS JOIN LATERAL (
	SELECT EXISTS (
		SELECT FROM (
			SELECT n.received_at, n.id, n.status, n.booking_action
			FROM loopit.ingest_log n
			WHERE n.lead_reference = l.lead_reference
			AND n.dealership_id IS NOT DISTINCT FROM l.dealership_id
			AND n.received_at >= l.received_at
			ORDER BY n.received_at DESC LIMIT 100) later
		WHERE l.dealership_id IS NOT NULL
		AND (later.received_at, later.id) > (l.received_at, l.id)
		AND later.status = 'processed'
		AND (later.booking_action <> 'skipped' OR NOT l.asked_for_booking)
		-- a conflict is settled by dismissal alone
		AND (l.status <> 'processed' OR l.booking_action = 'skipped'))
	OR (l.dealership_id IS NULL OR l.lead_reference IS NULL)
	AND EXISTS (
		SELECT FROM loopit.ingest_log replay
		WHERE replay.replay_of = l.id
		AND replay.received_at >= l.received_at) AS settled
	OFFSET 0) s
WHERE l.open AND l.id + 0 = l.id AND NOT s.settled;
COMMENT ON VIEW loopit.open_delivery IS
	'The rows of loopit.ingest_log that are still open: of a lead that was rejected, failed, got no booking though it asked for one, or conflicts with its booking, and that nothing later settled.';

-- What settles a later row of the lead settles an earlier one, too, so the mark of
-- a later one is enough, but for an earlier conflict, and where the other row is
-- not the later one.
CREATE OR REPLACE VIEW loopit.unresolved_lead AS
SELECT l.log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status, l.reason, l.asked_for_booking
FROM loopit.open_delivery l
CROSS JOIN LATERAL (
	SELECT l.reason <> 'booking_conflict' AND EXISTS (
		SELECT FROM loopit.ingest_log o
		WHERE o.open
		AND o.dealership_id = l.dealership_id
		AND o.lead_reference = l.lead_reference
		AND o.asked_for_booking >= l.asked_for_booking
		AND o.received_at >= l.received_at
		AND (o.received_at, o.id) > (l.received_at, l.log_id))
	OR (l.reason = 'booking_conflict' OR NOT l.asked_for_booking)
	AND EXISTS (
		SELECT FROM loopit.open_delivery o
		WHERE o.dealership_id = l.dealership_id
		AND o.lead_reference = l.lead_reference
		AND (o.asked_for_booking, o.received_at, o.log_id)
			> (l.asked_for_booking, l.received_at, l.log_id)) AS superseded
	OFFSET 0) s
WHERE NOT s.superseded;
COMMENT ON VIEW loopit.unresolved_lead IS
	'One row per lead that has an open delivery: the latest, and one that asked for a booking before others. Replay with loopit_replay_lead(log_id), or take it out with loopit_dismiss_lead(log_id, note), which is all that settles a conflict.';

CREATE OR REPLACE VIEW loopit.ingest_audit AS
SELECT id, received_at, status, reason, dealership_id, workspace_id,
	lead_reference, email, person_id, person_action, booking_id,
	booking_action, booking_reason, asked_for_booking, outcome,
	loopit.masked(payload) AS payload, replay_of, first_received_at, dismissed_at,
	dismissal_note, payload_version, duration_us, ingested_by, client_id, open
FROM loopit.ingest_log;

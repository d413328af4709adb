-- title: the log
-- makes: loopit.ingest_log, loopit.ingest_log_lead_reference_idx
-- makes: loopit.ingest_log_email_idx, loopit.ingest_log_received_at_idx
-- makes: loopit.ingest_log_unsettled_idx, loopit.ingest_log_replay_of_idx

CREATE TABLE IF NOT EXISTS loopit.ingest_log (
	id			bigint GENERATED ALWAYS AS IDENTITY (CACHE 32) PRIMARY KEY,
	received_at	timestamptz NOT NULL,
	dealership_id bigint,
	workspace_id bigint,
	person_id	bigint,
	booking_id	bigint,
	replay_of	bigint,
	first_received_at timestamptz,
	dismissed_at timestamptz,
	duration_us	bigint NOT NULL,
	payload_version int NOT NULL,
	asked_for_booking boolean NOT NULL,
	status		text COLLATE "C" NOT NULL CHECK (status IN ('processed', 'rejected', 'failed')),
	reason		text COLLATE "C",
	lead_reference text COLLATE "C",
	email		text COLLATE "C",
	person_action text COLLATE "C" NOT NULL,
	booking_action text COLLATE "C" NOT NULL,
	booking_reason text COLLATE "C",
	ingested_by	text NOT NULL,
	dismissal_note text,
	outcome		jsonb NOT NULL,
	payload		jsonb,
	raw_body	bytea,
	CONSTRAINT ingest_log_reason_unless_processed
		CHECK ((status = 'processed') = (reason IS NULL))
);
-- Compression is most of what storing a payload costs, and lz4, which not every
-- server has, a sixth of pglz.  An outcome is too small to be worth any.  A log
-- that has rows keeps what its DBA chose.
DO $storage$
BEGIN
	IF EXISTS (SELECT FROM loopit.ingest_log) THEN
		RETURN;
	END IF;
	ALTER TABLE loopit.ingest_log ALTER COLUMN outcome SET STORAGE EXTERNAL;
	BEGIN
		ALTER TABLE loopit.ingest_log ALTER COLUMN payload SET COMPRESSION lz4,
			ALTER COLUMN raw_body SET COMPRESSION lz4;
	EXCEPTION WHEN feature_not_supported THEN
		NULL;
	END;
END
$storage$;
CREATE INDEX IF NOT EXISTS ingest_log_lead_reference_idx
	ON loopit.ingest_log (lead_reference, received_at);
CREATE INDEX IF NOT EXISTS ingest_log_email_idx
	ON loopit.ingest_log (email, received_at);
CREATE INDEX IF NOT EXISTS ingest_log_received_at_idx
	ON loopit.ingest_log (received_at, id);
CREATE INDEX IF NOT EXISTS ingest_log_unsettled_idx
	ON loopit.ingest_log (received_at)
	WHERE dismissed_at IS NULL
	AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking);
CREATE INDEX IF NOT EXISTS ingest_log_replay_of_idx
	ON loopit.ingest_log (replay_of) WHERE replay_of IS NOT NULL;
-- The three columns depend on each other: without this the planner takes the
-- few unsettled rows for a quarter of the log, and reads all of it.
CREATE STATISTICS IF NOT EXISTS loopit.ingest_log_unsettled_stats (mcv)
	ON status, booking_action, asked_for_booking FROM loopit.ingest_log;
COMMENT ON TABLE loopit.ingest_log IS
	'One row a delivery, written in the same transaction as what it reports. No foreign keys: a row outlives what it reports.';
COMMENT ON COLUMN loopit.ingest_log.received_at IS
	'Wall clock when the call began, not the transaction''s time.';
COMMENT ON COLUMN loopit.ingest_log.dealership_id IS
	'dealership.id of the payload, as far as it is a bigint.';
COMMENT ON COLUMN loopit.ingest_log.replay_of IS
	'The row whose payload this call ingested again.';
COMMENT ON COLUMN loopit.ingest_log.first_received_at IS
	'Of a replay: when its payload was received first.';
COMMENT ON COLUMN loopit.ingest_log.dismissed_at IS
	'When somebody took the lead out of loopit.unresolved_lead without a replay.';
COMMENT ON COLUMN loopit.ingest_log.duration_us IS
	'Microseconds from the call''s begin to the writing of this row.';
COMMENT ON COLUMN loopit.ingest_log.payload_version IS
	'The version of the rules that judged the payload.';
COMMENT ON COLUMN loopit.ingest_log.asked_for_booking IS
	'The payload named a vehicle or a plan.';
COMMENT ON COLUMN loopit.ingest_log.status IS
	'processed, rejected or failed; see loopit_reason_codes() for the reason of the last two.';
COMMENT ON COLUMN loopit.ingest_log.lead_reference IS
	'Dealer Studio''s id of the lead, or sha256: and a digest of the payload.';
COMMENT ON COLUMN loopit.ingest_log.email IS
	'The address as it was sent, trimmed and in lower case, also where it is not a valid one.';
COMMENT ON COLUMN loopit.ingest_log.ingested_by IS
	'The role that called.';
COMMENT ON COLUMN loopit.ingest_log.outcome IS
	'What the call returned.';
COMMENT ON COLUMN loopit.ingest_log.payload IS
	'The payload, whole; null where there was none, it could not be read, or it was erased.';
COMMENT ON COLUMN loopit.ingest_log.raw_body IS
	'The request body, where it could not be read or had to be repaired.';

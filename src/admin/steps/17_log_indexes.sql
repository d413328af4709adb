-- title: an index for the deliveries of a dealership
-- makes: loopit.ingest_log_dealership_idx

-- The deliveries of a dealership, newest first, and when it last sent one.
CREATE INDEX IF NOT EXISTS ingest_log_dealership_idx
	ON loopit.ingest_log (dealership_id, received_at);

-- title: indexes for erasure
-- makes: loopit.ingest_log_person_idx, loopit.ingest_log_unread_idx

CREATE INDEX IF NOT EXISTS ingest_log_person_idx
	ON loopit.ingest_log (person_id) WHERE person_id IS NOT NULL;
-- What is searched for an address by reading it; erased rows are not in it.
CREATE INDEX IF NOT EXISTS ingest_log_unread_idx
	ON loopit.ingest_log (workspace_id)
	WHERE raw_body IS NOT NULL OR status <> 'processed' AND payload IS NOT NULL;

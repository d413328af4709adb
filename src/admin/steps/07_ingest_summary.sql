-- title: summary
-- makes: loopit.ingest_summary

CREATE OR REPLACE VIEW loopit.ingest_summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
	COALESCE(reason, booking_reason) AS reason,
	pg_catalog.count(*) AS count, pg_catalog.max(received_at) AS last_seen
FROM loopit.ingest_log
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW loopit.ingest_summary IS
	'Counts a day (UTC), workspace, status and reason: the alarm for leads that do not appear.';

-- Ingests :leads leads, numbered from :base, in one statement; one in a thousand
-- has an invalid e-mail address.  Then ingests the same leads again.  Prints the
-- CPU nanoseconds of each statement.
\set QUIET on
\set ON_ERROR_STOP on
SET synchronous_commit = off;
CREATE TABLE bench.staging AS
SELECT n, CASE WHEN n % 1000 = 0 THEN bench.rejected_lead(n) ELSE bench.full_lead(n) END AS payload
FROM generate_series(:base::bigint, :base + :leads - 1) n;
VACUUM ANALYZE bench.staging;
SELECT coalesce(max(id), 0) AS last FROM loopit.ingest_log \gset
SELECT count(*) AS known FROM loopit.person \gset

\o /dev/null
SELECT bench.cpu() AS started \gset
SELECT loopit_ingest_lead(payload) FROM bench.staging;
SELECT bench.cpu() AS middle \gset
SELECT loopit_ingest_lead(payload) FROM bench.staging;
SELECT bench.cpu() AS ended \gset
\o
SELECT :middle::bigint - :started AS cpu_new, :ended::bigint - :middle AS cpu_redelivery,
	(SELECT count(*) FROM loopit.person) - :known AS persons,
	count(*) FILTER (WHERE status = 'processed') AS processed,
	count(*) FILTER (WHERE status = 'rejected') AS rejected
FROM loopit.ingest_log WHERE id > :last;

-- loopit_purge_ingest_log() and loopit_find_leads() with any interval: each is
-- answered, whatever time it leads to.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET IntervalStyle = 'postgres';
-- A processed and a rejected row, of a year ago.
CREATE FUNCTION test.purge(older_than interval, failures interval, OUT deleted bigint, OUT statuses text) LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM loopit.ingest_log;
	PERFORM loopit_ingest_lead(test.lead()), loopit_ingest_lead('{"id": "rejected"}');
	UPDATE loopit.ingest_log SET received_at = now() - interval '1 year';
	deleted := loopit_purge_ingest_log(older_than, failures);
	SELECT string_agg(status, ' ' ORDER BY status) INTO statuses FROM loopit.ingest_log;
END $$;
CREATE TABLE test.span (n int GENERATED ALWAYS AS IDENTITY, span interval);
INSERT INTO test.span (span) VALUES ('0'), ('0.4 microseconds'), ('0.6 microseconds'), ('364 days'), ('367 days'), ('6000 years'), ('6738 years'), ('6741 years'), ('10000 years'), ('294277 years'),
	('178000000 years'), ('178956970 years 7 months'), ('2147483647 days'), ('2147483647 hours'), ('9223372036854775807 microseconds'), ('178956970 years 7 months 2147483647 days'),
	('178000000 years -2147483648 days'), ('2147483647 days -2000000000 hours'), ('-2000 years 999999 days');
SELECT span, p.* FROM test.span, test.purge(span, NULL) p ORDER BY n;
SELECT span, p.* FROM test.span, test.purge('1 day', span) p ORDER BY n;
SELECT span, p.* FROM test.span, test.purge(span, '1 day') p ORDER BY n;
-- one that is not negative as the server compares, though it may lead to the future
SELECT * FROM test.purge('-1 month 31 days', NULL);
-- Of a negative interval no row is older: a wrong sign does not empty the log.
SELECT span, p.* FROM unnest('{-1 microsecond,-1 day,-10000 years,-178956970 years,-2147483648 days,1 day -25 hours}'::interval[]) span, test.purge(span, NULL) p;
SELECT * FROM test.purge('1 day', '-10000 years');
SELECT * FROM test.purge('-10000 years', '1 day');
-- A row at either end of time.
UPDATE loopit.ingest_log SET received_at = '-infinity' WHERE status = 'processed';
UPDATE loopit.ingest_log SET received_at = 'infinity' WHERE status = 'rejected';
SELECT loopit_purge_ingest_log('10000 years'), loopit_purge_ingest_log('178000000 years');
SELECT loopit_purge_ingest_log('0');
-- Infinite intervals, which PostgreSQL 17 brought; before it the word is none.
CREATE FUNCTION test.infinite(span text, OUT answer text) LANGUAGE plpgsql AS $$
DECLARE
	infinite interval;
BEGIN
	BEGIN
		infinite := span::interval;
	EXCEPTION WHEN OTHERS THEN
		infinite := CASE WHEN span = 'infinity' THEN interval '178000000 years' ELSE interval '-178000000 years' END;
	END;
	answer := (SELECT p::text FROM test.purge(infinite, NULL) p) || (SELECT p::text FROM test.purge('1 day', infinite) p);
END $$;
SELECT span, i.* FROM unnest('{infinity,-infinity}'::text[]) span, test.infinite(span) i;

-- Around a time, to both sides: a side that leads beyond all times has no end.
DELETE FROM loopit.ingest_log;
SELECT count(loopit_ingest_lead('{"id": "rejected"}'));
UPDATE loopit.ingest_log SET received_at = '2025-10-02 12:00Z';
SELECT span, (SELECT count(*) FROM loopit_find_leads(around => '2025-10-02 12:00Z', within => span)) AS now,
	(SELECT count(*) FROM loopit_find_leads(around => '2026-11-02 12:00Z', within => span)) AS year_later,
	(SELECT count(*) FROM loopit_find_leads(around => '4713-01-02 00:00Z BC', within => span)) AS first,
	(SELECT count(*) FROM loopit_find_leads(around => '294276-12-31 23:59:59Z', within => span)) AS last,
	(SELECT count(*) FROM loopit_find_leads(around => 'infinity', within => span)) AS infinity,
	(SELECT count(*) FROM loopit_find_leads(around => '-infinity', within => span)) AS "-infinity" FROM test.span ORDER BY n;
DROP TABLE test.span;
DROP FUNCTION test.purge, test.infinite;
\ir :done

-- loopit_purge_ingest_log().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Makes log rows of these ages: processed, processed without the booking that
-- was asked for, rejected, failed; and shows what of them is left.
CREATE FUNCTION test.fill(ages int[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loopit_ingest_lead(CASE kind
		WHEN 'rejected' THEN '{"id": "rejected"}'
		WHEN 'failed' THEN test.lead('{"id": "failed", "prospect": {"first_name": "Bea"}}')
		WHEN 'skipped' THEN test.lead('{"id": "skipped", "item": {"vin": "LATE1"}}')
		ELSE test.lead('{"id": "processed"}') END)
	FROM unnest(ages), unnest('{processed,skipped,rejected,failed}'::text[]) kind;
	UPDATE loopit.ingest_log l SET received_at = now() - s.age * interval '1 day'
	FROM (SELECT id, ages[row_number() OVER (PARTITION BY lead_reference ORDER BY id)] AS age
		FROM loopit.ingest_log WHERE received_at > now() - interval '1 hour') s
	WHERE s.id = l.id;
END $$;
CREATE FUNCTION test.left() RETURNS TABLE (lead text, status text, days text) LANGUAGE sql AS $$
	SELECT lead_reference, status, string_agg(round(extract(epoch FROM now() - received_at) / 86400)::text, ' ' ORDER BY received_at DESC)
	FROM loopit.ingest_log GROUP BY 1, 2 ORDER BY 1
$$;
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
SELECT test.fill('{1,10,20,30,40,50}');
SELECT * FROM test.left();

-- Older than that, whatever became of it.
SELECT loopit_purge_ingest_log('100 days');
SELECT loopit_purge_ingest_log('45 days');
SELECT * FROM test.left();
SELECT loopit_purge_ingest_log('45 days');
-- Rejected and failed ones, and those whose lead is still open, by the second
-- interval, where given: kept longer, ...
SELECT loopit_purge_ingest_log('25 days', '35 days');
SELECT * FROM test.left();
-- ... or not as long.
SELECT loopit_purge_ingest_log('25 days', '15 days');
SELECT * FROM test.left();
SELECT loopit_purge_ingest_log(older_than => '15 days', failures_older_than => NULL);
SELECT loopit_purge_ingest_log(failures_older_than => '5 days', older_than => '1 year');
SELECT * FROM test.left();
SELECT loopit_purge_ingest_log('0 seconds');
SELECT count(*) AS log_rows, (SELECT count(*) FROM loopit.person) AS persons FROM loopit.ingest_log;

-- At most max_rows; repeated until it returns 0.
SELECT test.fill('{1,10,20}');
SELECT loopit_purge_ingest_log('5 days', NULL, 3);
SELECT count(*) FROM loopit.ingest_log;
SELECT loopit_purge_ingest_log('5 days', NULL, 3);
SELECT loopit_purge_ingest_log('5 days', max_rows => 1);
SELECT loopit_purge_ingest_log('5 days', max_rows => 3);
SELECT loopit_purge_ingest_log('5 days', max_rows => 3);
SELECT * FROM test.left();
SELECT loopit_purge_ingest_log('0', NULL, 2147483647);
-- a lead that was settled goes by the first
SELECT test.fill('{10,20}');
SELECT loopit_dismiss_lead(log_id, NULL) FROM loopit.unresolved_lead WHERE lead_reference = 'skipped';
SELECT loopit_purge_ingest_log('15 days', '30 days');
SELECT * FROM test.left();
DELETE FROM loopit.ingest_log;
-- of the kept failures none counts towards it
SELECT test.fill('{10,20}');
SELECT loopit_purge_ingest_log('5 days', '30 days', 3);
SELECT loopit_purge_ingest_log('5 days', '30 days', 3);
SELECT * FROM test.left();
SELECT loopit_purge_ingest_log('5 days', '30 days', 3);
-- 10,000 where it is not said
SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
WHERE attrelid = 'loopit.ingest_log'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'received_at') \gset
INSERT INTO loopit.ingest_log (received_at, :columns)
SELECT now() - interval '90 days' - n * interval '1 second', :columns
FROM (SELECT * FROM loopit.ingest_log LIMIT 1) l, generate_series(1, 10003) n;
SELECT loopit_purge_ingest_log('80 days');
SELECT loopit_purge_ingest_log('80 days');
SELECT loopit_purge_ingest_log('80 days');
SELECT * FROM test.left();

-- What was made of the leads stays; so does a booking whose log row is gone.
SELECT o#>>'{booking,action}' AS booking FROM loopit_ingest_lead(test.full_lead()) o;
SELECT loopit_purge_ingest_log('0');
SELECT (SELECT count(*) FROM loopit.ingest_log) AS log_rows, (SELECT count(*) FROM loopit.person) AS persons,
	(SELECT count(*) FROM loopit.identity_document) AS documents, (SELECT count(*) FROM loopit.booking) AS bookings;
SELECT person, booking FROM test.short(loopit_ingest_lead(test.full_lead()));
-- a row of the future is not older than anything
UPDATE loopit.ingest_log SET received_at = now() + interval '1 day';
SELECT loopit_purge_ingest_log('0');
DELETE FROM loopit.ingest_log;

-- What is refused, and deletes nothing.
CREATE FUNCTION test.error(older_than interval, failures interval, max_rows int, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loopit_purge_ingest_log(older_than, failures, max_rows);
	message := 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT test.fill('{10}');
SELECT v.older_than, v.failures, v.max_rows, e.* FROM (VALUES (1, NULL, NULL, 10), (2, NULL, '1 day', 10), (3, '1 day', '1 day', 0), (4, '1 day', '1 day', -1), (5, '1 day', '1 day', -2147483648),
	(6, '1 day', '1 day', NULL)) v(n, older_than, failures, max_rows),
LATERAL test.error(older_than::interval, failures::interval, max_rows) e ORDER BY n;
SELECT * FROM test.left();
DROP FUNCTION test.fill, test.left, test.error;
\ir :done

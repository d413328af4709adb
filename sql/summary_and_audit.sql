-- loopit.ingest_summary, loopit.ingest_audit and loopit_reason_codes().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET DateStyle = 'ISO';
SELECT * FROM loopit.ingest_summary \gdesc
SELECT count(*) FROM loopit.ingest_summary;

-- Counts a day (UTC, whatever the session's TimeZone), workspace, status and
-- reason, which is the outcome's, else the booking's.
CREATE FUNCTION test.deliver(received_at timestamptz, more jsonb, dealership int DEFAULT 356) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	n bigint := loopit_ingest_lead(test.lead(more || jsonb_build_object('dealership', jsonb_build_object('id', dealership))))->>'log_id';
BEGIN
	UPDATE loopit.ingest_log l SET received_at = deliver.received_at WHERE id = n;
END $$;
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
SELECT count(test.deliver(received_at::timestamptz, jsonb_build_object('id', n) || more::jsonb, dealership))
FROM (VALUES
	(1, '2025-10-03 00:00:00+00', '{}', 356), (2, '2025-10-03 23:59:59.999999+00', '{}', 357), (3, '2025-10-04 00:00:00+00', '{}', 356),
	(4, '2025-10-03 08:00:00+10', '{}', 356), (5, '2025-10-03 10:00:00+00', '{}', 900),
	(6, '2025-10-03 10:00:00+00', '{"item": {"vin": "LATE1"}, "additional_details": {"subscription_plan": "Premium"}}', 356),
	(7, '2025-10-03 11:00:00+00', '{"item": {"vin": "LATE2"}, "additional_details": {"subscription_plan": "Late"}}', 356),
	(8, '2025-10-03 12:00:00+00', '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Late"}}', 356),
	(9, '2025-10-03 13:00:00+00', '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}', 356),
	(10, '2025-10-03 14:00:00+00', '{"item": {"vin": "VIN91"}, "prospect": {"email": "x"}}', 356),
	(11, '2025-10-03 15:00:00+00', '{"prospect": {"email": "x"}}', 356), (12, '2025-10-03 16:00:00+00', '{}', 1000),
	(13, '2025-10-03 17:00:00+00', '{"prospect": {"first_name": "Bea"}}', 356),
	(9, '2025-10-03 18:00:00+00', '{"item": {"vin": "VIN89"}, "additional_details": {"subscription_plan": "Premium"}}', 357),
	(9, '2025-10-03 19:00:00+00', '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}', 357)) v(n, received_at, more, dealership);
SELECT count(loopit_ingest_webhook('{'));
UPDATE loopit.ingest_log SET received_at = '2025-10-05 12:00:00+00' WHERE reason = 'payload_malformed';
SET TimeZone = 'Pacific/Auckland';
SELECT day, workspace_id, dealership_id, status, reason, count, last_seen AT TIME ZONE 'UTC' AS last_seen FROM loopit.ingest_summary ORDER BY 1, 2, 3, 4, 5;
CREATE TABLE test.summary AS TABLE loopit.ingest_summary;
SET TimeZone = 'America/Los_Angeles';
SELECT count(*) AS differ FROM (
	(TABLE loopit.ingest_summary EXCEPT ALL TABLE test.summary) UNION ALL (TABLE test.summary EXCEPT ALL TABLE loopit.ingest_summary)) d;
RESET TimeZone;
DROP TABLE test.summary;
SELECT sum(count) = (SELECT count(*) FROM loopit.ingest_log) AS every_row FROM loopit.ingest_summary;

-- The audit view has every row and no raw body, and of a payload nothing that
-- masking takes: document numbers, dates of birth, streets.
\ir :fresh
SELECT string_agg(attname, ' ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'loopit.ingest_audit'::regclass;
SELECT string_agg(attname, ' ' ORDER BY attnum) AS left_out FROM pg_attribute l
WHERE attrelid = 'loopit.ingest_log'::regclass AND attnum > 0 AND NOT attisdropped
AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'loopit.ingest_audit'::regclass AND a.attname = l.attname);
CREATE TABLE test.secret (n int, secret text);
INSERT INTO test.secret VALUES (1, 'LICENCE-1'), (2, 'CARD-2'), (3, 'PASS-3'), (4, '04/04/1984'), (5, '05/05/1985'), (6, '06/06/1986'), (7, 'Secret Street 7');
CREATE FUNCTION test.secret_lead(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(test.full_lead(), '{prospect}', test.full_lead()->'prospect' || '{"dob": "04/04/1984", "address":
			{"street": "Secret Street 7", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": 2000}}'),
		'{additional_details}', test.full_lead()->'additional_details' || '{"license_number": "LICENCE-1", "license_card_number": "CARD-2",
			"passport_number": "PASS-3", "license_dob": "05/05/1985", "passport_dob": "06/06/1986"}') || more
$$;
ALTER TABLE loopit.booking ADD CONSTRAINT fails CHECK (lead_reference <> 'fails');
-- processed, rejected, failed, repaired, malformed, a replay, and those that
-- put them elsewhere
SELECT count(loopit_ingest_lead(payload)) FROM (VALUES (test.secret_lead()), (test.secret_lead('{"dealership": {"id": 1000}}')),
	(test.put(test.secret_lead(), '{prospect,email}', '"x"')), (test.secret_lead('{"id": "fails"}')),
	(jsonb_build_object('a', jsonb_build_array(test.secret_lead())))) v(payload);
SELECT count(loopit_ingest_webhook(convert_to(rtrim(test.secret_lead()::text, '}') || tail, 'UTF8'))) FROM (VALUES ('}, }'), ('')) v(tail);
SELECT count(loopit_replay_lead(id)) FROM generate_series(1, 7) id;
SELECT status, reason, count(*) FROM loopit.ingest_audit GROUP BY 1, 2 ORDER BY 1, 2;
SELECT secret, (SELECT count(*) FROM loopit.ingest_log l WHERE concat(l.payload, encode(l.raw_body, 'escape')) LIKE '%' || secret || '%') AS in_log,
	(SELECT count(*) FROM loopit.ingest_audit a WHERE a::text LIKE '%' || secret || '%') AS in_audit
FROM test.secret ORDER BY n;
SELECT count(*) AS in_outcomes FROM loopit.ingest_log l, test.secret WHERE l.outcome::text LIKE '%' || secret || '%';
-- all else is as the log has it, the payload as loopit_mask_payload() has it
SELECT count(*), bool_and(a.payload IS NOT DISTINCT FROM loopit_mask_payload(l.payload)) AS masked,
	bool_and(to_jsonb(a) - 'payload' = to_jsonb(l) - '{payload,raw_body}'::text[]) AS same
FROM loopit.ingest_audit a JOIN loopit.ingest_log l USING (id);
SELECT payload#>'{prospect,address}' AS address, payload#>'{additional_details,passport_number}' AS number, payload#>>'{prospect,email}' AS email
FROM loopit.ingest_audit WHERE id = 1;

-- An auditor needs nothing but the view.
CREATE ROLE regress_loopit_auditor;
GRANT USAGE ON SCHEMA loopit TO regress_loopit_auditor;
GRANT SELECT ON loopit.ingest_audit TO regress_loopit_auditor;
SET ROLE regress_loopit_auditor;
SELECT id, payload#>>'{prospect,dob}' AS dob FROM loopit.ingest_audit ORDER BY id LIMIT 1;
SELECT count(*) FROM loopit.ingest_log;
RESET ROLE;
DROP OWNED BY regress_loopit_auditor;
DROP ROLE regress_loopit_auditor;

-- The catalogue: a code once, and what it is about.
SELECT code, thing, field FROM loopit_reason_codes();
SELECT count(*) > 30 AS many, count(*) = count(DISTINCT code) AS once, count(*) FILTER (WHERE code IS NULL OR thing IS NULL
	OR explanation IS NULL OR remedy IS NULL) AS null, count(*) FILTER (WHERE field = '' OR btrim(explanation) IN ('', code)
	OR btrim(remedy) = '') AS empty, count(*) FILTER (WHERE code !~ '^[a-z_]+$') AS no_code FROM loopit_reason_codes();
-- what is explained twice in the same words, or names a field that is none: nothing
SELECT explanation, string_agg(code, ' ') FROM loopit_reason_codes() WHERE code !~ '_dob_invalid|_expiry_invalid' GROUP BY 1 HAVING count(*) > 1;
WITH RECURSIVE path AS (
	SELECT key AS field, value FROM jsonb_each(loopit_lead_schema()->'properties')
	UNION ALL
	SELECT field || '.' || p.key, p.value FROM path, jsonb_each(path.value->'properties') p)
SELECT code, named FROM loopit_reason_codes(), regexp_split_to_table(field, ', ') named WHERE named NOT IN (SELECT field FROM path);
DROP TABLE test.secret;
DROP FUNCTION test.deliver, test.secret_lead;
\ir :done

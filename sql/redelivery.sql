-- The same lead again: one log row more, and nothing else is written.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Where every row is that a lead makes, and which transaction made it.  (The
-- person's xmax changes: the row is locked FOR NO KEY UPDATE, so that an erasure
-- waits for the log row.)
CREATE FUNCTION test.rows() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT 'person ' || ctid || ' ' || xmin || ' ' || p FROM loopit.person p
	UNION ALL SELECT 'document ' || ctid || ' ' || xmin || ' ' || xmax || ' ' || d FROM loopit.identity_document d
	UNION ALL SELECT 'booking ' || ctid || ' ' || xmin || ' ' || xmax || ' ' || b FROM loopit.booking b
$$;

-- As it was, spelled another way, with what is not read changed: nothing is
-- written.
SELECT s.* FROM test.short(loopit_ingest_lead(test.full_lead())) s;
CREATE TABLE test.before AS SELECT test.rows() AS r;
SELECT what, s.status, s.person, s.address, s.licence, s.passport, s.booking, s.issues FROM (VALUES
	(1, 'as it was', test.full_lead()),
	(2, 'again', test.full_lead()),
	(3, 'trimmed and cased', jsonb_build_object('prospect', (test.full_lead()->'prospect') || '{"email": "ANN@EXAMPLE.COM", "first_name": " Ann"}',
		'item', '{"vin": "vin91"}'::jsonb, 'location', '{"location_name": "DEPOT"}'::jsonb)),
	(4, 'the id as text', '{"id": "1"}'),
	(5, 'more keys', '{"comments": "Call me", "lead_events": [1, 2, 3], "category": null}'),
	(6, 'a part of it', '{"prospect": {"email": "ann@example.com", "last_name": "Cole"}, "additional_details": {}, "item": {}}'),
	(7, 'without its time', '{"updated_at": null}'),
	(8, 'from another dealership of the workspace', '{"dealership": {"id": 357}}')) v(n, what, more),
LATERAL test.short(loopit_ingest_lead(test.full_lead() || more)) s
ORDER BY n;
SELECT count(*) AS log_rows, count(DISTINCT outcome->>'log_id') AS told, count(DISTINCT person_id) AS persons,
	count(DISTINCT booking_id) AS bookings FROM loopit.ingest_log;
(SELECT r FROM test.before EXCEPT SELECT test.rows()) UNION ALL (SELECT test.rows() EXCEPT SELECT r FROM test.before);

-- No number of a sequence was taken but the log's: the next lead has the next ids.
SELECT outcome#>'{person,id}' AS person, outcome#>'{booking,id}' AS booking, outcome->'log_id' AS log
FROM loopit_ingest_lead(test.put(test.full_lead() || '{"id": 2}', '{prospect,email}', '"bob@example.com"')) outcome;

-- Only the time is newer: that of the person, and no other row.
SELECT s.person, s.address, s.licence, s.passport, s.booking FROM test.short(loopit_ingest_lead(test.full_lead()
	|| '{"updated_at": "2025-10-04T00:00:00Z"}')) s;
SELECT split_part(r, ' ', 1) AS written FROM (SELECT r FROM test.before EXCEPT SELECT test.rows()) s;

-- Without an id the digest of the payload tells a redelivery: however it is
-- spaced and its keys are ordered.
SELECT what, booking, issues, reference = first_value(reference) OVER (ORDER BY n) AS same_reference FROM (
	SELECT n, what, outcome#>>'{booking,action}' AS booking, test.issues(outcome) AS issues, outcome->>'lead_reference' AS reference
	FROM (VALUES
		(1, 'new', '{"dealership": {"id": 356}, "prospect": {"email": "eve@example.com"}, "item": {"vin": "VIN91"},
			"additional_details": {"subscription_plan": "Premium"}}'),
		(2, 'again', '{"dealership": {"id": 356}, "prospect": {"email": "eve@example.com"}, "item": {"vin": "VIN91"},
			"additional_details": {"subscription_plan": "Premium"}}'),
		(3, 'keys in another order', '{"item": {"vin": "VIN91"}, "prospect": {"email": "eve@example.com"},
			"additional_details": {"subscription_plan": "Premium"}, "dealership": {"id": 356}}'),
		(4, 'other spacing and escapes', '{"item":{"vin":"VIN\u0039\u0031"},"prospect":{"email":"eve@example.com"},

			"additional_details":{"subscription_plan":"Premium"},"dealership":{"id":356}}'),
		(5, 'another lead', '{"dealership": {"id": 356}, "prospect": {"email": "eve@example.com"}, "item": {"vin": "VIN89"},
			"additional_details": {"subscription_plan": "Premium"}}')) v(n, what, payload),
	LATERAL loopit_ingest_lead(payload::jsonb) outcome) s
ORDER BY n;
SELECT lead_reference = l.reference AS digest, asset_id FROM loopit.booking,
LATERAL (SELECT 'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex') FROM loopit.ingest_log
	WHERE id = ingest_log_id) l(reference) WHERE lead_reference LIKE 'sha%' ORDER BY id;
DROP TABLE test.before;
DROP FUNCTION test.rows;
\ir :done

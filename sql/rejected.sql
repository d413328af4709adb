-- Rejected payloads: why, what comes first, and what the log keeps.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Nothing at all, and no object.
SELECT payload, s.* FROM (VALUES (1, NULL), (2, 'null'), (3, '[]'), (4, '[{"id": 1}]'), (5, '"text"'), (6, '""'), (7, '5'), (8, 'true'))
	v(n, payload), LATERAL test.short(loopit_ingest_lead(payload::jsonb)) s ORDER BY n;
SELECT jsonb_pretty(loopit_ingest_lead(NULL) - '{issues,log_id}'::text[]);
SELECT DISTINCT lead_reference, workspace_id, dealership_id, email, outcome->'lead_reference' AS told FROM loopit.ingest_log;

-- Each reason, and which of several comes first; all issues are listed.
SELECT what, s.status, s.person, s.issues FROM (VALUES
	(1, 'empty', '{}'),
	(2, 'no dealership', '{"prospect": {"email": "ann@example.com"}}'),
	(3, 'no dealership.id', '{"dealership": {"name": "Dealer A"}, "prospect": {"email": "ann@example.com"}}'),
	(4, 'invalid', '{"dealership": {"id": "A"}, "prospect": {"email": "ann@example.com"}}'),
	(5, 'unknown', '{"dealership": {"id": 1}, "prospect": {"email": "ann@example.com"}}'),
	(6, 'no email', '{"dealership": {"id": 356}, "prospect": {"first_name": "Ann"}}'),
	(7, 'no prospect', '{"dealership": {"id": 356}}'),
	(8, 'invalid email', '{"dealership": {"id": 356}, "prospect": {"email": "ann"}}'),
	(9, 'invalid dob', '{"dealership": {"id": 356}, "prospect": {"email": "ann@example.com", "dob": "x"}}'),
	(10, 'dealership before email', '{"prospect": {"email": "ann", "dob": "x"}}'),
	(11, 'invalid dealership before no email', '{"dealership": {"id": true}, "prospect": {"dob": "x"}}'),
	(12, 'unknown dealership before invalid email', '{"dealership": {"id": 1}, "prospect": {"email": "ann"}}'),
	(13, 'unknown dealership before invalid dob', '{"dealership": {"id": 1}, "prospect": {"email": "ann@example.com", "dob": "x"}}'),
	(14, 'no email before dob', '{"dealership": {"id": 356}, "prospect": {"dob": "x"}}'),
	(15, 'invalid email before dob', '{"dealership": {"id": 356}, "prospect": {"email": "ann", "dob": "x"}}'),
	(16, 'parents of another type', '{"dealership": 356, "prospect": "ann@example.com"}')) v(n, what, payload),
LATERAL test.short(loopit_ingest_lead(CASE n WHEN 1 THEN '{}' ELSE '{"id": 1}' || payload::jsonb END)) s
ORDER BY n;

-- The whole outcome: nothing but the reason differs from one to the other.
SELECT jsonb_pretty(loopit_ingest_lead(test.full_lead() || '{"prospect": {"email": "ann"}}') - '{issues,log_id}'::text[]);

-- Judged whole: a rejected one lists every issue of the payload, but none that
-- takes a look-up.
SELECT s.issues FROM (VALUES (1, '{"email": "ann"}', '{"id": 356}'), (2, '{"email": "ann@example.com", "dob": "x"}', '{"id": 356}'),
	(3, '{"email": "ann@example.com"}', '{"id": 1}')) v(n, prospect, dealership),
LATERAL test.short(loopit_ingest_lead(jsonb_build_object('id', 1, 'prospect', prospect::jsonb, 'dealership', dealership::jsonb,
	'item', '{"vin": "VIN0", "stock_number": "STOCK89"}'::jsonb, 'location', '{"location_name": "Nowhere"}'::jsonb,
	'additional_details', '{"subscription_plan": "Nothing", "license_number": 1, "passport_country": "xx"}'::jsonb,
	'updated_at', 'x'))) s
ORDER BY n;
SELECT s.issues FROM (VALUES (1, '{"vin": "VIN91"}', '{}'), (2, '{}', '{"subscription_plan": "Nothing"}')) v(n, item, details),
LATERAL test.short(loopit_ingest_lead(jsonb_build_object('id', 1, 'item', item::jsonb, 'additional_details', details::jsonb))) s
ORDER BY n;

-- Nothing is stored, and a person who is there is left alone.
SELECT (SELECT count(*) FROM loopit.person) + (SELECT count(*) FROM loopit.identity_document)
	+ (SELECT count(*) FROM loopit.booking) AS stored;
SELECT s.person, s.booking FROM test.short(loopit_ingest_lead(test.full_lead())) s;
SELECT md5(string_agg(x::text, '')) AS before FROM
	(SELECT p, d, b, p.xmin, d.xmin, b.xmin, p.xmax FROM loopit.person p, loopit.identity_document d, loopit.booking b) x \gset
SELECT s.person, s.licence, s.booking FROM test.short(loopit_ingest_lead(test.put(test.full_lead(), '{prospect}',
	'{"email": "ann@example.com", "dob": "1/2/1990", "first_name": "Eve"}'))) s;
SELECT md5(string_agg(x::text, '')) = :'before' AS nothing_written FROM
	(SELECT p, d, b, p.xmin, d.xmin, b.xmin, p.xmax FROM loopit.person p, loopit.identity_document d, loopit.booking b) x;

-- The log's row: what is known of the lead is there, whatever rejects it.
TRUNCATE loopit.ingest_log;
SELECT count(loopit_ingest_lead(payload::jsonb)) FROM (VALUES
	(1, '{"id": 11, "dealership": {"id": 356}, "prospect": {"email": " Not An ADDRESS "}}'),
	(2, '{"id": 12, "dealership": {"id": 1}, "prospect": {"email": "Ann@Example.com"}}'),
	(3, '{"id": " 13 ", "dealership": {"id": "x"}, "prospect": {"email": "ann@example.com"}}'),
	(4, '{"id": true, "dealership": {"id": 9223372036854775808}, "prospect": {"email": ["ann@example.com"]}}'),
	(5, '{"id": 15, "dealership": {"id": 900}, "prospect": {"email": "ann@example.com", "dob": "x"}}'),
	(6, '[{"id": 16}]')) v(n, payload);
SELECT status, reason, dealership_id, workspace_id, left(lead_reference, 10) AS lead_reference, email, person_id, person_action,
	booking_id, booking_action, booking_reason
FROM loopit.ingest_log ORDER BY id;
SELECT outcome->'workspace_id' AS workspace_id, payload, raw_body, replay_of,
	outcome->>'log_id' = id::text AS names_itself, outcome->>'reason' = reason AS same_reason
FROM loopit.ingest_log ORDER BY id;
\ir :done

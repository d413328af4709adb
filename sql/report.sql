-- loopit_report(): the form for a terminal, of an installation with one thing
-- to do, and arguments that it refuses.  What varies is masked.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';

-- the title and the tasks
CREATE FUNCTION tasks() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '\d+ (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)', '(day)', 'g')
	-- a paragraph in one line: where it is broken depends on the day
	FROM regexp_split_to_table(regexp_replace(substring(loopit_report(html => false)
		from 'What to do first.*(?=Leads a day)'), '\n {4,6}(?=\S)', ' ', 'g'), '\n') line
$$;

SELECT count(loopit_ingest_lead(jsonb_build_object('id', i, 'dealership', '{"id": 998}'::jsonb,
	'prospect', jsonb_build_object('email', 'a' || i || '@example.com')))) FROM generate_series(1, 3) i;
SELECT * FROM tasks();

-- settled by what it says
INSERT INTO loopit.dealership (id, workspace_id) SELECT 998, min(id) FROM loopit.workspace;
SELECT * FROM tasks() LIMIT 3;
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead WHERE reason = 'workspace_not_found' AND dealership_id = 998;
SELECT * FROM tasks();

-- Most leads are lost to one cause, which comes first: to dealerships that are
-- all unknown, which are one task.
SELECT count(loopit_ingest_lead(jsonb_build_object('id', 'u' || i, 'dealership', jsonb_build_object('id', 9000 + i % 5),
	'prospect', jsonb_build_object('email', 'u' || i || '@example.com')))) FROM generate_series(1, 15) i;
SELECT count(loopit_ingest_lead(jsonb_build_object('id', 'm' || i, 'dealership', '{"id": 998}'::jsonb,
	'prospect', jsonb_build_object('email', 'm', 'first_name', 'M')))) FROM generate_series(1, 2) i;
SELECT * FROM tasks() LIMIT 6;

-- Nothing has come since yesterday evening, though some should have.
TRUNCATE loopit.ingest_log;
INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us, payload_version, asked_for_booking, status,
	lead_reference, email, person_action, booking_action, booking_reason, ingested_by, outcome, payload)
SELECT now() - interval '13 hours' - i * interval '10 minutes', 998, 7, 300, 1, false, 'processed', 's' || i, 's' || i || '@example.com',
	'created', 'skipped', 'not_provided', 'hook', '{"issues": []}', '{}' FROM generate_series(0, 2500) i;
SELECT substring(line FROM '^ 1. URGENT: No lead has arrived for 13 hours') FROM tasks() line WHERE line ~ 'URGENT';
-- A sender decides how large a payload is, and how many keys it has: what is asked
-- for is shown of an ordinary one only, so that a report costs no more than that.
SELECT count(loopit_ingest_lead(test.lead(jsonb_build_object('id', 'keys' || keys, 'item', '{"vin": "VIN91"}'::jsonb,
	'additional_details', jsonb_build_object('subscription_plan', 'Plan of ' || keys),
	'prospect', (SELECT jsonb_object_agg('k' || n, md5(n::text)) FROM generate_series(1, keys) n)))))
FROM unnest(ARRAY[20, 99, 100, 20000]) keys;
SELECT DISTINCT substring(line FROM 'Plan of \d+') AS shown FROM regexp_split_to_table(loopit_report(html => false), '\n') line
WHERE line ~ 'Plan of' ORDER BY 1;

-- arguments
SELECT loopit_report('-1 hour');
SELECT loopit_report('0 s', false);
SELECT split_part(loopit_report(NULL, NULL), E'\n', 1);
SELECT split_part(loopit_report('10000 years', false), E'\n', 1);
DROP FUNCTION tasks();
RESET timezone;
\ir :done

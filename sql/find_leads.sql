-- loopit_find_leads(): what support asks for.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT * FROM loopit_find_leads() \gdesc
SELECT count(*) FROM loopit_find_leads();

-- The log: reference, e-mail and time of receipt.
CREATE FUNCTION test.deliver(reference jsonb, email jsonb, received_at timestamptz, dealership int DEFAULT 356) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := loopit_ingest_lead(jsonb_build_object('id', reference, 'dealership', jsonb_build_object('id', dealership),
		'prospect', jsonb_build_object('email', email)))->>'log_id';
BEGIN
	UPDATE loopit.ingest_log l SET received_at = deliver.received_at WHERE id = n;
	RETURN n;
END $$;
SELECT test.deliver(reference::jsonb, email::jsonb, received_at::timestamptz, dealership) AS id, reference, email, received_at
FROM (VALUES (1, '1', '"ann@example.com"', '2025-10-01 12:00', 356), (2, '"A-1"', '"Ann@Example.COM"', '2025-10-02 12:00', 356),
	(3, '"a-1"', '"bea@example.com"', '2025-10-02 12:00', 356), (4, '1', '" ANN@example.com\t"', '2025-10-03 12:00', 356),
	(5, '2', '"Not an Address"', '2025-10-03 12:00:00.000001', 356), (6, '3', 'true', '2025-10-04 12:00', 356),
	(7, '1', '"ann@example.com"', '2025-09-30 12:00', 900), (8, 'null', '"ann@example.com"', '2025-10-05 12:00', 1000),
	(9, '4', '"dan@example.com"', '2025-10-31 12:00', 356)) v(n, reference, email, received_at, dealership) ORDER BY n;
CREATE FUNCTION test.found(reference text DEFAULT NULL, email text DEFAULT NULL, around timestamptz DEFAULT NULL, within interval DEFAULT NULL)
RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(log_id::text, ' ') FROM loopit_find_leads(reference, email, around, within)
$$;

-- Nothing given: newest first, by time and not by id.
SELECT test.found();
SELECT log_id, received_at, status, reason, booking_reason, dealership_id, workspace_id, person_id, booking_id, lead_reference, email,
	outcome->>'log_id' AS outcome FROM loopit_find_leads() WHERE lead_reference !~ 'sha256:';
-- A row as the log has it, of every kind.
SELECT log_id, f.received_at = l.received_at AND f.status = l.status AND f.reason IS NOT DISTINCT FROM l.reason
	AND f.booking_reason IS NOT DISTINCT FROM l.booking_reason AND f.dealership_id IS NOT DISTINCT FROM l.dealership_id
	AND f.workspace_id IS NOT DISTINCT FROM l.workspace_id AND f.person_id IS NOT DISTINCT FROM l.person_id
	AND f.booking_id IS NOT DISTINCT FROM l.booking_id AND f.lead_reference = l.lead_reference
	AND f.email IS NOT DISTINCT FROM l.email AND f.outcome = l.outcome AS as_logged
FROM loopit_find_leads() f JOIN loopit.ingest_log l ON l.id = log_id ORDER BY log_id;

-- By reference, of any dealership: white space around it and a # before it are
-- ignored.
SELECT reference, test.found(reference) FROM (VALUES (1, '1'), (2, 'A-1'), (3, 'a-1'), (4, 'A-1 '), (5, 'A'), (6, ''), (7, '%'), (8, '99'),
	(9, (SELECT lead_reference FROM loopit.ingest_log WHERE id = 8))) v(n, reference) ORDER BY n;
SELECT n, replace(regexp_replace(reference, '[^ -~]', '?', 'g'), ' ', '_') AS reference, test.found(reference) FROM (VALUES
	(1, ' 1'), (2, E'\t1\r\n'), (3, '#1'), (4, ' # 1 '), (5, chr(x'00A0'::int) || '#' || chr(x'3000'::int) || '1' || chr(x'200B'::int)), (6, '#A-1'), (7, '#a-1 '),
	(8, '##1'), (9, '1#'), (10, '#'), (11, ' # '), (12, ' '), (13, '1 1'),
	(14, '#' || (SELECT lead_reference FROM loopit.ingest_log WHERE id = 8))) v(n, reference) ORDER BY n;
-- one that begins with a # itself is found by it, and so is the other
SELECT test.deliver('"#1"', '"hash@example.com"', '2025-10-11 12:00') AS hash \gset
SELECT reference, replace(test.found(reference), :'hash', 'hash') AS found FROM (VALUES ('#1'), ('1'), ('##1'), (' ## 1')) v(reference);
SELECT replace(test.found('#1', 'hash@example.com', '2025-10-11', '1 day'), :'hash', 'hash') AS found, test.found('#1', 'ann@example.com', '2025-10-11', '1 day') AS others;
DELETE FROM loopit.ingest_log WHERE id = :hash;
-- By e-mail: trimmed, in any case, also one that is none.
SELECT n, btrim(email, E' \t\n' || chr(x'3000'::int) || chr(x'200B'::int)) AS email, test.found(NULL, email) FROM (VALUES (1, 'ann@example.com'), (2, 'ANN@EXAMPLE.COM'), (3, E' Ann@example.com\t\n'),
	(4, 'ann@example.com' || chr(x'3000'::int) || chr(x'200B'::int)), (5, 'bea@example.com'), (6, 'not an address'), (7, 'true'), (8, 'ann'), (9, 'ann@%'), (10, ''),
	(11, ' ')) v(n, email) ORDER BY n;
-- By time: to both sides, both ends within; a day where nothing is said.
SELECT around, within, test.found(NULL, NULL, around::timestamptz, within::interval) FROM (VALUES
	(1, '2025-10-02 12:00', NULL), (2, '2025-10-02 12:00:00.000001', NULL), (3, '2025-10-02 11:59:59.999999', NULL),
	(4, '2025-10-02 12:00', '0 seconds'), (5, '2025-10-02 12:00', '23:59:59.999999'), (6, '2025-10-02 12:00', '24:00'),
	(7, '2025-10-02 12:00', '1 day 0.000001 seconds'), (8, '2025-09-30 12:00', '1 month'), (9, '2025-10-02 12:00', '100 years'),
	(10, '2025-10-02 22:00+10', '0'), (11, '2025-11-01 12:00', NULL), (12, '2025-11-01 12:00:00.000001', NULL), (13, '2024-10-02 12:00', NULL),
	(14, 'infinity', NULL), (15, '-infinity', '1 year'), (16, NULL, '1 hour')) v(n, around, within) ORDER BY n;

-- Together: what has all of it.
SELECT reference, email, around, test.found(reference, email, around::timestamptz) FROM (VALUES
	(1, '1', 'ANN@example.com', NULL), (2, '1', 'bea@example.com', NULL), (3, 'a-1', ' bea@example.com', NULL),
	(4, '1', NULL, '2025-10-01 00:00'), (5, '1', NULL, '2025-10-03 12:00'), (6, NULL, 'ann@example.com', '2025-10-02 12:00'),
	(7, NULL, 'bea@example.com', '2025-10-05 12:00'), (8, '1', 'Ann@example.com', '2025-10-02 12:00'),
	(9, '1', 'ann@example.com', '2025-10-05 12:00')) v(n, reference, email, around) ORDER BY n;
-- Named, in any order.
SELECT log_id FROM loopit_find_leads(email => 'bea@example.com');
SELECT log_id FROM loopit_find_leads(around => '2025-10-04 12:00', within => '1 hour');
SELECT log_id FROM loopit_find_leads(within => '36:00', lead_reference => '1', around => '2025-10-02 00:00', email => 'ANN@example.com');
SELECT log_id FROM loopit_find_leads(lead_reference => '2');

-- Newest 100 where nothing is given, and else all; the same time the later row first.
SELECT count(test.deliver('"many"', '"many@example.com"', '2025-10-10 12:00')) FROM generate_series(1, 120);
SELECT count(*), count(*) FILTER (WHERE lead_reference = '4') AS newest, min(log_id) AS oldest, (array_agg(log_id))[1:3] AS first
FROM loopit_find_leads();
SELECT test.found(NULL, NULL, NULL, '1 hour') = test.found() AS within_alone_is_nothing;
SELECT count(*), min(log_id), (array_agg(log_id))[1:3] AS first FROM loopit_find_leads('many');
SELECT count(*), (array_agg(log_id))[1:3] AS first FROM loopit_find_leads(email => 'many@example.com');
SELECT count(*), (array_agg(log_id))[1:3] AS first FROM loopit_find_leads(around => '2025-10-10 12:00', within => '0');
SELECT count(*) FROM loopit_find_leads(around => '2025-10-10 12:00', within => '1 year');

-- An address is logged as far as 254 characters, and found by these.
SELECT count(test.deliver('5', to_jsonb(repeat('x', 250) || '@example.com'), '2025-10-10 12:00'));
SELECT length(email), test.found(NULL, email) IS NOT NULL AS found FROM loopit.ingest_log WHERE lead_reference = '5';

-- Nothing but the log's rows is shown, and no payload; nothing is written.
SELECT count(*) AS rows_with_payload FROM loopit_find_leads(lead_reference => '2') f WHERE f::text LIKE '%prospect": {%';
BEGIN READ ONLY;
SELECT log_id FROM loopit_find_leads(lead_reference => '2');
COMMIT;

-- By dealership, alone and with each of the others.
SELECT n, (SELECT string_agg(log_id::text, ' ') FROM loopit_find_leads(reference, email, around::timestamptz, within::interval, dealership) WHERE lead_reference <> 'many') AS found
FROM (VALUES (1, NULL, NULL, NULL, NULL, 356), (2, NULL, NULL, NULL, NULL, 900), (3, NULL, NULL, NULL, NULL, 1000), (4, NULL, NULL, NULL, NULL, 1),
	(5, '1', NULL, NULL, NULL, 900), (6, '#1', NULL, NULL, NULL, 356), (7, NULL, 'ANN@example.com', NULL, NULL, 900), (8, NULL, 'ann@example.com', NULL, NULL, 1000),
	(9, '1', 'ann@example.com', NULL, NULL, 1000), (10, NULL, NULL, '2025-10-03 12:00', NULL, 356), (11, NULL, NULL, '2025-10-03 12:00', '0', 356),
	(12, NULL, NULL, '2025-10-03 12:00', NULL, 900), (13, '1', 'ann@example.com', '2025-10-03 12:00', '0', 356), (14, NULL, NULL, NULL, '0', 900)) v(n, reference, email, around, within, dealership) ORDER BY n;
SELECT count(*), (array_agg(log_id))[1:2] = ARRAY(SELECT id FROM loopit.ingest_log WHERE dealership_id = 356 ORDER BY received_at DESC, id DESC LIMIT 2) AS newest_first
FROM loopit_find_leads(dealership_id => 356);

-- What became of each.
\ir :fresh
CREATE FUNCTION test.send(reference text, more text, dealership text DEFAULT '356') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', o->>'log_id', o->>'status') FROM loopit_ingest_lead(('{"id": "' || reference || '", "dealership": {"id": ' || dealership || '}, "prospect": {"email": "'
		|| reference || '@example.com"}}')::jsonb || more::jsonb) o $$;
CREATE FUNCTION test.states() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', log_id, lead_reference, state), ', ' ORDER BY log_id) FROM loopit_find_leads() $$;
SELECT test.send('booked', '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'), test.send('plain', '{}'),
	test.send('late', '{"item": {"vin": "LATE1"}}'), test.send('later', '{"prospect": 1}'), test.send('spam', '{"prospect": 2}'), test.send('gone', '{"item": {"vin": "LATE1"}}'),
	test.send('nowhere', '{}', '1000'), test.send('nobody', '{}', 'null'), loopit_ingest_lead(NULL)->>'log_id' AS nothing, loopit_ingest_webhook('')->>'log_id' AS empty,
	loopit_ingest_webhook('{')->>'log_id' AS malformed;
SELECT test.states();
SELECT test.send('later', '{}');
SELECT loopit_dismiss_lead(5, 'spam');
SELECT count(loopit_forget_person(7, 'gone@example.com'));
SELECT test.states() AS then;
-- replayed in vain: still open, and so is the replay; a row that stands alone has been replayed
SELECT count(loopit_replay_lead(n)) FROM unnest('{7,8}'::bigint[]) n;
SELECT test.states() AS then;
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT count(loopit_replay_lead(7));
SELECT test.states() AS then;
-- a conflict; erased after it was dismissed
SELECT test.send('booked', '{"prospect": {"email": "other@example.com"}, "item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}');
SELECT log_id, state FROM loopit_find_leads('booked');
SELECT loopit_dismiss_lead(log_id, NULL) FROM loopit.unresolved_lead WHERE reason = 'booking_conflict';
SELECT log_id, state FROM loopit_find_leads('booked');
SELECT count(loopit_forget_person(7, 'other@example.com'));
SELECT log_id, state FROM loopit_find_leads('booked');
DROP FUNCTION test.send, test.states;

-- A negative span is an error, wherever it is given.
SELECT * FROM loopit_find_leads(around => '2025-10-02 12:00', within => '-1 second');
SELECT * FROM loopit_find_leads(within => '-1 day');
SELECT * FROM loopit_find_leads(lead_reference => '1', within => '1 day -25 hours');
\echo :LAST_ERROR_SQLSTATE
DROP FUNCTION test.deliver, test.found;
\ir :done

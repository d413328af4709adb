-- loopit_payload_drift(): what a sender changed, by samples of two windows of the log.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET extra_float_digits = -10;
SELECT * FROM loopit_payload_drift() \gdesc
-- An empty log has nothing to compare.
SELECT * FROM loopit_payload_drift();

-- Ingests so many leads of a dealership, spread over a time before now.
INSERT INTO loopit.dealership (id, workspace_id) SELECT 1000 + i, 7 FROM generate_series(1, 20) i;
CREATE SEQUENCE test.lead_id;
CREATE FUNCTION test.send(leads int, payload jsonb, before interval DEFAULT '0', days interval DEFAULT '20 hours', dealership int DEFAULT 356)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	ingested jsonb;
BEGIN
	FOR i IN 1 .. leads LOOP
		ingested := loopit_ingest_lead(CASE jsonb_typeof(payload) WHEN 'object' THEN
			jsonb_build_object('id', nextval('test.lead_id'), 'dealership', jsonb_build_object('id', dealership)) || payload ELSE payload END);
		UPDATE loopit.ingest_log l SET received_at = now() - before - days * i / (leads + 1) WHERE l.id = (ingested->>'log_id')::bigint;
	END LOOP;
END $$;
-- The changes, without the times.
CREATE FUNCTION test.drift(since interval DEFAULT '1 day', baseline interval DEFAULT '30 days', sample int DEFAULT 2000,
	OUT dealership bigint, OUT path text, OUT known boolean, OUT change text, OUT code text, OUT before text, OUT now text,
	OUT leads text, OUT dealerships int)
RETURNS SETOF record LANGUAGE sql AS $$
	SELECT dealership_id, path, known, change, code, before, now, before_leads || ' ' || now_leads, dealerships
	FROM loopit_payload_drift(since, baseline, sample)
$$;
-- What a sender sends until it changes it.
CREATE FUNCTION test.usual() RETURNS jsonb LANGUAGE sql AS $$
	SELECT (test.full_lead() - '{id,dealership,updated_at}'::text[])
		|| '{"dealership_name": "A", "website": {"id": 7}, "events": [{"kind": "call"}], "score": 5}'
$$;

-- Nothing is reported for what does not change, or by chance.
SELECT test.send(200, test.usual(), '1 day', '29 days');
SELECT test.send(40, test.usual());
SELECT * FROM test.drift();
SELECT test.send(3, test.usual() || '{"utm": 1}');
SELECT * FROM test.drift();

-- Fifteen changes that a sender may make: each alone shows up.
CREATE FUNCTION test.move(payload jsonb, of text[], target text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT test.put(payload #- of, target, payload #> of)
$$;
CREATE TABLE test.change (n int, what text, payload jsonb);
INSERT INTO test.change SELECT n, what, payload FROM test.usual() AS usual, LATERAL (VALUES
	(1, 'a key is renamed', test.move(usual, '{prospect,mobile_phone}', '{prospect,phone}')),
	(2, 'a key is written in another case', test.move(usual, '{item,vin}', '{item,VIN}')),
	(3, 'a key is gone', usual #- '{prospect,last_name}'),
	(4, 'a value moves to another object', test.move(usual, '{location,location_name}', '{item,location_name}')),
	(5, 'a string instead of a number', test.put(usual, '{score}', '"5"')),
	(6, 'a number instead of a string', test.put(usual, '{additional_details,license_number}', '7654321')),
	(7, 'an object instead of a string', test.put(usual, '{prospect,address,postcode}', '{"value": "2000"}')),
	(8, 'an array instead of an object', test.put(usual, '{prospect,address}', jsonb_build_array(usual #> '{prospect,address}'))),
	(9, 'a string instead of a boolean', test.put(usual, '{prospect,opt_in_to_marketing}', '"true"')),
	(10, 'null instead of a value', test.put(usual, '{prospect,middle_name}', 'null')),
	(11, 'an empty string instead of a value', test.put(usual, '{prospect,middle_name}', '""')),
	(12, 'another form of dates', test.put(usual, '{additional_details,license_expiry}', '"2030-04-03"')),
	(13, 'names instead of abbreviations', test.put(usual, '{prospect,address,state}', '"New South Wales"')),
	(14, 'a new key', usual || '{"campaign": {"name": "Spring", "cost": 5}}'),
	(15, 'elements of an array are of another type', test.put(usual, '{events}', '["call"]')),
	-- and a few more
	(16, 'another object around it all', jsonb_build_object('lead', usual)),
	(17, 'leads in an array', jsonb_build_array(usual)),
	(18, 'an object as a string', test.put(usual, '{prospect,address}', to_jsonb((usual #> '{prospect,address}')::text))),
	(19, 'a word for nothing', test.put(usual, '{additional_details,license_number}', '"N/A"')),
	(20, 'packages of other names', test.put(usual, '{additional_details,subscription_plan}', '"Premium Plus"'))) v(n, what, payload);
CREATE TABLE test.tried AS SELECT NULL::int AS n, * FROM test.drift() LIMIT 0;
-- the usual leads of today are those of the baseline
UPDATE loopit.ingest_log SET received_at = received_at - interval '1 day';
DO $$
DECLARE
	c test.change;
BEGIN
	FOR c IN SELECT * FROM test.change ORDER BY n LOOP
		PERFORM test.send(40, c.payload);
		INSERT INTO test.tried SELECT c.n, * FROM test.drift();
		DELETE FROM loopit.ingest_log l WHERE l.received_at > now() - interval '1 day';
	END LOOP;
END $$;
SELECT n, what FROM test.change WHERE n NOT IN (SELECT n FROM test.tried);
SELECT n, path, known, change, code, before, now FROM test.tried;

-- A change of one dealership is reported as such, and one of all in one row.
SELECT count(test.send(40, test.usual(), '1 day', '29 days', 1000 + i)) FROM generate_series(1, 20) i;
SELECT count(test.send(10, CASE WHEN i = 7 THEN test.usual() #- '{item,vin}' ELSE test.usual() END, dealership => 1000 + i))
FROM generate_series(1, 20) i;
SELECT * FROM test.drift();
SELECT count(test.send(10, test.usual() || '{"campaign": 1}', dealership => 1000 + i)) FROM generate_series(1, 20) i;
SELECT * FROM test.drift();
-- Nine of ten leads of one dealership make the share of all, but not the change.
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(150, test.usual() #- '{prospect,dob}', dealership => 1007);
SELECT count(test.send(3, test.usual(), dealership => 1000 + i)) FROM generate_series(1, 6) i;
SELECT * FROM test.drift();
-- A dealership that is not configured is none by itself.
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(40, test.usual(), dealership => 9999);
SELECT * FROM test.drift();

-- A lead counts once, however often it is delivered, and a replay not at all.
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(40, test.usual() || '{"id": 5, "campaign": 1}');
SELECT test.send(10, test.usual());
SELECT * FROM test.drift();
SELECT count(loopit_replay_lead(id)) FROM loopit.ingest_log WHERE received_at > now() - interval '1 day' AND lead_reference = '5';
SELECT * FROM test.drift();

-- What shows is ASCII and no value, whatever the keys are.
DELETE FROM loopit.ingest_log;
SELECT test.send(60, test.usual(), '1 day', '29 days');
SELECT test.send(40, test.usual() || jsonb_build_object('0412000111', 1, 'john@example.com', 1, '04 12 00 01 11', 1, '2025-10-03', 1,
	repeat('x', 65), 1, '--', 1, '', 1, 'line_2', 1, repeat('y', 64), 1, 'a.b', 1, '[]', 1, '{data}', 1, E'a\tb\x1b[31m', 1, E'stra\u00dfe', 1,
	E'\U0001F600 key', 1, E'\u202egnp', 1, '"quoted"', 1, E'back\\slash', 1, '<script>', 1));
SELECT path, change, before, now FROM test.drift() ORDER BY path COLLATE "C";
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
-- Deep nesting ends, and arrays are one path.
SELECT test.send(40, test.usual() || '{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}, "n": [[[{"m": [1, 2, null]}]], []]}');
SELECT path, change, before, now FROM test.drift();
UPDATE loopit.ingest_log SET received_at = received_at - interval '1 day';
SELECT test.send(40, test.usual() || '{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": "1"}}}}}}}}, "n": [[[{"m": [1, "1", null]}]], []]}');
SELECT path, change, before, now FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(40, test.usual() || '{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}, "n": 1}');
SELECT path, change, before, now FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day' OR payload ? 'a';
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
-- Limits, each with a notice.
SELECT count(test.send(1, test.usual() || (SELECT jsonb_object_agg('zz' || translate((i * 3000 + k)::text, '0123456789', 'abcdefghij'), 1)
	FROM generate_series(1, 1500) k))) FROM generate_series(1, 20) i;
SELECT * FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(10, test.usual() || jsonb_build_object('big', repeat('x', 70000)));
SELECT * FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(40, test.usual() || (SELECT jsonb_object_agg('zz' || translate(k::text, '0123456789', 'abcdefghij'), 1) FROM generate_series(1, 1500) k));
SELECT count(*), bool_and(path LIKE 'zz%' AND change = 'new') FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';
SELECT test.send(40, test.usual() || (SELECT jsonb_object_agg('zz' || translate(k::text, '0123456789', 'abcdefghij'), 1) FROM generate_series(1, 2200) k));
SELECT * FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';

-- Outcomes are the owner's to write: what is none of ours does not count.
SELECT test.send(40, test.usual());
UPDATE loopit.ingest_log SET outcome = (CASE id % 4 WHEN 0 THEN '[]' WHEN 1 THEN '{"issues": {"a": 1}}'
	WHEN 2 THEN '{"issues": [1, {"field": 5, "code": "x"}, {"field": "secret", "code": "0412000111"}, [], {"code": "payload_malformed"}]}'
	ELSE '"text"' END)::jsonb WHERE received_at > now() - interval '1 day';
SELECT * FROM test.drift();
DELETE FROM loopit.ingest_log WHERE received_at > now() - interval '1 day';

-- A row is there exactly if chance makes such a difference less than once in a
-- million times, and the difference is large: Fisher's test, computed in numeric.
CREATE FUNCTION test.combinations(n int, k int) RETURNS numeric LANGUAGE sql AS $$
	SELECT CASE WHEN k BETWEEN 0 AND n THEN factorial(n) / factorial(k) / factorial(n - k) ELSE 0 END
$$;
CREATE FUNCTION test.chance(low int, of_low int, high int, of_high int) RETURNS numeric LANGUAGE sql AS $$
	SELECT 2 * sum(test.combinations(of_high, x) * test.combinations(of_low, low + high - x)) / test.combinations(of_low + of_high, low + high)
	FROM generate_series(high, least(low + high, of_high)) x
$$;
CREATE FUNCTION test.log(leads int, payload jsonb, age interval) RETURNS void LANGUAGE sql AS $$
	INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status, reason, person_action, booking_action, ingested_by, outcome, payload)
	SELECT now() - age, 1, 1, false, 'rejected', 'email_missing', 'skipped', 'skipped', 'x', '{}', payload FROM generate_series(1, leads)
$$;
CREATE TABLE test.judged (before int, of_before int, now int, of_now int, reported boolean, expected boolean);
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT b, ob, n, n_of FROM unnest('{10,60,400}'::int[]) ob, unnest('{3,12,90}'::int[]) n_of,
		LATERAL (SELECT DISTINCT ob * share / 100 FROM unnest('{0,1,5,50,97,100}'::int[]) share) s(b),
		LATERAL (SELECT DISTINCT n_of * share / 100 FROM unnest('{0,4,10,24,60,100}'::int[]) share) t(n) LOOP
		DELETE FROM loopit.ingest_log;
		PERFORM test.log(c.b, '{"k": 1}', '2 days'), test.log(c.ob - c.b, '{}', '2 days'), test.log(c.n, '{"k": 1}', '1 hour'), test.log(c.n_of - c.n, '{}', '1 hour');
		INSERT INTO test.judged SELECT c.b, c.ob, c.n, c.n_of, EXISTS (SELECT FROM test.drift() d WHERE d.path = 'k'),
			greatest(c.b, c.n) >= 3
			AND (abs(c.b::numeric / c.ob - c.n::numeric / c.n_of) >= 0.1 OR greatest(c.b * c.n_of, c.n * c.ob) >= 2 * least(c.b * c.n_of, c.n * c.ob))
			AND 1e-6 > CASE WHEN c.b * c.n_of < c.n * c.ob THEN test.chance(c.b, c.ob, c.n, c.n_of) ELSE test.chance(c.n, c.n_of, c.b, c.ob) END;
	END LOOP;
END $$;
SELECT count(*) > 200 AS many, count(*) FILTER (WHERE reported) > 30 AS some_reported, count(*) FILTER (WHERE NOT reported) > 30 AS some_not FROM test.judged;
SELECT * FROM test.judged WHERE reported IS DISTINCT FROM expected;
DELETE FROM loopit.ingest_log;
SELECT test.send(60, test.usual(), '1 day', '29 days');

-- Arguments; a window of any length is answered.
SELECT test.send(40, test.usual() || '{"campaign": 1}');
SELECT path, change, leads FROM test.drift('1 day', '29 days 23 hours', 100000);
SELECT path, change, leads FROM test.drift('1 day', '100000 years');
SELECT path, change, leads FROM test.drift('100000 years');
SELECT path, change, leads FROM test.drift('0', '1 year');
SELECT path, change FROM test.drift(sample => 30);
SELECT * FROM loopit_payload_drift(since => NULL);
SELECT * FROM loopit_payload_drift(since => '-1 day');
SELECT * FROM loopit_payload_drift(baseline => '-1 day');
SELECT * FROM loopit_payload_drift(sample => 0);
SELECT * FROM loopit_payload_drift(sample => 100001);
SELECT * FROM loopit_payload_drift(sample => NULL);
BEGIN READ ONLY;
SELECT path, change FROM test.drift();
COMMIT;
-- Another owner's session reads nothing by it.
SET ROLE pg_read_all_data;
SELECT * FROM loopit_payload_drift();
RESET ROLE;
\ir :done

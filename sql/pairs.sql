-- Every ordered pair of actions that can meet on the same rows, at once: the
-- second starts while the transaction of the first is open.  What is stored then,
-- and what both were told, is what one of the two serial orders gives.  Under
-- REPEATABLE READ and SERIALIZABLE the second may fail with a serialization
-- failure instead: then it has stored nothing, and is repeated.
--
-- The model is the two serial runs of each pair, which involve no concurrency;
-- one of them is printed first, in short.  A new kind of action takes a row in
-- test.action, and one in test.base if it needs rows that are not there yet.  Then the
-- same again for deliveries of one lead whose person staff have corrected.
\set ECHO none
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS loopit_leads;
DROP SCHEMA IF EXISTS loopit CASCADE;
DROP SCHEMA IF EXISTS test CASCADE;
CREATE EXTENSION loopit_leads;
SET client_min_messages = error;	-- "the tables belong to a superuser"
SELECT count(*) > 0 AS setup FROM loopit_setup() \gset
SET client_min_messages = warning;
CREATE EXTENSION dblink;
CREATE SCHEMA test;
\set ECHO all

-- A payload of lead 5; two in a transaction have different values.
CREATE FUNCTION test.told(outcome jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('; ', outcome->>'status', string_agg(concat_ws(' ', thing, outcome->thing->>'action', outcome->thing->>'reason'), ', '),
		outcome->'issues'->0->>'code')
	FROM unnest(ARRAY['person', 'driver_licence', 'passport', 'booking']) AS thing
	WHERE outcome->thing->>'reason' IS DISTINCT FROM 'not_provided'
$$;
CREATE FUNCTION test.ingest(email text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT test.told(loopit_ingest_lead(jsonb_build_object('id', 5, 'dealership', '{"id": 356}'::jsonb)
		|| more || jsonb_build_object('prospect', jsonb_build_object('email', email) || coalesce(more->'prospect', '{}'))))
$$;

-- What is there before both.
CREATE TABLE test.base (position int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO test.base (statement) VALUES
	($$INSERT INTO loopit.workspace (id, name) VALUES (7, 'A')$$),
	($$INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7)$$),
	($$INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 3, 'Depot')$$),
	($$INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 2, 'Premium')$$),
	($$INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 88, 'V88')$$),
	($$INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position) VALUES (7, 88, 3, 1)$$),
	($$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann"}}')$$);

-- What a session does; its number, 1 or 2, takes the place of $1.
CREATE TABLE test.action (position int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO test.action (name, statement) VALUES
	('new', $$SELECT test.ingest('bob@example.com', '{"prospect": {"first_name": "Bob$1"}}')$$),
	('update', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann$1"}}')$$),
	('redelivery', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann"}}')$$),
	('licence', $$SELECT test.ingest('ann@example.com', '{"additional_details":
		{"license_number": "$1", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}')$$),
	('passport', $$SELECT test.ingest('ann@example.com', '{"additional_details":
		{"passport_number": "$1", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"}}')$$),
	('booking', $$SELECT test.ingest('ann@example.com', '{"item": {"vin": "v88"}, "additional_details": {"subscription_plan": "Premium"}}')$$),
	('archive', $$UPDATE loopit.asset SET archived_at = '2025-01-0$1' RETURNING 'archived'$$),
	('package', $$DELETE FROM loopit.package RETURNING 'deleted'$$),
	('erase', $$SELECT loopit_forget_person(7, 'ann@example.com')::text$$);

-- All that is stored, without ids and times of day; the log without the
-- outcomes, which are compared with what the sessions were told.
CREATE FUNCTION test.state() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
		SELECT concat('person ', to_jsonb(p) - '{id,created_at,updated_at,source_updated_at}'::text[]) FROM loopit.person p
		UNION ALL SELECT concat('document ', to_jsonb(d) - '{id,person_id,created_at,updated_at}'::text[], p.email)
			FROM loopit.identity_document d JOIN loopit.person p ON (p.workspace_id, p.id) = (d.workspace_id, d.person_id)
		UNION ALL SELECT concat('booking ', to_jsonb(b) - '{id,person_id,ingest_log_id,created_at}'::text[], p.email)
			FROM loopit.booking b LEFT JOIN loopit.person p ON (p.workspace_id, p.id) = (b.workspace_id, b.person_id)
		UNION ALL SELECT concat('asset ', to_jsonb(a)) FROM loopit.asset a
		UNION ALL SELECT concat('package ', to_jsonb(k)) FROM loopit.package k
		UNION ALL SELECT concat('log ', to_jsonb(l) - '{id,received_at,first_received_at,replay_of,duration_us,person_id,booking_id,outcome,open,dismissed_at}'::text[], dismissed_at IS NOT NULL) FROM loopit.ingest_log l
		UNION ALL SELECT concat('unresolved ', status, ' ', reason, ' ', email) FROM loopit.unresolved_lead
	) s (line)
$$;

-- The same in short, to be read.
CREATE FUNCTION test.summary() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('; ',
		(SELECT string_agg(concat_ws(' ', split_part(email, '@', 1), first_name, mobile_phone), ', ' ORDER BY email) FROM loopit.person),
		(SELECT string_agg(left(kind, 1) || number, ', ' ORDER BY kind) FROM loopit.identity_document),
		(SELECT count(*) || ' booked' || CASE WHEN bool_or(person_id IS NULL) THEN ' (unlinked)' ELSE '' END FROM loopit.booking HAVING count(*) > 0),
		(SELECT 'archived ' || extract(day FROM archived_at) FROM loopit.asset WHERE archived_at IS NOT NULL),
		CASE WHEN NOT EXISTS (SELECT FROM loopit.package) THEN 'no package' END,
		(SELECT count(*) || ' logged' FROM loopit.ingest_log))
$$;

-- Takes a statement of a session to its end, and returns what it was told.
CREATE FUNCTION test.finish(session text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	BEGIN
		SELECT a INTO answer FROM dblink_get_result(session) AS r (a text);
	EXCEPTION WHEN OTHERS THEN
		answer := 'error ' || SQLSTATE;
	END;
	-- the connection takes the next statement after an empty result
	PERFORM FROM dblink_get_result(session) AS r (a text);
	RETURN coalesce(answer, 'nothing');
END $$;

CREATE FUNCTION test.run(session text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dblink_send_query(session, statement);
	RETURN test.finish(session);
END $$;

CREATE FUNCTION test.statement(action text, number int) RETURNS text LANGUAGE sql AS $$
	SELECT replace(statement, '$1', $2::text) FROM test.action WHERE name = $1
$$;

CREATE FUNCTION test.reset() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	item text;
BEGIN
	FOREACH item IN ARRAY '{booking,identity_document,person,ingest_log,asset_location,asset,package,location,dealership,workspace}'::text[] LOOP
		PERFORM dblink_exec('1', 'DELETE FROM loopit.' || item);
	END LOOP;
	FOR item IN SELECT statement FROM test.base ORDER BY position LOOP
		PERFORM test.run('1', item);
	END LOOP;
END $$;

-- One action after the other, each in a transaction of its own.  (With no
-- second one: the state after the first alone.)
CREATE TABLE test.serial (first text, second text, second_first boolean, told_first text, told_second text, summary text, state text);
CREATE FUNCTION test.run_serially(first text, second text, second_first boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	told_first text;
	told_second text;
BEGIN
	PERFORM test.reset();
	IF second_first THEN
		told_second := test.run('2', test.statement(second, 2));
	END IF;
	IF first IS NOT NULL THEN
		told_first := test.run('1', test.statement(first, 1));
	END IF;
	IF NOT second_first AND second IS NOT NULL THEN
		told_second := test.run('2', test.statement(second, 2));
	END IF;
	INSERT INTO test.serial VALUES (first, second, second_first, told_first, told_second, test.summary(), test.state());
END $$;

-- Both at once.  Returns which serial order the result equals: "1 2" (the first,
-- then the second), "2 1", "=" (both orders give the same), or NEITHER.  "waits"
-- tells that the second waited for the first, "fails, then" that it had a
-- serialization failure and was repeated.  If the first is rolled back, the
-- result is "2": the second alone.
CREATE FUNCTION test.run_at_once(first text, second text, level text, ending text) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	pid int[];
	told text[];
	committed text;
	waited boolean := false;
	found text;
BEGIN
	PERFORM test.reset();
	FOR i IN 1 .. 2 LOOP
		PERFORM dblink_exec(i::text, 'BEGIN ISOLATION LEVEL ' || level);
		pid[i] := test.run(i::text, 'SELECT pg_backend_pid()::text');
	END LOOP;
	told[1] := test.run('1', test.statement($1, 1));
	PERFORM dblink_send_query('2', test.statement($2, 2));
	WHILE dblink_is_busy('2') = 1 AND NOT waited LOOP
		PERFORM pg_sleep(0.0005);
		waited := pid[1] = ANY (pg_blocking_pids(pid[2]));
	END LOOP;
	PERFORM test.run('1', ending);
	told[2] := test.finish('2');
	committed := test.run('2', 'COMMIT');
	IF committed LIKE 'error%' THEN
		told[2] := committed;
	END IF;
	PERFORM test.run('2', 'ROLLBACK');

	IF ending = 'ROLLBACK' THEN
		SELECT '2' INTO found FROM test.serial s
		WHERE s.first IS NULL AND s.second = $2 AND s.told_second = told[2] AND s.state = test.state();
	ELSE
		IF told[2] = 'error 40001' THEN
			SELECT 'fails, then ' INTO found FROM test.serial s WHERE s.first = $1 AND s.second IS NULL AND s.state = test.state();
			told[2] := test.run('2', test.statement($2, 2));
		END IF;
		SELECT concat(found, CASE WHEN count(*) = 2 THEN '=' WHEN bool_or(second_first) THEN '2 1' WHEN count(*) = 1 THEN '1 2' ELSE 'NEITHER' END) INTO found
		FROM test.serial s
		WHERE s.first = $1 AND s.second = $2 AND s.told_first = told[1] AND s.told_second = told[2] AND s.state = test.state();
	END IF;
	RETURN concat(CASE WHEN waited THEN 'waits, ' END, coalesce(found, 'NEITHER'));
END $$;

SELECT dblink_connect(n::text, format('host=%s port=%s dbname=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
	current_setting('port'), current_database())) FROM generate_series(1, 2) n;
\pset footer off

-- The model, as far as the second comes last: what the last was told, and what is
-- stored then.
SELECT count(test.run_serially(a.name, b.name, o)) AS pairs FROM test.action a, test.action b, unnest('{f,t}'::boolean[]) o;
SELECT count(test.run_serially(name, NULL, false)) + count(test.run_serially(NULL, name, false)) AS alone FROM test.action;
SELECT first, second AS then, coalesce(told_second, told_first) AS told, summary FROM test.serial
JOIN test.action a ON a.name = first LEFT JOIN test.action b ON b.name = second
WHERE NOT second_first ORDER BY a.position, b.position NULLS FIRST;

-- At once.
SELECT a.name AS first, b.name AS second,
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'ROLLBACK') AS "first rolls back",
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'COMMIT') AS "read committed",
	test.run_at_once(a.name, b.name, 'REPEATABLE READ', 'COMMIT') AS "repeatable read",
	test.run_at_once(a.name, b.name, 'SERIALIZABLE', 'COMMIT') AS "serializable"
FROM test.action a, test.action b
ORDER BY a.position, b.position;

-- Deliveries of a lead that has a base: the sender has sent Ann, 0411, and staff have
-- made that Staff, 0499.  A value that is as it was sent then is not news.
INSERT INTO test.base (statement) VALUES
	($$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann", "mobile_phone": "0411"}}')$$),
	($$UPDATE loopit.person SET first_name = 'Staff', mobile_phone = '0499' RETURNING 'edited'$$);
DELETE FROM test.action;
DELETE FROM test.serial;
INSERT INTO test.action (name, statement) VALUES
	('same', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann", "mobile_phone": "0411"}}')$$),
	('newer', $$SELECT test.ingest('ann@example.com', '{"updated_at": "2025-01-0$1T00:00:00Z", "prospect": {"first_name": "Ann", "mobile_phone": "0411"}}')$$),
	('name', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann$1", "mobile_phone": "0411"}}')$$),
	('phone', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann", "mobile_phone": "042$1"}}')$$),
	('both', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Bea", "mobile_phone": "0433"}}')$$),
	('other lead', $$SELECT test.ingest('ann@example.com', '{"id": 6, "prospect": {"first_name": "Zoe$1"}}')$$),
	('replay', $$SELECT test.told(loopit_replay_lead((SELECT id FROM loopit.ingest_log ORDER BY received_at OFFSET 1 LIMIT 1)))$$),
	('staff', $$UPDATE loopit.person SET mobile_phone = '0488' || $1 RETURNING 'edited'$$),
	('erase', $$SELECT loopit_forget_person(7, 'ann@example.com')::text$$);
SELECT count(test.run_serially(a.name, b.name, o)) AS pairs FROM test.action a, test.action b, unnest('{f,t}'::boolean[]) o;
SELECT count(test.run_serially(name, NULL, false)) + count(test.run_serially(NULL, name, false)) AS alone FROM test.action;
SELECT first, second AS then, coalesce(told_second, told_first) AS told, summary FROM test.serial
JOIN test.action a ON a.name = first LEFT JOIN test.action b ON b.name = second
WHERE NOT second_first ORDER BY a.position, b.position NULLS FIRST;
SELECT a.name AS first, b.name AS second,
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'ROLLBACK') AS "first rolls back",
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'COMMIT') AS "read committed",
	test.run_at_once(a.name, b.name, 'REPEATABLE READ', 'COMMIT') AS "repeatable read",
	test.run_at_once(a.name, b.name, 'SERIALIZABLE', 'COMMIT') AS "serializable"
FROM test.action a, test.action b
ORDER BY a.position, b.position;

-- What is still open.  The lead has been rejected; two deliveries of it, a replay and
-- a dismissal at once neither hide it nor show it when it is settled, whichever of
-- them saw the other.  (A delivery that finds no vehicle while another one books was
-- received later, and stays open until the next.)
CREATE OR REPLACE FUNCTION test.summary() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('; ', (SELECT 'open: ' || string_agg(reason, ', ' ORDER BY reason COLLATE "C") FROM loopit.unresolved_lead),
		(SELECT count(*) || ' dismissed' FROM loopit.ingest_log WHERE dismissed_at IS NOT NULL HAVING count(*) > 0),
		(SELECT count(*) || ' logged' FROM loopit.ingest_log))
$$;
DELETE FROM test.base WHERE statement LIKE '%0411%' OR statement LIKE '%edited%';
INSERT INTO test.base (statement) VALUES ($$SELECT test.ingest('x')$$);
DELETE FROM test.action;
DELETE FROM test.serial;
INSERT INTO test.action (name, statement) VALUES
	('rejected', $$SELECT test.ingest('y$1')$$),
	('plain', $$SELECT test.ingest('ann@example.com', '{"prospect": {"first_name": "Ann"}}')$$),
	('no vehicle', $$SELECT test.ingest('ann@example.com', '{"item": {"vin": "LATE1"}, "additional_details": {"subscription_plan": "Premium"}}')$$),
	('booking', $$SELECT test.ingest('ann@example.com', '{"item": {"vin": "v88"}, "additional_details": {"subscription_plan": "Premium"}}')$$),
	('conflict', $$SELECT test.ingest('bob@example.com', '{"item": {"vin": "v88"}, "additional_details": {"subscription_plan": "Premium"}}')$$),
	('replay', $$SELECT test.told(loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log WHERE status = 'rejected')))$$),
	('dismiss', $$SELECT 'dismissed' FROM loopit_dismiss_lead((SELECT min(id) FROM loopit.ingest_log WHERE status = 'rejected'), NULL)$$);
SELECT count(test.run_serially(a.name, b.name, o)) AS pairs FROM test.action a, test.action b, unnest('{f,t}'::boolean[]) o;
SELECT count(test.run_serially(name, NULL, false)) + count(test.run_serially(NULL, name, false)) AS alone FROM test.action;
SELECT first, second AS then, coalesce(told_second, told_first) AS told, summary FROM test.serial
JOIN test.action a ON a.name = first LEFT JOIN test.action b ON b.name = second
WHERE NOT second_first ORDER BY a.position, b.position NULLS FIRST;
SELECT a.name AS first, b.name AS second,
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'ROLLBACK') AS "first rolls back",
	test.run_at_once(a.name, b.name, 'READ COMMITTED', 'COMMIT') AS "read committed",
	test.run_at_once(a.name, b.name, 'REPEATABLE READ', 'COMMIT') AS "repeatable read",
	test.run_at_once(a.name, b.name, 'SERIALIZABLE', 'COMMIT') AS "serializable"
FROM test.action a, test.action b
WHERE NOT (a.name IN ('booking', 'conflict') AND b.name = 'no vehicle')
ORDER BY a.position, b.position;

SELECT dblink_disconnect(n::text) FROM generate_series(1, 2) n;
DROP SCHEMA test CASCADE;
DROP EXTENSION dblink;

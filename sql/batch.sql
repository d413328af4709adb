-- Many leads in one statement, in a block that catches errors, in a savepoint.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- One statement: each call sees what the calls before it did, and a bad one
-- among good ones is a row like any.
SELECT n, s.status, s.person, s.licence, s.booking, s.issues FROM (VALUES
	(1, test.lead('{"id": 1, "prospect": {"first_name": "Ann"}}')),
	(2, test.lead('{"id": 2, "prospect": {"last_name": "Cole"}}')),
	(3, NULL), (4, '{"id": 4}'), (5, test.lead('{"id": 5, "prospect": {"email": "x"}}')),
	(6, test.full_lead() || '{"id": 6}'), (7, test.full_lead() || '{"id": 6}'),
	(8, test.put(test.full_lead() || '{"id": 6}', '{item,vin}', '"VIN89"')),
	(9, test.put(test.full_lead() || '{"id": 9}', '{additional_details,license_number}', '"L2"')),
	(10, test.full_lead() || '{"id": 10, "updated_at": "2024-01-01T00:00:00Z"}'),
	(11, test.put(test.full_lead() || '{"id": 6}', '{prospect,email}', '"bob@example.com"')),
	(12, test.put(test.full_lead() || '{"id": 12}', '{dealership,id}', '900'))) v(n, payload),
LATERAL test.short(loopit_ingest_lead(payload)) s
ORDER BY n;
SELECT workspace_id, email, first_name, last_name FROM loopit.person ORDER BY id;
SELECT b.lead_reference, email, asset_id FROM loopit.booking b JOIN loopit.person p ON p.id = person_id ORDER BY b.id;
SELECT status, person_action, booking_action, count(*), count(DISTINCT id) AS ids, bool_and(outcome->>'log_id' = id::text) AS own
FROM loopit.ingest_log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- received_at is the wall clock's time of the call, not the statement's
SELECT count(*) = count(DISTINCT received_at) AS each_its_own, array_agg(id ORDER BY received_at) = array_agg(id ORDER BY id) AS in_order
FROM loopit.ingest_log;

-- From a table, as a bulk load would: 300 leads of 100 persons.
CREATE TABLE test.lead_queue AS SELECT n, test.lead(jsonb_build_object('id', 'bulk' || n, 'item', '{"vin": "VIN91"}'::jsonb,
	'additional_details', '{"subscription_plan": "Premium"}'::jsonb,
	'prospect', jsonb_build_object('email', 'bulk' || n % 100 || '@example.com', 'first_name', 'Name' || n))) AS payload
FROM generate_series(1, 300) n;
SELECT outcome#>>'{person,action}' AS person, outcome#>>'{booking,action}' AS booking, count(*)
FROM (SELECT loopit_ingest_lead(payload) AS outcome FROM test.lead_queue ORDER BY payload#>>'{prospect,email}', n) s
GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) FROM loopit.person WHERE email LIKE 'bulk%';
-- in an UPDATE, in RETURNING
ALTER TABLE test.lead_queue ADD outcome jsonb;
UPDATE test.lead_queue SET outcome = loopit_ingest_lead(payload) WHERE n <= 3;
SELECT outcome#>>'{booking,action}' AS booking, count(*) FROM test.lead_queue WHERE n <= 3 GROUP BY 1;
INSERT INTO test.lead_queue (n, payload) VALUES (301, test.lead('{"id": 301}'))
RETURNING loopit_ingest_lead(payload)#>>'{person,action}' AS person;
DROP TABLE test.lead_queue;

-- In PL/pgSQL: what a caught error rolls back is gone, log row included.
TRUNCATE loopit.ingest_log;
DO $$
DECLARE
	n int;
BEGIN
	FOR n IN 1 .. 4 LOOP
		BEGIN
			PERFORM loopit_ingest_lead(test.lead(jsonb_build_object('id', 'do' || n,
				'prospect', jsonb_build_object('email', 'do' || n || '@example.com'))));
			IF n % 2 = 0 THEN
				RAISE EXCEPTION 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			PERFORM loopit_ingest_lead(test.lead(jsonb_build_object('id', 'instead' || n,
				'prospect', jsonb_build_object('email', 'instead' || n || '@example.com'))));
		END;
	END LOOP;
END $$;
SELECT l.lead_reference, status, p.email FROM loopit.ingest_log l LEFT JOIN loopit.person p ON p.id = l.person_id ORDER BY l.id;
SELECT email FROM loopit.person WHERE email LIKE 'do%' ORDER BY email;

-- A savepoint that is rolled back, and what comes after it.
TRUNCATE loopit.ingest_log;
BEGIN;
SELECT s.person FROM test.short(loopit_ingest_lead(test.lead('{"id": "s1", "prospect": {"email": "s1@example.com"}}'))) s;
SAVEPOINT a;
SELECT s.person, s.booking FROM test.short(loopit_ingest_lead(test.put(test.full_lead() || '{"id": "s2"}', '{prospect,email}', '"s2@example.com"'))) s;
SELECT s.person FROM test.short(loopit_ingest_lead(test.lead('{"id": "s1", "prospect": {"email": "s1@example.com", "first_name": "Eve"}}'))) s;
ROLLBACK TO a;
SELECT lead_reference FROM loopit.ingest_log ORDER BY id;
SELECT s.person, s.booking FROM test.short(loopit_ingest_lead(test.put(test.full_lead() || '{"id": "s2"}', '{prospect,email}', '"s2@example.com"'))) s;
RELEASE a;
COMMIT;
SELECT lead_reference, email, person_action, booking_action FROM loopit.ingest_log ORDER BY id;
SELECT email, first_name FROM loopit.person WHERE email LIKE 's_@%' ORDER BY email;
-- the whole transaction
BEGIN;
SELECT s.person FROM test.short(loopit_ingest_lead(test.lead('{"id": "r", "prospect": {"email": "r@example.com"}}'))) s;
ROLLBACK;
SELECT (SELECT count(*) FROM loopit.person WHERE email = 'r@example.com') + (SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'r') AS left;

-- Under REPEATABLE READ and SERIALIZABLE calls see each other's rows, too.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT n, s.person, s.licence, s.booking, s.issues FROM (VALUES (1, 'VIN91', 'Ann'), (2, 'VIN91', 'Ann'), (3, 'VIN89', 'Anna')) v(n, vin, name),
LATERAL test.short(loopit_ingest_lead(test.put(test.put(test.put(test.full_lead() || '{"id": "rr"}', '{prospect,email}', '"rr@example.com"'),
	'{item,vin}', to_jsonb(vin)), '{prospect,first_name}', to_jsonb(name)))) s
ORDER BY n;
SELECT s.person FROM test.short(loopit_validate_lead(test.lead('{"prospect": {"email": "rr@example.com"}}'))) s;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT s.person, s.booking FROM test.short(loopit_ingest_lead(test.put(test.full_lead() || '{"id": "rr"}', '{prospect,email}', '"rr@example.com"'))) s;
SELECT s.person, s.booking FROM test.short(loopit_ingest_lead(test.put(test.full_lead() || '{"id": "ser"}', '{prospect,email}', '"ser@example.com"'))) s;
COMMIT;
SELECT count(*) FROM loopit.person WHERE email IN ('rr@example.com', 'ser@example.com');
\ir :done

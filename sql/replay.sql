-- loopit_replay_lead(): the payload of a log row again, once the cause is mended.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE FUNCTION test.lead_of(id int, email text, more jsonb DEFAULT '{}', dealership int DEFAULT 356) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT test.lead(more || jsonb_build_object('id', id, 'dealership', jsonb_build_object('id', dealership),
		'prospect', jsonb_build_object('email', email) || coalesce(more->'prospect', '{}')))
$$;
CREATE FUNCTION test.log(after bigint DEFAULT 0,
	OUT id bigint, OUT replay_of bigint, OUT lead text, OUT status text, OUT reason text, OUT person text, OUT booking text,
	OUT issues text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT id, replay_of, lead_reference, status, reason, person_action, concat_ws(' ', booking_action, booking_reason),
		replace(test.issues(outcome), E'\n', ', ')
	FROM loopit.ingest_log WHERE id > after ORDER BY id
$$;
SELECT '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'::jsonb AS books \gset

-- Yesterday's leads: a dealership that nobody configured, a vehicle and a
-- package that nobody loaded; of each two, and one lead that was well.
SELECT count(loopit_ingest_lead(test.lead_of(n, 'p' || n || '@example.com', :'books'::jsonb || more::jsonb, dealership)))
FROM (VALUES (1, 1000, '{}'), (2, 1000, '{}'),
	(3, 356, '{"item": {"vin": "LATE1"}}'), (4, 356, '{"item": {"stock_number": "late 2"}}'),
	(5, 356, '{"additional_details": {"subscription_plan": "Late"}}'),
	(6, 357, '{"additional_details": {"subscription_plan": "Late"}}'), (7, 356, '{}')) v(n, dealership, more);
SELECT reason, count(*) FROM loopit.unresolved_lead GROUP BY 1 ORDER BY 1;
SELECT count(*) AS persons, (SELECT count(*) FROM loopit.booking) AS bookings FROM loopit.person;

-- Before the cause is mended a replay finds what the delivery found.
SELECT o->>'status' AS status, o->>'reason' AS reason, o#>>'{booking,reason}' AS booking
FROM (SELECT * FROM loopit.unresolved_lead ORDER BY lead_reference OFFSET 0) u, LATERAL loopit_replay_lead(log_id) o
WHERE lead_reference IN ('1', '3', '5');
SELECT * FROM test.log(7);
SELECT reason, count(*) FROM loopit.unresolved_lead GROUP BY 1 ORDER BY 1;

-- Late dealership.
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT loopit_replay_lead(log_id)->>'status' AS status FROM loopit.unresolved_lead WHERE reason = 'workspace_not_found';
-- Late vehicles.
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES (7, 100, 'late1', NULL), (7, 101, NULL, 'late 2');
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position) VALUES (7, 100, 2, 1), (7, 101, 3, 1);
SELECT loopit_replay_lead(log_id)->>'status' AS status FROM loopit.unresolved_lead WHERE reason = 'asset_not_found';
-- Late package.
INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 10, 'Late');
SELECT loopit_replay_lead(log_id)->>'status' AS status FROM loopit.unresolved_lead WHERE reason = 'package_not_found';

-- Everybody is rescued; each new row names the one whose payload it took.
SELECT n.lead, n.status, n.person, n.booking, n.issues, o.lead_reference = n.lead AND o.payload = l.payload AS same_payload,
	l.received_at > o.received_at AND l.workspace_id = 7 AND l.email = o.email AND l.ingested_by = current_user AS a_row_like_any,
	coalesce(o.reason, o.booking_reason) AS was
FROM test.log(10) n JOIN loopit.ingest_log l USING (id) JOIN loopit.ingest_log o ON o.id = n.replay_of ORDER BY n.lead;
SELECT count(*) AS unresolved FROM loopit.unresolved_lead;
SELECT b.lead_reference, p.email, asset_id, location_id, package_id, replay_of IS NOT NULL AS by_replay, l.booking_id = b.id AS logged
FROM loopit.booking b JOIN loopit.person p USING (workspace_id) JOIN loopit.ingest_log l ON l.id = b.ingest_log_id
WHERE p.id = b.person_id ORDER BY lead_reference;
-- again: nothing is booked twice, of the first row nor of the replay's
SELECT o#>>'{person,action}' AS person, o#>>'{booking,action}' AS booking, o->'issues' AS issues
FROM generate_series(1, 2), LATERAL loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log WHERE lead_reference = '3')) o;
SELECT o#>>'{person,action}' AS person, o#>>'{booking,action}' AS booking, o->'issues' AS issues
FROM loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log WHERE lead_reference = '3')) o;
SELECT count(*) AS bookings, count(DISTINCT lead_reference) AS leads FROM loopit.booking;
SELECT count(*) AS deliveries, count(replay_of) AS replays, count(DISTINCT replay_of) AS of_rows FROM loopit.ingest_log WHERE lead_reference = '3';
SELECT count(DISTINCT payload) AS payloads FROM loopit.ingest_log WHERE lead_reference = '3';

-- A payload without updated_at counts as of when it was received: what came
-- later stays, and the replay only fills what is still empty.
\ir :fresh
SELECT '{"prospect": {"first_name": "Old", "middle_name": "Gap", "address": {"street": "Old St", "city": "Sydney",
		"state": "NSW", "country": "Australia", "postcode": 1}},
	"additional_details": {"license_number": "OLD1", "license_expiry": "01/01/2030", "license_dob": "01/01/1990",
		"passport_number": "GAP2", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"}}'
	AS old, '{"prospect": {"first_name": "New", "address": {"street": "New St", "city": "Sydney",
		"state": "NSW", "country": "Australia", "postcode": 1}},
	"additional_details": {"license_number": "NEW3", "license_expiry": "01/01/2031", "license_dob": "01/01/1990"}}' AS new \gset
CREATE VIEW test.stored AS
SELECT p.email, first_name, middle_name, street, string_agg(d.number, ' ' ORDER BY d.kind) AS documents
FROM loopit.person p LEFT JOIN loopit.identity_document d ON d.person_id = p.id GROUP BY p.id, 1, 2, 3, 4 ORDER BY 1;
-- 1: a later delivery without updated_at; 2: with one; 3: with one that the
-- sender's clock has after the receipt; 4: nothing came later; 5: what there
-- was came before; 6: stored already when it came, but its booking was not
SELECT count(loopit_ingest_lead(test.lead_of(95, 'p5@example.com', :'new')));
SELECT count(loopit_ingest_lead(test.lead_of(n, 'p' || n || '@example.com', :'old', 1000))) FROM generate_series(1, 5) n;
SELECT booking FROM test.short(loopit_ingest_lead(test.put(test.lead_of(6, 'p6@example.com', :'old'), '{item,vin}', '"LATE1"')));
SELECT count(loopit_ingest_lead(test.lead_of(90 + n, 'p' || n || '@example.com', :'new'::jsonb || more)))
FROM (VALUES (1, '{}'::jsonb), (2, '{"updated_at": "2001-01-01T00:00:00Z"}'),
	(3, jsonb_build_object('updated_at', now() + interval '1 hour'))) v(n, more);
TABLE test.stored;
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT l.lead_reference AS lead, s.* FROM loopit.ingest_log l, LATERAL test.short(loopit_replay_lead(l.id)) s
WHERE l.lead_reference BETWEEN '1' AND '6' ORDER BY l.id;
TABLE test.stored;
-- the same again: there is nothing left to fill
SELECT l.lead_reference AS lead, s.person, s.address, s.licence, s.passport, replace(s.issues, E'\n', ', ') AS issues
FROM loopit.ingest_log l, LATERAL test.short(loopit_replay_lead(l.id)) s
WHERE l.lead_reference IN ('1', '2', '3', '6') ORDER BY l.id;
SELECT * FROM test.stored WHERE email ~ 'p[1236]';

-- A replay of a replay is as old as the delivery itself.
SELECT o->>'reason' AS reason FROM loopit_ingest_lead(test.lead_of(7, 'p7@example.com', :'old', 1001)) o;
SELECT o#>>'{person,action}' AS person FROM loopit_ingest_lead(test.lead_of(97, 'p7@example.com', :'new')) o;
SELECT o->>'reason' AS reason FROM loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log WHERE lead_reference = '7')) o;
INSERT INTO loopit.dealership VALUES (1001, 7);
SELECT person, address, licence, issues
FROM test.short(loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log WHERE lead_reference = '7')));
SELECT * FROM test.stored WHERE email LIKE 'p7%';
-- With updated_at that alone counts, whenever the payload came.
SELECT o->>'reason' AS reason
FROM loopit_ingest_lead(test.lead_of(8, 'p8@example.com', :'old'::jsonb || '{"updated_at": "2025-06-01T00:00:00Z"}', 1002)) o;
SELECT o#>>'{person,action}' AS person
FROM loopit_ingest_lead(test.lead_of(98, 'p8@example.com', :'new'::jsonb || '{"updated_at": "2025-05-01T00:00:00Z"}')) o;
INSERT INTO loopit.dealership VALUES (1002, 7);
SELECT person, address, licence, issues
FROM test.short(loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log WHERE lead_reference = '8')));
SELECT * FROM test.stored WHERE email LIKE 'p8%';

-- Raw bodies: the replay of a repaired one has nothing to repair, a malformed
-- one is rejected again, kept again and linked; both stay as they came.  A body
-- of no bytes cannot be replayed.
\ir :fresh
SELECT test.issues(loopit_ingest_webhook('{"id": 1, "dealership": {"id": 1000}, "prospect": {"email": "ann@example.com"},}')) AS repaired,
	test.issues(loopit_ingest_webhook('{"id": 2, ')) AS malformed, test.issues(loopit_ingest_webhook('')) AS empty,
	test.issues(loopit_ingest_webhook(' [1,] ')) AS no_object, test.issues(loopit_ingest_lead('null')) AS json_null;
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT n, o->>'status' AS status, o->>'reason' AS reason, test.issues(o)
FROM unnest('{1,2,4,5}'::int[]) n, LATERAL loopit_replay_lead(n) o ORDER BY n;
SELECT id, replay_of, status, reason, payload, encode(raw_body, 'escape') AS raw_body FROM loopit.ingest_log ORDER BY id;
-- and once more, of the replay
SELECT o->>'status' AS status, o->>'reason' AS reason, test.issues(o) FROM loopit_replay_lead(7) o;
SELECT id, replay_of, status, reason, payload, encode(raw_body, 'escape') AS raw_body FROM loopit.ingest_log WHERE id > 9;

-- A lead that failed, once the cause of the error is away.
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
SELECT o->>'status' AS status, o->>'reason' AS reason, o->'error' AS error
FROM loopit_ingest_lead(test.lead_of(3, 'bea@example.com', '{"prospect": {"first_name": "Bea"}}')) o;
SELECT o->>'status' AS status, o->>'reason' AS reason FROM loopit_replay_lead(11) o;
ALTER TABLE loopit.person DROP CONSTRAINT no_bea;
SELECT o->>'status' AS status, o#>>'{person,action}' AS person FROM loopit_replay_lead(12) o;
SELECT id, replay_of, status, reason FROM loopit.ingest_log WHERE id > 10 ORDER BY id;

-- What cannot be replayed.
CREATE FUNCTION test.error(log_id bigint, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loopit_replay_lead(log_id);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
SELECT o->>'reason' AS reason FROM loopit_ingest_lead(NULL) o;
SELECT persons, log_rows FROM jsonb_to_record(loopit_forget_person(7, 'bea@example.com')) r(persons int, log_rows int);
SELECT count(*) AS log_rows FROM loopit.ingest_log;
SELECT id, e.* FROM (VALUES (99), (0), (-1), (NULL), (3), (13), (14)) v(id), LATERAL test.error(id) e;
SELECT count(*) AS log_rows FROM loopit.ingest_log;

-- What it reports is in the caller's transaction: it goes with it.
BEGIN;
SELECT o->>'status' AS status FROM loopit_replay_lead(1) o;
ROLLBACK;
SELECT count(*) AS log_rows FROM loopit.ingest_log;
DROP FUNCTION test.lead_of, test.log, test.error;
\ir :done

-- loopit.unresolved_lead and loopit_dismiss_lead().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Ingests a lead of that reference and answers its log id.  What it has:
-- good, or what is wrong with it; + asks for a booking.
CREATE FUNCTION test.deliver(reference text, has text, dealership jsonb DEFAULT '356', email text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	lead jsonb := jsonb_build_object('id', reference, 'dealership', jsonb_build_object('id', dealership),
		'prospect', jsonb_build_object('email', coalesce(email, translate(reference, ' ', '_') || '@example.com')));
BEGIN
	IF has LIKE '%+' THEN
		lead := lead || '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}';
	END IF;
	lead := CASE rtrim(has, '+')
		WHEN 'email' THEN jsonb_set(lead, '{prospect,email}', '"x"')
		WHEN 'dob' THEN jsonb_set(lead, '{prospect,dob}', '"x"')
		WHEN 'vin' THEN jsonb_set(lead, '{item}', '{"vin": "LATE1"}')
		WHEN 'archived' THEN jsonb_set(lead, '{item}', '{"vin": "VIN92"}')
		WHEN 'plan' THEN jsonb_set(lead, '{additional_details}', '{"subscription_plan": "Late"}')
		WHEN 'no plan' THEN lead - 'additional_details'
		WHEN 'no vehicle' THEN lead - 'item'
		WHEN 'nowhere' THEN jsonb_set(lead, '{item}', '{"vin": "VIN93"}')
		WHEN 'error' THEN jsonb_set(lead, '{prospect,first_name}', '"Bea"')
		ELSE lead END;
	RETURN loopit_ingest_lead(lead)->>'log_id';
END $$;
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
CREATE FUNCTION test.unresolved() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', log_id, coalesce(lead_reference, '-'), reason), ', ' ORDER BY log_id)
	FROM loopit.unresolved_lead
$$;
SELECT * FROM loopit.unresolved_lead \gdesc

-- Shown: rejected, failed, no booking though it asked for one.  Not shown:
-- those that asked for none, or got it.
SELECT has, test.deliver(has, has) FROM unnest(ARRAY['good', 'good+', 'email', 'email+', 'dob', 'error', 'error+', 'vin+',
	'archived+', 'plan+', 'no plan+', 'no vehicle+', 'nowhere+']) WITH ORDINALITY u(has, n) ORDER BY n;
SELECT test.deliver('unknown dealership', 'good', '1000');
SELECT log_id, lead_reference, dealership_id, workspace_id, email, status, reason, asked_for_booking,
	(SELECT l.received_at = u.received_at FROM loopit.ingest_log l WHERE l.id = log_id) AS time
FROM loopit.unresolved_lead u ORDER BY log_id;

-- Settled: by a later delivery that is processed, and booked where the
-- earlier one asked for that; by no other.
\ir :fresh
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
SELECT count(test.deliver(first || ' ' || later, first)) AS leads
FROM unnest('{email,error,email+,vin+,error+}'::text[]) first, unnest('{good,good+,vin+,email,email+,error}'::text[]) later;
SELECT lead_reference ~ '^[a-z]*[+] ' AS asked, reason, count(*) FROM loopit.unresolved_lead GROUP BY 1, 2 ORDER BY 1, 2;
CREATE TABLE test.delivery AS
SELECT first, later, log_id, test.deliver(first || ' ' || later, later) AS later_id
FROM (SELECT split_part(lead_reference, ' ', 1) AS first, split_part(lead_reference, ' ', 2) AS later, log_id
	FROM loopit.unresolved_lead ORDER BY log_id) s;
SELECT first, later, coalesce(string_agg(CASE u.log_id WHEN d.log_id THEN 'first' WHEN d.later_id THEN 'later' ELSE '?' END
	|| ' ' || u.reason, ', '), 'settled') AS then, count(u.*) AS rows
FROM test.delivery d LEFT JOIN loopit.unresolved_lead u ON u.lead_reference = d.first || ' ' || d.later
GROUP BY d.log_id, first, later ORDER BY first COLLATE "C", later COLLATE "C";
DROP TABLE test.delivery;

-- received_at decides what is later, not the order of ids; of two at one
-- moment the second.
\ir :fresh
SELECT test.deliver('a', 'good+') AS good, test.deliver('a', 'email') AS bad;
SELECT test.unresolved();
UPDATE loopit.ingest_log SET received_at = (SELECT received_at FROM loopit.ingest_log WHERE id = 2) WHERE id = 1;
SELECT test.unresolved() AS same_moment;
UPDATE loopit.ingest_log SET received_at = received_at + interval '1 microsecond' WHERE id = 1;
SELECT test.unresolved() AS good_is_later;
UPDATE loopit.ingest_log SET received_at = received_at - interval '2 microseconds' WHERE id = 1;
SELECT test.unresolved() AS good_is_earlier;
-- an unchanged booking settles like a new one, and keeps what asks again from being unresolved
SELECT test.deliver('a', 'good+');
SELECT booking_action, test.unresolved() FROM loopit.ingest_log WHERE id = 3;
SELECT test.deliver('a', 'vin+');
SELECT booking_action, test.unresolved() FROM loopit.ingest_log WHERE id = 4;

-- One row a lead, the latest: of one dealership and one reference.
\ir :fresh
SELECT test.deliver('a', 'vin+'), test.deliver('a', 'plan+'), test.deliver('a', 'vin+', '357'), test.deliver('b', 'vin+'),
	test.deliver('a', 'vin+', '900'), test.deliver('a', 'good+', '1000'), test.deliver('a', 'good', '1000');
SELECT test.unresolved();
SELECT test.deliver('a', 'good+'), test.deliver('a', 'good+', '1000');
SELECT test.unresolved();
-- A row without one of the two stands alone: each is shown, and none settles
-- another or is settled by it, but by its own replay.
\ir :fresh
SELECT test.deliver('a', 'good', 'null'), test.deliver('a', 'good+', '"x"'), test.deliver('a', 'good', 'null'),
	test.deliver('a', 'good');
SELECT count(loopit_ingest_webhook(body)) FROM (VALUES ('{'::bytea), ('{'), ('[1,]'), ('5')) v(body);
SELECT test.unresolved();
SELECT o->>'log_id' AS log_id FROM (VALUES (1), (5), (7), (10)) v(n), LATERAL loopit_replay_lead(n) o;
SELECT test.unresolved();
SELECT loopit_dismiss_lead(6, 'spam');
SELECT test.unresolved();

-- Settled by a replay, where that one is processed and booked.
\ir :fresh
SELECT test.deliver('a', 'vin+'), test.deliver('b', 'good', '1000'), test.deliver('c', 'email');
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead;
SELECT count(*), min(log_id) AS the_replays_now FROM loopit.unresolved_lead;
INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 100, 'LATE1');
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position) VALUES (7, 100, 2, 1);
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead WHERE reason IN ('asset_not_found', 'workspace_not_found');
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead WHERE reason IN ('asset_not_found', 'workspace_not_found');
SELECT lead_reference, reason FROM loopit.unresolved_lead;

-- Dismissed: the lead, not the row alone, with time and note; other leads and
-- what is settled stay as they are.
\ir :fresh
SELECT test.deliver('a', 'vin+'), test.deliver('a', 'email'), test.deliver('a', 'good'), test.deliver('b', 'vin+'),
	test.deliver('a', 'vin+', '357'), test.deliver('b', 'good+', '900');
SELECT test.unresolved();
SELECT loopit_dismiss_lead(1, 'mended by hand');
SELECT test.unresolved();
SELECT id, dismissal_note, dismissed_at BETWEEN now() - interval '1 minute' AND clock_timestamp() AS just_now
FROM loopit.ingest_log ORDER BY id;
-- by the later row, without a note, twice
SELECT test.deliver('c', 'vin+'), test.deliver('c', 'plan+');
SELECT loopit_dismiss_lead(log_id, NULL) FROM loopit.unresolved_lead WHERE lead_reference = 'c';
SELECT loopit_dismiss_lead(7, 'too late');
SELECT test.unresolved();
SELECT id, dismissal_note, dismissed_at IS NOT NULL AS dismissed FROM loopit.ingest_log WHERE lead_reference = 'c' ORDER BY id;
-- a new delivery of it that fails comes back, one that does not, does not
SELECT test.deliver('c', 'good');
SELECT test.unresolved();
SELECT test.deliver('c', 'vin+');
SELECT test.unresolved();
SELECT loopit_dismiss_lead(max(id), 'again') FROM loopit.ingest_log;
SELECT test.unresolved();
-- a replay of a dismissed lead is a delivery, too
SELECT count(loopit_replay_lead(7));
SELECT test.unresolved();
-- of a lead that is not in the view nothing is to be taken out
SELECT loopit_dismiss_lead(test.deliver('d', 'good+'), 'good already');
SELECT test.unresolved();
CREATE FUNCTION test.error(log_id bigint, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loopit_dismiss_lead(log_id, 'x');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT e.* FROM (VALUES (999), (NULL)) v(id), LATERAL test.error(id) e;

-- A booking_conflict: a lead with another person, vehicle, location or package
-- than its booking.  A dismissal alone settles it, not a later delivery.
\ir :fresh
SELECT test.deliver('a', 'good+'), test.deliver('b', 'good+'), test.deliver('a', 'good+', '356', 'other@example.com');
SELECT test.unresolved();
SELECT log_id, dealership_id, workspace_id, email, status, reason, asked_for_booking FROM loopit.unresolved_lead;
SELECT test.deliver('a', 'good+'), test.deliver('a', 'good'), test.deliver('b', 'good+');
SELECT test.unresolved() AS still_there;
-- a lead that is on the list for two reasons: one row, and the conflict stays
SELECT test.deliver('a', 'email+');
SELECT test.unresolved() AS failed_since;
SELECT test.deliver('a', 'good+');
SELECT test.unresolved() AS booked_since;
-- that it conflicts again: the latest
SELECT test.deliver('a', 'good+', '356', 'other@example.com'), test.deliver('b', 'good+', '356', 'other@example.com');
SELECT test.unresolved();
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead WHERE reason = 'booking_conflict';
SELECT test.unresolved() AS the_replays_now;
-- one dismissal for all deliveries of the lead
SELECT loopit_dismiss_lead(max(log_id), 'the booking is right') FROM loopit.unresolved_lead WHERE lead_reference = 'a';
SELECT test.unresolved();
SELECT loopit_dismiss_lead(9, 'the first of its conflicts') FROM loopit.unresolved_lead;
SELECT test.unresolved();
SELECT id, lead_reference, dismissal_note FROM loopit.ingest_log WHERE dismissed_at IS NOT NULL ORDER BY id;
SELECT test.deliver('a', 'good+', '356', 'other@example.com');
SELECT test.unresolved() AS again;
-- no booking was asked for, or the look-ups failed: no conflict
SELECT loopit_dismiss_lead(max(id), NULL) FROM loopit.ingest_log;
SELECT test.deliver('a', 'good', '356', 'other@example.com'), test.deliver('a', 'vin+', '356', 'other@example.com');
SELECT test.unresolved();
-- erased: it cannot be replayed
SELECT test.deliver('b', 'good+', '356', 'other@example.com');
SELECT test.unresolved();
SELECT count(loopit_forget_person(7, 'other@example.com'));
SELECT test.unresolved();

-- Erased payloads are left out.
\ir :fresh
SELECT test.deliver('a', 'vin+'), test.deliver('b', 'dob', '356', 'a@example.com'), test.deliver('c', 'good', '1000', 'a@example.com'),
	test.deliver('d', 'vin+');
SELECT count(loopit_ingest_webhook('{"prospect": {"email": "a@example.com"'));
SELECT test.unresolved();
SELECT count(loopit_forget_person(7, 'a@example.com'));
SELECT test.unresolved();
SELECT status, count(*) FROM loopit.ingest_log GROUP BY 1 ORDER BY 1;
-- Column open of the log: set when the row is written, cleared by what settles it;
-- what is open is what the view says.
\ir :fresh
ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
CREATE FUNCTION test.open() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(l.id::text, ' ' ORDER BY l.id), 'none')
		|| CASE WHEN array_agg(l.id ORDER BY l.id) IS NOT DISTINCT FROM (SELECT array_agg(log_id ORDER BY log_id) FROM loopit.open_delivery) THEN '' ELSE ' NOT THE VIEW' END
	FROM loopit.ingest_log l WHERE open
$$;
SELECT n, has, test.deliver(has, has) AS id, test.open() FROM unnest('{good,good+,email,dob+,error,vin+,archived+,no plan+,nowhere+}'::text[]) WITH ORDINALITY u(has, n);
-- what has nothing to replay is not open: no payload, an empty body
SELECT n, o->>'reason' AS reason, test.open() FROM (VALUES (1, loopit_ingest_lead(NULL)), (2, loopit_ingest_webhook(NULL)), (3, loopit_ingest_webhook('')), (4, loopit_ingest_webhook('{'))) v(n, o);
-- each is settled by its next delivery, where that is processed, and booked if asked
\ir :fresh
SELECT first || ' ' || later AS leads, test.deliver(first, first) AS id, test.deliver(first, later) AS later_id, test.open()
FROM (VALUES (1, 'email', 'good'), (2, 'email+', 'good'), (3, 'dob+', 'good+'), (4, 'vin+', 'good'), (5, 'plan+', 'vin+'), (6, 'archived+', 'good+'),
	(7, 'dob', 'vin+')) v(n, first, later) ORDER BY n;
-- of its dealership; an earlier one that asked for a booking stays, one that did not is settled
\ir :fresh
SELECT test.deliver('a', 'email'), test.deliver('a', 'vin+'), test.deliver('a', 'email', '357'), test.deliver('b', 'email'), test.open();
SELECT test.deliver('a', 'good'), test.open() AS without_booking;
SELECT test.deliver('a', 'good+'), test.open() AS with_booking;
-- a conflict stays; a dismissal clears all of its lead, an erasure all of its rows
SELECT test.deliver('a', 'good+', '356', 'other@example.com'), test.open() AS conflict;
SELECT test.deliver('a', 'good+'), test.open() AS no_delivery_settles_it;
SELECT test.deliver('a', 'email'), test.deliver('a', 'good+', '356', 'other@example.com'), test.open();
SELECT loopit_dismiss_lead(min(log_id), 'right') FROM loopit.unresolved_lead WHERE lead_reference = 'a' AND dealership_id = 356;
SELECT test.open() AS dismissed;
SELECT test.deliver('c', 'vin+', '356', 'gone@example.com'), test.deliver('d', 'dob', '356', 'gone@example.com'), test.open();
SELECT loopit_forget_person(7, 'gone@example.com')->'log_rows' AS log_rows;
SELECT test.open() AS erased;
-- a replay settles what it is processed for; of a row that stands alone it takes the place
SELECT test.deliver('x', 'good', 'null') AS x, test.open();
SELECT o->>'log_id' AS log_id, test.open() FROM loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log)) o;
SELECT test.open() AS its_replay;
SELECT count(loopit_replay_lead(log_id)) FROM loopit.unresolved_lead WHERE lead_reference = 'b';
SELECT test.open() AS both;

-- A row whose mark was missed, by two deliveries at once or by hand, is settled all
-- the same; the next delivery of the lead, or a purge, clears the mark.
\ir :fresh
SELECT test.deliver('a', 'email'), test.deliver('a', 'good'), test.deliver('b', 'email'), test.deliver('b', 'good'), test.open();
UPDATE loopit.ingest_log SET open = true WHERE status = 'rejected';
SELECT test.open(), test.unresolved();
SELECT log_id, state FROM loopit_find_leads() ORDER BY 1;
SELECT test.deliver('a', 'good'), test.open();
SELECT loopit_purge_ingest_log('0 seconds', '1 year', 1);
SELECT test.open(), test.unresolved();

-- A trigger that forbids to change the log keeps the mark, and no lead.
CREATE FUNCTION test.forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the log is not changed'; END $$;
SELECT test.deliver('e', 'email');
CREATE TRIGGER forbid BEFORE UPDATE ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.forbid();
SELECT test.deliver('e', 'good');
DROP TRIGGER forbid ON loopit.ingest_log;
SELECT status, open FROM loopit.ingest_log WHERE lead_reference = 'e' ORDER BY id;
SELECT test.unresolved();
DROP FUNCTION test.open, test.forbid;
DROP FUNCTION test.deliver, test.unresolved, test.error;
-- A sender makes up dealerships, so that the average one has few leads: what the view
-- reads of a lead is not what a dealership with many leads has.
BEGIN;
INSERT INTO loopit.ingest_log (received_at, dealership_id, duration_us, payload_version, asked_for_booking, open, status, reason,
	lead_reference, person_action, booking_action, booking_reason, ingested_by, outcome, payload)
SELECT now() + i * interval '1 ms', CASE WHEN i % 4 = 0 THEN 777777 ELSE 1000000 + i END, 300, 1, false, i % 4 = 0, 'rejected', 'email_invalid',
	'made' || i, 'skipped', 'skipped', 'person_skipped', 'hook', '{}', '{}' FROM generate_series(1, 8000) i;
ANALYZE loopit.ingest_log;
SELECT count(*) FROM loopit.unresolved_lead WHERE lead_reference LIKE 'made%';
SELECT sum(idx_tup_fetch + seq_tup_read) < 50000 AS little FROM pg_stat_xact_user_tables
WHERE schemaname = 'loopit' AND relname LIKE 'ingest_log%';
ROLLBACK;

\ir :done

-- loopit_explain_lead(): the story of a lead, each way that it can go, and what
-- is near where nothing is found.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
\pset format unaligned
\pset tuples_only on
SET TimeZone = 'Pacific/Guadalcanal';

-- Delivers a payload of a reference; the log then has it at that time.
CREATE FUNCTION test.at(log_id bigint, received_at text) RETURNS bigint LANGUAGE sql AS $$
	UPDATE loopit.ingest_log SET received_at = at.received_at::timestamptz WHERE id = log_id RETURNING id
$$;
CREATE FUNCTION test.deliver(received_at text, reference text, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
	SELECT test.at((loopit_ingest_lead(test.lead(more || jsonb_build_object('id', reference)))->>'log_id')::bigint, received_at)
$$;
CREATE FUNCTION test.deliver_raw(received_at text, body text) RETURNS bigint LANGUAGE sql AS $$
	SELECT test.at((loopit_ingest_webhook(convert_to(body, 'UTF8'))->>'log_id')::bigint, received_at)
$$;
CREATE FUNCTION test.replay(received_at text, log_id bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT test.at((loopit_replay_lead(log_id)->>'log_id')::bigint, received_at)
$$;
\set booking '{"item": {"vin": "VIN91"}, "additional_details": {"subscription_plan": "Premium"}}'

-- An empty log.
SELECT loopit_explain_lead('1759346');

-- Created.
SELECT test.deliver('2025-11-25 09:00', '1759346', :'booking') AS id;
SELECT loopit_explain_lead('1759346');
-- White space and a # before it are ignored; a redelivery changes nothing.
SELECT test.deliver('2025-11-25 09:05', '1759346', :'booking') AS id;
SELECT loopit_explain_lead(E' #1759346\t');

-- Rejected, then fixed and replayed.
SELECT test.deliver('2025-11-26 00:55:16', '1759349', '{"dealership": {"id": 999}}'::jsonb || :'booking') AS id;
SELECT loopit_explain_lead('1759349');
INSERT INTO loopit.dealership (id, workspace_id) VALUES (999, 7);
SELECT loopit_explain_lead('1759349');
SELECT test.replay('2025-11-26 09:12:40', 3) AS id;
SELECT loopit_explain_lead('1759349');

-- A vehicle that is not there, dismissed with a note.
SELECT test.deliver('2025-11-27 10:00', '20', '{"item": {"vin": "VIN9"}, "additional_details": {"subscription_plan": "Premuim"}}') AS id;
SELECT loopit_explain_lead('20');
SELECT loopit_dismiss_lead(5, E'sold elsewhere\nsee ticket 7');
UPDATE loopit.ingest_log SET dismissed_at = '2025-11-27 11:00' WHERE id = 5;
SELECT loopit_explain_lead('20');

-- A conflict.
SELECT test.deliver('2025-11-28 10:00', '1759346', '{"item": {"vin": "VIN89"}, "additional_details": {"subscription_plan": "Basic"}}') AS id;
SELECT loopit_explain_lead('1759346');

-- Stale, and something left out.
SELECT test.deliver('2025-11-28 11:00', '21', '{"updated_at": "2025-11-02T00:00:00Z", "prospect": {"email": "bea@example.com", "first_name": "Bea"}}') AS id;
SELECT test.deliver('2025-11-28 12:00', '21', '{"updated_at": "2025-11-01T00:00:00Z", "prospect": {"email": "bea@example.com", "first_name": "Bee", "address": {"street": "1 Elm St"}}}') AS id;
SELECT loopit_explain_lead('21');

-- Failed.
CREATE FUNCTION test.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE check_violation USING MESSAGE = 'secret', TABLE = TG_TABLE_NAME, CONSTRAINT = 'no_carl';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON loopit.person FOR EACH ROW WHEN (NEW.email = 'carl@example.com') EXECUTE FUNCTION test.refuse();
SELECT test.deliver('2025-11-28 13:00', '22', '{"prospect": {"email": "carl@example.com"}}') AS id;
SELECT loopit_explain_lead('22');
DROP TRIGGER refuse ON loopit.person;
SELECT test.replay('2025-11-28 14:00', 9) AS id;
SELECT loopit_explain_lead('22');

-- Only the sender can correct it: no e-mail, and no dealership.
SELECT test.deliver('2025-11-28 15:00', '23', '{"prospect": {"email": null}}') AS id;
SELECT loopit_explain_lead('23');
SELECT test.deliver('2025-11-28 15:10', '24', '{"dealership": null}') AS id;
SELECT loopit_explain_lead('24');
SELECT test.deliver('2025-11-28 15:20', '24') AS id;
SELECT loopit_explain_lead('24');

-- A body that could not be read: its reference and e-mail were seen, or were not.
SELECT test.deliver_raw('2025-11-28 16:00', '{"id": 4711, "prospect": {"email": "dora@example.com"}, "item": {"vin": "VIN91}') AS id;
SELECT loopit_explain_lead('4711');
SELECT test.replay('2025-11-28 16:10', 14) AS id;
SELECT loopit_explain_lead(email => 'Dora@example.com ');
SELECT test.deliver_raw('2025-11-28 17:00', '<lead><no>4712345</no><from>emil&#64;example.com</from></lead>') AS id;
SELECT lead_reference, email FROM loopit.ingest_log WHERE id = 16;
SELECT loopit_explain_lead('4712345');
SELECT loopit_explain_lead(email => 'EMIL@example.com');
SELECT loopit_explain_lead('4712345', 'emil@example.com');
SELECT count(*) FROM loopit_explain_lead('4712345', 'fritz@example.com') x WHERE x ~ 'log 16';
SELECT loopit_explain_lead('712345');
-- an empty body
SELECT test.deliver_raw('2025-11-28 17:10', '') AS id;

-- Several leads of one e-mail, newest first; an address in the place of the
-- reference; the dealership alone.
SELECT loopit_explain_lead(email => 'ann@example.com');
SELECT a = e AS same FROM (SELECT string_agg(x, E'\n') FROM loopit_explain_lead('ANN@example.com') x) a(a),
	(SELECT string_agg(x, E'\n') FROM loopit_explain_lead(email => 'ann@example.com') x) e(e);
SELECT test.deliver('2025-11-28 17:20', '25', '{"dealership": {"id": 900}, "prospect": {"email": "fay@example.com"}}') AS id;
SELECT loopit_explain_lead(dealership_id => 900);

-- Two dealerships with the same reference.
SELECT test.deliver('2025-11-28 17:30', '25', '{"dealership": {"id": 357}, "prospect": {"email": "gil@example.com"}}') AS id;
SELECT loopit_explain_lead('25');
SELECT loopit_explain_lead('25', dealership_id => 900);
-- With another address: it is not shown.
SELECT test.deliver('2025-11-28 17:40', '25', '{"dealership": {"id": 357}, "prospect": {"email": "hal@example.com"}}') AS id;
SELECT loopit_explain_lead('25', 'gil@example.com');

-- Erased.
SELECT loopit_forget_person(8, 'fay@example.com')->>'log_rows' AS erased;
SELECT loopit_explain_lead('25', dealership_id => 900);
SELECT loopit_forget_person(7, 'carl@example.com')->>'log_rows' AS erased;
SELECT test.deliver('2025-11-28 18:00', '26', '{"dealership": {"id": 998}, "prospect": {"email": "ida@example.com"}}') AS id;
SELECT loopit_forget_person(7, 'ida@example.com')->>'log_rows' AS erased;
SELECT loopit_explain_lead('26');

-- Without a reference: it is a digest, which may be cut.
SELECT test.at((loopit_ingest_lead('{"dealership": {"id": 356}, "prospect": {"email": "jan@example.com"}}')->>'log_id')::bigint, '2025-11-28 19:00') AS id;
SELECT loopit_explain_lead(email => 'jan@example.com');
SELECT loopit_explain_lead((SELECT left(lead_reference, 20) FROM loopit.ingest_log WHERE email = 'jan@example.com'));

-- Misspelled.
SELECT loopit_explain_lead('#1759347');
SELECT loopit_explain_lead('175934');
SELECT loopit_explain_lead('1795346');
SELECT loopit_explain_lead('91759356');
SELECT loopit_explain_lead(email => 'anne@exmaple.com');
SELECT loopit_explain_lead(email => 'ann@example.con');
SELECT loopit_explain_lead(email => 'somebody.else@example.org');
SELECT loopit_explain_lead('1759346', 'bea@example.com');
SELECT loopit_explain_lead('1759346', dealership_id => 900);
SELECT loopit_explain_lead(dealership_id => 5);

-- Times are the session's; west of Greenwich, and at half an hour.
SET TimeZone = 'America/St_Johns';
SELECT x FROM loopit_explain_lead('26') x LIMIT 2;
SET TimeZone = 'Pacific/Guadalcanal';

-- More than is told.
SELECT count(test.deliver('2025-12-01 10:00', '27', '{"prospect": {"email": "many@example.com"}}')) FROM generate_series(1, 60);
SELECT x FROM loopit_explain_lead('27') x LIMIT 3;
SELECT count(*) FROM loopit_explain_lead('27');
SELECT count(test.deliver('2025-12-01 10:00', (100 + i)::text, '{"prospect": {"email": "many@example.com"}}')) FROM generate_series(1, 20) i;
SELECT x FROM loopit_explain_lead(email => 'many@example.com') WITH ORDINALITY s(x, n) ORDER BY n DESC LIMIT 4;
SELECT count(test.deliver('2025-12-01 10:00', '28', '{"prospect": {"email": "many@example.com"}}')) FROM generate_series(1, 1000) i;
SELECT x FROM loopit_explain_lead(email => 'many@example.com') WITH ORDINALITY s(x, n) ORDER BY n DESC LIMIT 3;

-- Nothing is asked for.
SELECT loopit_explain_lead();
SELECT loopit_explain_lead(' ', E'\t');
\echo :LAST_ERROR_SQLSTATE
-- It writes nothing, and needs no more than SELECT from FROM.
BEGIN READ ONLY;
SELECT count(*) > 3 FROM loopit_explain_lead('1759346');
COMMIT;

-- Values with terminal escapes, line breaks and marks of direction, of a sender
-- and of the tables' owner.
SELECT test.deliver('2025-12-02 10:00', E'9\033[2J\u202e9', jsonb_build_object('prospect', jsonb_build_object('email', E'x\033]0;owned\007\u202e@example.com'))) AS id \gset
SELECT loopit_explain_lead(E'9\033[2J\u202e9');
SELECT loopit_explain_lead(E'9\033[2J\u202e8');
SELECT loopit_explain_lead(email => E'x\033]0;owned\007\u202e@example.con');
SELECT test.deliver('2025-12-02 11:00', '29') AS id \gset
UPDATE loopit.workspace SET name = E'A\033[2J' || chr(8238) || 'B' WHERE id = 7;
UPDATE loopit.ingest_log SET reason = NULL, dismissed_at = received_at + '1 hour', dismissal_note = E'\033[2J\n  Settled.' || chr(8238) || repeat('x', 1000),
	person_action = E'\033[2J\n', booking_action = E'\033[2J' || chr(133), booking_reason = E'\n',
	outcome = jsonb_build_object('address', jsonb_build_object('action', E'\n\033', 'reason', 1), 'passport', '{"action": {}}'::jsonb, 'driver_licence', '[]'::jsonb,
	'issues', jsonb_build_array(1, '"x"'::jsonb, null, '[]'::jsonb, '{}'::jsonb, jsonb_build_object('code', E'\033', 'hint', E'a\nb'),
		jsonb_build_object('message', E'm\033' || chr(8238) || repeat('m', 2000)), '{"code": "too_long"}'::jsonb)) WHERE id = :id;
SELECT loopit_explain_lead('29');
SELECT count(*) AS lines_with_control_characters FROM loopit_explain_lead('29') x WHERE x ~ E'[\u0001-\u001f\u007f-\u009f\u202a-\u202e]';
UPDATE loopit.ingest_log SET outcome = v.o FROM (VALUES ('1'::jsonb), ('[]'), ('{}'), ('{"issues": {}}'), ('{"issues": [[[]]]}')) v(o) WHERE id = :id;
SELECT x FROM loopit_explain_lead('29') x OFFSET 1 LIMIT 1;
UPDATE loopit.ingest_log SET outcome = jsonb_build_object('issues', (SELECT jsonb_agg('{"code": "too_long"}'::jsonb) FROM generate_series(1, 300))) WHERE id = :id;
SELECT count(*) FROM loopit_explain_lead('29') x WHERE x ~ '^      - ';
UPDATE loopit.ingest_log SET outcome = jsonb_build_object('issues', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 5000) i)) WHERE id = :id;
SELECT count(*) FROM loopit_explain_lead('29') x;

-- Columns of another type are refused, not read.
ALTER TABLE loopit.workspace DROP CONSTRAINT workspace_name_trimmed;
ALTER TABLE loopit.workspace ALTER name TYPE bytea USING convert_to(name, 'UTF8');
SELECT loopit_explain_lead('29');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE loopit.workspace ALTER name TYPE text USING 'Dealer ' || id;
DROP VIEW loopit.ingest_audit;
ALTER TABLE loopit.ingest_log ALTER dismissal_note TYPE bytea USING convert_to(dismissal_note, 'UTF8');
SELECT loopit_explain_lead('29');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE loopit.ingest_log ALTER dismissal_note TYPE text USING NULL;
-- and so is a view that the owner has put in the place of ours
CREATE OR REPLACE VIEW loopit.unresolved_lead AS SELECT 1::bigint AS log_id, received_at, dealership_id, workspace_id,
	lead_reference, email, status, reason, asked_for_booking FROM loopit.ingest_log;
SELECT x FROM loopit_explain_lead('29') x;
DROP VIEW loopit.unresolved_lead;
SELECT loopit_explain_lead('29');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW loopit.unresolved_lead AS SELECT '(1,2)'::point AS log_id, ''::text AS reason, 356::bigint AS dealership_id, '29' AS lead_reference;
SELECT loopit_explain_lead('29');
\echo :LAST_ERROR_SQLSTATE
DROP FUNCTION test.at, test.deliver, test.deliver_raw, test.replay;
\pset format aligned
\pset tuples_only off
\ir :done

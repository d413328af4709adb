-- loopit_forget_person(): contract and README, "Erasure".
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET DateStyle = 'ISO';
-- Where a text is found, in any case: in every column of every table.
CREATE FUNCTION test.found(secret text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c record;
	hits bigint;
	result text;
BEGIN
	FOR c IN SELECT table_name, column_name, CASE data_type WHEN 'bytea' THEN format('encode(%I, ''escape'')', column_name)
				ELSE format('%I::text', column_name) END AS text
		FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
		WHERE table_schema = 'loopit' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'ingest_log_%' ORDER BY table_name COLLATE "C", column_name COLLATE "C" LOOP
		EXECUTE format('SELECT count(*) FROM loopit.%I WHERE strpos(lower(%s), lower(%L)) > 0', c.table_name, c.text, secret) INTO hits;
		IF hits > 0 THEN
			result := concat_ws(', ', result, c.table_name || '.' || c.column_name || ' ' || hits);
		END IF;
	END LOOP;
	RETURN result;
END $$;
CREATE TABLE test.secret (n int, secret text);
INSERT INTO test.secret VALUES (1, 'victim@example.com'), (2, 'Zaphod'), (3, 'Quentin'), (4, 'Beeblebrox'), (5, '0499 111 222'), (6, 'Hidden Lane 9'),
	(7, 'LIC-777'), (8, 'CARD-888'), (9, 'PASS-999'), (10, '05/03/1971'), (11, '1971-03-05');
CREATE FUNCTION test.victim(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT test.full_lead() || '{"id": 1}' || jsonb_build_object('prospect', '{"first_name": "Zaphod", "middle_name": "Quentin",
			"last_name": "Beeblebrox", "email": "victim@example.com", "dob": "05/03/1971", "mobile_phone": "0499 111 222",
			"address": {"street": "Hidden Lane 9", "city": "Sydney", "state": "NSW", "country": "Australia", "postcode": "2000"}}'::jsonb
			|| coalesce(more->'prospect', '{}'),
		'additional_details', test.full_lead()->'additional_details' || '{"license_number": "LIC-777", "license_card_number": "CARD-888",
			"passport_number": "PASS-999", "license_dob": "05/03/1971", "passport_dob": "05/03/1971"}') || (more - 'prospect')
$$;

-- The same e-mail address in another workspace, and another person in this
-- one, each with a booking and a repaired body.
SELECT o->>'status' AS status, o#>>'{booking,action}' AS booking, test.issues(o) AS issues FROM (VALUES
	('{"id": 1, "dealership": {"id": 900}, "item": {"vin": "VIN94"}, "additional_details": {"subscription_plan": "Premium"},
		"prospect": {"email": "victim@example.com", "first_name": "Elsewhere",}}'::bytea),
	('{"id": 2, "dealership": {"id": 356}, "item": {"vin": "VIN89"}, "additional_details": {"subscription_plan": "Basic"},
		"prospect": {"email": "ann@example.com", "first_name": "Ann",}}')) v(body), LATERAL loopit_ingest_webhook(body) o;
-- a malformed body of another address, and one that is rejected there
SELECT count(loopit_ingest_webhook('{"prospect": {"email": "bea@example.com"'));
SELECT o->>'reason' AS reason
FROM loopit_ingest_lead('{"id": 3, "dealership": {"id": 900}, "prospect": {"email": "victim@example.com", "dob": "x"}}') o;
SELECT max(id) AS bystanders FROM loopit.ingest_log \gset

-- The victim: processed, again in other letters, replayed, rejected, failed,
-- repaired; of no workspace; malformed, in clear and in any case and encoding.
ALTER TABLE loopit.booking ADD CONSTRAINT fails CHECK (lead_reference <> 'fails');
SELECT o->>'status' AS status, o->>'reason' AS reason, o#>>'{person,id}' AS person, o#>>'{booking,action}' AS booking FROM (VALUES
	(1, test.victim()), (2, test.victim('{"id": 4, "prospect": {"email": " VICTIM@Example.Com\t"}}')), (3, test.victim('{"id": 5, "prospect": {"dob": "31/02/1971"}}')),
	(4, test.victim('{"id": "fails"}')), (5, test.victim('{"dealership": {"id": 1000}}')), (6, test.victim('{"id": 6, "dealership": null}')),
	(7, test.victim('{"id": 7, "item": {"vin": "NONE0"}}'))) v(n, lead), LATERAL loopit_ingest_lead(lead) o ORDER BY n;
SELECT o->>'status' AS status, o->>'reason' AS reason FROM loopit_replay_lead(:bystanders + 1) o;
SELECT o->>'status' AS status, o->>'reason' AS reason FROM (VALUES
	(1, convert_to(rtrim(test.victim()::text, '}') || '}, }', 'UTF8')), (2, convert_to(rtrim(test.victim()::text, '}'), 'UTF8')),
	(3, '{"email": "ViCtIm@eXaMpLe.CoM", "name": "Zaphod \351\000 Beeblebrox"'), (4, 'email=VICTIM@EXAMPLE.COM&phone=0499 111 222')) v(n, body),
LATERAL loopit_ingest_webhook(body) o ORDER BY n;
SELECT count(*) FROM loopit.ingest_log WHERE id > :bystanders;
SELECT loopit_dismiss_lead(:bystanders + 3, 'Zaphod Beeblebrox rang');

CREATE TABLE test.before AS SELECT * FROM loopit.ingest_log;
CREATE TABLE test.other AS
SELECT 'person' AS thing, to_jsonb(p) AS data FROM loopit.person p WHERE (workspace_id, email) <> (7, 'victim@example.com')
UNION ALL SELECT 'booking', to_jsonb(b) FROM loopit.booking b WHERE lead_reference = '2' OR workspace_id = 8
UNION ALL SELECT 'log', to_jsonb(l) FROM loopit.ingest_log l WHERE id <= :bystanders;
SELECT thing, count(*) FROM test.other GROUP BY 1 ORDER BY 1;
SELECT secret, test.found(secret) FROM test.secret ORDER BY n;

-- In a transaction that is rolled back nothing has happened.
BEGIN;
SELECT loopit_forget_person(7, 'victim@example.com');
ROLLBACK;
SELECT count(*) AS persons, (SELECT count(*) FROM test.before b JOIN loopit.ingest_log l USING (id) WHERE l = b) AS log_rows FROM loopit.person;

-- Erased, by the address in any case: the counts, and a second call.
SELECT loopit_forget_person(7, E' Victim@EXAMPLE.com\n');
SELECT loopit_forget_person(7, 'victim@example.com');
-- Of the address only what is the other workspace's is left, of all else nothing.
SELECT secret, test.found(secret) FROM test.secret ORDER BY n;
SELECT 'person' AS "table", workspace_id FROM loopit.person WHERE email = 'victim@example.com'
UNION ALL SELECT 'log', workspace_id FROM loopit.ingest_log
WHERE concat(email, payload, encode(raw_body, 'escape')) ILIKE '%victim@example.com%' ORDER BY 1;
-- The others are as they were.
SELECT o.thing, count(*), count(n.data) AS same FROM test.other o LEFT JOIN (
	SELECT to_jsonb(p) AS data FROM loopit.person p UNION ALL SELECT to_jsonb(b) FROM loopit.booking b
	UNION ALL SELECT to_jsonb(l) FROM loopit.ingest_log l) n USING (data) GROUP BY 1 ORDER BY 1;
-- Bookings are kept, and are nobody's.
SELECT lead_reference, person_id, asset_id, location_id, package_id, ingest_log_id IS NOT NULL AS log_id
FROM loopit.booking WHERE workspace_id = 7 ORDER BY lead_reference;
SELECT count(*) AS documents FROM loopit.identity_document;
-- What can be counted is as it was; what is personal is null.
SELECT l.id - :bystanders AS row, l.status, l.reason, l.booking_action, l.payload, l.raw_body, l.email, l.person_id, l.open, l.outcome#>'{person}' AS person,
	to_jsonb(l) - '{payload,raw_body,email,person_id,dismissal_note,outcome,open}'::text[] = to_jsonb(b)
		- '{payload,raw_body,email,person_id,dismissal_note,outcome,open}'::text[] AND l.outcome #- '{person,id}' = b.outcome #- '{person,id}' AS else_same
FROM loopit.ingest_log l JOIN test.before b USING (id) WHERE id > :bystanders ORDER BY id;
SELECT status, reason, sum(count) FROM loopit.ingest_summary GROUP BY 1, 2 ORDER BY 1, 2;

-- Delivered again, it is a new person, and the booking stays nobody's.
SELECT o#>>'{person,action}' AS person, o#>>'{person,id}' <> (SELECT max(outcome#>>'{person,id}') FROM test.before) AS other_id,
	o#>>'{booking,action}' AS booking, test.issues(o) AS issues FROM loopit_ingest_lead(test.victim()) o;
SELECT count(*) AS bookings, count(person_id) AS of_a_person FROM loopit.booking WHERE workspace_id = 7 AND lead_reference <> '2';
SELECT loopit_forget_person(7, 'victim@example.com');
SELECT loopit_forget_person(8, 'victim@example.com');
SELECT secret, test.found(secret) FROM test.secret WHERE test.found(secret) IS NOT NULL ORDER BY n;

-- Rows of the person's id go, too, where the address has been changed since.
\ir :fresh
SELECT count(loopit_ingest_lead(test.victim()));
UPDATE loopit.person SET email = 'renamed@example.com';
SELECT count(loopit_ingest_lead(test.victim('{"id": 2, "prospect": {"email": "renamed@example.com"}}')));
SELECT loopit_forget_person(7, 'renamed@example.com');
SELECT secret, test.found(secret) FROM test.secret WHERE test.found(secret) IS NOT NULL ORDER BY n;
-- Where there is no person there may be rows of the log.
SELECT count(loopit_ingest_lead(test.victim('{"dealership": {"id": 1000}}'))), count(loopit_ingest_lead(test.victim('{"prospect": {"dob": "x"}}')));
SELECT loopit_forget_person(8, 'victim@example.com');
SELECT loopit_forget_person(7, 'victim@example.com');
SELECT loopit_forget_person(7, 'nobody@example.com');
SELECT secret, test.found(secret) FROM test.secret WHERE test.found(secret) IS NOT NULL ORDER BY n;

-- A longer address is another's; what could not be read is searched for the
-- address wherever it stands.
SELECT coalesce(max(id), 0) AS known FROM loopit.ingest_log \gset
SELECT count(*) FROM unnest(ARRAY[
	'{"id": 71, "dealership": {"id": 356}, "prospect": {"email": "joann@example.com"},}',
	'{"id": 72, "x": "to joann@example.com or ann@example.com.au',
	'{"id": 73, "x": "mail\nann@example.com.',
	'{"id": 74, "x": "<ANN@example.com>',
	'[{"prospect": {"email": "ann@example.com"}}]',
	'{"id": 76, "dealership": {"id": 356}, "prospect": {"email": ["ann@example.com"]}}',
	'{"id": 77, "dealership": {"id": 356}, "prospect": {"email": "Ann <ann@example.com>"}}',
	'{"id": 78, "dealership": {"id": 356}, "prospect": {"email": "eve@example.com"}, "x": "ann@example.com"}']) body,
	loopit_ingest_webhook(convert_to(body, 'UTF8'));
SELECT loopit_forget_person(7, 'ann@example.com')->'log_rows' AS log_rows;
SELECT id - :known AS row, status, reason, num_nonnulls(payload, raw_body) = 0 AS erased
FROM loopit.ingest_log WHERE id > :known ORDER BY 1;

-- A row of which only the e-mail is kept, of the workspace, of none, of another.
SELECT coalesce(max(id), 0) AS known FROM loopit.ingest_log \gset
SELECT count(loopit_ingest_lead(test.lead('{"dealership": {"id": 1000}}'))) FROM generate_series(1, 3);
UPDATE loopit.ingest_log SET payload = NULL, workspace_id = CASE id - :known WHEN 1 THEN 7 WHEN 3 THEN 8 END WHERE id > :known;
SELECT loopit_forget_person(7, 'ann@example.com')->'log_rows' AS log_rows;
SELECT workspace_id, email FROM loopit.ingest_log WHERE id > :known ORDER BY id;

-- What is refused.
CREATE FUNCTION test.error(workspace_id bigint, email text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loopit_forget_person(workspace_id, email);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT workspace_id, v.email, e.* FROM (VALUES (1, NULL, 'ann@example.com'), (2, 7, NULL), (3, NULL, NULL), (4, 7, ''), (5, 7, ' '), (6, 7, 'ann'),
	(7, 7, '@example.com')) v(n, workspace_id, email), LATERAL test.error(workspace_id, v.email) e ORDER BY n;
DROP TABLE test.secret, test.before, test.other;
DROP FUNCTION test.found, test.victim, test.error;
\ir :done

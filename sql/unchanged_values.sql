-- What the sender has not changed takes nothing back: a delivery that would
-- change what is stored is compared with the newest earlier delivery of its lead,
-- its base.  A value that is the same in both only fills what is empty.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
\pset format unaligned
\pset fieldsep ' | '
\pset footer off

-- What is stored, in short.
CREATE FUNCTION test.stored() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat_ws(' ', first_name, coalesce(mobile_phone, '-'), coalesce(marketing_opt_in::text, '-'), street,
		(SELECT string_agg(concat_ws('/', number, card_number, to_char(expires_on, 'YYYY')), ' ' ORDER BY kind)
			FROM loopit.identity_document d WHERE d.person_id = p.id)), '; ' ORDER BY email), 'nobody')
	FROM loopit.person p
$$;
-- How often this transaction has read the log by lead reference.
CREATE FUNCTION test.reads() RETURNS bigint LANGUAGE sql AS $$
	SELECT pg_stat_get_xact_numscans('loopit.ingest_log_lead_reference_idx'::regclass) + pg_stat_get_xact_numscans('loopit.ingest_log'::regclass)
$$;
CREATE FUNCTION test.things(outcome jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', CASE WHEN s.status <> 'processed' THEN s.status ELSE s.person END, nullif(s.address, 'skipped not_provided'), nullif(s.licence, 'skipped not_provided'),
		nullif(s.passport, 'skipped not_provided'), 'booking ' || nullif(s.booking, 'skipped not_provided'), '(' || replace(s.issues, E'\n', ', ') || ')')
	FROM test.short(outcome) s
$$;
-- Ingests or replays, and says what that did, what is stored then, whether the
-- base was read, and whether a dry run before it said another thing.
CREATE FUNCTION test.send(payload jsonb, replay bigint DEFAULT NULL, OUT things text, OUT base text, OUT stored text) LANGUAGE plpgsql AS $$
DECLARE
	dry text := CASE WHEN replay IS NULL THEN test.things(loopit_validate_lead(payload)) END;
	reads bigint;
BEGIN
	-- what a replay settles is found by the same index
	UPDATE loopit.ingest_log SET open = false WHERE open AND replay IS NOT NULL;
	reads := test.reads();
	things := test.things(CASE WHEN replay IS NULL THEN loopit_ingest_lead(payload) ELSE loopit_replay_lead(replay) END);
	base := CASE test.reads() - reads WHEN 0 THEN '-' ELSE 'read' END;
	stored := test.stored();
	IF dry <> things THEN
		things := things || ' DRY RUN ' || dry;
	END IF;
END $$;
CREATE FUNCTION test.replay(log_id bigint, OUT things text, OUT base text, OUT stored text) LANGUAGE sql AS $$
	SELECT * FROM test.send(NULL, $1)
$$;
-- Staff's correction, which loopit.person.updated_at does not tell.
CREATE FUNCTION test.staff() RETURNS text LANGUAGE sql AS $$
	UPDATE loopit.person SET first_name = 'Staff', mobile_phone = '0499', marketing_opt_in = false,
		street = CASE WHEN street IS NOT NULL THEN 'Staff St' END;
	UPDATE loopit.identity_document SET expires_on = '2099-01-01';
	SELECT test.stored()
$$;
-- A clean start: nobody, and an empty log with ids from 1.
CREATE FUNCTION test.clean() RETURNS void LANGUAGE sql AS $$
	DELETE FROM loopit.booking; DELETE FROM loopit.identity_document; DELETE FROM loopit.person; DELETE FROM loopit.ingest_log;
	ALTER TABLE loopit.ingest_log ALTER id RESTART;
$$;
-- A payload in short: its parts beside lead and person, and the prospect's.
CREATE FUNCTION test.form(more jsonb DEFAULT '{}', prospect jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT test.lead(more || jsonb_build_object('prospect', '{"first_name": "Ann", "mobile_phone": "0411", "opt_in_to_marketing": true}'::jsonb || prospect))
$$;
CREATE FUNCTION test.licence(expiry int, card text DEFAULT NULL, number text DEFAULT 'L1') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('additional_details', jsonb_strip_nulls(jsonb_build_object('license_number', number, 'license_expiry', '01/02/' || expiry,
		'license_dob', '01/02/1990', 'license_card_number', card)))
$$;

-- Staff's corrections stay: the same webhook again, a replay, the same form with a
-- newer updated_at, which alone is stored.
SELECT * FROM test.send(test.full_lead());
SELECT test.staff();
SELECT * FROM test.send(test.full_lead());
SELECT * FROM test.replay(1);
SELECT source_updated_at AT TIME ZONE 'UTC' AS source, updated_at FROM loopit.person \gset before_
SELECT * FROM test.send(test.put(test.full_lead(), '{updated_at}', '"2025-11-01T00:00:00Z"'));
SELECT :'before_source' AS before, source_updated_at AT TIME ZONE 'UTC' AS source, updated_at = :'before_updated_at' AS same FROM loopit.person;
SELECT things, base FROM test.send(test.put(test.full_lead(), '{updated_at}', NULL));
-- Through the raw body too.
SELECT test.things(loopit_ingest_webhook(convert_to(test.put(test.full_lead(), '{updated_at}', '"2025-11-01T00:00:00Z"')::text, 'UTF8'))), test.stored();

-- A field that the sender did change wins, and no other; then that is the base.
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"2025-11-02T00:00:00Z"'), '{prospect,mobile_phone}', '"0422"'));
SELECT test.staff();
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"2025-11-03T00:00:00Z"'), '{prospect,mobile_phone}', '"0422"'));
-- Back to what it once was is a change as well.
SELECT * FROM test.send(test.put(test.full_lead(), '{updated_at}', '"2025-11-04T00:00:00Z"'));
-- A field that the base does not have has changed, also if it is the one before that had it.
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"2025-11-05T00:00:00Z"'), '{prospect,opt_in_to_marketing}', NULL));
SELECT * FROM test.send(test.put(test.full_lead(), '{updated_at}', '"2025-11-06T00:00:00Z"'));
-- In what form it is sent makes no difference: what the reader makes of it counts.
SELECT test.staff();
SELECT * FROM test.send(test.put(test.put(test.put(test.full_lead(), '{updated_at}', '"2025-11-07T00:00:00Z"'), '{prospect,opt_in_to_marketing}', '"Yes"'),
	'{prospect,first_name}', '"  Ann\u200b"'));

-- What staff emptied is filled again, the same value or another.
UPDATE loopit.person SET mobile_phone = NULL, street = NULL, city = NULL, state = NULL, postcode = NULL, country = NULL;
DELETE FROM loopit.identity_document WHERE kind = 'passport';
SELECT * FROM test.send(test.put(test.full_lead(), '{updated_at}', '"2025-11-08T00:00:00Z"'));
-- An opt-out that is stored is not empty; a value that is the same as what is stored changes nothing, so no base is read.
SELECT * FROM test.send(test.put(test.lead(), '{prospect,opt_in_to_marketing}', 'false'));
SELECT * FROM test.send(test.lead());

-- One field after the other: of the person's own it alone is stored, of the
-- others their whole.
CREATE FUNCTION test.columns() RETURNS jsonb LANGUAGE sql AS $$
	SELECT to_jsonb(p) - '{id,created_at,updated_at,source_updated_at}'::text[] || (
		SELECT jsonb_object_agg(left(d.kind, 1) || ' ' || e.key, e.value)
		FROM loopit.identity_document d, jsonb_each(to_jsonb(d) - '{created_at,updated_at}'::text[]) e WHERE d.person_id = p.id)
	FROM loopit.person p
$$;
CREATE FUNCTION test.changed(path text[], value jsonb, OUT changed text) LANGUAGE plpgsql AS $$
DECLARE
	before jsonb;
BEGIN
	PERFORM test.clean();
	PERFORM loopit_ingest_lead(test.full_lead());
	UPDATE loopit.person SET first_name = 's', middle_name = 's', last_name = 's', date_of_birth = '1950-01-01', mobile_phone = 's',
		marketing_opt_in = NOT marketing_opt_in, street = 's', city = 's', state = 's', postcode = 's', country = 's';
	UPDATE loopit.identity_document SET number = 's1', card_number = CASE kind WHEN 'driver_licence' THEN 's' END,
		issuing_state = CASE kind WHEN 'driver_licence' THEN 'S' END, issuing_country = CASE kind WHEN 'passport' THEN 'NZ' END,
		date_of_birth = '1950-01-01', expires_on = '1950-01-01';
	IF loopit_ingest_lead(test.full_lead()) #>> '{person,action}' <> 'unchanged' THEN
		RAISE 'a redelivery took something back';
	END IF;
	before := test.columns();
	PERFORM loopit_ingest_lead(test.put(test.full_lead(), path, value));
	SELECT string_agg(e.key, ', ' ORDER BY e.key) FROM jsonb_each(test.columns()) e WHERE before->e.key <> e.value INTO changed;
END $$;
SELECT array_to_string(path, '.') AS path, test.changed(path, value::jsonb) FROM (VALUES
	('{comments}'::text[], '"x"'), ('{prospect,first_name}', '"x"'), ('{prospect,middle_name}', '"x"'), ('{prospect,last_name}', '"x"'), ('{prospect,dob}', '"01/01/1999"'),
	('{prospect,mobile_phone}', '"x"'), ('{prospect,opt_in_to_marketing}', 'false'), ('{prospect,opt_in_to_marketing}', 'null'),
	('{prospect,address,street}', '"x"'), ('{prospect,address,city}', '"x"'), ('{prospect,address,state}', '"VIC"'), ('{prospect,address,country}', '"x"'),
	('{prospect,address,postcode}', '1'), ('{prospect,address,postcode}', '2000'),
	('{additional_details,license_number}', '"x1"'), ('{additional_details,license_number}', '" l 1"'), ('{additional_details,license_expiry}', '"01/01/2029"'),
	('{additional_details,license_dob}', '"01/01/1999"'), ('{additional_details,license_card_number}', '"x"'), ('{additional_details,license_state}', '"x"'),
	('{additional_details,license_state}', '"nsw"'), ('{additional_details,passport_number}', '"x1"'), ('{additional_details,passport_number}', '"P-1"'),
	('{additional_details,passport_expiry}', '"01/01/2029"'), ('{additional_details,passport_dob}', '"01/01/1999"'), ('{additional_details,passport_country}', '"fr"'),
	('{additional_details,passport_country}', '"Australia"')) v(path, value);
DROP FUNCTION test.columns, test.changed;

-- The address and each document are compared as wholes: one changed part, and
-- all of it is stored.
SELECT test.clean();
SELECT * FROM test.send(test.full_lead());
SELECT test.staff();
SELECT * FROM test.send(test.put(test.full_lead(), '{prospect,address,postcode}', '2001'));
SELECT street, postcode FROM loopit.person;
SELECT test.staff();
SELECT * FROM test.send(test.put(test.full_lead(), '{prospect,address,postcode}', '"2001"'));
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{prospect,address,postcode}', '"2001"'), '{additional_details,license_card_number}', '"C2"'));
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{prospect,address,postcode}', '"2001"'), '{additional_details,license_card_number}', NULL));
SELECT test.staff();
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{prospect,address,postcode}', '"2001"'), '{additional_details,license_card_number}', NULL));
-- An incomplete one says nothing, so there is nothing to take back.
SELECT things FROM test.send(test.put(test.put(test.full_lead(), '{prospect,address,postcode}', NULL), '{additional_details,license_expiry}', '"x"'));
SELECT * FROM test.send(test.put(test.full_lead(), '{prospect,address,postcode}', '"2001"'));

-- The number of a document is the same in another form.
SELECT test.clean();
SELECT * FROM test.send(test.form(test.licence(2030, NULL, '12345678')));
UPDATE loopit.identity_document SET number = '77';
SELECT n, s.* FROM unnest('{12 345 678,12-345-678,012345678,12.34/5678}'::text[]) n, test.send(test.form(test.licence(2030, NULL, n))) s;
SELECT * FROM test.send(test.put(test.form(test.licence(2030)), '{additional_details,license_number}', '12345678'));
SELECT * FROM test.send(test.form(test.licence(2030, NULL, '12345679')));

-- Lead 1, lead 2 of the same person, and lead 1 again, because its status changed.
SELECT test.clean();
SELECT * FROM test.send(test.form('{"id": 1, "updated_at": "2025-01-01T00:00:00Z"}'::jsonb || test.licence(2025, '1111')));
SELECT * FROM test.send(test.form('{"id": 2, "updated_at": "2025-02-01T00:00:00Z"}'::jsonb || test.licence(2030, '2222')));
SELECT * FROM test.send(test.form('{"id": 1, "updated_at": "2025-03-01T00:00:00Z", "status": "won"}'::jsonb || test.licence(2025, '1111')));
SELECT * FROM test.send(test.form('{"id": 1, "updated_at": "2025-04-01T00:00:00Z"}'::jsonb || test.licence(2031, '1111')));

-- The documented rescue: the vehicle is loaded later, and the lead is replayed;
-- with updated_at and without it.
SELECT test.clean();
SELECT '{"item": {"vin": "LATE1"}, "additional_details": {"subscription_plan": "Premium"}}'::jsonb AS late \gset
SELECT * FROM test.send(test.form('{"id": 1, "updated_at": "2025-01-01T00:00:00Z"}'::jsonb || :'late'));
SELECT * FROM test.send(test.form('{"id": 2}'::jsonb || :'late'));
SELECT test.staff();
INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 100, 'LATE1');
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position) VALUES (7, 100, 2, 1);
SELECT s.* FROM loopit.unresolved_lead, test.replay(log_id) s WHERE reason = 'asset_not_found' ORDER BY log_id;
SELECT lead_reference, asset_id FROM loopit.booking ORDER BY 1;

-- What is a base: the newest of the lead's rows that were processed, not stale,
-- and have their payload, of the same workspace and person.
CREATE FUNCTION test.base_is(what text, VARIADIC statements text[], OUT things text, OUT base text, OUT stored text) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
BEGIN
	PERFORM test.clean();
	PERFORM loopit_ingest_lead(test.form('{"updated_at": "2025-01-01T00:00:00Z"}'));
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE statement;
	END LOOP;
	PERFORM test.staff();
	SELECT * FROM test.send(test.form('{"updated_at": "2025-06-01T00:00:00Z"}')) INTO things, base, stored;
END $$;
SELECT v.n, v.base_is, s.things, s.base, s.stored FROM (VALUES
	(1, 'the delivery before', '{}'::text[]),
	(2, 'purged: none', '{"DELETE FROM loopit.ingest_log"}'),
	(3, 'erased: none', '{"UPDATE loopit.ingest_log SET payload = NULL"}'),
	(4, 'of another workspace', '{"UPDATE loopit.ingest_log SET workspace_id = 8"}'),
	(5, 'of another person', '{"UPDATE loopit.ingest_log SET person_id = person_id + 1"}'),
	(6, 'of nobody', '{"UPDATE loopit.ingest_log SET person_id = NULL"}'),
	(7, 'of another lead', '{"UPDATE loopit.ingest_log SET lead_reference = ''11''"}'),
	(8, 'status failed', '{"UPDATE loopit.ingest_log SET status = ''failed'', reason = ''database_error''"}'),
	(9, 'not the newest', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"first_name\": \"Bea\", \"mobile_phone\": \"0433\"}'))"}$$),
	(10, 'the newest was rejected', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"dob\": \"x\", \"first_name\": \"Bea\"}'))"}$$),
	(11, 'the newest was stale', $${"SELECT loopit_ingest_lead(test.form('{\"updated_at\": \"2024-01-01T00:00:00Z\"}', '{\"first_name\": \"Bea\"}'))"}$$),
	(12, 'the newest failed', $${"ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea')",
		"SELECT loopit_ingest_lead(test.form('{}', '{\"first_name\": \"Bea\"}'))", "ALTER TABLE loopit.person DROP CONSTRAINT no_bea"}$$),
	(13, 'the newest is of another person', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"email\": \"bea@example.com\", \"first_name\": \"Bea\"}'))",
		"DELETE FROM loopit.person WHERE email LIKE 'bea%'"}$$),
	(14, 'the newest is of another workspace', $${"SELECT loopit_ingest_lead(test.form('{\"dealership\": {\"id\": 900}}', '{\"first_name\": \"Bea\"}'))",
		"DELETE FROM loopit.person WHERE workspace_id = 8"}$$),
	(15, 'the newest was another lead', $${"SELECT loopit_ingest_lead(test.form('{\"id\": 10}', '{\"first_name\": \"Bea\"}'))"}$$),
	(16, 'the newest was erased', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"first_name\": \"Bea\"}'))", "UPDATE loopit.ingest_log SET payload = NULL WHERE id = 2"}$$),
	(17, 'received at once: the last', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"first_name\": \"Bea\"}'))",
		"UPDATE loopit.ingest_log SET received_at = '2025-01-01'"}$$),
	(18, 'the newest changed nothing', $${"SELECT loopit_ingest_lead(test.form('{}', '{\"first_name\": null, \"mobile_phone\": \"\"}'))"}$$)
) v(n, base_is, statements), LATERAL (SELECT s.things, s.base, s.stored FROM test.base_is(v.base_is, VARIADIC v.statements) s) s ORDER BY n;

-- An erased person who comes again is new, and that delivery is the base from then on.
SELECT test.clean();
SELECT * FROM test.send(test.form());
SELECT loopit_forget_person(7, 'ann@example.com')->'persons' AS persons;
SELECT * FROM test.send(test.form());
SELECT test.staff();
SELECT * FROM test.send(test.form());

-- A lead without id is recognised by its digest, so its redelivery has a base.
SELECT test.clean();
SELECT things, stored FROM test.send(test.form() - 'id');
SELECT test.staff();
SELECT * FROM test.send(test.form() - 'id');

-- Several deliveries in one statement: each is the base of the next.
SELECT test.clean();
SELECT n, v.first_name, s.things, s.stored FROM (VALUES (1, 'Ann'), (2, 'Bea'), (3, 'Bea'), (4, 'Ann')) v(n, first_name),
	LATERAL test.send(test.form('{}', jsonb_build_object('first_name', v.first_name))) s ORDER BY n;
SELECT test.staff();
SELECT count(loopit_ingest_lead(test.form('{}', '{"first_name": "Ann"}'))) FROM generate_series(1, 3);
SELECT test.stored();

-- The base is read only where something stored would change.
SELECT test.clean();
SELECT 'the first' AS delivery, base FROM test.send(test.full_lead())
UNION ALL SELECT 'a redelivery', base FROM test.send(test.full_lead())
UNION ALL SELECT 'newer alone', base FROM test.send(test.put(test.full_lead(), '{updated_at}', '"2025-11-01T00:00:00Z"'))
UNION ALL SELECT 'another person', base FROM test.send(test.form('{"id": 2}', '{"email": "bea@example.com"}'))
UNION ALL SELECT 'fills', base FROM test.send(test.form('{"id": 2}', '{"email": "bea@example.com", "last_name": "Cole"}'))
UNION ALL SELECT 'stale', base FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"2024-01-01T00:00:00Z"'), '{prospect,first_name}', '"Eve"'))
UNION ALL SELECT 'rejected', base FROM test.send(test.put(test.full_lead(), '{prospect,dob}', '"x"'))
UNION ALL SELECT 'a new lead of the person', base FROM test.send(test.put(test.full_lead() - 'updated_at', '{id}', '3'))
UNION ALL SELECT 'a new lead that changes it', base FROM test.send(test.put(test.put(test.full_lead() - 'updated_at', '{id}', '4'), '{prospect,first_name}', '"Eve"'));

-- A replay that is not newer than the person only fills what is empty, also
-- without a base: by its updated_at, else by when it was received.
CREATE FUNCTION test.replayed(at text, source text, updated text, OUT things text, OUT base text, OUT stored text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.clean();
	-- rejected first: no base
	PERFORM loopit_ingest_lead(test.form('{"dealership": {"id": 1000}}'::jsonb || jsonb_strip_nulls(jsonb_build_object('updated_at', at))));
	UPDATE loopit.ingest_log SET received_at = '2025-05-01 00:00+00';
	INSERT INTO loopit.person (workspace_id, email, first_name, marketing_opt_in, source_updated_at, created_at, updated_at)
		VALUES (7, 'ann@example.com', 'Staff', false, source::timestamptz, '2020-01-01', updated::timestamptz);
	INSERT INTO loopit.dealership VALUES (1000, 7);
	SELECT * FROM test.replay(1) INTO things, base, stored;
	DELETE FROM loopit.dealership WHERE id = 1000;
END $$;
SELECT v.*, s.* FROM (VALUES
	(1, '2025-02-01T00:00:00Z', '2025-01-31 23:59:59.999999+00', '2025-12-01 00:00+00'),
	(2, '2025-02-01T00:00:00Z', '2025-02-01 00:00+00', '2020-01-01'),
	(3, '2025-02-01T00:00:00Z', '2025-02-01 00:00:00.000001+00', '2020-01-01'),
	(4, '2025-02-01T00:00:00Z', NULL, '2025-01-31 23:59:59.999999+00'),
	(5, '2025-02-01T00:00:00Z', NULL, '2025-02-01 00:00+00'),
	(6, '2025-02-01T00:00:00Z', NULL, '2025-02-01 00:00:00.000001+00'),
	(7, NULL, '2025-04-30 23:59:59.999999+00', '2025-04-01 00:00+00'),
	(8, NULL, '2025-05-01 00:00+00', '2025-04-01 00:00+00'),
	(9, NULL, NULL, '2025-04-30 23:59:59.999999+00'),
	(10, NULL, NULL, '2025-05-01 00:00+00'),
	(11, NULL, NULL, '2025-05-01 00:00:00.000001+00')) v(n, updated_at, source, person_updated_at), test.replayed(updated_at, source, person_updated_at) s ORDER BY n;
-- Address and documents of such a replay are unchanged, unless there are none.
SELECT test.clean();
SELECT * FROM test.send(test.put(test.full_lead(), '{dealership,id}', '1000'));
SELECT * FROM test.send(test.put(test.put(test.put(test.full_lead(), '{id}', '2'), '{prospect,address,street}', '"2 Elm St"'), '{additional_details,passport_number}', NULL));
SELECT test.staff();
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.replay(1);
DELETE FROM loopit.dealership WHERE id = 1000;

-- Rejected first; another lead of the person came; then the first is replayed.
SELECT test.clean();
SELECT * FROM test.send(test.form('{"dealership": {"id": 1000}}', '{"first_name": "Old", "middle_name": "Gap"}'));
SELECT * FROM test.send(test.form('{"id": 2}', '{"first_name": "New"}'));
SELECT test.staff();
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.replay(1);
SELECT middle_name FROM loopit.person;
DELETE FROM loopit.dealership WHERE id = 1000;

-- An invalid updated_at: only what is empty is filled, if the person has a time;
-- what is skipped says why.
SELECT test.clean();
SELECT test.put(test.full_lead(), '{updated_at}', '"yesterday"') AS invalid \gset
SELECT * FROM test.send(test.put(:'invalid', '{prospect,first_name}', '"Eve"'));
SELECT source_updated_at FROM loopit.person;
-- no time is stored: as a payload without one
SELECT things, stored FROM test.send(test.put(:'invalid', '{prospect,first_name}', '"Eva"'));
SELECT * FROM test.send(test.lead('{"updated_at": "2025-01-01T00:00:00Z"}'));
SELECT * FROM test.send(test.put(test.put(test.put(test.put(:'invalid', '{prospect,first_name}', '"Zoe"'), '{prospect,address,street}', '"9 Elm St"'),
	'{additional_details,license_number}', '"L9"'), '{additional_details,passport_number}', '"P9"'));
-- the same, and what is empty
SELECT * FROM test.send(:'invalid');
UPDATE loopit.person SET first_name = NULL, street = NULL, city = NULL, state = NULL, postcode = NULL, country = NULL;
DELETE FROM loopit.identity_document;
SELECT * FROM test.send(:'invalid');
-- by another lead of the person; ahead of the clock is invalid too
SELECT * FROM test.send(test.put(test.put(:'invalid', '{id}', '2'), '{prospect,first_name}', '"Zoe"'));
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"9000-01-01T00:00:00Z"'), '{prospect,first_name}', '"Zoe"'));
-- a placeholder is no time at all
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{updated_at}', '"null"'), '{prospect,first_name}', '"Yan"'));
SELECT source_updated_at AT TIME ZONE 'UTC' AS source FROM loopit.person;
-- What such a delivery said and could not store is news once it comes with a
-- valid time; what the one before lacks, it may have filled.
SELECT test.clean();
SELECT * FROM test.send(test.form('{"updated_at": "2025-01-01T00:00:00Z"}'::jsonb || test.licence(2030), '{"opt_in_to_marketing": null}'));
SELECT * FROM test.send(test.form('{"updated_at": "1.2.2025"}'::jsonb || test.licence(2031), '{"first_name": "Bea"}'));
SELECT test.staff();
SELECT * FROM test.send(test.form('{"updated_at": "2025-03-01T00:00:00Z"}'::jsonb || test.licence(2031), '{"first_name": "Bea"}'));
-- the same with a licence that it filled
SELECT test.clean();
SELECT * FROM test.send(test.form('{"updated_at": "2025-01-01T00:00:00Z"}'));
SELECT * FROM test.send(test.form('{"updated_at": "1.2.2025"}'::jsonb || test.licence(2031)));
SELECT test.staff();
SELECT * FROM test.send(test.form('{"updated_at": "2025-03-01T00:00:00Z"}'::jsonb || test.licence(2031)));
-- So it is where that was the lead's first delivery, of an address and a document
-- that it did not store.  Which fields of the person it filled is not known, so
-- those are compared with it: staff's corrections stay.
SELECT test.clean();
SELECT * FROM test.send(test.form('{"id": 2, "updated_at": "2025-01-01T00:00:00Z"}', '{"first_name": "Cid"}'));
SELECT * FROM test.send(test.form('{"updated_at": "1.2.2025"}'));
SELECT * FROM test.send(test.form('{"updated_at": "2025-03-01T00:00:00Z"}'));
SELECT test.clean();
SELECT * FROM test.send(test.put(test.put(test.full_lead(), '{id}', '2'), '{additional_details,license_number}', NULL));
SELECT test.put(test.put(test.put(test.full_lead(), '{updated_at}', '"1.2.2026"'), '{prospect,address,street}', '"9 Elm St"'),
	'{additional_details,passport_number}', '"P9"') AS first \gset
SELECT * FROM test.send(:'first');
SELECT test.staff();
SELECT * FROM test.send(:'first');
SELECT * FROM test.send(test.put(:'first', '{updated_at}', '"2026-03-01T00:00:00Z"'));
-- If the person has no time, it is the base like any.
SELECT test.clean();
SELECT * FROM test.send(test.form());
SELECT * FROM test.send(test.form('{"updated_at": "1.2.2025"}', '{"first_name": "Bea"}'));
SELECT test.staff();
SELECT * FROM test.send(test.form('{"updated_at": "2025-03-01T00:00:00Z"}', '{"first_name": "Bea"}'));
-- A replay that only filled is a base: it repeats what the lead said.
SELECT test.clean();
SELECT * FROM test.send(test.form('{"dealership": {"id": 1000}, "updated_at": "2025-01-01T00:00:00Z"}'));
SELECT * FROM test.send(test.form('{"id": 2, "updated_at": "2025-01-01T00:00:00Z"}', '{"first_name": "Cid"}'));
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.replay(1);
SELECT * FROM test.send(test.form('{"dealership": {"id": 1000}, "updated_at": "2025-03-01T00:00:00Z"}'));
DELETE FROM loopit.dealership WHERE id = 1000;

DROP FUNCTION test.stored, test.reads, test.things, test.send, test.replay, test.staff, test.clean, test.form, test.licence, test.base_is, test.replayed;
\ir :done

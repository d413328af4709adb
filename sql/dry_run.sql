-- loopit_validate_lead: the outcome that ingesting would have now, writing
-- nothing: no row, no lock, no number of a sequence.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Payloads of all kinds; each is tried on an empty workspace and, below, after
-- one after the other was ingested.
CREATE TABLE test.payload (n int GENERATED ALWAYS AS IDENTITY, what text, payload jsonb);
INSERT INTO test.payload (what, payload) VALUES
	('missing', NULL), ('no object', '[]'), ('empty', '{}'), ('unknown dealership', test.lead('{"dealership": {"id": 1}}')),
	('invalid email', test.lead_with('{prospect,email}', '"ann"')), ('only the email', test.lead()),
	('full', test.full_lead()), ('the same', test.full_lead()),
	('changed', test.put(test.full_lead(), '{prospect,first_name}', '"Anna"')),
	('late', test.full_lead() || '{"updated_at": "2024-01-01T00:00:00Z"}'),
	('newer', test.full_lead() || '{"updated_at": "2025-10-04T00:00:00Z"}'),
	('another address', test.put(test.full_lead(), '{prospect,address,street}', '"2 Elm St"') - 'updated_at'),
	('another licence', test.put(test.full_lead(), '{additional_details,license_number}', '"L2"') - 'updated_at'),
	('another passport', test.put(test.full_lead(), '{additional_details,passport_country}', '"fr"') - 'updated_at'),
	('conflict', test.put(test.full_lead(), '{item,vin}', '"VIN89"') - 'updated_at'),
	('no such vehicle', test.put(test.full_lead(), '{item,vin}', '"VIN0"') - 'updated_at'),
	('without an id', test.full_lead() - 'id' - 'updated_at'),
	('defaulted', test.put(test.full_lead(), '{location,location_name}', '"Nowhere"') - 'updated_at' || '{"id": 3}'),
	('another person', test.put(test.full_lead() || '{"id": 4}', '{prospect,email}', '"bob@example.com"')),
	('another workspace', test.full_lead() || '{"dealership": {"id": 900}, "item": {"vin": "VIN94"}}');

-- Everything that a call could leave behind: rows with their versions and
-- locks, sizes of tables and indexes, sequences.
CREATE FUNCTION test.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation record;
	part text;
	state text := '';
BEGIN
	FOR relation IN SELECT oid::regclass AS name, relkind FROM pg_class
		WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'i', 'S') ORDER BY relname LOOP
		IF relation.relkind = 'r' THEN
			EXECUTE format('SELECT string_agg(concat_ws('' '', ctid, xmin, xmax, t::text), E''\n'') FROM %s t', relation.name) INTO part;
		ELSIF relation.relkind = 'S' THEN
			EXECUTE format('SELECT concat_ws('' '', last_value, log_cnt, is_called) FROM %s', relation.name) INTO part;
		ELSE
			part := NULL;
		END IF;
		state := concat_ws(' ', state, relation.name, pg_relation_size(relation.name), part, E'\n');
	END LOOP;
	RETURN state;
END $$;

-- On an empty workspace.
SELECT test.state() AS before \gset
SELECT what, s.status, s.person, s.address, s.licence, s.passport, s.booking, s.issues
FROM test.payload, LATERAL test.short(loopit_validate_lead(payload)) s ORDER BY n;
SELECT test.state() = :'before' AS nothing_written;
SELECT last_value, is_called FROM loopit.person_id_seq UNION ALL SELECT last_value, is_called FROM loopit.booking_id_seq
UNION ALL SELECT last_value, is_called FROM loopit.ingest_log_id_seq;

-- No ids of what is not there yet; those of what is.
SELECT outcome->'log_id' AS log_id, outcome->'person' AS person, outcome->'booking' AS booking
FROM loopit_validate_lead(test.full_lead()) outcome;

-- What it says is what ingesting then does, apart from ids; it writes nothing
-- on the way, takes no number and locks no row.
CREATE FUNCTION test.without_ids(outcome jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT outcome - 'log_id' #- '{person,id}' #- '{booking,id}'
$$;
CREATE FUNCTION test.compare(payload jsonb, OUT nothing_written bool, OUT same bool, OUT null_ids bool, OUT stored_ids bool)
LANGUAGE plpgsql AS $$
DECLARE
	before text := test.state();
	dry jsonb := loopit_validate_lead(payload);
	wet jsonb;
BEGIN
	nothing_written := test.state() = before;
	wet := loopit_ingest_lead(payload);
	same := test.without_ids(dry) = test.without_ids(wet);
	null_ids := dry->'log_id' = 'null'
		AND (dry#>>'{person,action}' = 'created') = (dry#>'{person,id}' IS NOT DISTINCT FROM 'null')
		AND (dry#>>'{booking,action}' = 'created') = (dry#>'{booking,id}' IS NOT DISTINCT FROM 'null');
	stored_ids := (dry#>>'{person,action}' NOT IN ('updated', 'unchanged') OR dry#>'{person,id}' = wet#>'{person,id}')
		AND (dry#>>'{booking,action}' <> 'unchanged' OR dry#>'{booking,id}' = wet#>'{booking,id}');
END $$;
SELECT what, c.* FROM test.payload, LATERAL test.compare(payload) c ORDER BY n;
SELECT max(id) AS persons FROM loopit.person;
SELECT max(id) AS log_rows FROM loopit.ingest_log;

-- In a transaction that may not write.
BEGIN TRANSACTION READ ONLY;
SELECT what, s.status, s.person, s.booking FROM test.payload, LATERAL test.short(loopit_validate_lead(payload)) s
WHERE what IN ('missing', 'changed', 'another person', 'no such vehicle', 'conflict') ORDER BY n;
COMMIT;
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT s.person FROM test.short(loopit_validate_lead(test.full_lead())) s;
COMMIT;
BEGIN TRANSACTION READ ONLY;
SELECT loopit_ingest_lead(test.lead());
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- It sees what its transaction did before, and is stable.
BEGIN;
INSERT INTO loopit.dealership VALUES (1, 7);
SELECT s.status FROM test.short(loopit_validate_lead(test.lead('{"dealership": {"id": 1}}'))) s;
ROLLBACK;
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE proname = 'loopit_validate_lead';

DROP TABLE test.payload;
DROP FUNCTION test.state, test.without_ids, test.compare;
\ir :done

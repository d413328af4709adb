-- loopit_setup() knows what is there by its definition, not by its name, and
-- leaves alone what a DBA renamed, redefined, altered or commented.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS loopit_leads;
DROP SCHEMA IF EXISTS loopit CASCADE;
CREATE EXTENSION loopit_leads;
CREATE ROLE regress_loopit_owner;
CREATE ROLE regress_loopit_other;
DO $$ BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_loopit_owner', current_database());
END $$;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner;
SET ROLE regress_loopit_owner;
SELECT count(*) > 1 AS steps FROM loopit_setup();
CREATE FUNCTION pg_temp.again() RETURNS TABLE (step int, done text) LANGUAGE sql AS $$
	SELECT step, done FROM public.loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed') ORDER BY step $$;
CREATE FUNCTION pg_temp.indexes() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_index JOIN pg_class r ON r.oid = indrelid
	WHERE relnamespace = 'loopit'::regnamespace $$;
SELECT pg_temp.indexes() AS indexes \gset
SELECT * FROM pg_temp.again();

-- Every index renamed: also those of keys, expressions and predicates.
DO $$
DECLARE i regclass;
BEGIN
	FOR i IN SELECT indexrelid FROM pg_index JOIN pg_class r ON r.oid = indrelid
		WHERE relnamespace = 'loopit'::regnamespace LOOP
		EXECUTE format('ALTER INDEX %s RENAME TO %I', i, 'x' || i::oid::text);
	END LOOP;
END $$;
SELECT * FROM pg_temp.again();
SELECT pg_temp.indexes() = :indexes AS same;
-- whatever the settings that decide how a definition is printed
SET quote_all_identifiers = on;
SET search_path = loopit, public;
SELECT * FROM pg_temp.again();
RESET search_path;
RESET quote_all_identifiers;

-- Each index is known by every part of its definition: with one part another,
-- it is missing.  It is made under another name where its own is taken.
CREATE TABLE pg_temp.variant (n int, ddl text);
INSERT INTO pg_temp.variant VALUES
	(1, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email)'),
	(2, 'CREATE INDEX %I ON loopit.person (workspace_id, email)'),
	(3, 'CREATE UNIQUE INDEX %I ON loopit.person (email, workspace_id)'),
	(4, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email COLLATE "POSIX")'),
	(5, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email text_pattern_ops)'),
	(6, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email DESC)'),
	(7, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email NULLS FIRST)'),
	(8, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, lower(email))'),
	(9, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email) WHERE id > 0'),
	(10, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email) INCLUDE (id)'),
	(11, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id, email) NULLS NOT DISTINCT'),
	(12, 'CREATE UNIQUE INDEX %I ON loopit.person (workspace_id)'),
	(13, 'ALTER TABLE loopit.person ADD CONSTRAINT %I UNIQUE (workspace_id, email)'),
	(14, 'ALTER TABLE loopit.person ADD CONSTRAINT %I UNIQUE (workspace_id, email) DEFERRABLE'),
	(15, 'CREATE UNIQUE INDEX %I ON loopit.person ("workspace_id" ASC, (email) NULLS LAST) WITH (fillfactor = 70)');
CREATE FUNCTION pg_temp.with_index(ddl text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	present text;
	answer text;
BEGIN
	SELECT indexrelid::regclass INTO present FROM pg_index
	WHERE indrelid = 'loopit.person'::regclass AND NOT indisprimary;
	BEGIN
		EXECUTE 'DROP INDEX ' || present;
		EXECUTE format(ddl, name);
		SELECT string_agg(done, ' / ') INTO answer FROM pg_temp.again();
		RAISE 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN coalesce(answer, 'there');
	END;
END $$;
SELECT n, pg_temp.with_index(ddl, 'other') AS under_another_name,
	pg_temp.with_index(ddl, 'person_email_key') AS under_the_name FROM pg_temp.variant ORDER BY n;
-- one that is not unique is left alone where its name is taken: the DBA's choice
SELECT indexrelid::regclass AS asset_index FROM pg_index
WHERE indrelid = 'loopit.booking'::regclass AND pg_get_indexdef(indexrelid) LIKE '%(workspace_id, asset_id)' \gset
ALTER INDEX :asset_index RENAME TO z;
CREATE INDEX booking_asset_idx ON loopit.booking (workspace_id, asset_id) INCLUDE (created_at);
SELECT * FROM pg_temp.again();
DROP INDEX loopit.z;
SELECT * FROM pg_temp.again();
DROP INDEX loopit.booking_asset_idx;
SELECT * FROM pg_temp.again();
-- expressions and predicates, written in other ways
CREATE FUNCTION pg_temp.location_index(ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	present text;
	answer text;
BEGIN
	SELECT indexrelid::regclass INTO present FROM pg_index
	WHERE indrelid = 'loopit.location'::regclass AND NOT indisprimary;
	BEGIN
		EXECUTE 'DROP INDEX ' || present;
		EXECUTE ddl;
		SELECT string_agg(done, ' / ') INTO answer FROM pg_temp.again();
		RAISE 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN coalesce(answer, 'there');
	END;
END $$;
SELECT n, pg_temp.location_index(ddl) FROM (VALUES
	(1, 'CREATE UNIQUE INDEX a ON loopit.location (workspace_id, LOWER("name" COLLATE pg_catalog."C")) WHERE (archived_at) IS NULL AND true'),
	(2, 'CREATE UNIQUE INDEX a ON loopit.location (workspace_id, upper(name COLLATE "C")) WHERE archived_at IS NULL'),
	(3, 'CREATE UNIQUE INDEX a ON loopit.location (workspace_id, lower(name)) WHERE archived_at IS NULL'),
	(4, 'CREATE UNIQUE INDEX a ON loopit.location (workspace_id, lower(name COLLATE "C")) WHERE archived_at IS NOT NULL'),
	(5, 'CREATE UNIQUE INDEX a ON loopit.location (workspace_id, lower(name COLLATE "C"))')) v(n, ddl) ORDER BY n;

-- What a step makes and a later one drops: a new schema has none of it.  One of an
-- older version loses it, where it is what the step made; what the DBA redefined
-- or renamed stays, and so does another table's.
CREATE FUNCTION pg_temp.left_over(ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE ddl;
	DELETE FROM loopit.schema_version WHERE step >= 16;
	SELECT string_agg(done, ' / ') INTO answer FROM pg_temp.again();
	SELECT concat_ws(': ', answer, string_agg(name, ', ' ORDER BY name)) INTO answer FROM (
		SELECT relname FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relname ~ 'unsettled_idx|conflict_idx'
		UNION ALL SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'loopit'::regnamespace) s (name);
	RAISE 'undo';
EXCEPTION WHEN raise_exception THEN
	RETURN answer;
END $$;
SELECT n, pg_temp.left_over(ddl) FROM (VALUES
	(1, ''),
	(2, $$CREATE INDEX ingest_log_unsettled_idx ON loopit.ingest_log (received_at) WHERE dismissed_at IS NULL
		AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking)$$),
	(3, $$CREATE INDEX my_unsettled_idx ON loopit.ingest_log (received_at) WHERE dismissed_at IS NULL
		AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking)$$),
	(4, 'CREATE INDEX ingest_log_unsettled_idx ON loopit.ingest_log (received_at) WHERE dismissed_at IS NULL'),
	(5, $$CREATE INDEX ingest_log_conflict_idx ON loopit.ingest_log (received_at) WHERE dismissed_at IS NULL
		AND booking_action = 'unchanged' AND outcome @> '{"issues": [{"code": "booking_conflict"}]}'$$),
	(6, 'CREATE INDEX ingest_log_conflict_idx ON loopit.ingest_log (outcome)'),
	(7, 'CREATE STATISTICS loopit.ingest_log_unsettled_stats (mcv) ON asked_for_booking, status, booking_action FROM loopit.ingest_log'),
	(8, 'CREATE STATISTICS loopit.ingest_log_unsettled_stats (mcv) ON status, booking_action FROM loopit.ingest_log'),
	(9, 'CREATE STATISTICS loopit.ingest_log_unsettled_stats (ndistinct) ON asked_for_booking, status, booking_action FROM loopit.ingest_log'),
	(10, 'CREATE STATISTICS loopit.ingest_log_unsettled_stats (mcv) ON workspace_id, id FROM loopit.booking')) v(n, ddl) ORDER BY n;

-- What CREATE INDEX CONCURRENTLY left behind invalid is not taken for it, but is
-- left to the DBA.
RESET ROLE;
UPDATE pg_index SET indisvalid = false
WHERE indrelid = 'loopit.booking'::regclass AND indkey::text = (SELECT string_agg(attnum::text, ' ' ORDER BY attname DESC)
	FROM pg_attribute WHERE attrelid = 'loopit.booking'::regclass AND attname IN ('workspace_id', 'asset_id'));
SET ROLE regress_loopit_owner;
SELECT * FROM pg_temp.again();

-- Comments: set when an object is made, then the DBA's.
COMMENT ON TABLE loopit.booking IS 'ours';
COMMENT ON COLUMN loopit.booking.person_id IS NULL;
COMMENT ON SCHEMA loopit IS 'leads';
COMMENT ON VIEW loopit.ingest_audit IS 'for Ann';
COMMENT ON FUNCTION loopit.masked(jsonb) IS 'mask';
REVOKE EXECUTE ON FUNCTION loopit.masked(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION loopit.masked(jsonb) TO regress_loopit_other;
DROP INDEX loopit.booking_asset_idx;
CREATE FUNCTION pg_temp.comments() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', obj_description('loopit.booking'::regclass, 'pg_class'),
		coalesce(col_description('loopit.booking'::regclass, (SELECT attnum FROM pg_attribute
			WHERE attrelid = 'loopit.booking'::regclass AND attname = 'person_id')), 'none'),
		obj_description('loopit'::regnamespace, 'pg_namespace'),
		obj_description('loopit.ingest_audit'::regclass, 'pg_class'),
		obj_description('loopit.masked(jsonb)'::regprocedure, 'pg_proc'),
		has_function_privilege('public', 'loopit.masked(jsonb)', 'EXECUTE'),
		has_function_privilege('regress_loopit_other', 'loopit.masked(jsonb)', 'EXECUTE')) $$;
SELECT * FROM pg_temp.again();
SELECT pg_temp.comments();
-- also where all notes are lost, and every step is taken again
DELETE FROM loopit.schema_version;
SELECT * FROM pg_temp.again();
SELECT pg_temp.comments();
SELECT pg_temp.indexes() = :indexes AS same;

-- Settings of a DBA: of an empty log, of a column, of a view.
ALTER TABLE loopit.ingest_log ALTER outcome SET STORAGE MAIN;
ALTER TABLE loopit.person ALTER city SET STATISTICS 50;
ALTER TABLE loopit.asset DROP CONSTRAINT asset_vin_trimmed;
SELECT indexrelid::regclass AS replay_index FROM pg_index
WHERE indrelid = 'loopit.ingest_log'::regclass AND pg_get_indexdef(indexrelid) LIKE '%(replay_of)%' \gset
DROP INDEX :replay_index;
SELECT * FROM pg_temp.again();
SELECT attname, attstorage, attstattarget FROM pg_attribute WHERE attrelid = 'loopit.ingest_log'::regclass AND attname = 'outcome'
	OR attrelid = 'loopit.person'::regclass AND attname = 'city' ORDER BY 1;
SELECT count(*) FROM pg_constraint WHERE conname = 'asset_vin_trimmed';

-- A newer step replaces a view with its grants and options.
ALTER VIEW loopit.ingest_audit SET (security_barrier = true, security_invoker = off);
GRANT SELECT (id, status) ON loopit.ingest_audit TO regress_loopit_other;
GRANT SELECT ON loopit.ingest_audit TO regress_loopit_other WITH GRANT OPTION;
DELETE FROM loopit.schema_version WHERE step > 8;
SELECT * FROM pg_temp.again();
SELECT reloptions, has_table_privilege('regress_loopit_other', oid, 'SELECT WITH GRANT OPTION'),
	has_column_privilege('regress_loopit_other', oid, 'id', 'SELECT')
FROM pg_class WHERE oid = 'loopit.ingest_audit'::regclass;

-- A CHECK by another name is known; another one of the name is kept.
DELETE FROM loopit.schema_version WHERE step > 10;
ALTER TABLE loopit.package RENAME CONSTRAINT package_name_trimmed TO trimmed;
ALTER TABLE loopit.location DROP CONSTRAINT location_id_not_zero;
ALTER TABLE loopit.location ADD CONSTRAINT location_id_not_zero CHECK (id > 0);
ALTER TABLE loopit.workspace DROP CONSTRAINT workspace_id_not_zero;
ALTER TABLE loopit.workspace ADD CONSTRAINT a CHECK ("id" <> 0) NOT VALID;
SELECT * FROM pg_temp.again();
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'c' AND conrelid IN ('loopit.package'::regclass, 'loopit.location'::regclass, 'loopit.workspace'::regclass)
ORDER BY 1, 2;

-- The form of rows of the log is set once: where the log has none, and a DBA has not.
CREATE FUNCTION pg_temp.form() RETURNS text LANGUAGE sql AS $$
	DELETE FROM loopit.schema_version WHERE step > 18;
	SELECT count(*) FROM public.loopit_setup();
	SELECT reloptions::text FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass $$;
ALTER TABLE loopit.ingest_log SET (toast_tuple_target = 3000, fillfactor = 90);
SELECT pg_temp.form() AS of_a_dba;
ALTER TABLE loopit.ingest_log RESET (toast_tuple_target);
INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status, person_action,
	booking_action, ingested_by, outcome) VALUES (now(), 1, 1, false, 'processed', 'skipped', 'skipped', 'x', '{}');
SELECT pg_temp.form() AS with_a_row;
DELETE FROM loopit.ingest_log;
SELECT pg_temp.form() AS without;

-- A table that a DBA replaced by what has no indexes, or by partitions.
DROP TABLE loopit.asset_location;
CREATE VIEW loopit.asset_location AS SELECT 1::bigint AS workspace_id, 1::bigint AS asset_id, 1::bigint AS location_id, 1 AS position;
SELECT * FROM pg_temp.again();
DROP VIEW loopit.asset_location;
CREATE TABLE loopit.asset_location (workspace_id bigint, asset_id bigint, location_id bigint, position int)
	PARTITION BY HASH (workspace_id);
CREATE TABLE loopit.asset_location_0 PARTITION OF loopit.asset_location FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT * FROM pg_temp.again();
SELECT * FROM pg_temp.again();

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
DROP OWNED BY regress_loopit_owner, regress_loopit_other;
DROP ROLE regress_loopit_owner, regress_loopit_other;

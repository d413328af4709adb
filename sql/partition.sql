-- loopit_partition_log(): what it keeps, what it refuses, future partitions, rows
-- without a partition, and the purge of whole partitions.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
-- Dates in names and bounds are today's, so they are not shown.
CREATE FUNCTION test.partition(period text, OUT step int, OUT done text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT p.step, regexp_replace(regexp_replace(p.done, '\d{8}', '…', 'g'), '(ingest_log_p…(, )?)+', 'ingest_log_p… …') FROM loopit_partition_log(period) p
$$;
CREATE FUNCTION test.partitions() RETURNS TABLE (name text, log_rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR name IN SELECT c.oid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
		WHERE inhparent = 'loopit.ingest_log'::regclass ORDER BY pg_get_expr(relpartbound, c.oid) LIKE '%MINVALUE%' DESC, relname = 'ingest_log_default', relname LOOP
		EXECUTE format('SELECT count(*) FROM %s', name) INTO log_rows;
		name := regexp_replace(name, '\d{8}', '…');
		RETURN NEXT;
	END LOOP;
END $$;
CREATE FUNCTION test.error(sql text, OUT state text, OUT message text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE sql;
	message := 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END $$;

-- What is refused.
SELECT test.error($$SELECT loopit_partition_log(NULL)$$), test.error($$SELECT loopit_partition_log('year')$$);
-- What cannot be given to another table is refused before anything is changed.
CREATE VIEW test.log_kind AS SELECT relkind FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass;
CREATE MATERIALIZED VIEW test.counted AS SELECT count(*) FROM loopit.ingest_log;
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP MATERIALIZED VIEW test.counted;
CREATE TABLE test.note (log_id bigint REFERENCES loopit.ingest_log);
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP TABLE test.note;
CREATE FUNCTION test.id_of(loopit.ingest_log) RETURNS bigint LANGUAGE sql AS 'SELECT $1.id';
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP FUNCTION test.id_of;
CREATE RULE quiet AS ON DELETE TO loopit.ingest_log DO INSTEAD NOTHING;
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP RULE quiet ON loopit.ingest_log;
CREATE TABLE test.child () INHERITS (loopit.ingest_log);
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP TABLE test.child;
CREATE UNIQUE INDEX one ON loopit.ingest_log (replay_of, email);
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP INDEX loopit.one;
SET client_min_messages = error;	-- wal_level
CREATE PUBLICATION leads FOR TABLE loopit.ingest_log;
SET client_min_messages = warning;
SELECT * FROM test.error($$SELECT loopit_partition_log('day')$$);
DROP PUBLICATION leads;
SELECT relkind FROM test.log_kind;

-- All that a DBA added is given to the partitioned table.
CREATE ROLE reader;
ALTER TABLE loopit.ingest_log ADD note text DEFAULT 'none', ADD CONSTRAINT short_note CHECK (length(note) < 100);
CREATE INDEX note_idx ON loopit.ingest_log (note) WITH (fillfactor = 70) WHERE note IS NOT NULL;
COMMENT ON INDEX loopit.note_idx IS 'a DBA''s';
COMMENT ON COLUMN loopit.ingest_log.note IS 'a DBA''s, too';
CREATE STATISTICS loopit.note_stats (ndistinct) ON note, email FROM loopit.ingest_log;
ALTER TABLE loopit.ingest_log ALTER note SET STATISTICS 7, ALTER note SET (n_distinct = 5);
ALTER TABLE loopit.ingest_log SET (fillfactor = 90, toast.autovacuum_vacuum_threshold = 77), REPLICA IDENTITY FULL;
GRANT SELECT ON loopit.ingest_log TO reader WITH GRANT OPTION;
GRANT UPDATE (note) ON loopit.ingest_log TO reader;
GRANT SELECT ON loopit.ingest_log_id_seq TO reader;
GRANT USAGE ON SCHEMA loopit, test TO reader;
CREATE FUNCTION test.noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'by a trigger'; RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.noted();
COMMENT ON TRIGGER noted ON loopit.ingest_log IS 'a trigger';
CREATE TRIGGER asleep AFTER DELETE ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.noted();
ALTER TABLE loopit.ingest_log DISABLE TRIGGER asleep;
ALTER TABLE loopit.ingest_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY ours ON loopit.ingest_log AS PERMISSIVE FOR SELECT TO reader USING (workspace_id = 7);
CREATE VIEW test.short_log WITH (security_barrier) AS SELECT id, status, note AS remark FROM loopit.ingest_log WHERE id > 0;
GRANT SELECT ON test.short_log TO reader;
SELECT count(loopit_ingest_lead(test.lead(jsonb_build_object('id', n)))) FROM generate_series(1, 3) n;
-- What the catalogs have of it, by names.
CREATE FUNCTION test.belongings() RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog AS $$
	SELECT format('column %s %s %s %s %s %s %s %s %s %s', attname, atttypid::regtype, attnotnull, attidentity, attstorage, attcompression, attstattarget,
		(SELECT array_agg(o) FROM unnest(attoptions) o WHERE o LIKE 'n_distinct%'), attacl,
		col_description(attrelid, attnum)) || coalesce(pg_get_expr(adbin, adrelid), '')
		FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = 'loopit.ingest_log'::regclass AND attnum > 0 AND NOT attisdropped
	UNION ALL SELECT format('table %s %s %s %s %s %s %s', relacl, relowner::regrole, relrowsecurity, relforcerowsecurity, relreplident, reltablespace, obj_description(oid))
		FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass
	UNION ALL SELECT format('sequence %s %s %s %s', s.relacl, q.seqcache, q.seqincrement, q.seqmax)
		FROM pg_class s JOIN pg_sequence q ON s.oid = seqrelid WHERE s.oid = pg_get_serial_sequence('loopit.ingest_log', 'id')::regclass
	UNION ALL SELECT format('index %s %s', replace(pg_get_indexdef(indexrelid), 'ON ONLY', 'ON'), obj_description(indexrelid))
		FROM pg_index WHERE indrelid = 'loopit.ingest_log'::regclass AND NOT indisprimary
	UNION ALL SELECT format('constraint %s %s %s', conname, pg_get_constraintdef(oid), convalidated) FROM pg_constraint
		WHERE conrelid = 'loopit.ingest_log'::regclass AND contype = 'c'
	UNION ALL SELECT format('trigger %s %s %s', pg_get_triggerdef(oid), tgenabled, obj_description(oid)) FROM pg_trigger
		WHERE tgrelid = 'loopit.ingest_log'::regclass AND NOT tgisinternal
	UNION ALL SELECT format('policy %s %s %s %s', polname, polcmd, polroles::regrole[], pg_get_expr(polqual, polrelid)) FROM pg_policy WHERE polrelid = 'loopit.ingest_log'::regclass
	UNION ALL SELECT format('statistics %s', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext WHERE stxrelid = 'loopit.ingest_log'::regclass
	UNION ALL SELECT format('view %s %s %s %s', oid::regclass, relacl, reloptions, pg_get_viewdef(oid)) FROM pg_class
		WHERE relkind = 'v' AND relnamespace IN ('loopit'::regnamespace, 'test'::regnamespace) AND pg_get_viewdef(oid) LIKE '%ingest_log%'
$$;
CREATE TABLE test.before AS SELECT b FROM test.belongings() b;
SELECT split_part(b, ' ', 1) AS kind, count(*) FROM test.before GROUP BY 1 ORDER BY 1;
ALTER DEFAULT PRIVILEGES IN SCHEMA loopit GRANT DELETE ON TABLES TO reader;
SELECT * FROM test.partition('day');
ALTER DEFAULT PRIVILEGES IN SCHEMA loopit REVOKE DELETE ON TABLES FROM reader;
SELECT relkind FROM test.log_kind;
SELECT 'gone: ' || b AS difference FROM (SELECT b FROM test.before EXCEPT SELECT test.belongings()) s
UNION ALL SELECT 'new: ' || b FROM (SELECT test.belongings() AS b EXCEPT SELECT b FROM test.before) s;
SELECT pg_get_indexdef('loopit.ingest_log_pkey'::regclass);
SELECT * FROM test.partitions();
-- every partition has all indexes and what is set on the first one
SELECT count(DISTINCT (n, options, toast, targets)) AS kinds, min(n) AS indexes, min(options) AS options, min(toast) AS toast, min(targets) AS targets FROM (
	SELECT (SELECT count(*) FROM pg_index WHERE indrelid = c.oid AND indisvalid) AS n, c.reloptions::text AS options, t.reloptions::text AS toast,
		(SELECT string_agg(attname || '=' || attstattarget, ' ' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND attstattarget >= 0) AS targets
	FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN pg_class t ON t.oid = c.reltoastrelid WHERE inhparent = 'loopit.ingest_log'::regclass) s;
SELECT id, remark FROM test.short_log ORDER BY id;
SET ROLE reader;
SELECT count(*) FROM loopit.ingest_log;
UPDATE loopit.ingest_log SET note = 'read' WHERE id = 1;
RESET ROLE;
-- the ids go on, and the next setup has nothing to do
SELECT loopit_ingest_lead(test.lead('{"id": 4}'))->>'log_id' > '3' AS later, count(*) AS rows_before FROM loopit.ingest_log;
SELECT count(DISTINCT id), count(*), count(DISTINCT note) FROM loopit.ingest_log;
SET client_min_messages = error;
SELECT step, done FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed');
SET client_min_messages = warning;
DROP TRIGGER noted ON loopit.ingest_log;
DROP TRIGGER asleep ON loopit.ingest_log;

-- Again: nothing to do; another period: future partitions are of it.
SELECT * FROM test.partition('day');
SELECT * FROM test.partition('month');
SELECT count(*) BETWEEN 3 AND 4 FROM test.partitions() WHERE name LIKE '%_p…';
SELECT * FROM test.partition('day') WHERE done <> 'nothing to do';
SELECT period FROM loopit.log_partitioning;

-- The partition with all the rows is dropped, and the sequence is not.
DO $$ BEGIN
	EXECUTE format('DROP TABLE %s', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text LIKE '%until%'));
END $$;
SELECT loopit_ingest_lead(test.lead('{"id": 5}'))->>'status' AS status;
SELECT * FROM test.partitions() WHERE log_rows > 0;

-- A row that has no partition is in the default one, and moves when its partition is
-- made: by a purge, which deletes nothing else.
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.partitions() WHERE log_rows > 0;
SELECT count(loopit_ingest_lead(test.lead(jsonb_build_object('id', 'late' || n)))) FROM generate_series(1, 3) n;
UPDATE loopit.ingest_log SET received_at = now() + interval '8 days' WHERE lead_reference LIKE 'late%';
SELECT * FROM test.partitions() WHERE name LIKE '%default';
SELECT count(*) FROM loopit_find_leads('late1', around => now() + interval '8 days');
-- not while there are more of them than may be moved
INSERT INTO loopit.log_partitioning VALUES ('week'), ('month');
DELETE FROM loopit.log_partitioning WHERE period <> 'week';
SELECT loopit_purge_ingest_log('1 year', max_rows => 1);
SELECT * FROM test.partitions() WHERE name LIKE '%default';
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.partitions() WHERE name LIKE '%default';
SELECT lead_reference, status FROM loopit.ingest_log WHERE lead_reference LIKE 'late%' ORDER BY 1;
-- without a period, no partition is made
DELETE FROM loopit.log_partitioning;
SELECT count(*) AS partitions FROM test.partitions() \gset
DO $$ BEGIN
	EXECUTE format('DROP TABLE %s', (SELECT max(relid::text) FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text ~ '_p\d+$'));
END $$;
SELECT loopit_purge_ingest_log('1 year');
SELECT count(*) - :partitions AS made FROM test.partitions();

-- A purge drops partitions of which every row is old enough.
CREATE TABLE loopit.ingest_log_a PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
CREATE TABLE loopit.ingest_log_b PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-02-01Z') TO ('2020-03-01Z');
CREATE TABLE loopit.ingest_log_c PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-03-01Z') TO ('2020-04-01Z');
CREATE FUNCTION test.fill() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM loopit.ingest_log;
	PERFORM loopit_ingest_lead(CASE kind WHEN 'rejected' THEN '{"id": "rejected"}' WHEN 'open' THEN test.lead('{"id": "open", "item": {"vin": "LATE"}}')
		ELSE test.lead(jsonb_build_object('id', kind)) END) FROM unnest('{good,rejected,open,fine,well}'::text[]) kind;
	UPDATE loopit.ingest_log SET received_at = CASE lead_reference WHEN 'good' THEN timestamptz '2020-01-10Z'
		WHEN 'fine' THEN '2020-02-10Z' WHEN 'well' THEN '2020-03-10Z' ELSE '2020-02-11Z' END;
END $$;
SELECT test.fill();
SELECT * FROM test.partitions() WHERE name ~ '_[abc]$';
-- the first two are older, but the second has failures, which are kept
SELECT loopit_purge_ingest_log(now() - timestamptz '2020-03-15Z', now() - timestamptz '2020-02-05Z');
SELECT * FROM test.partitions() WHERE name ~ '_[abc]$';
SELECT loopit_purge_ingest_log(now() - timestamptz '2020-03-15Z', now() - timestamptz '2020-02-05Z');
SELECT loopit_purge_ingest_log(now() - timestamptz '2020-03-15Z', now() - timestamptz '2020-02-05Z');
SELECT * FROM test.partitions() WHERE name ~ '_[abc]$';
SELECT lead_reference FROM loopit.ingest_log ORDER BY 1;
-- until they are old enough
SELECT loopit_purge_ingest_log(now() - timestamptz '2020-03-15Z', now() - timestamptz '2020-03-02Z');
SELECT * FROM test.partitions() WHERE name ~ '_[abc]$';
-- a partition that others depend on stays, and its rows go
SELECT test.fill();
CREATE VIEW test.of_c AS SELECT count(*) FROM loopit.ingest_log_c;
SELECT loopit_purge_ingest_log('1 year');
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.partitions() WHERE name ~ '_[abc]$';
DROP VIEW test.of_c;
-- so does one of which no day is counted, because an older transaction may still
-- add a row to it
DELETE FROM loopit.ingest_counted;
BEGIN;
SELECT pg_current_xact_id() IS NOT NULL AS began;
PREPARE TRANSACTION 'older';
CREATE TABLE loopit.ingest_log_d PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-04-01Z') TO ('2020-05-01Z');
SELECT loopit_ingest_lead(test.lead('{"id": "april"}'))->>'status' AS status;
UPDATE loopit.ingest_log SET received_at = '2020-04-10Z' WHERE lead_reference = 'april';
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.partitions() WHERE name ~ '_[abcd]$';
COMMIT PREPARED 'older';
SELECT loopit_purge_ingest_log('1 year');
SELECT * FROM test.partitions() WHERE name ~ '_[abcd]$';

-- Whatever a partition is, leads go into it: with a trigger, another order of
-- columns, or in another schema; one that refuses a row gets a failed lead.
CREATE FUNCTION test.today(definition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DROP TABLE IF EXISTS %s', (SELECT string_agg(relid::text, ', ') FROM pg_partition_tree('loopit.ingest_log') WHERE isleaf));
	EXECUTE definition;
	EXECUTE 'ALTER TABLE loopit.ingest_log ATTACH PARTITION test.today FOR VALUES FROM (MINVALUE) TO (MAXVALUE)';
END $$;
SELECT test.today('CREATE TABLE test.today (LIKE loopit.ingest_log INCLUDING CONSTRAINTS INCLUDING DEFAULTS)');
SELECT loopit_ingest_lead(test.full_lead())->>'status' AS status;
CREATE TRIGGER noted BEFORE INSERT ON test.today FOR EACH ROW EXECUTE FUNCTION test.noted();
SELECT loopit_ingest_lead(test.full_lead())->>'status' AS status;
DROP TRIGGER noted ON test.today;
ALTER TABLE test.today ADD CONSTRAINT few CHECK (status <> 'rejected');
SELECT state, message FROM test.error($$SELECT loopit_ingest_lead('{"id": 9}')$$);
SELECT note, count(*) FROM test.today GROUP BY 1 ORDER BY 1;


SELECT test.error($$SELECT test.today('CREATE TABLE test.today (LIKE loopit.ingest_log INCLUDING CONSTRAINTS); ALTER TABLE test.today ALTER email TYPE varchar')$$);
SELECT loopit_ingest_lead(test.full_lead())->>'status' AS status;
SELECT test.today('CREATE TABLE test.today (junk int, note text, email text COLLATE "C"); ALTER TABLE test.today DROP junk;'
	|| (SELECT string_agg(format('ALTER TABLE test.today ADD %I %s %s %s;', attname, format_type(atttypid, atttypmod),
		CASE WHEN attcollation = 950 THEN 'COLLATE "C"' END, CASE WHEN attnotnull THEN 'NOT NULL' END), '' ORDER BY attnum DESC)
		FROM pg_attribute WHERE attrelid = 'loopit.ingest_log'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('note', 'email'))
	|| (SELECT string_agg(format('ALTER TABLE test.today ADD CONSTRAINT %I %s;', conname, pg_get_constraintdef(oid)), '')
		FROM pg_constraint WHERE conrelid = 'loopit.ingest_log'::regclass AND contype = 'c'));
SELECT loopit_ingest_lead(test.full_lead())->>'status' AS status;
SELECT email, status, person_action, note FROM loopit.ingest_log;
-- without any partition the error is raised: no lead is answered as received
SELECT test.today('CREATE TABLE test.today (LIKE loopit.ingest_log INCLUDING CONSTRAINTS INCLUDING DEFAULTS)');
ALTER TABLE loopit.ingest_log DETACH PARTITION test.today;
SELECT state, message FROM test.error($$SELECT loopit_ingest_lead(test.full_lead())$$);

SET client_min_messages = error;
DROP SCHEMA loopit CASCADE;
DROP FUNCTION test.partition, test.partitions, test.error, test.noted, test.belongings, test.fill, test.today;
DROP TABLE test.before, test.today;
DROP VIEW IF EXISTS test.log_kind;

REVOKE ALL ON SCHEMA test FROM reader;
DROP ROLE reader;

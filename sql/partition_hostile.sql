-- loopit_partition_log() and the purge of partitions, whatever the owner of the
-- tables did to the log and to loopit.log_partitioning: no crash, nothing lost that
-- a trigger, a rule or a policy keeps, and new partitions where the log is.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
SET client_min_messages = warning;
-- Dates in names are today's, so they are not shown.
CREATE FUNCTION test.partition(period text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(p.done, '\d{8}', '…', 'g'), '(ingest_log_p…(, )?)+', 'ingest_log_p… …') FROM loopit_partition_log(period) p
$$;

-- What cannot be given to a partitioned table: a label says what a role may see.
SELECT count(*) > 0 AS partitioned FROM pg_partition_tree('loopit.ingest_log') \gset
\if :partitioned
\else
INSERT INTO pg_seclabel VALUES ('loopit.ingest_log'::regclass, 'pg_class'::regclass, 1, 'anon', 'MASKED');
SELECT test.partition('day');
DELETE FROM pg_seclabel WHERE provider = 'anon';
\endif
BEGIN;
ALTER TABLE loopit.ingest_log RENAME TO away;
SELECT test.partition('day');
ROLLBACK;

-- A period that is none.
CREATE TABLE IF NOT EXISTS loopit.log_partitioning (period text);
ALTER TABLE loopit.log_partitioning ALTER period DROP NOT NULL;
DELETE FROM loopit.log_partitioning;
INSERT INTO loopit.log_partitioning VALUES (NULL);
-- A new partition is in the tablespace of the log, whatever the caller's is, and
-- has the options of the newest one, whatever their spelling.
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_loopit_log LOCATION '';
CREATE TABLESPACE regress_loopit_other LOCATION '';
ALTER TABLE loopit.ingest_log SET TABLESPACE regress_loopit_log;
-- unique ones and a constraint are given to it, too
CREATE UNIQUE INDEX once ON loopit.ingest_log (client_id, received_at);
ALTER TABLE loopit.ingest_log ADD CONSTRAINT once_too UNIQUE (received_at, id), ADD CONSTRAINT once_more UNIQUE (id, received_at);
CREATE INDEX elsewhere ON loopit.ingest_log (client_id) TABLESPACE regress_loopit_log;
ALTER TABLE loopit.ingest_log SET (fillfactor = '0x50', autovacuum_enabled = 'no', toast.autovacuum_enabled = 'off');
SET default_tablespace = regress_loopit_other;
SELECT test.partition('day');
SELECT loopit_purge_ingest_log('1 year');
SELECT coalesce(t.spcname, 'default') AS space, count(*) > 1 AS many, min(c.reloptions::text) AS options, min(x.reloptions::text) AS of_toast
FROM pg_partition_tree('loopit.ingest_log') p JOIN pg_class c ON c.oid = p.relid AND p.isleaf
LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace LEFT JOIN pg_class x ON x.oid = c.reltoastrelid GROUP BY 1;
SELECT coalesce(t.spcname, 'default') AS space, count(*) > 1 AS many, string_agg(DISTINCT substring(c.relname FROM '^elsewhere|client_id'), ' ') AS which
FROM pg_partition_tree('loopit.ingest_log') JOIN pg_index ON indrelid = relid
JOIN pg_class c ON c.oid = indexrelid LEFT JOIN pg_tablespace t ON t.oid = reltablespace GROUP BY 1;
SELECT relname, min(conname) AS constraint, count(*) > 2 AS on_partitions FROM pg_index JOIN pg_class c ON c.oid = indexrelid
LEFT JOIN pg_constraint ON conindid = indexrelid, pg_partition_tree(c.oid) WHERE indrelid = 'loopit.ingest_log'::regclass AND relname LIKE 'once%' GROUP BY 1 ORDER BY 1;
SHOW default_tablespace;
RESET default_tablespace;

-- Rows that a trigger, a rule or a policy keeps are not dropped with their partition.
DO $$ BEGIN
	EXECUTE format('DROP TABLE %s', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text LIKE '%until%'));
END $$;
CREATE TABLE loopit.ingest_log_a PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
CREATE TABLE loopit.ingest_log_b PARTITION OF loopit.ingest_log FOR VALUES FROM ('2020-02-01Z') TO ('2020-03-01Z');
SELECT loopit_ingest_lead(test.lead())->>'status' AS status FROM generate_series(1, 3);
UPDATE loopit.ingest_log SET received_at = timestamptz '2020-01-10Z' + id * interval '10 days';
SELECT tableoid::regclass, count(*) FROM loopit.ingest_log GROUP BY 1 ORDER BY 1;
SELECT loopit_purge_ingest_log('100 years');	-- counts the days
CREATE FUNCTION test.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE DELETE ON loopit.ingest_log_a FOR EACH ROW EXECUTE FUNCTION test.keep();
SELECT loopit_purge_ingest_log('1 year');
SELECT tableoid::regclass, count(*) FROM loopit.ingest_log GROUP BY 1 ORDER BY 1;
DROP TRIGGER keep ON loopit.ingest_log_a;
CREATE RULE keep AS ON DELETE TO loopit.ingest_log DO INSTEAD NOTHING;
SELECT loopit_purge_ingest_log('1 year');
DROP RULE keep ON loopit.ingest_log;
SELECT count(*) FROM loopit.ingest_log;
-- as an owner whom a policy binds
CREATE ROLE regress_loopit_bound;
GRANT ALL ON SCHEMA loopit TO regress_loopit_bound;
GRANT USAGE ON SCHEMA test TO regress_loopit_bound;
DO $$
DECLARE
	relation text;
BEGIN
	FOR relation IN SELECT format('ALTER TABLE %s OWNER TO regress_loopit_bound', oid::regclass)
		FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'p', 'v') LOOP
		EXECUTE relation;
	END LOOP;
END $$;
ALTER TABLE loopit.ingest_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY keep ON loopit.ingest_log USING (id <> 1);
SELECT loopit_purge_ingest_log('1 year');
SELECT tableoid::regclass, count(*) FROM loopit.ingest_log GROUP BY 1 ORDER BY 1;
ALTER TABLE loopit.ingest_log NO FORCE ROW LEVEL SECURITY;
SELECT loopit_purge_ingest_log('1 year');
SELECT to_regclass('loopit.ingest_log_a') IS NULL AS dropped;

SET client_min_messages = error;
DROP SCHEMA loopit CASCADE;
DROP FUNCTION test.partition, test.keep;
REVOKE ALL ON SCHEMA test FROM regress_loopit_bound;
DROP ROLE regress_loopit_bound;
DROP TABLESPACE regress_loopit_log;
DROP TABLESPACE regress_loopit_other;

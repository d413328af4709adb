-- pg_partman instead of loopit_purge_ingest_log() for future partitions of
-- loopit.ingest_log.  Run as a superuser, after loopit_setup().
SELECT * FROM loopit_partition_log('month');

-- Without a row here the extension makes no partition.  (It drops old ones.)
DELETE FROM loopit.log_partitioning;

CREATE SCHEMA partman;
CREATE EXTENSION pg_partman SCHEMA partman;

-- pg_partman reads the begin of a partition from its name, which has a form of its own.
DO $$
DECLARE
	partition regclass;
BEGIN
	-- those of the future are empty: pg_partman makes its own
	FOR partition IN SELECT inhrelid::regclass FROM pg_inherits
		WHERE inhparent = 'loopit.ingest_log'::regclass AND inhrelid::regclass::text ~ '_p[0-9]{8}$'
	LOOP
		EXECUTE format('DROP TABLE %s', partition);
	END LOOP;
END $$;
DROP TABLE loopit.ingest_log_default;

-- What ATTACH PARTITION does not bring comes from the template.
CREATE TABLE partman.ingest_log_template (LIKE loopit.ingest_log);
ALTER TABLE partman.ingest_log_template ADD UNIQUE (id);
SELECT partman.create_parent('loopit.ingest_log', 'received_at', 'native', 'monthly',
	p_template_table := 'partman.ingest_log_template', p_premake := 3,
	p_start_partition := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::text);

-- Else partitions are made for some time after the newest lead only, and none
-- while no lead comes.
UPDATE partman.part_config SET infinite_time_partitions = true
WHERE parent_table = 'loopit.ingest_log';

-- Prints statements that deliver what a spool has taken, as the clients that
-- sent it, in the order of arrival:
--
--	psql -h SPOOL -d DATABASE -XAtq -f drain.sql | psql -h PRIMARY -d DATABASE -Xq -v ON_ERROR_STOP=1 -o /dev/null
--
-- It may be done twice: the second time each lead is a redelivery.  Then, on
-- the spool: SELECT loopit_purge_ingest_log('0');

SELECT pg_catalog.format('SELECT loopit_door_receive_as(%L, %L::bytea);', client_id,
	COALESCE(raw_body, pg_catalog.convert_to(payload::text, 'UTF8'), ''))
FROM loopit.ingest_log
WHERE client_id IS NOT NULL
ORDER BY received_at, id;

-- A spool: an empty second database that takes leads while the first is away.
-- Run in psql on the spool, as a superuser, after role.sql:
--
--	psql -h SPOOL -d DATABASE -v primary="host=PRIMARY dbname=DATABASE" -f spool.sql
--
-- The primary has wal_level = logical and, as the owner of its tables:
--
--	CREATE PUBLICATION loopit_clients FOR TABLE loopit.client, loopit.access_token;

-- Clients and tokens are the primary's.
CREATE SUBSCRIPTION loopit_clients CONNECTION :'primary' PUBLICATION loopit_clients;

-- A token that the spool made would be unknown to the primary, so the spool
-- makes none: who needs one waits for the primary.
REVOKE EXECUTE ON FUNCTION loopit_door_token(text, bytea) FROM loopit_door;

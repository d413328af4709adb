-- The role that the door connects as: it may call what it needs, and nothing
-- else.  Run it once for each database, in psql as a superuser:
--
--	psql -d DATABASE -f role.sql
--
-- How it authenticates is pg_hba.conf's: \password loopit_door, a certificate,
-- or peer over a local socket.

SELECT 'CREATE ROLE loopit_door LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'loopit_door') \gexec

-- A lead that waits longer than this is repeated by the door.
ALTER ROLE loopit_door SET statement_timeout = '15s';
-- The session of a door that is gone ends, and does not wait on.
ALTER ROLE loopit_door SET client_connection_check_interval = '5s';
-- Parameters are bodies: personal data, which is not for the server's log.
ALTER ROLE loopit_door SET log_parameter_max_length = 0;
ALTER ROLE loopit_door SET log_parameter_max_length_on_error = 0;

SELECT pg_catalog.format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', pg_catalog.current_database()) \gexec
GRANT EXECUTE ON FUNCTION loopit_door_token(text, bytea),
	loopit_door_receive(bytea, bytea) TO loopit_door;

-- With an identity provider only: the door then vouches for the client.
-- GRANT EXECUTE ON FUNCTION loopit_door_receive_as(text, bytea) TO loopit_door;

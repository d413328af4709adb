-- The role of an exporter: it may call loopit_metrics(), and reads no table.  Run it
-- as a superuser in the database of the leads.
CREATE ROLE loopit_monitor LOGIN CONNECTION LIMIT 5;
ALTER ROLE loopit_monitor SET statement_timeout = '10s';
ALTER ROLE loopit_monitor SET default_transaction_read_only = on;
GRANT EXECUTE ON FUNCTION loopit_metrics() TO loopit_monitor;

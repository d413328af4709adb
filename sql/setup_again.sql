-- loopit_setup() once more: what it makes again, and what it leaves alone.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS loopit_leads;
DROP SCHEMA IF EXISTS loopit CASCADE;
CREATE EXTENSION loopit_leads;
CREATE ROLE regress_loopit_owner;
CREATE ROLE regress_loopit_other;
DO $$ BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_loopit_owner', current_database());
END $$;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner, regress_loopit_other;
SET ROLE regress_loopit_owner;
SELECT count(*) > 1 AS steps FROM loopit_setup();
RESET ROLE;
CREATE VIEW pg_temp.object AS
SELECT relname AS name, relowner AS owner FROM pg_class
WHERE relnamespace = to_regnamespace('loopit')
UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = to_regnamespace('loopit');
GRANT SELECT ON pg_temp.object TO PUBLIC;

-- A DBA's own work on top.
INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A');
INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7);
SET ROLE regress_loopit_owner;
ALTER TABLE loopit.person ADD COLUMN crm_segment text NOT NULL DEFAULT 'new';
CREATE INDEX person_crm_idx ON loopit.person (crm_segment);
CREATE TABLE loopit.crm_inbox (email text);
CREATE FUNCTION loopit.to_crm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO loopit.crm_inbox VALUES (new.email); RETURN new; END $$;
CREATE TRIGGER to_crm AFTER INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.to_crm();
CREATE OR REPLACE VIEW loopit.ingest_summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
	coalesce(reason, booking_reason) AS reason, count(*) AS count,
	max(received_at) AS last_seen, dealership_id, max(id) AS last_id
FROM loopit.ingest_log GROUP BY 1, 2, 3, 4, 7;
GRANT SELECT ON loopit.ingest_summary TO regress_loopit_other;
RESET ROLE;
GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO regress_loopit_owner;
CREATE FUNCTION pg_temp.dba() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ',
		(SELECT attname || ' ' || attnotnull FROM pg_attribute
		 WHERE attrelid = 'loopit.person'::regclass AND attname = 'crm_segment'),
		to_regclass('loopit.person_crm_idx'),
		(SELECT tgname FROM pg_trigger WHERE tgrelid = 'loopit.person'::regclass AND NOT tgisinternal),
		(SELECT attname FROM pg_attribute
		 WHERE attrelid = 'loopit.ingest_summary'::regclass AND attname = 'last_id'),
		has_table_privilege('regress_loopit_other', 'loopit.ingest_summary', 'SELECT')) $$;
SET ROLE regress_loopit_owner;
SELECT done, count(*) > 1 AS more_than_one FROM loopit_setup() GROUP BY 1 ORDER BY 1;
SELECT pg_temp.dba();
SELECT o#>'{person,action}' AS person FROM loopit_ingest_lead(
	'{"id": 1, "dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}}') o;
SELECT email, crm_segment, (SELECT count(*) FROM loopit.crm_inbox) AS told FROM loopit.person;
SELECT status, count, last_id IS NOT NULL AS last_id FROM loopit.ingest_summary;

-- What is missing comes back, with all that later steps have added to it.
DROP INDEX loopit.booking_asset_idx, loopit.ingest_log_open_idx;
DROP VIEW loopit.unresolved_lead;
DROP FUNCTION loopit.masked CASCADE;
DROP TABLE loopit.identity_document;
SELECT title, done FROM loopit_setup() WHERE done <> 'nothing to do' ORDER BY step;
SELECT owner::regrole, string_agg(name, ', ' ORDER BY name COLLATE "C") AS remade FROM pg_temp.object
WHERE name IN ('booking_asset_idx', 'ingest_log_open_idx', 'unresolved_lead', 'masked',
	'ingest_audit', 'identity_document') GROUP BY 1;
SELECT attname, coalesce(attstattarget, -1) = 0 AS no_statistics FROM pg_attribute
WHERE attrelid = 'loopit.identity_document'::regclass AND attname IN ('kind', 'number') ORDER BY attname;
SELECT pg_temp.dba();
SELECT count(*) AS persons_kept FROM loopit.person;

-- An older version takes the steps that it has not taken.
WITH gone AS (DELETE FROM loopit.schema_version
	WHERE step >= 11 RETURNING title)
SELECT count(*) FROM gone;
DROP INDEX loopit.access_token_client_id_idx;
SELECT title, done FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed');

-- One that lost all its notes trusts no trigger until it is noted again.  It
-- finds what is there, and leaves a view alone that a DBA added a column to.
DELETE FROM loopit.schema_version;
SELECT loopit_setup();
ALTER TABLE loopit.person DISABLE TRIGGER to_crm;
SELECT step, title, done FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed');
ALTER TABLE loopit.person ENABLE TRIGGER to_crm;
SELECT done, count(*) > 1 AS more_than_one FROM loopit_setup() GROUP BY 1 ORDER BY 1;
SELECT count(last_id) > 0 AS column_kept FROM loopit.ingest_summary;
SELECT count(*) = max(step) AS all_noted FROM loopit.schema_version;
SELECT pg_temp.dba();
SELECT count(*) AS persons_kept FROM loopit.person;

-- The owner alone may call it: neither another role, nor a member of the
-- owner, nor a superuser, who all are told to become the owner.
DROP VIEW loopit.unresolved_lead;
RESET ROLE;
SELECT loopit_setup();
SET ROLE regress_loopit_other;
SELECT loopit_setup();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT regress_loopit_owner TO regress_loopit_other;
SET ROLE regress_loopit_other;
SELECT loopit_setup();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('loopit.unresolved_lead');
SET ROLE regress_loopit_owner;
SELECT done FROM loopit_setup() WHERE done LIKE 'created %';
RESET ROLE;
SELECT relowner::regrole FROM pg_class WHERE oid = 'loopit.unresolved_lead'::regclass;

-- The extension goes and the data stays; the next one finds it.
DROP EXTENSION loopit_leads;
SELECT count(*) FROM loopit.ingest_log;
CREATE EXTENSION loopit_leads;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner;
SET ROLE regress_loopit_owner;
SELECT done, count(*) > 1 AS more_than_one FROM loopit_setup() GROUP BY 1 ORDER BY 1;
RESET ROLE;
SELECT payload->'id' AS id FROM loopit.ingest_audit;

SET client_min_messages = warning;
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
DROP OWNED BY regress_loopit_owner, regress_loopit_other;
DROP ROLE regress_loopit_owner, regress_loopit_other;

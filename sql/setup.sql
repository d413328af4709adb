-- loopit_setup(): what it makes.
\getenv abs_srcdir PG_ABS_SRCDIR
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS loopit_leads;
DROP SCHEMA IF EXISTS loopit CASCADE;
CREATE EXTENSION loopit_leads;
CREATE ROLE regress_loopit_owner;
DO $$ BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_loopit_owner', current_database());
END $$;
GRANT EXECUTE ON FUNCTION loopit_setup() TO regress_loopit_owner;

-- The version is that of the control file everywhere.
\set meta :abs_srcdir '/META.json'
SELECT pg_read_file(:'meta')::jsonb AS meta \gset
SELECT default_version = '1.1' AS control, extversion = default_version AS installed,
	format('loopit_leads--%s.sql', default_version) IN
		(SELECT pg_ls_dir(:'abs_srcdir')) AS script,
	substring(:'meta'::jsonb->>'version' FROM '^\d+\.\d+') = default_version AS meta,
	substring(:'meta'::jsonb#>>'{provides,loopit_leads,version}' FROM '^\d+\.\d+')
		= default_version AS provides
FROM pg_available_extensions a JOIN pg_extension ON extname = name
WHERE name = 'loopit_leads';

-- Its schema is chosen when it is created.  PostgREST gives a whole body only to
-- a function whose one parameter has no name; a payload may be NULL.
SELECT extrelocatable FROM pg_extension WHERE extname = 'loopit_leads';
SELECT oid::regprocedure AS function, proargnames IS NULL AS unnamed, proisstrict FROM pg_proc
WHERE proname ~ '^loopit_(ingest|validate)_' AND pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C";

-- Before setup, every function that touches data says what to do.
SELECT loopit_ingest_lead('{}');
\echo :LAST_ERROR_SQLSTATE
SELECT loopit_validate_lead('{}');
CREATE FUNCTION pg_temp.hint(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN undefined_table THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
CREATE TEMP TABLE data_function AS SELECT * FROM (VALUES
	('loopit_ingest_lead(jsonb)', 'SELECT loopit_ingest_lead(NULL)'),
	('loopit_validate_lead(jsonb)', 'SELECT loopit_validate_lead(NULL)'),
	('loopit_ingest_webhook(bytea)', $$SELECT loopit_ingest_webhook('{')$$),
	('loopit_ingest_webhook_text(text)', $$SELECT loopit_ingest_webhook_text('{')$$),
	('loopit_replay_lead(bigint)', 'SELECT loopit_replay_lead(1)'),
	('loopit_dismiss_lead(bigint,text)', $$SELECT loopit_dismiss_lead(1, 'spam')$$),
	('loopit_find_leads(text,text,timestamptz,interval,bigint)', 'SELECT * FROM loopit_find_leads()'),
	('loopit_explain_lead(text,text,bigint)', $$SELECT loopit_explain_lead('1')$$),
	('loopit_support_mail(bigint)', 'SELECT loopit_support_mail(1)'),
	('loopit_metrics()', 'SELECT * FROM loopit_metrics()'),
	('loopit_report(interval,boolean)', 'SELECT loopit_report()'),
	('loopit_payload_drift(interval,interval,int)', 'SELECT * FROM loopit_payload_drift()'),
	('loopit_forget_person(bigint,text)', $$SELECT loopit_forget_person(7, 'a@example.com')$$),
	('loopit_purge_ingest_log(interval,interval,int)',
		$$SELECT loopit_purge_ingest_log('1 day', '1 day', 1)$$)) v(function, call);
SELECT pg_temp.hint(call) AS hint, count(*) > 1 AS more_than_one FROM data_function GROUP BY 1;
-- beside the setup, no other function touches data
SELECT objid::regprocedure FROM pg_depend JOIN pg_extension x ON x.oid = refobjid
WHERE refclassid = 'pg_extension'::regclass AND extname = 'loopit_leads'
AND classid = 'pg_proc'::regclass AND NOT has_function_privilege('public', objid, 'EXECUTE')
AND objid NOT IN (SELECT to_regprocedure(function) FROM data_function);

-- One row per step; the second time there is nothing to do but what always runs.
SET ROLE regress_loopit_owner;
SELECT step, title, split_part(done, ' ', 1) AS done FROM loopit_setup();
SELECT done, count(*) > 1 AS more_than_one FROM loopit_setup() GROUP BY 1 ORDER BY 1;
RESET ROLE;

-- The objects: a DBA's ordinary ones, not the extension's.
CREATE VIEW pg_temp.object AS
SELECT 'pg_class'::regclass AS classid, oid, relname AS name, relkind::text AS kind, relowner AS owner
FROM pg_class WHERE relnamespace = to_regnamespace('loopit')
UNION ALL
SELECT 'pg_proc'::regclass, oid, proname, 'function', proowner
FROM pg_proc WHERE pronamespace = to_regnamespace('loopit')
UNION ALL
SELECT 'pg_namespace'::regclass, oid, nspname, 'schema', nspowner
FROM pg_namespace WHERE nspname = 'loopit';
SELECT name FROM pg_temp.object WHERE kind = 'r' ORDER BY name COLLATE "C";
SELECT name FROM pg_temp.object WHERE kind = 'v' ORDER BY name COLLATE "C";
SELECT owner::regrole, count(*) > 40 AS many FROM pg_temp.object GROUP BY 1;
SELECT name FROM pg_temp.object o JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.oid
WHERE deptype = 'e';
-- nothing of them needs what the extension has
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS needs
FROM pg_depend d JOIN pg_depend e ON e.classid = d.refclassid AND e.objid = d.refobjid
	AND e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass
JOIN pg_extension x ON x.oid = e.refobjid AND extname = 'loopit_leads'
WHERE pg_describe_object(d.classid, d.objid, d.objsubid) LIKE '%loopit.%';

-- Everything has a comment.
SELECT name, kind FROM pg_temp.object
WHERE kind IN ('r', 'v', 'function', 'schema')
AND coalesce(obj_description(oid, classid::regclass::name), '') = '';
SELECT objid::regprocedure FROM pg_depend JOIN pg_extension x ON x.oid = refobjid
WHERE refclassid = 'pg_extension'::regclass AND extname = 'loopit_leads'
AND classid = 'pg_proc'::regclass AND coalesce(obj_description(objid, 'pg_proc'), '') = '';

-- Foreign keys: which have no index that starts with their columns, or join
-- two tenants' tables without the workspace: none.
CREATE VIEW pg_temp.tenant AS
SELECT attrelid, attnum FROM pg_attribute JOIN pg_temp.object o ON o.oid = attrelid AND kind = 'r'
WHERE attname = 'workspace_id' AND name NOT IN ('dealership', 'ingest_log', 'ingest_day_count', 'ingest_day_issue');
SELECT conrelid::regclass, conname FROM pg_constraint c
WHERE contype = 'f' AND connamespace = to_regnamespace('loopit')
AND NOT EXISTS (SELECT FROM pg_index
	WHERE indrelid = conrelid AND indpred IS NULL
	AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey);
SELECT conrelid::regclass, conname FROM pg_constraint c
JOIN pg_temp.tenant t ON t.attrelid = conrelid JOIN pg_temp.tenant r ON r.attrelid = confrelid
WHERE contype = 'f' AND (conkey[1] <> t.attnum OR confkey[1] <> r.attnum);
SELECT count(*) AS composite_foreign_keys FROM pg_constraint
WHERE contype = 'f' AND connamespace = to_regnamespace('loopit') AND cardinality(conkey) = 2;

-- Tenants' tables whose primary key, or another unique one, does not lead with
-- the workspace: none.  Tables that are no tenant's: these.
SELECT attrelid::regclass FROM pg_temp.tenant
WHERE NOT EXISTS (SELECT FROM pg_index
	WHERE indrelid = attrelid AND indisprimary AND indkey[0] = attnum);
SELECT indexrelid::regclass FROM pg_temp.tenant JOIN pg_index ON indrelid = attrelid
WHERE indisunique AND indkey[0] <> attnum;
SELECT name FROM pg_temp.object
WHERE kind = 'r' AND oid NOT IN (SELECT attrelid FROM pg_temp.tenant) ORDER BY name COLLATE "C";
SELECT attname, attidentity FROM pg_attribute
WHERE attrelid = 'loopit.workspace'::regclass AND attname = 'id';
SELECT attidentity = 'a' AS always, string_agg(attrelid::regclass::text, ', ' ORDER BY attrelid::regclass::text COLLATE "C")
FROM pg_attribute JOIN pg_class r ON r.oid = attrelid
WHERE relnamespace = to_regnamespace('loopit') AND attidentity <> '' GROUP BY 1 ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA loopit CASCADE;
DROP EXTENSION loopit_leads;
DROP OWNED BY regress_loopit_owner;
DROP ROLE regress_loopit_owner;

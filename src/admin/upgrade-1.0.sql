-- The part of the upgrade from 1.0 that script/generate-install cannot derive
-- from src/admin/functions.sql: attributes added to a type, functions dropped.
-- It stands at the start of the upgrade script.  No GRANT or REVOKE on a
-- function of 1.0: in an extension's script it would count as the extension's
-- own, and a dump would lose the grants of the DBA.

ALTER TYPE loopit_found_lead ADD ATTRIBUTE state text;

-- title: masking for the audit view
-- makes:

-- The audit view calls the extension through this function, whose body is
-- text: a view that named an extension's function would keep DROP EXTENSION
-- from working, or go with it.  It names the extension's schema, which may
-- have changed since, so this step makes it anew each time.
CREATE OR REPLACE FUNCTION loopit.masked(payload jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT @extschema@.loopit_mask_payload(payload) $$;
COMMENT ON FUNCTION loopit.masked(jsonb) IS
	'loopit_mask_payload(), for the view loopit.ingest_audit.';
GRANT EXECUTE ON FUNCTION loopit.masked(jsonb) TO PUBLIC;

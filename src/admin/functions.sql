-- The functions of the extension, each declared once.  script/generate-install
-- makes the install script and the upgrade script of this file and of the
-- setup steps in src/admin/steps/.
--
-- One paragraph per function or type: its declaration, its comment and, where
-- it reads or writes data, the REVOKE.  (The data functions run as the owner
-- of the tables, so none of them is for PUBLIC; the pure functions are.)
--
-- The upgrade script replaces the functions that the older version has, which
-- keeps their grants, and creates the others.  A function that has got further
-- arguments is preceded by a line with its older signature, and keeps its OID,
-- its grants and the views that call it:
--
--	--: was loopit_example(text, bigint)

-- ---------------------------------------------------------------------------
-- Ingestion.  The parameter has no name: PostgREST hands a whole request body
-- only to a function with a single unnamed parameter.
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_ingest_lead(jsonb) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_ingest_lead';
COMMENT ON FUNCTION loopit_ingest_lead(jsonb) IS
	'Ingests one Dealer Studio payload, writes a row of loopit.ingest_log and returns the outcome.';
REVOKE EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) FROM PUBLIC;

CREATE FUNCTION loopit_ingest_webhook(bytea) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_ingest_webhook';
COMMENT ON FUNCTION loopit_ingest_webhook(bytea) IS
	'The same for a raw request body, whatever its bytes are: one that cannot be read is kept in the log, and an outcome is returned.';
REVOKE EXECUTE ON FUNCTION loopit_ingest_webhook(bytea) FROM PUBLIC;

CREATE FUNCTION loopit_ingest_webhook_text(text) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_ingest_webhook_text';
COMMENT ON FUNCTION loopit_ingest_webhook_text(text) IS
	'The same for a driver that has the request body as a string.';
REVOKE EXECUTE ON FUNCTION loopit_ingest_webhook_text(text) FROM PUBLIC;

CREATE FUNCTION loopit_validate_lead(jsonb) RETURNS jsonb
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_validate_lead';
COMMENT ON FUNCTION loopit_validate_lead(jsonb) IS
	'Returns the outcome that loopit_ingest_lead would have now; writes nothing.';
REVOKE EXECUTE ON FUNCTION loopit_validate_lead(jsonb) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Support
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_replay_lead(log_id bigint) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_replay_lead';
COMMENT ON FUNCTION loopit_replay_lead(bigint) IS
	'Ingests the payload of that row of loopit.ingest_log again, after the cause is fixed.';
REVOKE EXECUTE ON FUNCTION loopit_replay_lead(bigint) FROM PUBLIC;

CREATE FUNCTION loopit_dismiss_lead(log_id bigint, note text) RETURNS void
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_dismiss_lead';
COMMENT ON FUNCTION loopit_dismiss_lead(bigint, text) IS
	'Removes the lead of that row of loopit.ingest_log from loopit.unresolved_lead.';
REVOKE EXECUTE ON FUNCTION loopit_dismiss_lead(bigint, text) FROM PUBLIC;

-- A type of its own: columns of a RETURNS TABLE cannot be called as arguments.
CREATE TYPE loopit_found_lead AS (
	log_id bigint, received_at timestamptz, status text, reason text,
	booking_reason text, dealership_id bigint, workspace_id bigint,
	person_id bigint, booking_id bigint, lead_reference text, email text,
	outcome jsonb, state text);
COMMENT ON TYPE loopit_found_lead IS
	'A row of loopit_find_leads(): a delivery without its payload.';

--: was loopit_find_leads(text, text, timestamptz, interval)
CREATE FUNCTION loopit_find_leads(
		lead_reference text DEFAULT NULL, email text DEFAULT NULL,
		around timestamptz DEFAULT NULL, within interval DEFAULT NULL,
		dealership_id bigint DEFAULT NULL)
	RETURNS SETOF loopit_found_lead
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_find_leads';
COMMENT ON FUNCTION loopit_find_leads(text, text, timestamptz, interval, bigint) IS
	'Deliveries by lead reference, e-mail, time and dealership, newest first, without their payloads, and what became of each; without an argument the newest 100.';
REVOKE EXECUTE ON FUNCTION loopit_find_leads(text, text, timestamptz, interval, bigint) FROM PUBLIC;

CREATE FUNCTION loopit_explain_lead(
		lead_reference text DEFAULT NULL, email text DEFAULT NULL,
		dealership_id bigint DEFAULT NULL)
	RETURNS SETOF text
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 50
	AS 'MODULE_PATHNAME', 'loopit_explain_lead';
COMMENT ON FUNCTION loopit_explain_lead(text, text, bigint) IS
	'The story of a lead for a person: every delivery, replay and dismissal, what was stored, every issue, and what to do next; what is near where nothing is found.';
REVOKE EXECUTE ON FUNCTION loopit_explain_lead(text, text, bigint) FROM PUBLIC;

CREATE FUNCTION loopit_support_mail(log_id bigint) RETURNS text
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_support_mail';
COMMENT ON FUNCTION loopit_support_mail(bigint) IS
	'The message about that row of loopit.ingest_log to the support teams of Dealer Studio and Loopit.';
REVOKE EXECUTE ON FUNCTION loopit_support_mail(bigint) FROM PUBLIC;

CREATE FUNCTION loopit_forget_person(workspace_id bigint, email text) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_forget_person';
COMMENT ON FUNCTION loopit_forget_person(bigint, text) IS
	'Erases a person: the person''s row and documents, and every trace in loopit.ingest_log; returns the counts.';
REVOKE EXECUTE ON FUNCTION loopit_forget_person(bigint, text) FROM PUBLIC;

CREATE FUNCTION loopit_purge_ingest_log(
		older_than interval, failures_older_than interval DEFAULT NULL,
		max_rows int DEFAULT 10000)
	RETURNS bigint
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_purge_ingest_log';
COMMENT ON FUNCTION loopit_purge_ingest_log(interval, interval, int) IS
	'Deletes at most max_rows rows of loopit.ingest_log that are older than that; call it until it returns 0.';
REVOKE EXECUTE ON FUNCTION loopit_purge_ingest_log(interval, interval, int) FROM PUBLIC;

CREATE FUNCTION loopit_payload_drift(
		since interval DEFAULT '1 day', baseline interval DEFAULT '30 days',
		sample int DEFAULT 2000)
	RETURNS TABLE (
		dealership_id bigint, path text, known boolean, change text, code text,
		before text, now text,
		before_share double precision, now_share double precision,
		before_leads int, now_leads int, dealerships int,
		first_seen timestamptz, last_seen timestamptz)
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 20
	AS 'MODULE_PATHNAME', 'loopit_payload_drift';
COMMENT ON FUNCTION loopit_payload_drift(interval, interval, int) IS
	'What the sender changed: paths of payloads and shares of issues, compared by samples of two windows of the log.';
REVOKE EXECUTE ON FUNCTION loopit_payload_drift(interval, interval, int) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- OAuth clients, and what an HTTP front end calls for them
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_create_client(
		name text, workspaces bigint[] DEFAULT NULL,
		OUT client_id text, OUT client_secret text)
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_create_client';
COMMENT ON FUNCTION loopit_create_client(text, bigint[]) IS
	'Creates an OAuth client that may send leads of those workspaces (null: all); returns its id, and its secret, which is shown this once.';
REVOKE EXECUTE ON FUNCTION loopit_create_client(text, bigint[]) FROM PUBLIC;

CREATE FUNCTION loopit_rotate_client(
		client_id text, old_secret_valid interval DEFAULT '7 days')
	RETURNS text
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_rotate_client';
COMMENT ON FUNCTION loopit_rotate_client(text, interval) IS
	'Returns a new secret of the client; the old one works for that long.';
REVOKE EXECUTE ON FUNCTION loopit_rotate_client(text, interval) FROM PUBLIC;

CREATE FUNCTION loopit_revoke_client(client_id text) RETURNS void
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_revoke_client';
COMMENT ON FUNCTION loopit_revoke_client(text) IS
	'Refuses the client and its tokens from now on.';
REVOKE EXECUTE ON FUNCTION loopit_revoke_client(text) FROM PUBLIC;

CREATE TYPE loopit_door_answer AS (
	status int, error text, client_id text, log_id bigint, answer text);
COMMENT ON TYPE loopit_door_answer IS
	'What an HTTP front end answers: the status, the error code of RFC 6749 or RFC 6750, the body.';

CREATE FUNCTION loopit_door_token(client_id text, secret_digest bytea)
	RETURNS loopit_door_answer
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_door_token';
COMMENT ON FUNCTION loopit_door_token(text, bytea) IS
	'Gives a client an access token (RFC 6749 section 4.4); takes the SHA-256 of its secret.';
REVOKE EXECUTE ON FUNCTION loopit_door_token(text, bytea) FROM PUBLIC;

CREATE FUNCTION loopit_door_receive(token_digest bytea, body bytea)
	RETURNS loopit_door_answer
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_door_receive';
COMMENT ON FUNCTION loopit_door_receive(bytea, bytea) IS
	'Ingests a request body for the client whose token has that SHA-256.';
REVOKE EXECUTE ON FUNCTION loopit_door_receive(bytea, bytea) FROM PUBLIC;

CREATE FUNCTION loopit_door_receive_as(client_id text, body bytea)
	RETURNS loopit_door_answer
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_door_receive_as';
COMMENT ON FUNCTION loopit_door_receive_as(text, bytea) IS
	'Ingests a request body for a client that the caller vouches for: to be granted only where an identity provider is used.';
REVOKE EXECUTE ON FUNCTION loopit_door_receive_as(text, bytea) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Reports
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_metrics(
		OUT metric text, OUT workspace_id text, OUT dealership_id text,
		OUT label text, OUT value double precision)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000
	AS 'MODULE_PATHNAME', 'loopit_metrics';
COMMENT ON FUNCTION loopit_metrics() IS
	'Metrics for a monitor: leads since midnight (UTC), open leads, seconds since the last delivery of each dealership, size of the log.';
REVOKE EXECUTE ON FUNCTION loopit_metrics() FROM PUBLIC;

CREATE FUNCTION loopit_report(since interval DEFAULT '1 day', html boolean DEFAULT true)
	RETURNS text
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_report';
COMMENT ON FUNCTION loopit_report(interval, boolean) IS
	'The page to open each morning: what to do first, and the figures behind it; as HTML, or as text of 80 columns. It has no personal data.';
REVOKE EXECUTE ON FUNCTION loopit_report(interval, boolean) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Pure functions
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_lead_schema() RETURNS jsonb
	LANGUAGE C IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'loopit_lead_schema';
COMMENT ON FUNCTION loopit_lead_schema() IS
	'The payload''s JSON Schema (draft 2020-12).';

CREATE FUNCTION loopit_mask_payload(jsonb) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'loopit_mask_payload';
COMMENT ON FUNCTION loopit_mask_payload(jsonb) IS
	'Masks every value but those that are known to be harmless by their whole path; keys, nulls and types are kept.';

CREATE FUNCTION loopit_reason_codes(
		OUT code text, OUT thing text, OUT field text,
		OUT explanation text, OUT remedy text)
	RETURNS SETOF record
	LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 40
	AS 'MODULE_PATHNAME', 'loopit_reason_codes';
COMMENT ON FUNCTION loopit_reason_codes() IS
	'The catalogue of the codes and reasons that outcomes use.';

-- ---------------------------------------------------------------------------
-- Setup: the steps that loopit_setup() takes, as data, so that a DBA can read
-- the DDL before running it: SELECT ddl FROM loopit_setup_steps().
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_setup_steps(
		OUT step int, OUT title text, OUT makes text[], OUT ddl text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, pg_temp
AS $setup$
VALUES
--: steps
$setup$;
COMMENT ON FUNCTION loopit_setup_steps() IS
	'The steps of loopit_setup(): number, title, what each makes, and its DDL.';

CREATE FUNCTION loopit_setup(OUT step int, OUT title text, OUT done text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10
	AS 'MODULE_PATHNAME', 'loopit_setup';
COMMENT ON FUNCTION loopit_setup() IS
	'Creates what is missing of schema loopit, owned by the caller, and brings older tables up to date; returns one row per step.';
REVOKE EXECUTE ON FUNCTION loopit_setup() FROM PUBLIC;

CREATE FUNCTION loopit_partition_log(period text, OUT step int, OUT title text, OUT done text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 4
	AS 'MODULE_PATHNAME', 'loopit_partition_log';
COMMENT ON FUNCTION loopit_partition_log(text) IS
	'Makes loopit.ingest_log a table that is partitioned by received_at, by day, week or month; called again, changes the period of future partitions. Returns one row per step.';
REVOKE EXECUTE ON FUNCTION loopit_partition_log(text) FROM PUBLIC;

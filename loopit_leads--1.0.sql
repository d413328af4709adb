/* loopit_leads--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION loopit_leads" to load this file. \quit

-- The functions that read or write data run as the owner of the tables (the
-- C code switches to it), so none of them is for PUBLIC: the REVOKE at the end
-- takes it from all of them, and the pure functions get it back.

-- ---------------------------------------------------------------------------
-- Ingestion.  The parameter has no name: PostgREST hands a whole request body
-- only to a function with a single unnamed parameter.
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_ingest_lead(jsonb) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_ingest_lead';
COMMENT ON FUNCTION loopit_ingest_lead(jsonb) IS
	'Ingests one Dealer Studio payload, writes a row of loopit.ingest_log and returns the outcome.';

CREATE FUNCTION loopit_ingest_webhook(bytea) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_ingest_webhook';
COMMENT ON FUNCTION loopit_ingest_webhook(bytea) IS
	'The same for a raw request body, whatever its bytes are: one that cannot be read is kept in the log and answered with an outcome.';

CREATE FUNCTION loopit_validate_lead(jsonb) RETURNS jsonb
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_validate_lead';
COMMENT ON FUNCTION loopit_validate_lead(jsonb) IS
	'The outcome that loopit_ingest_lead would have now; writes nothing.';

-- ---------------------------------------------------------------------------
-- Support
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_replay_lead(log_id bigint) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_replay_lead';
COMMENT ON FUNCTION loopit_replay_lead(bigint) IS
	'Ingests the payload of that row of loopit.ingest_log again, after the cause was mended.';

CREATE FUNCTION loopit_dismiss_lead(log_id bigint, note text) RETURNS void
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_dismiss_lead';
COMMENT ON FUNCTION loopit_dismiss_lead(bigint, text) IS
	'Takes the lead of that row of loopit.ingest_log out of loopit.unresolved_lead.';

-- A type of its own: columns of a RETURNS TABLE cannot be called as arguments.
CREATE TYPE loopit_found_lead AS (
	log_id bigint, received_at timestamptz, status text, reason text,
	booking_reason text, dealership_id bigint, workspace_id bigint,
	person_id bigint, booking_id bigint, lead_reference text, email text,
	outcome jsonb);
COMMENT ON TYPE loopit_found_lead IS
	'A row of loopit_find_leads(): a delivery without its payload.';

CREATE FUNCTION loopit_find_leads(
		lead_reference text DEFAULT NULL, email text DEFAULT NULL,
		around timestamptz DEFAULT NULL, within interval DEFAULT NULL)
	RETURNS SETOF loopit_found_lead
	LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_find_leads';
COMMENT ON FUNCTION loopit_find_leads(text, text, timestamptz, interval) IS
	'Deliveries by lead reference, e-mail and time, newest first, without their payloads; without an argument the newest 100.';

CREATE FUNCTION loopit_forget_person(workspace_id bigint, email text) RETURNS jsonb
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_forget_person';
COMMENT ON FUNCTION loopit_forget_person(bigint, text) IS
	'Erases a person: the person''s row and documents, and every trace in loopit.ingest_log; returns the counts.';

CREATE FUNCTION loopit_purge_ingest_log(
		older_than interval, failures_older_than interval DEFAULT NULL,
		max_rows int DEFAULT 10000)
	RETURNS bigint
	LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'loopit_purge_ingest_log';
COMMENT ON FUNCTION loopit_purge_ingest_log(interval, interval, int) IS
	'Deletes at most max_rows rows of loopit.ingest_log that are older than that; call it until it returns 0.';

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
	'Masks document numbers, dates of birth and street addresses, by key, at any depth.';

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
--
-- A step is due where a schema or relation that it makes is missing, where it
-- makes none, and where the schema is of an older version; so each is
-- idempotent.  A released step is never edited: what changes is a new step
-- (ALTER TABLE ... ADD COLUMN IF NOT EXISTS ...), which an older schema takes.
-- ---------------------------------------------------------------------------

CREATE FUNCTION loopit_setup_steps(
		OUT step int, OUT title text, OUT makes text[], OUT ddl text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, pg_temp
AS $setup$
VALUES
(1, 'schema', '{loopit}'::text[], $ddl$

-- (Not IF NOT EXISTS, which asks for the privilege to create one all the same.)
CREATE SCHEMA loopit;
COMMENT ON SCHEMA loopit IS
	'Leads of Dealer Studio websites: tables of the business, made by loopit_setup() of extension loopit_leads.';

$ddl$),
(2, 'version', '{loopit.schema_version}', $ddl$

CREATE TABLE IF NOT EXISTS loopit.schema_version (
	step		int PRIMARY KEY,
	title		text NOT NULL,
	applied_at	timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE loopit.schema_version IS
	'The steps of loopit_setup() that this schema has taken; the highest is its version.';

$ddl$),
(3, 'workspaces and what a loader brings',
'{loopit.workspace,
  loopit.dealership, loopit.dealership_workspace_idx,
  loopit.location, loopit.location_name_key,
  loopit.package, loopit.package_name_key,
  loopit.asset, loopit.asset_vin_key, loopit.asset_stock_number_key,
  loopit.asset_archived_vin_idx, loopit.asset_archived_stock_number_idx,
  loopit.asset_location, loopit.asset_location_location_idx}', $ddl$

CREATE TABLE IF NOT EXISTS loopit.workspace (
	id			bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 32) PRIMARY KEY,
	name		text NOT NULL
);
COMMENT ON TABLE loopit.workspace IS
	'A tenant: everything that belongs to it carries its id.';

CREATE TABLE IF NOT EXISTS loopit.dealership (
	id			bigint PRIMARY KEY,
	workspace_id bigint NOT NULL REFERENCES loopit.workspace
);
CREATE INDEX IF NOT EXISTS dealership_workspace_idx
	ON loopit.dealership (workspace_id);
COMMENT ON TABLE loopit.dealership IS
	'Routes leads: which workspace a dealership''s leads belong to.';
COMMENT ON COLUMN loopit.dealership.id IS
	'Dealer Studio''s number of the dealership: dealership.id of a payload.';

CREATE TABLE IF NOT EXISTS loopit.location (
	workspace_id bigint NOT NULL REFERENCES loopit.workspace,
	id			bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 32),
	name		text NOT NULL,
	archived_at	timestamptz,
	PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS location_name_key
	ON loopit.location (workspace_id, pg_catalog.lower(name COLLATE "C"))
	WHERE archived_at IS NULL;
COMMENT ON TABLE loopit.location IS
	'A place where vehicles are picked up.';
COMMENT ON COLUMN loopit.location.name IS
	'Matches location.location_name of a payload in any case; unique among the live ones.';
COMMENT ON COLUMN loopit.location.archived_at IS
	'Null while the location is live.';

CREATE TABLE IF NOT EXISTS loopit.package (
	workspace_id bigint NOT NULL REFERENCES loopit.workspace,
	id			bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 32),
	name		text NOT NULL,
	archived_at	timestamptz,
	PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS package_name_key
	ON loopit.package (workspace_id, name COLLATE "C")
	WHERE archived_at IS NULL;
COMMENT ON TABLE loopit.package IS
	'A subscription package.';
COMMENT ON COLUMN loopit.package.name IS
	'Matches additional_details.subscription_plan of a payload exactly; unique among the live ones.';
COMMENT ON COLUMN loopit.package.archived_at IS
	'Null while the package is live.';

CREATE TABLE IF NOT EXISTS loopit.asset (
	workspace_id bigint NOT NULL REFERENCES loopit.workspace,
	id			bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 32),
	vin			text CHECK (vin <> ''),
	stock_number text CHECK (stock_number <> ''),
	archived_at	timestamptz,
	PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS asset_vin_key
	ON loopit.asset (workspace_id, pg_catalog.lower(vin COLLATE "C"))
	WHERE archived_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS asset_stock_number_key
	ON loopit.asset (workspace_id, stock_number COLLATE "C")
	WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS asset_archived_vin_idx
	ON loopit.asset (workspace_id, pg_catalog.lower(vin COLLATE "C"))
	WHERE archived_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS asset_archived_stock_number_idx
	ON loopit.asset (workspace_id, stock_number COLLATE "C")
	WHERE archived_at IS NOT NULL;
COMMENT ON TABLE loopit.asset IS
	'A vehicle.';
COMMENT ON COLUMN loopit.asset.vin IS
	'Vehicle identification number; matches item.vin of a payload in any case; unique among the live ones.';
COMMENT ON COLUMN loopit.asset.stock_number IS
	'Matches item.stock_number of a payload exactly; unique among the live ones.';
COMMENT ON COLUMN loopit.asset.archived_at IS
	'Null while the vehicle is live; an archived one is never booked.';

CREATE TABLE IF NOT EXISTS loopit.asset_location (
	workspace_id bigint NOT NULL,
	asset_id	bigint NOT NULL,
	location_id	bigint NOT NULL,
	position	int NOT NULL CHECK (position >= 1),
	PRIMARY KEY (workspace_id, asset_id, location_id),
	UNIQUE (workspace_id, asset_id, position),
	FOREIGN KEY (workspace_id, asset_id) REFERENCES loopit.asset ON DELETE CASCADE,
	FOREIGN KEY (workspace_id, location_id) REFERENCES loopit.location ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS asset_location_location_idx
	ON loopit.asset_location (workspace_id, location_id);
COMMENT ON TABLE loopit.asset_location IS
	'The locations where a vehicle can be booked.';
COMMENT ON COLUMN loopit.asset_location.position IS
	'1 is the first: the one taken where a payload names no location that exists.';

$ddl$),
(4, 'persons, documents and bookings',
'{loopit.person, loopit.person_email_key,
  loopit.identity_document,
  loopit.booking, loopit.booking_lead_reference_key, loopit.booking_person_idx,
  loopit.booking_asset_idx, loopit.booking_location_idx, loopit.booking_package_idx}', $ddl$

CREATE TABLE IF NOT EXISTS loopit.person (
	workspace_id bigint NOT NULL REFERENCES loopit.workspace,
	id			bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	date_of_birth date,
	marketing_opt_in boolean,
	source_updated_at timestamptz,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	email		text COLLATE "C" NOT NULL,
	first_name	text,
	middle_name	text,
	last_name	text,
	mobile_phone text,
	street		text,
	city		text,
	state		text,
	postcode	text,
	country		text,
	PRIMARY KEY (workspace_id, id),
	CONSTRAINT person_email_lower_case
		CHECK (email = pg_catalog.lower(email) AND email <> ''),
	CONSTRAINT person_address_whole
		CHECK (pg_catalog.num_nulls(street, city, state, postcode, country) IN (0, 5))
);
CREATE UNIQUE INDEX IF NOT EXISTS person_email_key
	ON loopit.person (workspace_id, email);
COMMENT ON TABLE loopit.person IS
	'A person who enquired; known by the e-mail address within a workspace.';
COMMENT ON COLUMN loopit.person.email IS
	'In lower case; unique in its workspace.';
COMMENT ON COLUMN loopit.person.mobile_phone IS
	'As the person wrote it.';
COMMENT ON COLUMN loopit.person.state IS
	'Abbreviated, in upper case.';
COMMENT ON COLUMN loopit.person.source_updated_at IS
	'The newest updated_at among the payloads; an older payload only fills what is still empty.';
COMMENT ON COLUMN loopit.person.updated_at IS
	'When a delivery last changed a field of this row.';

CREATE TABLE IF NOT EXISTS loopit.identity_document (
	workspace_id bigint NOT NULL,
	person_id	bigint NOT NULL,
	date_of_birth date NOT NULL,
	expires_on	date NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	kind		text COLLATE "C" NOT NULL CHECK (kind IN ('driver_licence', 'passport')),
	number		text NOT NULL,
	card_number	text,
	issuing_state text,
	issuing_country text,
	PRIMARY KEY (workspace_id, person_id, kind),
	FOREIGN KEY (workspace_id, person_id) REFERENCES loopit.person ON DELETE CASCADE,
	CONSTRAINT identity_document_of_its_kind
		CHECK (CASE kind WHEN 'passport'
			   THEN issuing_country IS NOT NULL AND card_number IS NULL AND issuing_state IS NULL
			   ELSE issuing_country IS NULL END),
	CONSTRAINT identity_document_issuing_country_alpha2
		CHECK (issuing_country COLLATE "C" ~ '^[A-Z][A-Z]$')
);
COMMENT ON TABLE loopit.identity_document IS
	'A person''s driver licence and passport: one row a kind.';
COMMENT ON COLUMN loopit.identity_document.kind IS
	'driver_licence or passport.';
COMMENT ON COLUMN loopit.identity_document.card_number IS
	'Driver licences only.';
COMMENT ON COLUMN loopit.identity_document.issuing_state IS
	'Driver licences only; abbreviated, in upper case.';
COMMENT ON COLUMN loopit.identity_document.issuing_country IS
	'Passports only; ISO 3166-1 alpha-2.';
COMMENT ON COLUMN loopit.identity_document.date_of_birth IS
	'As the document has it; the person''s own stands in loopit.person.';

CREATE TABLE IF NOT EXISTS loopit.booking (
	workspace_id bigint NOT NULL,
	id			bigint GENERATED ALWAYS AS IDENTITY (CACHE 32),
	person_id	bigint,
	asset_id	bigint NOT NULL,
	location_id	bigint NOT NULL,
	package_id	bigint NOT NULL,
	ingest_log_id bigint NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	lead_reference text COLLATE "C" NOT NULL,
	PRIMARY KEY (workspace_id, id),
	FOREIGN KEY (workspace_id, person_id) REFERENCES loopit.person
		ON DELETE SET NULL (person_id),
	FOREIGN KEY (workspace_id, asset_id) REFERENCES loopit.asset,
	FOREIGN KEY (workspace_id, location_id) REFERENCES loopit.location,
	FOREIGN KEY (workspace_id, package_id) REFERENCES loopit.package
);
CREATE UNIQUE INDEX IF NOT EXISTS booking_lead_reference_key
	ON loopit.booking (workspace_id, lead_reference);
CREATE INDEX IF NOT EXISTS booking_person_idx
	ON loopit.booking (workspace_id, person_id);
CREATE INDEX IF NOT EXISTS booking_asset_idx
	ON loopit.booking (workspace_id, asset_id);
CREATE INDEX IF NOT EXISTS booking_location_idx
	ON loopit.booking (workspace_id, location_id);
CREATE INDEX IF NOT EXISTS booking_package_idx
	ON loopit.booking (workspace_id, package_id);
COMMENT ON TABLE loopit.booking IS
	'A booking made from a lead: one a lead, and no later delivery changes it.';
COMMENT ON COLUMN loopit.booking.lead_reference IS
	'Dealer Studio''s id of the lead, or sha256: and a digest of the payload; unique in its workspace.';
COMMENT ON COLUMN loopit.booking.person_id IS
	'Null once the person was erased.';
COMMENT ON COLUMN loopit.booking.ingest_log_id IS
	'The row of loopit.ingest_log that reports it; no foreign key, since the log is purged.';

$ddl$),
(5, 'the log',
'{loopit.ingest_log, loopit.ingest_log_lead_reference_idx,
  loopit.ingest_log_email_idx, loopit.ingest_log_received_at_idx,
  loopit.ingest_log_unsettled_idx, loopit.ingest_log_replay_of_idx}', $ddl$

CREATE TABLE IF NOT EXISTS loopit.ingest_log (
	id			bigint GENERATED ALWAYS AS IDENTITY (CACHE 32) PRIMARY KEY,
	received_at	timestamptz NOT NULL,
	dealership_id bigint,
	workspace_id bigint,
	person_id	bigint,
	booking_id	bigint,
	replay_of	bigint,
	first_received_at timestamptz,
	dismissed_at timestamptz,
	duration_us	bigint NOT NULL,
	payload_version int NOT NULL,
	asked_for_booking boolean NOT NULL,
	status		text COLLATE "C" NOT NULL CHECK (status IN ('processed', 'rejected', 'failed')),
	reason		text COLLATE "C",
	lead_reference text COLLATE "C",
	email		text COLLATE "C",
	person_action text COLLATE "C" NOT NULL,
	booking_action text COLLATE "C" NOT NULL,
	booking_reason text COLLATE "C",
	ingested_by	text NOT NULL,
	dismissal_note text,
	outcome		jsonb NOT NULL,
	payload		jsonb,
	raw_body	bytea,
	CONSTRAINT ingest_log_reason_unless_processed
		CHECK ((status = 'processed') = (reason IS NULL))
);
-- Compression is most of what storing a payload costs, and lz4, which not every
-- server has, a sixth of pglz.  An outcome is too small to be worth any.  A log
-- that has rows keeps what its DBA chose.
DO $storage$
BEGIN
	IF EXISTS (SELECT FROM loopit.ingest_log) THEN
		RETURN;
	END IF;
	ALTER TABLE loopit.ingest_log ALTER COLUMN outcome SET STORAGE EXTERNAL;
	BEGIN
		ALTER TABLE loopit.ingest_log ALTER COLUMN payload SET COMPRESSION lz4,
			ALTER COLUMN raw_body SET COMPRESSION lz4;
	EXCEPTION WHEN feature_not_supported THEN
		NULL;
	END;
END
$storage$;
CREATE INDEX IF NOT EXISTS ingest_log_lead_reference_idx
	ON loopit.ingest_log (lead_reference, received_at);
CREATE INDEX IF NOT EXISTS ingest_log_email_idx
	ON loopit.ingest_log (email, received_at);
CREATE INDEX IF NOT EXISTS ingest_log_received_at_idx
	ON loopit.ingest_log (received_at, id);
CREATE INDEX IF NOT EXISTS ingest_log_unsettled_idx
	ON loopit.ingest_log (received_at)
	WHERE dismissed_at IS NULL
	AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking);
CREATE INDEX IF NOT EXISTS ingest_log_replay_of_idx
	ON loopit.ingest_log (replay_of) WHERE replay_of IS NOT NULL;
-- The three columns depend on each other: without this the planner takes the
-- few unsettled rows for a quarter of the log, and reads all of it.
CREATE STATISTICS IF NOT EXISTS loopit.ingest_log_unsettled_stats (mcv)
	ON status, booking_action, asked_for_booking FROM loopit.ingest_log;
COMMENT ON TABLE loopit.ingest_log IS
	'One row a delivery, written in the same transaction as what it reports. No foreign keys: a row outlives what it reports.';
COMMENT ON COLUMN loopit.ingest_log.received_at IS
	'Wall clock when the call began, not the transaction''s time.';
COMMENT ON COLUMN loopit.ingest_log.dealership_id IS
	'dealership.id of the payload, as far as it is a bigint.';
COMMENT ON COLUMN loopit.ingest_log.replay_of IS
	'The row whose payload this call ingested again.';
COMMENT ON COLUMN loopit.ingest_log.first_received_at IS
	'Of a replay: when its payload was received first.';
COMMENT ON COLUMN loopit.ingest_log.dismissed_at IS
	'When somebody took the lead out of loopit.unresolved_lead without a replay.';
COMMENT ON COLUMN loopit.ingest_log.duration_us IS
	'Microseconds from the call''s begin to the writing of this row.';
COMMENT ON COLUMN loopit.ingest_log.payload_version IS
	'The version of the rules that judged the payload.';
COMMENT ON COLUMN loopit.ingest_log.asked_for_booking IS
	'The payload named a vehicle or a plan.';
COMMENT ON COLUMN loopit.ingest_log.status IS
	'processed, rejected or failed; see loopit_reason_codes() for the reason of the last two.';
COMMENT ON COLUMN loopit.ingest_log.lead_reference IS
	'Dealer Studio''s id of the lead, or sha256: and a digest of the payload.';
COMMENT ON COLUMN loopit.ingest_log.email IS
	'The address as it was sent, trimmed and in lower case, also where it is not a valid one.';
COMMENT ON COLUMN loopit.ingest_log.ingested_by IS
	'The role that called.';
COMMENT ON COLUMN loopit.ingest_log.outcome IS
	'What the call returned.';
COMMENT ON COLUMN loopit.ingest_log.payload IS
	'The payload, whole; null where there was none, it could not be read, or it was erased.';
COMMENT ON COLUMN loopit.ingest_log.raw_body IS
	'The request body, where it could not be read or had to be repaired.';

$ddl$),
(6, 'unresolved leads', '{loopit.unresolved_lead}', $ddl$

CREATE OR REPLACE VIEW loopit.unresolved_lead AS
SELECT DISTINCT ON (l.dealership_id, l.lead_reference, l.stands_alone)
	l.id AS log_id, l.received_at, l.dealership_id, l.workspace_id,
	l.lead_reference, l.email, l.status,
	COALESCE(l.reason, l.booking_reason) AS reason, l.asked_for_booking
FROM (
	SELECT *, CASE WHEN dealership_id IS NULL OR lead_reference IS NULL THEN id END AS stands_alone
	FROM loopit.ingest_log
	WHERE dismissed_at IS NULL
	AND (status <> 'processed' OR booking_action = 'skipped' AND asked_for_booking)
	AND (payload IS NOT NULL OR raw_body IS NOT NULL)
) l
WHERE NOT EXISTS (
	SELECT FROM loopit.ingest_log later
	WHERE later.lead_reference = l.lead_reference
	AND later.dealership_id = l.dealership_id
	AND (later.received_at, later.id) > (l.received_at, l.id)
	AND later.status = 'processed'
	AND (later.booking_action <> 'skipped' OR NOT l.asked_for_booking))
AND NOT EXISTS (
	SELECT FROM loopit.ingest_log replay
	WHERE replay.replay_of = l.id
	AND l.stands_alone IS NOT NULL)
ORDER BY l.dealership_id, l.lead_reference, l.stands_alone,
	l.asked_for_booking DESC, l.received_at DESC, l.id DESC;
COMMENT ON VIEW loopit.unresolved_lead IS
	'One row a lead that was rejected, failed or got no booking though it asked for one, and that nothing later settled. Replay with loopit_replay_lead(log_id), or take it out with loopit_dismiss_lead(log_id, note).';

$ddl$),
(7, 'summary', '{loopit.ingest_summary}', $ddl$

CREATE OR REPLACE VIEW loopit.ingest_summary AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
	COALESCE(reason, booking_reason) AS reason,
	pg_catalog.count(*) AS count, pg_catalog.max(received_at) AS last_seen
FROM loopit.ingest_log
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW loopit.ingest_summary IS
	'Counts a day (UTC), workspace, status and reason: the alarm for leads that do not appear.';

$ddl$),
(8, 'masking for the audit view', '{}', $ddl$

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

$ddl$),
(9, 'audit', '{loopit.ingest_audit}', $ddl$

CREATE OR REPLACE VIEW loopit.ingest_audit AS
SELECT id, received_at, status, reason, dealership_id, workspace_id,
	lead_reference, email, person_id, person_action, booking_id,
	booking_action, booking_reason, asked_for_booking, outcome,
	loopit.masked(payload) AS payload, replay_of, first_received_at, dismissed_at,
	dismissal_note, payload_version, duration_us, ingested_by
FROM loopit.ingest_log;
COMMENT ON VIEW loopit.ingest_audit IS
	'The log for auditors: payloads masked, no raw bodies.';

$ddl$)
$setup$;
COMMENT ON FUNCTION loopit_setup_steps() IS
	'The steps of loopit_setup(): number, title, what each makes, and its DDL.';

CREATE FUNCTION loopit_setup(OUT step int, OUT title text, OUT done text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10
	AS 'MODULE_PATHNAME', 'loopit_setup';
COMMENT ON FUNCTION loopit_setup() IS
	'Creates what is missing of schema loopit, owned by the caller, and brings older tables up to date; returns a row a step.';

-- ---------------------------------------------------------------------------
-- Privileges
-- ---------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION
	loopit_ingest_lead(jsonb),
	loopit_ingest_webhook(bytea),
	loopit_validate_lead(jsonb),
	loopit_replay_lead(bigint),
	loopit_dismiss_lead(bigint, text),
	loopit_find_leads(text, text, timestamptz, interval),
	loopit_forget_person(bigint, text),
	loopit_purge_ingest_log(interval, interval, int),
	loopit_setup()
FROM PUBLIC;

-- title: OAuth clients
-- makes: loopit.client, loopit.access_token, loopit.access_token_expires_at_idx

CREATE TABLE IF NOT EXISTS loopit.client (
	client_id	text COLLATE "C" PRIMARY KEY
		CONSTRAINT client_id_printable CHECK (client_id ~ '^[ -~]{1,128}$'),
	name		text NOT NULL,
	workspaces	bigint[]
		CONSTRAINT client_workspaces_not_null CHECK (pg_catalog.array_position(workspaces, NULL) IS NULL),
	secret_digest bytea,
	previous_digest bytea,
	previous_until timestamptz,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	revoked_at	timestamptz
);
CREATE TABLE IF NOT EXISTS loopit.access_token (
	digest		bytea PRIMARY KEY,
	client_id	text COLLATE "C" NOT NULL REFERENCES loopit.client ON DELETE CASCADE,
	expires_at	timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS access_token_expires_at_idx
	ON loopit.access_token (expires_at);
CREATE INDEX IF NOT EXISTS access_token_client_id_idx
	ON loopit.access_token (client_id);
ALTER TABLE loopit.ingest_log
	ADD COLUMN IF NOT EXISTS client_id text COLLATE "C";
COMMENT ON TABLE loopit.client IS
	'OAuth clients. One that an identity provider vouches for has no secret here, and is inserted with the id that the provider''s tokens name.';
COMMENT ON COLUMN loopit.client.workspaces IS
	'The workspaces whose leads it may send; null: all.';
COMMENT ON COLUMN loopit.client.secret_digest IS
	'SHA-256 of the secret, which is 256 random bits and stored nowhere.';
COMMENT ON COLUMN loopit.client.previous_digest IS
	'The same of the secret before the last rotation, which works until previous_until.';
COMMENT ON COLUMN loopit.client.revoked_at IS
	'Since when the client and its tokens are refused.';
COMMENT ON TABLE loopit.access_token IS
	'Tokens in force, and a few that have expired, which are deleted as new ones are made.';
COMMENT ON COLUMN loopit.access_token.digest IS
	'SHA-256 of the token, which is 256 random bits and stored nowhere.';
COMMENT ON COLUMN loopit.ingest_log.client_id IS
	'The OAuth client that sent the lead; null if it came by another way, and for a replay.';

CREATE OR REPLACE VIEW loopit.ingest_audit AS
SELECT id, received_at, status, reason, dealership_id, workspace_id,
	lead_reference, email, person_id, person_action, booking_id,
	booking_action, booking_reason, asked_for_booking, outcome,
	loopit.masked(payload) AS payload, replay_of, first_received_at, dismissed_at,
	dismissal_note, payload_version, duration_us, ingested_by, client_id
FROM loopit.ingest_log;

-- title: persons, documents and bookings
-- makes: loopit.person, loopit.person_email_key, loopit.identity_document
-- makes: loopit.booking, loopit.booking_lead_reference_key
-- makes: loopit.booking_person_idx, loopit.booking_asset_idx
-- makes: loopit.booking_location_idx, loopit.booking_package_idx

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

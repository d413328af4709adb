-- title: version
-- makes: loopit.schema_version

CREATE TABLE IF NOT EXISTS loopit.schema_version (
	step		int PRIMARY KEY,
	title		text NOT NULL,
	applied_at	timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE loopit.schema_version IS
	'The steps of loopit_setup() that this schema has taken; the highest is its version.';

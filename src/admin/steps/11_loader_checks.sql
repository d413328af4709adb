-- title: checks of what a loader brings
-- makes:

-- What a payload says is trimmed before it is looked up, so a stored value
-- with white space at an end would never be found.  The characters, as UTF-8
-- in hexadecimal, are those of trimming: Unicode's White_Space, and the
-- invisible U+00AD, U+200B to U+200F, U+202A to U+202E, U+2060,
-- U+2066 to U+2069 and U+FEFF.
CREATE OR REPLACE FUNCTION loopit.is_trimmed(value text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN value <> '' AND pg_catalog.encode(
		CASE WHEN pg_catalog.getdatabaseencoding() IN ('UTF8', 'SQL_ASCII', 'MULE_INTERNAL')
			THEN pg_catalog.convert_to(value, pg_catalog.getdatabaseencoding())
			ELSE pg_catalog.convert_to(pg_catalog.left(value, 1), 'UTF8')
				|| pg_catalog.convert_to(pg_catalog.right(value, 1), 'UTF8')
		END, 'hex') COLLATE "C"
	!~ '^(09|0a|0b|0c|0d|20|c285|c2a0|c2ad|e19a80|e2808[0-9a-f]|e280a[89a-f]|e2819f|e281a[06-9]|e38080|efbbbf)|(09|0a|0b|0c|0d|20|c285|c2a0|c2ad|e19a80|e2808[0-9a-f]|e280a[89a-f]|e2819f|e281a[06-9]|e38080|efbbbf)$';
COMMENT ON FUNCTION loopit.is_trimmed(text) IS
	'Whether a text is not empty and has no white space at its ends, as trimming of a payload takes it.';
GRANT EXECUTE ON FUNCTION loopit.is_trimmed(text) TO PUBLIC;

-- One constraint per statement: where rows violate it, loopit_setup() adds it
-- NOT VALID and names them.
ALTER TABLE loopit.workspace ADD CONSTRAINT workspace_id_not_zero
	CHECK (id <> 0);
ALTER TABLE loopit.workspace ADD CONSTRAINT workspace_name_trimmed
	CHECK (loopit.is_trimmed(name));
ALTER TABLE loopit.dealership ADD CONSTRAINT dealership_id_not_zero
	CHECK (id <> 0);
ALTER TABLE loopit.location ADD CONSTRAINT location_id_not_zero
	CHECK (id <> 0);
ALTER TABLE loopit.location ADD CONSTRAINT location_name_trimmed
	CHECK (loopit.is_trimmed(name));
ALTER TABLE loopit.package ADD CONSTRAINT package_id_not_zero
	CHECK (id <> 0);
ALTER TABLE loopit.package ADD CONSTRAINT package_name_trimmed
	CHECK (loopit.is_trimmed(name));
ALTER TABLE loopit.asset ADD CONSTRAINT asset_id_not_zero
	CHECK (id <> 0);
ALTER TABLE loopit.asset ADD CONSTRAINT asset_vin_trimmed
	CHECK (loopit.is_trimmed(vin));
ALTER TABLE loopit.asset ADD CONSTRAINT asset_stock_number_trimmed
	CHECK (loopit.is_trimmed(stock_number));

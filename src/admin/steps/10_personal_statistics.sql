-- title: no personal data in statistics
-- makes:

-- ANALYZE would keep the most common values of these columns, and sample ones,
-- in pg_statistic, where erasure does not reach them.  loopit_setup() removes
-- what it has kept so far.
ALTER TABLE loopit.person
	ALTER COLUMN email SET STATISTICS 0,
	ALTER COLUMN first_name SET STATISTICS 0,
	ALTER COLUMN middle_name SET STATISTICS 0,
	ALTER COLUMN last_name SET STATISTICS 0,
	ALTER COLUMN date_of_birth SET STATISTICS 0,
	ALTER COLUMN mobile_phone SET STATISTICS 0,
	ALTER COLUMN marketing_opt_in SET STATISTICS 0,
	ALTER COLUMN street SET STATISTICS 0,
	ALTER COLUMN city SET STATISTICS 0,
	ALTER COLUMN state SET STATISTICS 0,
	ALTER COLUMN postcode SET STATISTICS 0,
	ALTER COLUMN country SET STATISTICS 0;
ALTER TABLE loopit.identity_document
	ALTER COLUMN number SET STATISTICS 0,
	ALTER COLUMN card_number SET STATISTICS 0,
	ALTER COLUMN issuing_state SET STATISTICS 0,
	ALTER COLUMN issuing_country SET STATISTICS 0,
	ALTER COLUMN date_of_birth SET STATISTICS 0,
	ALTER COLUMN expires_on SET STATISTICS 0;
ALTER TABLE loopit.ingest_log
	ALTER COLUMN email SET STATISTICS 0,
	ALTER COLUMN outcome SET STATISTICS 0,
	ALTER COLUMN payload SET STATISTICS 0,
	ALTER COLUMN raw_body SET STATISTICS 0,
	ALTER COLUMN dismissal_note SET STATISTICS 0;

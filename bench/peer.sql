-- peer.sql: a second implementation of loopit_ingest_lead(jsonb), in PL/pgSQL.
--
--     psql -X -v ON_ERROR_STOP=1 -f bench/peer.sql
--
-- It has two uses: the benchmarks compare the extension with it, since it is what
-- a careful DBA would write instead; and it is the oracle of
-- t/020_differential.pl: since it was written from the contract alone, its outcome
-- must equal that of the extension, except for ids and texts. The extension and
-- schema loopit must exist, and the database must be in UTF-8. Schema peer is
-- dropped with all its objects, and created again.
--
-- Plans are cached for a session: before measuring, ANALYZE the tables when they
-- contain some rows, and connect again.
--
-- It does not implement raw bodies, dry run, hints, erasure and views.

\set ON_ERROR_STOP on
\encoding UTF8
SET client_min_messages = warning;

BEGIN;

DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

-- ---------------------------------------------------------------------------
-- Tables: the DDL of the extension, so that both have the same columns whatever a
-- later step adds. Views and the objects of setup itself are left out.
-- ---------------------------------------------------------------------------

-- A step that adds a column makes the view of auditors anew, which masks by this.
CREATE FUNCTION peer.masked(payload jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	AS $$ SELECT payload $$;

DO $do$
DECLARE
	ddl text;
BEGIN
	FOR ddl IN
		SELECT s.ddl FROM loopit_setup_steps() s
		WHERE s.ddl ~ '(CREATE|ALTER) TABLE' AND s.ddl !~ 'CREATE SCHEMA'
		ORDER BY s.step
	LOOP
		EXECUTE pg_catalog.replace(
			pg_catalog.regexp_replace(ddl, '(CREATE OR REPLACE|COMMENT ON) VIEW [^;]*;', '', 'g'),
			'loopit.', 'peer.');
	END LOOP;
END
$do$;

-- Names of countries, by their key (see peer_countries.sql).
CREATE TABLE peer.country (
	key		text COLLATE "C" PRIMARY KEY,
	alpha2	text NOT NULL
);

\ir peer_countries.sql

-- The first key of the order of issues: the position of the field in the
-- specification.
CREATE FUNCTION peer.field_rank(path text) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT pg_catalog.array_position('{
	id, updated_at,
	dealership, dealership.id,
	prospect, prospect.first_name, prospect.middle_name, prospect.last_name,
	prospect.email, prospect.dob, prospect.mobile_phone,
	prospect.opt_in_to_marketing,
	prospect.address, prospect.address.street, prospect.address.city,
	prospect.address.state, prospect.address.country, prospect.address.postcode,
	additional_details, additional_details.license_expiry,
	additional_details.license_dob, additional_details.license_number,
	additional_details.license_card_number, additional_details.license_state,
	additional_details.passport_country, additional_details.passport_expiry,
	additional_details.passport_dob, additional_details.passport_number,
	additional_details.subscription_plan,
	item, item.vin, item.stock_number,
	location, location.location_name}'::text[], path)
$$;

-- The second key: the position of the code in this table. The texts are those of
-- the extension, so that the peer stores messages of the same size.
CREATE TABLE peer.code (
	code	text COLLATE "C" PRIMARY KEY,
	rank	int NOT NULL,
	message	text NOT NULL
);
INSERT INTO peer.code (rank, code, message)
SELECT rank, c.code, r.explanation || '; ' || r.remedy || '.'
FROM pg_catalog.unnest('{
	wrong_type, too_long,
	payload_missing, payload_not_object, payload_repaired,
	dealership_missing, dealership_invalid, workspace_not_found,
	email_missing, email_invalid, dob_invalid,
	address_incomplete, state_not_abbreviated,
	licence_incomplete, licence_expiry_invalid, licence_dob_invalid,
	licence_state_not_abbreviated,
	passport_incomplete, passport_country_unknown, passport_expiry_invalid,
	passport_dob_invalid,
	vehicle_missing, asset_not_found, asset_archived, location_not_found,
	package_missing, package_not_found,
	vehicle_ambiguous, location_defaulted, location_unlisted, booking_conflict,
	placeholder, id_missing, stale_payload, updated_at_invalid, identity_changed,
	document_expired, dob_implausible}'::text[]) WITH ORDINALITY AS c (code, rank)
JOIN loopit_reason_codes() r ON r.code = c.code;

CREATE TYPE peer.issue AS (
	field	text,
	code	text
);

-- ---------------------------------------------------------------------------
-- Reading values. SQL functions are inlined. The functions that are called for
-- most fields are in PL/pgSQL instead, because PL/pgSQL prepares each expression
-- again in every transaction, which takes less time for a short expression.
-- ---------------------------------------------------------------------------

-- Removes Unicode White_Space and invisible characters from both ends; fast if
-- there are none.
CREATE FUNCTION peer.trimmed(string text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT CASE
	WHEN pg_catalog.ascii(string) BETWEEN 33 AND 126
		AND pg_catalog.ascii(pg_catalog."right"(string, 1)) BETWEEN 33 AND 126
	THEN string
	ELSE pg_catalog.btrim(string, E'\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680'
		'\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A'
		'\u2028\u2029\u202F\u205F\u3000'
		'\u200B\u200C\u200D\u2060\uFEFF'
		'\u00AD\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069')
END
$$;

-- The value with null in place of each number whose text is longer than 100
-- characters.
CREATE FUNCTION peer.without_long_numbers(value jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	RETURN CASE jsonb_typeof(value)
		WHEN 'object' THEN (
			SELECT COALESCE(jsonb_object_agg(e.key, peer.without_long_numbers(e.value)), '{}')
			FROM jsonb_each(value) e)
		WHEN 'array' THEN (
			SELECT COALESCE(jsonb_agg(peer.without_long_numbers(e.value) ORDER BY e.ordinality), '[]')
			FROM jsonb_array_elements(value) WITH ORDINALITY e)
		WHEN 'number' THEN CASE WHEN length(value::text) > 100 THEN 'null' ELSE value END
		ELSE value
	END;
END
$$;

-- True if there is a value, be it a placeholder; a parent needs no more.
CREATE FUNCTION peer.is_there(value jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'null' THEN false
		WHEN 'string' THEN peer.trimmed(value #>> '{}') <> ''
		ELSE value IS NOT NULL
	END;
END
$$;

-- The texts that programs write for a missing value.
CREATE FUNCTION peer.is_placeholder(value jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN pg_catalog.jsonb_typeof(value) = 'string'
		AND peer.trimmed(value #>> '{}') COLLATE "C"
			IN ('null', 'NULL', 'undefined', 'NaN', 'None', '[object Object]');
END
$$;

CREATE FUNCTION peer.is_provided(value jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN peer.is_there(value) AND NOT peer.is_placeholder(value);
END
$$;

-- The text of a string; null if it is blank, or of another type.
CREATE FUNCTION peer.as_string(value jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'string' THEN NULLIF(peer.trimmed(value #>> '{}'), '')
	END;
END
$$;

-- The text of a text field, which may be a number, of any length.
CREATE FUNCTION peer.as_text(value jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	string	text COLLATE "C";
BEGIN
	CASE pg_catalog.jsonb_typeof(value)
	WHEN 'string' THEN
		string := peer.trimmed(value #>> '{}');
		RETURN CASE WHEN string NOT IN
			('', 'null', 'NULL', 'undefined', 'NaN', 'None', '[object Object]') THEN string END;
	WHEN 'number' THEN
		RETURN pg_catalog.trim_scale(value::numeric)::text;
	ELSE
		RETURN NULL;
	END CASE;
END
$$;

-- True if the text cannot be a document's number or a VIN: both have a digit, and
-- a VIN is not one repeated character.
CREATE FUNCTION peer.is_no_number(string text, is_vin boolean) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN string COLLATE "C" !~ '[0-9]'
		OR is_vin AND string COLLATE "C" ~ '^(.)\1+$';
END
$$;

CREATE FUNCTION peer.fitting(string text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT CASE WHEN pg_catalog.length(string) <= 255 THEN string END
$$;

-- The issues of the text fields of an object.
CREATE FUNCTION peer.text_issues(object jsonb, prefix text, keys text[])
	RETURNS peer.issue[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
SELECT array_agg((prefix || key,
		CASE WHEN peer.is_placeholder(object -> key) THEN 'placeholder'
			WHEN jsonb_typeof(object -> key) IN ('string', 'number') THEN 'too_long'
			ELSE 'wrong_type' END)::peer.issue)
FROM unnest(keys) AS k (key)
WHERE jsonb_typeof(object -> key) IN ('boolean', 'array', 'object')
OR peer.is_placeholder(object -> key)
OR length(peer.as_text(object -> key)) > 255
$$;

CREATE FUNCTION peer.as_bigint(value jsonb) RETURNS bigint
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	number	numeric;
	digits	text;
BEGIN
	CASE pg_catalog.jsonb_typeof(value)
	WHEN 'number' THEN
		number := value::numeric;
	WHEN 'string' THEN
		digits := peer.trimmed(value #>> '{}');
		IF digits COLLATE "C" ~ '^[0-9]+$' AND pg_catalog.length(pg_catalog.ltrim(digits, '0')) <= 19 THEN
			number := digits::numeric;
		END IF;
	ELSE
		NULL;
	END CASE;
	RETURN CASE WHEN number = pg_catalog.trunc(number)
			AND number BETWEEN -9223372036854775808 AND 9223372036854775807
		THEN number END;
END
$$;

CREATE FUNCTION peer.days_in_month(year int, month int) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT CASE
	WHEN month IN (4, 6, 9, 11) THEN 30
	WHEN month <> 2 THEN 31
	WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29
	ELSE 28
END
$$;

-- dd/mm/yyyy
CREATE FUNCTION peer.as_date(value jsonb) RETURNS date
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	string	text COLLATE "C" := peer.as_string(value);
	day		int;
	month	int;
	year	int;
BEGIN
	IF string IS NULL OR string !~ '^[0-9]{2}/[0-9]{2}/[0-9]{4}$' THEN
		RETURN NULL;
	END IF;
	day := pg_catalog.substr(string, 1, 2);
	month := pg_catalog.substr(string, 4, 2);
	year := pg_catalog.substr(string, 7, 4);
	IF year = 0 OR month NOT BETWEEN 1 AND 12
		OR day NOT BETWEEN 1 AND peer.days_in_month(year, month) THEN
		RETURN NULL;
	END IF;
	RETURN pg_catalog.make_date(year, month, day);
END
$$;

-- RFC 3339, or with an offset as other programs write it; UTC if there is no offset.
-- Offsets and fractions may exceed what the input function of timestamptz accepts,
-- so the parts are combined here.
CREATE FUNCTION peer.as_timestamptz(value jsonb) RETURNS timestamptz
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	string	text COLLATE "C" := peer.as_string(value);
	year	int;
	month	int;
	day		int;
	rest	text;
	zone	text;
	micros	int := 0;
	east	interval := '0';
BEGIN
	IF string IS NULL
		OR string !~ ('^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]'
			'(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?'
			'(?: ?(?:[Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?$') THEN
		RETURN NULL;
	END IF;
	year := pg_catalog.substr(string, 1, 4);
	month := pg_catalog.substr(string, 6, 2);
	day := pg_catalog.substr(string, 9, 2);
	IF year = 0 OR month NOT BETWEEN 1 AND 12
		OR day NOT BETWEEN 1 AND peer.days_in_month(year, month) THEN
		RETURN NULL;
	END IF;
	rest := pg_catalog.substr(string, 20);
	zone := pg_catalog.ltrim(rest, '.0123456789');
	rest := pg_catalog."left"(rest, pg_catalog.length(rest) - pg_catalog.length(zone));
	zone := pg_catalog.replace(pg_catalog.ltrim(zone), ':', '');
	IF zone ~ '^[+-]' THEN
		east := pg_catalog.make_interval(hours => pg_catalog.substr(zone, 2, 2)::int,
			mins => COALESCE(NULLIF(pg_catalog.substr(zone, 4), ''), '0')::int);
		IF zone LIKE '-%' THEN
			east := - east;
		END IF;
	END IF;
	IF rest <> '' THEN
		micros := pg_catalog.rpad(pg_catalog.substr(rest, 2, 6), 6, '0');
		IF pg_catalog.substr(rest, 8, 1) IN ('5', '6', '7', '8', '9') THEN
			micros := micros + 1;
		END IF;
	END IF;
	RETURN ((pg_catalog.make_timestamp(year, month, day,
				pg_catalog.substr(string, 12, 2)::int,
				pg_catalog.substr(string, 15, 2)::int,
				pg_catalog.substr(string, 18, 2)::double precision)
			- east) AT TIME ZONE 'UTC')
		+ micros * INTERVAL '1 microsecond';
END
$$;

-- Is it an RFC 5321 mailbox with a dot-string local part? The argument is in lower
-- case.
CREATE FUNCTION peer.is_email(address text) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	domain	text COLLATE "C";
BEGIN
	IF pg_catalog.octet_length(address) > 254
		OR address COLLATE "C" !~
			('^[a-z0-9!#$%&''*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*'
			 '@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$')
		OR pg_catalog.strpos(address, '@') > 65 THEN
		RETURN false;
	END IF;
	domain := pg_catalog.split_part(address, '@', 2);
	RETURN domain !~ '\.[0-9]+$'
		AND (pg_catalog.length(domain) <= 63 OR domain !~ '[^.]{64}');
END
$$;

CREATE FUNCTION peer.as_opt_in(value jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
DECLARE
	string	text COLLATE "C";
BEGIN
	IF pg_catalog.jsonb_typeof(value) = 'boolean' THEN
		RETURN value::boolean;
	END IF;
	string := pg_catalog.lower(peer.as_text(value) COLLATE "C");
	RETURN CASE WHEN string IN ('true', 'yes', 'y', 'on', '1') THEN true
		WHEN string IN ('false', 'no', 'n', 'off', '0') THEN false END;
END
$$;

-- Two numbers of documents are the same if their keys are equal: those of VINs,
-- without dots, slashes and leading zeros.
CREATE FUNCTION peer.number_key(number text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	AS $$
BEGIN
	RETURN pg_catalog.ltrim(pg_catalog.translate(peer.vin_key(number), './', ''), '0');
END
$$;

-- What a payload says of the person, with address and documents. A value that is
-- not valid is null.
CREATE TYPE peer.form AS (
	first_name	text,
	middle_name	text,
	last_name	text,
	dob			date,
	mobile		text,
	opt_in		boolean,
	street		text,
	city		text,
	state		text,
	country		text,
	postcode	text,
	licence_number text,
	licence_expiry date,
	licence_dob	date,
	licence_card text,
	licence_state text,
	passport_number text,
	passport_expiry date,
	passport_dob date,
	passport_country text
);

-- Of the person's own values each, of the address and the documents the whole, from
-- the other deliveries.
CREATE FUNCTION peer.completed(form peer.form, person peer.form, address peer.form, licence peer.form, passport peer.form) RETURNS peer.form
	LANGUAGE plpgsql IMMUTABLE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	form.first_name := COALESCE(form.first_name, person.first_name);
	form.middle_name := COALESCE(form.middle_name, person.middle_name);
	form.last_name := COALESCE(form.last_name, person.last_name);
	form.dob := COALESCE(form.dob, person.dob);
	form.mobile := COALESCE(form.mobile, person.mobile);
	form.opt_in := COALESCE(form.opt_in, person.opt_in);
	IF num_nonnulls(form.street, form.city, form.state, form.country, form.postcode) = 0 THEN
		form.street := address.street;
		form.city := address.city;
		form.state := address.state;
		form.country := address.country;
		form.postcode := address.postcode;
	END IF;
	IF num_nonnulls(form.licence_number, form.licence_expiry, form.licence_dob, form.licence_card, form.licence_state) = 0 THEN
		form.licence_number := licence.licence_number;
		form.licence_expiry := licence.licence_expiry;
		form.licence_dob := licence.licence_dob;
		form.licence_card := licence.licence_card;
		form.licence_state := licence.licence_state;
	END IF;
	IF num_nonnulls(form.passport_number, form.passport_expiry, form.passport_dob, form.passport_country) = 0 THEN
		form.passport_number := passport.passport_number;
		form.passport_expiry := passport.passport_expiry;
		form.passport_dob := passport.passport_dob;
		form.passport_country := passport.passport_country;
	END IF;
	RETURN form;
END
$$;

-- Reads an earlier payload, from the log.
CREATE FUNCTION peer.form_of(payload jsonb) RETURNS peer.form
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	form		peer.form;
	prospect	jsonb := payload -> 'prospect';
	address		jsonb := prospect -> 'address';
	details		jsonb := payload -> 'additional_details';
	code		text;
	digits		int;
BEGIN
	form.first_name := peer.fitting(peer.as_text(prospect -> 'first_name'));
	form.middle_name := peer.fitting(peer.as_text(prospect -> 'middle_name'));
	form.last_name := peer.fitting(peer.as_text(prospect -> 'last_name'));
	form.dob := peer.as_date(prospect -> 'dob');
	form.mobile := peer.fitting(peer.as_text(prospect -> 'mobile_phone'));
	form.opt_in := peer.as_opt_in(prospect -> 'opt_in_to_marketing');

	form.street := peer.fitting(peer.as_text(address -> 'street'));
	form.city := peer.fitting(peer.as_text(address -> 'city'));
	form.state := upper(peer.fitting(peer.as_text(address -> 'state')) COLLATE "C");
	form.country := peer.fitting(peer.as_text(address -> 'country'));
	form.postcode := peer.fitting(peer.as_text(address -> 'postcode'));
	code := COALESCE(peer.country_of(form.country),
		CASE WHEN length(form.country) = 2 THEN upper(form.country COLLATE "C") END);
	digits := CASE WHEN code IN ('AU', 'NZ') THEN 4 WHEN code IN ('US', 'DE', 'FR') THEN 5 END;
	IF digits > length(form.postcode) AND jsonb_typeof(address -> 'postcode') = 'number'
		AND form.postcode COLLATE "C" ~ '^[0-9]+$' THEN
		form.postcode := lpad(form.postcode, digits, '0');
	END IF;

	form.licence_number := peer.fitting(peer.as_text(details -> 'license_number'));
	IF peer.is_no_number(form.licence_number, false) THEN
		form.licence_number := NULL;
	END IF;
	form.licence_expiry := peer.as_date(details -> 'license_expiry');
	form.licence_dob := peer.as_date(details -> 'license_dob');
	form.licence_card := peer.fitting(peer.as_text(details -> 'license_card_number'));
	form.licence_state := upper(peer.fitting(peer.as_text(details -> 'license_state')) COLLATE "C");
	IF form.licence_state COLLATE "C" !~ '^[A-Z0-9]{1,3}$' THEN
		form.licence_state := NULL;
	END IF;

	form.passport_number := peer.fitting(peer.as_text(details -> 'passport_number'));
	IF peer.is_no_number(form.passport_number, false) THEN
		form.passport_number := NULL;
	END IF;
	form.passport_expiry := peer.as_date(details -> 'passport_expiry');
	form.passport_dob := peer.as_date(details -> 'passport_dob');
	code := peer.fitting(peer.as_text(details -> 'passport_country'));
	form.passport_country := CASE
		WHEN lower(code COLLATE "C") IN ('au', 'us', 'fr', 'de', 'ca') THEN upper(code COLLATE "C")
		ELSE peer.country_of(code) END;
	RETURN form;
END
$$;

-- What the newest current delivery of a lead said that did not skip the thing.
CREATE FUNCTION peer.stored_form(reference text, workspace bigint, person bigint, thing text) RETURNS peer.form
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	RETURN peer.form_of((
		SELECT l.payload
		FROM peer.ingest_log l
		WHERE l.lead_reference = reference AND l.workspace_id = workspace
		AND l.person_id = person AND l.status = 'processed'
		AND l.payload IS NOT NULL
		AND NOT l.outcome @> '{"issues": [{"code": "stale_payload"}]}'
		AND l.outcome #>> ARRAY[thing, 'action'] <> 'skipped'
		ORDER BY l.received_at DESC, l.id DESC
		LIMIT 1));
END
$$;

-- A text without white space, and its key without hyphens and case.
CREATE FUNCTION peer.without_spaces(string text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT pg_catalog.translate(string, E'\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680'
	'\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A'
	'\u2028\u2029\u202F\u205F\u3000'
	'\u200B\u200C\u200D\u2060\uFEFF'
	'\u00AD\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069', '')
$$;
CREATE FUNCTION peer.vin_key(vin text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT pg_catalog.lower(pg_catalog.translate(peer.without_spaces(vin),
	E'-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uFE58\uFE63\uFF0D', '') COLLATE "C")
$$;

-- A location's name in lower case, with one form for white space, apostrophes and
-- hyphens.
CREATE FUNCTION peer.name_key(name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
SELECT pg_catalog.lower(pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(name COLLATE "C",
	'[\u0009-\u000D\u0020\u0085\u00A0\u00AD\u1680\u2000-\u200F\u2028-\u202F\u205F\u2060\u2066-\u2069\u3000\uFEFF]+', ' ', 'g'),
	'[`\u00B4\u02B9\u02BB-\u02BD\u055A\u2018\u2019\u201B\u2032\u2035\uFF07]', '''', 'g'),
	'[\u2010-\u2015\u2212\uFE58\uFE63\uFF0D]', '-', 'g') COLLATE "C")
$$;

-- The part of an outcome that tells of one thing.
CREATE FUNCTION peer.part(action text, reason text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	AS $$
SELECT CASE WHEN reason IS NULL
	THEN pg_catalog.jsonb_build_object('action', action)
	ELSE pg_catalog.jsonb_build_object('action', action, 'reason', reason)
END
$$;

-- ---------------------------------------------------------------------------
-- The function. Variables named v_… are values of the payload.
-- ---------------------------------------------------------------------------

-- A replay gives the log row whose payload it is, and when that was first received.
CREATE FUNCTION peer.ingest_lead(payload jsonb, replayed bigint DEFAULT NULL,
		first_received timestamptz DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	-- a missing value is a null here, so that plans need not change
	SET plan_cache_mode = force_generic_plan
	AS $$
DECLARE
	received	timestamptz := clock_timestamp();
	this_log	bigint := nextval('peer.ingest_log_id_seq');
	issues		peer.issue[] := '{}';
	status		text := 'processed';
	reason		text;
	error		jsonb;
	issues_out	jsonb := '[]';
	outcome		jsonb;

	-- the payload
	dealership	jsonb;
	prospect	jsonb;
	address		jsonb;
	details		jsonb;
	item		jsonb;
	location	jsonb;
	value		jsonb;
	v_reference	text;
	v_updated_at timestamptz;
	v_dealership bigint;
	v_first_name text;
	v_middle_name text;
	v_last_name	text;
	v_sent_email text;
	v_email		text;
	v_dob		date;
	v_mobile	text;
	v_opt_in	boolean;
	v_street	text;
	v_city		text;
	v_state		text;
	v_country	text;
	v_postcode	text;
	v_licence_expiry date;
	v_licence_dob date;
	v_licence_number text;
	v_licence_card text;
	v_licence_state text;
	v_passport_country text;
	v_passport_expiry date;
	v_passport_dob date;
	v_passport_number text;
	v_plan		text;
	v_vin		text;
	v_stock		text;
	v_location	text;
	asked		boolean := false;

	-- why a thing is not stored; null if it is
	dealership_reason text;
	person_reason text;
	address_reason text;
	licence_reason text;
	passport_reason text;
	booking_reason text;
	has_address	boolean;
	has_licence	boolean;
	has_passport boolean;
	expiry_given boolean;
	dob_given	boolean;
	country_code text;
	digits		int;
	today		date := (received AT TIME ZONE 'UTC')::date;

	-- the stored rows, and what they will be
	stored		record;
	licence		record;
	passport	record;
	found_now	record;
	locked		boolean := false;
	effective_at timestamptz;
	invalid_time boolean := false;
	stale		boolean := false;
	fills_only	boolean := false;
	kept_reason	text;
	base		peer.form;
	base_read	boolean := false;
	earlier		record;
	conflicting	boolean := false;
	changed_dob	boolean := false;
	changed_licence boolean := false;
	changed_passport boolean := false;
	the_workspace bigint;
	the_person	bigint;
	the_booking	bigint;
	person_action text := 'skipped';
	address_action text := 'skipped';
	licence_action text := 'skipped';
	passport_action text := 'skipped';
	booking_action text := 'skipped';
	n_first_name text;
	n_middle_name text;
	n_last_name	text;
	n_dob		date;
	n_mobile	text;
	n_opt_in	boolean;
	n_updated_at timestamptz;
	n_card		text;
	n_licence_number text;
	n_passport_number text;
	n_licence_state text;
	by_stock	bigint;
	by_stock_vin text;
	new_asset	bigint;
	new_location bigint;
	new_package	bigint;
	location_from text;
	booked_person bigint;
	booked_asset bigint;
	booked_location bigint;
	booked_package bigint;

	-- a caught error
	e_state		text;
	e_schema	text;
	e_table		text;
	e_column	text;
	e_constraint text;
BEGIN
	-- -----------------------------------------------------------------------
	-- Validate the payload, without a look-up
	-- -----------------------------------------------------------------------

	-- few payloads have a run of as many digits, so most are not taken apart
	IF payload::text ~ '[0-9.]{100}' THEN
		value := peer.without_long_numbers(payload);
		IF value <> payload THEN
			issues := ARRAY[(NULL, 'payload_repaired')::peer.issue];
			payload := value;
		END IF;
	END IF;

	IF payload IS NULL OR jsonb_typeof(payload) <> 'object' THEN
		status := 'rejected';
		reason := CASE WHEN payload IS NULL
			THEN 'payload_missing' ELSE 'payload_not_object' END;
		issues := issues || (NULL, reason)::peer.issue;
	ELSE
		-- A parent that is no object counts as absent.
		dealership := payload -> 'dealership';
		IF jsonb_typeof(dealership) <> 'object' THEN
			IF peer.is_there(dealership) THEN
				issues := issues || ('dealership', 'wrong_type')::peer.issue;
			END IF;
			dealership := NULL;
		END IF;
		prospect := payload -> 'prospect';
		IF jsonb_typeof(prospect) <> 'object' THEN
			IF peer.is_there(prospect) THEN
				issues := issues || ('prospect', 'wrong_type')::peer.issue;
			END IF;
			prospect := NULL;
		END IF;
		address := prospect -> 'address';
		IF jsonb_typeof(address) <> 'object' THEN
			IF peer.is_there(address) THEN
				issues := issues || ('prospect.address', 'wrong_type')::peer.issue;
			END IF;
			address := NULL;
		END IF;
		details := payload -> 'additional_details';
		IF jsonb_typeof(details) <> 'object' THEN
			IF peer.is_there(details) THEN
				issues := issues || ('additional_details', 'wrong_type')::peer.issue;
			END IF;
			details := NULL;
		END IF;
		item := payload -> 'item';
		IF jsonb_typeof(item) <> 'object' THEN
			IF peer.is_there(item) THEN
				issues := issues || ('item', 'wrong_type')::peer.issue;
			END IF;
			item := NULL;
		END IF;
		location := payload -> 'location';
		IF jsonb_typeof(location) <> 'object' THEN
			IF peer.is_there(location) THEN
				issues := issues || ('location', 'wrong_type')::peer.issue;
			END IF;
			location := NULL;
		END IF;

		-- The text fields, one object at a time. If every key that is present
		-- and not null has given a text that fits, there are no issues.
		v_reference := peer.as_text(payload -> 'id');
		IF v_reference IS NULL OR length(v_reference) > 255 THEN
			IF payload ->> 'id' IS NOT NULL THEN
				issues := issues || peer.text_issues(payload, '', '{id}');
			END IF;
			IF peer.fitting(v_reference) IS NULL THEN
				issues := issues || ('id', 'id_missing')::peer.issue;
			END IF;
			v_reference := COALESCE(peer.fitting(v_reference),
				'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex'));
		END IF;

		IF prospect IS NOT NULL THEN
			v_first_name := peer.as_text(prospect -> 'first_name');
			v_middle_name := peer.as_text(prospect -> 'middle_name');
			v_last_name := peer.as_text(prospect -> 'last_name');
			v_mobile := peer.as_text(prospect -> 'mobile_phone');
			IF num_nonnulls(v_first_name, v_middle_name, v_last_name, v_mobile)
				< num_nonnulls(prospect ->> 'first_name', prospect ->> 'middle_name',
					prospect ->> 'last_name', prospect ->> 'mobile_phone')
				OR greatest(length(v_first_name), length(v_middle_name),
					length(v_last_name), length(v_mobile)) > 255 THEN
				issues := issues || peer.text_issues(prospect, 'prospect.',
					'{first_name,middle_name,last_name,mobile_phone}');
				v_first_name := peer.fitting(v_first_name);
				v_middle_name := peer.fitting(v_middle_name);
				v_last_name := peer.fitting(v_last_name);
				v_mobile := peer.fitting(v_mobile);
			END IF;
		END IF;

		IF address IS NOT NULL THEN
			v_street := peer.as_text(address -> 'street');
			v_city := peer.as_text(address -> 'city');
			v_state := peer.as_text(address -> 'state');
			v_country := peer.as_text(address -> 'country');
			v_postcode := peer.as_text(address -> 'postcode');
			IF num_nonnulls(v_street, v_city, v_state, v_country, v_postcode)
				< num_nonnulls(address ->> 'street', address ->> 'city', address ->> 'state',
					address ->> 'country', address ->> 'postcode')
				OR greatest(length(v_street), length(v_city), length(v_state),
					length(v_country), length(v_postcode)) > 255 THEN
				issues := issues || peer.text_issues(address, 'prospect.address.',
					'{street,city,state,country,postcode}');
				v_street := peer.fitting(v_street);
				v_city := peer.fitting(v_city);
				v_state := peer.fitting(v_state);
				v_country := peer.fitting(v_country);
				v_postcode := peer.fitting(v_postcode);
			END IF;
		END IF;

		IF details IS NOT NULL THEN
			v_licence_number := peer.as_text(details -> 'license_number');
			v_licence_card := peer.as_text(details -> 'license_card_number');
			v_licence_state := peer.as_text(details -> 'license_state');
			v_passport_country := peer.as_text(details -> 'passport_country');
			v_passport_number := peer.as_text(details -> 'passport_number');
			v_plan := peer.as_text(details -> 'subscription_plan');
			IF num_nonnulls(v_licence_number, v_licence_card, v_licence_state,
					v_passport_country, v_passport_number, v_plan)
				< num_nonnulls(details ->> 'license_number', details ->> 'license_card_number',
					details ->> 'license_state', details ->> 'passport_country',
					details ->> 'passport_number', details ->> 'subscription_plan')
				OR greatest(length(v_licence_number), length(v_licence_card),
					length(v_licence_state), length(v_passport_country),
					length(v_passport_number), length(v_plan)) > 255 THEN
				issues := issues || peer.text_issues(details, 'additional_details.',
					'{license_number,license_card_number,license_state,passport_country,passport_number,subscription_plan}');
				v_licence_number := peer.fitting(v_licence_number);
				v_licence_card := peer.fitting(v_licence_card);
				v_licence_state := peer.fitting(v_licence_state);
				v_passport_country := peer.fitting(v_passport_country);
				v_passport_number := peer.fitting(v_passport_number);
				v_plan := peer.fitting(v_plan);
			END IF;
		END IF;

		IF item IS NOT NULL THEN
			v_vin := peer.as_text(item -> 'vin');
			v_stock := peer.as_text(item -> 'stock_number');
			IF num_nonnulls(v_vin, v_stock)
				< num_nonnulls(item ->> 'vin', item ->> 'stock_number')
				OR greatest(length(v_vin), length(v_stock)) > 255 THEN
				issues := issues || peer.text_issues(item, 'item.', '{vin,stock_number}');
				v_vin := peer.fitting(v_vin);
				v_stock := peer.fitting(v_stock);
			END IF;
		END IF;

		IF location IS NOT NULL THEN
			v_location := peer.as_text(location -> 'location_name');
			IF length(v_location) > 255
				OR v_location IS NULL AND location ->> 'location_name' IS NOT NULL THEN
				issues := issues || peer.text_issues(location, 'location.', '{location_name}');
				v_location := peer.fitting(v_location);
			END IF;
		END IF;

		-- Values that are placeholders only in these fields
		IF peer.is_no_number(v_licence_number, false) THEN
			v_licence_number := NULL;
			issues := issues || ('additional_details.license_number', 'placeholder')::peer.issue;
		END IF;
		IF peer.is_no_number(v_passport_number, false) THEN
			v_passport_number := NULL;
			issues := issues || ('additional_details.passport_number', 'placeholder')::peer.issue;
		END IF;
		IF peer.is_no_number(v_vin, true) THEN
			v_vin := NULL;
			issues := issues || ('item.vin', 'placeholder')::peer.issue;
		END IF;

		-- The effective time of the payload
		value := payload -> 'updated_at';
		IF value IS NOT NULL THEN
			v_updated_at := peer.as_timestamptz(value);
			IF v_updated_at > received + INTERVAL '24 hours' THEN
				v_updated_at := NULL;
			END IF;
			IF v_updated_at IS NULL AND peer.is_there(value) THEN
				invalid_time := NOT peer.is_placeholder(value);
				issues := issues || ('updated_at', CASE WHEN invalid_time
					THEN 'updated_at_invalid' ELSE 'placeholder' END)::peer.issue;
			END IF;
		END IF;
		effective_at := COALESCE(v_updated_at, first_received);

		-- The dealership
		value := dealership -> 'id';
		v_dealership := peer.as_bigint(value);
		IF v_dealership IS NULL THEN
			dealership_reason := CASE WHEN peer.is_provided(value)
				THEN 'dealership_invalid' ELSE 'dealership_missing' END;
			issues := issues || ('dealership.id', dealership_reason)::peer.issue;
			IF peer.is_placeholder(value) THEN
				issues := issues || ('dealership.id', 'placeholder')::peer.issue;
			END IF;
		END IF;

		-- The person
		value := prospect -> 'email';
		v_sent_email := lower(peer.as_string(value) COLLATE "C");
		IF peer.is_email(v_sent_email) THEN
			v_email := v_sent_email;
		ELSE
			person_reason := CASE WHEN peer.is_provided(value)
				THEN 'email_invalid' ELSE 'email_missing' END;
			issues := issues || ('prospect.email', person_reason)::peer.issue;
			IF peer.is_placeholder(value) THEN
				issues := issues || ('prospect.email', 'placeholder')::peer.issue;
			END IF;
		END IF;
		value := prospect -> 'dob';
		IF value IS NOT NULL THEN
			v_dob := peer.as_date(value);
			IF peer.is_placeholder(value) THEN
				issues := issues || ('prospect.dob', 'placeholder')::peer.issue;
			ELSIF v_dob IS NULL AND peer.is_there(value) THEN
				person_reason := COALESCE(person_reason, 'dob_invalid');
				issues := issues || ('prospect.dob', 'dob_invalid')::peer.issue;
			END IF;
		END IF;
		value := prospect -> 'opt_in_to_marketing';
		IF jsonb_typeof(value) = 'boolean' THEN
			v_opt_in := value::boolean;
		ELSIF peer.is_placeholder(value) THEN
			issues := issues || ('prospect.opt_in_to_marketing', 'placeholder')::peer.issue;
		ELSIF peer.is_there(value) THEN
			v_opt_in := peer.as_opt_in(value);
			IF v_opt_in IS NULL THEN
				issues := issues || ('prospect.opt_in_to_marketing', 'wrong_type')::peer.issue;
			END IF;
		END IF;

		-- The address
		IF v_country IS NOT NULL THEN
			country_code := COALESCE(peer.country_of(v_country),
				CASE WHEN length(v_country) = 2 THEN upper(v_country COLLATE "C") END);
			-- a number has lost its leading zeros
			digits := CASE WHEN country_code IN ('AU', 'NZ') THEN 4
				WHEN country_code IN ('US', 'DE', 'FR') THEN 5 END;
			IF digits > length(v_postcode) AND jsonb_typeof(address -> 'postcode') = 'number'
				AND v_postcode COLLATE "C" ~ '^[0-9]+$' THEN
				v_postcode := lpad(v_postcode, digits, '0');
			END IF;
		END IF;
		IF num_nonnulls(v_street, v_city, v_state, v_country, v_postcode) = 0 THEN
			address_reason := 'not_provided';
		ELSE
			IF num_nulls(v_street, v_city, v_state, v_country, v_postcode) > 0 THEN
				address_reason := 'address_incomplete';
				issues := issues || ARRAY(
					SELECT ('prospect.address.' || f.key, address_reason)::peer.issue
					FROM (VALUES ('street', v_street), ('city', v_city), ('state', v_state),
						('country', v_country), ('postcode', v_postcode)) AS f (key, given)
					WHERE f.given IS NULL);
			END IF;
			IF v_state IS NOT NULL THEN
				v_state := upper(v_state COLLATE "C");
				IF v_state COLLATE "C" !~ '^[A-Z0-9]{1,3}$'
					OR NOT peer.is_state_of(v_state, country_code) THEN
					address_reason := COALESCE(address_reason, 'state_not_abbreviated');
					issues := issues || ('prospect.address.state', 'state_not_abbreviated')::peer.issue;
				END IF;
			END IF;
		END IF;
		has_address := address_reason IS NULL;

		-- The driver licence
		expiry_given := false;
		value := details -> 'license_expiry';
		IF value IS NOT NULL THEN
			v_licence_expiry := peer.as_date(value);
			expiry_given := v_licence_expiry IS NOT NULL OR peer.is_provided(value);
			IF peer.is_placeholder(value) THEN
				issues := issues || ('additional_details.license_expiry', 'placeholder')::peer.issue;
			END IF;
		END IF;
		dob_given := false;
		value := details -> 'license_dob';
		IF value IS NOT NULL THEN
			v_licence_dob := peer.as_date(value);
			dob_given := v_licence_dob IS NOT NULL OR peer.is_provided(value);
			IF peer.is_placeholder(value) THEN
				issues := issues || ('additional_details.license_dob', 'placeholder')::peer.issue;
			END IF;
		END IF;
		IF NOT expiry_given AND NOT dob_given
			AND num_nonnulls(v_licence_number, v_licence_card, v_licence_state) = 0 THEN
			licence_reason := 'not_provided';
		ELSE
			IF v_licence_number IS NULL OR NOT expiry_given OR NOT dob_given THEN
				licence_reason := 'licence_incomplete';
				issues := issues || ARRAY(
					SELECT ('additional_details.' || f.key, licence_reason)::peer.issue
					FROM (VALUES ('license_number', v_licence_number IS NOT NULL),
						('license_expiry', expiry_given),
						('license_dob', dob_given)) AS f (key, given)
					WHERE NOT f.given);
			END IF;
			IF expiry_given AND v_licence_expiry IS NULL THEN
				licence_reason := COALESCE(licence_reason, 'licence_expiry_invalid');
				issues := issues || ('additional_details.license_expiry', 'licence_expiry_invalid')::peer.issue;
			END IF;
			IF dob_given AND v_licence_dob IS NULL THEN
				licence_reason := COALESCE(licence_reason, 'licence_dob_invalid');
				issues := issues || ('additional_details.license_dob', 'licence_dob_invalid')::peer.issue;
			END IF;
			IF v_licence_state IS NOT NULL THEN
				v_licence_state := upper(v_licence_state COLLATE "C");
				IF v_licence_state COLLATE "C" !~ '^[A-Z0-9]{1,3}$' THEN
					v_licence_state := NULL;
					issues := issues || ('additional_details.license_state', 'licence_state_not_abbreviated')::peer.issue;
				END IF;
			END IF;
		END IF;
		has_licence := licence_reason IS NULL;

		-- The passport
		expiry_given := false;
		value := details -> 'passport_expiry';
		IF value IS NOT NULL THEN
			v_passport_expiry := peer.as_date(value);
			expiry_given := v_passport_expiry IS NOT NULL OR peer.is_provided(value);
			IF peer.is_placeholder(value) THEN
				issues := issues || ('additional_details.passport_expiry', 'placeholder')::peer.issue;
			END IF;
		END IF;
		dob_given := false;
		value := details -> 'passport_dob';
		IF value IS NOT NULL THEN
			v_passport_dob := peer.as_date(value);
			dob_given := v_passport_dob IS NOT NULL OR peer.is_provided(value);
			IF peer.is_placeholder(value) THEN
				issues := issues || ('additional_details.passport_dob', 'placeholder')::peer.issue;
			END IF;
		END IF;
		IF NOT expiry_given AND NOT dob_given
			AND num_nonnulls(v_passport_number, v_passport_country) = 0 THEN
			passport_reason := 'not_provided';
		ELSE
			IF num_nulls(v_passport_number, v_passport_country) > 0
				OR NOT expiry_given OR NOT dob_given THEN
				passport_reason := 'passport_incomplete';
				issues := issues || ARRAY(
					SELECT ('additional_details.' || f.key, passport_reason)::peer.issue
					FROM (VALUES ('passport_number', v_passport_number IS NOT NULL),
						('passport_country', v_passport_country IS NOT NULL),
						('passport_expiry', expiry_given),
						('passport_dob', dob_given)) AS f (key, given)
					WHERE NOT f.given);
			END IF;
			IF v_passport_country IS NOT NULL THEN
				v_passport_country := CASE
					WHEN lower(v_passport_country COLLATE "C") IN ('au', 'us', 'fr', 'de', 'ca')
					THEN upper(v_passport_country COLLATE "C")
					ELSE peer.country_of(v_passport_country) END;
				IF v_passport_country IS NULL THEN
					passport_reason := COALESCE(passport_reason, 'passport_country_unknown');
					issues := issues || ('additional_details.passport_country', 'passport_country_unknown')::peer.issue;
				END IF;
			END IF;
			IF expiry_given AND v_passport_expiry IS NULL THEN
				passport_reason := COALESCE(passport_reason, 'passport_expiry_invalid');
				issues := issues || ('additional_details.passport_expiry', 'passport_expiry_invalid')::peer.issue;
			END IF;
			IF dob_given AND v_passport_dob IS NULL THEN
				passport_reason := COALESCE(passport_reason, 'passport_dob_invalid');
				issues := issues || ('additional_details.passport_dob', 'passport_dob_invalid')::peer.issue;
			END IF;
		END IF;
		has_passport := passport_reason IS NULL;

		-- Dates that are valid but not plausible
		IF v_licence_expiry < today THEN
			issues := issues || ('additional_details.license_expiry', 'document_expired')::peer.issue;
		END IF;
		IF v_passport_expiry < today THEN
			issues := issues || ('additional_details.passport_expiry', 'document_expired')::peer.issue;
		END IF;
		IF v_dob NOT BETWEEN '1900-01-01' AND today THEN
			issues := issues || ('prospect.dob', 'dob_implausible')::peer.issue;
		END IF;
		IF v_licence_dob NOT BETWEEN '1900-01-01' AND today THEN
			issues := issues || ('additional_details.license_dob', 'dob_implausible')::peer.issue;
		END IF;
		IF v_passport_dob NOT BETWEEN '1900-01-01' AND today THEN
			issues := issues || ('additional_details.passport_dob', 'dob_implausible')::peer.issue;
		END IF;

		-- The booking, as far as the payload alone tells
		asked := num_nonnulls(v_vin, v_stock, v_plan) > 0;
		IF NOT asked THEN
			booking_reason := 'not_provided';
		ELSIF num_nonnulls(v_vin, v_stock) = 0 THEN
			booking_reason := 'vehicle_missing';
			issues := issues || ('item', 'vehicle_missing')::peer.issue;
		ELSIF v_plan IS NULL THEN
			issues := issues || ('additional_details.subscription_plan', 'package_missing')::peer.issue;
		END IF;

		-- -------------------------------------------------------------------
		-- Look up and store, in a subtransaction
		-- -------------------------------------------------------------------
		BEGIN
			SELECT d.workspace_id AS of_workspace, p.* INTO stored
			FROM peer.dealership d
			LEFT JOIN peer.person p ON p.workspace_id = d.workspace_id AND p.email = v_email
			WHERE d.id = v_dealership;
			the_workspace := stored.of_workspace;

			IF the_workspace IS NULL AND dealership_reason IS NULL THEN
				dealership_reason := 'workspace_not_found';
				issues := issues || ('dealership.id', dealership_reason)::peer.issue;
			END IF;
			reason := COALESCE(dealership_reason, person_reason);

			IF reason IS NOT NULL THEN
				status := 'rejected';
			ELSE
				-- The look-ups of the booking: each finds one row at most.
				IF asked THEN
					SELECT v.id AS by_vin, s.id AS by_stock, s.vin AS by_stock_vin,
						k.id AS package, l.id AS location,
						b.id AS booking, b.person_id, b.asset_id, b.location_id, b.package_id
					INTO found_now
					FROM (VALUES (1)) AS one
					LEFT JOIN peer.asset v ON v.workspace_id = the_workspace
						AND lower(v.vin COLLATE "C") = lower(v_vin COLLATE "C")
						AND v.archived_at IS NULL
					LEFT JOIN peer.asset s ON s.workspace_id = the_workspace
						AND s.stock_number COLLATE "C" = v_stock
						AND s.archived_at IS NULL
					LEFT JOIN peer.package k ON k.workspace_id = the_workspace
						AND k.name COLLATE "C" = v_plan
						AND k.archived_at IS NULL
					LEFT JOIN peer.location l ON l.workspace_id = the_workspace
						AND lower(l.name COLLATE "C") = lower(v_location COLLATE "C")
						AND l.archived_at IS NULL
					LEFT JOIN peer.booking b ON b.workspace_id = the_workspace
						AND b.lead_reference = v_reference;

					the_booking := found_now.booking;
					booked_person := found_now.person_id;
					booked_asset := found_now.asset_id;
					booked_location := found_now.location_id;
					booked_package := found_now.package_id;
					new_package := found_now.package;
					new_asset := found_now.by_vin;
					IF new_asset IS NULL AND v_vin IS NOT NULL THEN
						SELECT a.id INTO new_asset
						FROM peer.asset a
						WHERE a.workspace_id = the_workspace
						AND lower(a.vin COLLATE "C") = lower(peer.without_spaces(v_vin) COLLATE "C")
						AND a.archived_at IS NULL;
					END IF;
					by_stock := found_now.by_stock;
					by_stock_vin := found_now.by_stock_vin;
					IF by_stock IS NULL AND v_stock IS NOT NULL THEN
						SELECT min(a.id), min(a.vin) INTO by_stock, by_stock_vin
						FROM peer.asset a
						WHERE a.workspace_id = the_workspace
						AND lower(a.stock_number COLLATE "C") = lower(v_stock COLLATE "C")
						AND a.archived_at IS NULL
						HAVING count(*) = 1;
					END IF;
					IF peer.vin_key(by_stock_vin) <> peer.vin_key(v_vin) THEN
						issues := issues || ('item.stock_number', 'vehicle_ambiguous')::peer.issue;
					ELSIF new_asset IS NULL THEN
						new_asset := by_stock;
					END IF;

					IF new_asset IS NOT NULL THEN
						new_location := found_now.location;
						IF new_location IS NULL AND v_location IS NOT NULL THEN
							SELECT min(l.id) INTO new_location
							FROM peer.location l
							WHERE l.workspace_id = the_workspace AND l.archived_at IS NULL
							AND peer.name_key(l.name) = peer.name_key(v_location)
							HAVING count(*) = 1;
						END IF;
						IF new_location IS NOT NULL THEN
							location_from := 'payload';
							IF NOT EXISTS (SELECT FROM peer.asset_location al
								WHERE al.workspace_id = the_workspace
								AND al.asset_id = new_asset AND al.location_id = new_location) THEN
								issues := issues || ('location.location_name', 'location_unlisted')::peer.issue;
							END IF;
						ELSE
							SELECT al.location_id INTO new_location
							FROM peer.asset_location al
							JOIN peer.location l ON l.workspace_id = al.workspace_id
								AND l.id = al.location_id
							WHERE al.workspace_id = the_workspace AND al.asset_id = new_asset
							AND l.archived_at IS NULL
							ORDER BY al.position
							LIMIT 1;
							location_from := 'asset';
							IF new_location IS NULL THEN
								booking_reason := 'location_not_found';
								issues := issues || ('location.location_name', 'location_not_found')::peer.issue;
							ELSIF v_location IS NOT NULL THEN
								issues := issues || ('location.location_name', 'location_defaulted')::peer.issue;
							END IF;
						END IF;
					ELSIF booking_reason IS NULL THEN
						-- an archived vehicle with another VIN is no candidate either
						booking_reason := CASE WHEN EXISTS (
								SELECT FROM peer.asset a
								WHERE a.workspace_id = the_workspace
								AND a.archived_at IS NOT NULL
								AND lower(a.vin COLLATE "C") IN (lower(v_vin COLLATE "C"),
									lower(peer.without_spaces(v_vin) COLLATE "C")))
							OR EXISTS (
								SELECT FROM peer.asset a
								WHERE a.workspace_id = the_workspace
								AND a.archived_at IS NOT NULL
								AND a.stock_number COLLATE "C" = v_stock
								AND (v_vin IS NULL OR a.vin IS NULL OR peer.vin_key(a.vin) = peer.vin_key(v_vin)))
							THEN 'asset_archived' ELSE 'asset_not_found' END;
						issues := issues || (CASE WHEN v_vin IS NOT NULL
							THEN 'item.vin' ELSE 'item.stock_number' END, booking_reason)::peer.issue;
					END IF;

					IF v_plan IS NULL THEN
						booking_reason := COALESCE(booking_reason, 'package_missing');
					ELSIF new_package IS NULL THEN
						booking_reason := COALESCE(booking_reason, 'package_not_found');
						issues := issues || ('additional_details.subscription_plan', 'package_not_found')::peer.issue;
					END IF;
				END IF;

				-- The person with address and documents. They are first read
				-- without a lock. If something must be written, the person is
				-- locked, and everything is read and decided again: deliveries
				-- of the same person wait for each other at the person's row.
				LOOP
					changed_dob := false;
					changed_licence := false;
					changed_passport := false;
					-- A booking of an erased person is never in conflict.
					conflicting := the_booking IS NOT NULL AND booking_reason IS NULL
						AND booked_person IS NOT NULL
						AND (booked_person IS DISTINCT FROM stored.id
							OR booked_asset <> new_asset OR booked_location <> new_location
							OR booked_package <> new_package);

					IF stored.id IS NULL THEN
						stale := false;
						kept_reason := NULL;
						INSERT INTO peer.person (workspace_id, email,
							first_name, middle_name, last_name, date_of_birth,
							mobile_phone, marketing_opt_in,
							street, city, state, postcode, country,
							source_updated_at, created_at, updated_at)
						VALUES (the_workspace, v_email,
							v_first_name, v_middle_name, v_last_name, v_dob,
							v_mobile, v_opt_in,
							CASE WHEN has_address THEN v_street END,
							CASE WHEN has_address THEN v_city END,
							CASE WHEN has_address THEN v_state END,
							CASE WHEN has_address THEN v_postcode END,
							CASE WHEN has_address THEN v_country END,
							effective_at, received, received)
						ON CONFLICT (workspace_id, email) DO NOTHING
						RETURNING id INTO the_person;
						IF FOUND THEN
							person_action := 'created';
							address_action := CASE WHEN has_address THEN 'created' ELSE 'skipped' END;
							licence_action := CASE WHEN has_licence THEN 'created' ELSE 'skipped' END;
							passport_action := CASE WHEN has_passport THEN 'created' ELSE 'skipped' END;
							n_card := v_licence_card;
							n_licence_state := v_licence_state;
							EXIT;
						END IF;
					ELSE
						the_person := stored.id;
						-- A payload without a time is effective now, or, if it
						-- is replayed, when it was received: then any later
						-- delivery, or another change of the person, is newer.
						stale := COALESCE(effective_at < stored.source_updated_at, false);
						IF NOT stale AND v_updated_at IS NULL AND replayed IS NOT NULL THEN
							stale := EXISTS (
									SELECT FROM peer.ingest_log l
									WHERE l.workspace_id = the_workspace AND l.email = v_email
									AND l.status = 'processed'
									AND COALESCE(l.first_received_at, l.received_at) > effective_at)
								OR stored.updated_at > effective_at AND NOT EXISTS (
									SELECT FROM peer.ingest_log l
									WHERE l.workspace_id = the_workspace AND l.email = v_email
									AND l.received_at = stored.updated_at);
						END IF;
						kept_reason := CASE WHEN stale THEN 'stale_payload'
							WHEN invalid_time AND stored.source_updated_at IS NOT NULL
							THEN 'updated_at_invalid' END;
						fills_only := kept_reason IS NOT NULL OR replayed IS NOT NULL
							AND effective_at <= COALESCE(stored.source_updated_at, stored.updated_at);
						n_updated_at := CASE WHEN stale THEN stored.source_updated_at
							ELSE greatest(stored.source_updated_at, effective_at) END;

						-- What the base has too is not new (no base is all null).
						n_first_name := CASE WHEN NOT fills_only AND v_first_name IS DISTINCT FROM base.first_name
							THEN COALESCE(v_first_name, stored.first_name) ELSE COALESCE(stored.first_name, v_first_name) END;
						n_middle_name := CASE WHEN NOT fills_only AND v_middle_name IS DISTINCT FROM base.middle_name
							THEN COALESCE(v_middle_name, stored.middle_name) ELSE COALESCE(stored.middle_name, v_middle_name) END;
						n_last_name := CASE WHEN NOT fills_only AND v_last_name IS DISTINCT FROM base.last_name
							THEN COALESCE(v_last_name, stored.last_name) ELSE COALESCE(stored.last_name, v_last_name) END;
						n_dob := CASE WHEN NOT fills_only AND v_dob IS DISTINCT FROM base.dob
							THEN COALESCE(v_dob, stored.date_of_birth) ELSE COALESCE(stored.date_of_birth, v_dob) END;
						n_mobile := CASE WHEN NOT fills_only AND v_mobile IS DISTINCT FROM base.mobile
							THEN COALESCE(v_mobile, stored.mobile_phone) ELSE COALESCE(stored.mobile_phone, v_mobile) END;
						n_opt_in := CASE WHEN NOT fills_only AND v_opt_in IS DISTINCT FROM base.opt_in
							THEN COALESCE(v_opt_in, stored.marketing_opt_in) ELSE COALESCE(stored.marketing_opt_in, v_opt_in) END;
						person_action := CASE WHEN
							ROW (n_first_name, n_middle_name, n_last_name,
								n_dob, n_mobile, n_opt_in)
							IS DISTINCT FROM ROW (stored.first_name, stored.middle_name, stored.last_name,
								stored.date_of_birth, stored.mobile_phone, stored.marketing_opt_in)
							THEN 'updated' ELSE 'unchanged' END;

						changed_dob := COALESCE(n_dob <> stored.date_of_birth, false);

						IF has_address THEN
							address_action := CASE
								WHEN stored.street IS NULL THEN 'created'
								WHEN stored.street = v_street AND stored.city = v_city
									AND stored.state = v_state AND stored.postcode = v_postcode
									AND stored.country = v_country THEN 'unchanged'
								WHEN kept_reason IS NOT NULL THEN 'skipped'
								WHEN fills_only OR base.street = v_street AND base.city = v_city
									AND base.state = v_state AND base.postcode = v_postcode
									AND base.country = v_country THEN 'unchanged'
								ELSE 'updated' END;
						END IF;

						IF has_licence THEN
							SELECT d.number, d.card_number, d.issuing_state, d.expires_on, d.date_of_birth
							INTO licence
							FROM peer.identity_document d
							WHERE d.workspace_id = the_workspace AND d.person_id = the_person
							AND d.kind = 'driver_licence';
							n_card := v_licence_card;
							n_licence_state := v_licence_state;
							n_licence_number := v_licence_number;
							IF peer.number_key(licence.number) = peer.number_key(v_licence_number) THEN
								-- a JSON number has lost what the text has
								IF jsonb_typeof(details -> 'license_number') = 'number' THEN
									n_licence_number := licence.number;
								END IF;
								n_card := COALESCE(n_card, licence.card_number);
								n_licence_state := COALESCE(n_licence_state, licence.issuing_state);
							END IF;
							licence_action := CASE
								WHEN licence.number IS NULL THEN 'created'
								WHEN licence.number = n_licence_number
									AND licence.expires_on = v_licence_expiry
									AND licence.date_of_birth = v_licence_dob
									AND licence.card_number IS NOT DISTINCT FROM n_card
									AND licence.issuing_state IS NOT DISTINCT FROM n_licence_state
								THEN 'unchanged'
								WHEN kept_reason IS NOT NULL THEN 'skipped'
								WHEN fills_only
									OR peer.number_key(base.licence_number) = peer.number_key(v_licence_number)
									AND base.licence_expiry = v_licence_expiry
									AND base.licence_dob = v_licence_dob
									AND base.licence_card IS NOT DISTINCT FROM v_licence_card
									AND base.licence_state IS NOT DISTINCT FROM v_licence_state
								THEN 'unchanged'
								ELSE 'updated' END;
							changed_licence := licence_action = 'updated'
								AND peer.number_key(licence.number) <> peer.number_key(v_licence_number);
						END IF;

						IF has_passport THEN
							SELECT d.number, d.issuing_country, d.expires_on, d.date_of_birth
							INTO passport
							FROM peer.identity_document d
							WHERE d.workspace_id = the_workspace AND d.person_id = the_person
							AND d.kind = 'passport';
							n_passport_number := v_passport_number;
							IF peer.number_key(passport.number) = peer.number_key(v_passport_number)
								AND jsonb_typeof(details -> 'passport_number') = 'number' THEN
								n_passport_number := passport.number;
							END IF;
							passport_action := CASE
								WHEN passport.number IS NULL THEN 'created'
								WHEN passport.number = n_passport_number
									AND passport.issuing_country = v_passport_country
									AND passport.expires_on = v_passport_expiry
									AND passport.date_of_birth = v_passport_dob
								THEN 'unchanged'
								WHEN kept_reason IS NOT NULL THEN 'skipped'
								WHEN fills_only
									OR peer.number_key(base.passport_number) = peer.number_key(v_passport_number)
									AND base.passport_country = v_passport_country
									AND base.passport_expiry = v_passport_expiry
									AND base.passport_dob = v_passport_dob
								THEN 'unchanged'
								ELSE 'updated' END;
							changed_passport := passport_action = 'updated'
								AND peer.number_key(passport.number) <> peer.number_key(v_passport_number);
						END IF;

						-- Under the lock the base is read, if a stored value would
						-- change, and everything is decided once more.
						IF locked AND NOT base_read AND 'updated'
							IN (person_action, address_action, licence_action, passport_action) THEN
							base_read := true;
							SELECT l.payload, l.outcome @> '{"issues": [{"code": "updated_at_invalid"}]}' AS invalid_time
							INTO earlier
							FROM peer.ingest_log l
							WHERE l.lead_reference = v_reference AND l.workspace_id = the_workspace
							AND l.person_id = the_person AND l.status = 'processed'
							AND l.payload IS NOT NULL
							AND NOT l.outcome @> '{"issues": [{"code": "stale_payload"}]}'
							ORDER BY l.received_at DESC, l.id DESC
							LIMIT 1;
							base := peer.form_of(earlier.payload);
							-- One that only filled is the base of what the one before lacks: of the
							-- address and the documents the newest that did not skip them.
							IF earlier.invalid_time AND stored.source_updated_at IS NOT NULL THEN
								base := peer.completed(peer.form_of((
									SELECT l.payload
									FROM peer.ingest_log l
									WHERE l.lead_reference = v_reference AND l.workspace_id = the_workspace
									AND l.person_id = the_person AND l.status = 'processed'
									AND l.payload IS NOT NULL
									AND NOT l.outcome @> '{"issues": [{"code": "stale_payload"}]}'
									AND NOT l.outcome @> '{"issues": [{"code": "updated_at_invalid"}]}'
									ORDER BY l.received_at DESC, l.id DESC
									LIMIT 1)), base,
									peer.stored_form(v_reference, the_workspace, the_person, 'address'),
									peer.stored_form(v_reference, the_workspace, the_person, 'driver_licence'),
									peer.stored_form(v_reference, the_workspace, the_person, 'passport'));
							END IF;
							CONTINUE;
						END IF;
						EXIT WHEN locked OR person_action = 'unchanged'
							AND address_action IN ('unchanged', 'skipped')
							AND licence_action IN ('unchanged', 'skipped')
							AND passport_action IN ('unchanged', 'skipped')
							AND n_updated_at IS NOT DISTINCT FROM stored.source_updated_at
							-- a new booking requires that the person remains
							AND (the_booking IS NOT NULL OR booking_reason IS NOT NULL);
					END IF;

					-- Repeat; a person who has been erased meanwhile is created again.
					PERFORM FROM peer.person p
					WHERE p.workspace_id = the_workspace AND p.email = v_email
					FOR NO KEY UPDATE;
					locked := FOUND;
					base_read := false;
					base := NULL;
					SELECT the_workspace AS of_workspace, p.* INTO stored
					FROM (VALUES (1)) AS one
					LEFT JOIN peer.person p ON p.workspace_id = the_workspace AND p.email = v_email;
				END LOOP;

				IF kept_reason IS NOT NULL THEN
					IF has_address AND address_action = 'skipped' THEN
						address_reason := kept_reason;
					END IF;
					IF has_licence AND licence_action = 'skipped' THEN
						licence_reason := kept_reason;
					END IF;
					IF has_passport AND passport_action = 'skipped' THEN
						passport_reason := kept_reason;
					END IF;
				END IF;

				IF person_action = 'updated' OR person_action = 'unchanged'
					AND address_action IN ('created', 'updated') THEN
					UPDATE peer.person p
					SET first_name = n_first_name, middle_name = n_middle_name,
						last_name = n_last_name, date_of_birth = n_dob,
						mobile_phone = n_mobile, marketing_opt_in = n_opt_in,
						street = CASE WHEN address_action IN ('created', 'updated')
							THEN v_street ELSE p.street END,
						city = CASE WHEN address_action IN ('created', 'updated')
							THEN v_city ELSE p.city END,
						state = CASE WHEN address_action IN ('created', 'updated')
							THEN v_state ELSE p.state END,
						postcode = CASE WHEN address_action IN ('created', 'updated')
							THEN v_postcode ELSE p.postcode END,
						country = CASE WHEN address_action IN ('created', 'updated')
							THEN v_country ELSE p.country END,
						source_updated_at = n_updated_at, updated_at = received
					WHERE p.workspace_id = the_workspace AND p.id = the_person;
				ELSIF person_action = 'unchanged'
					AND n_updated_at IS DISTINCT FROM stored.source_updated_at THEN
					UPDATE peer.person p
					SET source_updated_at = n_updated_at
					WHERE p.workspace_id = the_workspace AND p.id = the_person;
				END IF;

				IF licence_action = 'created' THEN
					INSERT INTO peer.identity_document (workspace_id, person_id, kind,
						number, card_number, issuing_state, expires_on, date_of_birth,
						created_at, updated_at)
					VALUES (the_workspace, the_person, 'driver_licence',
						v_licence_number, n_card, n_licence_state, v_licence_expiry, v_licence_dob,
						received, received);
				ELSIF licence_action = 'updated' THEN
					UPDATE peer.identity_document d
					SET number = n_licence_number, card_number = n_card,
						issuing_state = n_licence_state, expires_on = v_licence_expiry,
						date_of_birth = v_licence_dob, updated_at = received
					WHERE d.workspace_id = the_workspace AND d.person_id = the_person
					AND d.kind = 'driver_licence';
				END IF;

				IF passport_action = 'created' THEN
					INSERT INTO peer.identity_document (workspace_id, person_id, kind,
						number, issuing_country, expires_on, date_of_birth,
						created_at, updated_at)
					VALUES (the_workspace, the_person, 'passport',
						v_passport_number, v_passport_country, v_passport_expiry, v_passport_dob,
						received, received);
				ELSIF passport_action = 'updated' THEN
					UPDATE peer.identity_document d
					SET number = n_passport_number, issuing_country = v_passport_country,
						expires_on = v_passport_expiry, date_of_birth = v_passport_dob,
						updated_at = received
					WHERE d.workspace_id = the_workspace AND d.person_id = the_person
					AND d.kind = 'passport';
				END IF;

				-- The booking: created once per lead, never changed
				IF asked THEN
					WHILE the_booking IS NULL AND booking_reason IS NULL LOOP
						INSERT INTO peer.booking (workspace_id, lead_reference, person_id,
							asset_id, location_id, package_id, ingest_log_id, created_at)
						VALUES (the_workspace, v_reference, the_person,
							new_asset, new_location, new_package, this_log, received)
						ON CONFLICT (workspace_id, lead_reference) DO NOTHING
						RETURNING id INTO the_booking;
						IF FOUND THEN
							booking_action := 'created';
						ELSE
							SELECT b.id, b.person_id, b.asset_id, b.location_id, b.package_id
							INTO the_booking, booked_person, booked_asset, booked_location, booked_package
							FROM peer.booking b
							WHERE b.workspace_id = the_workspace AND b.lead_reference = v_reference;
							conflicting := booked_person IS NOT NULL
								AND (booked_person <> the_person OR booked_asset <> new_asset
									OR booked_location <> new_location
									OR booked_package <> new_package);
						END IF;
					END LOOP;
					IF the_booking IS NOT NULL AND booking_action <> 'created' THEN
						booking_action := 'unchanged';
						booking_reason := NULL;
					END IF;
				END IF;
			END IF;
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			GET STACKED DIAGNOSTICS e_state = RETURNED_SQLSTATE,
				e_schema = SCHEMA_NAME, e_table = TABLE_NAME,
				e_column = COLUMN_NAME, e_constraint = CONSTRAINT_NAME;
			-- errors that a retry or an operator resolves
			IF "left"(e_state, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN
				RAISE;
			END IF;
			RAISE LOG 'lead of log row % failed: %', this_log, SQLERRM;
			status := 'failed';
			reason := 'database_error';
			error := jsonb_strip_nulls(jsonb_build_object('sqlstate', e_state,
				'schema', NULLIF(e_schema, ''), 'table', NULLIF(e_table, ''),
				'column', NULLIF(e_column, ''), 'constraint', NULLIF(e_constraint, '')));
		END;

		IF stale THEN
			issues := issues || ('updated_at', 'stale_payload')::peer.issue;
		END IF;
		IF changed_dob THEN
			issues := issues || ('prospect.dob', 'identity_changed')::peer.issue;
		END IF;
		IF changed_licence THEN
			issues := issues || ('additional_details.license_number', 'identity_changed')::peer.issue;
		END IF;
		IF changed_passport THEN
			issues := issues || ('additional_details.passport_number', 'identity_changed')::peer.issue;
		END IF;
		IF conflicting THEN
			issues := issues || ('id', 'booking_conflict')::peer.issue;
		END IF;
	END IF;

	-- -----------------------------------------------------------------------
	-- The outcome and its log row
	-- -----------------------------------------------------------------------

	IF status <> 'processed' THEN
		the_person := NULL;
		the_booking := NULL;
		person_action := 'skipped';
		address_action := 'skipped';
		licence_action := 'skipped';
		passport_action := 'skipped';
		booking_action := 'skipped';
		address_reason := 'person_skipped';
		licence_reason := 'person_skipped';
		passport_reason := 'person_skipped';
		booking_reason := 'person_skipped';
	END IF;

	IF cardinality(issues) > 0 THEN
		SELECT jsonb_agg(jsonb_build_object('field', i.field, 'code', i.code,
				'message', concat_ws(': ', i.field, c.message))
			ORDER BY peer.field_rank(i.field) NULLS FIRST, c.rank)
		INTO issues_out
		FROM unnest(issues) i
		JOIN peer.code c ON c.code = i.code;
	END IF;

	outcome := jsonb_build_object(
		'status', status,
		'reason', reason,
		'log_id', this_log,
		'lead_reference', v_reference,
		'workspace_id', the_workspace,
		'person', CASE WHEN status = 'processed'
			THEN jsonb_build_object('action', person_action, 'id', the_person)
			ELSE peer.part(person_action, reason) END,
		'address', peer.part(address_action, address_reason),
		'driver_licence', peer.part(licence_action, licence_reason),
		'passport', peer.part(passport_action, passport_reason),
		'booking', CASE booking_action
			WHEN 'created' THEN jsonb_build_object('action', booking_action, 'id', the_booking,
				'asset_id', new_asset, 'location_id', new_location,
				'location_from', location_from, 'package_id', new_package)
			WHEN 'unchanged' THEN jsonb_build_object('action', booking_action, 'id', the_booking,
				'asset_id', booked_asset, 'location_id', booked_location,
				'package_id', booked_package)
			ELSE peer.part(booking_action, booking_reason) END,
		'issues', issues_out);
	IF error IS NOT NULL THEN
		outcome := outcome || jsonb_build_object('error', error);
	END IF;

	INSERT INTO peer.ingest_log (id, received_at, status, reason,
		dealership_id, workspace_id, lead_reference, email,
		person_id, person_action, booking_id, booking_action, booking_reason,
		asked_for_booking, payload_version, ingested_by, outcome, payload, duration_us,
		replay_of, first_received_at)
	OVERRIDING SYSTEM VALUE
	VALUES (this_log, received, status, reason,
		v_dealership, the_workspace, v_reference, peer.trimmed("left"(v_sent_email, 254)),
		the_person, person_action, the_booking, booking_action, booking_reason,
		asked, 1,
		CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END,
		outcome, payload,
		extract(epoch FROM clock_timestamp() - received) * 1000000,
		replayed, first_received);
	RETURN outcome;
END
$$;
REVOKE EXECUTE ON FUNCTION peer.ingest_lead(jsonb, bigint, timestamptz) FROM PUBLIC;

-- The payload of that log row again.
CREATE FUNCTION peer.replay_lead(log_id bigint) RETURNS jsonb
	LANGUAGE sql VOLATILE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS $$
SELECT peer.ingest_lead(l.payload, l.id, COALESCE(l.first_received_at, l.received_at))
FROM peer.ingest_log l
WHERE l.id = log_id
$$;
REVOKE EXECUTE ON FUNCTION peer.replay_lead(bigint) FROM PUBLIC;

COMMIT;

-- States and countries: prospect.address.state, license_state, passport_country.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Ingests an address with that state and country, and answers what state is
-- stored, or the issues.
CREATE FUNCTION test.state(country jsonb, state jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb := loopit_ingest_lead(test.lead(jsonb_build_object('prospect', jsonb_build_object(
		'email', (SELECT count(*) FROM loopit.person) || '@example.com',
		'address', jsonb_build_object('street', 's', 'city', 'c', 'postcode', 1,
			'country', country, 'state', state)))));
BEGIN
	RETURN coalesce(replace(test.issues(outcome), E'\n', ', '),
		(SELECT p.state FROM loopit.person p WHERE id = (outcome#>>'{person,id}')::bigint));
END $$;

-- Of a country without a list: 1 to 3 ASCII letters or digits, in upper case.
SELECT value, test.state('"New Zealand"', value::jsonb)
FROM (VALUES (1, '"A"'), (2, '"ak"'), (3, '"AUK"'), (4, '"aUk"'), (5, '"7"'), (6, '7'), (7, '"007"'), (8, '123'),
	(9, '" auk\t"'), (10, '"AUKL"'), (11, '1234'), (12, '"Auckland"'), (13, '"A K"'), (14, '"A."'), (15, '"A-K"'),
	(16, '"ÄK"'), (17, '"é"'), (18, '"ＡＫ"'), (19, '"٧"'), (20, '"_A"'), (21, '-7'), (22, '1.5'), (23, '7.0'), (24, '1e2'),
	(25, '1e3'), (26, '""'), (27, '" "'), (28, 'null'), (29, 'true'), (30, '[]')) v(n, value) ORDER BY n;
SELECT test.state('"New Zealand"', to_jsonb(repeat('A', 256)));

-- Australia, Canada and the United States: of all that have the shape exactly
-- the codes of ISO 3166-2.  (Without a dealership nothing is looked up.)
CREATE TABLE test.code AS
WITH one AS (SELECT chr(n) AS c FROM generate_series(48, 90) n WHERE n < 52 OR n > 64)
SELECT a.c || b.c || c.c AS code FROM one a, (TABLE one UNION VALUES ('')) b, (TABLE one UNION VALUES ('')) c
WHERE b.c <> '' OR c.c = '';
SELECT country, count(*), string_agg(code, ' ' ORDER BY code) AS states
FROM (VALUES ('Australia'), ('Canada'), ('United States')) c(country), test.code
WHERE NOT loopit_validate_lead(jsonb_build_object('prospect', jsonb_build_object('address',
	jsonb_build_object('street', 's', 'city', 'c', 'postcode', 1, 'state', code, 'country', country))))
	->'issues' @@ '$[*].field == "prospect.address.state"'
GROUP BY 1 ORDER BY 1;
DROP TABLE test.code;

-- The country is known by a name or by its alpha-2 code, in any case; of any
-- other one the shape is all that is asked for.
SELECT country, test.state(to_jsonb(country), '"nsw"') AS nsw, test.state(to_jsonb(country), '"CA"') AS ca,
	test.state(to_jsonb(country), '"on"') AS on
FROM (VALUES (1, 'Australia'), (2, 'AUSTRALIA'), (3, 'australia'), (4, 'au'), (5, 'AU'), (6, ' Au '),
	(7, 'United States'), (8, 'united states'), (9, 'United States of America'), (10, 'USA'), (11, 'usa'), (12, 'US'),
	(13, 'us'), (14, 'Canada'), (15, 'CANADA'), (16, 'ca'), (17, 'Ca'), (18, 'AUS'), (19, 'UK'), (20, 'GB'),
	(21, 'New Zealand'), (22, 'Commonwealth of Australia'), (23, 'America'), (24, 'Neverland'), (25, 'Österreich'),
	(26, 'U.S.'), (27, 'United  States'), (28, 'CAN'),
	(29, 'the United States'), (30, 'U.S.A.'), (31, 'Ca.'), (32, 'Can.')) v(n, country) ORDER BY n;
SELECT test.state('36', '"NSW"') AS a_number;
-- with no country there is none to judge by
SELECT test.issues(loopit_validate_lead(test.lead('{"prospect": {"address": {"state": "XYZ"}}}'))) AS shape,
	test.issues(loopit_validate_lead(test.lead('{"prospect": {"address": {"state": "XYZ", "country": true}}}'))) AS wrong_type;

-- A licence's state has the shape alone; a bad one is left out.
CREATE FUNCTION test.licence_state(value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb := loopit_ingest_lead(test.put(test.put(test.full_lead() || jsonb_build_object('id', (SELECT count(*) FROM loopit.person)),
		'{additional_details,license_state}', value), '{prospect,email}',
		to_jsonb((SELECT count(*) FROM loopit.person) || '@example.com')));
BEGIN
	RETURN concat_ws(', ', outcome#>>'{driver_licence,action}',
		(SELECT issuing_state FROM loopit.identity_document WHERE kind = 'driver_licence'
			AND person_id = (outcome#>>'{person,id}')::bigint),
		replace(test.issues(outcome), 'additional_details.', ''));
END $$;
SELECT value, test.licence_state(value::jsonb)
FROM (VALUES (1, '"nsw"'), (2, '"XYZ"'), (3, '" x "'), (4, '7'), (5, '"12"'), (6, '"NSWX"'), (7, '"New South Wales"'),
	(8, '"N W"'), (9, '"Ñ"'), (10, '-1'), (11, 'true'), (12, '""')) v(n, value) ORDER BY n;

-- A passport with that country: the code as stored, or the issue.
CREATE FUNCTION test.country(value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome jsonb := loopit_ingest_lead(test.put(test.put(test.full_lead() || jsonb_build_object('id', (SELECT count(*) FROM loopit.person)),
		'{additional_details,passport_country}', value), '{prospect,email}',
		to_jsonb((SELECT count(*) FROM loopit.person) || '@example.com')));
BEGIN
	RETURN coalesce(replace(replace(test.issues(outcome), 'additional_details.', ''), E'\n', ', '),
		(SELECT issuing_country FROM loopit.identity_document WHERE kind = 'passport'
			AND person_id = (outcome#>>'{person,id}')::bigint));
END $$;

-- The six codes in any case; of all texts of two letters no other one.
SELECT value, test.country(to_jsonb(value))
FROM (VALUES (1, 'au'), (2, 'us'), (3, 'fr'), (4, 'de'), (5, 'uk'), (6, 'ca'), (7, 'AU'), (8, 'Us'), (9, 'fR'), (10, 'DE'),
	(11, 'UK'), (12, ' ca '), (13, 'gb'), (14, 'GB'), (15, 'nz'), (16, 'NZ'), (17, 'AUS'), (18, 'a'), (19, 'au.'), (20, 'a u'))
	v(n, value) ORDER BY n;
SELECT string_agg(chr(a) || chr(b), ' ' ORDER BY a, b) AS codes
FROM generate_series(97, 122) a, generate_series(97, 122) b
WHERE loopit_validate_lead(test.put(test.full_lead(), '{additional_details,passport_country}',
	to_jsonb(chr(a) || chr(b))))->'issues' = '[]';

-- English names in any (ASCII) case: short, official, common.
SELECT value, test.country(to_jsonb(value))
FROM (VALUES (1, 'Australia'), (2, 'AUSTRALIA'), (3, 'new zealand'), (4, 'New Zealand'), (5, 'Germany'),
	(6, 'Federal Republic of Germany'), (7, 'France'), (8, 'French Republic'), (9, 'United Kingdom'),
	(10, 'United Kingdom of Great Britain and Northern Ireland'), (11, 'United States'), (12, 'united states of america'),
	(13, 'Viet Nam'), (14, 'Vietnam'), (15, 'Bolivia'), (16, 'Bolivia, Plurinational State of'),
	(17, 'Plurinational State of Bolivia'), (18, 'Moldova'), (19, 'Republic of Moldova'), (20, 'Tanzania'), (21, 'Taiwan'),
	(22, 'Türkiye'), (23, 'Republic of Türkiye'), (24, 'TüRKIYE'), (25, 'TÜRKIYE'), (26, 'Turkiye'),
	(27, 'Côte d''Ivoire'), (28, 'CôTE D''IVOIRE'), (29, 'CÔTE D''IVOIRE'), (30, 'Cote d''Ivoire'), (31, 'Côte d’Ivoire'),
	(32, 'Åland Islands'), (33, 'Åland ISLANDS'), (34, 'åland islands'), (35, 'Aland Islands'), (36, 'Curaçao'),
	(37, 'Réunion'), (38, 'Saint Barthélemy'), (39, 'Hong Kong'), (40, 'Korea, Republic of'), (41, 'South Korea'),
	(42, 'Czechia'), (43, 'Cabo Verde'), (44, 'Eswatini'), (45, 'North Macedonia'), (46, 'Myanmar'), (47, 'Netherlands'),
	(48, 'Kingdom of the Netherlands'), (49, 'Timor-Leste'), (50, 'Russian Federation'), (51, ' Austria '),
	(52, 'Zimbabwe'), (53, 'Afghanistan'), (54, 'Republic of Korea'), (55, 'Democratic Republic of the Congo'),
	(56, 'Holy See')) v(n, value) ORDER BY n;

-- Every name of ISO 3166-1 and CLDR, as it is, in upper case, and as people
-- vary it: only Congo is of two countries, and no name of anything else is one.
CREATE TABLE test.country_name (name text, alpha2 text);
\set names :abs_srcdir '/sql/fixture/country_names.sql'
\ir :names
SELECT count(*) AS names, count(DISTINCT alpha2) AS countries FROM test.country_name;
CREATE TABLE test.variant AS
SELECT alpha2, how, CASE how
	WHEN 'as it is' THEN name
	WHEN 'in upper case' THEN translate(upper(name), 'áãåçéíñôöüï’', 'ÁÃÅÇÉÍÑÔÖÜÏ’')
	WHEN 'in lower case' THEN lower(name)
	WHEN 'without accents' THEN translate(name, 'ÅáãåçéíñôöüïŠ', 'AaaaceinoouiS')
	WHEN 'decomposed' THEN normalize(name, NFD)
	WHEN 'the' THEN 'the ' || name
	WHEN 'The' THEN 'The ' || name
	WHEN '(the)' THEN name || ' (the)'
	WHEN ', The' THEN name || ', The'
	WHEN '&' THEN replace(name, ' and ', ' & ')
	WHEN 'and' THEN replace(name, '&', 'and')
	WHEN 'no dots' THEN replace(name, '.', '')
	WHEN 'apostrophe' THEN translate(name, '’', '''')
	WHEN 'quote' THEN translate(name, '''’', '‘‘')
	WHEN 'accent' THEN translate(name, '''’', '´´')
	WHEN 'backtick' THEN translate(name, '''’', '``')
	END AS name
FROM test.country_name, unnest('{as it is,in upper case,in lower case,without accents,decomposed,the,The,(the),", The",&,and,no dots,apostrophe,quote,accent,backtick}'::text[]) how;
CREATE TABLE test.ingested AS
SELECT alpha2, how, name, loopit_ingest_lead(test.put(test.put(test.full_lead() || jsonb_build_object('id', -n),
	'{additional_details,passport_country}', to_jsonb(name)), '{prospect,email}', to_jsonb(n || '@names.example.com'))) AS outcome
FROM (SELECT *, row_number() OVER () AS n FROM test.variant) v;
SELECT count(*) AS names, count(*) FILTER (WHERE d.issuing_country = i.alpha2) AS right_one, count(d.issuing_country) AS stored
FROM test.ingested i LEFT JOIN loopit.identity_document d ON d.person_id = (outcome#>>'{person,id}')::bigint AND d.kind = 'passport';
SELECT how, name, alpha2, issuing_country, i.outcome#>>'{passport,reason}' AS reason
FROM test.ingested i LEFT JOIN loopit.identity_document d ON d.person_id = (outcome#>>'{person,id}')::bigint AND d.kind = 'passport'
WHERE issuing_country IS DISTINCT FROM alpha2 ORDER BY name COLLATE "C", how;
DROP TABLE test.country_name, test.variant, test.ingested;

-- What makes no difference, and what does.
SELECT value, test.country(to_jsonb(value))
FROM (VALUES (1, 'The Gambia'), (2, 'Gambia (the)'), (3, 'Gambia, The'), (4, 'Gambia (The)'), (5, 'the'), (6, 'theGambia'), (7, 'Gambia the'),
	(8, 'Gambia (republic)'), (9, 'Republic of Gambia'), (10, 'Republic of the Gambia'), (11, 'The Republic of The Gambia'),
	(12, 'Congo (the Democratic Republic of the)'), (13, 'Korea (the Republic of)'), (14, 'Falkland Islands (the) [Malvinas]'),
	(15, 'Netherlands (Kingdom of the)'), (16, 'The Netherlands'), (17, 'the netherlands (THE)'), (18, 'Côte d’Ivoire'), (19, 'Cote d''Ivoire'),
	(20, 'COTE D`IVOIRE'), (21, 'Cote d´Ivoire'), (22, 'Cote dIvoire'), (23, 'Côte d"Ivoire'), (24, 'Turkiye'), (25, 'TÜRKİYE'), (26, 'Türkıye'),
	(27, 'Việt Nam'), (28, 'VIỆT NAM'), (29, 'Bosnia & Herzegovina'), (30, 'Bosnia&Herzegovina'), (31, 'Bosnia & Herzegovina (the)'),
	(32, 'Bosnia &  Herzegovina'), (33, 'Bosnia  & Herzegovina'), (34, 'Bosnia &amp; Herzegovina'), (35, 'Bosnia + Herzegovina'), (36, 'U.S.A.'), (37, 'U.S.A'),
	(38, 'U.S.'), (39, 'U.K.'), (40, 'US.A'), (41, 'USA.'), (42, 'U. S. A.'), (43, 'St Lucia'), (44, 'St. Lucia'), (45, 'Saint Lucia'), (46, 'Saint. Lucia'),
	(47, 'Chad.'), (48, 'South Korea.'), (49, 'Korea, South'), (50, 'Korea, North'), (51, 'Myanmar (Burma)'), (52, 'Hong Kong SAR China'),
	(53, 'Brunei'), (54, 'Vatican City'), (55, 'Macau'), (56, 'Micronesia'), (57, 'Palestine'), (58, 'Viet Nam'), (59, 'Vietnam'),
	(60, 'Congo - Kinshasa'), (61, 'Congo (DRC)'), (62, 'Democratic Republic of Congo'), (63, 'Republic of the Congo'), (64, 'Congo, Republic of the'),
	(65, 'Congo'), (66, 'the Congo'), (67, 'CONGO (the)'), (68, 'AUS'), (69, 'New-Zealand'), (70, 'New Zealand'), (71, 'Nеw Zealand'),
	(72, 'Ｎew Zealand'), (73, 'France (French Republic)'), (74, 'Kosovo'), (75, 'European Union'), (76, 'Canary Islands'), (77, 'Sark'),
	(78, 'Gambia, (the)'), (79, 'Gambia,  (the)'), (80, 'Gambia,  the'), (81, 'Gambia,'), (82, 'Gambia, ')) v(n, value) ORDER BY n;

-- The everyday names, and no others.
SELECT value, test.country(to_jsonb(value))
FROM (VALUES (1, 'UK'), (2, 'Great Britain'), (3, 'USA'), (4, 'Russia'), (5, 'Turkey'), (6, 'Ivory Coast'),
	(7, 'Czech Republic'), (8, 'Cape Verde'), (9, 'Swaziland'), (10, 'Macedonia'), (11, 'Burma'), (12, 'Holland'),
	(13, 'East Timor'), (14, 'gReAt BrItAiN'), (15, 'usa'), (16, 'England'), (17, 'Scotland'), (18, 'America'), (19, 'U.S.A.'),
	(20, 'Britain'), (21, 'The Netherlands'), (22, 'Deutschland'), (23, 'Australien'), (24, 'Austral'), (25, 'Australiaa'),
	(26, 'New  Zealand'), (27, 'Yugoslavia'), (28, 'Soviet Union'), (29, 'Kosovo')) v(n, value) ORDER BY n;

-- As a text field: a number is a text that no country has.
SELECT left(value, 8) AS value, test.country(value::jsonb)
FROM (VALUES (1, '36'), (2, 'true'), (3, '[]'), (4, '""'), (5, 'null'), (6, to_jsonb(repeat('a', 256))::text)) v(n, value)
ORDER BY n;
DROP FUNCTION test.state, test.licence_state, test.country;
\ir :done

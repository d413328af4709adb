-- Reading a payload: what counts as provided, texts, numbers, types, parents.
-- E-mail addresses, dates and countries have tests of their own.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- No key, null, and a string that is empty after trimming: not provided.
SELECT path, value, test.verdict(path::text[], value::jsonb)
FROM (VALUES ('{prospect,email}'), ('{dealership,id}')) p(path)
CROSS JOIN (VALUES (1, NULL), (2, 'null'), (3, '""'), (4, '" "'), (5, '"\t\n\u3000"'),
	(6, '"0"'), (7, '0'), (8, 'false'), (9, '[]'), (10, '{}')) v(n, value)
ORDER BY path, n;

-- The same of a text: the licence misses its number, but "0" and 0 are one.
SELECT value, test.issues(loopit_validate_lead(test.put(test.full_lead(),
	'{additional_details,license_number}', value::jsonb)))
FROM (VALUES (1, NULL), (2, 'null'), (3, '""'), (4, '" "'), (5, '"0"'), (6, '0')) v(n, value)
ORDER BY n;

-- Trimmed at both ends, alone no value at all, kept inside: White_Space, U+00AD,
-- U+200B to U+200F, U+202A to U+202E, U+2060, U+2066 to U+2069, U+FEFF.  No other
-- character is.
SELECT trimmed = 'a' || c || 'b' AS ends_go, alone LIKE 'sha256:%' AS alone_is_nothing,
	strpos(trimmed, 'a' || c || 'b') > 0 AS inside_stays, count(*) > 100 AS many,
	string_agg(upper(to_hex(n)), ' ' ORDER BY n) FILTER (WHERE trimmed = 'a' || c || 'b')
		AS code_points
FROM (
	SELECT n, chr(n) AS c,
		loopit_validate_lead(test.lead(jsonb_build_object('id',
			repeat(chr(n), 2) || 'a' || chr(n) || 'b' || repeat(chr(n), 2)))) ->> 'lead_reference' AS trimmed,
		loopit_validate_lead(test.lead(jsonb_build_object('id', repeat(chr(n), 2))))
			->> 'lead_reference' AS alone
	FROM generate_series(1, 65535) n WHERE n < 13000 OR n > 64000) s
GROUP BY 1, 2, 3 ORDER BY 1;
-- a character that ends in a trimmed one's bytes, and a mixture of them
SELECT what, loopit_validate_lead(test.lead(jsonb_build_object('id', value))) ->> 'lead_reference'
	IS NOT DISTINCT FROM coalesce(read, 'sha256:' || encode(sha256(convert_to(test.lead(jsonb_build_object('id', value))::text, 'UTF8')), 'hex')) AS as_it_should
FROM (VALUES (1, 'a grave', U&'\00E0', U&'\00E0'), (2, 'A ring', U&'\00C5', U&'\00C5'),
	(3, 'ellipsis', U&' \2026 ', U&'\2026'), (4, 'a mark inside', U&' \200E x\200E y \200E ', U&'x\200E y'),
	(5, 'mixture', U&'\FEFF\00A0 x\3000y\200B\2060 \0085', U&'x\3000y'),
	(6, 'overridden', U&'\202D+61 412\202C', '+61 412'), (7, 'isolated', U&'\2067 x \2069\00AD', 'x'),
	(8, 'nothing but marks', U&'\200E\202A\2066\00AD', NULL), (9, 'word joiner and function application', U&'\2060x\2061', U&'x\2061')) v(n, what, value, read)
ORDER BY n;

-- A number's text has no exponent and no trailing zeros after the point.
SELECT value, loopit_validate_lead(test.lead(jsonb_build_object('id', value::jsonb)))
	->> 'lead_reference' AS text
FROM (VALUES (1, '2000'), (2, '2000.0'), (3, '12.50'), (4, '12.500'), (5, '0.10'), (6, '1e3'),
	(7, '1.5e3'), (8, '1E+3'), (9, '1e-2'), (10, '120e-1'), (11, '0'), (12, '-0'), (13, '0.00'),
	(14, '0e5'), (15, '-12.50'), (16, '9007199254740993'), (17, '9223372036854775808'),
	(18, '0.000001'), (19, '1.000000000000000000001'), (20, '"2000.0"'), (21, '"1e3"'), (22, '"007"')
) v(n, value) ORDER BY n;
SELECT value, reference = '1' || repeat('0', digits - 1) AS all_digits, issues
FROM (
	SELECT n, value, digits, outcome->>'lead_reference' AS reference, test.issues(outcome) AS issues
	FROM (VALUES (1, '1e50', 51), (2, '1e99', 100), (3, '1e100', 101), (4, '1e255', 256),
		(5, '1e5000', 5001)) v(n, value, digits),
	LATERAL loopit_validate_lead(test.lead(jsonb_build_object('id', value::jsonb))) AS outcome) s
ORDER BY n;

-- 255 characters are a text, 256 are too long: characters, not bytes, and
-- those that are trimmed do not count.
SELECT what, length(text) AS characters, octet_length(text) AS octets,
	test.verdict('{prospect,first_name}', to_jsonb(text))
FROM (VALUES
	(1, 'one byte', repeat('x', 255)), (2, 'one byte', repeat('x', 256)),
	(3, 'two bytes', repeat('é', 255)), (4, 'two bytes', repeat('é', 256)),
	(5, 'three bytes', repeat('€', 255)), (6, 'three bytes', repeat('€', 256)),
	(7, 'four bytes', repeat('😀', 255)), (8, 'four bytes', repeat('😀', 256)),
	(9, 'blanks around', repeat(' ', 9) || repeat('x', 255) || repeat(' ', 9)),
	(10, 'blanks inside', 'x' || repeat(' ', 254) || 'x'),
	(11, 'blanks alone', repeat(' ', 300)), (12, 'a megabyte', repeat('x', 1048576))
) v(n, what, text) ORDER BY n;

-- Every text field takes a string or a number and nothing else.
SELECT path, test.verdict(path::text[], '7') !~ 'wrong_type|too_long' AS number,
	test.verdict(path::text[], 'true') = field || ' wrong_type' AS boolean,
	test.verdict(path::text[], '["x"]') = field || ' wrong_type' AS array,
	test.verdict(path::text[], '{"x": "y"}') = field || ' wrong_type' AS object,
	test.verdict(path::text[], '[]') = field || ' wrong_type' AS empty_array,
	test.verdict(path::text[], '{}') = field || ' wrong_type' AS empty_object,
	test.verdict(path::text[], to_jsonb(repeat('x', 256))) = field || ' too_long' AS long
FROM (VALUES
	(1, '{id}'), (2, '{prospect,first_name}'), (3, '{prospect,middle_name}'), (4, '{prospect,last_name}'),
	(5, '{prospect,mobile_phone}'), (6, '{prospect,address,street}'), (7, '{prospect,address,city}'),
	(8, '{prospect,address,state}'), (9, '{prospect,address,country}'), (10, '{prospect,address,postcode}'),
	(11, '{additional_details,license_number}'), (12, '{additional_details,license_card_number}'),
	(13, '{additional_details,license_state}'), (14, '{additional_details,passport_country}'),
	(15, '{additional_details,passport_number}'), (16, '{additional_details,subscription_plan}'),
	(17, '{item,vin}'), (18, '{item,stock_number}'), (19, '{location,location_name}')) v(n, path),
LATERAL array_to_string(path::text[], '.') AS field
ORDER BY n;

-- Such a value counts as not provided: what needs it is incomplete as well,
-- and what has nothing else is not provided.
SELECT what, s.* FROM (VALUES
	(1, 'address', '{prospect,address,street}'), (2, 'licence', '{additional_details,license_number}'),
	(3, 'passport', '{additional_details,passport_country}'),
	(4, 'plan', '{additional_details,subscription_plan}'), (5, 'vehicle', '{item,vin}')) v(n, what, path)
CROSS JOIN (VALUES (1, to_jsonb(true)), (2, to_jsonb(repeat('x', 256)))) w(m, value),
LATERAL (SELECT address, licence, passport, booking, issues
	FROM test.short(loopit_validate_lead(test.put(test.full_lead(), path::text[], value)))) s
ORDER BY n, m;
SELECT s.* FROM test.short(loopit_validate_lead(test.lead('{
	"prospect": {"address": {"city": true}}, "item": {"vin": [], "stock_number": {}},
	"additional_details": {"license_number": true, "passport_number": false, "subscription_plan": []}}'))) s;

-- A parent that is provided and is no object, and one that is not provided.
SELECT path, value, test.verdict(path::text[], value::jsonb) FROM (VALUES (1, '{dealership}'),
	(2, '{prospect}'), (3, '{prospect,address}'), (4, '{additional_details}'), (5, '{item}'), (6, '{location}')
) p(n, path) CROSS JOIN (VALUES (1, '"text"'), (2, '5'), (3, 'true'), (4, '[]'), (5, '[{"id": 356}]'),
	(6, '{}'), (7, 'null'), (8, '""'), (9, '" "')) v(m, value)
ORDER BY n, m;

-- Opting in: a boolean, 0 or 1, or a word for one of them in any case.
SELECT value, test.verdict('{prospect,opt_in_to_marketing}', value::jsonb)
FROM (VALUES (1, 'true'), (2, 'false'), (3, '"true"'), (4, '"FALSE"'), (5, '"True"'), (6, '" tRuE\t"'),
	(7, 'null'), (8, '""'), (10, '"t"'), (11, '"f"'), (12, '"ｔrue"'), (13, '"true "'), (16, '[true]'), (17, '{}'), (18, '"true true"'),
	(20, '2'), (21, '-1'), (22, '0.5'), (23, '1e300'), (24, '"00"'), (25, '"1.0"'), (26, '"2"'), (27, '"-1"'), (28, '"yess"'), (29, '"ye"'),
	(30, '"ok"'), (31, '"of"'), (32, '"none"')) v(n, value)
ORDER BY n;
SELECT value, marketing_opt_in AS stored, p.value->>'code' AS issue FROM (VALUES (1, '"yes"'), (2, '"no"'), (3, '"y"'), (4, '"n"'), (5, '"on"'),
	(6, '"off"'), (7, '"1"'), (8, '"0"'), (9, '"Yes"'), (10, '"NO"'), (11, '"Y"'), (12, '"N"'), (13, '"oN"'), (14, '" OFF "'), (15, '1'),
	(16, '0'), (17, '1.0'), (18, '0e5'), (19, '-0'), (20, '10e-1'), (21, 'true'), (22, 'false'), (23, '"TRUE"'), (24, '"False"')) v(n, value),
LATERAL loopit_ingest_lead(test.put(test.lead_with('{prospect,opt_in_to_marketing}', value::jsonb), '{prospect,email}',
	to_jsonb('opt' || n || '@example.com'))) outcome
LEFT JOIN LATERAL jsonb_array_elements(outcome->'issues') p ON true
LEFT JOIN LATERAL (SELECT marketing_opt_in FROM loopit.person WHERE id = (outcome#>>'{person,id}')::bigint) s ON true
ORDER BY n;

-- What programs write for nothing, in exactly that spelling, is a placeholder:
-- of every field but a parent not provided.
SELECT path, string_agg(DISTINCT test.verdict(path::text[], to_jsonb(text)), ' | ') AS verdict, count(*) AS texts
FROM (VALUES (1, '{id}'), (2, '{updated_at}'), (3, '{dealership,id}'), (4, '{prospect,first_name}'), (5, '{prospect,middle_name}'),
	(6, '{prospect,last_name}'), (7, '{prospect,email}'), (8, '{prospect,dob}'), (9, '{prospect,mobile_phone}'),
	(10, '{prospect,opt_in_to_marketing}'), (11, '{prospect,address,street}'), (12, '{prospect,address,city}'),
	(13, '{prospect,address,state}'), (14, '{prospect,address,country}'), (15, '{prospect,address,postcode}'),
	(16, '{additional_details,license_expiry}'), (17, '{additional_details,license_dob}'), (18, '{additional_details,license_number}'),
	(19, '{additional_details,license_card_number}'), (20, '{additional_details,license_state}'),
	(21, '{additional_details,passport_country}'), (22, '{additional_details,passport_expiry}'), (23, '{additional_details,passport_dob}'),
	(24, '{additional_details,passport_number}'), (25, '{additional_details,subscription_plan}'), (26, '{item,vin}'),
	(27, '{item,stock_number}'), (28, '{location,location_name}'), (30, '{dealership}'), (31, '{prospect}'), (32, '{prospect,address}'),
	(33, '{additional_details}'), (34, '{item}'), (35, '{location}')) p(n, path),
	unnest('{null,NULL,undefined,NaN,None,[object Object]," null ","‎undefined"}'::text[]) text
GROUP BY n, path ORDER BY n;
-- any other spelling is a text, and so is one that merely has it
SELECT text, test.verdict('{prospect,first_name}', to_jsonb(text)) AS verdict FROM unnest('{"Null",nul,nulls,Undefined,UNDEFINED,nan,NAN,none,NONE,
	"[object object]","[object  Object]","object Object","[object Object]s","null null",N/A,-,""}'::text[]) WITH ORDINALITY t(text, n)
WHERE test.verdict('{prospect,first_name}', to_jsonb(text)) <> 'ok' OR text IN ('Null', 'N/A', '') ORDER BY n;

-- A VIN and a document's number have a digit; a VIN is not one character
-- throughout.  One that is too long or of a wrong type is that alone.
SELECT left(value, 20) AS value, replace(test.verdict('{item,vin}', value::jsonb), 'item.vin ', '') AS vin,
	replace(test.verdict('{item,stock_number}', value::jsonb), 'item.stock_number ', '') AS stock_number,
	test.verdict('{additional_details,license_number}', value::jsonb) ~ 'placeholder' AS licence,
	test.verdict('{additional_details,passport_number}', value::jsonb) ~ 'placeholder' AS passport,
	test.verdict('{additional_details,license_card_number}', value::jsonb) ~ 'placeholder' AS card
FROM (VALUES (1, '"N/A"'), (2, '"TBA"'), (3, '"XXXXXXXXXX"'), (4, '"unknown"'), (5, '"-"'), (6, '"00000000000000000"'), (7, '"11"'), (8, '"1"'),
	(9, '0'), (10, '1111'), (11, '"1112"'), (12, '"XXXXXXXXX1"'), (13, '"1 1"'), (14, '"é1"'), (15, '"éééé"'), (16, '"１２"'), (17, '-11'),
	(18, to_jsonb(repeat('X', 255))::text), (19, to_jsonb(repeat('X', 256))::text), (20, 'true'), (21, '["N/A"]')) v(n, value)
ORDER BY n;
-- the vehicle is found by its stock number, and a stored licence stays
SELECT s.booking, s.licence, s.issues FROM (VALUES (1, '{}'::jsonb), (2, '{"item": {"vin": "TBA", "stock_number": "7021602"}}'),
	(3, '{"additional_details": {"license_number": "N/A", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}'),
	(4, '{"item": {"vin": "N/A"}}'), (5, '{"item": {"vin": "N/A"}, "additional_details": {"subscription_plan": "undefined"}}')) v(n, more),
LATERAL test.short(loopit_ingest_lead(test.full_lead() || jsonb_build_object('id', 'P' || n) || more)) s ORDER BY n;
SELECT number FROM loopit.identity_document WHERE kind = 'driver_licence';

-- The dealership: an integral number or decimal digits, within bigint.  The
-- log has it as far as it is one.
INSERT INTO loopit.dealership VALUES (9223372036854775807, 7), (-9223372036854775808, 7), (-5, 8);
SELECT count(loopit_ingest_lead(test.lead_with('{dealership,id}', value::jsonb)))
FROM (VALUES (1, '356'), (2, '356.0'), (3, '3.56e2'), (4, '"356"'), (5, '"0356"'), (6, '" 356 "'),
	(7, '9223372036854775807'), (8, '"9223372036854775807"'), (9, '-9223372036854775808'), (10, '-5'), (11, '-0'),
	(12, '"000000000000000000000000000356"'), (13, '1'),
	(21, '"-5"'), (22, '"+356"'), (23, '356.5'), (24, '"356.0"'), (25, '"3e2"'), (26, '9223372036854775808'),
	(27, '"9223372036854775808"'), (28, '-9223372036854775809'), (29, '1e99'), (30, '"0x164"'), (31, '"3 56"'),
	(32, '"３５６"'), (33, '"A"'), (34, 'true'), (35, '{}'), (36, '[356]'), (37, '""'), (38, 'null')) v(n, value);
SELECT left(payload#>>'{dealership,id}', 32) AS value, jsonb_typeof(payload#>'{dealership,id}') AS type, workspace_id, dealership_id, reason, test.issues(outcome)
FROM loopit.ingest_log WHERE lead_reference = '1' ORDER BY id;

-- The lead's reference: the id as text, else a digest of the payload's text.
SELECT value, CASE reference WHEN 'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')
	THEN 'digest' ELSE reference END AS lead_reference, test.issues(outcome)
FROM (VALUES (1, '1759346'), (2, '"1759346"'), (3, '" A-1 "'), (4, '1.50'), (5, '-3'), (6, NULL), (7, 'null'),
	(8, '""'), (9, 'true'), (10, '{"id": 1}'), (11, '[1]'), (12, '"null"'), (13, '"N/A"')) v(n, value),
LATERAL test.lead_with('{id}', value::jsonb) payload, LATERAL loopit_validate_lead(payload) outcome,
LATERAL (SELECT outcome->>'lead_reference') r(reference)
ORDER BY n;
SELECT outcome->>'lead_reference' = 'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')
	AS too_long_id_is_digest, test.issues(outcome)
FROM test.lead_with('{id}', to_jsonb(repeat('x', 256))) payload, LATERAL loopit_validate_lead(payload) outcome;
-- the digest heeds what is said, not how: order of keys and spacing are the same lead
SELECT loopit_validate_lead(payload::jsonb)->>'lead_reference' AS lead_reference, array_agg(n ORDER BY n)
FROM (VALUES (1, '{"dealership":{"id":356},"prospect":{"email":"ann@example.com","last_name":"Zoë"}}'),
	(2, '{ "prospect" : {"last_name":"Zo\u00eb", "email":"ann@example.com"},   "dealership":{"id":356}}'),
	(3, '{"dealership":{"id":356},"prospect":{"email":"ann@example.com","last_name":"Zoe"}}'),
	(4, '{"dealership":{"id":356},"prospect":{"email":"ann@example.com","last_name":"Zoë"},"x":null}')
) v(n, payload) GROUP BY 1 ORDER BY 2;

-- A key given twice: the last one counts.  Unknown keys are ignored.
SELECT outcome->>'lead_reference' AS lead_reference, test.issues(outcome)
FROM loopit_validate_lead('{"id": 1, "dealership": {"id": 1}, "prospect": {"email": "x", "email": "ann@example.com"},
	"id": 2, "dealership": {"id": "x", "id": 356}}') outcome;
SELECT loopit_validate_lead(test.full_lead() || '{"ID": 2, "Prospect": {"dob": "x"}, "x": [1e99], "vin": "y"}')
	= loopit_validate_lead(test.full_lead()) AS ignored;

-- All issues at once: id, updated_at, then the order of the specification's
-- table, a parent before its fields; within a field by code.
SELECT test.issues(loopit_ingest_lead(jsonb_build_object('id', true, 'updated_at', 1, 'dealership', '{"id": 356}'::jsonb,
	'location', 'x', 'item', '{"vin": [], "stock_number": "none"}'::jsonb,
	'prospect', '{"first_name": {}, "email": "ann@example.com", "middle_name": [], "last_name": true, "mobile_phone": {},
		"opt_in_to_marketing": 2, "address": {"street": [], "city": {}, "state": "New South Wales", "country": true}}'::jsonb,
	'additional_details', jsonb_build_object('license_expiry', 1, 'license_dob', 2, 'license_number', true,
		'license_card_number', repeat('x', 256), 'license_state', 'Victoria', 'passport_country', 'xx',
		'passport_expiry', 3, 'passport_dob', 4, 'passport_number', false, 'subscription_plan', 'none'))));
SELECT test.issues(loopit_ingest_lead('{"dealership": [], "prospect": {"address": 1, "dob": 1}, "additional_details": 2, "item": 3}'));
\ir :done

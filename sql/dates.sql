-- The date fields (dd/mm/yyyy): their shape and what is plausible; updated_at
-- (RFC 3339, and the offsets that programs write).
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- A date: two digits, two digits, four digits, a day that exists.
SELECT rule, value, test.verdict('{prospect,dob}', value::jsonb)
FROM (VALUES
	(1, 'a day', '"31/12/1990"'), (2, 'a day', '"01/01/0001"'), (3, 'a day', '"31/12/9999"'),
	(4, 'a day', '"01/01/0000"'), (5, 'a day', '"00/01/1990"'), (6, 'a day', '"01/00/1990"'),
	(7, 'a day', '"32/01/1990"'), (8, 'a day', '"01/13/1990"'), (9, 'a day', '"12/31/1990"'),
	(10, 'a day', '"31/04/1990"'), (11, 'a day', '"31/06/1990"'), (12, 'a day', '"31/09/1990"'),
	(13, 'a day', '"31/11/1990"'), (14, 'a day', '"30/02/2000"'), (15, 'a day', '"00/00/0000"'),
	(20, 'leap years', '"29/02/2024"'), (21, 'leap years', '"29/02/2023"'), (22, 'leap years', '"29/02/2000"'),
	(23, 'leap years', '"29/02/1900"'), (24, 'leap years', '"29/02/2100"'), (25, 'leap years', '"28/02/1900"'),
	(26, 'leap years', '"29/02/0004"'), (27, 'leap years', '"29/02/9996"'), (28, 'leap years', '"29/02/9999"'),
	(30, 'digits', '"1/1/2000"'), (31, 'digits', '"01/1/2000"'), (32, 'digits', '"1/01/2000"'),
	(33, 'digits', '"01/01/99"'), (34, 'digits', '"01/01/02000"'), (35, 'digits', '"001/01/200"'),
	(36, 'digits', '"01/01/200"'), (37, 'digits', '"0x/01/2000"'), (38, 'digits', '"-1/01/2000"'),
	(39, 'digits', '"+1/01/2000"'), (40, 'digits', '" 1/01/2000"'), (41, 'digits', '"01/ 1/2000"'),
	(42, 'digits', '"٠١/٠١/٢٠٠٠"'), (43, 'digits', '"０１/０１/２０００"'), (44, 'digits', '"01/Jan/2000"'),
	(50, 'slashes', '"01-01-2000"'), (51, 'slashes', '"01.01.2000"'), (52, 'slashes', '"2000-01-01"'),
	(53, 'slashes', '"2000/01/01"'), (54, 'slashes', '"01012000"'), (55, 'slashes', '"01/01//2000"'),
	(56, 'slashes', '"01∕01∕2000"'), (57, 'slashes', '"/01/01/2000"'), (58, 'slashes', '"01/01/2000/"'),
	(60, 'nothing else', '"2000-01-01T00:00:00Z"'), (61, 'nothing else', '"01/01/2000 00:00"'),
	(62, 'nothing else', '"1 January 2000"'), (63, 'nothing else', '"today"'), (64, 'nothing else', '"infinity"'),
	(65, 'nothing else', '"unknown"'), (66, 'nothing else', '"01/01/2000 BC"'),
	(70, 'trimmed', '" 01/01/2000\t"'), (71, 'trimmed', '"01/01/2000 "'), (72, 'trimmed', '"\u200b01/01/2000\ufeff"'),
	(80, 'a string', '1012000'), (81, 'a string', '0'), (82, 'a string', 'true'), (83, 'a string', '[]'),
	(84, 'a string', '["01/01/2000"]'), (85, 'a string', '{}'), (86, 'a string', '1e99'),
	(90, 'not provided', '""'), (91, 'not provided', '" "'), (92, 'not provided', 'null'), (93, 'not provided', NULL)
) v(n, rule, value) ORDER BY n;

-- The other four are read the same way, each with its code; too long or of
-- another type is no other code.
SELECT path, left(value, 20) AS value, replace(test.issues(loopit_validate_lead(test.put(test.full_lead(), path::text[], value::jsonb))),
	'additional_details.', '') AS issues
FROM (VALUES (1, '{additional_details,license_expiry}'), (2, '{additional_details,license_dob}'),
	(3, '{additional_details,passport_expiry}'), (4, '{additional_details,passport_dob}')) p(n, path)
CROSS JOIN (VALUES (1, '"29/02/2024"'), (2, '"29/02/2023"'), (3, '"2024-02-29"'), (4, '5'), (5, 'false'), (6, '{}'),
	(7, to_jsonb(repeat('1', 256))::text), (8, '""')) v(m, value)
ORDER BY n, m;

-- Of every day and month in years of each kind exactly those of the calendar.
CREATE FUNCTION test.exists(y int, m int, d int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	PERFORM make_date(y, m, d);
	RETURN true;
EXCEPTION WHEN datetime_field_overflow THEN
	RETURN false;
END $$;
SELECT y AS year, count(*) FILTER (WHERE valid) AS days, bool_and(valid = test.exists(y, m, d)) AS as_the_server
FROM (
	SELECT y, m, d, test.verdict('{prospect,dob}', to_jsonb(lpad(d::text, 2, '0') || '/' || lpad(m::text, 2, '0')
		|| '/' || lpad(y::text, 4, '0'))) !~ 'invalid' AS valid
	FROM unnest('{1,4,100,400,1582,1900,1999,2000,2023,2024,2100,9999}'::int[]) y,
		generate_series(0, 13) m, generate_series(0, 32) d) s
GROUP BY y ORDER BY y;
DROP FUNCTION test.exists;

-- A valid date that is worth a look: an expiry before today, a date of birth after
-- today or before 1900.  Today is that of UTC.  Nothing is kept from being stored.
SELECT path, what, replace(test.issues(outcome), 'additional_details.', '') AS issues,
	outcome#>>'{person,action}' AS person, outcome#>>'{driver_licence,action}' AS licence, outcome#>>'{passport,action}' AS passport
FROM (VALUES (1, '{prospect,dob}'), (2, '{additional_details,license_dob}'), (3, '{additional_details,passport_dob}'),
	(4, '{additional_details,license_expiry}'), (5, '{additional_details,passport_expiry}')) p(n, path),
	(VALUES (1, 'today', 0), (2, 'yesterday', -1), (3, 'tomorrow', 1)) d(m, what, days),
LATERAL loopit_validate_lead(test.put(test.full_lead(), path::text[],
	to_jsonb(to_char((clock_timestamp() AT TIME ZONE 'UTC')::date + days, 'DD/MM/YYYY')))) outcome
ORDER BY n, m;
SELECT path, value, replace(test.issues(loopit_validate_lead(test.put(test.full_lead(), path::text[], to_jsonb(value)))),
	'additional_details.', '') AS issues
FROM (VALUES (1, '{prospect,dob}'), (2, '{additional_details,license_dob}'), (3, '{additional_details,passport_dob}'),
	(4, '{additional_details,license_expiry}'), (5, '{additional_details,passport_expiry}')) p(n, path),
	unnest('{01/01/0001,31/12/1899,01/01/1900,31/12/9999,29/02/1900,"null"}'::text[]) WITH ORDINALITY v(value, m)
ORDER BY n, m;
-- judged also where the document is not stored, or the payload is rejected
SELECT s.status, s.licence, s.issues FROM (VALUES (1, '{"prospect": {"email": "ann@example.com"}}'), (2, '{"prospect": {"dob": "31/12/1899"}}')) v(n, more),
LATERAL test.short(loopit_ingest_lead(test.lead('{"additional_details": {"license_expiry": "01/01/2000", "license_dob": "01/01/1890"}}')
	|| more::jsonb)) s ORDER BY n;

-- Stored as the day it is, whatever the session's DateStyle and TimeZone.
SET TimeZone = 'Pacific/Kiritimati';
SET DateStyle = 'SQL, MDY';
CREATE TABLE test.day AS SELECT n, date '0001-01-01' + n * 90001 AS day FROM generate_series(0, 40) n
UNION ALL VALUES (41, date '2000-02-29'), (42, '1999-12-31'), (43, '2000-01-01'), (44, '2000-03-01'), (45, '9999-12-31');
SELECT count(loopit_ingest_lead(test.put(test.lead_with('{prospect,email}', to_jsonb(n || '@example.com')),
	'{prospect,dob}', to_jsonb(to_char(day, 'DD/MM/YYYY'))))) FROM test.day;
RESET DateStyle;
RESET TimeZone;
SELECT count(*), bool_and(date_of_birth = day) AS same FROM test.day JOIN loopit.person ON email = n || '@example.com';
DROP TABLE test.day;

-- updated_at: an RFC 3339 date and time, whose offset may also be written +hhmm,
-- +hh, UTC or GMT, with or without a space before it; without one it is UTC,
-- whatever the session's TimeZone.
SET TimeZone = 'Asia/Kathmandu';
SELECT count(loopit_ingest_lead(test.put(test.lead_with('{updated_at}', value::jsonb), '{prospect,email}',
	to_jsonb('t' || n || '@example.com'))))
FROM (VALUES
	(1, '"2025-10-03T06:10:22Z"'), (2, '"2025-10-03t06:10:22z"'), (3, '"2025-10-03 06:10:22Z"'),
	(4, '"2025-10-03T06:10:22"'), (5, '"2025-10-03 06:10:22"'), (6, '"2025-10-03T06:10:22+00:00"'),
	(7, '"2025-10-03T06:10:22-00:00"'), (8, '"2025-10-03T06:10:22+10:30"'), (9, '"2025-10-03T06:10:22-09:45"'),
	(10, '"2025-10-03T23:59:59-23:59"'), (11, '"2025-10-03T00:00:00+23:59"'), (12, '"2025-10-03T06:10:22.5Z"'),
	(13, '"2025-10-03T06:10:22.097Z"'), (14, '"2025-10-03T06:10:22.123456"'), (15, '"2025-10-03T06:10:22.123456000+01:00"'),
	(16, '" 2025-10-03T06:10:22Z\n"'), (17, '"2024-02-29T00:00:00Z"'), (18, '"0001-01-01T00:00:00Z"'),
	(19, '"1899-12-31T23:59:59Z"'), (20, '"2025-10-05T02:30:00"'), (21, 'null'), (22, '""'),
	(30, '"2025-10-03"'), (31, '"2025-10-03T06:10Z"'), (32, '"2025-10-03T06Z"'), (33, '"2025-10-03T06:10:22.Z"'),
	(34, '"2025-10-03T06:10:22,5Z"'), (35, '"2025-10-03T06:10:60Z"'), (36, '"2016-12-31T23:59:60Z"'),
	(37, '"2025-10-03T24:00:00Z"'), (38, '"2025-10-03T06:60:00Z"'), (39, '"2025-10-03T06:10:22+1030"'),
	(40, '"2025-10-03T06:10:22+10"'), (41, '"2025-10-03T06:10:22+24:00"'), (42, '"2025-10-03T06:10:22+10:60"'),
	(43, '"2025-10-03T06:10:22 Z"'), (44, '"2025-10-03T06:10:22 +10:30"'), (45, '"2025-10-03  06:10:22Z"'),
	(46, '"2025-10-03T06:10:22UTC"'), (47, '"2025-10-03T06:10:22−09:45"'), (48, '"2025-10-03_06:10:22Z"'),
	(49, '"2025-02-29T06:10:22Z"'), (50, '"2025-13-01T06:10:22Z"'), (51, '"2025-00-03T06:10:22Z"'),
	(52, '"2025-10-3T6:10:22Z"'), (53, '"25-10-03T06:10:22Z"'), (54, '"20251003T061022Z"'), (55, '"03/10/2025 06:10:22"'),
	(56, '"2025-W40-5T06:10:22Z"'), (57, '"+2025-10-03T06:10:22Z"'), (58, '"12025-10-03T06:10:22Z"'),
	(59, '"9999-12-31T23:59:59Z"'), (68, '"0000-01-01T00:00:00Z"'), (60, '"now"'), (61, '"infinity"'), (62, '"٢٠٢٥-١٠-٠٣T06:10:22Z"'),
	(70, '"2025-07-05T18:00:00+0000"'), (71, '"2025-10-03 06:10:22 UTC"'), (72, '"2025-10-03 06:10:22 GMT"'),
	(73, '"2025-10-03T06:10:22GMT"'), (74, '"2025-10-03 06:10:22 utc"'), (75, '"2025-10-03 06:10:22 -0945"'), (76, '"2025-10-03T06:10:22-23"'),
	(77, '"2025-10-03T06:10:22.5 +0530"'), (78, '"2025-10-03T06:10:22+24"'), (79, '"2025-10-03T06:10:22+2400"'), (80, '"2025-10-03T06:10:22+1060"'),
	(81, '"2025-10-03T06:10:22+1"'), (82, '"2025-10-03T06:10:22+103"'), (83, '"2025-10-03T06:10:22+10300"'), (84, '"2025-10-03T06:10:22  UTC"'),
	(85, '"2025-10-03T06:10:22 UTC+1"'), (86, '"2025-10-03T06:10:22 UT"'), (87, '"2025-10-03T06:10:22 EST"'), (88, '"2025-10-03T06:10:22 +"'),
	(89, '"2025-10-03T06:10:22+10:3"'), (90, '"2025-10-03T06:10:22+:30"'), (91, '"2025-10-03T06:10:22\tUTC"'), (92, '"2025-10-03T06:10:22UTCZ"'),
	(93, '"2025-10-03 06:10:22 +1a"'), (94, '"2025-10-03 UTC"'),
	(63, '1759471822'), (64, '1759471822097'), (65, 'true'), (66, '[]'), (67, '{}')) v(n, value);
SELECT payload->'updated_at' AS updated_at, source_updated_at AT TIME ZONE 'UTC' AS as_utc, test.issues(outcome)
FROM loopit.ingest_log l JOIN loopit.person p ON p.id = l.person_id
WHERE l.email LIKE 't%' ORDER BY l.id;
RESET TimeZone;

-- Up to a day ahead of the server's clock is a clock that is wrong; more is none.
SELECT ahead, test.verdict('{updated_at}', to_jsonb(to_char(clock_timestamp() AT TIME ZONE 'UTC' + ahead,
	'YYYY-MM-DD"T"HH24:MI:SS') || 'Z'))
FROM (VALUES (1, interval '0'), (2, '23:00'), (3, '23:59'), (4, '24:01'), (5, '25:00'), (6, '9000:00')) v(n, ahead)
ORDER BY n;
-- the offset counts in that, too
SELECT test.verdict('{updated_at}', to_jsonb(to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '30:00',
	'YYYY-MM-DD"T"HH24:MI:SS') || '+14:00'));
\ir :done

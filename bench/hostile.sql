-- Functions of script/bench-hostile: they make hostile bodies of any size, and
-- measure what a call costs for one.
-- The first kind is not hostile: the others are compared with what the server's
-- parser costs for it.
\set QUIET on
CREATE EXTENSION loopit_leads;
SELECT count(*) AS setup FROM loopit_setup() \gset

CREATE TABLE kind (n int PRIMARY KEY, kind text);
INSERT INTO kind SELECT n - 1, k FROM unnest('{harmless records,one long string,escapes to drop,trailing commas,many numbers,many keys,"one key, many times",
	blank e-mail,long id,dots in the e-mail,opening brackets,quotation marks,backslashes,no UTF-8,
	poison numbers,longest numbers kept,digits of one number,zeros of one number,control characters,escaped controls,half pairs,
	"Windows-1252, in strings",empty arrays,empty objects,nesting of 1000,empty keys,form,truncated lead,percent signs,
	one long key,controls in keys,escapes to drop in keys,half pairs in keys,every repair,every field bad,empty strings,short strings,long keys that are masked,
	array of leads,JSON in a string,several documents,UTF-16}'::text[])
	WITH ORDINALITY AS k(k, n);

CREATE FUNCTION body(kind text, size int) RETURNS bytea LANGUAGE sql AS $$
	SELECT CASE kind
		WHEN 'one long string' THEN convert_to('{"a":"' || repeat('x', size) || '"}', 'UTF8')
		WHEN 'escapes to drop' THEN convert_to('{"a":"' || repeat('\u0000', size / 6) || '"}', 'UTF8')
		WHEN 'trailing commas' THEN convert_to('{"a":[' || repeat('[1,],', size / 5) || '1]}', 'UTF8')
		WHEN 'many numbers' THEN convert_to('{"a":[' || repeat('1,', size / 2) || '1]}', 'UTF8')
		WHEN 'many keys' THEN convert_to('{' || (SELECT string_agg('"k' || i || '":1', ',')
			FROM generate_series(100000, 100000 + size / 12) i) || '}', 'UTF8')
		WHEN 'one key, many times' THEN convert_to('{' || repeat('"k":1,', size / 6) || '"k":1}', 'UTF8')
		WHEN 'blank e-mail' THEN convert_to('{"prospect":{"email":"' || repeat(' ', size) || '"}}', 'UTF8')
		WHEN 'long id' THEN convert_to('{"id":"' || repeat('é', size / 2) || '"}', 'UTF8')
		WHEN 'dots in the e-mail' THEN convert_to('{"prospect":{"email":"' || repeat('a.', size / 2) || '@b.c"}}', 'UTF8')
		WHEN 'opening brackets' THEN convert_to(repeat('[', size), 'UTF8')
		WHEN 'quotation marks' THEN convert_to(repeat('"', size), 'UTF8')
		WHEN 'backslashes' THEN convert_to('"' || repeat('\', size), 'UTF8')
		WHEN 'no UTF-8' THEN decode(repeat('ff', size), 'hex')
		WHEN 'harmless records' THEN convert_to('{"a":[' || repeat('{"id":1},', size / 9) || '1]}', 'UTF8')
		WHEN 'poison numbers' THEN convert_to('{"a":[' || repeat('1e131071,', size / 9) || '1]}', 'UTF8')
		WHEN 'longest numbers kept' THEN convert_to('{"a":[' || repeat('1e99,', size / 5) || '1]}', 'UTF8')
		WHEN 'digits of one number' THEN convert_to('{"a":' || repeat('7', size) || '}', 'UTF8')
		WHEN 'zeros of one number' THEN convert_to('{"a":0.' || repeat('0', size) || '1e' || size || '}', 'UTF8')
		WHEN 'control characters' THEN convert_to('{"a":"' || repeat(E'\x01', size) || '"}', 'UTF8')
		WHEN 'escaped controls' THEN convert_to('{"a":"' || repeat('\u0001', size / 6) || '"}', 'UTF8')
		WHEN 'half pairs' THEN convert_to('{"a":"' || repeat('\ud83d', size / 6) || '"}', 'UTF8')
		WHEN 'Windows-1252, in strings' THEN '\x7b2261223a22' || decode(repeat('80', size), 'hex') || '\x227d'
		WHEN 'empty arrays' THEN convert_to('{"a":[' || repeat('[],', size / 3) || '1]}', 'UTF8')
		WHEN 'empty objects' THEN convert_to('{"a":[' || repeat('{},', size / 3) || '1]}', 'UTF8')
		WHEN 'nesting of 1000' THEN convert_to('{"a":[' || repeat(repeat('[', 998) || repeat(']', 998) || ',', size / 1997) || '1]}', 'UTF8')
		WHEN 'empty keys' THEN convert_to('{' || repeat('"":"",', size / 6) || '"":1}', 'UTF8')
		WHEN 'form' THEN convert_to(repeat('email=ann%40example.com&id=1&', size / 29), 'UTF8')
		WHEN 'truncated lead' THEN convert_to('{"a":[' || repeat('{"id":1,"email":"a@b.co', size / 23), 'UTF8')
		WHEN 'percent signs' THEN convert_to('a=' || repeat('%', size), 'UTF8')
		WHEN 'one long key' THEN convert_to('{"' || repeat('k', size) || '":1}', 'UTF8')
		WHEN 'controls in keys' THEN convert_to('{' || (SELECT string_agg('"' || repeat(E'\x01', 90) || i || '":1', ',')
			FROM generate_series(100000, 100000 + size / 101) i) || '}', 'UTF8')
		WHEN 'escapes to drop in keys' THEN convert_to('{' || (SELECT string_agg('"\u0000\u0000' || i || '":1', ',')
			FROM generate_series(100000, 100000 + size / 23) i) || '}', 'UTF8')
		WHEN 'half pairs in keys' THEN convert_to('{' || (SELECT string_agg('"\ud83d' || i || '":1', ',')
			FROM generate_series(100000, 100000 + size / 17) i) || '}', 'UTF8')
		WHEN 'every repair' THEN '\xefbbbf' || convert_to('{"a":[', 'UTF8')
			|| decode(repeat(encode(convert_to('{"b":1e999,"c":"\u0000\ud83d' || E'\x01', 'UTF8') || '\x80227d2c', 'hex'), size / 33), 'hex') || convert_to('1,],}', 'UTF8')
		WHEN 'every field bad' THEN convert_to((WITH long(text) AS (SELECT to_jsonb(repeat('x', size / 24)))
			SELECT jsonb_build_object('id', long.text, 'updated_at', long.text, 'source', long.text, 'dealership', jsonb_build_object('id', long.text),
				'prospect', jsonb_build_object('email', long.text, 'dob', long.text, 'first_name', long.text, 'opt_in_to_marketing', long.text,
					'address', jsonb_build_object('state', long.text, 'country', long.text, 'street', long.text)),
				'additional_details', jsonb_build_object('license_number', long.text, 'license_expiry', long.text, 'license_dob', long.text, 'license_state', long.text,
					'passport_number', long.text, 'passport_country', long.text, 'passport_expiry', long.text, 'passport_dob', long.text, 'subscription_plan', long.text),
				'item', jsonb_build_object('vin', long.text, 'stock_number', long.text), 'location', jsonb_build_object('location_name', long.text))::text FROM long), 'UTF8')
		WHEN 'empty strings' THEN convert_to('{"a":[' || repeat('"",', size / 3) || '1]}', 'UTF8')
		WHEN 'short strings' THEN convert_to('{"a":[' || repeat('"x",', size / 4) || '1]}', 'UTF8')
		WHEN 'long keys that are masked' THEN convert_to('{' || (SELECT string_agg('"' || repeat('é', 45) || i || '":"x"', ',')
			FROM generate_series(100000, 100000 + size / 103) i) || '}', 'UTF8')
		WHEN 'array of leads' THEN convert_to('[' || repeat('{"id":1,"dealership":{"id":356}},', size / 33) || '{}]', 'UTF8')
		WHEN 'JSON in a string' THEN convert_to('"{' || repeat('\"id\":1,', size / 9) || '}"', 'UTF8')
		WHEN 'several documents' THEN convert_to(repeat('{"id":1}' || chr(10), size / 9), 'UTF8')
		WHEN 'UTF-16' THEN '\xfeff' || decode(repeat('007b', size / 2), 'hex')
	END
$$;

-- A body, and the text of it that the server's parser is given, or NULL if the
-- body is not text.
CREATE TABLE body (n int, size int, bytes bytea, parsed text, PRIMARY KEY (n, size));
ALTER TABLE body ALTER bytes SET STORAGE EXTERNAL, ALTER parsed SET STORAGE EXTERNAL;

CREATE FUNCTION parsed(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN replace(replace(replace(replace(replace(convert_from(bytes, 'UTF8'), ',]', ' ]'), '\u0000', ''),
		'1e131071', 'null'), E'\x01', '\u0001'), '\ud83d', '\ufffd');
EXCEPTION WHEN character_not_in_repertoire THEN
	RETURN NULL;
END $$;

CREATE PROCEDURE make_bodies(kinds int[], sizes int[]) LANGUAGE sql AS $$
	TRUNCATE body;
	INSERT INTO body SELECT k.n, size, bytes, parsed(bytes)
		FROM kind k, unnest(sizes) size, body(k.kind, size) bytes WHERE k.n = ANY (kinds);
$$;

CREATE TABLE figure (n int, size int, parser_alone bool, cpu numeric, peak numeric, stored numeric, mask_cpu numeric, masked numeric, PRIMARY KEY (n, size, parser_alone));

-- What this backend has used so far: CPU in milliseconds, and its current and peak
-- memory in megabytes.
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$
	SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat', 0, 100), ' ', 1)::numeric / 1e6
$$;
CREATE FUNCTION memory(what text) RETURNS numeric LANGUAGE sql VOLATILE AS $$
	SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/status', 0, 10000), what || ':\s+(\d+)')::numeric / 1024
$$;

-- Measures a call, or the server's parser alone on the same body.  The memory is
-- that of the first run, since a backend keeps some; so each measurement needs a
-- backend of its own.  The CPU is that of the fastest run.
CREATE PROCEDURE measure(kind int, body_size int, parser_alone bool) LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea;
	json text;
	started numeric;
	before numeric;
	cpu numeric;
	peak numeric;
	stored numeric;
	payload jsonb;
	mask_cpu numeric;
	masked numeric;
BEGIN
	PERFORM loopit_ingest_webhook('{}');
	IF parser_alone THEN
		SELECT b.parsed || '' INTO json FROM body b WHERE b.n = kind AND b.size = body_size;
	ELSE
		SELECT b.bytes || '' INTO bytes FROM body b WHERE b.n = kind AND b.size = body_size;
	END IF;
	-- reset the peak
	EXECUTE format('COPY (SELECT 5) TO %L', '/proc/' || pg_backend_pid() || '/clear_refs');
	before := memory('VmRSS');
	FOR i IN 1 .. 3 LOOP
		started := cpu();
		IF parser_alone THEN
			BEGIN
				PERFORM json::jsonb;
			EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
				NULL;
			END;
		ELSE
			PERFORM loopit_ingest_webhook(bytes);
		END IF;
		cpu := least(cpu, cpu() - started);
		peak := coalesce(peak, memory('VmHWM') - before);
	END LOOP;
	-- what a dump has of it
	SELECT length(l::text), l.payload || '{}' INTO stored, payload FROM loopit.ingest_log l ORDER BY id DESC LIMIT 1;
	-- and what an auditor gets to see
	IF jsonb_typeof(payload) = 'object' THEN
		started := cpu();
		PERFORM loopit_mask_payload(payload);
		mask_cpu := cpu() - started;
		masked := length(loopit_mask_payload(payload)::text);
	END IF;
	INSERT INTO figure VALUES (kind, body_size, parser_alone, cpu, peak, round(stored / body_size, 1), mask_cpu, round(masked / body_size, 1));
END $$;

-- The ratio of two figures; NULL if they are too small for one.
CREATE FUNCTION times(half numeric, whole numeric) RETURNS numeric LANGUAGE sql AS $$
	SELECT CASE WHEN half >= 1 THEN round(whole / half, 2) END
$$;

-- The figures of two sizes side by side; "dump" is the length of the log row's text
-- per byte of the body, "masked" that of the payload as an auditor sees it.
CREATE FUNCTION report(half int, whole int) RETURNS TABLE (kind text, "CPU ms" numeric, twice numeric, times numeric,
	"::jsonb alone" numeric, "twice " numeric, "times " numeric, "peak MB" numeric, "twice  " numeric, "::jsonb alone " numeric, dump numeric, "mask CPU ms" numeric, masked numeric)
LANGUAGE sql AS $$
	SELECT k.kind, round(h.cpu), round(w.cpu), times(h.cpu, w.cpu),
		round(hp.cpu), round(wp.cpu), times(hp.cpu, wp.cpu),
		round(h.peak), round(w.peak), round(hp.peak), h.stored, round(h.mask_cpu), h.masked
	FROM kind k
	JOIN figure h ON h.n = k.n AND h.size = half AND NOT h.parser_alone
	JOIN figure w ON w.n = k.n AND w.size = whole AND NOT w.parser_alone
	JOIN figure hp ON hp.n = k.n AND hp.size = half AND hp.parser_alone
	JOIN figure wp ON wp.n = k.n AND wp.size = whole AND wp.parser_alone
	ORDER BY k.n
$$;

-- What costs more than so many times the CPU or memory that the server's parser
-- takes for harmless records of the same size, or grows to more than so many
-- times the body.
CREATE FUNCTION beyond(of_size int, times numeric, growth numeric) RETURNS TABLE (kind text, what text, measured numeric, most numeric)
LANGUAGE sql AS $$
	SELECT k.kind, b.*
	FROM kind k JOIN figure f ON f.n = k.n AND f.size = of_size AND NOT f.parser_alone
	JOIN figure harmless ON harmless.n = 0 AND harmless.size = of_size AND harmless.parser_alone,
	LATERAL (VALUES ('CPU ms', f.cpu, times * harmless.cpu), ('peak MB', f.peak, times * harmless.peak), ('dump', f.stored, growth),
		('mask CPU ms', f.mask_cpu, times * harmless.cpu), ('masked', f.masked, growth)) b(what, measured, most)
	WHERE b.measured > b.most ORDER BY k.n
$$;

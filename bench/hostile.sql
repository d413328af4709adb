-- What script/bench-hostile measures: CPU of one call for hostile bodies of a
-- size and of twice that size.  The last two columns have the server's own
-- parser on the same text: where it takes ten times as long for twice the size,
-- the allocator has begun to map large blocks anew for each call, and the call
-- pays for that too.
\set QUIET on
\pset footer off
CREATE EXTENSION loopit_leads;
SELECT count(*) AS setup FROM loopit_setup() \gset

-- CPU of this backend so far, in microseconds.
CREATE FUNCTION cpu() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat', 0, 100), ' ', 1)::bigint / 1000
$$;

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
	END
$$;

-- The least of five calls, which is the least disturbed one; of the call, and of
-- the server's own parser alone.
CREATE FUNCTION measure(kind text, size int, OUT ours bigint, OUT server bigint) LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea := body(kind, size);
	started bigint;
	calls bigint[];
	parses bigint[];
BEGIN
	FOR i IN 1 .. 5 LOOP
		started := cpu();
		PERFORM loopit_ingest_webhook(bytes);
		calls := calls || cpu() - started;
		started := cpu();
		BEGIN
			PERFORM convert_from(bytes, 'UTF8')::jsonb;
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
		parses := parses || cpu() - started;
	END LOOP;
	SELECT min(c) INTO ours FROM unnest(calls) c;
	SELECT min(c) INTO server FROM unnest(parses) c;
END $$;

SELECT kind, round(half.ours / 1000.0) AS "CPU ms, 5 MB", round(whole.ours / 1000.0) AS "CPU ms, 10 MB",
	round(whole.ours::numeric / greatest(half.ours, 1), 2) AS "twice the size, times the CPU",
	round(whole.server / 1000.0) AS "of it ::jsonb alone",
	round(whole.server::numeric / nullif(half.server, 0), 2) AS "twice, times"
FROM unnest('{one long string,escapes to drop,trailing commas,many numbers,many keys,"one key, many times",blank e-mail,long id,dots in the e-mail,opening brackets,quotation marks,backslashes,no UTF-8}'::text[])
	WITH ORDINALITY AS k(kind, n),
	measure(kind, 5000000) half, measure(kind, 10000000) whole
ORDER BY n;

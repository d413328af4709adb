-- The catalogue of codes.  Runs last: the tests before it note the codes of
-- their log rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- In the catalogue's order, which is that of reasons and issues.
SELECT code, thing, field FROM loopit_reason_codes();

-- An explanation and a remedy for each: clauses, which make a message.
SELECT count(*) = count(DISTINCT code) AS unique, bool_and(explanation ~ '^[a-z].*[^.]$') AS explained, bool_and(remedy ~ '^[a-z].*[^.]$') AS remedied
FROM loopit_reason_codes();
SELECT i->>'message' = 'prospect.email: ' || explanation || '; ' || remedy || '.' AS as_in_messages
FROM loopit_reason_codes(), jsonb_array_elements(loopit_validate_lead(test.lead_with('{prospect,email}', '"x"'))->'issues') i
WHERE code = i->>'code';

-- Every code is seen in some test's log, and none that is not in the catalogue.
SELECT code AS never_seen FROM loopit_reason_codes() EXCEPT SELECT code FROM public.code_seen ORDER BY 1;
SELECT code AS unknown FROM public.code_seen EXCEPT SELECT code FROM loopit_reason_codes() ORDER BY 1;
\ir :done

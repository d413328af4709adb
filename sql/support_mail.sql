-- loopit_support_mail(): the message to both support teams, whatever the row is.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
\pset format unaligned
\pset tuples_only on
SET TimeZone = 'Australia/Sydney';
CREATE FUNCTION test.mail(outcome jsonb) RETURNS text LANGUAGE sql AS $$
	UPDATE loopit.ingest_log SET received_at = '2025-10-03T06:10:22Z' WHERE id = (outcome->>'log_id')::bigint;
	SELECT loopit_support_mail((outcome->>'log_id')::bigint)
$$;

-- Rejected for its dealership.
SELECT test.mail(loopit_ingest_lead(test.lead('{"id": 1759349, "dealership": {"id": 999}}')));
-- No booking; one that failed; one with nothing wrong.
SELECT test.mail(loopit_ingest_lead(test.lead('{"id": 2, "item": {"vin": "VIN9"}, "additional_details": {"subscription_plan": "Premuim"}}')));
ALTER TABLE loopit.person ADD CONSTRAINT not_bea CHECK (email <> 'bea@example.com');
SELECT test.mail(loopit_ingest_lead(test.lead('{"id": 3, "prospect": {"email": "bea@example.com"}}')));
SELECT test.mail(loopit_ingest_lead(test.lead('{"id": 4}')));
-- Neither reference nor e-mail: a body that could not be read, an empty one.
SELECT test.mail(loopit_ingest_webhook('not JSON'));
SELECT test.mail(loopit_ingest_webhook(''));
-- Nothing of a person but the address: no document number, date, street, phone or name.
SELECT test.mail(loopit_ingest_lead(test.put(test.put(test.full_lead(), '{prospect,dob}', '"31/31/1990"'), '{additional_details,license_dob}', '"x"')));
SELECT count(*) AS personal FROM (SELECT loopit_support_mail(id) FROM loopit.ingest_log) m(mail) WHERE mail ~ '31/31|01/02|03/04|05/06|Elm|Sydney|2000|0403|Ann|Cole|L1|C1|P1';
-- Erased.
SELECT loopit_forget_person(7, 'ann@example.com')->>'log_rows' AS erased;
SELECT loopit_support_mail(2);

-- No value of a sender, or of the tables' owner, begins a line.
SELECT test.mail(loopit_ingest_lead(test.lead(jsonb_build_object('id', E'1\r\nBcc: all@example.org\r\n\r\n.\r\n', 'dealership', '{"id": 998}'::jsonb,
	'prospect', jsonb_build_object('email', E'a@example.com\nBcc: all@example.org\033[2J\u202e')))));
UPDATE loopit.workspace SET name = E'A\nBcc: all@example.org' WHERE id = 7;
UPDATE loopit.ingest_log SET reason = E'x\nBcc: 1', outcome = jsonb_build_object('issues', jsonb_build_array(jsonb_build_object('message', E'x\nBcc: 2', 'hint', E'\r\nBcc: 3'))),
	lead_reference = E'\nBcc: 4', status = 'rejected', workspace_id = 7 WHERE id = 1;
SELECT loopit_support_mail(1);
SELECT count(*) AS other_lines FROM regexp_split_to_table(loopit_support_mail(1), '\n') line
WHERE line !~ '^(To: support@loopit.co, support@dealerstudio.com.au$|Subject: \[Lead|Hello,$|a lead |[A-Z][a-zE -]+: |Issues:$|- |$)' OR line ~ '[^ -~]';
SELECT left(loopit_support_mail(id), 116) AS header, count(*) > 5 AS all FROM loopit.ingest_log GROUP BY 1;

-- No such row.
SELECT loopit_support_mail(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT loopit_support_mail(0);
SELECT loopit_support_mail(9223372036854775807);
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
SELECT loopit_support_mail(1) IS NOT NULL;
COMMIT;
DROP FUNCTION test.mail;
\pset format aligned
\pset tuples_only off
\ir :done

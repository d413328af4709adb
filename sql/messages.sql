-- What an outcome says: a sentence for each issue, and nothing personal.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Every field of the specification, on its own and with all others; as a text,
-- too long, of each type, a date that is none: each with a canary in it.
CREATE TABLE test.field AS SELECT n, path::text[] FROM unnest('{
	"{updated_at}", "{dealership,id}", "{prospect,first_name}", "{prospect,middle_name}", "{prospect,last_name}", "{prospect,email}",
	"{prospect,dob}", "{prospect,mobile_phone}", "{prospect,opt_in_to_marketing}", "{prospect,address,street}", "{prospect,address,city}",
	"{prospect,address,state}", "{prospect,address,country}", "{prospect,address,postcode}", "{additional_details,license_expiry}",
	"{additional_details,license_dob}", "{additional_details,license_number}", "{additional_details,license_card_number}",
	"{additional_details,license_state}", "{additional_details,passport_country}", "{additional_details,passport_expiry}",
	"{additional_details,passport_dob}", "{additional_details,passport_number}", "{additional_details,subscription_plan}", "{item,vin}",
	"{item,stock_number}", "{location,location_name}", "{dealership}", "{prospect}", "{prospect,address}", "{additional_details}",
	"{item}", "{location}"}'::text[]) WITH ORDINALITY u(path, n);
CREATE TABLE test.canary (kind text, value jsonb);
INSERT INTO test.canary VALUES ('text', '"Canary"'), ('text with quotes', '"\"Canary\"; %s {canary} $1 \\"'), ('letters', '"CNY"'),
	('too long', to_jsonb(repeat('canary ', 50))), ('number', '271828182'), ('long number', to_jsonb(271828182 * 1e300)),
	('fraction', '-271828.182'), ('array', '["canary"]'), ('object', '{"canary": "canary"}'), ('date', '"31/12/1977"'),
	('no date', '"31/13/1977"'), ('other date', '"1977-12-31"'), ('time', '"1977-12-31T01:02:03Z"'), ('email', '"canary@canary.example"'),
	('no email', '"canary@canary"'), ('true', 'true');
CREATE TABLE test.told (payload jsonb, outcome jsonb);
CREATE FUNCTION test.tell(payload jsonb) RETURNS bool LANGUAGE sql AS $$
	INSERT INTO test.told VALUES (payload, loopit_ingest_lead(payload)) RETURNING true
$$;
SELECT count(test.tell(test.put(base, path, value))) AS alone
FROM test.field, test.canary, (VALUES (test.lead()), (test.full_lead())) b(base);
-- all fields of a kind at once, but for what would reject the lead
CREATE FUNCTION test.full_of(value jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	payload jsonb := test.lead();
	field text[];
BEGIN
	FOR field IN SELECT path FROM test.field WHERE n < 28 AND path NOT IN ('{dealership,id}', '{prospect,email}', '{prospect,dob}') LOOP
		payload := test.put(payload, field, value);
	END LOOP;
	RETURN payload;
END $$;
SELECT count(test.tell(test.full_of(value))) AS together FROM test.canary;
SELECT count(test.tell(test.full_of(value) || '{"prospect": 1}')) AS rejected FROM test.canary;
SELECT count(test.tell(payload::jsonb)) AS others FROM (VALUES
	(NULL), ('null'), ('["canary"]'), ('"canary"'), ('271828182'), ('{"canary": "canary"}')) v(payload);
-- the same on what is stored: late, in conflict, of another number
SELECT count(test.tell(test.full_lead() || more)) AS again FROM (VALUES ('{}'::jsonb), ('{"updated_at": "2024-01-01T00:00:00Z"}'),
	('{"item": {"vin": "VIN89", "stock_number": "7021602"}}'), ('{"item": {"vin": "VIN92"}}'), ('{"item": {"vin": "VIN93"}, "location": {}}'),
	('{"additional_details": {"subscription_plan": "premium"}}'), ('{"item": {}}'), ('{"location": {"location_name": "Nowhere"}}'),
	('{"dealership": {"id": 1}}')) v(more);
SELECT count(test.tell(test.put(test.full_lead(), '{additional_details,passport_country}', to_jsonb(code)))) AS of_a_code FROM unnest('{nz,GB}'::text[]) code;

-- No issue or reason shows a value of the payload, but for the lead's own id.
-- (CNY and 271828182 go into the outcome nowhere; true is no canary.)
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE status = 'rejected') > 100 AS many_rejected,
	count(*) FILTER (WHERE (outcome - 'lead_reference')::text ~* 'canary|271828|CNY|1977') AS with_a_canary
FROM test.told, LATERAL (SELECT outcome->>'status') s(status);
-- Nor do they show the full lead's document numbers, dates, street or names.
SELECT count(*) AS with_something_personal FROM test.told
WHERE (outcome - 'lead_reference')::text ~* '\m(ann|bea|cole|elm|L1|C1|P1|0403|01/02/1990|1990-02-01|03/04/2030|2030-04-03|05/06/2031|2031-06-05|ann@example\.com)\M';
-- what holds the canaries is the stored payload
SELECT count(*) > 500 AS logged FROM loopit.ingest_log WHERE payload::text ~* 'canary|271828|CNY|1977';

-- Every issue has the three keys and, some, a hint; the message is one
-- sentence, ends in a period and names its field.
CREATE TABLE test.issue AS
SELECT DISTINCT i->>'field' AS field, i->>'code' AS code, i->>'message' AS message, i->>'hint' AS hint,
	i - '{field,code,message,hint}'::text[] AS more
FROM test.told, jsonb_array_elements(outcome->'issues') i;
SELECT count(*) > 50 AS many, bool_and(message ~ '^\S.*[a-zA-Z0-9)]\.$') AS ends_in_a_period,
	bool_and(message !~ '[.!?]\s' AND message !~ '[\n\t]|  ') AS one_sentence,
	bool_and(message LIKE '%' || coalesce(field, 'payload') || '%') AS names_its_field,
	bool_and(length(message) BETWEEN 30 AND 250) AS of_some_length, bool_and(more = '{}') AS nothing_else,
	bool_and(message NOT LIKE '%' || code || '%') AS without_its_code
FROM test.issue;
SELECT DISTINCT code, hint, hint ~ '^[A-Z].*\.$' AS a_sentence FROM test.issue WHERE hint IS NOT NULL ORDER BY 1, 2;
-- the field is one of those that the catalogue names
SELECT c.field IS NOT NULL AS named, bool_and(i.field = ANY (string_to_array(c.field, ', '))) AS one_of_them,
	string_agg(DISTINCT code, ' ') FILTER (WHERE c.field IS NULL) AS others
FROM test.issue i JOIN loopit_reason_codes() c USING (code) GROUP BY 1 ORDER BY 1;
-- a code's message is the same for each of its fields, but for the field
SELECT code, count(DISTINCT field) AS fields, count(DISTINCT replace(message, coalesce(field, 'payload'), '')) AS wordings
FROM test.issue WHERE code <> 'wrong_type' GROUP BY 1 HAVING count(DISTINCT field) > 1 ORDER BY 1;

-- One of each.
SELECT DISTINCT ON (code) code, message FROM test.issue ORDER BY code, field COLLATE "C";
DROP TABLE test.field, test.canary, test.told, test.issue;
DROP FUNCTION test.tell, test.full_of;
\ir :done

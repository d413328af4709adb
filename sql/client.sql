-- OAuth clients: secrets, tokens, and the deliveries that a client may send.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- A client is shown its secret once; the digest is stored.
SELECT client_id, client_secret FROM loopit_create_client('Website A', '{7}') \gset a_
SELECT client_id, client_secret FROM loopit_create_client('All websites') \gset b_
SELECT :'a_client_id' ~ '^[0-9a-f]{32}$' AS id, :'a_client_secret' ~ '^[0-9a-f]{64}$' AS secret, :'a_client_secret' <> :'b_client_secret' AS differ;
SELECT name, workspaces, secret_digest = sha256(:'a_client_secret') AS digest, previous_digest, revoked_at FROM loopit.client WHERE client_id = :'a_client_id';

-- What makes no sense as a client is refused.
SELECT loopit_create_client(NULL);
SELECT loopit_create_client('x', '{}');
SELECT loopit_create_client('x', '{7,NULL}');
SELECT loopit_create_client('x', '{7,4711}');
SELECT count(*) FROM loopit.client;

-- A token for the right secret alone; its digest is stored, with its end.
CREATE FUNCTION test.token(id text, secret text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE a loopit_door_answer := loopit_door_token(id, sha256(secret::bytea));
BEGIN
	RETURN CASE a.status WHEN 200 THEN a.answer::json->>'access_token' ELSE a.status || ' ' || a.error END;
END $$;
SELECT status, error, client_id = :'a_client_id' AS client, log_id, regexp_replace(answer, '[0-9a-f]{64}', '...') AS answer
FROM loopit_door_token(:'a_client_id', sha256(:'a_client_secret'));
DELETE FROM loopit.access_token;
SELECT test.token(:'a_client_id', :'a_client_secret') AS a_token \gset
SELECT test.token(:'b_client_id', :'b_client_secret') AS b_token \gset
SELECT count(*) AS tokens, bool_and(expires_at - now() BETWEEN '59 min' AND '61 min') AS an_hour FROM loopit.access_token;
SELECT digest = sha256(:'a_token') AS digest FROM loopit.access_token WHERE client_id = :'a_client_id';
SELECT * FROM loopit_door_token(:'a_client_id', sha256(:'b_client_secret'));
SELECT * FROM loopit_door_token('nobody', sha256(:'a_client_secret'));
SELECT * FROM loopit_door_token(NULL, sha256(:'a_client_secret'));
SELECT * FROM loopit_door_token(:'a_client_id', NULL);
SELECT * FROM loopit_door_token(:'a_client_id', :'a_client_secret'::bytea);

-- A delivery: the sender is told the log's id and its own reference, whatever
-- became of the lead.
CREATE FUNCTION test.receive(token text, body text) RETURNS TABLE (status int, error text, told text) LANGUAGE sql AS $$
	SELECT a.status, a.error, replace(a.answer, '"log_id": ' || a.log_id, '"log_id": ...') FROM loopit_door_receive(sha256(token::bytea), convert_to(body, 'UTF8')) a
$$;
SELECT * FROM test.receive(:'a_token', test.full_lead()::text);
SELECT * FROM test.receive(:'a_token', test.full_lead()::text);
SELECT * FROM test.receive(:'a_token', test.lead_with('{prospect,email}', '"x"')::text);
SELECT * FROM test.receive(:'a_token', 'no JSON');
SELECT * FROM test.receive(:'a_token', '[]');
SELECT * FROM test.receive(:'a_token', '');
SELECT status, error, answer IS NOT NULL AS answered FROM loopit_door_receive(sha256(:'a_token'), NULL);
SELECT l.status, l.reason, c.name, l.ingested_by = current_user AS ingested_by FROM loopit.ingest_log l JOIN loopit.client c USING (client_id) ORDER BY l.id;

-- No token, no delivery.
SELECT * FROM test.receive('x', test.full_lead()::text);
SELECT * FROM test.receive(NULL, test.full_lead()::text);
SELECT * FROM loopit_door_receive(:'a_token'::bytea, '{}');
SELECT count(*) FROM loopit.ingest_log;

-- A dealership of a workspace that the client may not send for: the lead is
-- rejected, and the log row is in no workspace.
SELECT id FROM loopit.dealership WHERE workspace_id = 8 LIMIT 1 \gset other_
SELECT test.lead_with('{dealership,id}', to_jsonb(:other_id)) AS other_lead \gset
SELECT * FROM test.receive(:'a_token', :'other_lead');
SELECT status, reason, workspace_id, dealership_id = :other_id AS dealership, person_id, outcome->'issues' AS issues FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
SELECT id AS rejected_id FROM loopit.ingest_log ORDER BY id DESC LIMIT 1 \gset
SELECT count(*) FROM loopit.person WHERE workspace_id = 8;
SELECT * FROM test.receive(:'a_token', jsonb_set(:'other_lead', '{prospect,email}', '"x"')::text);
SELECT reason, (SELECT string_agg(i->>'code', ', ') FROM jsonb_array_elements(outcome->'issues') i) AS issues FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
SELECT * FROM test.receive(:'a_token', jsonb_set(:'other_lead', '{dealership,id}', '4711')::text);
SELECT reason FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;

-- A client of every workspace may, and so may the first one once it is
-- allowed.  A replay is the operator's.
SELECT * FROM test.receive(:'b_token', :'other_lead');
SELECT status, workspace_id FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
SELECT loopit_replay_lead(:rejected_id)->>'status' AS replayed;
SELECT client_id, workspace_id, replay_of = :rejected_id AS replay FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
UPDATE loopit.client SET workspaces = '{7,8}' WHERE client_id = :'a_client_id';
SELECT * FROM test.receive(:'a_token', :'other_lead');
SELECT status, workspace_id FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
UPDATE loopit.client SET workspaces = '{}' WHERE client_id = :'a_client_id';
SELECT * FROM test.receive(:'a_token', test.full_lead()::text);
SELECT reason FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
UPDATE loopit.client SET workspaces = '{7}' WHERE client_id = :'a_client_id';

-- A client that an identity provider vouches for.
INSERT INTO loopit.client (client_id, name, workspaces) VALUES ('by the provider', 'Website C', '{7}');
SELECT status, error, client_id FROM loopit_door_receive_as('by the provider', convert_to(test.full_lead()::text, 'UTF8'));
SELECT status, error, client_id FROM loopit_door_receive_as('by the provider', convert_to(:'other_lead', 'UTF8'));
SELECT client_id, reason FROM loopit.ingest_log ORDER BY id DESC LIMIT 2;
SELECT * FROM loopit_door_receive_as('nobody', '{}');
SELECT * FROM loopit_door_receive_as(NULL, '{}');
SELECT test.token('by the provider', '');
INSERT INTO loopit.client (client_id, name) VALUES (E'line\nend', 'x');
INSERT INTO loopit.client (client_id, name) VALUES ('', 'x');
INSERT INTO loopit.client (client_id, name, workspaces) VALUES ('x', 'x', '{NULL}');

-- Rotation: the old secret works for a while, the one before it no more.
SELECT loopit_rotate_client(:'a_client_id') AS second \gset
SELECT length(test.token(:'a_client_id', :'second')) AS new, length(test.token(:'a_client_id', :'a_client_secret')) AS old;
SELECT round(extract(epoch FROM previous_until - now()) / 86400) AS days FROM loopit.client WHERE client_id = :'a_client_id';
SELECT loopit_rotate_client(:'a_client_id', '0') AS third \gset
SELECT test.token(:'a_client_id', :'a_client_secret') AS first, test.token(:'a_client_id', :'second') AS second, length(test.token(:'a_client_id', :'third')) AS third;
SELECT loopit_rotate_client(:'a_client_id', '-1 day');
SELECT loopit_rotate_client(:'a_client_id', NULL);
SELECT loopit_rotate_client(NULL);
SELECT loopit_rotate_client('nobody');
SELECT status FROM test.receive(:'a_token', test.full_lead()::text);

-- Tokens that expired are refused, and deleted as new ones are made.
UPDATE loopit.access_token SET expires_at = now() - interval '1 second' WHERE client_id = :'a_client_id';
SELECT status, error FROM test.receive(:'a_token', test.full_lead()::text);
SELECT test.token(:'a_client_id', :'third') AS a_token \gset
SELECT count(*) FILTER (WHERE expires_at <= now()) AS expired, count(*) FILTER (WHERE client_id = :'a_client_id') AS in_force FROM loopit.access_token;

-- Revocation ends tokens and secrets at once.
SELECT loopit_revoke_client(:'a_client_id');
SELECT status, error FROM test.receive(:'a_token', test.full_lead()::text);
SELECT test.token(:'a_client_id', :'third');
SELECT count(*) FROM loopit.access_token WHERE client_id = :'a_client_id';
SELECT loopit_revoke_client(:'a_client_id');
SELECT loopit_revoke_client('nobody');
SELECT loopit_revoke_client(NULL);
SELECT loopit_revoke_client('by the provider');
SELECT loopit_rotate_client('by the provider');
SELECT status, error FROM loopit_door_receive_as('by the provider', '{}');
SELECT status FROM test.receive(:'b_token', test.full_lead()::text);

-- The front end's role can call what it was granted, and see nothing.
CREATE ROLE regress_door;
GRANT EXECUTE ON FUNCTION loopit_door_token(text, bytea), loopit_door_receive(bytea, bytea) TO regress_door;
SELECT test.full_lead()::text AS lead \gset
SET ROLE regress_door;
SELECT status FROM loopit_door_token(:'b_client_id', sha256(:'b_client_secret'));
SELECT status FROM loopit_door_receive(sha256(:'b_token'), convert_to(:'lead', 'UTF8'));
SELECT loopit_door_receive_as(:'b_client_id', '{}');
SELECT loopit_create_client('x');
SELECT loopit_rotate_client(:'b_client_id');
SELECT loopit_revoke_client(:'b_client_id');
SELECT FROM loopit.client;
SELECT FROM loopit.access_token;
SELECT loopit_ingest_webhook('{}');
RESET ROLE;
SELECT ingested_by FROM loopit.ingest_log ORDER BY id DESC LIMIT 1;
DROP OWNED BY regress_door;
DROP ROLE regress_door;

DELETE FROM loopit.client;
SELECT count(*) AS tokens_of_no_client FROM loopit.access_token;
DROP FUNCTION test.token, test.receive;
\ir :done

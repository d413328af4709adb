-- A stand-in for the functions of the extension that the door calls.

CREATE TABLE loopit.client (
	client_id text PRIMARY KEY,
	name text NOT NULL,
	workspaces bigint[],
	secret_digest bytea,
	previous_digest bytea,
	previous_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	revoked_at timestamptz
);
CREATE TABLE loopit.access_token (
	digest bytea PRIMARY KEY,
	client_id text NOT NULL REFERENCES loopit.client,
	expires_at timestamptz NOT NULL
);
CREATE FUNCTION loopit_random_text() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT translate(encode(decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'), 'base64'), '+/=', '-_') $$;

CREATE FUNCTION loopit_create_client(name text, workspaces bigint[] DEFAULT NULL, OUT client_id text, OUT client_secret text)
	LANGUAGE plpgsql SECURITY DEFINER AS
$$ BEGIN
	client_id := left(public.loopit_random_text(), 22);
	client_secret := public.loopit_random_text();
	INSERT INTO loopit.client (client_id, name, workspaces, secret_digest)
		VALUES (loopit_create_client.client_id, $1, $2, sha256(client_secret::bytea));
END $$;
CREATE FUNCTION loopit_revoke_client(client_id text) RETURNS void LANGUAGE sql SECURITY DEFINER AS
$$ UPDATE loopit.client c SET revoked_at = now() WHERE c.client_id = $1 $$;

CREATE TYPE loopit_door_answer AS (status int, error text, client_id text, log_id bigint, answer text);

CREATE FUNCTION loopit_door_token(client_id text, secret_digest bytea) RETURNS loopit_door_answer LANGUAGE plpgsql SECURITY DEFINER AS
$$ DECLARE token text := public.loopit_random_text(); BEGIN
	PERFORM FROM loopit.client c WHERE c.client_id = $1 AND c.revoked_at IS NULL
		AND (c.secret_digest = $2 OR c.previous_digest = $2 AND c.previous_until > now());
	IF NOT FOUND THEN RETURN (401, 'invalid_client', NULL, NULL, NULL)::public.loopit_door_answer; END IF;
	DELETE FROM loopit.access_token t WHERE t.client_id = $1 AND expires_at < now();
	INSERT INTO loopit.access_token VALUES (sha256(token::bytea), $1, now() + interval '1 hour');
	RETURN (200, NULL, $1, NULL, json_build_object('access_token', token, 'token_type', 'Bearer',
		'expires_in', 3600, 'scope', 'leads'))::public.loopit_door_answer;
END $$;
CREATE FUNCTION loopit_door_deliver(client_id text, body bytea) RETURNS loopit_door_answer LANGUAGE plpgsql SECURITY DEFINER AS
$$ DECLARE outcome jsonb := public.loopit_ingest_webhook($2); BEGIN
	RETURN (200, NULL, $1, outcome->'log_id', jsonb_build_object('log_id', outcome->'log_id',
		'lead_reference', outcome->'lead_reference')::text)::public.loopit_door_answer;
END $$;
CREATE FUNCTION loopit_door_receive(token_digest bytea, body bytea) RETURNS loopit_door_answer LANGUAGE plpgsql SECURITY DEFINER AS
$$ DECLARE c loopit.client; BEGIN
	SELECT k.* INTO c FROM loopit.access_token t JOIN loopit.client k USING (client_id)
		WHERE t.digest = $1 AND t.expires_at > now() AND k.revoked_at IS NULL;
	IF NOT FOUND THEN RETURN (401, 'invalid_token', NULL, NULL, NULL)::public.loopit_door_answer; END IF;
	RETURN public.loopit_door_deliver(c.client_id, $2);
END $$;
CREATE FUNCTION loopit_door_receive_as(client_id text, body bytea) RETURNS loopit_door_answer LANGUAGE plpgsql SECURITY DEFINER AS
$$ BEGIN
	PERFORM FROM loopit.client x WHERE x.client_id = $1 AND x.revoked_at IS NULL;
	IF NOT FOUND THEN RETURN (403, 'insufficient_scope', NULL, NULL, NULL)::public.loopit_door_answer; END IF;
	RETURN public.loopit_door_deliver($1, $2);
END $$;
REVOKE ALL ON FUNCTION loopit_random_text(), loopit_create_client(text, bigint[]), loopit_revoke_client(text),
	loopit_door_token(text, bytea), loopit_door_deliver(text, bytea), loopit_door_receive(bytea, bytea), loopit_door_receive_as(text, bytea) FROM PUBLIC;

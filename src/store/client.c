/*-------------------------------------------------------------------------
 *
 * client.c
 *	  The storage of OAuth clients and their tokens.
 *
 * Memory: see run.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"

#include "store/run.h"

/* Reads the row of a look-up; returns false if there is none. */
static bool
read_client(uint64 rows, Client *client)
{
	Datum		workspaces;
	bool		isnull;
	Datum	   *values;

	memset(client, 0, sizeof(*client));
	if (rows == 0)
		return false;
	client->id = result_text(0, 1);
	workspaces = result_datum(0, 2, &isnull);
	client->every_workspace = isnull;
	if (isnull)
		return true;

	deconstruct_array(DatumGetArrayTypePCopy(workspaces), INT8OID,
					  sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &values, NULL, &client->nworkspaces);
	if (client->nworkspaces > 0)
	{
		int64	   *ids = palloc(sizeof(int64) * client->nworkspaces);

		for (int i = 0; i < client->nworkspaces; i++)
			ids[i] = DatumGetInt64(values[i]);
		client->workspaces = ids;
	}
	return true;
}

/* Finds a client that is not revoked; returns false if there is none. */
bool
store_find_client(Store *store, LeadText client_id, Client *client)
{
	StatementArgs args = {0};

	arg_text(&args, client_id);
	return read_client(run_look(store, SQL_FIND_CLIENT, &args), client);
}

/* Finds the client, not revoked, that has a token of that digest in force. */
bool
store_find_client_of_token(Store *store, bytea *digest, int64 now,
						   Client *client)
{
	StatementArgs args = {0};

	arg_varlena(&args, digest);
	arg_integer(&args, now);
	return read_client(run_look(store, SQL_FIND_CLIENT_OF_TOKEN, &args), client);
}

/* Returns true if the client is not revoked and its secret has that digest. */
bool
store_client_has_secret(Store *store, LeadText client_id, bytea *digest,
						int64 now)
{
	StatementArgs args = {0};

	arg_text(&args, client_id);
	arg_varlena(&args, digest);
	arg_integer(&args, now);
	return run_look(store, SQL_CLIENT_HAS_SECRET, &args) > 0;
}

/* Inserts a client; workspaces NULL: all. */
void
store_insert_client(Store *store, LeadText client_id, LeadText name,
					ArrayType *workspaces, bytea *secret_digest)
{
	StatementArgs args = {0};

	arg_text(&args, client_id);
	arg_text(&args, name);
	arg_varlena(&args, workspaces);
	arg_varlena(&args, secret_digest);
	if (run_change(store, SQL_INSERT_CLIENT, &args) == 0)
		store_raise_not_stored("client");
}

/* Changes the secret; returns false if there is no such client in force. */
bool
store_rotate_client(Store *store, LeadText client_id, bytea *secret_digest,
					int64 old_valid_until)
{
	StatementArgs args = {0};

	arg_text(&args, client_id);
	arg_varlena(&args, secret_digest);
	arg_integer(&args, old_valid_until);
	return run_change(store, SQL_ROTATE_CLIENT, &args) > 0;
}

/* Revokes a client and deletes its tokens; returns false if there is none. */
bool
store_revoke_client(Store *store, LeadText client_id, int64 now)
{
	StatementArgs args = {0};
	StatementArgs key = {0};

	arg_text(&args, client_id);
	arg_integer(&args, now);
	if (run_change(store, SQL_REVOKE_CLIENT, &args) == 0)
		return false;
	arg_text(&key, client_id);
	run_change(store, SQL_DELETE_TOKENS_OF_CLIENT, &key);
	return true;
}

/* Inserts a token, and deletes some that have expired. */
void
store_insert_token(Store *store, LeadText client_id, bytea *digest, int64 now,
				   int64 expires_at)
{
	StatementArgs args = {0};
	StatementArgs expired = {0};

	arg_integer(&expired, now);
	run_change(store, SQL_DELETE_EXPIRED_TOKENS, &expired);
	arg_varlena(&args, digest);
	arg_text(&args, client_id);
	arg_integer(&args, expires_at);
	if (run_change(store, SQL_INSERT_TOKEN, &args) == 0)
		store_raise_not_stored("access_token");
}

/*-------------------------------------------------------------------------
 *
 * client.c
 *	  OAuth clients, their tokens, and the deliveries that they send.
 *
 * Secrets and tokens are 256 random bits, so their plain SHA-256 is stored: it
 * cannot be guessed back, and a look-up by it takes an index.  A front end
 * sends digests too, so that no statement, log or view shows a secret.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "admin/call.h"
#include "admin/client.h"
#include "ingest/ingest.h"
#include "payload/body.h"
#include "server/json_out.h"

#define SECRET_BYTES	32
#define CLIENT_ID_BYTES	16
#define TOKEN_SECONDS	3600

#define HINT_CLIENT		"The clients are in loopit.client."
#define HINT_NAME		"Give a name by which people know the sender."
#define HINT_OLD_SECRET	"Give interval '0' to end the old secret now."

/* A loopit_door_answer. */
typedef struct DoorAnswer
{
	int			status;			/* of HTTP */
	const char *error;			/* of RFC 6749 or RFC 6750; NULL: none */
	LeadText	client_id;		/* no data: none */
	int64		log_id;			/* 0: none */
	const char *body;			/* NULL: none */
} DoorAnswer;

/* Returns random bytes as hexadecimal text. */
static text *
random_text(int nbytes)
{
	uint8		bytes[SECRET_BYTES];
	text	   *result = palloc(VARHDRSZ + nbytes * 2);

	Assert(nbytes <= SECRET_BYTES);
	if (!pg_strong_random(bytes, nbytes))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	hex_encode((const char *) bytes, nbytes, VARDATA(result));
	SET_VARSIZE(result, VARHDRSZ + nbytes * 2);
	return result;
}

/* Returns the SHA-256 of a secret's or token's text. */
static bytea *
digest_of(const text * secret)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bytea	   *digest = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) VARDATA_ANY(secret),
							 VARSIZE_ANY_EXHDR(secret)) < 0 ||
		pg_cryptohash_final(hash, (uint8 *) VARDATA(digest),
							PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256 hash: %s",
			 pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	return digest;
}

/*
 * For the administrator
 */

static void
raise_no_client(struct varlena *client_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("client \"%s\" does not exist, or is revoked",
					text_to_cstring(client_id)),
			 errhint("%s", HINT_CLIENT)));
}

/* Raises unless each of the workspaces exists, and there is one. */
static void
require_workspaces(Store *store, ArrayType *workspaces)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(workspaces, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("workspaces must not be empty"),
				 errhint("Give null for a client that may send leads of every workspace.")));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("workspaces must not contain nulls")));
		if (!store_workspace_exists(store, DatumGetInt64(values[i])))
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND),
					 errmsg("workspace " INT64_FORMAT " does not exist",
							DatumGetInt64(values[i])),
					 errhint("The workspaces are in loopit.workspace.")));
	}
}

/*
 * Creates a client.  workspaces NULL: it may send leads of all.  Raises if the
 * name is NULL or a workspace does not exist.
 */
void
client_create(struct varlena *name, ArrayType *workspaces, text * *client_id,
			  text * *client_secret)
{
	OwnerScope	scope;
	Store	   *store;

	require_not_null(name, "name", HINT_NAME);
	store = call_begin(&scope, false);
	if (workspaces != NULL)
		require_workspaces(store, workspaces);
	*client_id = random_text(CLIENT_ID_BYTES);
	*client_secret = random_text(SECRET_BYTES);
	store_insert_client(store, argument_text(*client_id), argument_text(name),
						workspaces, digest_of(*client_secret));
	call_end(&scope, store);
}

/*
 * Returns a new secret of a client; the old one works for that long.  Raises
 * if there is no such client, or if an argument is NULL or negative.
 */
text *
client_rotate(struct varlena *client_id, const Interval *old_secret_valid)
{
	text	   *secret = random_text(SECRET_BYTES);
	OwnerScope	scope;
	Store	   *store;

	require_not_null(client_id, "client_id", HINT_CLIENT);
	require_not_null(old_secret_valid, "old_secret_valid", HINT_OLD_SECRET);
	if (is_negative(old_secret_valid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("old_secret_valid must not be negative"),
				 errhint("%s", HINT_OLD_SECRET)));

	store = call_begin(&scope, false);
	if (!store_rotate_client(store, argument_text(client_id),
							 digest_of(secret),
							 time_after(GetCurrentTimestamp(), old_secret_valid)))
		raise_no_client(client_id);
	call_end(&scope, store);
	return secret;
}

/* Revokes a client; raises if there is none.  Doing it again changes nothing. */
void
client_revoke(struct varlena *client_id)
{
	OwnerScope	scope;
	Store	   *store;

	require_not_null(client_id, "client_id", HINT_CLIENT);
	store = call_begin(&scope, false);
	if (!store_revoke_client(store, argument_text(client_id),
							 GetCurrentTimestamp()))
		raise_no_client(client_id);
	call_end(&scope, store);
}

/*
 * For an HTTP front end
 */

static Datum
text_or_null(LeadText text, bool *isnull)
{
	*isnull = text.data == NULL;
	if (*isnull)
		return (Datum) 0;
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.length));
}

static LeadText
string_text(const char *string)
{
	return lead_text(string, string != NULL ? strlen(string) : 0);
}

/* Returns the row of a loopit_door_answer. */
static Datum
answer_row(FunctionCallInfo fcinfo, const DoorAnswer *answer)
{
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != lengthof(values))
		elog(ERROR, "the function does not return loopit_door_answer");
	values[0] = Int32GetDatum(answer->status);
	values[1] = text_or_null(string_text(answer->error), &nulls[1]);
	values[2] = text_or_null(answer->client_id, &nulls[2]);
	values[3] = Int64GetDatum(answer->log_id);
	nulls[3] = answer->log_id == 0;
	values[4] = text_or_null(string_text(answer->body), &nulls[4]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* An answer that refuses, with an error code of RFC 6749 or RFC 6750. */
static Datum
refusal(FunctionCallInfo fcinfo, int status, const char *error)
{
	DoorAnswer	answer = {.status = status,.error = error};

	return answer_row(fcinfo, &answer);
}

/*
 * Gives a client an access token (RFC 6749 sections 4.4 and 5.1), if the
 * digest is that of its secret.
 */
Datum
door_token(FunctionCallInfo fcinfo, struct varlena *client_id,
		   bytea *secret_digest)
{
	TimestampTz now = GetCurrentTimestamp();
	DoorAnswer	answer = {.status = 200,.client_id = argument_text(client_id)};
	OwnerScope	scope;
	Store	   *store = call_begin(&scope, false);
	bool		known;

	known = store_client_has_secret(store, answer.client_id, secret_digest, now);
	if (known)
	{
		text	   *token = random_text(SECRET_BYTES);

		store_insert_token(store, answer.client_id, digest_of(token), now,
						   now + TOKEN_SECONDS * USECS_PER_SEC);
		answer.body = psprintf("{\"access_token\": \"%s\", \"token_type\": \"Bearer\","
							   " \"expires_in\": %d, \"scope\": \"leads\"}",
							   text_to_cstring(token), TOKEN_SECONDS);
	}
	call_end(&scope, store);
	return known ? answer_row(fcinfo, &answer) :
		refusal(fcinfo, 401, "invalid_client");
}

/* Returns a member of the outcome. */
static JsonbValue
outcome_member(Jsonb *outcome, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&outcome->root, key, (int) strlen(key), &value) == NULL)
		elog(ERROR, "the outcome has no %s", key);
	return value;
}

/*
 * Ingests a body of a client's.  Of the outcome the sender is told what it
 * needs to ask about the lead, and nothing that depends on what is stored:
 * whether an address is a customer's is nobody else's business.
 */
static Datum
receive(FunctionCallInfo fcinfo, const Client *client, bytea *body)
{
	Delivery	delivery = new_delivery();
	DoorAnswer	answer = {.status = 200,.client_id = client->id};
	JsonOut		out = JSON_OUT_INIT;
	Jsonb	   *outcome;
	Jsonb	   *told;
	JsonbValue	log_id;
	JsonbValue	reference;

	delivery.client = client;
	body_read(body, &delivery);
	outcome = ingest_delivery(&delivery);

	log_id = outcome_member(outcome, "log_id");
	reference = outcome_member(outcome, "lead_reference");
	answer.log_id = DatumGetInt64(DirectFunctionCall1(numeric_int8,
													  NumericGetDatum(log_id.val.numeric)));
	json_out_begin_object(&out, NULL);
	json_out_integer(&out, "log_id", answer.log_id);
	json_out_text(&out, "lead_reference",
				  reference.type == jbvString ?
				  lead_text(reference.val.string.val, reference.val.string.len) :
				  lead_text(NULL, 0));
	json_out_end_object(&out);
	told = json_out_finish(&out);
	answer.body = JsonbToCString(NULL, &told->root, VARSIZE(told));
	return answer_row(fcinfo, &answer);
}

/* Ingests a body for the client whose token has that digest. */
Datum
door_receive(FunctionCallInfo fcinfo, bytea *token_digest, bytea *body)
{
	OwnerScope	scope;
	Store	   *store = call_begin(&scope, true);
	Client		client;
	bool		known = store_find_client_of_token(store, token_digest,
												   GetCurrentTimestamp(), &client);

	call_end(&scope, store);
	return known ? receive(fcinfo, &client, body) :
		refusal(fcinfo, 401, "invalid_token");
}

/* Ingests a body for a client that the caller has authenticated. */
Datum
door_receive_as(FunctionCallInfo fcinfo, struct varlena *client_id, bytea *body)
{
	OwnerScope	scope;
	Store	   *store = call_begin(&scope, true);
	Client		client;
	bool		known = store_find_client(store, argument_text(client_id), &client);

	call_end(&scope, store);
	return known ? receive(fcinfo, &client, body) :
		refusal(fcinfo, 403, "insufficient_scope");
}

/*
 * token.c
 *	  Checks access tokens of an identity provider: JSON Web Tokens (RFC 7519)
 *	  as RFC 9068 profiles them, near enough for providers that came before it.
 *
 * cjose verifies signatures, jansson reads claims.  What a token says of
 * itself decides nothing: its algorithm and key must be among those that the
 * door takes and the provider publishes, and its issuer, audience and scope
 * those of the settings.
 */
#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "keys.h"
#include "settings.h"
#include "token.h"

/* How far the provider's clock may differ, in seconds. */
#define CLOCK_SKEW 30

bool
token_start(void)
{
	return settings.issuer == NULL || keys_start();
}

/* Has the provider's keys fetched anew. */
void
token_refresh(void)
{
	if (settings.issuer != NULL)
		keys_fetch_soon();
}

/* Returns false as long as no token could be checked. */
bool
token_ready(void)
{
	return settings.issuer == NULL || keys_known();
}

void
token_stop(void)
{
	if (settings.issuer != NULL)
		keys_stop();
}

/* Returns true if a token is for token_check(): the database's have no dot. */
bool
token_is_jwt(const char *bearer)
{
	return settings.issuer != NULL && strchr(bearer, '.') != NULL;
}

/* ---- the claims ---- */

/* Returns true if a claim is this string, or an array that has it. */
static bool
claim_has(const json_t *claim, const char *wanted)
{
	size_t		i;
	json_t	   *member;

	if (json_is_string(claim))
		return strcmp(json_string_value(claim), wanted) == 0;
	json_array_foreach(claim, i, member)
	{
		if (json_is_string(member) && strcmp(json_string_value(member), wanted) == 0)
			return true;
	}
	return false;
}

/* Returns true if a claim is a string of words (RFC 8693, 4.2) that has this one. */
static bool
claim_has_word(const json_t *claim, const char *wanted)
{
	const char *word = json_string_value(claim);
	size_t		length = strlen(wanted);

	while (word != NULL && *word != '\0')
	{
		size_t		size = strcspn(word, " ");

		if (size == length && strncmp(word, wanted, length) == 0)
			return true;
		word += size;
		word += strspn(word, " ");
	}
	return false;
}

/* RFC 9068's scope is a string of words; some providers have "scp", an array. */
static bool
has_scope(const json_t *claims)
{
	const json_t *scp = json_object_get(claims, "scp");

	return claim_has_word(json_object_get(claims, "scope"), settings.scope) ||
		claim_has_word(scp, settings.scope) || claim_has(scp, settings.scope);
}

/* Finds the client, by RFC 9068's name or those of older providers. */
static const char *
client_of(const json_t *claims)
{
	static const char *const names[] = {"client_id", "azp", "appid", "cid"};
	size_t		i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *client_id = json_string_value(json_object_get(claims, names[i]));

		if (client_id != NULL)
			return parse_is_client_id(client_id) ? client_id : NULL;
	}
	return NULL;
}

/* Returns true if the token is in force: it must say until when. */
static bool
is_in_force(const json_t *claims)
{
	const json_t *expires = json_object_get(claims, "exp");
	const json_t *not_before = json_object_get(claims, "nbf");
	double		now = (double) time(NULL);

	if (!json_is_number(expires) || json_number_value(expires) + CLOCK_SKEW <= now)
		return false;
	return not_before == NULL ||
		(json_is_number(not_before) && json_number_value(not_before) - CLOCK_SKEW <= now);
}

static TokenVerdict
check_claims(const json_t *claims, char client_id[CLIENT_ID_SIZE])
{
	const char *issuer = json_string_value(json_object_get(claims, "iss"));
	const char *client = client_of(claims);

	if (issuer == NULL || strcmp(issuer, settings.issuer) != 0 || !is_in_force(claims))
		return TOKEN_BAD;
	if (!claim_has(json_object_get(claims, "aud"), settings.audience) ||
		!has_scope(claims) || client == NULL)
		return TOKEN_INSUFFICIENT;
	strcpy(client_id, client);
	return TOKEN_GOOD;
}

/* ---- the header ---- */

/*
 * The type that a token says it is: RFC 9068's, the plain one of older
 * providers, or none.  It keeps tokens of other kinds, which the same key may
 * have signed, from being access tokens.
 */
static bool
good_type(const char *type)
{
	return type == NULL || strcasecmp(type, "at+jwt") == 0 ||
		strcasecmp(type, "application/at+jwt") == 0 || strcasecmp(type, "JWT") == 0;
}

/* A cjose_header_t is jansson's object; cjose reads text members alone. */
static const json_t *
header_member(cjose_header_t * header, const char *name)
{
	return json_object_get((const json_t *) header, name);
}

/* Returns a member's text, NULL if it is none. */
static const char *
header_text(cjose_header_t * header, const char *name)
{
	return json_string_value(header_member(header, name));
}

/* Returns true if a member is there, and is no text. */
static bool
is_odd(cjose_header_t * header, const char *name)
{
	const json_t *member = header_member(header, name);

	return member != NULL && !json_is_string(member);
}

/* Returns true if the header is one that the door understands (RFC 7515, 4.1). */
static bool
good_header(cjose_header_t * header)
{
	const char *algorithm = header_text(header, "alg");

	if (algorithm == NULL ||
		(strcmp(algorithm, "RS256") != 0 && strcmp(algorithm, "ES256") != 0))
		return false;
	/* the door knows no extension, so it can't obey a critical one */
	if (header_member(header, "crit") != NULL || header_member(header, "b64") != NULL)
		return false;
	return !is_odd(header, "kid") && !is_odd(header, "typ") &&
		good_type(header_text(header, "typ"));
}

/* ---- the signature ---- */

/*
 * Verifies the signature with the keys of a set that the header's algorithm
 * and id allow.  *candidates tells how many those were.
 */
static bool
verify(cjose_jws_t * jws, cjose_header_t * header, const KeySet *set, int *candidates)
{
	const char *algorithm = header_text(header, "alg"),
			   *id = header_text(header, "kid");
	int			i;

	*candidates = 0;
	for (i = 0; set != NULL && i < set->count; i++)
	{
		const Key  *key = &set->keys[i];

		if (strcmp(key->algorithm, algorithm) != 0 ||
			(id != NULL && (key->id == NULL || strcmp(key->id, id) != 0)))
			continue;
		(*candidates)++;
		if (cjose_jws_verify(jws, key->jwk, NULL))
			return true;
	}
	return false;
}

/*
 * Verifies the signature with the keys at hand or, where the key is not among
 * them, with those that the provider has now.
 */
static TokenVerdict
check_signature(cjose_jws_t * jws, cjose_header_t * header, int64_t deadline)
{
	const char *id = header_text(header, "kid");
	KeySet	   *set = keys_acquire();
	int			candidates;
	bool		good = verify(jws, header, set, &candidates);

	keys_release(set);
	if (good || candidates > 0)
		return good ? TOKEN_GOOD : TOKEN_BAD;
	switch (keys_look_for(id, deadline))
	{
		case KEYS_LOOKED_BEFORE:
			return TOKEN_BAD;
		case KEYS_CANNOT_LOOK:
			return TOKEN_UNKNOWN;
		case KEYS_LOOKED:
			break;
	}
	set = keys_acquire();
	good = verify(jws, header, set, &candidates);
	keys_release(set);
	if (candidates == 0)
		keys_not_found(id);
	return good ? TOKEN_GOOD : TOKEN_BAD;
}

/*
 * Checks a token; client_id is set to whose it is if it is good.  Waits for
 * the provider's keys, at most until the deadline.
 */
TokenVerdict
token_check(const char *token, char client_id[CLIENT_ID_SIZE], int64_t deadline)
{
	cjose_jws_t *jws = cjose_jws_import(token, strlen(token), NULL);
	cjose_header_t *header;
	json_t	   *claims = NULL;
	uint8_t    *text;
	size_t		length;
	TokenVerdict verdict = TOKEN_BAD;

	if (jws == NULL)
		return TOKEN_BAD;
	header = cjose_jws_get_protected(jws);
	if (header != NULL && good_header(header))
		verdict = check_signature(jws, header, deadline);
	if (verdict == TOKEN_GOOD)
	{
		if (cjose_jws_get_plaintext(jws, &text, &length, NULL))
			claims = json_loadb((const char *) text, length, JSON_REJECT_DUPLICATES, NULL);
		verdict = json_is_object(claims) ? check_claims(claims, client_id) : TOKEN_BAD;
		json_decref(claims);
	}
	cjose_jws_release(jws);
	return verdict;
}

/*
 * keys.c
 *	  The identity provider's public keys: a thread of their own fetches them
 *	  ahead of time, so that a request waits for the provider only where it has
 *	  a key that is not known yet.
 *
 * Keys stay in use while the provider is away.
 */
#define _GNU_SOURCE
#include <cjose/cjose.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "keys.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"

#define REFRESH_SECONDS 600		/* between two fetches, the last one good */
#define RETRY_SECONDS 10		/* the last one not */
#define LOOK_SECONDS 60			/* between two fetches for unknown keys */

#define SMALLEST_RSA_BITS 2048

#define NOT_FOUND_LIMIT 32

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static pthread_cond_t fetched = PTHREAD_COND_INITIALIZER;
static pthread_t fetcher;

/* All under the lock. */
static KeySet *current;			/* of the last good fetch; NULL: none yet */
static bool want;				/* a fetch, now */
static bool stopping;
static int	fetches_begun;
static int	fetches_ended;
static bool last_fetch_good;
static int	waiting;			/* threads, for a fetch */
static int	look;				/* the number of the fetch that the last look
								 * is */
static int64_t last_look = -SECONDS(LOOK_SECONDS);
static char *not_found[NOT_FOUND_LIMIT];	/* ids, by the last look */
static int	not_found_count;

/* ---- sets of keys ---- */

static bool
is_text(const json_t *object, const char *name, const char *wanted)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL && strcmp(value, wanted) == 0;
}

/*
 * Reads a public key of a set (RFC 7517).  Returns false unless it is one that
 * verifies RS256 or ES256: a symmetric key that is published is no secret, and
 * one for encryption, or for another algorithm, is not for this.
 */
static bool
read_key(json_t *json, Key *key)
{
	const char *id = json_string_value(json_object_get(json, "kid"));

	if (json_object_get(json, "use") != NULL && !is_text(json, "use", "sig"))
		return false;
	if (is_text(json, "kty", "RSA"))
		key->algorithm = "RS256";
	else if (is_text(json, "kty", "EC") && is_text(json, "crv", "P-256"))
		key->algorithm = "ES256";
	else
		return false;
	if (json_object_get(json, "alg") != NULL && !is_text(json, "alg", key->algorithm))
		return false;
	key->jwk = cjose_jwk_import_json((cjose_header_t *) json, NULL);
	if (key->jwk == NULL)
		return false;
	if (*key->algorithm == 'R' && cjose_jwk_get_keysize(key->jwk, NULL) < SMALLEST_RSA_BITS)
	{
		cjose_jwk_release(key->jwk);
		return false;
	}
	key->id = id != NULL ? strdup(id) : NULL;
	return true;
}

/* Returns the keys of a document that can be used; NULL if there are none. */
static KeySet *
read_set(const json_t *document)
{
	KeySet	   *set = calloc(1, sizeof(*set));
	size_t		i;
	json_t	   *json;

	if (set == NULL)
		return NULL;
	set->references = 1;
	json_array_foreach(json_object_get(document, "keys"), i, json)
	{
		if (set->count < KEYS_LIMIT && read_key(json, &set->keys[set->count]))
			set->count++;
	}
	if (set->count > 0)
		return set;
	free(set);
	return NULL;
}

/* Gives up a reference; the caller holds the lock. */
static void
release(KeySet *set)
{
	int			i;

	if (set == NULL || --set->references > 0)
		return;
	for (i = 0; i < set->count; i++)
	{
		cjose_jwk_release(set->keys[i].jwk);
		free(set->keys[i].id);
	}
	free(set);
}

/* Returns the keys at hand, which the caller releases; NULL: none. */
KeySet *
keys_acquire(void)
{
	KeySet	   *set;

	pthread_mutex_lock(&lock);
	set = current;
	if (set != NULL)
		set->references++;
	pthread_mutex_unlock(&lock);
	return set;
}

void
keys_release(KeySet *set)
{
	pthread_mutex_lock(&lock);
	release(set);
	pthread_mutex_unlock(&lock);
}

bool
keys_known(void)
{
	bool		known;

	pthread_mutex_lock(&lock);
	known = current != NULL;
	pthread_mutex_unlock(&lock);
	return known;
}

/* ---- ids of keys that the provider does not have ---- */

static bool
is_not_found(const char *id)
{
	int			i;

	for (i = 0; i < not_found_count; i++)
		if (strcmp(not_found[i], id) == 0)
			return true;
	return false;
}

static void
remember_not_found(const char *id)
{
	if (id != NULL && !is_not_found(id) && not_found_count < NOT_FOUND_LIMIT &&
		(not_found[not_found_count] = strdup(id)) != NULL)
		not_found_count++;
}

static void
forget_not_found(void)
{
	while (not_found_count > 0)
		free(not_found[--not_found_count]);
}

static bool
has_id(const KeySet *set, const char *id)
{
	int			i;

	for (i = 0; i < set->count; i++)
		if (set->keys[i].id != NULL && strcmp(set->keys[i].id, id) == 0)
			return true;
	return false;
}

/* Remembers the keys of a set that a newer one does not have any more. */
static void
remember_withdrawn(const KeySet *before, const KeySet *now)
{
	int			i;

	for (i = 0; before != NULL && i < before->count; i++)
		if (before->keys[i].id != NULL && !has_id(now, before->keys[i].id))
			remember_not_found(before->keys[i].id);
}

/* ---- fetching ---- */

/*
 * Fetches the provider's discovery document (OpenID Connect Discovery 1.0,
 * section 4), which must be its own, and the keys that it names.
 */
static KeySet *
fetch_set(void)
{
	char	   *url = NULL;
	json_t	   *provider,
			   *document = NULL;
	const char *uri;
	KeySet	   *set = NULL;
	size_t		length = strlen(settings.issuer);

	while (length > 0 && settings.issuer[length - 1] == '/')
		length--;
	if (asprintf(&url, "%.*s/.well-known/openid-configuration", (int) length, settings.issuer) < 0)
		return NULL;
	provider = fetch_json(url);
	free(url);
	uri = json_string_value(json_object_get(provider, "jwks_uri"));
	if (provider != NULL && (!is_text(provider, "issuer", settings.issuer) || uri == NULL))
		log_event(LOG_ERROR, "keys", "message",
				  "the provider's discovery document is of another issuer, or names no keys");
	else if (provider != NULL)
		document = fetch_json(uri);
	if (document != NULL)
	{
		set = read_set(document);
		if (set == NULL)
			log_event(LOG_ERROR, "keys", "message",
					  "the provider's document has no key for RS256 or ES256");
	}
	json_decref(document);
	json_decref(provider);
	return set;
}

/* Makes the result of a fetch known; the caller holds the lock. */
static void
publish(KeySet *set)
{
	fetches_ended++;
	last_fetch_good = set != NULL;
	if (set != NULL)
	{
		remember_withdrawn(current, set);
		release(current);
		current = set;
		metrics.keys_fetched = clock_now();
	}
	else
		metrics.keys_failed++;
	pthread_cond_broadcast(&fetched);
}

static void *
fetch_keys(void *unused)
{
	(void) unused;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		struct timespec until;
		KeySet	   *set;

		want = false;
		fetches_begun++;
		pthread_mutex_unlock(&lock);
		set = fetch_set();
		pthread_mutex_lock(&lock);
		publish(set);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += last_fetch_good ? REFRESH_SECONDS : RETRY_SECONDS;
		while (!want && !stopping &&
			   pthread_cond_timedwait(&wanted, &lock, &until) == 0)
			;
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Has the keys fetched now, without waiting for them. */
void
keys_fetch_soon(void)
{
	pthread_mutex_lock(&lock);
	want = true;
	pthread_cond_signal(&wanted);
	pthread_mutex_unlock(&lock);
}

/* ---- keys that are not known ---- */

/* Waits until a fetch has ended; the caller holds the lock. */
static bool
await_fetch(int number, int64_t deadline)
{
	struct timespec until;
	int64_t		left = deadline - clock_now();

	/* not all workers: a provider that is slow must not stop the known keys */
	if (waiting >= (settings.connections > 1 ? settings.connections / 2 : 1))
		return false;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += left > 0 ? left / SECONDS(1) : 0;
	waiting++;
	while (fetches_ended < number && !stopping &&
		   pthread_cond_timedwait(&fetched, &lock, &until) == 0)
		;
	waiting--;
	return fetches_ended >= number && last_fetch_good;
}

/*
 * Looks whether the provider has a key that is not at hand; id NULL: any.  As
 * anybody can make up an id, the provider is asked for the sake of one once a
 * minute.  In between, an id that was not found is known not to be there, but
 * another one may be of a key that is newer than the last look.
 */
KeysLooked
keys_look_for(const char *id, int64_t deadline)
{
	KeysLooked	looked;

	pthread_mutex_lock(&lock);
	if (fetches_ended == 0)
		look = 1;				/* the first fetch is under way, or to come */
	else if (fetches_ended >= look && clock_now() - last_look >= SECONDS(LOOK_SECONDS))
	{
		last_look = clock_now();
		look = fetches_begun + 1;
		forget_not_found();
		want = true;
		pthread_cond_signal(&wanted);
	}
	if (fetches_ended < look)
		looked = await_fetch(look, deadline) ? KEYS_LOOKED : KEYS_CANNOT_LOOK;
	else
		looked = id != NULL && is_not_found(id) ? KEYS_LOOKED_BEFORE : KEYS_CANNOT_LOOK;
	pthread_mutex_unlock(&lock);
	return looked;
}

/* Remembers, until the next look, that the provider does not have a key. */
void
keys_not_found(const char *id)
{
	pthread_mutex_lock(&lock);
	remember_not_found(id);
	pthread_mutex_unlock(&lock);
}

/* ---- start and stop ---- */

bool
keys_start(void)
{
	fetch_start();
	return pthread_create(&fetcher, NULL, fetch_keys, NULL) == 0;
}

void
keys_stop(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&wanted);
	pthread_cond_broadcast(&fetched);
	pthread_mutex_unlock(&lock);
	pthread_join(fetcher, NULL);
	pthread_mutex_lock(&lock);
	release(current);
	current = NULL;
	forget_not_found();
	pthread_mutex_unlock(&lock);
	fetch_stop();
}

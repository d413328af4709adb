/*
 * keys.h
 *	  The identity provider's public keys.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define KEYS_LIMIT 64

struct _cjose_jwk_int;

typedef struct Key
{
	struct _cjose_jwk_int *jwk;
	char	   *id;				/* NULL: it has none */
	const char *algorithm;		/* RS256 or ES256 */
} Key;

/* The keys of one fetch.  It does not change; whoever acquires it releases it. */
typedef struct KeySet
{
	int			references;		/* under the lock of keys.c */
	int			count;
	Key			keys[KEYS_LIMIT];
} KeySet;

typedef enum KeysLooked
{
	KEYS_LOOKED,				/* the set is of a fetch just made */
	KEYS_LOOKED_BEFORE,			/* a fetch of late has not found this key */
	KEYS_CANNOT_LOOK,			/* the provider is away, or was asked of late */
} KeysLooked;

extern bool keys_start(void);
extern void keys_fetch_soon(void);
extern bool keys_known(void);
extern KeySet *keys_acquire(void);
extern void keys_release(KeySet *set);
extern KeysLooked keys_look_for(const char *id, int64_t deadline);
extern void keys_not_found(const char *id);
extern void keys_stop(void);

#endif

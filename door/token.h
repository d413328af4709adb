/*
 * token.h
 *	  Access tokens of an identity provider.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

typedef enum TokenVerdict
{
	TOKEN_GOOD,
	TOKEN_BAD,
	TOKEN_INSUFFICIENT,			/* genuine, but not for this service */
	TOKEN_UNKNOWN,				/* the provider's keys can't be had */
} TokenVerdict;

extern bool token_start(void);
extern void token_refresh(void);
extern bool token_ready(void);
extern bool token_is_jwt(const char *bearer);
extern TokenVerdict token_check(const char *token, char client_id[CLIENT_ID_SIZE],
								int64_t deadline);
extern void token_stop(void);

#endif

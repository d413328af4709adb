/*
 * parse.h
 *	  Reads what a stranger sends: header values and the form of a token
 *	  request.  Plain C without any library's state, so that a fuzzer can call
 *	  it.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_ID_SIZE	129		/* with the byte after its end */
#define REQUEST_ID_SIZE	65

/* A token request of RFC 6749 section 4.4.2; NULL: not given. */
typedef struct TokenForm
{
	char	   *grant_type;
	char	   *client_id;
	char	   *client_secret;
} TokenForm;

extern bool parse_form(char *body, size_t length, TokenForm *form);
extern bool parse_basic(const char *authorization, char *buffer, TokenForm *form);
extern bool parse_bearer(const char *authorization, const char **token);
extern bool parse_has_scheme(const char *authorization, const char *scheme);
extern bool parse_is_request_id(const char *value);
extern bool parse_is_client_id(const char *value);
extern bool parse_is_token(const char *name, size_t length);
extern bool parse_is_field_value(const char *value, size_t length);

#endif

/*
 * parse_fuzzer.c
 *	  Fuzzes what reads forms and header values (libFuzzer).
 *
 * The first byte chooses what to call.  Each input is in memory of its own
 * size, so that a sanitizer sees a byte too many being read or written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A decoded value lies within its buffer, and has no control character. */
static void
check_value(const char *value, const char *buffer, size_t size)
{
	if (value == NULL)
		return;
	if (value < buffer || value + strlen(value) >= buffer + size)
		abort();
	if (!parse_is_field_value(value, strlen(value)) || strchr(value, '\t') != NULL)
		abort();
}

static void
fuzz_form(char *text, size_t size)
{
	TokenForm	form;

	if (!parse_form(text, size - 1, &form))
		return;
	check_value(form.grant_type, text, size);
	check_value(form.client_id, text, size);
	check_value(form.client_secret, text, size);
}

static void
fuzz_authorization(const char *text, size_t size)
{
	TokenForm	form = {0};
	const char *token = NULL;
	char	   *buffer = malloc(size);

	if (parse_bearer(text, &token) && token != NULL &&
		(token < text || *token == '\0' || strchr(token, ' ') != NULL))
		abort();
	if (parse_has_scheme(text, "Basic") && parse_basic(text, buffer, &form))
	{
		check_value(form.client_id, buffer, size);
		check_value(form.client_secret, buffer, size);
	}
	free(buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 2 == 0)
		fuzz_form(text, size);
	else
	{
		fuzz_authorization(text, size);
		if (parse_is_request_id(text) && strlen(text) >= REQUEST_ID_SIZE)
			abort();
		if (parse_is_client_id(text) && strlen(text) >= CLIENT_ID_SIZE)
			abort();
	}
	free(text);
	return 0;
}

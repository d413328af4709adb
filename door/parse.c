/*
 * parse.c
 *	  Reads what a stranger sends: header values and the form of a token
 *	  request.
 *
 * Nothing here allocates.  Results point into the caller's buffers, which are
 * decoded in place.
 */
#include <string.h>
#include <strings.h>

#include "parse.h"

#define LETTERS_AND_DIGITS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* ---- characters ---- */

/* Returns the value of a hexadecimal digit, -1 if it is none. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Decodes text that ends at end in place, as application/x-www-form-urlencoded
 * says, and terminates it.  Returns false if an escape is not one, or if a
 * character is a control character: no grant, client or secret has any.
 */
static bool
decode_form_text(char *text, char *end)
{
	char	   *to = text;

	for (; text < end; text++)
	{
		char		c = *text;

		if (c == '+')
			c = ' ';
		else if (c == '%')
		{
			if (end - text < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0)
				return false;
			c = (char) (hex_value(text[1]) * 16 + hex_value(text[2]));
			text += 2;
		}
		if ((unsigned char) c < 0x20 || c == 0x7f)
			return false;
		*to++ = c;
	}
	*to = '\0';
	return true;
}

/* Returns true if name is a token of RFC 9110 section 5.6.2. */
bool
parse_is_token(const char *name, size_t length)
{
	static const char *const allowed = LETTERS_AND_DIGITS "!#$%&'*+-.^_`|~";

	return length > 0 && strspn(name, allowed) == length;
}

/*
 * Returns true if value holds no control character but the tab; a NUL among
 * them (length counts what was received, not what strlen() finds).
 */
bool
parse_is_field_value(const char *value, size_t length)
{
	size_t		i;

	for (i = 0; i < length; i++)
		if (((unsigned char) value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f)
			return false;
	return true;
}

/*
 * Returns true if a request id of the sender's can be repeated in a header and
 * in the log: letters, digits, dot, underscore, hyphen, at most 64.
 */
bool
parse_is_request_id(const char *value)
{
	size_t		length = strspn(value, LETTERS_AND_DIGITS "._-");

	return length > 0 && length < REQUEST_ID_SIZE && value[length] == '\0';
}

/* Returns true if value is a client_id of RFC 6749 appendix A.1, at most 128. */
bool
parse_is_client_id(const char *value)
{
	size_t		length = 0;

	while (value[length] >= 0x20 && value[length] <= 0x7e)
		length++;
	return length > 0 && length < CLIENT_ID_SIZE && value[length] == '\0';
}

/* ---- the form of a token request ---- */

/*
 * Reads the body of a token request, which has room for a byte after its end.
 * Returns false where RFC 6749 section 5.2 says invalid_request: a parameter
 * given twice, or text that is no form.  Parameters without a value are as
 * good as omitted (section 3.2), unknown ones are ignored.
 */
bool
parse_form(char *body, size_t length, TokenForm *form)
{
	char	   *end = body + length,
			   *next;

	memset(form, 0, sizeof(*form));
	for (; body < end; body = next)
	{
		char	   *stop = memchr(body, '&', (size_t) (end - body));
		char	   *value,
				  **parameter = NULL;

		next = stop != NULL ? stop + 1 : end;
		if (stop == NULL)
			stop = end;
		value = memchr(body, '=', (size_t) (stop - body));
		if (value == NULL)
			continue;
		if (!decode_form_text(body, value))
			return false;
		value++;
		if (strcmp(body, "grant_type") == 0)
			parameter = &form->grant_type;
		else if (strcmp(body, "client_id") == 0)
			parameter = &form->client_id;
		else if (strcmp(body, "client_secret") == 0)
			parameter = &form->client_secret;
		if (!decode_form_text(value, stop))
			return false;
		if (parameter == NULL || *value == '\0')
			continue;
		if (*parameter != NULL)
			return false;
		*parameter = value;
	}
	return true;
}

/* ---- the Authorization header ---- */

/* Returns true if the header's scheme is this one; schemes have no case. */
bool
parse_has_scheme(const char *authorization, const char *scheme)
{
	size_t		length = strlen(scheme);

	return authorization != NULL &&
		strncasecmp(authorization, scheme, length) == 0 &&
		(authorization[length] == ' ' || authorization[length] == '\0');
}

/*
 * Finds the token in "Bearer token" (RFC 6750 section 2.1).  Returns false if
 * there are no such credentials; sets *token to NULL if there are, but not of
 * the characters that a token has.
 */
bool
parse_bearer(const char *authorization, const char **token)
{
	static const char *const allowed = LETTERS_AND_DIGITS "-._~+/";
	size_t		length;

	if (!parse_has_scheme(authorization, "Bearer"))
		return false;
	authorization += strlen("Bearer");
	authorization += strspn(authorization, " ");
	if (*authorization == '\0')
		return false;
	length = strspn(authorization, allowed);
	*token = authorization;
	if (length == 0 || authorization[length + strspn(authorization + length, "=")] != '\0')
		*token = NULL;
	return true;
}

/* Returns the value of a digit of base64 (RFC 4648 section 4), -1 if none. */
static int
base64_value(char c)
{
	static const char *const digits =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int) (found - digits) : -1;
}

/*
 * Decodes base64, its padding optional, into a buffer that is as long as the
 * text.  Returns the end of the result, NULL if text is no base64.
 */
static char *
decode_base64(const char *text, char *to)
{
	unsigned int bits = 0;
	int			count = 0,
				digits = 0;

	for (; base64_value(*text) >= 0; text++, digits++)
	{
		bits = (bits << 6 | (unsigned int) base64_value(*text)) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		*to++ = (char) (bits >> count & 0xff);
	}
	/* no bits that would make two texts of one secret, no odd padding */
	if (digits % 4 == 1 || (bits & ((1U << count) - 1)) != 0)
		return NULL;
	if (*text != '\0' && (digits % 4 == 0 || strcmp(text, digits % 4 == 2 ? "==" : "=") != 0))
		return NULL;
	return to;
}

/*
 * Reads "Basic credentials" (RFC 7617) into buffer, which is as long as the
 * header: the id and the secret, each encoded as a form would (RFC 6749
 * section 2.3.1).  Returns false if they can't be read.
 */
bool
parse_basic(const char *authorization, char *buffer, TokenForm *form)
{
	char	   *end,
			   *colon;

	authorization += strlen("Basic");
	authorization += strspn(authorization, " ");
	end = decode_base64(authorization, buffer);
	if (end == NULL)
		return false;
	colon = memchr(buffer, ':', (size_t) (end - buffer));
	if (colon == NULL ||
		!decode_form_text(buffer, colon) ||
		!decode_form_text(colon + 1, end))
		return false;
	form->client_id = buffer;
	form->client_secret = colon + 1;
	return true;
}

/*-------------------------------------------------------------------------
 *
 * malformed.c
 *	  Bodies that are no JSON: what they look like.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/malformed.h"

#include <stdbool.h>
#include <string.h>

/* How much of a body may precede the "=" of a form's first field. */
#define FORM_KEY_LIMIT 100

static bool
starts_with(const char *body, size_t length, const char *start)
{
	size_t		start_length = strlen(start);

	return length >= start_length && memcmp(body, start, start_length) == 0;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A byte with which JSON can begin, white space included. */
static bool
begins_json(char c)
{
	return c != '\0' && strchr("{[\" \t\r\n", c) != NULL;
}

/*
 * UTF-16 or UTF-32, either byte order: a byte-order mark, or NUL bytes beside
 * the first character of the JSON.
 */
static bool
looks_like_utf16(const char *body, size_t length)
{
	if (starts_with(body, length, "\xFF\xFE") ||
		starts_with(body, length, "\xFE\xFF"))
		return true;
	if (length >= 4 && body[0] == '\0' && body[1] == '\0')
		return (body[2] == '\0' && begins_json(body[3])) ||
			((unsigned char) body[2] == 0xFE && (unsigned char) body[3] == 0xFF);
	return length >= 2 &&
		((body[0] == '\0' && begins_json(body[1])) ||
		 (body[1] == '\0' && begins_json(body[0])));
}

static bool
looks_compressed(const char *body, size_t length)
{
	return starts_with(body, length, "\x1F\x8B") ||
		starts_with(body, length, "\x28\xB5\x2F\xFD") ||
		starts_with(body, length, "\x78\x01") ||
		starts_with(body, length, "\x78\x9C") ||
		starts_with(body, length, "\x78\xDA");
}

/*
 * A form, as application/x-www-form-urlencoded or multipart/form-data has it:
 * a name and "=", or JSON that is percent-encoded as a whole, or a boundary.
 */
static bool
looks_like_form(const char *body, size_t length)
{
	size_t		i = 0;

	if (starts_with(body, length, "%7B") || starts_with(body, length, "%7b") ||
		starts_with(body, length, "%5B") || starts_with(body, length, "%5b"))
		return true;
	if (starts_with(body, length, "--"))
	{
		while (i < length && i < FORM_KEY_LIMIT && body[i] != '\n')
			i++;
		return i < length && text_equal_folded(body + i + 1,
											   length - i - 1 < 20 ? length - i - 1 : 20,
											   "Content-Disposition:", 20);
	}
	while (i < length && i < FORM_KEY_LIMIT &&
		   (ascii_is_letter(body[i]) || ascii_is_digit(body[i]) ||
			(body[i] != '\0' && strchr("_-.+%[]$", body[i]) != NULL)))
		i++;
	return i > 0 && i < length && body[i] == '=' &&
		(ascii_is_letter(body[0]) || body[0] == '_' || body[0] == '%' ||
		 body[0] == '$');
}

/*
 * JSON whose first value is not closed, or is followed by another one.  A body
 * that ends in a bracket inside a string has a stray quotation mark rather
 * than no end.
 */
static MalformedLook
look_at_json(const char *body, size_t length)
{
	size_t		depth = 0;
	bool		in_string = false;
	size_t		i;

	for (i = 0; i < length; i++)
	{
		char		c = body[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
		if (depth == 0 && !in_string)
			break;
	}
	if (i >= length)
		return in_string && (body[length - 1] == '}' || body[length - 1] == ']') ?
			LOOKS_LIKE_NOTHING : LOOKS_TRUNCATED;

	/* between documents may be white space, a comma, or RFC 7464's separator */
	for (i++; i < length; i++)
	{
		if (body[i] == '{' || body[i] == '[')
			return LOOKS_LIKE_DOCUMENTS;
		if (!is_space(body[i]) && body[i] != ',' && body[i] != '\x1E')
			break;
	}
	return LOOKS_LIKE_NOTHING;
}

/*
 * Returns what a body that is no JSON looks like, for a hint.
 */
MalformedLook
malformed_look(const char *body, size_t length)
{
	if (looks_like_utf16(body, length))
		return LOOKS_LIKE_UTF16;
	if (looks_compressed(body, length))
		return LOOKS_COMPRESSED;
	if (starts_with(body, length, "\xEF\xBB\xBF"))
	{
		body += 3;
		length -= 3;
	}
	while (length > 0 && (is_space(body[0]) || body[0] == '\x1E'))
	{
		body++;
		length--;
	}
	while (length > 0 && is_space(body[length - 1]))
		length--;
	if (length == 0)
		return LOOKS_LIKE_NOTHING;
	if (body[0] == '{' || body[0] == '[' || body[0] == '"')
		return look_at_json(body, length);
	if (body[0] == '<')
		return LOOKS_LIKE_MARKUP;
	return looks_like_form(body, length) ? LOOKS_LIKE_FORM : LOOKS_LIKE_NOTHING;
}

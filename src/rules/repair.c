/*-------------------------------------------------------------------------
 *
 * repair.c
 *	  Mending the two things that senders do to JSON: a comma behind the last
 *	  element (the specification's own example has one), and \u0000, which
 *	  jsonb cannot hold.
 *
 * One pass over the bytes that knows strings, escapes and nesting and nothing
 * else of JSON: whether it is JSON the server's parser decides.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/repair.h"

#include <string.h>

/* White space of JSON, RFC 8259 section 2. */
static bool
is_json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Can a value end with this byte? */
static bool
ends_value(char c)
{
	return c == '"' || c == '}' || c == ']' ||
		(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code of an escape \uXXXX that starts here; -1 if there is none. */
static int
unicode_escape(const char *input, size_t length)
{
	int			code = 0;

	if (length < 6 || input[0] != '\\' || input[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++)
	{
		int			digit = hex_digit(input[i]);

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* How many bytes there are before a quotation mark or a backslash. */
static size_t
plain_length(const char *input, size_t length)
{
	size_t		i = 0;

	while (i < length && input[i] != '"' && input[i] != '\\')
		i++;
	return i;
}

/*
 * Copies a string from its opening quotation mark; *position is left behind
 * its closing one, or at the end where there is none.  An escape is copied
 * whole, and none is dropped behind a broken one or half a surrogate pair:
 * what follows would complete it, and be JSON that was none.
 */
static void
copy_string(const char *input, size_t length, size_t *position,
			char *output, Repair *repair)
{
	size_t		i = *position;
	bool		broken = false;
	bool		half_pair = false;

	output[repair->length++] = input[i++];
	for (;;)
	{
		size_t		plain = plain_length(input + i, length - i);
		int			code;
		size_t		width;

		memcpy(output + repair->length, input + i, plain);
		repair->length += plain;
		i += plain;
		half_pair &= plain == 0;
		if (i == length)
			break;
		if (input[i] == '"')
		{
			output[repair->length++] = input[i++];
			break;
		}

		code = unicode_escape(input + i, length - i);
		width = code >= 0 ? 6 : 2;
		if (code == 0 && !broken && !half_pair)
		{
			repair->repaired = true;
			i += width;
			continue;
		}
		half_pair = code >= 0xD800 && code <= 0xDBFF;
		broken |= code < 0 && length - i >= 2 && input[i + 1] == 'u';
		for (; width > 0 && i < length; width--)
			output[repair->length++] = input[i++];
	}
	*position = i;
}

/* See repair.h. */
Repair
repair_json(const char *input, size_t length, char *output)
{
	Repair		repair = {0, false, false};
	size_t		depth = 0;
	char		last = '\0';	/* last byte that is not white space */
	size_t		comma = 0;		/* where a comma that follows a value was
								 * written, if it is that last byte */
	bool		after_value = false;

	for (size_t i = 0; i < length;)
	{
		char		c = input[i];

		if (c == '"')
		{
			copy_string(input, length, &i, output, &repair);
			last = c;
			continue;
		}
		i++;

		if ((c == '{' || c == '[') && ++depth > NESTING_LIMIT)
		{
			repair.too_deep = true;
			return repair;
		}
		if (c == '}' || c == ']')
		{
			depth -= depth > 0;
			if (last == ',' && after_value)
			{
				output[comma] = ' ';
				repair.repaired = true;
			}
		}
		if (c == ',')
		{
			after_value = ends_value(last);
			comma = repair.length;
		}
		output[repair.length++] = c;
		if (!is_json_space(c))
			last = c;
	}
	return repair;
}

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
#include "repair.h"

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

/*
 * Copies a string from its opening quotation mark; *position is left behind
 * its closing one, or at the end where there is none.
 */
static void
copy_string(const char *input, size_t length, size_t *position,
			char *output, Repair *repair)
{
	size_t		i = *position;

	output[repair->length++] = input[i++];
	while (i < length)
	{
		char		c = input[i];

		if (c == '\\' && length - i >= 6 && memcmp(input + i, "\\u0000", 6) == 0)
		{
			repair->repaired = true;
			i += 6;
			continue;
		}
		output[repair->length++] = c;
		i++;
		if (c == '"')
			break;
		/* what is escaped is no end of the string, nor begins an escape */
		if (c == '\\' && i < length)
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

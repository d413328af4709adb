/*-------------------------------------------------------------------------
 *
 * escape.c
 *	  Removes the escapes of JSON, URLs and HTML from a text of unknown syntax.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/escape.h"

#include <string.h>

#include "rules/text.h"

/* An escape at the start of a text; its length is 0 if there is none. */
typedef struct Escape
{
	size_t		length;
	uint32_t	value;
	bool		is_byte;		/* value is a byte, not a code point */
} Escape;

/*
 * HTML's names of what is part of an address, or stands beside one.
 * Source: WHATWG HTML, "Named character references".
 */
static const struct
{
	const char *name;
	uint32_t	code_point;
}			entities[] = {
	{"commat", '@'}, {"period", '.'}, {"plus", '+'}, {"lowbar", '_'},
	{"amp", '&'}, {"percnt", '%'}, {"bsol", '\\'}, {"sol", '/'},
	{"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''},
	{"nbsp", 0xA0}, {"Tab", '\t'}, {"NewLine", '\n'}, {"colon", ':'},
	{"semi", ';'}, {"comma", ','}, {"lpar", '('}, {"rpar", ')'},
	{"excl", '!'}, {"num", '#'}, {"dollar", '$'}, {"ast", '*'},
	{"equals", '='}, {"quest", '?'}, {"Hat", '^'}, {"grave", '`'},
	{"lcub", '{'}, {"rcub", '}'}, {"verbar", '|'}
};

/* Returns the value of a hexadecimal digit, -1 if it is none. */
static int
hex_digit(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Reads an escape of a number of hexadecimal digits after a prefix that the
 * text starts with.
 */
static Escape
read_hex(const char *text, size_t length, size_t prefix, size_t digits,
		 bool is_byte)
{
	Escape		escape = {.is_byte = is_byte};

	if (length < prefix + digits)
		return escape;
	for (size_t i = prefix; i < prefix + digits; i++)
	{
		int			digit = hex_digit(text[i]);

		if (digit < 0)
			return escape;
		escape.value = escape.value << 4 | (uint32_t) digit;
	}
	escape.length = prefix + digits;
	return escape;
}

/* Escapes of JSON (RFC 8259 section 7), and the \x of programming languages. */
static Escape
read_backslash(const char *text, size_t length)
{
	static const char letters[] = "nrtbf\"\\/'";
	static const char meanings[] = "\n\r\t\b\f\"\\/'";
	const char *letter;

	if (length < 2 || text[1] == '\0')
		return (Escape)
	{
		0
	};
	if (text[1] == 'u')
		return read_hex(text, length, 2, 4, false);
	if (text[1] == 'x')
		return read_hex(text, length, 2, 2, true);
	letter = strchr(letters, text[1]);
	if (letter == NULL)
		return (Escape)
	{
		0
	};
	return (Escape)
	{
		.length = 2,.value = (uint32_t) meanings[letter - letters]
	};
}

/* Escapes of URLs (RFC 3986 section 2.1), and the %u of JavaScript's escape(). */
static Escape
read_percent(const char *text, size_t length)
{
	if (length > 1 && ascii_lower(text[1]) == 'u')
		return read_hex(text, length, 2, 4, false);
	return read_hex(text, length, 1, 2, true);
}

/* The number of &#64; or &#x40;; browsers read decimal ones without the ";". */
static Escape
read_numeric_entity(const char *text, size_t length)
{
	bool		hex = length > 2 && ascii_lower(text[2]) == 'x';
	size_t		start = hex ? 3 : 2;
	size_t		i;
	Escape		escape = {0};

	for (i = start; i < length && i < start + 8; i++)
	{
		int			digit = hex_digit(text[i]);

		if (digit < 0 || (!hex && digit > 9) || escape.value > 0x10FFFF)
			break;
		escape.value = escape.value * (hex ? 16 : 10) + (uint32_t) digit;
	}
	if (i == start || escape.value > 0x10FFFF)
		return escape;
	if (i < length && text[i] == ';')
		escape.length = i + 1;
	else if (!hex)
		escape.length = i;
	return escape;
}

static Escape
read_entity(const char *text, size_t length)
{
	if (length > 1 && text[1] == '#')
		return read_numeric_entity(text, length);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
	{
		size_t		name_length = strlen(entities[i].name);

		if (length > name_length + 1 && text[name_length + 1] == ';' &&
			text_equal_folded(text + 1, name_length, entities[i].name,
							  name_length))
			return (Escape)
		{
			.length = name_length + 2,
				.value = entities[i].code_point
		};
	}
	return (Escape)
	{
		0
	};
}

static Escape
read_escape(const char *text, size_t length)
{
	switch (*text)
	{
		case '\\':
			return read_backslash(text, length);
		case '%':
			return read_percent(text, length);
		case '&':
			return read_entity(text, length);
		default:
			return (Escape)
			{
				0
			};
	}
}

/*
 * Writes a code point in UTF-8; returns the number of bytes.  A surrogate is
 * written by itself: of what is not ASCII it matters only that it is not.
 */
size_t
put_code_point(uint32_t code_point, char *out)
{
	if (code_point < 0x80)
	{
		out[0] = (char) code_point;
		return 1;
	}
	if (code_point < 0x800)
	{
		out[0] = (char) (0xC0 | code_point >> 6);
		out[1] = (char) (0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000)
	{
		out[0] = (char) (0xE0 | code_point >> 12);
		out[1] = (char) (0x80 | (code_point >> 6 & 0x3F));
		out[2] = (char) (0x80 | (code_point & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | code_point >> 18);
	out[1] = (char) (0x80 | (code_point >> 12 & 0x3F));
	out[2] = (char) (0x80 | (code_point >> 6 & 0x3F));
	out[3] = (char) (0x80 | (code_point & 0x3F));
	return 4;
}

/*
 * Removes one layer of escapes from a text of any bytes, in place; returns the
 * new length.  Every escape is longer than its character, so an unchanged length
 * means that there was none.
 */
size_t
remove_layer(char *text, size_t length)
{
	size_t		out = 0;

	for (size_t i = 0; i < length;)
	{
		Escape		escape = read_escape(text + i, length - i);

		if (escape.length == 0)
			text[out++] = text[i++];
		else if (escape.is_byte)
			text[out++] = (char) escape.value;
		else
			out += put_code_point(escape.value, text + out);
		i += escape.length;
	}
	return out;
}

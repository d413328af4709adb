/*
 * repair.c: repair_json().  The input is the JSON text.
 */
#include "check.h"

#include "json_reader.h"

static bool read_value(Reader *reader);

/* The code unit of four hexadecimal digits; -1: there are none. */
static int
read_hex(const char *at, const char *end)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int			code = 0;

	for (int i = 0; i < 4; i++, at++)
	{
		if (at >= end || *at == '\0' || strchr(digits, *at) == NULL)
			return -1;
		code = code * 16 + (int) (strchr(digits, *at) - digits) % 16;
	}
	return code;
}

/* An escape, with the second half of its pair. */
static bool
read_escape(Reader *reader)
{
	const char *start = reader->at++;
	int			code;
	int			second = -1;

	if (reader->at == reader->end)
		return false;
	if (*reader->at != 'u')
	{
		reader->at++;
		keep(reader, start);
		return reader->at[-1] != '\0' &&
			strchr("\"\\/bfnrt", reader->at[-1]) != NULL;
	}
	code = read_hex(++reader->at, reader->end);
	if (code < 0)
		return false;
	reader->at += 4;
	if (code >= 0xD800 && code < 0xDC00 && reader->end - reader->at >= 6 &&
		reader->at[0] == '\\' && reader->at[1] == 'u')
		second = read_hex(reader->at + 2, reader->end);
	if (second >= 0xDC00 && second < 0xE000)
		reader->at += 6;
	else if (code >= 0xD800 && code < 0xE000)
	{
		reader->kinds |= REPAIR_SURROGATE;
		put(reader, "\\ufffd", 6);
		return reader->lenient;
	}
	if (code == 0)
	{
		reader->kinds |= REPAIR_NUL;
		return reader->lenient;
	}
	keep(reader, start);
	return true;
}

/*
 * A character above U+007F.  Decodes it, and checks that encoding the code
 * point again gives the same bytes, so that overlong forms fail.
 */
static bool
read_character(Reader *reader)
{
	/* the Encoding Standard's index of windows-1252, 0x80 to 0x9F */
	static const char *const high[] = {
		"\u20ac", "\xc2\x81", "\u201a", "\u0192", "\u201e", "\u2026", "\u2020",
		"\u2021", "\u02c6", "\u2030", "\u0160", "\u2039", "\u0152", "\xc2\x8d",
		"\u017d", "\xc2\x8f", "\xc2\x90", "\u2018", "\u2019", "\u201c",
		"\u201d", "\u2022", "\u2013", "\u2014", "\u02dc", "\u2122", "\u0161",
		"\u203a", "\u0153", "\xc2\x9d", "\u017e", "\u0178"
	};
	const unsigned char *s = (const unsigned char *) reader->at;
	size_t		left = (size_t) (reader->end - reader->at);
	size_t		width = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	uint32_t	code = s[0] & (0xFF >> (width + 1));
	bool		valid = s[0] >= 0xC0 && s[0] < 0xF8 && left >= width;
	char		latin[2];

	for (size_t i = 1; valid && i < width; i++)
	{
		valid = s[i] >= 0x80 && s[i] <= 0xBF;
		code = code << 6 | (s[i] & 0x3F);
	}
	if (valid && code >= (width == 2 ? 0x80u : width == 3 ? 0x800u : 0x10000u) &&
		code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF))
	{
		put(reader, reader->at, width);
		reader->at += width;
		return true;
	}
	reader->kinds |= REPAIR_ENCODING;
	reader->at++;
	if (s[0] < 0xA0)
		put(reader, high[s[0] - 0x80], strlen(high[s[0] - 0x80]));
	else
	{
		latin[0] = s[0] < 0xC0 ? '\xC2' : '\xC3';
		latin[1] = (char) (s[0] & 0xBF);
		put(reader, latin, 2);
	}
	return reader->lenient;
}

static bool
read_string(Reader *reader)
{
	char		escape[7];

	if (!read_one_of(reader, "\""))
		return false;
	while (!read_one_of(reader, "\""))
	{
		unsigned char c;
		bool		valid = true;

		if (reader->at == reader->end)
			return false;
		c = (unsigned char) *reader->at;
		if (c == '\\')
			valid = read_escape(reader);
		else if (c >= 0x80)
			valid = read_character(reader);
		else
		{
			reader->at++;
			if (c >= 0x20)
				keep(reader, reader->at - 1);
			else
			{
				valid = reader->lenient;
				reader->kinds |= c == 0 ? REPAIR_NUL : REPAIR_CONTROL;
				snprintf(escape, sizeof(escape), "\\u%04x", c);
				if (c != 0)
					put(reader, escape, 6);
			}
		}
		if (!valid)
			return false;
	}
	return true;
}

/* An array or an object, up to the closing byte. */
static bool
read_elements(Reader *reader, bool keys, const char *closing)
{
	if (!read_one_of(reader, keys ? "{" : "["))
		return false;
	if (++reader->depth > reader->deepest)
		reader->deepest = reader->depth;
	read_space(reader);
	if (!read_one_of(reader, closing))
	{
		size_t		comma;

		do
		{
			read_space(reader);
			if (keys)
			{
				if (!read_string(reader))
					return false;
				read_space(reader);
				if (!read_one_of(reader, ":"))
					return false;
				read_space(reader);
			}
			if (!read_value(reader))
				return false;
			read_space(reader);
			comma = reader->length;
			if (!read_one_of(reader, ","))
				break;
			read_space(reader);
		} while (reader->at == reader->end || *reader->at != closing[0]);

		if (reader->length > comma) /* it was the last one's comma */
		{
			if (!reader->lenient)
				return false;
			if (reader->expected != NULL)
				reader->expected[comma] = ' ';
			reader->kinds |= REPAIR_COMMA;
		}
		if (!read_one_of(reader, closing))
			return false;
	}
	reader->depth--;
	return true;
}

static bool
read_value(Reader *reader)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *start = reader->at;

	if (start == reader->end)
		return false;
	switch (*start)
	{
		case '{':
			return read_elements(reader, true, "}");
		case '[':
			return read_elements(reader, false, "]");
		case '"':
			return read_string(reader);
		default:
			break;
	}
	for (int i = 0; i < 3; i++)
	{
		size_t		length = strlen(words[i]);

		if ((size_t) (reader->end - start) >= length &&
			memcmp(start, words[i], length) == 0)
		{
			reader->at += length;
			keep(reader, start);
			return true;
		}
	}
	return read_number(reader);
}

/* Is the text one JSON value? */
static bool
read_json(Reader *reader)
{
	read_space(reader);
	if (!read_value(reader))
		return false;
	read_space(reader);
	return reader->at == reader->end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	size_t		room = repair_room(input, size);
	char	   *output = malloc(room);
	char	   *expected = malloc(size * 6);
	char	   *again;
	Repair		repair = repair_json(input, size, output);
	Reader		before = {
		.at = input,
		.end = input + size,
		.lenient = true,
		.expected = expected
	};
	Reader		after = {
		.at = output,
		.end = output + repair.length
	};
	bool		valid = read_json(&before);

	CHECK((output != NULL && expected != NULL) || size == 0);
	CHECK(repair.length <= room);
	if (valid)
		CHECK(repair.unreadable == (before.deepest > NESTING_LIMIT ?
									UNREADABLE_DEPTH : READABLE));
	if (repair.unreadable == READABLE)
	{
		/* what is JSON but for the repairs becomes exactly what it should */
		if (valid)
		{
			CHECK(repair.kinds == before.kinds);
			CHECK(repair.length == before.length &&
				  memcmp(output, expected, repair.length) == 0);
		}
		/* what is no JSON but for the repairs is none afterwards */
		CHECK(read_json(&after) == valid);

		/* nothing is left to be repaired, whatever it was */
		if (repair.length > 0)
		{
			Repair		second;

			room = repair_room(output, repair.length);
			again = malloc(room);
			CHECK(again != NULL);
			second = repair_json(output, repair.length, again);
			CHECK(second.kinds == 0 && second.unreadable == READABLE);
			CHECK(second.length == repair.length);
			CHECK(memcmp(output, again, repair.length) == 0);
			free(again);
		}
	}
	free(expected);
	free(output);
	return 0;
}

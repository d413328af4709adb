/*
 * repair.c: repair_json().  The input is the JSON text.
 */
#include "check.h"

#include "rules/repair.h"

/*
 * A parser of JSON by the grammar of RFC 8259.  Unlike the repair it knows its
 * place in the grammar, and so distinguishes a comma after the last element from
 * any other.
 */
typedef struct Reader
{
	const char *at;
	const char *end;
	bool		lenient;		/* accepts a comma after the last element */
	size_t		depth;
	size_t		deepest;
	size_t		dropped;		/* commas and \u0000 to be dropped */
	char	   *expected;		/* the text without them, or NULL */
	size_t		length;
} Reader;

static bool read_value(Reader *reader);

/* Copies the text that has been read since start. */
static void
keep(Reader *reader, const char *start)
{
	size_t		length = (size_t) (reader->at - start);

	if (reader->expected != NULL && length > 0)
		memcpy(reader->expected + reader->length, start, length);
	reader->length += length;
}

/* Reads the next byte if it is one of these. */
static bool
read_one_of(Reader *reader, const char *bytes)
{
	const char *start = reader->at;

	if (start == reader->end || *start == '\0' ||
		strchr(bytes, *start) == NULL)
		return false;
	reader->at++;
	keep(reader, start);
	return true;
}

static void
read_space(Reader *reader)
{
	while (read_one_of(reader, " \t\r\n"))
		;
}

static bool
read_digits(Reader *reader)
{
	bool		any = false;

	while (read_one_of(reader, "0123456789"))
		any = true;
	return any;
}

static bool
read_number(Reader *reader)
{
	read_one_of(reader, "-");
	if (!read_one_of(reader, "0") && !read_digits(reader))
		return false;
	if (read_one_of(reader, ".") && !read_digits(reader))
		return false;
	if (read_one_of(reader, "eE"))
	{
		read_one_of(reader, "+-");
		return read_digits(reader);
	}
	return true;
}

/*
 * Reads an escape.  Returns the code unit of a \u, 0 for another escape, and -1 if
 * it is invalid.  Drops \u0000.
 */
static int
read_escape(Reader *reader)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *start = reader->at++;
	int			code = 0;

	if ((size_t) (reader->end - start) >= 6 && strncmp(start, "\\u0000", 6) == 0)
	{
		reader->at = start + 6;
		reader->dropped++;
		return 0;
	}
	keep(reader, start);
	if (!read_one_of(reader, "u"))
		return read_one_of(reader, "\"\\/bfnrt") ? 0 : -1;
	for (int i = 0; i < 4; i++)
	{
		if (!read_one_of(reader, digits))
			return -1;
		code = code * 16 +
			(int) (strchr(digits, reader->at[-1]) - digits) % 16;
	}
	return code;
}

/* Surrogates must come in pairs, as jsonb requires. */
static bool
read_string(Reader *reader)
{
	bool		half = false;

	if (!read_one_of(reader, "\""))
		return false;
	while (half || !read_one_of(reader, "\""))
	{
		const char *start = reader->at;
		int			code = 0;

		if (start == reader->end || (unsigned char) *start < 0x20)
			return false;
		if (*start == '\\')
			code = read_escape(reader);
		else
		{
			reader->at++;
			keep(reader, start);
		}
		if (code < 0 || half != (code >= 0xDC00 && code <= 0xDFFF))
			return false;
		half = code >= 0xD800 && code <= 0xDBFF;
	}
	return true;
}

/* Reads an array or an object, up to the closing byte. */
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

		if (reader->length > comma) /* a comma after the last one */
		{
			if (!reader->lenient)
				return false;
			if (reader->expected != NULL)
				reader->expected[comma] = ' ';
			reader->dropped++;
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
	char	   *output = malloc(size);
	char	   *again = malloc(size);
	char	   *expected = malloc(size);
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

	CHECK(output != NULL && again != NULL && expected != NULL);
	if (valid)
		CHECK(repair.too_deep == (before.deepest > NESTING_LIMIT));
	if (!repair.too_deep)
	{
		CHECK(repair.length <= size);
		if (!repair.repaired)
			CHECK(repair.length == size && memcmp(input, output, size) == 0);

		/* if the text is JSON otherwise, exactly these are dropped */
		if (valid)
		{
			CHECK(repair.repaired == (before.dropped > 0));
			CHECK(repair.length == before.length &&
				  memcmp(output, expected, repair.length) == 0);
		}
		/* the result is JSON if, and only if, the text was */
		CHECK(read_json(&after) == valid);

		/* a second repair changes nothing */
		if (repair.length > 0)
		{
			Repair		second = repair_json(output, repair.length, again);

			CHECK(!second.repaired && !second.too_deep);
			CHECK(second.length == repair.length);
			CHECK(memcmp(output, again, repair.length) == 0);
		}
	}
	free(expected);
	free(again);
	free(output);
	return 0;
}

/*
 * repair.c: repair_json().  The input is the JSON text.
 */
#include "check.h"

#include "rules/repair.h"

/*
 * A reader of JSON by RFC 8259's grammar, which knows where it is: unlike the
 * repair it can tell a comma behind the last element from any other.
 */
typedef struct Reader
{
	const char *at;
	const char *end;
	bool		lenient;		/* takes a comma behind the last element */
	size_t		depth;
	size_t		deepest;
	size_t		dropped;		/* commas and \u0000 that are to go */
	char	   *expected;		/* the text without them; NULL: not wanted */
	size_t		length;
} Reader;

static bool read_value(Reader *reader);

/* Copies what was read since start. */
static void
keep(Reader *reader, const char *start)
{
	size_t		length = (size_t) (reader->at - start);

	if (reader->expected != NULL && length > 0)
		memcpy(reader->expected + reader->length, start, length);
	reader->length += length;
}

/* The next byte is one of these: reads it. */
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
 * An escape: the code unit of a \u, 0 of any other one, -1 where it is none.
 * \u0000 is read, and not kept.
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

/* Halves of a surrogate pair stand together, as jsonb wants them. */
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

		/* of what is JSON but for that, exactly that is dropped */
		if (valid)
		{
			CHECK(repair.repaired == (before.dropped > 0));
			CHECK(repair.length == before.length &&
				  memcmp(output, expected, repair.length) == 0);
		}
		/* what was no JSON before is none afterwards; what was, is */
		CHECK(read_json(&after) == valid);

		/* nothing is left to be dropped, whatever it was */
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

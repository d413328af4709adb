/*
 * search.c: contains_address().  The first bytes of the input choose how each
 * character of an address is written, and the encoding; the others stand
 * around it.
 */
#include "check.h"
#include "rules/escape.h"
#include "rules/search.h"

#define ADDRESS "ann.b+c@ex-1.org"
#define LENGTH	(sizeof(ADDRESS) - 1)

/* Writes a character in one of the ways in which it is to be found. */
static size_t
write_character(char *out, char c, unsigned way)
{
	static const char *const formats[] = {
		"%c", "\\u%04x", "\\u%04X", "%%%02x", "%%%02X", "&#%d;", "&#x%x;",
		"&#X%04X;", "\\\\u%04x", "%%25%02x", "&amp;#%d;", "\\x%02x", "%%u%04x"
	};
	const char *format = formats[way % (sizeof(formats) / sizeof(formats[0]))];

	if ((way & 0x80) != 0 && c >= 'a' && c <= 'z')
		c = (char) (c - 'a' + 'A');
	return (size_t) sprintf(out, format, c);
}

/* Writes the text in UTF-16; returns the length. */
static size_t
widen(const char *text, size_t length, int big_endian, char *out)
{
	for (size_t i = 0; i < length; i++)
	{
		out[2 * i + (size_t) big_endian] = text[i];
		out[2 * i + (size_t) !big_endian] = '\0';
	}
	return 2 * length;
}

static bool
search(const char *text, size_t length)
{
	char	   *copy = malloc(length + 1);	/* so that reading beyond it shows */
	char	   *room = malloc(SEARCH_ROOM(length));
	bool		found;

	CHECK(copy != NULL && room != NULL);
	memcpy(copy, text, length);
	found = contains_address(copy, length, ADDRESS, LENGTH, room);
	free(room);
	free(copy);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(20 * LENGTH + size + 10);
	char	   *wide = malloc(2 * (20 * LENGTH + size + 10));
	size_t		ways = size < LENGTH + 2 ? size : LENGTH + 2;
	const char *around = (const char *) data + ways;
	size_t		rest = size - ways;
	size_t		before = ways > LENGTH ? data[LENGTH] % (rest + 1) : 0;
	unsigned	encoding = ways > LENGTH + 1 ? data[LENGTH + 1] : 0;
	size_t		length = before;
	bool		plain = true;

	CHECK(text != NULL && wide != NULL);

	/* any bytes at all; without an @, or what may become one, there is none */
	for (size_t i = 0; i < size; i++)
		plain = plain && data[i] != '@' && data[i] != '%' && data[i] != '&' &&
			data[i] != '\\';
	CHECK(!search((const char *) data, size) || !plain);

	/* spaces keep what stands around it from being a part of it */
	memcpy(text, around, before);
	text[length++] = ' ';
	for (size_t i = 0; i < LENGTH; i++)
		length += write_character(text + length, ADDRESS[i],
								  i < ways ? data[i] : 0);
	text[length++] = ' ';
	memcpy(text + length, around + before, rest - before);
	length += rest - before;
	CHECK(search(text, length));
	CHECK(search(wide, widen(text, length, encoding & 1, wide)));

	/* a letter on either side makes it another address */
	if (plain && memchr(around, '\0', rest) == NULL)
	{
		text[before] = encoding & 2 ? 'x' : '7';
		CHECK(!search(text, length));
		CHECK(!search(wide, widen(text, length, encoding & 1, wide)));
	}
	free(wide);
	free(text);
	return 0;
}

/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Finds an e-mail address, or a word, in a text, whatever its escapes and
 *	  encoding.
 *
 * The text is a request body that nobody could read, so nothing is known of
 * its syntax.  The address is looked for in the bytes as they are, and again
 * each time that one layer of escapes has been removed: JSON's, those of URLs
 * and those of HTML, which may be nested.  A body with NUL bytes is read as
 * UTF-16 as well.
 *
 * A longer address that contains the address is another person's.  Whether one
 * continues before or after a match is decided with all escapes removed.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/search.h"

#include <string.h>

#include "rules/escape.h"
#include "rules/text.h"

/* How many layers of escapes are removed: JSON in a string of JSON has two. */
#define MAX_LAYERS	8

/* How much is read beside a match: enough for a character escaped repeatedly. */
#define CONTEXT		64

/* Copies a short text without its escapes; returns the length. */
static size_t
copy_unescaped(const char *text, size_t length, char *out)
{
	size_t		before;

	memcpy(out, text, length);
	for (int layer = 0; layer < MAX_LAYERS; layer++)
	{
		before = length;
		length = remove_layer(out, length);
		if (length == before)
			break;
	}
	return length;
}

/* A character with which a local part may begin and end. */
static bool
is_word(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) ||
		c == '_' || c == '+' || c == '-';
}

/*
 * Returns true if the match is a part of a longer address.  Of the characters
 * that RFC 5322 allows in an atom, those count that addresses really have:
 * the others (=, &, /, {, | ...) rather stand beside an address.  An
 * apostrophe is one of a name (o'neil) unless it is on both sides.
 */
static bool
is_part_of_longer(const char *text, size_t length, size_t start, size_t end)
{
	char		before[CONTEXT];
	char		after[CONTEXT];
	size_t		b = start < CONTEXT ? start : CONTEXT;
	size_t		a = length - end < CONTEXT ? length - end : CONTEXT;
	size_t		i = 0;

	b = copy_unescaped(text + start - b, b, before);
	a = copy_unescaped(text + end, a, after);

	if (b > 0 && is_word(before[b - 1]))
		return true;
	if (b > 1 && is_word(before[b - 2]) &&
		(before[b - 1] == '.' ||
		 (before[b - 1] == '\'' && (a == 0 || after[0] != '\''))))
		return true;

	if (a > 0 && after[0] == '.')
		i = 1;
	else
	{
		while (i < a && after[i] == '-')
			i++;
	}
	return i < a && (ascii_is_letter(after[i]) || ascii_is_digit(after[i]));
}

/* Looks for the address in the text as it is, from one @ to the next. */
static bool
find_in_layer(const char *text, size_t length,
			  const char *address, size_t address_length)
{
	const char *at_sign = memchr(address, '@', address_length);
	size_t		at_offset = (size_t) (at_sign - address);
	const char *end = text + length;

	for (const char *at = text;
		 at < end && (at = memchr(at, '@', (size_t) (end - at))) != NULL;
		 at++)
	{
		size_t		start = (size_t) (at - text) - at_offset;

		if ((size_t) (at - text) >= at_offset &&
			address_length <= length - start &&
			text_equal_folded(text + start, address_length,
							  address, address_length) &&
			!is_part_of_longer(text, length, start, start + address_length))
			return true;
	}
	return false;
}

/* Looks for the address in every layer of the text, which is destroyed. */
static bool
find_in_layers(char *text, size_t length,
			   const char *address, size_t address_length)
{
	for (int layer = 0; layer <= MAX_LAYERS; layer++)
	{
		size_t		before = length;

		if (find_in_layer(text, length, address, address_length))
			return true;
		length = remove_layer(text, length);
		if (length == before)
			break;
	}
	return false;
}

/* Reads the text as UTF-16, and writes it as UTF-8; returns the length. */
static size_t
read_utf16(const char *text, size_t length, bool big_endian, char *out)
{
	const unsigned char *s = (const unsigned char *) text;
	size_t		written = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		written += put_code_point(big_endian ?
								  (uint32_t) s[i] << 8 | s[i + 1] :
								  (uint32_t) s[i + 1] << 8 | s[i],
								  out + written);
	return written;
}

/* Returns true if the text consists of what a form encoded for a URL has. */
static bool
is_form(const char *text, size_t length)
{
	bool		has_value = false;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '=')
			has_value = true;
		else if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]) &&
				 (text[i] == '\0' ||
				  strchr("&%+*-._~@[]\r\n", text[i]) == NULL))
			return false;
	}
	return has_value;
}

/* Copies the text with one character replaced. */
static void
copy_replaced(const char *text, size_t length, char from, char to, char *out)
{
	for (size_t i = 0; i < length; i++)
		out[i] = text[i] == from ? to : text[i];
}

/* Copies one byte of so many; returns how many. */
static size_t
copy_every(const char *text, size_t length, size_t step, size_t first,
		   char *out)
{
	size_t		written = 0;

	for (size_t i = first; i < length; i += step)
		out[written++] = text[i];
	return written;
}

/*
 * Looks for the address in a text with NUL bytes, which may be UTF-16 of either
 * byte order.  ASCII in it, or in UTF-32, is found at whatever byte it begins
 * by reading one byte of two, or of four; a letter beside it, too.
 */
static bool
find_in_wide_text(const char *text, size_t length,
				  const char *address, size_t address_length, char *room)
{
	for (int big_endian = 0; big_endian <= 1; big_endian++)
	{
		if (find_in_layers(room, read_utf16(text, length, big_endian, room),
						   address, address_length))
			return true;
	}
	for (size_t step = 2; step <= 4; step += 2)
	{
		for (size_t first = 0; first < step; first++)
		{
			if (find_in_layers(room, copy_every(text, length, step, first, room),
							   address, address_length))
				return true;
		}
	}
	return false;
}

/*
 * Returns true if the text is an address that can be searched for: an @ with
 * something on both sides, of a length that bounds the time of a search.
 */
bool
is_searchable(const char *address, size_t length)
{
	return length > 2 && length <= SEARCH_LIMIT && memchr(address + 1, '@', length - 2) != NULL;
}

/*
 * Returns true if the text contains the address, in any (ASCII) case, and not
 * as a part of a longer one.  The text may be of any bytes; the address must be
 * in lower case, is_searchable(), and in UTF-8 (or any one encoding: only ASCII
 * is interpreted).  room has SEARCH_ROOM(text_length) bytes.
 */
bool
contains_address(const char *text, size_t text_length,
				 const char *address, size_t address_length, char *room)
{
	if (text_length == 0)
		return false;
	memcpy(room, text, text_length);
	if (find_in_layers(room, text_length, address, address_length))
		return true;
	if (memchr(text, '\0', text_length) != NULL)
		return find_in_wide_text(text, text_length, address, address_length, room);
	if (memchr(text, '+', text_length) == NULL || !is_form(text, text_length))
		return false;

	/* in a form it is a space */
	copy_replaced(text, text_length, '+', ' ', room);
	return find_in_layers(room, text_length, address, address_length);
}

/* Looks for the word where no letter, digit or _ stands beside it. */
static bool
find_word(const char *text, size_t length, const char *word, size_t word_length)
{
	const char *end = text + length;

	for (const char *at = text;
		 (size_t) (end - at) >= word_length &&
		 (at = memchr(at, word[0], (size_t) (end - at) - word_length + 1)) != NULL;
		 at++)
	{
		if (memcmp(at, word, word_length) == 0 &&
			(at == text || !is_word(at[-1])) &&
			(at + word_length == end || !is_word(at[word_length])))
			return true;
	}
	return false;
}

/*
 * Returns true if the text contains the word, which is not empty, in one of its
 * layers of escapes, or in UTF-16.  room is that of contains_address().
 */
bool
contains_word(const char *text, size_t text_length,
			  const char *word, size_t word_length, char *room)
{
	bool		is_wide = text_length > 0 && memchr(text, '\0', text_length) != NULL;

	for (int first = -1; first < (is_wide ? 2 : 0); first++)
	{
		size_t		length = text_length;
		size_t		before;

		if (first < 0 && text_length > 0)
			memcpy(room, text, text_length);
		else if (first >= 0)
			length = copy_every(text, text_length, 2, (size_t) first, room);
		for (int layer = 0; layer <= MAX_LAYERS; layer++)
		{
			if (find_word(room, length, word, word_length))
				return true;
			before = length;
			length = remove_layer(room, length);
			if (length == before)
				break;
		}
	}
	return false;
}

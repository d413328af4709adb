/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Checks of text: trimming, placeholders, whole numbers, states, names.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/text.h"

#include <string.h>

/* Returns true if the two texts are equal in any (ASCII) case. */
bool
text_equal_folded(const char *a, size_t a_length,
				  const char *b, size_t b_length)
{
	if (a_length != b_length)
		return false;
	for (size_t i = 0; i < a_length; i++)
	{
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	}
	return true;
}

/*
 * Returns true if trimming removes this Unicode code point: those of the
 * property White_Space, and the invisible characters that web forms and copied
 * text bring along (soft hyphen, zero width space, non-joiner and joiner, word
 * joiner, byte-order mark, and the marks, embeddings, overrides and isolates
 * that set the direction of text).
 */
bool
is_trimmed_code_point(uint32_t code_point)
{
	switch (code_point)
	{
		case 0x0020:
		case 0x0085:
		case 0x00A0:
		case 0x00AD:
		case 0x1680:
		case 0x205F:
		case 0x2060:
		case 0x3000:
		case 0xFEFF:
			return true;
		default:
			return (code_point >= 0x0009 && code_point <= 0x000D) ||
				(code_point >= 0x2000 && code_point <= 0x200F) ||
				(code_point >= 0x2028 && code_point <= 0x202F) ||
				(code_point >= 0x2066 && code_point <= 0x2069);
	}
}

/*
 * Returns the length in bytes of the white space character that text starts
 * with, 0 if it starts with another one.  White space takes one to three bytes
 * in UTF-8; an overlong form does not count.
 */
static size_t
white_space_at(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *) text;

	if (length >= 1 && s[0] < 0x80)
		return is_trimmed_code_point(s[0]) ? 1 : 0;
	if (length >= 2 && s[0] == 0xC2 && (s[1] & 0xC0) == 0x80)
		return is_trimmed_code_point(s[1]) ? 2 : 0;
	if (length >= 3 && (s[0] & 0xF0) == 0xE0 &&
		(s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80)
	{
		uint32_t	code_point = ((uint32_t) (s[0] & 0x0F) << 12) |
			((uint32_t) (s[1] & 0x3F) << 6) | (s[2] & 0x3F);

		return code_point >= 0x0800 && is_trimmed_code_point(code_point) ? 3 : 0;
	}
	return 0;
}

/*
 * Removes white space, as is_trimmed_code_point() has it, from both ends by
 * moving *text and *length.
 */
void
trim_text(const char **text, size_t *length)
{
	const char *start = *text;
	const char *end = *text + *length;
	size_t		width;

	while ((width = white_space_at(start, (size_t) (end - start))) > 0)
		start += width;

	/* Only a character's first byte tells its length, so step back to it. */
	while (end > start)
	{
		const char *last = end - 1;

		while (last > start && end - last < 3 &&
			   ((unsigned char) *last & 0xC0) == 0x80)
			last--;
		width = white_space_at(last, (size_t) (end - last));
		if (width == 0 || last + width != end)
			break;
		end = last;
	}

	*text = start;
	*length = (size_t) (end - start);
}

/*
 * Returns the number of characters: of bytes that do not continue a UTF-8
 * sequence.
 */
size_t
count_characters(const char *text, size_t length)
{
	size_t		count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char) text[i] & 0xC0) != 0x80;
	return count;
}

/*
 * Returns true if the text is one that programs write for a missing value, in
 * exactly their spelling: JavaScript's null, undefined, NaN and [object Object],
 * SQL's NULL, Python's None.
 */
bool
is_placeholder(const char *text, size_t length)
{
	switch (length)
	{
		case 3:
			return memcmp(text, "NaN", 3) == 0;
		case 4:
			return memcmp(text, "null", 4) == 0 ||
				memcmp(text, "NULL", 4) == 0 ||
				memcmp(text, "None", 4) == 0;
		case 9:
			return memcmp(text, "undefined", 9) == 0;
		case 15:
			return memcmp(text, "[object Object]", 15) == 0;
		default:
			return false;
	}
}

/* Returns true if the text has an ASCII digit. */
bool
has_digit(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (ascii_is_digit(text[i]))
			return true;
	}
	return false;
}

/* Returns true for a text like 0000: one ASCII character, twice or more. */
bool
is_one_character_repeated(const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++)
	{
		if (text[i] != text[0])
			return false;
	}
	return length > 1;
}

/*
 * Returns true if the text consists of decimal digits, after a minus if that is
 * allowed, and fits into 64 bits.  Then sets *value.
 */
bool
check_integer(const char *text, size_t length, bool allow_minus,
			  int64_t *value)
{
	size_t		i = 0;
	bool		negative = false;
	int64_t		result = 0;		/* kept negative, whose range is larger */

	if (allow_minus && length > 0 && text[0] == '-')
	{
		negative = true;
		i = 1;
	}
	if (i == length)
		return false;
	for (; i < length; i++)
	{
		if (!ascii_is_digit(text[i]) ||
			__builtin_mul_overflow(result, 10, &result) ||
			__builtin_sub_overflow(result, text[i] - '0', &result))
			return false;
	}
	if (!negative && __builtin_sub_overflow(INT64_C(0), result, &result))
		return false;
	*value = result;
	return true;
}

/*
 * Returns true if the text has the shape of a state's abbreviation: one to
 * three ASCII letters or digits.  Then writes it in upper case into *upper (at
 * most STATE_LIMIT bytes, no NUL).
 */
bool
check_state(const char *text, size_t length, char *upper)
{
	if (length < 1 || length > STATE_LIMIT)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]))
			return false;
		upper[i] = ascii_upper(text[i]);
	}
	return true;
}

/*
 * Returns the length in bytes of the hyphen or dash that text starts with, 0 if
 * it starts with another character: the ASCII one, U+2010 to U+2015 (of which
 * U+2011 does not break), the minus sign U+2212, and the small and full-width
 * forms U+FE58, U+FE63 and U+FF0D.
 */
static size_t
hyphen_at(const char *text, size_t length)
{
	static const char *const others[] = {
		"\xE2\x88\x92", "\xEF\xB9\x98", "\xEF\xB9\xA3", "\xEF\xBC\x8D"
	};

	if (length >= 1 && text[0] == '-')
		return 1;
	if (length < 3)
		return 0;
	if (memcmp(text, "\xE2\x80", 2) == 0 &&
		(unsigned char) text[2] >= 0x90 && (unsigned char) text[2] <= 0x95)
		return 3;
	for (int i = 0; i < 4; i++)
	{
		if (memcmp(text, others[i], 3) == 0)
			return 3;
	}
	return 0;
}

/*
 * Returns the length in bytes of the white space, hyphen, dot or slash, or of the
 * zero if those count as well, that text starts with; 0 if it starts with
 * another character.
 */
static size_t
separator_at(const char *text, size_t length, bool zeros)
{
	size_t		width = white_space_at(text, length);

	if (width == 0)
		width = hyphen_at(text, length);
	if (width == 0 && length > 0 &&
		(*text == '.' || *text == '/' || (zeros && *text == '0')))
		width = 1;
	return width;
}

/* Moves past separators, and past zeros before the number's first character. */
static const char *
skip_separators(const char *text, const char *end, bool zeros)
{
	size_t		width;

	while ((width = separator_at(text, (size_t) (end - text), zeros)) > 0)
		text += width;
	return text;
}

/*
 * Returns true if two numbers of documents, in UTF-8, are the same without white
 * space, hyphens, dots, slashes, case (ASCII) and leading zeros.
 */
bool
same_document_number(const char *a, size_t a_length,
					 const char *b, size_t b_length)
{
	const char *a_end = a + a_length;
	const char *b_end = b + b_length;

	a = skip_separators(a, a_end, true);
	b = skip_separators(b, b_end, true);
	while (a < a_end && b < b_end && ascii_lower(*a) == ascii_lower(*b))
	{
		a = skip_separators(a + 1, a_end, false);
		b = skip_separators(b + 1, b_end, false);
	}
	return a == a_end && b == b_end;
}

/*
 * Returns the length in bytes of the apostrophe that text starts with, 0 if it
 * starts with another character: those that country names may have (country.c)
 * and U+02BD, U+2035 and U+055A.
 */
static size_t
apostrophe_at(const char *text, size_t length)
{
	static const char *const two[] = {
		"\xC2\xB4", "\xCA\xB9", "\xCA\xBB", "\xCA\xBC", "\xCA\xBD", "\xD5\x9A"
	};
	static const char *const three[] = {
		"\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9B", "\xE2\x80\xB2",
		"\xE2\x80\xB5", "\xEF\xBC\x87"
	};

	if (length >= 1 && (text[0] == '\'' || text[0] == '`'))
		return 1;
	for (int i = 0; length >= 2 && i < 6; i++)
	{
		if (memcmp(text, two[i], 2) == 0)
			return 2;
	}
	for (int i = 0; length >= 3 && i < 6; i++)
	{
		if (memcmp(text, three[i], 3) == 0)
			return 3;
	}
	return 0;
}

/*
 * Writes the text without white space, as is_trimmed_code_point() has it, and
 * without hyphens if those count as well, into *plain, which takes length bytes.
 * Returns how many were written.
 */
size_t
remove_separators(const char *text, size_t length, bool hyphens, char *plain)
{
	size_t		count = 0;

	for (size_t i = 0; i < length;)
	{
		size_t		width = white_space_at(text + i, length - i);

		if (width == 0 && hyphens)
			width = hyphen_at(text + i, length - i);
		if (width == 0)
			plain[count++] = text[i++];
		i += width;
	}
	return count;
}

/*
 * Writes the text in lower case (ASCII), with a space for each run of white
 * space and one form for all apostrophes and hyphens, into *plain, which takes
 * length bytes.  Returns how many were written.
 */
size_t
plain_name(const char *text, size_t length, char *plain)
{
	size_t		count = 0;

	for (size_t i = 0; i < length;)
	{
		size_t		width;

		if ((width = white_space_at(text + i, length - i)) > 0)
		{
			if (count == 0 || plain[count - 1] != ' ')
				plain[count++] = ' ';
		}
		else if ((width = apostrophe_at(text + i, length - i)) > 0)
			plain[count++] = '\'';
		else if ((width = hyphen_at(text + i, length - i)) > 0)
			plain[count++] = '-';
		else
		{
			plain[count++] = ascii_lower(text[i]);
			width = 1;
		}
		i += width;
	}
	return count;
}

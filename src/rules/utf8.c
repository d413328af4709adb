/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Characters in bytes: UTF-8, Windows-1252, and the escapes of JSON.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/utf8.h"

#include <stdint.h>

/* Windows-1252 from 0x80 to 0x9F, as the WHATWG Encoding Standard decodes it. */
static const uint16_t windows_1252[32] = {
	0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
	0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178
};

/*
 * Returns the length of the UTF-8 character that starts here with a byte above
 * 0x7F; 0 if there is none.  Source: RFC 3629 section 4 (no overlong form, no surrogate,
 * nothing above U+10FFFF).
 */
size_t
utf8_length(const char *input, size_t length)
{
	const unsigned char *s = (const unsigned char *) input;
	unsigned char least = 0x80;
	unsigned char most = 0xBF;
	size_t		width;

	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		width = 2;
	else if ((s[0] & 0xF0) == 0xE0)
	{
		width = 3;
		if (s[0] == 0xE0)
			least = 0xA0;
		else if (s[0] == 0xED)
			most = 0x9F;
	}
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
	{
		width = 4;
		if (s[0] == 0xF0)
			least = 0x90;
		else if (s[0] == 0xF4)
			most = 0x8F;
	}
	else
		return 0;
	if (length < width || s[1] < least || s[1] > most)
		return 0;
	for (size_t i = 2; i < width; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	}
	return width;
}

/*
 * Converts a byte above 0x7F from Windows-1252.  Writes two or three bytes, and
 * returns how many.
 */
size_t
windows_1252_to_utf8(char byte, char *utf8)
{
	unsigned	code = (unsigned char) byte;
	size_t		width = 0;

	if (code < 0xA0)
		code = windows_1252[code - 0x80];
	if (code < 0x0800)
		utf8[width++] = (char) (0xC0 | code >> 6);
	else
	{
		utf8[width++] = (char) (0xE0 | code >> 12);
		utf8[width++] = (char) (0x80 | (code >> 6 & 0x3F));
	}
	utf8[width++] = (char) (0x80 | (code & 0x3F));
	return width;
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

/*
 * Returns the code unit of an escape \uXXXX that starts here; -1 if there is
 * none.
 */
int
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

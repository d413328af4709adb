/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Reads words from bytes of which nothing is known: escapes and
 *	  percent-encoding are undone, and NUL bytes are skipped, which makes ASCII
 *	  of UTF-16.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/scan.h"

#include "rules/text.h"

static int
hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of so many hexadecimal digits; -1 if they are not there. */
static int
hex_digits(const char *at, const char *end, int count)
{
	int			value = 0;

	if (end - at < count)
		return -1;
	for (int i = 0; i < count; i++)
	{
		int			digit = hex_value(at[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* Returns the next byte, without NULs and percent-encoding; -1 at the end. */
int
next_byte(Scan *scan)
{
	while (scan->at < scan->end)
	{
		unsigned char c = (unsigned char) *scan->at++;

		if (scan->percent && c == '+')
			return ' ';
		if (scan->percent && c == '%')
		{
			int			value = hex_digits(scan->at, scan->end, 2);

			if (value >= 0)
			{
				scan->at += 2;
				c = (unsigned char) value;
			}
		}
		if (c != '\0')
			return c;
	}
	return -1;
}

/*
 * Returns the next character, without escapes; -1 at the end.  One above ASCII is 0xFF,
 * since nothing that is looked for has any.
 */
int
next_character(Scan *scan)
{
	int			c = next_byte(scan);
	Scan		ahead;

	scan->escaped = false;
	while (c == '\\')
	{
		int			value = 0;

		ahead = *scan;
		c = next_byte(scan);
		if (scan->flat && c == '\\')
			continue;
		scan->escaped = !scan->flat;
		if (c != 'u')
			break;
		for (int i = 0; i < 4 && value >= 0; i++)
		{
			int			digit = next_byte(scan);

			digit = digit < 0 ? -1 : hex_value((char) digit);
			value = digit < 0 ? -1 : value * 16 + digit;
		}
		if (value >= 0)
			c = value < 0x80 ? value : 0xFF;
		else
		{
			*scan = ahead;
			c = next_byte(scan);
		}
		break;
	}
	return c;
}

/* Appends a character to a word that is of use. */
void
add_character(Word *word, int c)
{
	if (word->length < WORD_LIMIT)
		word->text[word->length++] = (char) c;
}

/* Reads a string up to its closing quotation mark. */
void
scan_string(Scan *scan, int quote, Word *word)
{
	int			c;

	word->length = 0;
	word->whole = false;
	while ((c = next_character(scan)) >= 0)
	{
		if (c == quote && !scan->escaped)
		{
			word->whole = true;
			return;
		}
		add_character(word, c);
	}
}

/* Reads a number or a word, of which c is the first character. */
void
scan_bare(Scan *scan, int c, Word *word)
{
	word->length = 0;
	do
	{
		Scan		before = *scan;

		add_character(word, c);
		c = next_character(scan);
		if (c >= 0 && !ascii_is_letter((char) c) && !ascii_is_digit((char) c) &&
			c != '.' && c != '-' && c != '+')
		{
			*scan = before;
			break;
		}
	} while (c >= 0);
	word->whole = c >= 0;
}

/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  The reader of JSON that repair.c compares the repair with: its state, and
 *	  how it reads numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_READER_H
#define LOOPIT_JSON_READER_H

#include "check.h"

#include "rules/number.h"
#include "rules/repair.h"

/*
 * A recursive reader of JSON by RFC 8259's grammar.  A lenient one accepts what
 * the repair repairs, and writes what the repair has to write; a strict one
 * accepts what the server's parser accepts.
 */
typedef struct Reader
{
	const char *at;
	const char *end;
	bool		lenient;
	size_t		depth;
	size_t		deepest;
	unsigned	kinds;
	char	   *expected;		/* NULL: not wanted */
	size_t		length;
} Reader;

static void
put(Reader *reader, const char *bytes, size_t length)
{
	if (reader->expected != NULL && length > 0)
		memcpy(reader->expected + reader->length, bytes, length);
	reader->length += length;
}

/* Copies what was read since start. */
static void
keep(Reader *reader, const char *start)
{
	put(reader, start, (size_t) (reader->at - start));
}

/* If the next byte is one of these, reads it. */
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

/* Appends the digits that come next; false if there is none. */
static bool
read_digits(Reader *reader, char *digits, size_t *count)
{
	size_t		before = *count;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		digits[(*count)++] = *reader->at++;
	return *count > before;
}

/*
 * Moves the point through the text of a number, digit by digit, and counts
 * what is left: no zeros in front but one, no point at the end.
 */
static size_t
moved_length(bool minus, char *whole, size_t wholes, char *fraction,
			 size_t fractions, long exponent)
{
	size_t		margin = (size_t) labs(exponent);
	size_t		size = wholes + fractions + 2 * margin;
	char	   *text = malloc(size);
	size_t		start = margin;
	size_t		point = start + wholes;
	size_t		end = point + fractions;
	bool		zero = true;
	size_t		length;

	CHECK(text != NULL);
	memset(text, '0', size);
	memcpy(text + start, whole, wholes);
	memcpy(text + point, fraction, fractions);
	for (; exponent > 0; exponent--)
	{
		point++;
		if (end < point)
			end = point;
	}
	for (; exponent < 0; exponent++)
	{
		point--;
		if (point < start)
			start = point;
	}
	for (size_t i = start; i < end; i++)
		zero &= text[i] == '0';
	while (start < point && text[start] == '0')
		start++;
	length = (minus && !zero) + (start < point ? point - start : 1) +
		(end > point ? end - point + 1 : 0);
	free(text);
	return zero && end == point ? 0 : length;
}

/* An exponent grows no further: it exceeds the digits of any input. */
#define EXPONENT_CUT 5000

static bool
read_number(Reader *reader)
{
	const char *start = reader->at;
	size_t		room = (size_t) (reader->end - start) + 1;
	char	   *digits = malloc(room * 3);
	char	   *whole = digits;
	char	   *fraction = digits + room;
	char	   *power = digits + 2 * room;
	size_t		wholes = 0;
	size_t		fractions = 0;
	size_t		powers = 0;
	bool		minus = false;
	bool		minus_power = false;
	bool		valid = true;
	long		exponent = 0;
	size_t		length;

	CHECK(digits != NULL);
	if (reader->at < reader->end && *reader->at == '-')
	{
		minus = true;
		reader->at++;
	}
	valid = read_digits(reader, whole, &wholes) &&
		(wholes == 1 || whole[0] != '0');
	if (valid && reader->at < reader->end && *reader->at == '.')
	{
		reader->at++;
		valid = read_digits(reader, fraction, &fractions);
	}
	if (valid && reader->at < reader->end &&
		(*reader->at == 'e' || *reader->at == 'E'))
	{
		reader->at++;
		if (reader->at < reader->end &&
			(*reader->at == '+' || *reader->at == '-'))
			minus_power = *reader->at++ == '-';
		valid = read_digits(reader, power, &powers);
		for (size_t i = 0; i < powers; i++)
			exponent = exponent > EXPONENT_CUT ? exponent :
				exponent * 10 + power[i] - '0';
	}
	if (valid && reader->lenient)
	{
		length = moved_length(minus, whole, wholes, fraction, fractions,
							  minus_power ? -exponent : exponent);
		if (length > NUMBER_LIMIT)
		{
			put(reader, "null", 4);
			reader->kinds |= REPAIR_NUMBER;
		}
		else if (length == 0 && !minus_power && exponent > NUMBER_LIMIT)
			put(reader, "0", 1);
		else
			keep(reader, start);
	}
	else
		keep(reader, start);
	free(digits);
	return valid;
}

#endif							/* LOOPIT_JSON_READER_H */

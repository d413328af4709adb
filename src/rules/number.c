/*-------------------------------------------------------------------------
 *
 * number.c
 *	  Numbers in JSON text: how long their plain decimal text is.
 *
 * Type numeric keeps 1e131071 in ten bytes and writes it in 131,072, so a
 * short body could hold a text of gigabytes.  The length is found from the
 * digits and the exponent, without making the number.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/number.h"

#include <stdbool.h>
#include <stdint.h>

#include "rules/text.h"

/* An exponent is cut to this: it exceeds the digits of any body. */
#define EXPONENT_LIMIT	INT64_C(4000000000)

/* The parts of a number, RFC 8259 section 6. */
typedef struct Number
{
	bool		negative;
	const char *whole;			/* digits before the point */
	size_t		whole_digits;
	const char *fraction;		/* digits after it */
	size_t		fraction_digits;
	int64_t		exponent;
} Number;

static size_t
count_digits(const char *text, const char *end)
{
	const char *at = text;

	while (at < end && ascii_is_digit(*at))
		at++;
	return (size_t) (at - text);
}

/* The value of these digits, EXPONENT_LIMIT at most. */
static int64_t
read_exponent(const char *digits, size_t count)
{
	int64_t		value = 0;

	for (size_t i = 0; i < count; i++)
	{
		value = value * 10 + (digits[i] - '0');
		if (value > EXPONENT_LIMIT)
			return EXPONENT_LIMIT;
	}
	return value;
}

/* Splits a token into the parts of a number; returns false if it is none. */
static bool
split_number(const char *token, size_t length, Number *number)
{
	const char *end = token + length;
	const char *at = token;
	bool		minus = false;
	size_t		count;

	number->negative = at < end && *at == '-';
	at += number->negative;
	number->whole = at;
	number->whole_digits = count_digits(at, end);
	if (number->whole_digits == 0 || (number->whole_digits > 1 && *at == '0'))
		return false;
	at += number->whole_digits;

	number->fraction_digits = 0;
	if (at < end && *at == '.')
	{
		number->fraction = ++at;
		number->fraction_digits = count_digits(at, end);
		if (number->fraction_digits == 0)
			return false;
		at += number->fraction_digits;
	}

	number->exponent = 0;
	if (at < end && (*at == 'e' || *at == 'E'))
	{
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			minus = *at++ == '-';
		count = count_digits(at, end);
		if (count == 0)
			return false;
		number->exponent = read_exponent(at, count) * (minus ? -1 : 1);
		at += count;
	}
	return at == end;
}

/* The position of the first digit other than 0; -1 if the number is zero. */
static int64_t
first_digit(const Number *number)
{
	for (size_t i = 0; i < number->whole_digits; i++)
	{
		if (number->whole[i] != '0')
			return (int64_t) i;
	}
	for (size_t i = 0; i < number->fraction_digits; i++)
	{
		if (number->fraction[i] != '0')
			return (int64_t) (number->whole_digits + i);
	}
	return -1;
}

/*
 * Length of the plain decimal text, as type numeric writes it: the fraction
 * keeps its trailing zeros, and the exponent moves the point.
 */
static int64_t
plain_length(const Number *number, int64_t first)
{
	int64_t		whole = (int64_t) number->whole_digits + number->exponent - first;
	int64_t		fraction = (int64_t) number->fraction_digits - number->exponent;

	if (first < 0 || whole < 1)
		whole = 1;
	return (number->negative && first >= 0 ? 1 : 0) + whole +
		(fraction > 0 ? fraction + 1 : 0);
}

/*
 * Returns what is to become of a token of JSON text.  Zero with a large
 * exponent, of which type numeric takes no more than an int's half, is plain
 * zero.
 */
NumberVerdict
judge_number(const char *token, size_t length)
{
	Number		number;
	int64_t		first;

	if (!split_number(token, length, &number))
		return NUMBER_NONE;
	first = first_digit(&number);
	if (plain_length(&number, first) > NUMBER_LIMIT)
		return NUMBER_LONG;
	return first < 0 && number.exponent > NUMBER_LIMIT ? NUMBER_ZERO :
		NUMBER_KEPT;
}

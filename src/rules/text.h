/*-------------------------------------------------------------------------
 *
 * text.h
 *	  The checkers of text: what a trimmed text, an e-mail address, a whole
 *	  number and a state's abbreviation are.
 *
 * Plain C on (const char *, size_t): no server header, no allocation, no
 * error, so that a fuzzer can link them alone.  Text is UTF-8 where it is not
 * said to be ASCII; it need not end in NUL, and may hold bytes that are no
 * UTF-8 (they are never white space and never part of anything valid).
 *
 * "Any case" is ASCII case folding everywhere, whatever the locale.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TEXT_H
#define LOOPIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMAIL_LIMIT 254			/* octets of an e-mail address */
#define STATE_LIMIT 3			/* characters of a state's abbreviation */

static inline char
ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char) (c + ('a' - 'A')) : c;
}

static inline char
ascii_upper(char c)
{
	return (c >= 'a' && c <= 'z') ? (char) (c - ('a' - 'A')) : c;
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

/* Are the two texts equal, ASCII case folded? */
extern bool text_equal_folded(const char *a, size_t a_length,
							  const char *b, size_t b_length);

/* White space in the sense of trimming; takes a Unicode code point. */
extern bool is_trimmed_code_point(uint32_t code_point);

/* Takes white space off both ends, by moving *text and *length. */
extern void trim_text(const char **text, size_t *length);

/* Number of characters: bytes that do not continue a UTF-8 sequence. */
extern size_t count_characters(const char *text, size_t length);

/*
 * RFC 5321 mailbox with a dot-string local part.  Writes the address in lower
 * case (EMAIL_LIMIT bytes at most, no NUL) where it is valid.
 */
extern bool check_email(const char *text, size_t length, char *lower);

/* Decimal digits, a leading minus where it is allowed, within 64 bits. */
extern bool check_integer(const char *text, size_t length, bool allow_minus,
						  int64_t *value);

/* The shape of a state: writes it in upper case, STATE_LIMIT bytes at most. */
extern bool check_state(const char *text, size_t length, char *upper);

#endif							/* LOOPIT_TEXT_H */

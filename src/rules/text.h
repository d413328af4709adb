/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Checks of text: trimming, e-mail addresses, whole numbers, states.
 *
 * All functions take (const char *, size_t), allocate nothing and raise
 * nothing.  Text is in UTF-8, need not end in NUL, and may hold bytes that are
 * not valid UTF-8: those are never white space and never part of a valid
 * value.  "Any case" means ASCII case folding, whatever the locale is.
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

extern bool text_equal_folded(const char *a, size_t a_length,
							  const char *b, size_t b_length);

extern bool is_trimmed_code_point(uint32_t code_point);
extern void trim_text(const char **text, size_t *length);
extern bool is_placeholder(const char *text, size_t length);
extern bool has_digit(const char *text, size_t length);
extern bool is_one_character_repeated(const char *text, size_t length);
extern size_t count_characters(const char *text, size_t length);

/* email.c */
extern bool check_email(const char *text, size_t length, char *lower);

/* text.c */
extern bool check_integer(const char *text, size_t length, bool allow_minus,
						  int64_t *value);
extern bool same_document_number(const char *a, size_t a_length,
								 const char *b, size_t b_length);
extern size_t remove_separators(const char *text, size_t length, bool hyphens,
								char *plain);
extern size_t plain_name(const char *text, size_t length, char *plain);
extern bool check_state(const char *text, size_t length, char *upper);

#endif							/* LOOPIT_TEXT_H */

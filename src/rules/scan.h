/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Reads words from bytes of which nothing is known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SCAN_H
#define LOOPIT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the body, and how it is to be read. */
typedef struct Scan
{
	const char *at;
	const char *end;
	bool		percent;		/* percent-encoded */
	bool		flat;			/* backslashes are skipped, as of JSON in a
								 * string */
	bool		escaped;		/* the last character had a backslash */
} Scan;

#define WORD_LIMIT	300			/* bytes of a word that are of use */

typedef struct Word
{
	char		text[WORD_LIMIT];
	size_t		length;			/* WORD_LIMIT: too long to be of use */
	bool		whole;			/* its end was seen */
} Word;

extern int	next_byte(Scan *scan);
extern int	next_character(Scan *scan);
extern void add_character(Word *word, int c);
extern void scan_string(Scan *scan, int quote, Word *word);
extern void scan_bare(Scan *scan, int c, Word *word);

#endif							/* LOOPIT_SCAN_H */

/*-------------------------------------------------------------------------
 *
 * malformed.h
 *	  Bodies that are no JSON, or no object: what they look like, and what can
 *	  be seen in them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_MALFORMED_H
#define LOOPIT_MALFORMED_H

#include <stddef.h>

#include "rules/text.h"

typedef enum MalformedLook
{
	LOOKS_LIKE_NOTHING,
	LOOKS_LIKE_UTF16,
	LOOKS_COMPRESSED,			/* gzip, zlib or Zstandard */
	LOOKS_LIKE_MARKUP,			/* XML or HTML */
	LOOKS_LIKE_FORM,
	LOOKS_LIKE_DOCUMENTS,		/* several, one after the other */
	LOOKS_TRUNCATED
} MalformedLook;

#define SCAN_LIMIT	(1024 * 1024)	/* bytes of a body that are scanned */
#define SEEN_REFERENCE_LIMIT 255	/* bytes of a lead reference */

/* What was seen in a body; a length of 0: nothing.  All of it is ASCII. */
typedef struct Seen
{
	char		reference[SEEN_REFERENCE_LIMIT];
	size_t		reference_length;
	char		email[EMAIL_LIMIT];
	size_t		email_length;
} Seen;

extern MalformedLook malformed_look(const char *body, size_t length);
extern void malformed_see(const char *body, size_t length, Seen *seen);

#endif							/* LOOPIT_MALFORMED_H */

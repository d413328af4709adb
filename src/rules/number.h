/*-------------------------------------------------------------------------
 *
 * number.h
 *	  Numbers in JSON text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_NUMBER_H
#define LOOPIT_NUMBER_H

#include <stddef.h>

/* Characters of a number's plain decimal text that can be stored. */
#define NUMBER_LIMIT 100

typedef enum NumberVerdict
{
	NUMBER_NONE,				/* it is no number */
	NUMBER_KEPT,				/* to be kept as it is */
	NUMBER_ZERO,				/* to be written as 0 */
	NUMBER_LONG					/* its plain text exceeds NUMBER_LIMIT */
} NumberVerdict;

extern NumberVerdict judge_number(const char *token, size_t length);

#endif							/* LOOPIT_NUMBER_H */

/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  What a payload would grow to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_MEASURE_H
#define LOOPIT_MEASURE_H

#include "utils/jsonb.h"
#include "utils/numeric.h"

typedef struct Measure
{
	bool		too_deep;		/* nested deeper than NESTING_LIMIT */
	bool		long_number;	/* has a number longer than NUMBER_LIMIT */
	size_t		text;			/* its text has fewer bytes, escaped for COPY */
} Measure;

extern size_t number_length(Numeric number);
extern Measure measure_payload(Jsonb *payload);
extern Jsonb *drop_long_numbers(Jsonb *payload);

#endif							/* LOOPIT_MEASURE_H */

/*-------------------------------------------------------------------------
 *
 * share.h
 *	  A share in each of the two samples, and whether they differ.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SHARE_H
#define LOOPIT_SHARE_H

#include "report/drift.h"

/* How many leads have something, and of how many. */
typedef struct Share
{
	int			found[NUM_WINDOWS];
	int			of[NUM_WINDOWS];
} Share;

static inline double
share_in(const Share *share, DriftWindow window)
{
	return (double) share->found[window] / share->of[window];
}

extern bool share_differs(const Share *share);

#endif							/* LOOPIT_SHARE_H */

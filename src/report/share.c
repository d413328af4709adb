/*-------------------------------------------------------------------------
 *
 * share.c
 *	  Whether two shares differ by more than chance, and enough for a DBA.
 *
 * They are compared by Fisher's exact test, since a dealership may have five
 * leads a day.  Nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "report/share.h"

/*
 * A change is reported if chance alone would give as large a difference less
 * often than once in a million times: a report compares some thousand shares,
 * so that one in a few hundred reports has a line that means nothing.
 */
#define CHANCE_LIMIT		1e-6

/* And if a DBA would care: by 10 points of 100, or twice as many. */
#define MIN_DIFFERENCE		0.1
#define MIN_FACTOR			2

/* A key that fewer leads have may be about one person. */
#define MIN_LEADS			3

static double
log_combinations(int n, int k)
{
	return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/*
 * Returns how likely it is that chance alone makes the shares differ at least
 * so much, in either direction: twice the tail of the hypergeometric
 * distribution.
 */
static double
chance_of(const Share *share)
{
	DriftWindow high = share_in(share, WINDOW_NOW) >
		share_in(share, WINDOW_BEFORE) ? WINDOW_NOW : WINDOW_BEFORE;
	int			found = share->found[WINDOW_NOW] + share->found[WINDOW_BEFORE];
	int			in_high = share->of[high];
	int			in_low = share->of[NUM_WINDOWS - 1 - high];
	int			last = Min(found, in_high);
	double		term = exp(log_combinations(in_high, share->found[high]) +
						   log_combinations(in_low, found - share->found[high]) -
						   log_combinations(in_high + in_low, found));
	double		sum = 0;

	/*
	 * each term from the one before; they fall, as the first is above the
	 * mean
	 */
	for (int x = share->found[high]; x <= last && term > sum * 1e-9; x++)
	{
		sum += term;
		term *= ((double) (in_high - x) * (found - x)) /
			((x + 1.0) * (in_low - found + x + 1.0));
	}
	return 2 * sum;
}

/* Returns true if the difference is not by chance, and large enough. */
bool
share_differs(const Share *share)
{
	double		before = share_in(share, WINDOW_BEFORE);
	double		now = share_in(share, WINDOW_NOW);

	return Max(share->found[WINDOW_BEFORE], share->found[WINDOW_NOW]) >= MIN_LEADS &&
		(fabs(now - before) >= MIN_DIFFERENCE ||
		 Max(now, before) >= MIN_FACTOR * Min(now, before)) &&
		chance_of(share) < CHANCE_LIMIT;
}

/*-------------------------------------------------------------------------
 *
 * report_change.c
 *	  What is not as it was: issues whose share rose, workspaces whose leads
 *	  are no longer booked, dealerships that fell silent.
 *
 * Counts vary by chance.  Those of leads that arrive one by one vary by about
 * the square root of what is expected, so a few times that is no chance.
 *
 * Memory: nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "report/figures.h"

/* How many square roots from the expected count are no chance. */
#define SURE			4.0

/* Fewer leads than these are no reason to look. */
#define FEW_LEADS		5

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

/* Returns true if the count is above what is expected, and not by chance. */
static bool
is_above(double count, double expected)
{
	return count > 1.5 * expected &&
		count > expected + SURE * sqrt(expected + 1);
}

/* The share of a day's deliveries that had the issue. */
static double
day_share(const Figures *figures, const IssueFigures *issue, int day)
{
	return (double) issue->day_leads[day] /
		(double) figures->base_deliveries[day];
}

/* The median of the daily shares; 0 if there were no deliveries. */
static double
usual_share(const Figures *figures, const IssueFigures *issue)
{
	double		shares[BASE_DAYS];
	int			count = 0;

	for (int day = 0; day < BASE_DAYS; day++)
	{
		if (figures->base_deliveries[day] > 0)
			shares[count++] = day_share(figures, issue, day);
	}
	if (count == 0)
		return 0;
	qsort(shares, count, sizeof(double), compare_doubles);
	return shares[count / 2];
}

/*
 * Finds the first of the last days that were like the period: on which the share
 * was nearer to that of the period than to the usual one.  Returns BASE_DAYS if
 * not even the day before the period was.
 */
static int
first_day_like_now(const Figures *figures, const IssueFigures *issue,
				   double now)
{
	double		middle = (now + usual_share(figures, issue)) / 2;
	int			first = BASE_DAYS;

	for (int day = BASE_DAYS - 1; day >= 0; day--)
	{
		if (figures->base_deliveries[day] == 0)
			continue;
		if (day_share(figures, issue, day) <= middle)
			break;
		first = day;
	}
	return first;
}

/* Sets what the issue is compared with, and whether it rose. */
static void
compare_issue(const Figures *figures, IssueFigures *issue)
{
	int64		deliveries = figures->period.deliveries;
	double		now = (double) issue->leads / (double) Max(deliveries, 1);
	int			first = first_day_like_now(figures, issue, now);
	double		expected;

	for (int day = 0; day < first; day++)
	{
		issue->base_leads += issue->day_leads[day];
		issue->base_deliveries += figures->base_deliveries[day];
	}
	issue->since = figures->from_day - BASE_DAYS + first;
	if (issue->base_deliveries == 0 || issue->leads < FEW_LEADS)
		return;
	expected = (double) issue->base_leads / (double) issue->base_deliveries *
		(double) deliveries;
	issue->rose = is_above((double) issue->leads, expected);
}

void
compare_issues(Figures *figures)
{
	ListCell   *lc;

	foreach(lc, figures->issues)
		compare_issue(figures, lfirst(lc));
}

/* Returns an issue of that code that rose; NULL if there is none. */
const IssueFigures *
find_rise(const Figures *figures, LeadText code)
{
	ListCell   *lc;

	foreach(lc, figures->issues)
	{
		const IssueFigures *issue = lfirst(lc);

		if (issue->rose && same_text(issue->code, code))
			return issue;
	}
	return NULL;
}

/* How many leads the dealership would have sent since its last one. */
double
missing_leads(const Figures *figures, const DealershipFigures *dealership)
{
	double		days_sent;
	double		days_silent;

	if (dealership->leads == 0)
		return 0;
	days_silent = (double) (figures->now - dealership->last) / USECS_PER_DAY;
	days_sent = (double) dealership->last / USECS_PER_DAY -
		dealership->first_day;
	return days_silent * (double) dealership->leads / Max(days_sent, 1);
}

bool
is_silent(const Figures *figures, const DealershipFigures *dealership)
{
	return missing_leads(figures, dealership) >= MISSED_LEADS &&
		figures->now - dealership->last > USECS_PER_DAY;
}

static double
conversion_share(const ConversionFigures *conversion)
{
	return (double) conversion->booked / (double) conversion->asked;
}

/* Orders workspaces by the share of their leads that was booked, lowest first. */
int
compare_conversions(const ListCell *a, const ListCell *b)
{
	const ConversionFigures *left = lfirst(a);
	const ConversionFigures *right = lfirst(b);
	double		left_share = conversion_share(left);
	double		right_share = conversion_share(right);

	if (left_share != right_share)
		return left_share < right_share ? -1 : 1;
	if (left->asked != right->asked)
		return left->asked > right->asked ? -1 : 1;
	return left->workspace_id < right->workspace_id ? -1 : 1;
}

/* Returns true if fewer leads are booked than before, and not by chance. */
bool
has_collapsed(const ConversionFigures *conversion)
{
	double		expected;

	if (conversion->asked_before == 0 || conversion->asked < FEW_LEADS)
		return false;
	expected = (double) (conversion->asked_before - conversion->booked_before) /
		(double) conversion->asked_before * (double) conversion->asked;
	return is_above((double) (conversion->asked - conversion->booked), expected);
}

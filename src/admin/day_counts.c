/*-------------------------------------------------------------------------
 *
 * day_counts.c
 *	  Counting the log's days that are over, so that loopit.ingest_summary reads
 *	  the counts of these days and the log of the others.
 *
 * A day is counted once no transaction is in progress that may add a row to it.
 * Such a transaction is older than any that reads the clock after the day's
 * end: a row that is written later is noted as late (store_insert_log()), and
 * the summary adds the rows that are noted.  So a call after the day's end counts
 * it if no transaction is in progress that is older than the call, or none that
 * is older than an earlier call after the day's end.  Transactions that are
 * prepared are in progress.
 *
 * What a loader or a clock that was set back adds to a counted day is found by
 * comparing the counts with the log: each call compares the newest two days and
 * some of the others.  A day of which rows were purged cannot be compared.
 *
 * One caller at a time counts; the others wait for its transaction.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "admin/day_counts.h"
#include "rules/time.h"

/* How much one call counts: no further day after so many rows, or days. */
#define MAX_COUNTED_ROWS	100000
#define MAX_COUNTED_DAYS	31

/* How many days one call compares beside the newest two. */
#define COMPARED_DAYS		7

/*
 * Forgets what a clock that was ahead, and was set back, took for over.  Returns
 * whether it was.
 */
static bool
undo_future(Store *store, DayCounts *days, int32 today)
{
	bool		ahead = days->counted_until > today ||
		days->ended_until > today || days->purged_until > today + 1;

	if (days->counted_until > today)
		store_forget_day_counts(store, today, DATEVAL_NOEND);
	days->counted_until = Min(days->counted_until, today);
	days->ended_until = Min(days->ended_until, today);
	days->purged_until = Min(days->purged_until, today + 1);
	return ahead;
}

/*
 * Counts days that are not, before that one; ends after the last day that has
 * rows, so that rows of an empty day are read in the log if they come.  Returns
 * the day before which no row is left to be counted.
 */
static int32
count_until(Store *store, DayCounts *days, int32 until)
{
	int64		rows = 0;
	int32		day;

	for (int i = 0; i < MAX_COUNTED_DAYS && rows < MAX_COUNTED_ROWS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!store_find_day(store, days->counted_until, until, &day))
			return Max(until, days->counted_until);
		rows += store_count_day(store, day);
		days->counted_until = day + 1;
	}
	return days->counted_until;
}

/* Counts days again, from one to before another, that have got more rows. */
static void
recount(Store *store, const DayCounts *days, int32 from, int32 until)
{
	int32		miscounted[MAX_COUNTED_DAYS];
	int			count;

	count = store_find_miscounted(store, Max(from, days->purged_until),
								  Min(until, days->counted_until),
								  lengthof(miscounted), miscounted);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		(void) store_count_day(store, miscounted[i]);
	}
}

/* Compares the next days of the log, and begins again at its end. */
static void
recount_next(Store *store, DayCounts *days)
{
	int32		from;

	if (!store_find_day(store, Max(days->checked_until, days->purged_until),
						days->counted_until, &from))
	{
		days->checked_until = DATEVAL_NOBEGIN;
		return;
	}
	recount(store, days, from, from + COMPARED_DAYS);
	days->checked_until = from + COMPARED_DAYS;
}

/*
 * Counts days that are over and not counted yet, a limited number of them, and
 * corrects the counts of others.  Returns the time before which no row is left to
 * be counted.
 */
int64
count_days(Store *store)
{
	int32		today = day_of_time(GetCurrentTimestamp());
	bool		ended_now;
	bool		was_ahead;
	int32		all_counted;
	DayCounts	days;

	store_lock_day_counts(store, &days);
	was_ahead = undo_future(store, &days, today);
	all_counted = days.counted_until;
	if (days.alone)
		all_counted = count_until(store, &days, today);
	else if (days.ended)
		all_counted = count_until(store, &days, days.ended_until);

	/* an older note stays until it has served, however long that takes */
	ended_now = days.ended_until < today && (days.ended || !days.waiting);
	if (ended_now)
		days.ended_until = today;

	store_count_late(store, days.counted_until);
	recount(store, &days, was_ahead ? DATEVAL_NOBEGIN : today - 2, today);
	recount_next(store, &days);
	store_save_day_counts(store, &days, ended_now);
	return all_counted == DATEVAL_NOBEGIN ? DT_NOBEGIN : day_start(all_counted);
}

/*-------------------------------------------------------------------------
 *
 * partition.h
 *	  The partitions of loopit.ingest_log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_PARTITION_H
#define LOOPIT_PARTITION_H

#include "store/store.h"

typedef enum Period
{
	PERIOD_DAY,
	PERIOD_WEEK,
	PERIOD_MONTH,
	NUM_PERIODS
} Period;

typedef struct PeriodSpec
{
	const char *name;
	int			ahead;			/* how many partitions are made after the
								 * current one */
} PeriodSpec;

extern const PeriodSpec period_specs[NUM_PERIODS];

extern Period find_period(LeadText name);
extern int64 period_start(Period period, int64 time);
extern int64 period_next(Period period, int64 time);
extern char *partition_label(int64 time);
extern int	limit_lock_waits(void);

extern bool store_log_is_partitioned(void);
extern char *store_make_default_partition(Store *store);
extern char *store_make_partitions(Store *store, int64 now, int max_rows);
extern int64 store_drop_partitions(Store *store, int64 processed_before,
								   int64 others_before,
								   int64 counted_until);
extern void store_drop_future_partitions(Store *store, int64 now);

#endif							/* LOOPIT_PARTITION_H */

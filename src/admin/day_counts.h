/*-------------------------------------------------------------------------
 *
 * day_counts.h
 *	  Counting the log's days that are over.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_DAY_COUNTS_H
#define LOOPIT_DAY_COUNTS_H

#include "store/store.h"

extern int64 count_days(Store *store);

#endif							/* LOOPIT_DAY_COUNTS_H */

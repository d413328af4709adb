/*-------------------------------------------------------------------------
 *
 * time.h
 *	  Checks of dates and of points in time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TIME_H
#define LOOPIT_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern bool check_date(const char *text, size_t length, int32_t *days);
extern bool check_timestamp(const char *text, size_t length,
							int64_t *microseconds);
extern int32_t day_of_time(int64_t microseconds);

#endif							/* LOOPIT_TIME_H */

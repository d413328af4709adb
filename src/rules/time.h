/*-------------------------------------------------------------------------
 *
 * time.h
 *	  The checkers of dates and points in time.
 *
 * Plain C, as rules/text.h is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TIME_H
#define LOOPIT_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* dd/mm/yyyy; *days counts from 2000-01-01, as the server's type date does. */
extern bool check_date(const char *text, size_t length, int32_t *days);

/*
 * RFC 3339 date-time, a missing offset being UTC; *microseconds counts from
 * 2000-01-01 00:00 UTC, as the server's type timestamptz does.
 */
extern bool check_timestamp(const char *text, size_t length,
							int64_t *microseconds);

#endif							/* LOOPIT_TIME_H */

/*-------------------------------------------------------------------------
 *
 * check.h
 *	  Shared by the fuzz targets, which script/fuzz builds and runs.
 *
 * A target compares a rule with an independently written implementation of the
 * same rule, so it finds wrong results as well as crashes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_CHECK_H
#define LOOPIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/text.h"

/* Reports a condition that is false for the input, and ends the run. */
#define CHECK(condition) \
	do \
	{ \
		if (!(condition)) \
		{ \
			fprintf(stderr, "CHECK failed: %s:%d: %s\n", \
					__FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* Returns a malloc'd copy of the input that ends in NUL. */
static inline char *
copy_as_string(const char *text, size_t length)
{
	char	   *copy = malloc(length + 1);

	CHECK(copy != NULL);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* Returns a number made of the input's first bytes. */
static inline uint64_t
number_of_input(const uint8_t *data, size_t size)
{
	uint64_t	number = 0;

	memcpy(&number, data, size < sizeof(number) ? size : sizeof(number));
	return number;
}

/* 1 January 2000 in days since 1 January 1970. */
#define EPOCH_DAYS 10957

/*
 * The civil calendar from days since 2000-01-01, by eras of 400 years.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static inline void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t		shifted = days + EPOCH_DAYS + 719468;	/* from 0000-03-01 */
	int64_t		era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t		of_era = shifted - era * 146097;
	int64_t		year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
							   of_era / 146096) / 365;
	int64_t		of_year = of_era - (365 * year_of_era + year_of_era / 4 -
									year_of_era / 100);
	int64_t		from_march = (5 * of_year + 2) / 153;

	*day = (int) (of_year - (153 * from_march + 2) / 5 + 1);
	*month = (int) (from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (int) (year_of_era + era * 400 + (*month <= 2));
}

/* 0001-01-01 and 9999-12-31 in days since 2000-01-01. */
#define FIRST_DAY	(-730119)
#define LAST_DAY	2921939

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif							/* LOOPIT_CHECK_H */

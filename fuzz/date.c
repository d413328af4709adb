/*
 * date.c: check_date().  The input is the date.  Its bytes also select a day
 * that must be accepted.
 */
#include "check.h"

#include "rules/time.h"

/* Checks that the text is that of a day from 0001-01-01 to 9999-12-31. */
static void
check_accepted(const char *text, int32_t days)
{
	char		expected[32];
	int			year;
	int			month;
	int			day;

	CHECK(days >= FIRST_DAY && days <= LAST_DAY);
	civil_from_days(days, &year, &month, &day);
	snprintf(expected, sizeof(expected), "%02d/%02d/%04d", day, month, year);
	CHECK(memcmp(text, expected, 10) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	int32_t		chosen = FIRST_DAY + (int32_t) (number_of_input(data, size) %
												(LAST_DAY - FIRST_DAY + 1));
	int32_t		days = -1;
	char		text[32];
	int			year;
	int			month;
	int			day;

	if (check_date(input, size, &days))
	{
		CHECK(size == 10);
		check_accepted(input, days);
	}

	/* every day is accepted, with its own value */
	civil_from_days(chosen, &year, &month, &day);
	snprintf(text, sizeof(text), "%02d/%02d/%04d", day, month, year);
	CHECK(check_date(text, 10, &days) && days == chosen);

	/* no other length or separator is */
	CHECK(!check_date(text, 9, &days));
	CHECK(!check_date(text, 11, &days));
	text[2] = '-';
	CHECK(!check_date(text, 10, &days));
	return 0;
}

/*
 * timestamp.c: check_timestamp().  The input is the point in time.  Its bytes
 * also select one that must be accepted.
 */
#include "check.h"

#include "rules/time.h"

#define SECOND		INT64_C(1000000)
#define MINUTE		(60 * SECOND)
#define DAY			(24 * 60 * MINUTE)

/* Prints microseconds since 2000-01-01 00:00, local time, in 26 bytes. */
static void
print_local(int64_t local, char *text, size_t size)
{
	int64_t		days = local / DAY - (local % DAY < 0);
	int64_t		of_day = local - days * DAY;
	int			year;
	int			month;
	int			day;

	civil_from_days(days, &year, &month, &day);
	snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06d",
			 year, month, day, (int) (of_day / (60 * MINUTE)),
			 (int) (of_day / MINUTE % 60), (int) (of_day / SECOND % 60),
			 (int) (of_day % SECOND));
}

/*
 * Checks an accepted text: its value, printed in the text's own local time, is
 * the same text.  The text is taken apart by sscanf.
 */
static void
check_accepted(const char *text, size_t length, int64_t microseconds)
{
	char	   *copy = copy_as_string(text, length);
	char	   *rest = copy + 19;
	char		printed[64];
	int64_t		offset = 0;
	int64_t		round_up = 0;
	char		sign;
	int			hours;
	int			minutes;

	CHECK(length >= 19 && strlen(copy) == length);
	CHECK(microseconds >= FIRST_DAY * DAY - DAY);
	CHECK(microseconds <= (LAST_DAY + 1) * DAY + DAY);

	/* the fraction is cut to six digits, and rounded by the seventh */
	if (*rest == '.')
	{
		size_t		digits = strspn(rest + 1, "0123456789");

		CHECK(digits > 0);
		round_up = digits > 6 && rest[7] >= '5';
		rest += digits + 1;
	}
	if (sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3)
	{
		CHECK(strlen(rest) == 6 && (sign == '+' || sign == '-'));
		CHECK(hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60);
		offset = (hours * 60 + minutes) * MINUTE * (sign == '-' ? -1 : 1);
	}
	else
		CHECK(strcmp(rest, "") == 0 || strcmp(rest, "Z") == 0 ||
			  strcmp(rest, "z") == 0);

	print_local(microseconds + offset - round_up, printed, sizeof(printed));
	CHECK(memcmp(copy, printed, 10) == 0);
	CHECK(strchr("Tt ", copy[10]) != NULL);
	CHECK(memcmp(copy + 11, printed + 11, 8) == 0);
	for (size_t i = 20; i < 26; i++)
	{
		bool		given = copy[19] == '.' && i < (size_t) (rest - copy);

		CHECK(printed[i] == (given ? copy[i] : '0'));
	}
	free(copy);
}

/* Checks a point in time selected by the input, written with an offset. */
static void
check_chosen(uint64_t number, int offset_minutes)
{
	int64_t		local = FIRST_DAY * DAY +
		(int64_t) (number % (uint64_t) ((LAST_DAY - FIRST_DAY + 1) * DAY));
	int64_t		microseconds = 0;
	char		text[64];
	int			size = offset_minutes < 0 ? -offset_minutes : offset_minutes;

	print_local(local, text, 27);
	CHECK(check_timestamp(text, 26, &microseconds) && microseconds == local);
	snprintf(text + 26, sizeof(text) - 26, "%c%02d:%02d",
			 offset_minutes < 0 ? '-' : '+', size / 60, size % 60);
	CHECK(check_timestamp(text, 32, &microseconds));
	CHECK(microseconds == local - offset_minutes * MINUTE);

	/* the same in the other forms that RFC 3339 allows */
	text[10] = number % 2 == 0 ? 't' : ' ';
	text[26] = number % 3 == 0 ? 'z' : 'Z';
	CHECK(check_timestamp(text, 27, &microseconds) && microseconds == local);
	CHECK(!check_timestamp(text, 18, &microseconds));
	CHECK(!check_timestamp(text, 20, &microseconds));
	CHECK(!check_timestamp(text, 28, &microseconds));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	int64_t		microseconds = 0;
	uint64_t	number = number_of_input(data, size);

	if (check_timestamp(input, size, &microseconds))
		check_accepted(input, size, microseconds);
	check_chosen(number, (int) (number % 2879) - 1439);
	return 0;
}

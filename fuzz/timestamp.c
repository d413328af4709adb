/*
 * timestamp.c: check_timestamp().  The input is the point in time.  Its bytes
 * also select one that must be accepted.
 */
#include "check.h"

#include <strings.h>

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
 * the same text.
 */
static void
check_accepted(const char *text, size_t length, int64_t microseconds)
{
	char	   *copy = copy_as_string(text, length);
	char	   *rest = copy + 19;
	char		printed[64];
	int64_t		offset = 0;
	int64_t		round_up = 0;
	char	   *zone;

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
	zone = rest + (*rest == ' ');
	if (*zone == '+' || *zone == '-')
	{
		/* the digits alone: hh or hhmm; a colon may be between the two */
		char		digits[5] = "";
		int			minutes;

		CHECK(strlen(zone) == 3 || strlen(zone) == 5 || strlen(zone) == 6);
		strncat(digits, zone + 1, 2);
		strncat(digits, zone + (strlen(zone) == 6 ? 4 : 3), 2);
		CHECK(strspn(digits, "0123456789") == strlen(digits));
		CHECK(strlen(zone) != 6 || zone[3] == ':');
		CHECK(strlen(digits) == (strlen(zone) == 3 ? 2 : 4));
		minutes = atoi(digits) * (strlen(digits) == 2 ? 100 : 1);
		CHECK(minutes / 100 < 24 && minutes % 100 < 60);
		offset = (minutes / 100 * 60 + minutes % 100) * MINUTE *
			(*zone == '-' ? -1 : 1);
	}
	else
		CHECK(*rest == '\0' || strcasecmp(zone, "z") == 0 ||
			  strcasecmp(zone, "utc") == 0 || strcasecmp(zone, "gmt") == 0);

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

	/* other forms of the offset */
	text[29] = ' ';
	memmove(text + 29, text + 30, 3);
	CHECK(check_timestamp(text, 31, &microseconds));
	CHECK(microseconds == local - offset_minutes * MINUTE);
	memmove(text + 27, text + 26, 5);
	text[26] = ' ';
	CHECK(check_timestamp(text, 32, &microseconds));
	CHECK(microseconds == local - offset_minutes * MINUTE);
	CHECK(check_timestamp(text, 30, &microseconds));
	CHECK(microseconds == local - offset_minutes / 60 * 60 * MINUTE);
	CHECK(!check_timestamp(text, 31, &microseconds));
	strcpy(text + 26, number % 2 == 0 ? " UTC" : " GMT");
	CHECK(check_timestamp(text, 30, &microseconds) && microseconds == local);
	CHECK(!check_timestamp(text, 29, &microseconds));

	/* the same in the other forms that RFC 3339 allows */
	text[10] = number % 2 == 0 ? 't' : ' ';
	text[26] = number % 3 == 0 ? 'z' : 'Z';
	CHECK(check_timestamp(text, 27, &microseconds) && microseconds == local);
	CHECK(!check_timestamp(text, 18, &microseconds));
	CHECK(!check_timestamp(text, 20, &microseconds));
	text[27] = ' ';
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

/*-------------------------------------------------------------------------
 *
 * time.c
 *	  Checks of dates and of points in time.
 *
 * The server's own datetime input is not used: it accepts far more than the
 * specification's one format (names of months, "today", two-digit years, the
 * session's DateStyle), raises errors instead of returning them, and cannot be
 * linked into a fuzzer.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/text.h"
#include "rules/time.h"

#define MICROSECONDS_PER_SECOND INT64_C(1000000)
#define MICROSECONDS_PER_DAY	(86400 * MICROSECONDS_PER_SECOND)

/* Returns the value of count digits, -1 if one of them is no digit. */
static int
read_digits(const char *text, int count)
{
	int			value = 0;

	for (int i = 0; i < count; i++)
	{
		if (!ascii_is_digit(text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/*
 * Sets *days to the number of days from 2000-01-01 to a day of the proleptic
 * Gregorian calendar.  Returns false if there is no such day.  The formula
 * counts years from 1 March, so that the leap day is the last day of a year.
 */
static bool
days_of_date(int year, int month, int day, int32_t *days)
{
	static const int month_days[12] =
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int			last_day;

	if (year < 1 || year > 9999 || month < 1 || month > 12)
		return false;
	last_day = month_days[month - 1] + (month == 2 && leap ? 1 : 0);
	if (day < 1 || day > last_day)
		return false;

	if (month <= 2)
	{
		year--;
		month += 12;
	}
	*days = year * 365 + year / 4 - year / 100 + year / 400 +
		(153 * (month - 3) + 2) / 5 + day - 1 - 730425;
	return true;
}

/*
 * Returns true if the text is a day of the calendar, dd/mm/yyyy in ASCII.  Then
 * sets *days, counted from 2000-01-01 as in the server's type date.
 */
bool
check_date(const char *text, size_t length, int32_t *days)
{
	if (length != 10 || text[2] != '/' || text[5] != '/')
		return false;
	return days_of_date(read_digits(text + 6, 4), read_digits(text + 3, 2),
						read_digits(text, 2), days);
}

/*
 * Reads the fraction of a second that starts at the point *text, rounds it to
 * microseconds, and moves *text past it.  RFC 3339 requires at least one digit
 * and sets no upper limit.
 */
static bool
read_fraction(const char **text, const char *end, int64_t *microseconds)
{
	const char *digit = *text + 1;
	int64_t		unit = MICROSECONDS_PER_SECOND / 10;

	*microseconds = 0;
	if (digit == end || !ascii_is_digit(*digit))
		return false;
	for (; digit < end && ascii_is_digit(*digit); digit++, unit /= 10)
	{
		if (unit > 0)
			*microseconds += unit * (*digit - '0');
		else if (digit - *text == 7 && *digit >= '5')
			*microseconds += 1;
	}
	*text = digit;
	return true;
}

/*
 * Reads an offset, the seconds to subtract from the local time: "Z", "UTC" or
 * "GMT" in any case, "+hh:mm", "+hhmm" or "+hh" (or with a minus), each with or
 * without a space before it, or nothing.
 */
static bool
read_offset(const char *text, size_t length, int *seconds)
{
	int			hours;
	int			minutes = 0;

	*seconds = 0;
	if (length == 0)
		return true;
	if (text[0] == ' ')
	{
		text++;
		length--;
	}
	if (text_equal_folded(text, length, "z", 1) ||
		text_equal_folded(text, length, "utc", 3) ||
		text_equal_folded(text, length, "gmt", 3))
		return true;

	if (length < 3 || (text[0] != '+' && text[0] != '-'))
		return false;
	hours = read_digits(text + 1, 2);
	if (length == 6 && text[3] == ':')
		minutes = read_digits(text + 4, 2);
	else if (length == 5)
		minutes = read_digits(text + 3, 2);
	else if (length != 3)
		return false;
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
	return true;
}

/*
 * Returns true if the text is a date and time as in RFC 3339 section 5.6, or with
 * an offset as other programs write it (read_offset()); one without an offset is
 * UTC.  Then sets *microseconds, counted from 2000-01-01 00:00 UTC as in the
 * server's type timestamptz.
 */
bool
check_timestamp(const char *text, size_t length, int64_t *microseconds)
{
	const char *end = text + length;
	int			hour;
	int			minute;
	int			second;
	int			offset;
	int32_t		days;
	int64_t		fraction = 0;

	/* yyyy-mm-ddThh:mm:ss */
	if (length < 19 || text[4] != '-' || text[7] != '-' ||
		(ascii_lower(text[10]) != 't' && text[10] != ' ') ||
		text[13] != ':' || text[16] != ':' ||
		!days_of_date(read_digits(text, 4), read_digits(text + 5, 2),
					  read_digits(text + 8, 2), &days))
		return false;
	hour = read_digits(text + 11, 2);
	minute = read_digits(text + 14, 2);
	second = read_digits(text + 17, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 59)
		return false;

	text += 19;
	if (text < end && *text == '.' && !read_fraction(&text, end, &fraction))
		return false;
	if (!read_offset(text, (size_t) (end - text), &offset))
		return false;

	*microseconds = ((int64_t) days * 86400 +
					 (hour * 60 + minute) * 60 + second - offset) *
		MICROSECONDS_PER_SECOND + fraction;
	return true;
}

/* Returns the day in UTC, counted from 2000-01-01, of a point in time. */
int32_t
day_of_time(int64_t microseconds)
{
	int64_t		day = microseconds / MICROSECONDS_PER_DAY;

	return (int32_t) (day - (microseconds % MICROSECONDS_PER_DAY < 0));
}

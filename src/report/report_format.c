/*-------------------------------------------------------------------------
 *
 * report_format.c
 *	  Numbers, times and strange values as a report shows them.
 *
 * A name or a value of a payload may hold anything: control characters of a
 * terminal, marks that turn the direction of what follows, characters that
 * nobody sees, bytes that are no character.  value_text() has escapes for all
 * those (see printable.c), and cuts what is long, so that what it returns is one
 * line of characters that are seen.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "report/format.h"
#include "report/printable.h"
#include "rules/time.h"

/* How many columns of a strange value are shown. */
#define SHOWN_COLUMNS		60

/* 1234567 is 1,234,567. */
char *
count_text(int64 count)
{
	char	   *digits = psprintf(INT64_FORMAT, count);
	size_t		length = strlen(digits);
	char	   *text = palloc(length + length / 3 + 1);
	size_t		end = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
			text[end++] = ',';
		text[end++] = digits[i];
	}
	text[end] = '\0';
	return text;
}

/* "1 lead", "1,002 leads" */
char *
plural_text(int64 count, const char *one, const char *many)
{
	return psprintf("%s %s", count_text(count), count == 1 ? one : many);
}

char *
leads_text(int64 count)
{
	return plural_text(count, "lead", "leads");
}

/* "27.0 %"; of nothing it is "-".  What is not all, or nothing, does not look so. */
char *
share_text(int64 part, int64 whole)
{
	double		percent;

	if (whole <= 0)
		return pstrdup("-");
	percent = 100.0 * (double) part / (double) whole;
	if (part > 0 && percent < 0.05)
		return pstrdup("<0.1 %");
	if (part < whole && percent > 99.94)
		percent = 99.9;
	return psprintf("%.1f %%", percent);
}

/* "22 Nov", or "22 Nov 2025" if that is not the year of today */
char *
day_text(DateADT day)
{
	int			year;
	int			month;
	int			day_of_month;
	int			this_year;

	if (DATE_NOT_FINITE(day))
		return pstrdup("ever");
	j2date(day_of_time(GetCurrentTimestamp()) + POSTGRES_EPOCH_JDATE,
		   &this_year, &month, &day_of_month);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	if (year == this_year)
		return psprintf("%d %s", day_of_month, months[month - 1]);
	return psprintf("%d %s %d", day_of_month, months[month - 1], year);
}

/* "Wed 25 Nov 2026 13:41", in the time zone of the session */
char *
time_text(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			zone;

	if (TIMESTAMP_NOT_FINITE(time) ||
		timestamp2tm(time, &zone, &tm, &fsec, NULL, NULL) != 0)
		return pstrdup("-");
	return psprintf("%.3s %d %s %d %02d:%02d",
					days[j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday))],
					tm.tm_mday, months[tm.tm_mon - 1], tm.tm_year,
					tm.tm_hour, tm.tm_min);
}

/* The day of a time in the time zone of the session, as day_text() has it. */
char *
since_text(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			zone;

	if (TIMESTAMP_NOT_FINITE(time) ||
		timestamp2tm(time, &zone, &tm, &fsec, NULL, NULL) != 0)
		return pstrdup("ever");
	return day_text(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) -
					POSTGRES_EPOCH_JDATE);
}

/* "10 days", "3 hours", "1 minute": how long it is from one time to another */
char *
span_text(TimestampTz from, TimestampTz until)
{
	int64		seconds;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(until))
		return pstrdup("ever");
	seconds = Max(0, (until - from) / USECS_PER_SEC);
	if (seconds >= 2 * SECS_PER_DAY)
		return plural_text(seconds / SECS_PER_DAY, "day", "days");
	if (seconds >= 2 * SECS_PER_HOUR)
		return plural_text(seconds / SECS_PER_HOUR, "hour", "hours");
	return plural_text(Max(1, seconds / SECS_PER_MINUTE), "minute", "minutes");
}

/* "0.42 ms", "1.3 s" */
char *
microseconds_text(int64 microseconds)
{
	if (microseconds < 10000)
		return psprintf("%.2f ms", (double) microseconds / 1000);
	if (microseconds < 1000000)
		return psprintf("%.0f ms", (double) microseconds / 1000);
	return psprintf("%.1f s", (double) microseconds / 1000000);
}

/* "1.2 GB" */
char *
size_text(int64 bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double		size = (double) bytes / 1024;
	int			unit = 0;

	while (size >= 1000 && unit < lengthof(units) - 1)
	{
		size /= 1024;
		unit++;
	}
	return psprintf(size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/*
 * Returns a value that did not come from this program as one line of characters
 * that are seen; what is long is cut, and ends in "...".
 */
char *
value_text(LeadText value)
{
	StringInfoData out;
	int			shown = 0;

	initStringInfo(&out);
	while (value.length > 0)
	{
		uint32		code_point;
		int			length;
		int			columns = 1;

		if (read_character(value.data, value.length, &length, &code_point))
			columns = Max(1, pg_dsplen(value.data));
		if (shown + columns > SHOWN_COLUMNS)
		{
			appendStringInfoString(&out, "...");
			break;
		}
		append_character(&out, value.data, value.length);
		value.data += length;
		value.length -= (size_t) length;
		shown += columns;
	}
	return out.data;
}

/* The same within quotation marks. */
char *
quoted_text(LeadText value)
{
	return psprintf("%c%s%c", QUOTE_BEGIN, value_text(value), QUOTE_END);
}

/* Returns true if value_text() shows the value as it is. */
bool
is_shown_whole(LeadText value)
{
	const char *shown = value_text(value);

	return strlen(shown) == value.length &&
		memcmp(shown, value.data, value.length) == 0;
}

/* A value as a literal of SQL; see append_literal(). */
char *
literal_text(LeadText value)
{
	StringInfoData out;

	initStringInfo(&out);
	append_literal(&out, value);
	return out.data;
}

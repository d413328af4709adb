/*-------------------------------------------------------------------------
 *
 * lines.c
 *	  Lines of text for a person: rows of a result, or one text.
 *
 * Memory: the current line, and the text, belong to the context in which the
 * page was begun; rows go to the tuplestore of the result, which the server
 * keeps in a file where they are many.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "report/lines.h"

/* rows NULL: the page is one text. */
void
page_begin(TextPage *page, ReturnSetInfo *rows)
{
	page->rows = rows;
	initStringInfo(&page->line);
	initStringInfo(&page->text);
}

void
page_end_line(TextPage *page)
{
	if (page->rows != NULL)
	{
		text	   *line = cstring_to_text_with_len(page->line.data, page->line.len);
		Datum		value = PointerGetDatum(line);
		bool		isnull = false;

		tuplestore_putvalues(page->rows->setResult, page->rows->setDesc,
							 &value, &isnull);
		pfree(line);
	}
	else
	{
		appendBinaryStringInfo(&page->text, page->line.data, page->line.len);
		appendStringInfoChar(&page->text, '\n');
	}
	resetStringInfo(&page->line);
}

/*
 * Appends to the current line, and ends it.  What the format takes must be
 * printable.
 */
void
page_line(TextPage *page, const char *format,...)
{
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&page->line, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&page->line, needed);
	}
	page_end_line(page);
}

/*
 * Appends a time in the session's time zone, with the day of the week and the
 * distance from UTC, which unlike the name of a zone is not ambiguous:
 * Wed 26 Nov 2025 00:55:16 +11.
 */
void
append_time(StringInfo out, TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fraction;
	int			zone;
	int			east;
	int			weekday;

	if (TIMESTAMP_NOT_FINITE(time) ||
		timestamp2tm(time, &zone, &tm, &fraction, NULL, NULL) != 0)
	{
		appendStringInfoString(out, TIMESTAMP_IS_NOBEGIN(time) ?
							   "before all times" : "after all times");
		return;
	}
	weekday = j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday));
	east = abs(zone);
	appendStringInfo(out, "%.3s %d %s %04d%s %02d:%02d:%02d %c%02d",
					 days[weekday], tm.tm_mday, months[tm.tm_mon - 1],
					 tm.tm_year > 0 ? tm.tm_year : 1 - tm.tm_year,
					 tm.tm_year > 0 ? "" : " BC",
					 tm.tm_hour, tm.tm_min, tm.tm_sec,
					 zone > 0 ? '-' : '+', east / SECS_PER_HOUR);
	if (east % SECS_PER_HOUR != 0)
		appendStringInfo(out, ":%02d", east / SECS_PER_MINUTE % MINS_PER_HOUR);
}

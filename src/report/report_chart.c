/*-------------------------------------------------------------------------
 *
 * report_chart.c
 *	  Draws the leads of each day as SVG: a bar per day, of what became of
 *	  them.
 *
 * The bars are stretched to the width of the page, and so must have no text in
 * them: the scale and the days are HTML beside them.  A reader who does not see
 * has the same figures as a table.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "report/format.h"
#include "report/page.h"

/* Of the picture; a bar is as wide as a day less the gap. */
#define CHART_HEIGHT	200
#define DAY_WIDTH		24
#define GAP_WIDTH		5

const char *const day_part_names[NUM_DAY_PARTS] = {
	[PART_BOOKED] = "booked",
	[PART_STORED] = "stored, no booking asked",
	[PART_UNBOOKED] = "asked, not booked",
	[PART_REJECTED] = "rejected or failed"
};

int64
day_total(const PageDay *day)
{
	int64		total = 0;

	for (int part = 0; part < NUM_DAY_PARTS; part++)
		total += day->leads[part];
	return total;
}

/* The top of the scale: the next 1, 2 or 5 times a power of ten, at least 4. */
int64
chart_top(const ReportPage *page)
{
	static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
	int64		most = 4;
	double		power = 1;

	for (int i = 0; i < page->ndays; i++)
		most = Max(most, day_total(&page->days[i]));
	while (power * 10 < (double) most)
		power *= 10;
	for (int i = 0; i < lengthof(steps); i++)
	{
		double		top = steps[i] * power;

		if (top >= (double) most && (int64) top % 2 == 0)
			return (int64) top;
	}
	return (int64) (power * 10);
}

static void
write_day(StringInfo out, const PageDay *day, int number, int64 top)
{
	double		y = CHART_HEIGHT;

	appendStringInfoString(out, "<g><title>");
	put_html(out, day_text(day->day));
	for (int part = 0; part < NUM_DAY_PARTS; part++)
	{
		if (day->leads[part] != 0)
		{
			put_html(out, ", ");
			put_html(out, count_text(day->leads[part]));
			put_html(out, " ");
			put_html(out, day_part_names[part]);
		}
	}
	appendStringInfoString(out, "</title>");
	/* something to point at on days without leads, too */
	appendStringInfo(out, "<rect class=\"whole\" x=\"%d\" width=\"%d\" height=\"%d\"/>",
					 number * DAY_WIDTH, DAY_WIDTH, CHART_HEIGHT);
	for (int part = 0; part < NUM_DAY_PARTS; part++)
	{
		double		height = CHART_HEIGHT * (double) day->leads[part] / (double) top;

		if (day->leads[part] <= 0)
			continue;
		y -= height;
		appendStringInfo(out, "<rect class=\"part%d\" x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"/>",
						 part, number * DAY_WIDTH + GAP_WIDTH / 2, y,
						 DAY_WIDTH - GAP_WIDTH, height);
	}
	appendStringInfoString(out, "</g>\n");
}

/* The scale beside the bars, and the days below them. */
static void
write_axes(StringInfo out, const ReportPage *page, int64 top)
{
	appendStringInfoString(out, "<ul class=\"scale\" aria-hidden=\"true\">");
	for (int i = 2; i >= 0; i--)
		appendStringInfo(out, "<li>%s</li>", count_text(top * i / 2));
	appendStringInfoString(out, "</ul>\n<ul class=\"dates\" aria-hidden=\"true\">");
	for (int i = 0; i < 4; i++)
	{
		appendStringInfoString(out, "<li>");
		put_html(out, day_text(page->days[(page->ndays - 1) * i / 3].day));
		appendStringInfoString(out, "</li>");
	}
	appendStringInfoString(out, "</ul>\n");
}

/* What the colours mean, with the sum of each. */
static void
write_legend(StringInfo out, const ReportPage *page)
{
	appendStringInfoString(out, "<ul class=\"legend\">\n");
	for (int part = 0; part < NUM_DAY_PARTS; part++)
	{
		int64		sum = 0;

		for (int i = 0; i < page->ndays; i++)
			sum += page->days[i].leads[part];
		appendStringInfo(out, "<li><i class=\"part%d\"></i>", part);
		put_html(out, day_part_names[part]);
		appendStringInfo(out, " <b>%s</b></li>\n", count_text(sum));
	}
	appendStringInfoString(out, "</ul>\n");
}

/* The figures of the picture, for those who do not see it, or want them. */
static void
write_day_table(StringInfo out, const ReportPage *page)
{
	appendStringInfoString(out, "<details>\n<summary>The figures of each day</summary>\n<table>\n<caption>Leads a day</caption>\n<thead><tr><th scope=\"col\">Day</th>");
	for (int part = 0; part < NUM_DAY_PARTS; part++)
	{
		appendStringInfoString(out, "<th scope=\"col\" class=\"number\">");
		put_html(out, day_part_names[part]);
		appendStringInfoString(out, "</th>");
	}
	appendStringInfoString(out, "</tr></thead>\n<tbody>\n");
	for (int i = page->ndays - 1; i >= 0; i--)
	{
		appendStringInfoString(out, "<tr><th scope=\"row\">");
		put_html(out, day_text(page->days[i].day));
		appendStringInfoString(out, "</th>");
		for (int part = 0; part < NUM_DAY_PARTS; part++)
			appendStringInfo(out, "<td class=\"number\">%s</td>",
							 count_text(page->days[i].leads[part]));
		appendStringInfoString(out, "</tr>\n");
	}
	appendStringInfoString(out, "</tbody>\n</table>\n</details>\n");
}

void
write_chart(StringInfo out, const ReportPage *page)
{
	int64		top = chart_top(page);
	int			width = page->ndays * DAY_WIDTH;

	appendStringInfoString(out, "<section aria-labelledby=\"days\">\n<h2 id=\"days\">Leads a day</h2>\n<figure>\n<div class=\"chart\">\n");
	appendStringInfo(out, "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"charttitle chartdesc\">\n"
					 "<title id=\"charttitle\">Leads a day</title>\n<desc id=\"chartdesc\">A bar for each of the last %d days; the table below has the figures.</desc>\n",
					 width, CHART_HEIGHT, page->ndays);
	for (int i = 0; i < 2; i++)
		appendStringInfo(out, "<path class=\"line\" d=\"M0 %d H%d\"/>\n",
						 i * CHART_HEIGHT / 2, width);
	for (int i = 0; i < page->ndays; i++)
		write_day(out, &page->days[i], i, top);
	appendStringInfo(out, "<path class=\"line base\" d=\"M0 %d H%d\"/>\n</svg>\n",
					 CHART_HEIGHT, width);
	write_axes(out, page, top);
	appendStringInfoString(out, "</div>\n");
	write_legend(out, page);
	appendStringInfoString(out, "<figcaption>");
	put_html(out, page->days_note);
	appendStringInfoString(out, "</figcaption>\n</figure>\n");
	write_day_table(out, page);
	appendStringInfoString(out, "</section>\n");
}

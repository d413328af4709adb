/*-------------------------------------------------------------------------
 *
 * report_figures.c
 *	  Reads the figures of a report.
 *
 * The log is read twice for the period, everything else is in counts per day
 * or among the open leads.  The texts are as the tables have them.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/figures.h"
#include "report/statements.h"
#include "store/look.h"

/* How many payloads of the period, and of the time before, are compared. */
#define DRIFT_SAMPLE	1000

static void
begin(Store *store, ReportStatement statement, StatementArgs *args, Look *look)
{
	look_begin(store, &report_statements[statement], args, look);
}

static void
arg_day(StatementArgs *args, DateADT day)
{
	arg_datum(args, DateADTGetDatum(day), false);
}

/* A time; without_one where it is null. */
static TimestampTz
look_time(const Look *look, int column, TimestampTz without_one)
{
	return look_is_null(look, column) ? without_one : look_integer(look, column);
}

/* A text; the empty one where it is null. */
static LeadText
text_or_empty(const Look *look, int column)
{
	return look_is_null(look, column) ? lead_text("", 0) : look_text(look, column);
}

static void
read_period(Store *store, Figures *figures)
{
	PeriodFigures *period = &figures->period;
	StatementArgs args = {0};
	Look		look;

	arg_integer(&args, figures->from);
	begin(store, REPORT_PERIOD, &args, &look);
	while (look_next(&look))
	{
		period->deliveries = look_integer(&look, 1);
		period->leads = look_integer(&look, 2);
		period->booked = look_integer(&look, 3);
		period->unbooked = look_integer(&look, 4);
		period->rejected = look_integer(&look, 5);
		period->failed = look_integer(&look, 6);
		for (int i = 0; i < lengthof(period->microseconds); i++)
			period->microseconds[i] = look_integer(&look, 7 + i);
	}
}

/* Reads what became of the leads of each day. */
static void
read_days(Store *store, Figures *figures)
{
	DateADT		first = figures->today - CHART_DAYS + 1;
	DateADT		first_base = figures->from_day - BASE_DAYS;
	StatementArgs args = {0};
	Look		look;

	for (int i = 0; i < CHART_DAYS; i++)
		figures->days[i].day = first + i;
	arg_day(&args, Min(first, first_base));
	begin(store, REPORT_DAYS, &args, &look);
	while (look_next(&look))
	{
		DateADT		day = DatumGetDateADT(look_datum(&look, 1));
		PageDay		counts = {.day = day};

		counts.leads[PART_REJECTED] = look_integer(&look, 2);
		counts.leads[PART_BOOKED] = look_integer(&look, 3);
		counts.leads[PART_UNBOOKED] = look_integer(&look, 4);
		counts.leads[PART_STORED] = look_integer(&look, 5);
		if (day >= first && day < first + CHART_DAYS)
			figures->days[day - first] = counts;
		if (day >= first_base && day < figures->from_day)
			figures->base_deliveries[day - first_base] = day_total(&counts);
	}
}

static IssueFigures *
find_issue(const Figures *figures, LeadText field, LeadText code)
{
	ListCell   *lc;

	foreach(lc, figures->issues)
	{
		IssueFigures *issue = lfirst(lc);

		if (same_text(issue->field, field) && same_text(issue->code, code))
			return issue;
	}
	return NULL;
}

/* Reads the issues of the period, then how often they were seen before. */
static void
read_issues(Store *store, Figures *figures)
{
	DateADT		first_base = figures->from_day - BASE_DAYS;
	StatementArgs args = {0};
	StatementArgs day_args = {0};
	Look		look;

	arg_integer(&args, figures->from);
	begin(store, REPORT_ISSUES, &args, &look);
	while (look_next(&look))
	{
		IssueFigures *issue = palloc0(sizeof(IssueFigures));

		issue->field = look_text(&look, 1);
		issue->code = look_text(&look, 2);
		issue->leads = look_integer(&look, 3);
		issue->dealerships = look_integer(&look, 4);
		issue->dealership_id = look_integer(&look, 5);
		issue->of_dealership = look_integer(&look, 6);
		figures->issues = lappend(figures->issues, issue);
	}

	arg_day(&day_args, first_base);
	arg_day(&day_args, figures->from_day);
	begin(store, REPORT_ISSUE_DAYS, &day_args, &look);
	while (look_next(&look))
	{
		IssueFigures *issue = find_issue(figures, look_text(&look, 1),
										 look_text(&look, 2));
		DateADT		day = DatumGetDateADT(look_datum(&look, 3));

		if (issue != NULL && day >= first_base && day < figures->from_day)
			issue->day_leads[day - first_base] = look_integer(&look, 4);
	}
}

static void
read_open_reasons(Store *store, Figures *figures)
{
	StatementArgs args = {0};
	Look		look;

	arg_integer(&args, figures->from);
	begin(store, REPORT_OPEN_REASONS, &args, &look);
	while (look_next(&look))
	{
		OpenReason *open = palloc0(sizeof(OpenReason));

		open->reason = text_or_empty(&look, 1);
		open->leads = look_integer(&look, 2);
		open->recent = look_integer(&look, 3);
		open->oldest = look_time(&look, 4, DT_NOBEGIN);
		figures->open_leads += open->leads;
		figures->open_reasons = lappend(figures->open_reasons, open);
	}
	figures->groups_are_partial = figures->open_leads > GROUPED_LEADS;
}

static void
read_open_groups(Store *store, Figures *figures)
{
	StatementArgs args = {0};
	Look		look;

	arg_integer(&args, figures->from);
	arg_integer(&args, GROUPED_LEADS);
	begin(store, REPORT_OPEN_GROUPS, &args, &look);
	while (look_next(&look))
	{
		OpenGroup  *group = palloc0(sizeof(OpenGroup));

		group->reason = text_or_empty(&look, 1);
		group->workspace_id = look_integer(&look, 2);
		group->workspace = look_text(&look, 3);
		group->has_dealership = !look_is_null(&look, 4);
		group->dealership_id = look_integer(&look, 4);
		group->client = look_text(&look, 5);
		group->value = look_text(&look, 6);
		group->personal = DatumGetBool(look_datum(&look, 7));
		group->hint = look_text(&look, 8);
		group->sqlstate = look_text(&look, 9);
		group->place = look_text(&look, 10);
		group->leads = look_integer(&look, 11);
		group->recent = look_integer(&look, 12);
		group->oldest = look_time(&look, 13, DT_NOBEGIN);
		group->log_id = look_integer(&look, 14);
		figures->open_groups = lappend(figures->open_groups, group);
	}
}

static void
read_conversions(Store *store, Figures *figures)
{
	DateADT		first_of_now = figures->today - CONVERSION_DAYS + 1;
	StatementArgs args = {0};
	Look		look;

	arg_day(&args, first_of_now - BASE_DAYS);
	arg_day(&args, first_of_now);
	begin(store, REPORT_CONVERSION, &args, &look);
	while (look_next(&look))
	{
		ConversionFigures *conversion = palloc0(sizeof(ConversionFigures));

		conversion->workspace_id = look_integer(&look, 1);
		conversion->workspace = look_text(&look, 2);
		conversion->asked = look_integer(&look, 3);
		conversion->booked = look_integer(&look, 4);
		conversion->asked_before = look_integer(&look, 5);
		conversion->booked_before = look_integer(&look, 6);
		if (conversion->asked > 0)
			figures->conversions = lappend(figures->conversions, conversion);
	}
	list_sort(figures->conversions, compare_conversions);
}

static void
read_dealerships(Store *store, Figures *figures)
{
	StatementArgs args = {0};
	Look		look;

	arg_day(&args, figures->today - SILENCE_DAYS + 1);
	begin(store, REPORT_DEALERSHIPS, &args, &look);
	while (look_next(&look))
	{
		DealershipFigures *dealership = palloc0(sizeof(DealershipFigures));

		dealership->id = look_integer(&look, 1);
		dealership->workspace_id = look_integer(&look, 2);
		dealership->workspace = look_text(&look, 3);
		dealership->leads = look_integer(&look, 4);
		dealership->first_day = DatumGetDateADT(look_datum(&look, 5));
		dealership->last = look_time(&look, 6, DT_NOBEGIN);
		figures->dealerships = lappend(figures->dealerships, dealership);
	}
}

/* Compares payloads of the period with earlier ones, if there can be any. */
static void
read_drift(Store *store, Figures *figures)
{
	if (TIMESTAMP_NOT_FINITE(figures->from) ||
		figures->from - MIN_TIMESTAMP < BASE_DAYS * USECS_PER_DAY)
		return;
	drift_find(store, figures->from - BASE_DAYS * USECS_PER_DAY, figures->from,
			   figures->now, DRIFT_SAMPLE, &figures->drift);
}

static void
read_log(Store *store, Figures *figures)
{
	LogFigures *log = &figures->log;
	StatementArgs args = {0};
	Look		look;

	begin(store, REPORT_LOG, &args, &look);
	while (look_next(&look))
	{
		log->database = look_text(&look, 1);
		log->version = look_text(&look, 2);
		log->bytes = look_integer(&look, 3);
		log->rows = look_integer(&look, 4);
		log->oldest = look_time(&look, 5, DT_NOBEGIN);
		log->workspaces = look_integer(&look, 6);
		log->dealerships = look_integer(&look, 7);
	}
}

/* The UTC day of a time; the first day that a date has for -infinity. */
static DateADT
utc_day(TimestampTz time)
{
	int64		day;

	if (TIMESTAMP_IS_NOBEGIN(time))
		return DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE + SILENCE_DAYS;
	day = time / USECS_PER_DAY;
	if (time < 0 && time % USECS_PER_DAY != 0)
		day--;
	return (DateADT) day;
}

/* Reads the figures of the period from one time until now. */
void
read_figures(Store *store, TimestampTz from, TimestampTz now,
			 Figures *figures)
{
	memset(figures, 0, sizeof(*figures));
	figures->now = now;
	figures->from = from;
	figures->today = utc_day(figures->now);
	figures->from_day = Max(utc_day(from),
							DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE + SILENCE_DAYS);
	read_log(store, figures);
	read_period(store, figures);
	read_days(store, figures);
	read_issues(store, figures);
	compare_issues(figures);
	read_open_reasons(store, figures);
	read_open_groups(store, figures);
	read_conversions(store, figures);
	read_dealerships(store, figures);
	read_drift(store, figures);
}

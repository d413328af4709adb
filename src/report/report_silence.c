/*-------------------------------------------------------------------------
 *
 * report_silence.c
 *	  What to do about websites that fell silent, and if no lead comes at all.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "report/figures.h"
#include "report/format.h"

/* In days: a longer time without any lead is more than a night. */
#define LONG_PAUSE		0.5

/* How many leads a day the dealership sent while it did. */
static char *
rate_text(const Figures *figures, const DealershipFigures *dealership)
{
	double		days = (double) (figures->now - dealership->last) / USECS_PER_DAY;
	double		rate = missing_leads(figures, dealership) / days;

	return rate < 10 ? psprintf("%.1f", rate) : count_text((int64) rate);
}

static PageTodo *
silence_todo(const Figures *figures, const DealershipFigures *dealership)
{
	PageTodo   *todo = palloc0(sizeof(PageTodo));

	todo->level = TODO_ASK;
	todo->leads = missing_leads(figures, dealership);
	todo->headline = psprintf("Dealership " INT64_FORMAT " has sent nothing for %s",
							  dealership->id,
							  span_text(dealership->last, figures->now));
	todo->text = psprintf("It belongs to %s. Its last lead came on %s; until then it sent %s a day. Ask the dealership whether its website is up, and Dealer Studio whether it still sends leads here; if it left, delete its row of loopit.dealership.",
						  workspace_text(dealership->workspace_id,
										 dealership->workspace),
						  time_text(dealership->last),
						  rate_text(figures, dealership));
	return todo;
}

static PageTodo *
silences_todo(const List *silent, double missing)
{
	PageTodo   *todo = palloc0(sizeof(PageTodo));
	StringInfoData ids;
	ListCell   *lc;

	initStringInfo(&ids);
	foreach(lc, silent)
	{
		const DealershipFigures *dealership = lfirst(lc);

		if (foreach_current_index(lc) == 10)
		{
			appendStringInfoString(&ids, ", ...");
			break;
		}
		appendStringInfo(&ids, "%s" INT64_FORMAT, ids.len > 0 ? ", " : "",
						 dealership->id);
	}
	todo->level = TODO_ASK;
	todo->leads = missing;
	todo->headline = psprintf("%d dealerships have sent nothing for longer than usual",
							  list_length(silent));
	todo->text = psprintf("They are %s; the table of silent dealerships tells since when. Look at what they have in common: a client whose access was revoked, a website, a change of address. Then ask Dealer Studio whether it still sends their leads here.",
						  ids.data);
	return todo;
}

/* Leads of the base's days, per day. */
static double
usual_rate(const Figures *figures)
{
	int64		deliveries = 0;

	for (int day = 0; day < BASE_DAYS; day++)
		deliveries += figures->base_deliveries[day];
	return (double) deliveries / BASE_DAYS;
}

/*
 * Returns true if nothing has come at all for longer than a night, though ten
 * leads should have.
 */
static bool
are_all_silent(const Figures *figures, TimestampTz last)
{
	double		days;

	if (last == DT_NOBEGIN)
		return false;
	days = (double) (figures->now - last) / USECS_PER_DAY;
	return days >= LONG_PAUSE && days * usual_rate(figures) >= MISSED_LEADS;
}

/* If nothing came at all, it is the first thing to look at. */
static PageTodo *
all_silent_todo(const Figures *figures, TimestampTz last)
{
	PageTodo   *todo = palloc0(sizeof(PageTodo));

	todo->level = TODO_URGENT;
	todo->leads = (double) PG_INT64_MAX;
	todo->headline = psprintf("No lead has arrived for %s",
							  span_text(last, figures->now));
	todo->text = psprintf("The last one came on %s; usually %s a day do. Look at the front end first: whether it runs, whether it answers 401 or 5xx, whether it reaches this database. Then ask Dealer Studio whether it sends.",
						  time_text(last),
						  count_text((int64) usual_rate(figures)));
	return todo;
}

/* Adds what to do about dealerships that fell silent. */
List *
add_silences(List *todos, const Figures *figures)
{
	List	   *silent = NIL;
	TimestampTz last = DT_NOBEGIN;
	double		missing = 0;
	ListCell   *lc;

	foreach(lc, figures->dealerships)
	{
		DealershipFigures *dealership = lfirst(lc);

		last = Max(last, dealership->last);
		if (!is_silent(figures, dealership))
			continue;
		silent = lappend(silent, dealership);
		missing += missing_leads(figures, dealership);
	}
	if (are_all_silent(figures, last))
		return lappend(todos, all_silent_todo(figures, last));
	if (list_length(silent) > NAMED_DEALERSHIPS)
		return lappend(todos, silences_todo(silent, missing));
	foreach(lc, silent)
		todos = lappend(todos, silence_todo(figures, lfirst(lc)));
	return todos;
}

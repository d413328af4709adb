/*-------------------------------------------------------------------------
 *
 * report.c
 *	  The report that a DBA reads each morning: what to do first, and the
 *	  figures behind it.
 *
 * The figures are read once (report_figures.c), what to do is derived from them
 * (report_task.c, report_todo.c, report_ask.c), both make a page (page.h), and
 * the page is written in one of two forms (report_html.c, report_text.c).
 *
 * Nothing on the page is personal: no address, no name of a person, no
 * reference of a lead.
 *
 * Memory: everything is palloc'd in the caller's context, which ends with the
 * statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "admin/call.h"
#include "report/figures.h"
#include "report/format.h"
#include "report/report.h"

/* How many things to do are shown; what is small can wait. */
#define SHOWN_TODOS		12

/* The schema of a function, as a prefix of another of the extension's. */
static const char *
schema_prefix(Oid function)
{
	const char *schema = get_namespace_name(get_func_namespace(function));

	if (schema == NULL || strcmp(schema, "public") == 0)
		return "";
	return psprintf("%s.", quote_identifier(schema));
}

static int
compare_todos(const ListCell *a, const ListCell *b)
{
	const PageTodo *left = lfirst(a);
	const PageTodo *right = lfirst(b);

	if (left->level != right->level)
		return left->level < right->level ? -1 : 1;
	return left->leads > right->leads ? -1 : left->leads < right->leads;
}

/* What stands there if there is nothing to do. */
static PageTodo *
nothing_todo(const Figures *figures)
{
	PageTodo   *todo = palloc0(sizeof(PageTodo));

	todo->level = TODO_DONE;
	if (figures->log.dealerships == 0 || figures->log.workspaces == 0)
	{
		todo->headline = "Load workspaces and dealerships";
		todo->text = "loopit.workspace or loopit.dealership has no row, so a lead would find no workspace. Each dealership, with the number that Dealer Studio gives it, belongs to a workspace.";
	}
	else if (TIMESTAMP_NOT_FINITE(figures->log.oldest))
	{
		todo->headline = "No lead has been received yet";
		todo->text = "Everything is ready. As soon as the front end calls loopit_ingest_webhook(), its leads are counted here.";
	}
	else
	{
		todo->headline = "Nothing needs to be done";
		todo->text = "No lead is open, no issue is more frequent than before, and every dealership that sends leads still does.";
	}
	return todo;
}

static void
add_todos(Store *store, const Figures *figures, const char *schema, ReportPage *page)
{
	page->todos = list_concat(list_open_todos(store, figures, schema),
							  list_change_todos(figures));
	list_sort(page->todos, compare_todos);
	if (page->todos == NIL)
		page->todos = list_make1(nothing_todo(figures));
	if (list_length(page->todos) > SHOWN_TODOS)
	{
		page->todos_left_out = psprintf("%d more, of fewer leads each, are left out; the tables below have all.",
										list_length(page->todos) - SHOWN_TODOS);
		page->todos = list_truncate(page->todos, SHOWN_TODOS);
	}
	else if (figures->groups_are_partial)
		page->todos_left_out = "More leads are open than are read for this list: the newest ones. The table of open leads counts all.";
}

static void
set_total(PageTotal *total, int64 number, const char *label, TodoLevel level)
{
	total->number = count_text(number);
	total->label = label;
	total->level = number > 0 ? level : TODO_DONE;
}

static void
add_totals(const Figures *figures, ReportPage *page)
{
	const PeriodFigures *period = &figures->period;
	PageTotal  *total = page->total;

	set_total(&total[0], period->leads, period->leads == 1 ? "lead" : "leads",
			  TODO_DONE);
	total[0].more = plural_text(period->deliveries, "delivery", "deliveries");
	set_total(&total[1], period->booked, "booked", TODO_DONE);
	total[1].more = psprintf("%s of leads",
							 share_text(period->booked, period->leads));
	set_total(&total[2], period->unbooked, "asked, not booked", TODO_ASK);
	set_total(&total[3], period->rejected, "rejected", TODO_ASK);
	set_total(&total[4], period->failed, "failed", TODO_FIX);
	set_total(&total[5], figures->open_leads, "open in all", TODO_ASK);
}

/* "Leads of the last 24 hours" */
static const char *
title_text(const Figures *figures)
{
	return TIMESTAMP_NOT_FINITE(figures->from) ? "All leads of the log" :
		psprintf("Leads of the last %s", span_text(figures->from, figures->now));
}

static void
make_page(Store *store, const Figures *figures, const char *schema, ReportPage *page)
{
	memset(page, 0, sizeof(*page));
	page->title = title_text(figures);
	page->about = psprintf("%s, database %s. Times are in %s, days in UTC. No personal data is on this page.",
						   time_text(figures->now),
						   value_text(figures->log.database),
						   value_text(lead_text(pg_get_timezone_name(session_timezone),
												strlen(pg_get_timezone_name(session_timezone)))));
	add_todos(store, figures, schema, page);
	add_totals(figures, page);
	page->days = figures->days;
	page->ndays = CHART_DAYS;
	page->days_note = "Every delivery counts on its day; today is not over.";
	page->tables = list_sections(figures, schema);
	page->footer = psprintf("loopit_leads %s. Codes and remedies: SELECT * FROM %sloopit_reason_codes();",
							value_text(figures->log.version), schema);
}

/*
 * Returns the report of the leads that were received since then, NULL is a day;
 * as HTML or as a text of 80 columns.  Raises if since is not positive.  The
 * function is one of the extension's.
 */
text *
report_page(const Interval *since, bool html, Oid function)
{
	static const Interval one_day = {.day = 1};
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from;
	OwnerScope	scope;
	Figures		figures;
	Store	   *store;
	ReportPage	page;

	if (since == NULL)
		since = &one_day;
	from = time_before(now, since);
	if (is_negative(since) || from >= now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must be positive"),
				 errhint("Give the time that the report covers, like interval '1 day'.")));

	store = call_begin(&scope, true);
	read_figures(store, from, now, &figures);
	make_page(store, &figures, schema_prefix(function), &page);
	call_end(&scope, store);
	return html ? page_to_html(&page) : page_to_text(&page);
}

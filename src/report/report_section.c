/*-------------------------------------------------------------------------
 *
 * report_section.c
 *	  The tables of a report.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/figures.h"
#include "report/format.h"

/* How many rows a table has at most. */
#define TABLE_ROWS		20

static PageTable *
new_table(const char *title, const PageColumn *columns, int ncolumns,
		  const char *empty)
{
	PageTable  *table = palloc0(sizeof(PageTable));

	table->title = title;
	table->columns = columns;
	table->ncolumns = ncolumns;
	table->empty = empty;
	return table;
}

static PageRow *
add_row(PageTable *table)
{
	PageRow    *row = palloc0(sizeof(PageRow));

	table->rows = lappend(table->rows, row);
	return row;
}

/* Returns true if the table is full, and notes what is left out of it. */
static bool
is_full(PageTable *table, const List *items, const char *what)
{
	if (list_length(table->rows) < TABLE_ROWS)
		return false;
	table->left_out = psprintf("%s more %s",
							   count_text(list_length(items) - TABLE_ROWS), what);
	return true;
}

static PageTable *
issue_table(const Figures *figures)
{
	static const PageColumn columns[] = {
		{"Issue", CELL_CODE}, {"Leads", CELL_NUMBER}, {"Share", CELL_NUMBER},
		{"Before", CELL_NUMBER}, {"Dealers", CELL_NUMBER}
	};
	PageTable  *table = new_table("What was wrong with the leads", columns,
								  lengthof(columns),
								  "No lead of this period had an issue.");
	ListCell   *lc;

	table->note = psprintf("Of leads that were processed, too. Before: the %d days before this period, up to the day on which a share rose.",
						   BASE_DAYS);
	foreach(lc, figures->issues)
	{
		const IssueFigures *issue = lfirst(lc);
		PageRow    *row;

		if (is_full(table, figures->issues, "issues, of fewer leads"))
			break;
		row = add_row(table);
		row->cell[0] = value_text(issue->code);
		row->more = psprintf("%s%s",
							 issue->field.data == NULL ? "the payload as a whole" :
							 value_text(issue->field),
							 issue->rose ? psprintf(", since %s", day_text(issue->since)) : "");
		row->cell[1] = count_text(issue->leads);
		row->cell[2] = share_text(issue->leads, figures->period.deliveries);
		row->cell[3] = share_text(issue->base_leads, issue->base_deliveries);
		row->cell[4] = count_text(issue->dealerships);
		row->marked = issue->rose;
	}
	return table;
}

static PageTable *
conversion_table(const Figures *figures)
{
	static const PageColumn columns[] = {
		{"Workspace", CELL_TEXT}, {"Asked", CELL_NUMBER},
		{"Before", CELL_NUMBER}, {"Booked", CELL_NUMBER}, {"", CELL_BAR}
	};
	PageTable  *table = new_table("Bookings per workspace, worst first", columns,
								  lengthof(columns),
								  "No lead of the last days asked for a booking.");
	ListCell   *lc;

	table->note = psprintf("Leads that asked for a booking in the last %d days, and how many of them have one; before: in the %d days before these.",
						   CONVERSION_DAYS, BASE_DAYS);
	foreach(lc, figures->conversions)
	{
		const ConversionFigures *conversion = lfirst(lc);
		PageRow    *row;

		if (is_full(table, figures->conversions, "workspaces, with higher shares"))
			break;
		row = add_row(table);
		row->cell[0] = conversion->workspace.data == NULL ?
			psprintf("workspace " INT64_FORMAT, conversion->workspace_id) :
			psprintf("%s (" INT64_FORMAT ")", value_text(conversion->workspace),
					 conversion->workspace_id);
		row->cell[1] = count_text(conversion->asked);
		row->cell[2] = share_text(conversion->booked_before,
								  conversion->asked_before);
		row->cell[3] = share_text(conversion->booked, conversion->asked);
		row->share = (double) conversion->booked / (double) conversion->asked;
		row->marked = has_collapsed(conversion);
	}
	return table;
}

typedef struct Silent
{
	double		missing;
	const DealershipFigures *dealership;
} Silent;

/* Orders dealerships by the leads that are missing, most first. */
static int
compare_missing(const ListCell *a, const ListCell *b)
{
	const Silent *left = lfirst(a);
	const Silent *right = lfirst(b);

	return left->missing > right->missing ? -1 : left->missing < right->missing;
}

static List *
list_silent(const Figures *figures)
{
	List	   *silent = NIL;
	ListCell   *lc;

	foreach(lc, figures->dealerships)
	{
		const DealershipFigures *dealership = lfirst(lc);
		Silent	   *item;

		if (!is_silent(figures, dealership))
			continue;
		item = palloc(sizeof(Silent));
		item->missing = missing_leads(figures, dealership);
		item->dealership = dealership;
		silent = lappend(silent, item);
	}
	list_sort(silent, compare_missing);
	return silent;
}

static int
count_never_seen(const Figures *figures)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, figures->dealerships)
	{
		if (((const DealershipFigures *) lfirst(lc))->leads == 0)
			count++;
	}
	return count;
}

static PageTable *
silence_table(const Figures *figures)
{
	static const PageColumn columns[] = {
		{"Dealership", CELL_TEXT}, {"Last lead", CELL_TEXT},
		{"Silent for", CELL_TEXT}, {"Missing", CELL_NUMBER}
	};
	PageTable  *table = new_table("Silent dealerships", columns, lengthof(columns),
								  "Every dealership that sends leads still does.");
	List	   *silent = list_silent(figures);
	int			never = count_never_seen(figures);
	ListCell   *lc;

	table->note = psprintf("Missing: how many leads it would have sent since, at its usual rate.%s",
						   never == 0 ? "" :
						   psprintf(" %s of loopit.dealership %s sent nothing in %d days.",
									plural_text(never, "row", "rows"),
									never == 1 ? "has" : "have", SILENCE_DAYS));
	foreach(lc, silent)
	{
		const Silent *item = lfirst(lc);
		const DealershipFigures *dealership = item->dealership;
		PageRow    *row;

		if (is_full(table, silent, "dealerships"))
			break;
		row = add_row(table);
		row->cell[0] = psprintf(INT64_FORMAT, dealership->id);
		row->more = dealership->workspace.data == NULL ?
			psprintf("workspace " INT64_FORMAT, dealership->workspace_id) :
			value_text(dealership->workspace);
		row->cell[1] = time_text(dealership->last);
		row->cell[2] = span_text(dealership->last, figures->now);
		row->cell[3] = count_text((int64) item->missing);
		row->marked = true;
	}
	return table;
}

/* What the sender sends otherwise than before; issues are a table of their own. */
static PageTable *
drift_table(const Figures *figures)
{
	static const PageColumn columns[] = {
		{"Path", CELL_CODE}, {"Change", CELL_TEXT}, {"Dealers", CELL_NUMBER}
	};
	const Drift *drift = &figures->drift;
	PageTable  *table = new_table("What the sender changed", columns,
								  lengthof(columns),
								  "The payloads are made as before.");
	List	   *changes = NIL;
	ListCell   *lc;

	table->note = psprintf("The keys of %s of this period, compared with %s of the %d days before.",
						   plural_text(drift->leads[WINDOW_NOW], "payload", "payloads"),
						   count_text(drift->leads[WINDOW_BEFORE]), BASE_DAYS);
	for (int i = 0; i < drift->nrows; i++)
	{
		if (drift->rows[i].change != DRIFT_ISSUE_SHARE)
			changes = lappend(changes, &drift->rows[i]);
	}
	foreach(lc, changes)
	{
		const DriftRow *change = lfirst(lc);
		PageRow    *row;

		if (is_full(table, changes, "changes"))
			break;
		row = add_row(table);
		row->cell[0] = value_text(lead_text(change->path, strlen(change->path)));
		row->more = psprintf("%s: %s; before: %s; %s", change->of_dealership ?
							 psprintf("dealership " INT64_FORMAT, change->dealership_id) :
							 "now", change->shown[WINDOW_NOW],
							 change->shown[WINDOW_BEFORE],
							 change->known ? "read" : "not read");
		row->cell[1] = drift_change_name(change->change);
		row->cell[2] = count_text(change->dealerships);
		row->marked = change->known;
	}
	return table;
}

static PageTable *
open_table(const Figures *figures, const char *schema)
{
	static const PageColumn columns[] = {
		{"Reason", CELL_CODE}, {"Open", CELL_NUMBER},
		{"This period", CELL_NUMBER}, {"Oldest", CELL_TEXT}
	};
	PageTable  *table = new_table("Open leads", columns, lengthof(columns),
								  "No lead is open: each was stored, and booked if it asked for it.");
	ListCell   *lc;

	table->note = "Every lead that nothing has settled yet. Fix the cause first; then the statement delivers the leads of that reason again.";
	foreach(lc, figures->open_reasons)
	{
		const OpenReason *open = lfirst(lc);
		Code		code = find_code(open->reason);
		PageRow    *row;

		if (is_full(table, figures->open_reasons, "reasons"))
			break;
		row = add_row(table);
		row->cell[0] = value_text(open->reason);
		row->more = code == CODE_NONE ? NULL : code_table[code].explanation;
		row->cell[1] = count_text(open->leads);
		row->cell[2] = count_text(open->recent);
		row->cell[3] = since_text(open->oldest);
		row->statement = replay_statement(schema, open->reason, "");
	}
	return table;
}

static void
add_measure(PageTable *table, const char *name, const char *value)
{
	PageRow    *row = add_row(table);

	row->cell[0] = name;
	row->cell[1] = value;
}

static PageTable *
measure_table(const Figures *figures)
{
	static const PageColumn columns[] = {
		{"Measure", CELL_TEXT}, {"Value", CELL_NUMBER}
	};
	static const char *const names[] = {
		"Half of the calls take at most", "95 % of the calls take at most",
		"99 % of the calls take at most", "The slowest call took"
	};
	const LogFigures *log = &figures->log;
	PageTable  *table = new_table("Speed and size", columns, lengthof(columns),
								  NULL);

	for (int i = 0; i < lengthof(names) && figures->period.deliveries > 0; i++)
		add_measure(table, names[i],
					microseconds_text(figures->period.microseconds[i]));
	add_measure(table, "Size of loopit.ingest_log, with its indexes",
				size_text(log->bytes));
	if (log->rows > 0)
		add_measure(table, "Its rows, as last estimated", count_text(log->rows));
	if (!TIMESTAMP_NOT_FINITE(log->oldest))
		add_measure(table, "Its oldest row", time_text(log->oldest));
	return table;
}

List *
list_sections(const Figures *figures, const char *schema)
{
	List	   *tables = NIL;

	tables = lappend(tables, issue_table(figures));
	tables = lappend(tables, conversion_table(figures));
	tables = lappend(tables, silence_table(figures));
	tables = lappend(tables, drift_table(figures));
	tables = lappend(tables, open_table(figures, schema));
	tables = lappend(tables, measure_table(figures));
	return tables;
}

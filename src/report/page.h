/*-------------------------------------------------------------------------
 *
 * page.h
 *	  The report as a page: what stands on it, in order, whatever its form.
 *
 * report_html.c and report_text.c write the same page, and neither adds a
 * figure of its own.  Texts are in the database's encoding, end in NUL, and are
 * not escaped: each writer escapes all that it writes, in one function.  Values
 * that did not come from this program enter a page through value_text() or
 * quoted_text() only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_PAGE_H
#define LOOPIT_PAGE_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "rules/lead.h"

/* What to do: in this order on the page. */
typedef enum TodoLevel
{
	TODO_URGENT,				/* most leads that come in are lost to it */
	TODO_FIX,					/* leads wait until somebody here acts */
	TODO_ASK,					/* something changed at the sender */
	TODO_TIDY,					/* leads that only the sender can correct */
	TODO_DONE					/* nothing is wrong */
} TodoLevel;

typedef struct PageTodo
{
	TodoLevel	level;
	double		leads;			/* most first, within a level */
	const char *headline;
	const char *text;			/* sentences */
	List	   *statements;		/* of char *: SQL to run, in order */
} PageTodo;

typedef struct PageTotal
{
	const char *number;
	const char *label;
	const char *more;			/* NULL: nothing */
	TodoLevel	level;			/* TODO_DONE: as it should be */
} PageTotal;

#define NUM_TOTALS 6

/* What became of the leads of a day, from the bottom of the bar. */
typedef enum DayPart
{
	PART_BOOKED,
	PART_STORED,
	PART_UNBOOKED,
	PART_REJECTED,
	NUM_DAY_PARTS
} DayPart;

typedef struct PageDay
{
	DateADT		day;			/* UTC */
	int64		leads[NUM_DAY_PARTS];
} PageDay;

typedef enum CellKind
{
	CELL_TEXT,
	CELL_CODE,
	CELL_NUMBER,
	CELL_BAR					/* the row's share, drawn */
} CellKind;

typedef struct PageColumn
{
	const char *title;
	CellKind	kind;
} PageColumn;

#define MAX_CELLS 7

typedef struct PageRow
{
	const char *cell[MAX_CELLS];
	const char *more;			/* below the first cell; NULL: nothing */
	const char *statement;		/* below the row; NULL: none */
	double		share;			/* 0 to 1: of CELL_BAR */
	bool		marked;			/* worth a look */
} PageRow;

typedef struct PageTable
{
	const char *title;
	const char *note;			/* a sentence; NULL: none */
	int			ncolumns;
	const PageColumn *columns;
	List	   *rows;			/* of PageRow * */
	const char *empty;			/* what stands there if there are no rows */
	const char *left_out;		/* what rows are not shown; NULL: all are */
} PageTable;

typedef struct ReportPage
{
	const char *title;
	const char *about;
	List	   *todos;			/* of PageTodo *; never empty */
	const char *todos_left_out; /* NULL: none */
	PageTotal	total[NUM_TOTALS];
	int			ndays;
	const PageDay *days;
	const char *days_note;
	List	   *tables;			/* of PageTable * */
	const char *footer;
} ReportPage;

/* report_html.c, report_text.c: the page as a text of the server */
extern text * page_to_html(const ReportPage *page);
extern text * page_to_text(const ReportPage *page);
extern void put_html(StringInfo out, const char *text);

/* report_chart.c */
extern const char *const day_part_names[NUM_DAY_PARTS];
extern int64 day_total(const PageDay *day);
extern int64 chart_top(const ReportPage *page);
extern void write_chart(StringInfo out, const ReportPage *page);

/* report_style.c */
extern const char *const page_style;

#endif							/* LOOPIT_PAGE_H */

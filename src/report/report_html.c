/*-------------------------------------------------------------------------
 *
 * report_html.c
 *	  Writes a page as HTML: one file without scripts, and without anything
 *	  that a browser would fetch.
 *
 * The markup is well-formed XML, too.  put_html() is what escapes: every text of
 * the page, and of its picture, goes through it.  No attribute holds a text.  It
 * writes ASCII alone, so that the page does not depend on the encoding of the
 * client that saves it.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "report/format.h"
#include "report/page.h"
#include "report/printable.h"

/* Writes the first character of a text, escaped; returns its length. */
static int
put_character(StringInfo out, const char *text)
{
	int			length;
	uint32		code;
	bool		seen = read_character(text, strnlen(text, MAX_MULTIBYTE_CHAR_LEN),
									  &length, &code);

	switch (code)
	{
		case '&':
			appendStringInfoString(out, "&amp;");
			break;
		case '<':
			appendStringInfoString(out, "&lt;");
			break;
		case '>':
			appendStringInfoString(out, "&gt;");
			break;
		case '"':
			appendStringInfoString(out, "&quot;");
			break;
		case '\'':
			appendStringInfoString(out, "&#39;");
			break;
		default:
			if (!seen)
				appendStringInfoString(out, "&#xFFFD;");
			else if (code < 0x80)
				appendStringInfoChar(out, (char) code);
			else
				appendStringInfo(out, "&#x%X;", code);
	}
	return length;
}

/*
 * Writes a text, escaped.  A quoted value has its own direction of writing, so
 * that it does not turn that of the sentence.
 */
void
put_html(StringInfo out, const char *text)
{
	while (*text != '\0')
	{
		if (*text == QUOTE_BEGIN)
			appendStringInfoString(out, "<q><bdi>");
		else if (*text == QUOTE_END)
			appendStringInfoString(out, "</bdi></q>");
		else
		{
			text += put_character(out, text);
			continue;
		}
		text++;
	}
}

/* Writes a long name, which may be broken after each of its parts. */
static void
put_name(StringInfo out, const char *name)
{
	for (const char *end; *name != '\0'; name = end)
	{
		end = name + strcspn(name, "._");
		end += *end != '\0';
		put_html(out, pnstrdup(name, end - name));
		if (*end != '\0')
			appendStringInfoString(out, "<wbr/>");
	}
}

/* Writes <tag attributes>text</tag>; the attributes are constant. */
static void
put_element(StringInfo out, const char *tag, const char *attributes,
			const char *text)
{
	appendStringInfo(out, "<%s%s>", tag, attributes);
	put_html(out, text);
	appendStringInfo(out, "</%s>\n", tag);
}

static void
write_todo(StringInfo out, const PageTodo *todo)
{
	static const char *const classes[] = {
		[TODO_URGENT] = "fix urgent",[TODO_FIX] = "fix",[TODO_ASK] = "ask",
		[TODO_TIDY] = "tidy",[TODO_DONE] = "done"
	};
	static const char *const labels[] = {
		[TODO_URGENT] = "Urgent",[TODO_FIX] = "Fix",[TODO_ASK] = "Ask the sender",
		[TODO_TIDY] = "When there is time",[TODO_DONE] = "Now"
	};
	ListCell   *lc;

	appendStringInfo(out, "<li class=\"todo %s\">\n", classes[todo->level]);
	put_element(out, "p", " class=\"label\"", labels[todo->level]);
	put_element(out, "h3", "", todo->headline);
	put_element(out, "p", "", todo->text);
	foreach(lc, todo->statements)
		put_element(out, "pre", " dir=\"ltr\"", lfirst(lc));
	appendStringInfoString(out, "</li>\n");
}

static void
write_todos(StringInfo out, const ReportPage *page)
{
	ListCell   *lc;

	appendStringInfoString(out, "<section aria-labelledby=\"todo\">\n<h2 id=\"todo\">What to do first</h2>\n<ol class=\"todos\">\n");
	foreach(lc, page->todos)
		write_todo(out, lfirst(lc));
	appendStringInfoString(out, "</ol>\n");
	if (page->todos_left_out != NULL)
		put_element(out, "p", " class=\"note\"", page->todos_left_out);
	appendStringInfoString(out, "</section>\n");
}

static void
write_totals(StringInfo out, const ReportPage *page)
{
	static const char *const classes[] = {
		[TODO_FIX] = " class=\"fix\"",[TODO_ASK] = " class=\"ask\"",
		[TODO_TIDY] = "",[TODO_DONE] = ""
	};

	appendStringInfoString(out, "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\">In this period</h2>\n<dl class=\"totals\">\n");
	for (int i = 0; i < NUM_TOTALS; i++)
	{
		const PageTotal *total = &page->total[i];

		appendStringInfo(out, "<div%s>", classes[total->level]);
		put_element(out, "dt", "", total->label);
		put_element(out, "dd", "", total->number);
		if (total->more != NULL)
			put_element(out, "dd", " class=\"more\"", total->more);
		appendStringInfoString(out, "</div>\n");
	}
	appendStringInfoString(out, "</dl>\n</section>\n");
}

static const char *
cell_class(CellKind kind)
{
	static const char *const classes[] = {
		[CELL_TEXT] = "",[CELL_CODE] = " class=\"code\"",
		[CELL_NUMBER] = " class=\"number\"",[CELL_BAR] = " class=\"bar\""
	};

	return classes[kind];
}

static void
write_cell(StringInfo out, const PageTable *table, const PageRow *row, int i)
{
	CellKind	kind = table->columns[i].kind;
	const char *tag = i == 0 ? "th" : "td";

	appendStringInfo(out, "<%s%s%s>", tag, i == 0 ? " scope=\"row\"" : "",
					 cell_class(kind));
	if (kind == CELL_BAR)
		appendStringInfo(out, "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"8\"/><rect class=\"part0\" width=\"%.1f\" height=\"8\"/></svg>",
						 100 * row->share);
	else
	{
		if (i == 0)
			appendStringInfoString(out, "<bdi>");
		if (kind == CELL_CODE)
			put_name(out, row->cell[i]);
		else
			put_html(out, row->cell[i]);
		if (i == 0)
			appendStringInfoString(out, "</bdi>");
	}
	if (i == 0 && row->more != NULL)
	{
		appendStringInfoString(out, "<span class=\"more\">");
		put_name(out, row->more);
		appendStringInfoString(out, "</span>");
	}
	appendStringInfo(out, "</%s>", tag);
}

static void
write_row(StringInfo out, const PageTable *table, const PageRow *row)
{
	appendStringInfo(out, "<tr%s>", row->marked ? " class=\"marked\"" : "");
	for (int i = 0; i < table->ncolumns; i++)
		write_cell(out, table, row, i);
	appendStringInfoString(out, "</tr>\n");
	if (row->statement != NULL)
	{
		appendStringInfo(out, "<tr class=\"statement\"><td colspan=\"%d\"><pre dir=\"ltr\">",
						 table->ncolumns);
		put_html(out, row->statement);
		appendStringInfoString(out, "</pre></td></tr>\n");
	}
}

static void
write_table(StringInfo out, const PageTable *table, int number)
{
	ListCell   *lc;

	appendStringInfo(out, "<section aria-labelledby=\"table%d\">\n<h2 id=\"table%d\">",
					 number, number);
	put_html(out, table->title);
	appendStringInfoString(out, "</h2>\n");
	if (table->rows == NIL)
	{
		put_element(out, "p", " class=\"empty\"", table->empty);
		appendStringInfoString(out, "</section>\n");
		return;
	}
	appendStringInfoString(out, "<table>\n<caption>");
	put_html(out, table->note == NULL ? table->title : table->note);
	appendStringInfoString(out, "</caption>\n<thead><tr>");
	for (int i = 0; i < table->ncolumns; i++)
	{
		if (table->columns[i].kind == CELL_BAR)
		{
			appendStringInfoString(out, "<td class=\"bar\"></td>");
			continue;
		}
		appendStringInfo(out, "<th scope=\"col\"%s>",
						 table->columns[i].kind == CELL_NUMBER ? " class=\"number\"" : "");
		put_html(out, table->columns[i].title);
		appendStringInfoString(out, "</th>");
	}
	appendStringInfoString(out, "</tr></thead>\n<tbody>\n");
	foreach(lc, table->rows)
		write_row(out, table, lfirst(lc));
	appendStringInfoString(out, "</tbody>\n</table>\n");
	if (table->left_out != NULL)
		put_element(out, "p", " class=\"note\"", table->left_out);
	appendStringInfoString(out, "</section>\n");
}

/* Writes the page as an HTML document. */
text *
page_to_html(const ReportPage *page)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	appendStringInfoString(&out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
						   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
						   "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
						   "<meta name=\"referrer\" content=\"no-referrer\"/>\n");
	put_element(&out, "title", "", page->title);
	appendStringInfo(&out, "<style>\n%s</style>\n</head>\n<body>\n<header>\n",
					 page_style);
	put_element(&out, "h1", "", page->title);
	put_element(&out, "p", "", page->about);
	appendStringInfoString(&out, "</header>\n<main>\n");
	write_todos(&out, page);
	write_totals(&out, page);
	write_chart(&out, page);
	foreach(lc, page->tables)
		write_table(&out, lfirst(lc), foreach_current_index(lc) + 1);
	appendStringInfoString(&out, "</main>\n");
	put_element(&out, "footer", "", page->footer);
	appendStringInfoString(&out, "</body>\n</html>\n");
	return cstring_to_text_with_len(out.data, out.len);
}

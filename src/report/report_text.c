/*-------------------------------------------------------------------------
 *
 * report_text.c
 *	  Writes a page as plain text of at most 80 columns, for a terminal or a
 *	  mail.
 *
 * put_character() is what escapes: every text of the page goes through it, so
 * that no byte of a value reaches the terminal as a control.  Widths are those
 * of characters on a terminal, not bytes.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "report/format.h"
#include "report/page.h"
#include "report/printable.h"

#define LINE_WIDTH		80
#define BAR_WIDTH		50		/* of a day's bar */

typedef struct TextOut
{
	StringInfoData text;
	int			column;			/* from 0 */
} TextOut;

/* Reads the first character of a text; returns true if it is seen. */
static bool
read_first(const char *text, int *length)
{
	uint32		code_point;

	return read_character(text, strnlen(text, MAX_MULTIBYTE_CHAR_LEN), length,
						  &code_point);
}

static int
character_length(const char *text)
{
	int			length;

	(void) read_first(text, &length);
	return length;
}

/* How many columns a character takes; one that is not seen is a question mark. */
static int
character_width(const char *text)
{
	int			length;

	return read_first(text, &length) ? Max(0, pg_dsplen(text)) : 1;
}

static void
put_character(TextOut *out, const char *character)
{
	int			length;

	if (*character == QUOTE_BEGIN || *character == QUOTE_END)
		appendStringInfoChar(&out->text, '"');
	else if (read_first(character, &length))
		appendBinaryStringInfo(&out->text, character, length);
	else
		appendStringInfoChar(&out->text, '?');
	out->column += character_width(character);
}

static void
put(TextOut *out, const char *text)
{
	for (; *text != '\0'; text += character_length(text))
		put_character(out, text);
}

static void
end_line(TextOut *out)
{
	appendStringInfoChar(&out->text, '\n');
	out->column = 0;
}

static void
put_spaces(TextOut *out, int count)
{
	if (count > 0)
		appendStringInfoSpaces(&out->text, count);
	out->column += Max(0, count);
}

static int
text_width(const char *text)
{
	int			width = 0;

	for (; *text != '\0'; text += character_length(text))
		width += character_width(text);
	return width;
}

/*
 * Returns the end of the word at the text's start.  A literal of a statement is
 * one word, since a line break in it would change it.
 */
static const char *
word_end(const char *text, bool statement)
{
	bool		in_literal = false;

	while (*text != '\0' && (*text != ' ' || in_literal))
	{
		if (statement && *text == '\'')
			in_literal = !in_literal;
		text += character_length(text);
	}
	return text;
}

/* Returns true if a clause of a statement begins at the text's start. */
static bool
begins_clause(const char *text)
{
	static const char *const words[] =
	{"FROM ", "WHERE ", "AND ", "VALUES ", "GROUP ", "ORDER "};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Returns the end of what is to stay on one line, if it fits: a word, or a clause
 * of a statement.
 */
static const char *
piece_end(const char *text, int width, bool statement)
{
	const char *word = word_end(text, statement);
	const char *end = word;

	if (!statement)
		return word;
	while (*end != '\0' && !begins_clause(end + 1))
		end = word_end(end + 1, statement);
	return text_width(pnstrdup(text, end - text)) <= width ? end : word;
}

/*
 * Writes a text in lines between the columns, and ends the last one.  A word that
 * is longer than a line is broken, which no statement needs.
 */
static void
put_wrapped(TextOut *out, const char *text, int indent, bool statement)
{
	bool		first = true;

	put_spaces(out, indent - out->column);
	while (*text != '\0')
	{
		const char *end = piece_end(text, LINE_WIDTH - indent, statement);
		int			width = text_width(pnstrdup(text, end - text));

		if (!first && out->column + 1 + width > LINE_WIDTH)
		{
			end_line(out);
			put_spaces(out, indent);
			first = true;
		}
		if (!first)
			put_spaces(out, 1);
		for (; text < end; text += character_length(text))
		{
			if (out->column + character_width(text) > LINE_WIDTH)
			{
				end_line(out);
				put_spaces(out, indent);
			}
			put_character(out, text);
		}
		first = false;
		while (*text == ' ')
			text++;
	}
	end_line(out);
}

static void
put_heading(TextOut *out, const char *text)
{
	end_line(out);
	put(out, text);
	end_line(out);
	for (int i = text_width(text); i > 0; i--)
		appendStringInfoChar(&out->text, '-');
	end_line(out);
}

static void
put_todo(TextOut *out, const PageTodo *todo, int number)
{
	static const char *const labels[] = {
		[TODO_URGENT] = "URGENT",[TODO_FIX] = "FIX",[TODO_ASK] = "ASK",
		[TODO_TIDY] = "LATER",[TODO_DONE] = "NOW"
	};
	ListCell   *lc;

	if (number > 1)
		end_line(out);
	put(out, psprintf("%2d. %s: ", number, labels[todo->level]));
	put_wrapped(out, todo->headline, 4, false);
	put_wrapped(out, todo->text, 4, false);
	foreach(lc, todo->statements)
		put_wrapped(out, lfirst(lc), 6, true);
}

static void
put_totals(TextOut *out, const ReportPage *page)
{
	for (int i = 0; i < NUM_TOTALS; i++)
	{
		const PageTotal *total = &page->total[i];

		put_spaces(out, 12 - text_width(total->number));
		put(out, total->number);
		put(out, "  ");
		put(out, total->label);
		if (total->more != NULL)
			put(out, psprintf(" (%s)", total->more));
		end_line(out);
	}
}

/* A line for each day; the bar has a letter for each part. */
static void
put_days(TextOut *out, const ReportPage *page)
{
	static const char letters[NUM_DAY_PARTS] = {'#', '+', 'o', 'x'};
	int64		top = chart_top(page);

	for (int i = 0; i < page->ndays; i++)
	{
		const PageDay *day = &page->days[i];
		const char *name = day_text(day->day);
		const char *total = count_text(day_total(day));
		int64		sum = 0;
		int64		drawn = 0;

		put_spaces(out, 11 - text_width(name));
		put(out, name);
		put_spaces(out, 12 - text_width(total));
		put(out, total);
		put_spaces(out, 1);
		for (int part = 0; part < NUM_DAY_PARTS; part++)
		{
			sum += Max(0, day->leads[part]);
			for (; drawn < sum * BAR_WIDTH / top && drawn < BAR_WIDTH; drawn++)
				appendStringInfoChar(&out->text, letters[part]);
		}
		end_line(out);
	}
	put_wrapped(out, psprintf("%c %s, %c %s, %c %s, %c %s",
							  letters[0], day_part_names[0],
							  letters[1], day_part_names[1],
							  letters[2], day_part_names[2],
							  letters[3], day_part_names[3]), 2, false);
	put_wrapped(out, page->days_note, 2, false);
}

/* The width of a column: that of its widest cell. */
static int
column_width(const PageTable *table, int column)
{
	int			width = text_width(table->columns[column].title);
	ListCell   *lc;

	foreach(lc, table->rows)
	{
		const PageRow *row = lfirst(lc);

		if (row->cell[column] != NULL)
			width = Max(width, text_width(row->cell[column]));
	}
	return width;
}

static void
put_cells(TextOut *out, const PageTable *table, const int *widths,
		  const char *const *cells)
{
	for (int i = 0; i < table->ncolumns; i++)
	{
		int			padding;

		if (table->columns[i].kind == CELL_BAR)
			continue;
		padding = widths[i] - text_width(cells[i]);
		if (i > 0)
			put_spaces(out, 2);
		if (table->columns[i].kind == CELL_NUMBER)
			put_spaces(out, padding);
		put(out, cells[i]);
		if (i < table->ncolumns - 1 && table->columns[i].kind != CELL_NUMBER)
			put_spaces(out, padding);
	}
	end_line(out);
}

/*
 * Writes a row.  A first cell that is too wide has a line of its own.
 */
static void
put_row(TextOut *out, const PageTable *table, const int *widths,
		const PageRow *row)
{
	const char *cells[MAX_CELLS];

	memcpy(cells, row->cell, sizeof(cells));
	put(out, row->marked ? "* " : "  ");
	if (text_width(cells[0]) > widths[0])
	{
		put_wrapped(out, cells[0], 2, false);
		put_spaces(out, 2);
		cells[0] = "";
	}
	put_cells(out, table, widths, cells);
	if (row->more != NULL)
		put_wrapped(out, row->more, 4, false);
	if (row->statement != NULL)
		put_wrapped(out, row->statement, 6, true);
}

static void
put_table(TextOut *out, const PageTable *table)
{
	int			widths[MAX_CELLS] = {0};
	const char *titles[MAX_CELLS] = {NULL};
	int			left = LINE_WIDTH - 2;
	ListCell   *lc;

	put_heading(out, table->title);
	if (table->rows == NIL)
	{
		put_wrapped(out, table->empty, 2, false);
		return;
	}
	if (table->note != NULL)
		put_wrapped(out, table->note, 2, false);
	for (int i = 0; i < table->ncolumns; i++)
	{
		titles[i] = table->columns[i].title;
		widths[i] = column_width(table, i);
		if (i > 0 && table->columns[i].kind != CELL_BAR)
			left -= widths[i] + 2;
	}
	widths[0] = Max(0, Min(widths[0], left));
	put_spaces(out, 2);
	put_cells(out, table, widths, titles);
	foreach(lc, table->rows)
		put_row(out, table, widths, lfirst(lc));
	if (table->left_out != NULL)
		put_wrapped(out, table->left_out, 2, false);
}

/* Writes the page as plain text. */
text *
page_to_text(const ReportPage *page)
{
	TextOut		out = {.column = 0};
	ListCell   *lc;

	initStringInfo(&out.text);
	put_wrapped(&out, page->title, 0, false);
	put_wrapped(&out, page->about, 0, false);
	put_heading(&out, "What to do first");
	foreach(lc, page->todos)
		put_todo(&out, lfirst(lc), foreach_current_index(lc) + 1);
	if (page->todos_left_out != NULL)
	{
		end_line(&out);
		put_wrapped(&out, page->todos_left_out, 4, false);
	}
	put_heading(&out, "In this period");
	put_totals(&out, page);
	put_heading(&out, "Leads a day");
	put_days(&out, page);
	foreach(lc, page->tables)
		put_table(&out, lfirst(lc));
	end_line(&out);
	put_wrapped(&out, page->footer, 0, false);
	return cstring_to_text_with_len(out.text.data, out.text.len);
}

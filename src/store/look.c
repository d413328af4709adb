/*-------------------------------------------------------------------------
 *
 * look.c
 *	  Reading what a report shows: statements that are planned for their
 *	  arguments each time, and rows that come in portions.
 *
 * A report is called seldom, and the best plan for a day of the log is not that
 * for a year, so no plan is kept.
 *
 * Memory: rows belong to the cursor, and are freed as the next ones are
 * fetched; texts are copied to the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "store/look.h"

/*
 * Begins to read the rows of a statement, in the snapshot of the look-ups.
 * Raises what the server raises, and 42804 or 42703 if a table or a column of
 * the result is not of the type that the statement names.
 */
void
look_begin(Store *store, const StatementSpec *spec, StatementArgs *args,
		   Look *look)
{
	MemoryContext context = CurrentMemoryContext;

	check_statement_tables(spec);
	Assert(args->count == statement_nargs(spec));
	connect_to_spi(store);
	look->cursor = SPI_cursor_open_with_args(NULL, spec->sql, args->count,
											 unconstify(Oid *, spec->arg_types),
											 args->values, args->nulls, true, 0);
	MemoryContextSwitchTo(context);
	check_result_types(spec, look->cursor->tupDesc);
	look->rows = 0;
	look->next = 0;
}

/* Goes to the next row; false: there is none, and the cursor is closed. */
bool
look_next(Look *look)
{
	if (look->cursor == NULL)
		return false;
	if (look->next == look->rows)
	{
		look->rows = fetch_rows(look->cursor);
		look->next = 0;
	}
	if (look->rows == 0)
	{
		look->cursor = NULL;
		return false;
	}
	look->next++;
	return true;
}

/* Ends it before its last row. */
void
look_end(Look *look)
{
	if (look->cursor != NULL)
		SPI_cursor_close(look->cursor);
	look->cursor = NULL;
}

/* A value of the current row; an SQL NULL is 0. */
Datum
look_datum(const Look *look, int column)
{
	bool		isnull;
	Datum		datum = result_datum(look->next - 1, column, &isnull);

	return isnull ? (Datum) 0 : datum;
}

bool
look_is_null(const Look *look, int column)
{
	bool		isnull;

	(void) result_datum(look->next - 1, column, &isnull);
	return isnull;
}

/* A bigint or a time; 0 where it is null. */
int64
look_integer(const Look *look, int column)
{
	return result_integer(look->next - 1, column);
}

/* A text, copied to the current context; no data where it is null. */
LeadText
look_text(const Look *look, int column)
{
	return result_text(look->next - 1, column);
}

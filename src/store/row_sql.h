/*-------------------------------------------------------------------------
 *
 * row_sql.h
 *	  Running a statement of the SPI storage, and reading its result.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ROW_SQL_H
#define LOOPIT_ROW_SQL_H

#include "executor/spi.h"

#include "store/statement.h"
#include "store/store.h"

#define MAX_STATEMENT_ARGS 24

/* A statement's arguments, in order; begin with {0}. */
typedef struct StatementArgs
{
	int			count;
	Datum		values[MAX_STATEMENT_ARGS];
	char		nulls[MAX_STATEMENT_ARGS];
} StatementArgs;

extern void arg_datum(StatementArgs *args, Datum value, bool isnull);
extern void arg_integer(StatementArgs *args, int64 value);
extern void arg_id(StatementArgs *args, int64 id);	/* 0 is NULL */
extern void arg_text(StatementArgs *args, LeadText text);
extern void arg_string(StatementArgs *args, const char *string);
extern void arg_value(StatementArgs *args, FieldType type,
					  const LeadValue *value);

/*
 * Run the statement, planned once a backend, and return the number of rows;
 * they are in SPI_tuptable.  A look-up sees the snapshot of store_look(); a
 * change, or a lock, the newest rows.  Raise what the server raises.
 */
extern uint64 run_look(Store *store, Statement statement, StatementArgs *args);
extern uint64 run_change(Store *store, Statement statement,
						 StatementArgs *args);

/* Values of the result: row from 0, column from 1. */
extern Datum result_datum(uint64 row, int column, bool *isnull);
extern int64 result_integer(uint64 row, int column);	/* 0 where null */

/* A value by its type; a text is copied to the current context. */
extern LeadValue datum_value(Datum datum, bool isnull, FieldType type);
extern LeadValue result_value(uint64 row, int column, FieldType type);

/* The first column of the only row; 0 where there is no row. */
extern int64 single_id(uint64 rows);

#endif							/* LOOPIT_ROW_SQL_H */

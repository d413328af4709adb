/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  The SQL statements of the SPI storage, and running one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STATEMENT_H
#define LOOPIT_STATEMENT_H

#include "executor/spi.h"

#include "lead.h"

typedef enum Statement
{
	SQL_FIND_WORKSPACE,
	SQL_FIND_PERSON,
	SQL_FIND_DOCUMENTS,
	SQL_FIND_BOOKING,
	SQL_FIND_LIVE_ASSETS,
	SQL_FIND_ARCHIVED_ASSET,
	SQL_FIND_LOCATION,
	SQL_FIND_FIRST_LOCATION,
	SQL_FIND_PACKAGE,
	SQL_LOCK_PERSON,
	SQL_INSERT_PERSON,
	SQL_UPDATE_PERSON,
	SQL_INSERT_DOCUMENT,
	SQL_UPDATE_DOCUMENT,
	SQL_HOLD_BOOKING_ROWS,
	SQL_INSERT_BOOKING,
	SQL_INSERT_LOG,
	NUM_STATEMENTS
} Statement;

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
 * Runs the statement, planned once a backend, and returns the number of rows;
 * they are in SPI_tuptable.  SPI must be connected.  Raises what the server
 * raises.
 */
extern uint64 run_statement(Statement statement, StatementArgs *args,
							bool read_only);

#endif							/* LOOPIT_STATEMENT_H */

/*-------------------------------------------------------------------------
 *
 * run.h
 *	  The session of a store, and running statements in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_RUN_H
#define LOOPIT_RUN_H

#include "executor/spi.h"

#include "store/direct/direct.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/tables.h"

/* A row that this call has locked or inserted, by its primary key. */
typedef struct LockedRow
{
	int			table;
	Datum		key[2];
} LockedRow;

struct RowAccess;

struct Store
{
	bool		read_only;		/* nothing may be written or locked */
	bool		has_snapshot;	/* that of the look-ups, to be popped */
	bool		connected;		/* to SPI, once a statement needs it, */
	int			guc_nest_level; /* and the settings are pinned as long */
	const struct RowAccess *access[NUM_TABLES]; /* NULL: not chosen yet */
	DirectSession *direct;		/* NULL: no table is in use without SQL */
	int			locked_count;
	LockedRow	locked[12];
};

#define MAX_STATEMENT_ARGS MAX_COLUMNS

/* The arguments of a statement, in order; begin with {0}. */
typedef struct StatementArgs
{
	int			count;
	Datum		values[MAX_STATEMENT_ARGS];
	char		nulls[MAX_STATEMENT_ARGS];
} StatementArgs;

extern void arg_datum(StatementArgs *args, Datum value, bool isnull);
extern void arg_integer(StatementArgs *args, int64 value);
extern void arg_id(StatementArgs *args, int64 id);
extern void arg_text(StatementArgs *args, LeadText text);
extern void arg_varlena(StatementArgs *args, const void *value);
extern void arg_value(StatementArgs *args, Oid type, const LeadValue *value);

/* Conversion between values of the lead and those of the server. */
extern Datum text_datum(LeadText text);
extern Datum value_datum(const LeadValue *value, Oid type);
extern LeadValue datum_value(Datum datum, bool isnull, Oid type);

/* Running statements */
extern void connect_to_spi(Store *store);
extern void disconnect_from_spi(Store *store);
extern SPIPlanPtr prepare_plan(Store *store, const char *sql, int nargs,
							   const Oid *arg_types);
extern uint64 run_plan(Store *store, SPIPlanPtr plan, Datum *values,
					   const char *nulls, bool read_only);
extern void check_result_type(int column, Oid expected);
extern void check_result_types(const StatementSpec *spec, TupleDesc columns);
extern void check_statement_tables(const StatementSpec *spec);
extern int	statement_nargs(const StatementSpec *spec);
extern uint64 run_look(Store *store, Statement statement, StatementArgs *args);
extern uint64 run_change(Store *store, Statement statement,
						 StatementArgs *args);

/* Reading rows in portions */
extern Portal open_cursor(Store *store, Statement statement,
						  StatementArgs *args);
extern uint64 fetch_rows(Portal cursor);

/* The result, row from 0, column from 1. */
extern Datum result_datum(uint64 row, int column, bool *isnull);
extern int64 result_integer(uint64 row, int column);
extern LeadText result_text(uint64 row, int column);
extern int64 single_id(uint64 rows);

#endif							/* LOOPIT_RUN_H */

/*-------------------------------------------------------------------------
 *
 * row.h
 *	  Rows of the tables: found, locked, inserted, updated, each by the access
 *	  methods where the table can do without SQL (direct.h), else by its
 *	  statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ROW_H
#define LOOPIT_ROW_H

#include "store/row_sql.h"
#include "store/tables.h"

/*
 * Rows that were found, of which one is current.  A direct one stays until
 * the next look-up in its table.
 */
typedef struct StoreRow
{
	DirectRelation *direct;		/* NULL: it is of a statement */
	DirectScan	scan;
	SPITupleTable *tuples;
	uint64		count;
	uint64		number;			/* of the current one, from 1 */
} StoreRow;

/* Finds a row; the arguments are the values of the key.  False: none. */
extern bool find_row(Store *store, Lookup lookup, StatementArgs *args,
					 StoreRow *row);

/* Finds rows: each is current after a next_row(), until there is none. */
extern void find_rows(Store *store, Lookup lookup, StatementArgs *args,
					  StoreRow *row);
extern bool next_row(StoreRow *row);
extern void end_rows(StoreRow *row);

/* Columns of the current row, by the numbers of tables.h. */
extern int64 row_integer(const StoreRow *row, int column);	/* 0 where null */
extern bool row_is_null(const StoreRow *row, int column);

/* A value by its type; a text is copied to the current context. */
extern LeadValue row_value(const StoreRow *row, int column, FieldType type);

/*
 * Locks the row of that primary key against what the table's WriteSpec says;
 * its newest version is then current.  False: it is gone.
 */
extern bool lock_row(Store *store, Table table, StatementArgs *key,
					 StoreRow *row);

/*
 * Inserts a row, all columns in order; answers the id that its sequence gave,
 * where it has one.  An update takes the same arguments; false: there is no
 * such row.  Raise what the server raises, and where no row was stored.
 */
extern int64 insert_row(Store *store, Table table, StatementArgs *args);
extern bool update_row(Store *store, Table table, StatementArgs *args);

#endif							/* LOOPIT_ROW_H */

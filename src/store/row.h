/*-------------------------------------------------------------------------
 *
 * row.h
 *	  Rows of the tables: found, locked, inserted, updated, in one of two ways.
 *
 * row_direct.c reaches a row by the access methods, row_sql.c by statements
 * generated from the table's description.  row.c chooses between them, once
 * for each table and call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ROW_H
#define LOOPIT_ROW_H

#include "store/run.h"

struct RowAccess;

/* Rows being found, of which one is current. */
typedef struct RowScan
{
	const struct RowAccess *access;
	Store	   *store;
	const TableSpec *spec;
	const LookupSpec *lookup;	/* what is looked for */
	uint64		rows;			/* how many were read */
	DirectScan	direct;			/* row_direct.c */
	Datum	   *key;			/* in partitions: of what is looked for, */
	int			back;			/* how many partitions were begun, */
	bool		searching;		/* and whether the last of them goes on */
	SPITupleTable *tuples;		/* row_sql.c: the result */
	uint64		count;
	uint64		number;			/* and the current row of it, from 1 */
} RowScan;

/* A row to be stored, by the column numbers of its table's description. */
typedef struct RowValues
{
	Datum		values[MAX_COLUMNS];
	char		nulls[MAX_COLUMNS];
} RowValues;

/* A way of reaching rows. */
typedef struct RowAccess
{
	void		(*begin) (RowScan *scan, Lookup lookup, Datum *key);
	bool		(*next) (RowScan *scan);
	void		(*end) (RowScan *scan);
	Datum		(*value) (const RowScan *scan, int column, bool *isnull);
	bool		(*lock) (RowScan *scan, Table table, LockTupleMode mode,
						 Datum *key);
	int64		(*insert) (Store *store, Table table, RowValues *row);
	bool		(*update) (Store *store, Table table, RowValues *row);
} RowAccess;

extern const RowAccess direct_access;
extern const RowAccess recent_access;
extern const RowAccess sql_access;

/* row_direct.c */
extern bool insert_into_partition(Store *store, Table table, RowValues *row);

/* planner.c */
extern void planner_init(void);
extern void plan_by_key(SPIPlanPtr plan, const TableSpec *spec, int key);
extern uint64 run_insert(Store *store, SPIPlanPtr plan, RowValues *row);

/* row.c */
extern void row_init(void);
extern void end_direct_access(Store *store);
extern bool is_locked(const Store *store, Table table, const Datum *key);
extern void note_locked(Store *store, Table table, const Datum *key);

extern void find_rows(Store *store, Lookup lookup, Datum *key, RowScan *scan);
extern bool next_row(RowScan *scan);
extern void end_rows(RowScan *scan);
extern bool find_row(Store *store, Lookup lookup, Datum *key, RowScan *scan);

extern bool find_row_by_text(Store *store, Lookup lookup, int64 workspace_id,
							 LeadText text, RowScan *scan);

extern int64 row_integer(const RowScan *scan, int column);
extern bool row_is_null(const RowScan *scan, int column);
extern LeadValue row_value(const RowScan *scan, int column);
extern Jsonb *row_jsonb(const RowScan *scan, int column);

extern bool lock_row(Store *store, Table table, LockTupleMode mode,
					 Datum *key, RowScan *scan);
extern int64 insert_row(Store *store, Table table, RowValues *row);
extern bool update_row(Store *store, Table table, RowValues *row);

extern void new_row(RowValues *row);
extern void set_datum(RowValues *row, int column, Datum value);
extern void set_integer(RowValues *row, int column, int64 value);
extern void set_id(RowValues *row, int column, int64 id);
extern void set_text(RowValues *row, int column, LeadText text);
extern void set_string(RowValues *row, int column, const char *string);
extern void set_value(RowValues *row, const TableSpec *spec, int column,
					  const LeadValue *value);

/* log.c */
extern void require_visible_log(Store *store, int64 workspace_id,
								int64 person_id);

#endif							/* LOOPIT_ROW_H */

/*-------------------------------------------------------------------------
 *
 * spec.h
 *	  The description of a table: a constant from which the statements of
 *	  row_sql.c are generated and by which the direct path reads and writes.
 *
 * store/direct reaches rows of ordinary tables by the table and index access
 * methods.  It is called by store only, and calls server and rules.  It knows
 * no table by name: what it needs to know of one is in its description.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SPEC_H
#define LOOPIT_SPEC_H

#include "nodes/lockoptions.h"
#include "storage/lockdefs.h"

#include "rules/field.h"

#define MAX_COLUMNS		28
#define MAX_KEYS		4
#define MAX_KEY_COLUMNS	5
#define MAX_PARENTS		4

/* Kinds of a row that fill its columns from different fields of a payload. */
#define MAX_ROW_KINDS	2

typedef struct ColumnSpec
{
	const char *name;
	Oid			type;
	bool		not_null;
	bool		updated;		/* an update may change it */
	Field		field[MAX_ROW_KINDS];	/* the payload's field that fills it,
										 * for each kind; FIELD_NONE: none */
} ColumnSpec;

/* What of a column an index has: in any case, text is in the C collation. */
typedef enum KeyForm
{
	KEY_PLAIN,					/* the column, whose own collation is C */
	KEY_EXACT,					/* column COLLATE "C" */
	KEY_FOLDED					/* lower(column COLLATE "C") */
} KeyForm;

typedef struct KeyColumn
{
	int			column;			/* its number in the table's description */
	KeyForm		form;
} KeyColumn;

typedef enum KeyPredicate
{
	KEY_OF_ALL_ROWS,
	KEY_OF_LIVE_ROWS,			/* WHERE archived_at IS NULL */
	KEY_OF_OPEN_ROWS			/* WHERE open */
} KeyPredicate;

/* A btree index by which rows are found, whatever its name. */
typedef struct KeySpec
{
	int			ncolumns;		/* 0 ends the list of keys */
	KeyColumn	columns[MAX_KEY_COLUMNS];
	KeyPredicate predicate;
	int			predicate_column;	/* the archived_at, or open, of it */
	bool		identifies;		/* deliveries identify a row by it: it has to
								 * be unique, and an insert may conflict */
} KeySpec;

/* A foreign key to the primary key of another described table. */
typedef struct ParentSpec
{
	int			table;			/* the number of its description */
	int			ncolumns;		/* 0 ends the list of parents */
	int			columns[MAX_KEY_COLUMNS];	/* of the child */
} ParentSpec;

/*
 * A table.  The columns of its primary key come first, in the key's order,
 * and the primary key is the first of its keys.
 */
typedef struct TableSpec
{
	const char *name;

	/*
	 * The lock for everything that a call does with the table, unless it only
	 * reads: the strongest lock is taken first, since upgrading could leave a
	 * description that was made before an index was added.
	 */
	LOCKMODE	lockmode;
	LockTupleMode row_lock;		/* how a row is locked before it is used */
	ColumnSpec	columns[MAX_COLUMNS];	/* name NULL ends */
	KeySpec		keys[MAX_KEYS];
	ParentSpec	parents[MAX_PARENTS];
	int			identity;		/* column that a sequence fills; 0: none */
} TableSpec;

#endif							/* LOOPIT_SPEC_H */

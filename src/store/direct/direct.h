/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  Rows of ordinary tables by the table and index access methods, without
 *	  SQL: find by a key, lock, insert, update.
 *
 * What SQL costs for one row is the executor's start-up and the triggers of
 * foreign keys; here is what logical replication's apply worker does instead.
 * It knows nothing of what is in the tables: they are described by constants
 * (DirectSpec), and a table that is not what its description says, or has
 * something that only SQL honours, is refused, so that the caller goes by SQL.
 *
 * Foreign keys: the triggers of those in the description are not fired, so
 * before it inserts, the caller has found and locked the row referred to (FOR
 * KEY SHARE at least), or has inserted it in the same transaction.  An update
 * changes no column of a key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_DIRECT_H
#define LOOPIT_DIRECT_H

#include "access/genam.h"
#include "access/relscan.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/lockoptions.h"
#include "storage/lockdefs.h"

#define DIRECT_MAX_COLUMNS		24
#define DIRECT_MAX_KEYS			3
#define DIRECT_MAX_KEY_COLUMNS	3
#define DIRECT_MAX_PARENTS		4

typedef struct DirectColumn
{
	const char *name;
	Oid			type;
	bool		updated;		/* direct_update() may change it */
} DirectColumn;

/* A btree index to find rows by, whatever its name. */
typedef struct DirectKey
{
	const char *columns;		/* as pg_get_indexdef() has them */
	const char *predicate;		/* as pg_get_expr() has it; NULL: none */
	bool		unique;			/* it has to be a unique one */
} DirectKey;

/* A foreign key whose row the caller holds: the parent's first columns. */
typedef struct DirectParent
{
	int			table;			/* its number */
	int			count;			/* of columns; 0: none */
	int			columns[DIRECT_MAX_KEY_COLUMNS];	/* of the child */
} DirectParent;

/*
 * A table.  The columns of its primary key come first, in the key's order,
 * and the primary key is the first of its keys.
 */
typedef struct DirectSpec
{
	const char *name;
	LOCKMODE	lockmode;		/* for all that is done with the table, but in
								 * a session that only reads: behind a
								 * stronger lock taken later, what is known of
								 * the table could be of before an index was
								 * added */
	DirectColumn columns[DIRECT_MAX_COLUMNS];	/* name NULL ends */
	DirectKey	keys[DIRECT_MAX_KEYS];	/* columns NULL ends */
	DirectParent parents[DIRECT_MAX_PARENTS];
	int			identity;		/* column with a sequence; 0: none */
} DirectSpec;

/* A key's index, ready to be searched. */
typedef struct DirectIndex
{
	int			number;			/* among the table's indexes */
	int			ncolumns;
	FmgrInfo	equal[DIRECT_MAX_KEY_COLUMNS];
} DirectIndex;

/*
 * What is known of a table, until something of it changes; built by
 * cache.c.
 */
typedef struct DirectTable
{
	const DirectSpec *spec;
	Oid			relid;
	int			ncolumns;		/* of the description */
	AttrNumber	attnum[DIRECT_MAX_COLUMNS];
	TupleDesc	tupdesc;		/* not reference-counted */
	DirectIndex keys[DIRECT_MAX_KEYS];
	int			nindexes;
	Oid		   *indexes;
	List	   *parents;		/* OIDs of the tables of known foreign keys */
	Oid			sequence;		/* of the identity column */
	EState	   *estate;			/* of CHECKs and index expressions */
	ResultRelInfo *relinfo;		/* its relations are set at each use */
	bool		checks_begun;	/* its CHECKs are being prepared, */
	bool		checks_prepared;	/* are ready */
} DirectTable;

/* A table in use by one call. */
typedef struct DirectRelation
{
	DirectTable *table;
	Relation	rel;
	LOCKMODE	lockmode;
	Relation   *indexes;		/* NULL until opened */
	TupleTableSlot *slot;		/* the row that was found, or locked */
} DirectRelation;

/* The tables in use by one call, from direct_begin() to direct_end(). */
typedef struct DirectSession
{
	bool		read_only;
	int			count;
	DirectRelation *relations;
} DirectSession;

/* Rows found by a key, in the order of its index. */
typedef struct DirectScan
{
	DirectRelation *relation;
	IndexScanDesc scan;
} DirectScan;

/*
 * cache.c: the tables of a schema by their descriptions, numbered from
 * 0; from _PG_init().  What it is given has to live as long as the backend.
 */
extern void direct_init(const char *schema, const DirectSpec *specs, int count);

/* index.c: is that relation, which may be none, the key's index? */
extern bool direct_is_key(Oid index, const DirectKey *key);

/*
 * A session is palloc'd in the current context.  It belongs to the
 * subtransaction that began it, whose abort ends it without direct_end().
 */
extern DirectSession *direct_begin(bool read_only);
extern void direct_end(DirectSession *session);

/* The description's table, opened; NULL: it takes SQL. */
extern DirectRelation *direct_open(DirectSession *session, int number);

/*
 * direct.c.  Values of a key go in its columns' order, those of a row in the
 * description's, and must not be null in a key.  Look-ups see the active
 * snapshot; a row that was found stays in relation->slot, pinned, until the
 * next one is found or direct_end().
 */
extern void direct_scan_begin(DirectScan *scan, DirectRelation *relation,
							  int key, const Datum *values, int count);
extern bool direct_scan_next(DirectScan *scan);
extern void direct_scan_end(DirectScan *scan);
extern bool direct_find(DirectRelation *relation, int key,
						const Datum *values, int count);

/* Is the row in relation->slot the one with this primary key? */
extern bool direct_at(DirectRelation *relation, const Datum *values);

/* A column of the row in relation->slot. */
extern Datum direct_value(DirectRelation *relation, int column, bool *isnull);

/*
 * Locks the row in relation->slot, and leaves its newest version there; false:
 * it was deleted, or this transaction has changed it behind the snapshot that
 * it was found by.  Waits for other transactions, and raises a serialization
 * failure where the isolation level asks for it.
 */
extern bool direct_lock(DirectRelation *relation, LockTupleMode mode);

/*
 * Was the row in relation->slot made by this transaction?  Its foreign keys may
 * have checks to come, which an update without triggers would take away.
 */
extern bool direct_is_own(DirectRelation *relation);

/* The next value of the identity column. */
extern int64 direct_next_id(DirectRelation *relation);

/*
 * Values in the description's order, 'n' in nulls for a null, as SPI has it;
 * columns that the description has not are left null.
 */
extern void direct_insert(DirectRelation *relation, const Datum *values,
						  const char *nulls);

/*
 * Updates the row in relation->slot, which is locked, in the columns that the
 * description says so of.
 */
extern void direct_update(DirectRelation *relation, const Datum *values,
						  const char *nulls);

#endif							/* LOOPIT_DIRECT_H */

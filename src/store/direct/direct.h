/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  Rows of ordinary tables by the table and index access methods, without
 *	  SQL: find by a key, lock, insert, update.
 *
 * What SQL costs for one row is the executor's start-up and the triggers of
 * foreign keys; here is what logical replication's apply worker does instead.
 * A table that is not what its description says, or has a feature that
 * requires SQL, is refused, so that the caller uses SQL.
 *
 * Foreign keys: the triggers of those in the description are not fired.  So
 * before it inserts, the caller finds and locks the row referred to (FOR KEY
 * SHARE at least), or has inserted it in the same transaction.  An update
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

#include "store/direct/spec.h"

/* The index of a key, ready to be searched. */
typedef struct DirectIndex
{
	int			number;			/* among the table's indexes */
	int			ncolumns;
	bool		remembered;		/* by tid_cache.c: it is unique, and the key
								 * consists of bigints and texts */
	TransactionId unique_since; /* the transaction that made it so, or a later
								 * one */
	FmgrInfo	equal[MAX_KEY_COLUMNS];
} DirectIndex;

/* What is known of a table until something of it changes; see cache.c. */
typedef struct DirectTable
{
	const TableSpec *spec;
	bool		partition;		/* of the table */
	Oid			relid;
	int			ncolumns;		/* of the description */
	AttrNumber	attnum[MAX_COLUMNS];
	TupleDesc	tupdesc;		/* not reference-counted */
	DirectIndex keys[MAX_KEYS];
	int			nindexes;
	Oid		   *indexes;
	bool	   *foreseen;		/* of each index: see predicate_cannot_fail() */
	bool		prints_expressions; /* those of a unique index, in the error
									 * of a violation */
	Oid			parent_relid[MAX_PARENTS];	/* what the foreign key of that
											 * ParentSpec refers to */
	Oid			sequence;		/* of the identity column */
	EState	   *estate;			/* of CHECKs and index expressions */
	ResultRelInfo *relinfo;		/* its relations are set at each use */
	bool		checks_begun;	/* its expressions are being prepared, */
	bool		checks_prepared;	/* are ready */
	bool		stale;			/* the description must not be used to write */
	LocalTransactionId writing_lxid;	/* the transaction, and in it the */
	SubTransactionId writing_subid; /* subtransaction, of a write in progress */
	int			guc_nest_level; /* of the settings that it has pinned; or 0 */
} DirectTable;

/* A table in use by one call. */
typedef struct DirectRelation
{
	DirectTable *table;
	Relation	rel;
	LOCKMODE	lockmode;
	Relation   *indexes;		/* NULL until opened */
	TupleTableSlot *slot;		/* the row that was found or locked; it holds
								 * no buffer pin */
} DirectRelation;

/* How many partitions of a table are in use at once. */
#define DIRECT_PARTITIONS	2

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
	IndexScanDesc scan;			/* NULL: the only row was where it was last */
	bool		found;			/* and it is still to be returned */
	uint32		hash;			/* of the key, by which tid_cache.c remembers
								 * the row; 0: it does not */
	ScanDirection direction;
} DirectScan;

/* cache.c */
extern void direct_init(const char *schema, const TableSpec *specs, int count);
extern DirectSession *direct_begin(bool read_only);
extern void direct_end(DirectSession *session);
extern DirectRelation *direct_open(DirectSession *session, int number);
extern int	direct_routing_column(int number);
extern DirectRelation *direct_open_partition(DirectSession *session, int number,
											 Datum value, int back, bool *none);
extern void direct_check_shape(int number);

/* index.c */
extern bool direct_is_key(Oid index, const TableSpec *spec, int key);

/* direct.c */
extern void direct_scan_begin(DirectScan *scan, DirectRelation *relation,
							  int key, const Datum *values, int count);
extern bool direct_scan_next(DirectScan *scan);
extern void direct_scan_end(DirectScan *scan);
extern bool direct_find(DirectRelation *relation, int key,
						const Datum *values, int count);
extern Datum direct_value(DirectRelation *relation, int column, bool *isnull);
extern bool direct_lock(DirectRelation *relation, LockTupleMode mode);
extern bool direct_is_writable(DirectRelation *relation);
extern bool direct_has_pending_checks(DirectRelation *relation);
extern int64 direct_next_id(DirectRelation *relation);
extern void direct_insert(DirectRelation *relation, const Datum *values,
						  const char *nulls);
extern void direct_update(DirectRelation *relation, const Datum *values,
						  const char *nulls);

/* tid_cache.c */
extern bool slot_matches_key(DirectRelation *relation, int key,
							 const Datum *values);

#endif							/* LOOPIT_DIRECT_H */

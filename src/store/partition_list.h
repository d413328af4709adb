/*-------------------------------------------------------------------------
 *
 * partition_list.h
 *	  What making and dropping partitions have in common; for store alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_PARTITION_LIST_H
#define LOOPIT_PARTITION_LIST_H

#include "store/partition.h"
#include "store/run.h"

#define INGEST_LOG "loopit.ingest_log"

/* A partition; of the default one there are no bounds. */
typedef struct Partition
{
	Oid			relid;
	char	   *name;			/* qualified and quoted */
	bool		is_default;
	int64		from;
	int64		until;			/* rows are before it */
} Partition;

extern Oid	relation_of_schema(const char *name);
extern List *list_partitions(void);
extern const Partition *default_partition(List *partitions);

extern uint64 run_text(Store *store, const char *sql, int nargs, Oid *types,
					   Datum *values);
extern void run_ddl(Store *store, const char *sql);
extern uint64 run_with_times(Store *store, const char *sql, int64 first,
							 int64 second);
extern char *text_about(Store *store, const char *sql, Oid relation);

extern bool must_end_call(const ErrorData *error);
extern void report_not_done(const char *what, const ErrorData *error);

#endif							/* LOOPIT_PARTITION_LIST_H */

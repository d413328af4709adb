/*-------------------------------------------------------------------------
 *
 * setup_find.h
 *	  What of the log loopit_partition_log() finds done already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_FIND_H
#define LOOPIT_SETUP_FIND_H

extern char *find_unique_index(Oid log, const char *columns);
extern char *find_bound_check(Oid log);

#endif							/* LOOPIT_SETUP_FIND_H */

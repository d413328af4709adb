/*-------------------------------------------------------------------------
 *
 * eligibility.h
 *	  Which tables can do without SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ELIGIBILITY_H
#define LOOPIT_ELIGIBILITY_H

#include "store/direct/direct.h"

/*
 * What follows answers NULL, or what stands against going without SQL: a
 * phrase for the server's log.
 */

/*
 * Describes the relation in *table, which is zero but for its spec, all of it
 * palloc'd in the current context.  specs has all tables, for the parents.
 */
extern const char *describe_table(Relation rel, const DirectSpec *specs,
								  DirectTable *table);

/* index.c: its indexes, into *table. */
extern const char *check_indexes(Relation rel, DirectTable *table);

/* Is there a function in the expression that is not the server's? */
extern bool calls_user_function(Node *node, void *context);

#endif							/* LOOPIT_ELIGIBILITY_H */

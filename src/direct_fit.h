/*-------------------------------------------------------------------------
 *
 * direct_fit.h
 *	  Which tables can do without SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_DIRECT_FIT_H
#define LOOPIT_DIRECT_FIT_H

#include "direct.h"

/*
 * Describes the relation in *table, which is zero but for its spec, all of it
 * palloc'd in the current context.  specs has all tables, for the parents.  Returns NULL, or what stands against
 * going without SQL: a phrase for the server's log.
 */
extern const char *describe_table(Relation rel, const DirectSpec *specs,
								  DirectTable *table);

#endif							/* LOOPIT_DIRECT_FIT_H */

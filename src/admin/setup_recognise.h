/*-------------------------------------------------------------------------
 *
 * setup_recognise.h
 *	  Whether what a statement of a setup step makes is there already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_RECOGNISE_H
#define LOOPIT_SETUP_RECOGNISE_H

#include "nodes/parsenodes.h"

extern List *indexes_of_definition(Oid table, IndexStmt *stmt, const char *sql);
extern bool index_is_there(Oid table, IndexStmt *stmt, const char *sql);
extern bool statistics_cover(Oid statistics, Oid table, CreateStatsStmt *stmt);
extern bool statistics_are_there(Oid table, CreateStatsStmt *stmt);
extern bool check_is_there(Oid table, Constraint *check, const char *sql);

#endif							/* LOOPIT_SETUP_RECOGNISE_H */

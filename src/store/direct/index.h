/*-------------------------------------------------------------------------
 *
 * index.h
 *	  Which indexes a table may have to do without SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_INDEX_H
#define LOOPIT_INDEX_H

#include "store/direct/direct.h"

extern bool has_identifying_index(Relation rel, const TableSpec *spec,
								  const KeySpec *key);
extern bool requires_executor(Node *expression);
extern const char *check_indexes(Relation rel, DirectTable *table,
								 bool *transient);

#endif							/* LOOPIT_INDEX_H */

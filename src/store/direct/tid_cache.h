/*-------------------------------------------------------------------------
 *
 * tid_cache.h
 *	  Where rows were found last by a unique key; used by direct.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TID_CACHE_H
#define LOOPIT_TID_CACHE_H

#include "store/direct/direct.h"

extern bool tid_cache_find(DirectRelation *relation, int key,
						   const Datum *values, int count, uint32 *hash);
extern void tid_cache_remember(uint32 hash, const DirectRelation *relation);

#endif							/* LOOPIT_TID_CACHE_H */

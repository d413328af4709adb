/*-------------------------------------------------------------------------
 *
 * json_write.h
 *	  The jsonb of a tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_WRITE_H
#define LOOPIT_JSON_WRITE_H

#include "utils/jsonb.h"

#include "rules/json_read.h"

extern Jsonb *json_write(JsonTree *tree);

#endif							/* LOOPIT_JSON_WRITE_H */

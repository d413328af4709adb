/*-------------------------------------------------------------------------
 *
 * json_schema.h
 *	  The payload's JSON Schema.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_SCHEMA_H
#define LOOPIT_JSON_SCHEMA_H

#include "utils/jsonb.h"

extern Jsonb *lead_schema(void);

#endif							/* LOOPIT_JSON_SCHEMA_H */

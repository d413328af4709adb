/*-------------------------------------------------------------------------
 *
 * json_find.h
 *	  Members of jsonb objects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_FIND_H
#define LOOPIT_JSON_FIND_H

#include "utils/jsonb.h"

#include "rules/lead.h"

extern JsonbContainer *json_find_container(JsonbContainer *container,
										   const char *key);
extern LeadText json_find_text(JsonbContainer *container, const char *key);
extern LeadText json_find_text_of(Jsonb *jsonb, const char *object,
								  const char *key);

#endif							/* LOOPIT_JSON_FIND_H */

/*-------------------------------------------------------------------------
 *
 * setup_trust.h
 *	  What loopit_setup() requires of a schema that exists already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_TRUST_H
#define LOOPIT_SETUP_TRUST_H

#include "nodes/pg_list.h"

extern void require_schema_owner(Oid schema);
extern void require_own_objects(Oid schema);
extern void require_no_trigger(Oid schema, List *relations);
extern void warn_superuser(void);

#endif							/* LOOPIT_SETUP_TRUST_H */

/*-------------------------------------------------------------------------
 *
 * forget.h
 *	  Erasure of a person.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FORGET_H
#define LOOPIT_FORGET_H

#include "utils/jsonb.h"

extern Jsonb *forget_person(const int64 *workspace_id, struct varlena *email);

#endif							/* LOOPIT_FORGET_H */

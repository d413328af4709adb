/*-------------------------------------------------------------------------
 *
 * mask.h
 *	  Masking of payloads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_MASK_H
#define LOOPIT_MASK_H

#include "utils/jsonb.h"

extern Jsonb *mask_payload(Jsonb *payload);

#endif							/* LOOPIT_MASK_H */

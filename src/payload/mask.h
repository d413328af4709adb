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

/*
 * The payload with document numbers, dates of birth and street addresses
 * masked, wherever their keys stand; palloc'd in the current context.
 */
extern Jsonb *mask_payload(Jsonb *payload);

#endif							/* LOOPIT_MASK_H */

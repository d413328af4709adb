/*-------------------------------------------------------------------------
 *
 * read.h
 *	  Reading: from jsonb to the raw values of the field table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_READ_H
#define LOOPIT_READ_H

#include "utils/jsonb.h"

#include "rules/lead.h"

/*
 * Fills raw[NUM_FIELDS] with what the payload has for each field.  Returns
 * false, all of them absent, where the payload is no object.  Texts point into
 * the payload or are palloc'd in the current context; raises nothing but out
 * of memory.
 */
extern bool read_payload(Jsonb *payload, RawValue *raw);

/*
 * The lead's reference: the payload's id where it was provided, else "sha256:"
 * and the digest of the payload's text in UTF-8.  palloc'd or in the payload.
 */
extern LeadText read_lead_reference(Jsonb *payload, const LeadValue *id);

#endif							/* LOOPIT_READ_H */

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

extern bool read_payload(Jsonb *payload, RawValue *raw);
extern LeadText read_lead_reference(Jsonb *payload, const LeadValue *id);

#endif							/* LOOPIT_READ_H */

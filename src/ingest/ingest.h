/*-------------------------------------------------------------------------
 *
 * ingest.h
 *	  One delivery, from payload to outcome and log row.
 *
 * This folder has the stages of a lead from the payload to the log, and drives
 * them.  It may call src/payload, src/store, src/server and src/rules.  Only
 * src/admin and loopit_leads.c may call it, through this header.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_INGEST_H
#define LOOPIT_INGEST_H

#include "payload/body.h"

extern Jsonb *ingest_delivery(const Delivery *delivery);

#endif							/* LOOPIT_INGEST_H */

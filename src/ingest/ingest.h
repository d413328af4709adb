/*-------------------------------------------------------------------------
 *
 * ingest.h
 *	  One delivery, from payload to outcome and log row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_INGEST_H
#define LOOPIT_INGEST_H

#include "payload/body.h"

/*
 * Ingests it; the outcome is palloc'd in the current context.  Raises nothing
 * for what is in the payload; what is raised is described in README, "Errors".
 */
extern Jsonb *ingest_delivery(const Delivery *delivery);

#endif							/* LOOPIT_INGEST_H */

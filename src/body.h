/*-------------------------------------------------------------------------
 *
 * body.h
 *	  A raw request body, read into a delivery.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_BODY_H
#define LOOPIT_BODY_H

#include "ingest.h"

/*
 * Fills the delivery's payload, raw_body and body_issue from the bytes of a
 * body, NULL being none.  The payload is palloc'd in the current context.
 * Raises nothing for what is in the body.
 */
extern void body_read(bytea *body, Delivery *delivery);

#endif							/* LOOPIT_BODY_H */

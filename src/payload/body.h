/*-------------------------------------------------------------------------
 *
 * body.h
 *	  A delivery: what one call brings, and a raw request body read into one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_BODY_H
#define LOOPIT_BODY_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "rules/lead.h"

typedef struct Delivery
{
	TimestampTz received_at;	/* wall clock when the call began */
	Jsonb	   *payload;		/* NULL: none could be read */
	bytea	   *raw_body;		/* to be kept in the log; NULL: not */
	Code		body_issue;		/* what is to be said of the body itself;
								 * CODE_NONE: nothing */
	bool		dry_run;		/* writes nothing; log_id stays 0 */
	int64		replay_of;		/* the log row whose payload it is; 0: none */
	TimestampTz first_received_at;	/* of that row */
	const Client *client;		/* that sent it; NULL: none is known */
} Delivery;

/* A delivery that has come just now, with nothing in it yet. */
static inline Delivery
new_delivery(void)
{
	Delivery	delivery = {
		.received_at = GetCurrentTimestamp(),
		.body_issue = CODE_NONE
	};

	return delivery;
}

/*
 * Fills the delivery's payload, raw_body and body_issue from the bytes of a
 * body, NULL being none.  The payload is palloc'd in the current context.
 * Raises nothing for what is in the body.
 */
extern void body_read(bytea *body, Delivery *delivery);

#endif							/* LOOPIT_BODY_H */

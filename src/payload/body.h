/*-------------------------------------------------------------------------
 *
 * body.h
 *	  A delivery: the input of one call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_BODY_H
#define LOOPIT_BODY_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "rules/lead.h"
#include "rules/malformed.h"

typedef struct Delivery
{
	TimestampTz received_at;	/* wall clock when the call began */
	Jsonb	   *payload;		/* NULL: none could be read */
	bytea	   *raw_body;		/* to be kept in the log; NULL: not */
	Code		body_issue;		/* an issue of the body itself; CODE_NONE:
								 * there is none */
	unsigned	repairs;		/* what was repaired: a set of RepairKind */
	const char *hint;			/* of an issue of the payload as a whole;
								 * NULL: none */
	const Seen *seen;			/* in what is no JSON object; NULL: nothing */
	bool		dry_run;		/* writes nothing; log_id stays 0 */
	int64		replay_of;		/* the log row whose payload it is; 0: none */
	TimestampTz first_received_at;	/* of that row */
	const Client *client;		/* that sent it; NULL: none is known */
} Delivery;

/* A delivery that is received now, with nothing in it yet. */
static inline Delivery
new_delivery(void)
{
	Delivery	delivery = {
		.received_at = GetCurrentTimestamp(),
		.body_issue = CODE_NONE
	};

	return delivery;
}

extern void body_read(bytea *body, Delivery *delivery);
extern void body_read_text(struct varlena *body, Delivery *delivery);
extern void body_take_payload(Jsonb *payload, Delivery *delivery);

#endif							/* LOOPIT_BODY_H */

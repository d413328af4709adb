/*-------------------------------------------------------------------------
 *
 * outcome.h
 *	  The outcome of one delivery: what was done, or why not.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_OUTCOME_H
#define LOOPIT_OUTCOME_H

#include "utils/elog.h"
#include "utils/jsonb.h"

#include "rules/lead.h"

typedef struct ThingOutcome
{
	Action		action;
	Code		reason;			/* where skipped; else CODE_NONE */
} ThingOutcome;

/* Ids are 0 where there is no such row (yet), and then null in the jsonb. */
typedef struct Outcome
{
	Status		status;
	Code		reason;			/* CODE_NONE where processed */
	int64		log_id;
	LeadText	lead_reference;
	int64		workspace_id;
	ThingOutcome thing[NUM_THINGS]; /* THING_PERSON to THING_BOOKING */
	int64		person_id;
	int64		booking_id;
	int64		asset_id;
	int64		location_id;
	int64		package_id;
	bool		location_from_payload;
	IssueSet	issues;
	const ErrorData *error;		/* where failed */
} Outcome;

/*
 * Makes it an outcome that stored nothing: person skipped for the outcome's
 * own reason, all else because the person is.
 */
extern void outcome_nothing_stored(Outcome *outcome, Status status, Code reason);

/*
 * The outcome as callers see it (README, "The outcome"), palloc'd in the
 * current context.  Raises nothing but out of memory.
 */
extern Jsonb *outcome_to_jsonb(const Outcome *outcome);

#endif							/* LOOPIT_OUTCOME_H */

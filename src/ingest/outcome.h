/*-------------------------------------------------------------------------
 *
 * outcome.h
 *	  The outcome of one delivery: what was stored, or why it was not.
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
	Code		reason;			/* if skipped, else CODE_NONE */
} ThingOutcome;

/* An id is 0 if there is no such row (yet); it is null in the jsonb then. */
typedef struct Outcome
{
	Status		status;
	Code		reason;			/* CODE_NONE if processed */
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
	unsigned	repairs;		/* a set of RepairKind, for the message */
	const ErrorData *error;		/* if failed, else NULL */
} Outcome;

extern void outcome_nothing_stored(Outcome *outcome, Status status, Code reason);
extern bool outcome_has_issue(Jsonb *outcome, Code code);
extern Jsonb *outcome_to_jsonb(const Outcome *outcome);

#endif							/* LOOPIT_OUTCOME_H */

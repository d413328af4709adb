/*-------------------------------------------------------------------------
 *
 * stages.h
 *	  The stages between validation and outcome: resolve (what the database
 *	  has), decide (what is to be done), apply (doing it).
 *
 * None of them sees SQL; they speak to the storage through store.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STAGES_H
#define LOOPIT_STAGES_H

#include "ingest/outcome.h"
#include "store/store.h"

/* What the whole call goes by. */
typedef struct IngestContext
{
	const Lead *lead;
	Store	   *store;
	bool		dry_run;
	int64		workspace_id;
	int64		log_id;			/* 0 in a dry run */
	int64		now;			/* when the call began; microseconds since
								 * 2000-01-01 UTC, as all times here */

	/*
	 * As of when the payload speaks, where it says so; a replayed payload
	 * that does not speaks as of its first receipt, and gives way to whatever
	 * was received of the person since.
	 */
	LeadValue	as_of;
	bool		as_of_receipt;
} IngestContext;

/* What the look-ups found. */
typedef struct Found
{
	StoredPerson person;		/* and documents */
	BookingRow	booking;		/* the lead's, where it has one already */
	BookingRow	target;			/* what a new one would take; ids 0 unless
								 * found */
	bool		location_from_payload;
	bool		stale;			/* the payload is older than the person */
	IssueSet	issues;			/* those that take a look-up */
} Found;

/* What is to be done. */
typedef struct LeadPlan
{
	ThingOutcome thing[NUM_THINGS]; /* THING_PERSON to THING_BOOKING */
	bool		write_person;
	bool		writes;			/* anything at all */
	StoredPerson person;		/* as it shall be, and the documents */
} LeadPlan;

static inline Thing
document_thing(DocumentKind kind)
{
	return kind == DOCUMENT_PASSPORT ? THING_PASSPORT : THING_LICENCE;
}

/*
 * Look-ups, in the snapshot of the last store_take_snapshot(): the whole lead, or the
 * part that somebody else was quicker with.
 */
extern void resolve_lead(const IngestContext *context, Found *found);
extern void resolve_documents(const IngestContext *context, Found *found);
extern void resolve_booking(const IngestContext *context, Found *found);

/* What to do, from the lead and what was found; writes nothing. */
extern void decide_lead(const IngestContext *context, Found *found, LeadPlan *plan);
extern void decide_document(const IngestContext *context, const Found *found,
							DocumentKind kind, LeadPlan *plan);
extern void decide_booking(const IngestContext *context, Found *found,
						   LeadPlan *plan);

/*
 * Resolves, decides and, unless it is a dry run, does it.  *found and *plan
 * are as they were when it was done; the ids of new rows are in *found.
 * Must run in a subtransaction, after a store_take_snapshot(), in whose snapshot the
 * first look is; raises what the server raises, a lost race (store.h) too.
 */
extern void apply_lead(const IngestContext *context, Found *found, LeadPlan *plan);

#endif							/* LOOPIT_STAGES_H */

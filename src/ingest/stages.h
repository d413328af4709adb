/*-------------------------------------------------------------------------
 *
 * stages.h
 *	  The stages between validation and outcome: resolve looks up what the
 *	  database has, decide determines what to store, apply stores it.
 *
 * None of them contains SQL; they call the functions of store/store.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STAGES_H
#define LOOPIT_STAGES_H

#include "ingest/outcome.h"
#include "store/store.h"

/* Inputs shared by all stages. */
typedef struct IngestContext
{
	const Lead *lead;
	Store	   *store;
	bool		dry_run;
	bool		replay;
	int64		workspace_id;
	int64		log_id;			/* 0 in a dry run */
	int64		now;			/* start of the call, or when the person was
								 * locked; microseconds since 2000-01-01 UTC,
								 * as all times here */

	/*
	 * The effective time of the payload: its updated_at.  A replayed payload
	 * without one is effective at the time when it was first received, and is
	 * stale if anything of the person was received later.
	 */
	LeadValue	effective_at;
	bool		effective_at_receipt;
} IngestContext;

/* What the look-ups found. */
typedef struct Found
{
	StoredPerson person;		/* and documents */
	BookingRow	booking;		/* the lead's, if it already has one */
	BookingRow	target;			/* a new one; ids are 0 unless found */
	bool		location_from_payload;
	bool		stale;			/* the payload is older than the person */
	bool		fills_only;		/* values only fill what is empty; */
	Code		fills_reason;	/* what they do not fill is skipped for this
								 * reason; CODE_NONE: it is unchanged */
	const Lead *base;			/* what the same lead said before; NULL: not
								 * known */
	IssueSet	issues;			/* those that need a look-up */
} Found;

/* What to store. */
typedef struct LeadPlan
{
	ThingOutcome thing[NUM_THINGS]; /* THING_PERSON to THING_BOOKING */
	bool		write_person;
	bool		writes;			/* anything at all */
	bool		overwrites;		/* something that is stored already */
	StoredPerson person;		/* the new version, documents included */
} LeadPlan;

static inline Thing
document_thing(DocumentKind kind)
{
	return kind == DOCUMENT_PASSPORT ? THING_PASSPORT : THING_LICENCE;
}

/* resolve.c */
extern void resolve_workspace(IngestContext *context, const Client *client,
							  IssueSet *issues);
extern void resolve_person(const IngestContext *context, Found *found);
extern void resolve_things(const IngestContext *context, Found *found);
extern void resolve_documents(const IngestContext *context, Found *found);
extern void resolve_booking(const IngestContext *context, Found *found);

/* base.c */
extern void resolve_fills_only(const IngestContext *context, Found *found);
extern void resolve_base(const IngestContext *context, Found *found);
extern bool is_in_base(const IngestContext *context, const Found *found,
					   Field field);

/* decide.c */
extern void decide_lead(const IngestContext *context, Found *found, LeadPlan *plan);
extern void decide_document(const IngestContext *context, Found *found,
							DocumentKind kind, LeadPlan *plan);
extern void decide_booking(const IngestContext *context, Found *found,
						   LeadPlan *plan);

/* apply.c */
extern void apply_lead(IngestContext *context, Found *found, LeadPlan *plan);

#endif							/* LOOPIT_STAGES_H */

/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  Doing what was decided, so that two deliveries at once end as if they
 *	  had come one after the other.
 *
 * The first look takes no lock: most deliveries of a known lead find nothing
 * to do and end there.  Where something is to be written, the person's row is
 * the lead's lock: it is inserted, or locked and everything looked up and
 * decided again, before anything else is touched.  A row that somebody else
 * took away sends the call back to look again; one that somebody else made in
 * between raises a unique violation, and the caller begins anew.  Under
 * REPEATABLE READ and SERIALIZABLE the server raises a serialization failure
 * in all those places instead.
 *
 * Memory: see store.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "ingest/stages.h"

/*
 * Looking again is due to another transaction's commit, so a handful of times
 * is all that can happen; more says that something keeps rows from being
 * stored without an error, like a trigger that returns NULL.
 */
#define MAX_LOOKS	20

/* The whole lead, anew. */
static void
look_and_decide(const IngestContext *context, Found *found, LeadPlan *plan)
{
	store_take_snapshot(context->store);
	resolve_lead(context, found);
	decide_lead(context, found, plan);
}

/* Counts a look that somebody else made necessary. */
static void
count_look(int *looks, const char *table)
{
	CHECK_FOR_INTERRUPTS();
	if (++*looks > MAX_LOOKS)
		store_raise_not_stored(table);
}

/*
 * Leaves the person's row inserted or locked, and *found and *plan as of that
 * moment; the plan may then be to write nothing more.
 */
static void
lock_or_insert_person(const IngestContext *context, int *looks, Found *found,
					  LeadPlan *plan)
{
	Store	   *store = context->store;
	int64		workspace_id = context->workspace_id;

	while (found->person.id != 0)
	{
		int64		person_id = found->person.id;

		if (store_lock_person(store, workspace_id, person_id))
		{
			look_and_decide(context, found, plan);
			if (found->person.id == person_id)
				return;
		}
		else
			look_and_decide(context, found, plan);
		count_look(looks, "person");
	}

	plan->person.id = store_insert_person(store, workspace_id, context->now,
										  &plan->person);
	found->person.id = plan->person.id;
	found->target.person_id = plan->person.id;
}

static void
apply_document(const IngestContext *context, DocumentKind kind, int *looks,
			   Found *found, LeadPlan *plan)
{
	for (;;)
	{
		Action		action = plan->thing[document_thing(kind)].action;

		if (action == ACTION_CREATED)
			store_insert_document(context->store, context->workspace_id, kind,
								  context->now, &plan->person);
		if (action != ACTION_UPDATED ||
			store_update_document(context->store, context->workspace_id, kind,
								  context->now, &plan->person))
			return;
		count_look(looks, "identity_document");
		store_take_snapshot(context->store);
		resolve_documents(context, found);
		decide_document(context, found, kind, plan);
	}
}

static void
apply_booking(const IngestContext *context, int *looks, Found *found,
			  LeadPlan *plan)
{
	while (plan->thing[THING_BOOKING].action == ACTION_CREATED)
	{
		if (store_lock_booking_rows(context->store, context->workspace_id,
									&found->target))
		{
			found->target.id =
				store_insert_booking(context->store, context->workspace_id,
									 context->lead->lead_reference,
									 context->log_id, context->now,
									 &found->target);
			return;
		}
		count_look(looks, "booking");
		store_take_snapshot(context->store);
		resolve_booking(context, found);
		decide_booking(context, found, plan);
	}
}

/* See stages.h. */
void
apply_lead(const IngestContext *context, Found *found, LeadPlan *plan)
{
	int			looks = 0;

	/* the caller's look, which found the workspace, is still the newest */
	resolve_lead(context, found);
	decide_lead(context, found, plan);
	if (context->dry_run || !plan->writes)
		return;

	lock_or_insert_person(context, &looks, found, plan);
	if (plan->write_person &&
		plan->thing[THING_PERSON].action != ACTION_CREATED &&
		!store_update_person(context->store, context->workspace_id,
							 &plan->person))
		store_raise_not_stored("person");
	for (int kind = 0; kind < NUM_DOCUMENT_KINDS; kind++)
		apply_document(context, (DocumentKind) kind, &looks, found, plan);
	apply_booking(context, &looks, found, plan);
}

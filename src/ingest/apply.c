/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  Stores what was decided.  Concurrent deliveries have the same result
 *	  as the same deliveries in some serial order.
 *
 * The first look-up takes no lock: most redeliveries find nothing to store and
 * end there.  Otherwise the person's row serves as the lock of the lead: it is
 * inserted, or it is locked and everything is looked up and decided again,
 * before any other row is written.  If a row has been deleted or archived
 * concurrently, the look-up is repeated.  If a row has been inserted
 * concurrently, a unique violation is raised, and the caller starts again.  Under
 * REPEATABLE READ and SERIALIZABLE the server raises a serialization failure in
 * all these cases instead.
 *
 * Memory: see store/store.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "ingest/stages.h"

/*
 * Each repetition needs another transaction to commit in between, so a few are
 * all that occur.  More mean that something prevents a row from being stored
 * without raising an error, for example a trigger that returns NULL.
 */
#define MAX_LOOKS	20

/* Looks up and decides the whole lead again, in a new snapshot. */
static void
look_and_decide(const IngestContext *context, Found *found, LeadPlan *plan)
{
	store_take_snapshot(context->store);
	resolve_lead(context, found);
	decide_lead(context, found, plan);
}

/* Counts a look-up that had to be repeated. */
static void
count_look(int *looks, const char *table)
{
	CHECK_FOR_INTERRUPTS();
	if (++*looks > MAX_LOOKS)
		store_raise_not_stored(table);
}

/*
 * Inserts or locks the person's row.  *found and *plan are then those under the
 * lock; the plan may be to write nothing more.
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

/* Stores one document; repeats its look-up if the row has been deleted. */
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

/*
 * Creates the booking; repeats its look-up if a row that it refers to has been
 * deleted or archived.
 */
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

/*
 * Resolves, decides and, unless it is a dry run, stores the lead.  *found and
 * *plan are then what was stored; the ids of new rows are in *found.  Must run in
 * a subtransaction, after a snapshot was taken for its first look-up.  Raises
 * what the server raises, and also a lost race (store_lost_race()).
 */
void
apply_lead(const IngestContext *context, Found *found, LeadPlan *plan)
{
	int			looks = 0;

	/* the snapshot in which the caller found the workspace is still current */
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

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
 * How often look-ups are repeated because rows were deleted or archived before
 * they could be locked.  Each repetition needs another transaction to commit in
 * between, so a few are all that occur.
 */
#define MAX_LOOKS	20

/*
 * Decides the lead as it is to be stored: if something that is stored would
 * change, it is compared with what the same lead said before.
 */
static void
decide_with_base(const IngestContext *context, Found *found, LeadPlan *plan)
{
	decide_lead(context, found, plan);
	if (!plan->overwrites)
		return;
	resolve_base(context, found);
	decide_lead(context, found, plan);
}

/* Looks up and decides the whole lead again, in a new snapshot. */
static void
look_and_decide(const IngestContext *context, Found *found, LeadPlan *plan)
{
	store_take_snapshot(context->store);
	resolve_lead(context, found);
	decide_with_base(context, found, plan);
}

/*
 * Counts a look-up that had to be repeated.  The first look-up after a failure
 * sees what made it fail, so if it finds the same rows again, it is no other
 * transaction that prevents the row from being stored, but for example a
 * trigger that returns NULL, or a policy.
 */
static void
count_look(int *looks, bool found_same, const char *table)
{
	CHECK_FOR_INTERRUPTS();
	if (found_same)
		store_raise_not_stored(table);
	if (++*looks > MAX_LOOKS)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent delete")));
}

/*
 * Locks the person of a lead that changes nothing against an erasure, which
 * would otherwise miss the log row of this delivery.  The look-up is repeated if
 * the person has been erased; the plan may then be to write.
 */
static void
keep_person(const IngestContext *context, int *looks, Found *found,
			LeadPlan *plan)
{
	while (!plan->writes)
	{
		int64		person_id = found->person.id;

		if (store_keep_person(context->store, context->workspace_id, person_id))
			return;
		look_and_decide(context, found, plan);
		count_look(looks, found->person.id == person_id, "person");
	}
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

		bool		locked = store_lock_person(store, workspace_id, person_id);

		look_and_decide(context, found, plan);
		if (locked && found->person.id == person_id)
			return;
		count_look(looks, !locked && found->person.id == person_id, "person");
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
		store_take_snapshot(context->store);
		resolve_documents(context, found);
		decide_document(context, found, kind, plan);
		count_look(looks, found->person.has_document[kind], "identity_document");
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
		BookingRow	target = found->target;

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
		store_take_snapshot(context->store);
		resolve_booking(context, found);
		decide_booking(context, found, plan);
		count_look(looks, target.asset_id == found->target.asset_id &&
				   target.location_id == found->target.location_id &&
				   target.package_id == found->target.package_id, "booking");
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
	if (context->dry_run)
	{
		decide_with_base(context, found, plan);
		return;
	}
	decide_lead(context, found, plan);
	keep_person(context, &looks, found, plan);
	if (!plan->writes)
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

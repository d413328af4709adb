/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  Stores what was decided.  Concurrent deliveries have the same result
 *	  as the same deliveries in some serial order.
 *
 * The person's row is the lock of all that is stored of the person.  It is
 * locked, or inserted, by each delivery, also one that will change nothing: a
 * later delivery of the lead is compared with what this one says.  Everything
 * else is looked up once the lock is held.  All take the same lock, so none has
 * to take a stronger one later, which could be a deadlock.
 *
 * If a row has been deleted or archived concurrently, the look-up is repeated.
 * If a row has been inserted concurrently, a unique violation is raised, and the
 * caller starts again.  Under REPEATABLE READ and SERIALIZABLE a serialization
 * failure is raised in all these cases instead.
 *
 * Memory: see store/store.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

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
 * Looks up the person, and locks it if there is one.  The look-ups that follow
 * see what was committed before the lock was taken, and the delivery is dated
 * then: of two deliveries of a person the one that is applied later is the
 * later one in the log.
 */
static void
find_and_lock_person(IngestContext *context, int *looks, Found *found)
{
	resolve_person(context, found);
	while (found->person.id != 0)
	{
		int64		person_id = found->person.id;
		bool		locked = store_lock_person(context->store,
											   context->workspace_id,
											   &found->person);

		context->now = GetCurrentTimestamp();
		store_take_snapshot(context->store);
		/* its newest version may be one with another address */
		if (locked && lead_value_equal(&found->person.value[FIELD_EMAIL],
									   &context->lead->value[FIELD_EMAIL]))
			return;
		resolve_person(context, found);
		count_look(looks, !locked && found->person.id == person_id, "person");
	}
}

/* Inserts the person, or updates its row if the plan changes that. */
static void
apply_person(const IngestContext *context, Found *found, LeadPlan *plan)
{
	if (found->person.id == 0)
	{
		plan->person.id = store_insert_person(context->store,
											  context->workspace_id,
											  context->now, &plan->person);
		found->person.id = plan->person.id;
		found->target.person_id = plan->person.id;
	}
	else if (plan->write_person &&
			 !store_update_person(context->store, context->workspace_id,
								  &plan->person))
		store_raise_not_stored("person");
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
apply_lead(IngestContext *context, Found *found, LeadPlan *plan)
{
	int			looks = 0;

	/* the snapshot in which the caller found the workspace is still current */
	if (context->dry_run)
		resolve_person(context, found);
	else
		find_and_lock_person(context, &looks, found);
	resolve_things(context, found);
	decide_with_base(context, found, plan);
	if (context->dry_run || !plan->writes)
		return;

	apply_person(context, found, plan);
	for (int kind = 0; kind < NUM_DOCUMENT_KINDS; kind++)
		apply_document(context, (DocumentKind) kind, &looks, found, plan);
	apply_booking(context, &looks, found, plan);
}

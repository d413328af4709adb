/*-------------------------------------------------------------------------
 *
 * decide.c
 *	  Determines what to store, from the lead and from what is stored.
 *
 * Nothing is looked up or written here, so the dry run, the first look-up and
 * the one under the lock use the same decision.
 *
 * Source of the rules: documentation, "What is stored".
 *
 * Memory: nothing is allocated; the planned rows point to what the lead and the
 * found rows point to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/stages.h"

static ThingOutcome
done(Action action)
{
	ThingOutcome outcome = {action, CODE_NONE};

	return outcome;
}

static ThingOutcome
skipped(Code reason)
{
	ThingOutcome outcome = {ACTION_SKIPPED, reason};

	return outcome;
}

/*
 * Returns what prevents a thing from being stored, from the payload and the
 * look-ups alone, or CODE_NONE.
 */
static Code
obstacle(const IngestContext *context, const Found *found, Thing thing)
{
	if (!context->lead->asked[thing])
		return CODE_NOT_PROVIDED;
	return code_first_blocking(context->lead->codes |
							   issue_codes(&found->issues), thing);
}

/* Sets a stored value; returns true if that changes it. */
static bool
set_value(LeadValue *stored, const LeadValue *value)
{
	if (lead_value_equal(stored, value))
		return false;
	*stored = *value;
	return true;
}

/*
 * Decides the person's own fields.  A provided value replaces the stored one;
 * if the payload is stale, it only fills an empty one.  Nothing is ever erased.
 */
static void
decide_person(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	bool		changed = false;

	for (int field = 0; field < NUM_FIELDS; field++)
	{
		const LeadValue *value = &context->lead->value[field];
		LeadValue  *stored = &plan->person.value[field];

		if (field_table[field].thing == THING_PERSON &&
			value->provided && !(found->stale && stored->provided))
			changed |= set_value(stored, value);
	}

	plan->thing[THING_PERSON] =
		done(found->person.id == 0 ? ACTION_CREATED :
			 changed ? ACTION_UPDATED : ACTION_UNCHANGED);
}

/* Decides the address, which is stored as a whole. */
static void
decide_address(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	Code		reason = obstacle(context, found, THING_ADDRESS);
	bool		stored = false;
	bool		differs = false;

	for (int field = 0; field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing != THING_ADDRESS)
			continue;
		stored |= found->person.value[field].provided;
		differs |= !lead_value_equal(&found->person.value[field],
									 &context->lead->value[field]);
	}
	if (reason == CODE_NONE && stored && differs && found->stale)
		reason = CODE_STALE_PAYLOAD;
	if (reason != CODE_NONE)
	{
		plan->thing[THING_ADDRESS] = skipped(reason);
		return;
	}

	for (int field = 0; field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing == THING_ADDRESS)
			plan->person.value[field] = context->lead->value[field];
	}
	plan->thing[THING_ADDRESS] =
		done(!stored ? ACTION_CREATED :
			 differs ? ACTION_UPDATED : ACTION_UNCHANGED);
}

/* Decides the columns of loopit.person that depend on both. */
static void
decide_person_row(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	const LeadValue *effective_at = &context->effective_at;
	LeadValue  *newest = &plan->person.source_updated_at;
	Action		person = plan->thing[THING_PERSON].action;
	Action		address = plan->thing[THING_ADDRESS].action;

	if (person == ACTION_CREATED || person == ACTION_UPDATED ||
		address == ACTION_CREATED || address == ACTION_UPDATED)
	{
		plan->write_person = true;
		plan->person.updated_at = context->now;
	}
	if (effective_at->provided && !found->stale &&
		(!newest->provided || effective_at->number > newest->number))
	{
		plan->write_person = true;
		*newest = *effective_at;
	}
}

/* The field that holds a document's number. */
static Field
number_field(DocumentKind kind)
{
	return kind == DOCUMENT_PASSPORT ? FIELD_PASSPORT_NUMBER : FIELD_LICENCE_NUMBER;
}

/*
 * Plans the document's fields as the payload has them; returns true if that
 * changes a stored one.  While the number is the same, optional parts that the
 * payload does not provide are kept: another number is another document.  So is
 * the stored number itself if the payload's is a JSON number, which has lost
 * leading zeros and separators.
 */
static bool
plan_document(const Lead *lead, DocumentKind kind, const StoredPerson *stored,
			  StoredPerson *person)
{
	Field		number = number_field(kind);
	const LeadText *old = &stored->value[number].text;
	const LeadText *new = &lead->value[number].text;
	bool		same_number = stored->has_document[kind] &&
		same_document_number(old->data, old->length, new->data, new->length);
	bool		changed = false;

	for (int field = 0; field < NUM_FIELDS; field++)
	{
		bool		kept = same_number &&
			(!lead->value[field].provided ||
			 (field == number && lead->value[field].from_number));

		if (field_table[field].thing != document_thing(kind))
			continue;
		person->value[field] = kept ? stored->value[field] : lead->value[field];
		changed |= !lead_value_equal(&person->value[field], &stored->value[field]);
	}
	return changed;
}

/* Decides one document of the person. */
void
decide_document(const IngestContext *context, const Found *found,
				DocumentKind kind, LeadPlan *plan)
{
	Thing		thing = document_thing(kind);
	Code		reason = obstacle(context, found, thing);
	bool		changed;

	if (reason != CODE_NONE)
	{
		plan->thing[thing] = skipped(reason);
		return;
	}

	changed = plan_document(context->lead, kind, &found->person, &plan->person);
	if (!found->person.has_document[kind])
		plan->thing[thing] = done(ACTION_CREATED);
	else if (!changed)
		plan->thing[thing] = done(ACTION_UNCHANGED);
	else if (found->stale)
		plan->thing[thing] = skipped(CODE_STALE_PAYLOAD);
	else
		plan->thing[thing] = done(ACTION_UPDATED);
}

/*
 * Decides the booking: one per lead, never changed.  If a second one would differ
 * from it, that is an issue, unless the booking's person was erased.
 */
void
decide_booking(const IngestContext *context, Found *found, LeadPlan *plan)
{
	Code		reason = obstacle(context, found, THING_BOOKING);
	const BookingRow *stored = &found->booking;
	const BookingRow *target = &found->target;

	if (stored->id == 0 || reason == CODE_NOT_PROVIDED)
	{
		plan->thing[THING_BOOKING] =
			reason == CODE_NONE ? done(ACTION_CREATED) : skipped(reason);
		return;
	}

	plan->thing[THING_BOOKING] = done(ACTION_UNCHANGED);
	if (reason == CODE_NONE && stored->person_id != 0 &&
		(stored->person_id != target->person_id ||
		 stored->asset_id != target->asset_id ||
		 stored->location_id != target->location_id ||
		 stored->package_id != target->package_id))
		issue_add(&found->issues, FIELD_ID, CODE_BOOKING_CONFLICT);
}

/* Decides everything.  Issues that this finds are added to *found. */
void
decide_lead(const IngestContext *context, Found *found, LeadPlan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->person = found->person;
	decide_person(context, found, plan);
	decide_address(context, found, plan);
	decide_person_row(context, found, plan);
	for (int kind = 0; kind < NUM_DOCUMENT_KINDS; kind++)
		decide_document(context, found, (DocumentKind) kind, plan);
	decide_booking(context, found, plan);

	plan->writes = plan->write_person;
	for (int thing = THING_PERSON; thing <= THING_BOOKING; thing++)
		plan->writes |= plan->thing[thing].action == ACTION_CREATED ||
			plan->thing[thing].action == ACTION_UPDATED;
}

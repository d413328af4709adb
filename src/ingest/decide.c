/*-------------------------------------------------------------------------
 *
 * decide.c
 *	  What is to be done with a lead, from what it says and what is stored.
 *
 * Nothing is looked up or written here, so the same decision serves the dry
 * run, the first look and the one under the lock.
 *
 * Source of the rules: README, "What is stored".
 *
 * Memory: none; rows point to where the lead and the found rows point.
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
 * Why a thing is not stored, judging by the payload and the look-ups alone;
 * CODE_NONE where nothing stands against it.
 */
static Code
obstacle(const IngestContext *context, const Found *found, Thing thing)
{
	if (!context->lead->asked[thing])
		return CODE_NOT_PROVIDED;
	return code_first_blocking(context->lead->codes |
							   issue_codes(&found->issues), thing);
}

/* Sets a column; answers whether that changes it. */
static bool
set_column(LeadValue *column, const LeadValue *value)
{
	if (lead_value_equal(column, value))
		return false;
	*column = *value;
	return true;
}

/*
 * The person's own columns.  A provided value replaces the stored one, or,
 * where the payload is stale, fills an empty one; nothing is ever erased.
 */
static void
decide_person(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	bool		changed = false;

	for (int i = 0; i < FIRST_ADDRESS_COLUMN; i++)
	{
		const LeadValue *value = &context->lead->value[person_field[i]];
		LeadValue  *column = &plan->person.column[i];

		if (value->provided && !(found->stale && column->provided))
			changed |= set_column(column, value);
	}

	plan->thing[THING_PERSON] =
		done(found->person.id == 0 ? ACTION_CREATED :
			 changed ? ACTION_UPDATED : ACTION_UNCHANGED);
}

/* The address, which is stored whole. */
static void
decide_address(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	LeadValue  *columns = plan->person.column;
	Code		reason = obstacle(context, found, THING_ADDRESS);
	bool		stored = false;
	bool		differs = false;
	Action		action;

	for (int i = FIRST_ADDRESS_COLUMN; i < NUM_PERSON_COLUMNS; i++)
	{
		stored |= columns[i].provided;
		differs |= !lead_value_equal(&columns[i],
									 &context->lead->value[person_field[i]]);
	}
	if (reason == CODE_NONE && stored && differs && found->stale)
		reason = CODE_STALE_PAYLOAD;
	if (reason != CODE_NONE)
	{
		plan->thing[THING_ADDRESS] = skipped(reason);
		return;
	}

	action = !stored ? ACTION_CREATED :
		differs ? ACTION_UPDATED : ACTION_UNCHANGED;
	for (int i = FIRST_ADDRESS_COLUMN; i < NUM_PERSON_COLUMNS; i++)
		columns[i] = context->lead->value[person_field[i]];
	plan->thing[THING_ADDRESS] = done(action);
}

/* What the row of loopit.person needs for both. */
static void
decide_person_row(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	const LeadValue *as_of = &context->as_of;
	LeadValue  *newest = &plan->person.source_updated_at;
	Action		person = plan->thing[THING_PERSON].action;
	Action		address = plan->thing[THING_ADDRESS].action;

	if (person == ACTION_CREATED || person == ACTION_UPDATED ||
		address == ACTION_CREATED || address == ACTION_UPDATED)
	{
		plan->write_person = true;
		plan->person.updated_at = context->now;
	}
	if (as_of->provided && !found->stale &&
		(!newest->provided || as_of->number > newest->number))
	{
		plan->write_person = true;
		*newest = *as_of;
	}
}

/*
 * The document as the payload has it.  Optional parts that it does not
 * provide are kept while the number is the same: another number is another
 * document.
 */
static DocumentRow
document_of_lead(const Lead *lead, DocumentKind kind, const DocumentRow *stored)
{
	DocumentRow document = {.exists = true};
	bool		same_number;

	same_number = stored->exists &&
		lead_value_equal(&stored->column[DOCUMENT_NUMBER],
						 &lead->value[document_field[kind][DOCUMENT_NUMBER]]);
	for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
	{
		Field		field = document_field[kind][i];

		if (field != FIELD_NONE && lead->value[field].provided)
			document.column[i] = lead->value[field];
		else if (same_number)
			document.column[i] = stored->column[i];
	}
	return document;
}

/* See stages.h. */
void
decide_document(const IngestContext *context, const Found *found,
				DocumentKind kind, LeadPlan *plan)
{
	Thing		thing = document_thing(kind);
	const DocumentRow *stored = &found->document[kind];
	DocumentRow *document = &plan->document[kind];
	Code		reason = obstacle(context, found, thing);
	bool		differs = false;

	if (reason != CODE_NONE)
	{
		plan->thing[thing] = skipped(reason);
		return;
	}

	*document = document_of_lead(context->lead, kind, stored);
	for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
		differs |= !lead_value_equal(&document->column[i], &stored->column[i]);

	if (!stored->exists)
		plan->thing[thing] = done(ACTION_CREATED);
	else if (!differs)
		plan->thing[thing] = done(ACTION_UNCHANGED);
	else if (found->stale)
		plan->thing[thing] = skipped(CODE_STALE_PAYLOAD);
	else
		plan->thing[thing] = done(ACTION_UPDATED);
}

/*
 * The booking: one a lead, and never changed.  Where a second one would have
 * been another, that is worth saying; an erased person's is nobody's any more.
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

/* See stages.h. */
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

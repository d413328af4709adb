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
 * Memory: nothing is allocated but, in a database whose encoding is not UTF-8,
 * numbers that are compared; the planned rows point to what the lead and the found
 * rows point to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/alike.h"
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
 * Reports whether a stored value by which people are told apart was replaced by
 * another: several may use the e-mail address.  An earlier decision may have
 * reported otherwise.
 */
static void
report_identity(Found *found, Field field, bool replaced)
{
	if (replaced)
		issue_add(&found->issues, field, CODE_IDENTITY_CHANGED);
	else
		found->issues.codes[field] &= ~CODE_BIT(CODE_IDENTITY_CHANGED);
}

/*
 * Decides the person's own fields.  A provided value replaces the stored one;
 * one that the same lead sent before, as any of a lead that is no news, only
 * fills an empty one.  Nothing is ever erased.
 */
static void
decide_person(const IngestContext *context, Found *found, LeadPlan *plan)
{
	const LeadValue *dob = &found->person.value[FIELD_DOB];
	bool		changed = false;

	for (int field = 0; field < NUM_FIELDS; field++)
	{
		const LeadValue *value = &context->lead->value[field];
		LeadValue  *stored = &plan->person.value[field];
		bool		empty = !stored->provided;

		if (field_table[field].thing != THING_PERSON || !value->provided ||
			(!empty && (found->fills_only || is_in_base(context, found, field))))
			continue;
		if (set_value(stored, value))
		{
			changed = true;
			plan->overwrites |= !empty;
		}
	}

	plan->thing[THING_PERSON] =
		done(found->person.id == 0 ? ACTION_CREATED :
			 changed ? ACTION_UPDATED : ACTION_UNCHANGED);
	report_identity(found, FIELD_DOB, dob->provided &&
					!lead_value_equal(dob, &plan->person.value[FIELD_DOB]));
}

/*
 * Decides the action on a thing that is stored as a whole, and that the payload
 * has complete: what is stored already is replaced only by news.
 */
static ThingOutcome
decide_whole(const Found *found, bool stored, bool differs, bool in_base,
			 LeadPlan *plan)
{
	if (!stored)
		return done(ACTION_CREATED);
	if (!differs)
		return done(ACTION_UNCHANGED);
	if (found->fills_only && found->fills_reason != CODE_NONE)
		return skipped(found->fills_reason);
	if (found->fills_only || in_base)
		return done(ACTION_UNCHANGED);
	plan->overwrites = true;
	return done(ACTION_UPDATED);
}

/* Returns true if the action stores what the payload has. */
static bool
is_written(ThingOutcome outcome)
{
	return outcome.action == ACTION_CREATED || outcome.action == ACTION_UPDATED;
}

static void
decide_address(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	ThingOutcome *outcome = &plan->thing[THING_ADDRESS];
	Code		reason = obstacle(context, found, THING_ADDRESS);
	bool		stored = false;
	bool		differs = false;
	bool		in_base = true;

	if (reason != CODE_NONE)
	{
		*outcome = skipped(reason);
		return;
	}
	for (int field = 0; field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing != THING_ADDRESS)
			continue;
		stored |= found->person.value[field].provided;
		differs |= !lead_value_equal(&found->person.value[field],
									 &context->lead->value[field]);
		in_base &= is_in_base(context, found, field);
	}
	*outcome = decide_whole(found, stored, differs, in_base, plan);
	for (int field = 0; is_written(*outcome) && field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing == THING_ADDRESS)
			plan->person.value[field] = context->lead->value[field];
	}
}

/* Decides the columns of loopit.person that depend on both. */
static void
decide_person_row(const IngestContext *context, const Found *found, LeadPlan *plan)
{
	const LeadValue *effective_at = &context->effective_at;
	LeadValue  *newest = &plan->person.source_updated_at;

	if (is_written(plan->thing[THING_PERSON]) ||
		is_written(plan->thing[THING_ADDRESS]))
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

/* Returns true if the document is stored with the number that the payload has. */
static bool
has_same_number(const Lead *lead, DocumentKind kind, const StoredPerson *stored)
{
	Field		field = number_field(kind);

	return stored->has_document[kind] &&
		is_same_number(stored->value[field].text, lead->value[field].text);
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
	bool		same_number = has_same_number(lead, kind, stored);
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

/* Returns true if the base has the same document. */
static bool
is_document_in_base(const IngestContext *context, const Found *found,
					DocumentKind kind)
{
	bool		same = found->base != NULL;

	for (int field = 0; same && field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing != document_thing(kind))
			continue;
		if (field == number_field(kind) && found->base->value[field].provided)
			same = is_same_number(found->base->value[field].text,
								  context->lead->value[field].text);
		else
			same = is_in_base(context, found, field);
	}
	return same;
}

/* Decides one document of the person. */
void
decide_document(const IngestContext *context, Found *found,
				DocumentKind kind, LeadPlan *plan)
{
	ThingOutcome *outcome = &plan->thing[document_thing(kind)];
	Code		reason = obstacle(context, found, document_thing(kind));
	bool		differs;

	report_identity(found, number_field(kind), false);
	if (reason != CODE_NONE)
	{
		*outcome = skipped(reason);
		return;
	}
	differs = plan_document(context->lead, kind, &found->person, &plan->person);
	*outcome = decide_whole(found, found->person.has_document[kind], differs,
							is_document_in_base(context, found, kind), plan);
	report_identity(found, number_field(kind), outcome->action == ACTION_UPDATED &&
					!has_same_number(context->lead, kind, &found->person));
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
		plan->writes |= is_written(plan->thing[thing]);
}

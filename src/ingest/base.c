/*-------------------------------------------------------------------------
 *
 * base.c
 *	  What of a delivery is news: whether it may replace what is stored, and what
 *	  the same lead said before.
 *
 * A webhook repeats the whole form each time, so a value is news only if it
 * differs from that of the base, the newest earlier delivery of the lead.  It
 * is read by the ordinary reader and validator.
 *
 * Source of the rules: documentation, "What is stored".
 *
 * Memory: the base is in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/outcome.h"
#include "ingest/stages.h"
#include "payload/read.h"
#include "server/json_find.h"

/*
 * Returns true if the payload is older than the person.  One that is effective
 * at its receipt is also older than a later delivery without an effective time.
 */
static bool
is_stale(const IngestContext *context, const StoredPerson *person)
{
	int64		effective_at = context->effective_at.number;

	if (person->id == 0 || !context->effective_at.provided)
		return false;
	if (person->source_updated_at.provided &&
		effective_at < person->source_updated_at.number)
		return true;
	return context->effective_at_receipt &&
		store_received_later(context->store, context->workspace_id,
							 context->lead->value[FIELD_EMAIL].text,
							 effective_at, person->updated_at);
}

/* Returns true if a replay is not newer than the person. */
static bool
is_repeated(const IngestContext *context, const StoredPerson *person)
{
	int64		stored_at = person->source_updated_at.provided ?
		person->source_updated_at.number : person->updated_at;

	return context->replay && person->id != 0 &&
		context->effective_at.number <= stored_at;
}

/*
 * Determines whether the lead only fills what is empty, and why, for the person
 * that was found.
 */
void
resolve_fills_only(const IngestContext *context, Found *found)
{
	const StoredPerson *person = &found->person;

	found->fills_only = true;
	if (is_stale(context, person))
	{
		found->stale = true;
		found->fills_reason = CODE_STALE_PAYLOAD;
		issue_add(&found->issues, FIELD_UPDATED_AT, CODE_STALE_PAYLOAD);
	}
	else if ((context->lead->codes & CODE_BIT(CODE_UPDATED_AT_INVALID)) &&
			 person->source_updated_at.provided)
		found->fills_reason = CODE_UPDATED_AT_INVALID;
	else
	{
		found->fills_reason = CODE_NONE;
		found->fills_only = is_repeated(context, person);
	}
}

/* A stale delivery is older than what is compared. */
static bool
was_current(Jsonb *outcome, Thing thing)
{
	return !outcome_has_issue(outcome, CODE_STALE_PAYLOAD);
}

static bool
had_invalid_time(Jsonb *outcome)
{
	return outcome_has_issue(outcome, CODE_UPDATED_AT_INVALID);
}

static bool
was_current_for_sure(Jsonb *outcome, Thing thing)
{
	return was_current(outcome, thing) && !had_invalid_time(outcome);
}

/* Returns true if the thing was stored as the delivery had it. */
static bool
was_stored(Jsonb *outcome, Thing thing)
{
	LeadText	action = json_find_text_of(outcome, thing_name(thing), "action");

	return was_current(outcome, thing) && action.data != NULL &&
		!text_is(action, action_name(ACTION_SKIPPED));
}

/* Reads the newest delivery of the lead that is_base() accepts; NULL: none. */
static Lead *
read_base(const IngestContext *context, const Found *found,
		  bool (*is_base) (Jsonb *outcome, Thing thing), Thing thing,
		  Jsonb **outcome)
{
	Jsonb	   *payload = store_find_base(context->store, context->workspace_id,
										  context->lead->lead_reference,
										  found->person.id, is_base, thing,
										  outcome);
	RawValue   *raw;
	Lead	   *base;

	if (payload == NULL)
		return NULL;
	raw = palloc(sizeof(RawValue) * NUM_FIELDS);
	if (!read_payload(payload, raw))
		return NULL;
	base = palloc(sizeof(Lead));
	validate_lead(raw, context->now, base);
	return base;
}

/* Sets the thing's values that the base lacks to those of another delivery. */
static void
add_to_base(Lead *base, Thing thing, const Lead *other)
{
	for (int field = 0; other != NULL && field < NUM_FIELDS; field++)
	{
		if (field_table[field].thing == thing && !base->value[field].provided)
			base->value[field] = other->value[field];
	}
}

static bool
has_part_of(const Lead *lead, Thing thing)
{
	bool		has = false;

	for (int field = 0; field < NUM_FIELDS; field++)
		has |= field_table[field].thing == thing && lead->value[field].provided;
	return has;
}

/*
 * Returns the base of a lead whose newest delivery only filled what was empty,
 * because its updated_at was invalid.  Its other values were not stored, so they
 * count as changed once they come with a valid time: the base is the delivery
 * before, if there is one.
 *
 * What that one lacks may have been filled, and corrected since.  An address or a
 * document was filled as a whole, by the newest delivery that did not skip it.
 * Which fields of a person were filled is not known, so all are taken from the
 * newest delivery.
 */
static Lead *
base_before(const IngestContext *context, const Found *found, const Lead *newest)
{
	Jsonb	   *outcome;
	Lead	   *base = read_base(context, found, was_current_for_sure, THING_ANY,
								 &outcome);

	if (base == NULL)
		base = palloc0(sizeof(Lead));
	add_to_base(base, THING_PERSON, newest);
	for (int thing = THING_ADDRESS; thing < THING_BOOKING; thing++)
	{
		if (!has_part_of(base, (Thing) thing))
			add_to_base(base, (Thing) thing,
						read_base(context, found, was_stored, (Thing) thing,
								  &outcome));
	}
	return base;
}

/* Reads what the same lead said before, if the log still has it. */
void
resolve_base(const IngestContext *context, Found *found)
{
	Jsonb	   *outcome;
	Lead	   *newest = read_base(context, found, was_current, THING_ANY,
								   &outcome);

	found->base = newest;
	if (newest != NULL && found->person.source_updated_at.provided &&
		had_invalid_time(outcome))
		found->base = base_before(context, found, newest);
}

/* Returns true if the field's value is the same in the base. */
bool
is_in_base(const IngestContext *context, const Found *found, Field field)
{
	return found->base != NULL &&
		lead_value_equal(&context->lead->value[field],
						 &found->base->value[field]);
}

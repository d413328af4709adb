/*-------------------------------------------------------------------------
 *
 * ingest.c
 *	  Drives the pipeline for one delivery: read, validate, resolve, decide,
 *	  apply, outcome, log.
 *
 * Memory: everything is allocated in the caller's context, which a query resets
 * after each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"

#include "ingest/hint.h"
#include "ingest/ingest.h"
#include "ingest/stages.h"
#include "payload/encoding.h"
#include "payload/read.h"
#include "rules/version.h"
#include "server/fault.h"
#include "server/owner.h"

/*
 * A race is lost to a commit, which the next attempt sees, so a few are all that
 * occur.  More mean that the error has another cause.
 */
#define MAX_RACES	5

/* The state of one call. */
typedef struct Ingestion
{
	const Delivery *delivery;
	RawValue	raw[NUM_FIELDS];
	Lead		lead;
	IngestContext context;
	Found		found;
	LeadPlan	plan;
	Outcome		outcome;
} Ingestion;

/* Reads and validates the payload, and records the issues of the body. */
static void
read_and_validate(Ingestion *in)
{
	const Delivery *delivery = in->delivery;
	Lead	   *lead = &in->lead;
	bool		is_object = false;

	if (delivery->payload != NULL)
		is_object = read_payload(delivery->payload, in->raw);
	if (is_object)
	{
		validate_lead(in->raw, in->context.now, lead);
		lead->lead_reference = read_lead_reference(delivery->payload,
												   &lead->value[FIELD_ID]);
	}
	else if (delivery->payload != NULL)
		issue_add(&lead->issues, FIELD_NONE, CODE_PAYLOAD_NOT_OBJECT);
	else if (delivery->body_issue == CODE_NONE)
		issue_add(&lead->issues, FIELD_NONE, CODE_PAYLOAD_MISSING);

	if (lead->codes & CODE_BIT(CODE_PASSPORT_COUNTRY_UNKNOWN))
		lead->issues.hint[CODE_PASSPORT_COUNTRY_UNKNOWN] =
			hint_country(&in->raw[FIELD_PASSPORT_COUNTRY]);
	if (delivery->body_issue != CODE_NONE)
		issue_add(&lead->issues, FIELD_NONE, delivery->body_issue);
	lead->issues.hint[CODE_PAYLOAD_MALFORMED] = delivery->hint;
	lead->issues.hint[CODE_PAYLOAD_NOT_OBJECT] = delivery->hint;
	lead->codes = issue_codes(&lead->issues);
}

/* Sets the payload's effective time; see IngestContext. */
static void
set_effective_at(Ingestion *in)
{
	IngestContext *context = &in->context;

	context->replay = in->delivery->replay_of != 0;
	context->effective_at = in->lead.value[FIELD_UPDATED_AT];
	if (!context->effective_at.provided && context->replay)
	{
		context->effective_at.provided = true;
		context->effective_at.number = in->delivery->first_received_at;
		context->effective_at_receipt = true;
	}
}

/* Returns the first code that prevents the payload from being processed. */
static Code
reason_to_reject(CodeSet codes)
{
	for (int thing = THING_PAYLOAD; thing <= THING_PERSON; thing++)
	{
		Code		code = code_first_blocking(codes, (Thing) thing);

		if (code != CODE_NONE)
			return code;
	}
	return CODE_NONE;
}

/* Adds the issues of the look-ups to those of the payload. */
static void
add_issues(IssueSet *issues, const IssueSet *more)
{
	for (int field = 0; field < NUM_FIELDS; field++)
		issues->codes[field] |= more->codes[field];
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (more->hint[code] != NULL)
			issues->hint[code] = more->hint[code];
	}
}

/*
 * Looks up the workspace and, unless the payload is rejected, stores the lead.
 * Runs in a subtransaction.
 */
static void
resolve_and_store(void *argument)
{
	Ingestion  *in = argument;
	IngestContext *context = &in->context;
	Outcome    *outcome = &in->outcome;

	context->store = store_open(context->dry_run);
	store_take_snapshot(context->store);
	resolve_workspace(context, in->delivery->client, &outcome->issues);
	outcome->workspace_id = context->workspace_id;
	if (context->workspace_id != 0 &&
		reason_to_reject(in->lead.codes) == CODE_NONE)
		apply_lead(context, &in->found, &in->plan);
	store_close(context->store);
}

/* Sets the outcome of a lead that was stored or found unchanged. */
static void
outcome_processed(Ingestion *in)
{
	Outcome    *outcome = &in->outcome;
	const Found *found = &in->found;
	const ThingOutcome *booking = &in->plan.thing[THING_BOOKING];
	const BookingRow *booked = booking->action == ACTION_CREATED ?
		&found->target : &found->booking;

	outcome->status = STATUS_PROCESSED;
	outcome->reason = CODE_NONE;
	memcpy(outcome->thing, in->plan.thing, sizeof(outcome->thing));
	outcome->person_id = found->person.id;
	if (booking->action != ACTION_SKIPPED)
	{
		outcome->booking_id = booked->id;
		outcome->asset_id = booked->asset_id;
		outcome->location_id = booked->location_id;
		outcome->package_id = booked->package_id;
		outcome->location_from_payload = found->location_from_payload;
	}
	add_issues(&outcome->issues, &found->issues);
}

/* The error's text may hold personal data, so only the server's log gets it. */
static void
report_error(const Outcome *outcome)
{
	const ErrorData *error = outcome->error;

	ereport(LOG_SERVER_ONLY,
			(errcode(error->sqlerrcode),
			 errmsg("lead of ingest_log row %lld failed: %s",
					(long long) outcome->log_id, error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0,
			 error->context ? errcontext("%s", error->context) : 0,
			 errhidestmt(true)));
}

/*
 * Stores the lead.  If another transaction has inserted the same person, document
 * or booking first, tries again, and finds that row.  A transaction that uses one
 * snapshot throughout would never find it, so it gets a serialization failure.
 */
static void
store_lead(Ingestion *in)
{
	Outcome    *outcome = &in->outcome;

	for (int races = 0; races < MAX_RACES; races++)
	{
		outcome->issues = in->lead.issues;
		outcome->error = fault_catch(resolve_and_store, in,
									 is_retryable);
		if (outcome->error == NULL || !store_lost_race(outcome->error))
			return;
		if (IsolationUsesXactSnapshot())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
		CHECK_FOR_INTERRUPTS();
	}
}

static void
store_and_report(Ingestion *in)
{
	Outcome    *outcome = &in->outcome;
	Code		reason;

	outcome->lead_reference = in->lead.lead_reference;
	outcome->repairs = in->delivery->repairs;
	outcome->issues = in->lead.issues;
	if (in->lead.value[FIELD_DEALERSHIP_ID].provided)
		store_lead(in);

	reason = reason_to_reject(issue_codes(&outcome->issues));
	if (outcome->error != NULL)
	{
		add_issues(&outcome->issues, &in->found.issues);
		outcome_nothing_stored(outcome, STATUS_FAILED, CODE_DATABASE_ERROR);
		report_error(outcome);
	}
	else if (reason != CODE_NONE)
		outcome_nothing_stored(outcome, STATUS_REJECTED, reason);
	else
		outcome_processed(in);
}

/*
 * Returns the address that support can search the log for: as it was sent, also
 * if it is not valid, or as it was seen in a body that is no JSON object.
 */
static LeadText
logged_email(const Ingestion *in)
{
	const RawValue *raw = &in->raw[FIELD_EMAIL];
	const Seen *seen = in->delivery->seen;

	if (raw->kind == RAW_STRING)
		return fold_email(raw->text);
	if (seen != NULL && seen->email_length > 0)
		return fold_email(lead_text(seen->email, seen->email_length));
	return lead_text(NULL, 0);
}

/* The same for the lead reference; the outcome of such a body has none. */
static LeadText
logged_reference(const Ingestion *in)
{
	const Seen *seen = in->delivery->seen;

	if (seen != NULL && seen->reference_length > 0)
		return lead_text(seen->reference, seen->reference_length);
	return in->lead.lead_reference;
}

/*
 * Returns true if something is to be done about the lead, and the row of the
 * log can be replayed.
 */
static bool
is_open(const Ingestion *in)
{
	const Delivery *delivery = in->delivery;
	const Outcome *outcome = &in->outcome;

	if (delivery->payload == NULL &&
		(delivery->raw_body == NULL || VARSIZE_ANY_EXHDR(delivery->raw_body) == 0))
		return false;
	return outcome->status != STATUS_PROCESSED ||
		(outcome->thing[THING_BOOKING].action == ACTION_SKIPPED &&
		 in->lead.asked[THING_BOOKING]) ||
		(issue_codes(&outcome->issues) & CODE_BIT(CODE_BOOKING_CONFLICT)) != 0;
}

static void
settle(void *row)
{
	Store	   *store = store_open(false);

	owner_prefer_indexes();
	store_settle(store, row);
	store_close(store);
}

/*
 * Clears the marks of earlier rows that this one settles.  What may go wrong in
 * it, such as a trigger that forbids to change the log, does not concern the lead.
 */
static void
settle_earlier(LogRow *row)
{
	ErrorData  *error = fault_catch(settle, row, is_retryable);

	if (error != NULL)
		ereport(LOG_SERVER_ONLY,
				(errcode(error->sqlerrcode),
				 errmsg("rows that ingest_log row %lld settles are still marked open: %s",
						(long long) row->id, error->message),
				 errhidestmt(true)));
}

static void
write_log(Ingestion *in, Oid caller, Jsonb *outcome)
{
	const Outcome *what = &in->outcome;
	Store	   *store = store_open(false);
	bool		settles;
	LogRow		row = {
		.id = what->log_id,
		.received_at = in->context.now,
		.dealership_id = in->lead.value[FIELD_DEALERSHIP_ID],
		.replay_of = in->delivery->replay_of,
		.first_received_at = {
			.provided = in->delivery->replay_of != 0,
			.number = in->delivery->first_received_at
		},
		.payload_version = in->lead.older_version != 0 ?
		in->lead.older_version : PAYLOAD_VERSION,
		.asked_for_booking = in->lead.asked[THING_BOOKING],
		.open = is_open(in),
		.email = logged_email(in),
		.status = what->status,
		.reason = what->reason,
		.workspace_id = what->workspace_id,
		.person_id = what->person_id,
		.booking_id = what->booking_id,
		.lead_reference = logged_reference(in),
		.person_action = what->thing[THING_PERSON].action,
		.booking_action = what->thing[THING_BOOKING].action,
		.booking_reason = what->thing[THING_BOOKING].reason,
		.ingested_by = GetUserNameFromId(caller, false),
		.client_id = in->delivery->client != NULL ? in->delivery->client->id : lead_text(NULL, 0),
		.payload = in->delivery->payload,
		.raw_body = in->delivery->raw_body,
		.outcome = outcome
	};

	row.duration_us = GetCurrentTimestamp() - in->delivery->received_at;
	settles = store_may_settle(store, &row);
	store_insert_log(store, &row);
	store_close(store);
	if (settles)
		settle_earlier(&row);
}

/*
 * Ingests a delivery and returns the outcome, palloc'd in the current context.
 * Nothing in the payload raises an error; what else does is described in the
 * documentation, "Errors".
 */
Jsonb *
ingest_delivery(const Delivery *delivery)
{
	Ingestion  *in = palloc0(sizeof(Ingestion));
	Oid			caller = GetUserId();
	OwnerScope	scope;
	Jsonb	   *outcome;

	in->delivery = delivery;
	in->context.lead = &in->lead;
	in->context.dry_run = delivery->dry_run;
	in->context.now = delivery->received_at;

	owner_begin_unpinned(&scope);
	if (!delivery->dry_run)
		in->context.log_id = owner_next_log_id();
	in->outcome.log_id = in->context.log_id;

	read_and_validate(in);
	set_effective_at(in);
	store_and_report(in);
	outcome = outcome_to_jsonb(&in->outcome);
	if (!delivery->dry_run)
		write_log(in, caller, outcome);
	owner_end(&scope);
	return outcome;
}

/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What support does with the log: look-ups, replay, dismissal, purge,
 *	  erasure.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "admin/support.h"
#include "ingest/ingest.h"
#include "payload/body.h"
#include "payload/encoding.h"
#include "server/json_out.h"
#include "server/owner.h"
#include "store/store.h"

#define HINT_LOG_ID \
	"Take the log_id of loopit.unresolved_lead or loopit_find_leads()."
#define HINT_AGE		"Give the age of the rows, like interval '90 days'."
#define HINT_MAX_ROWS	"Give the number of rows that one call may delete."
#define HINT_WORKSPACE	"The workspaces are in loopit.workspace."
#define HINT_EMAIL		"Give the address of the person to erase."

/* A text argument as the rules have it; no data where it is NULL. */
static LeadText
argument_text(struct varlena *argument)
{
	if (argument == NULL)
		return lead_text(NULL, 0);
	return lead_text(VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument));
}

/* An address is found as it is stored. */
static LeadText
argument_email(struct varlena *argument)
{
	LeadText	email = argument_text(argument);

	return email.data == NULL ? email : fold_email(email);
}

/* Opens the storage as the owner of the tables. */
static Store *
open_as_owner(OwnerScope *scope, bool read_only)
{
	Store	   *store;

	owner_begin(scope);
	store = store_open(read_only);
	store_take_snapshot(store);
	return store;
}

static void
close_as_owner(const OwnerScope *scope, Store *store)
{
	store_close(store);
	owner_end(scope);
}

static bool
is_negative(const Interval *interval)
{
	static const Interval zero = {0};

	return DatumGetBool(DirectFunctionCall2(interval_lt,
											IntervalPGetDatum(interval),
											IntervalPGetDatum(&zero)));
}

/* The hint is what would be right. */
static void
require_not_null(const void *argument, const char *name, const char *hint)
{
	if (argument == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("%s", hint)));
}

static void
require_not_negative(const Interval *interval, const char *name,
					 const char *hint)
{
	if (interval != NULL && is_negative(interval))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", name),
				 errhint("%s", hint)));
}

static LeadValue
time_value(Datum time)
{
	LeadValue	value = {.provided = true};

	value.number = DatumGetTimestampTz(time);
	return value;
}

/* See support.h. */
void
support_find_leads(const FindLeads *find, ReturnSetInfo *result)
{
	static const Interval one_day = {.day = 1};
	const Interval *within = find->within != NULL ? find->within : &one_day;
	LeadValue	from = {0};
	LeadValue	until = {0};
	OwnerScope	scope;
	Store	   *store;

	require_not_negative(within, "within",
						 "Give the time to both sides of around, like interval '1 hour'.");
	if (find->around != NULL)
	{
		Datum		around = TimestampTzGetDatum(*find->around);

		from = time_value(DirectFunctionCall2(timestamptz_mi_interval, around,
											  IntervalPGetDatum(within)));
		until = time_value(DirectFunctionCall2(timestamptz_pl_interval, around,
											   IntervalPGetDatum(within)));
	}

	store = open_as_owner(&scope, true);
	store_find_leads(store, argument_text(find->lead_reference),
					 argument_email(find->email), &from, &until, result->setResult);
	close_as_owner(&scope, store);
}

/* What a row of the log has of its delivery; raises where there is no row. */
static void
find_delivery(Store *store, int64 log_id, LoggedDelivery *logged)
{
	if (!store_find_delivery(store, log_id, logged))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("row " INT64_FORMAT " of loopit.ingest_log does not exist",
						log_id),
				 errhint("%s", HINT_LOG_ID)));
}

/* See support.h. */
Jsonb *
support_replay_lead(const int64 *log_id)
{
	Delivery	delivery = new_delivery();
	LoggedDelivery logged;
	OwnerScope	scope;
	Store	   *store;

	require_not_null(log_id, "log_id", HINT_LOG_ID);
	store = open_as_owner(&scope, false);
	find_delivery(store, *log_id, &logged);
	close_as_owner(&scope, store);

	/* a body that had to be repaired was stored as what it was repaired to */
	if (logged.payload != NULL)
		body_take_payload(logged.payload, &delivery);
	else if (logged.raw_body != NULL && VARSIZE_ANY_EXHDR(logged.raw_body) > 0)
		body_read(logged.raw_body, &delivery);
	else
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row " INT64_FORMAT " of loopit.ingest_log has no payload to replay",
						*log_id),
				 errdetail("The payload was erased, or there never was one."),
				 errhint("Ask the sender to send the lead again.")));
	delivery.replay_of = *log_id;
	delivery.first_received_at = logged.first_received_at;
	return ingest_delivery(&delivery);
}

/* See support.h. */
void
support_dismiss_lead(const int64 *log_id, struct varlena *note)
{
	LoggedDelivery logged;
	OwnerScope	scope;
	Store	   *store;

	require_not_null(log_id, "log_id", HINT_LOG_ID);
	store = open_as_owner(&scope, false);
	find_delivery(store, *log_id, &logged);
	store_dismiss_lead(store, *log_id, GetCurrentTimestamp(),
					   argument_text(note));
	close_as_owner(&scope, store);
}

/* The time that lies the interval before now. */
static int64
before_now(const Interval *interval)
{
	return time_value(DirectFunctionCall2(timestamptz_mi_interval,
										  TimestampTzGetDatum(GetCurrentTimestamp()),
										  IntervalPGetDatum(interval))).number;
}

/* See support.h. */
int64
support_purge_log(const Interval *older_than,
				  const Interval *failures_older_than, const int32 *max_rows)
{
	OwnerScope	scope;
	Store	   *store;
	int64		deleted;

	require_not_null(older_than, "older_than", HINT_AGE);
	require_not_negative(older_than, "older_than", HINT_AGE);
	require_not_negative(failures_older_than, "failures_older_than", HINT_AGE);
	require_not_null(max_rows, "max_rows", HINT_MAX_ROWS);
	if (*max_rows < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must be at least 1"),
				 errhint("%s", HINT_MAX_ROWS)));
	if (failures_older_than == NULL)
		failures_older_than = older_than;

	store = open_as_owner(&scope, false);
	deleted = store_purge_log(store, before_now(older_than),
							  before_now(failures_older_than), *max_rows);
	close_as_owner(&scope, store);
	return deleted;
}

/* See support.h. */
Jsonb *
support_forget_person(const int64 *workspace_id, struct varlena *email)
{
	JsonOut		out = JSON_OUT_INIT;
	LeadText	address = argument_email(email);
	ForgetCounts counts;
	OwnerScope	scope;
	Store	   *store;

	require_not_null(workspace_id, "workspace_id", HINT_WORKSPACE);
	require_not_null(email, "email", HINT_EMAIL);
	if (address.length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("email must not be empty"),
				 errhint("%s", HINT_EMAIL)));

	store = open_as_owner(&scope, false);
	if (!store_workspace_exists(store, *workspace_id))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("workspace " INT64_FORMAT " does not exist",
						*workspace_id),
				 errhint("%s", HINT_WORKSPACE)));
	store_forget_person(store, *workspace_id, address, &counts);
	close_as_owner(&scope, store);

	json_out_begin_object(&out, NULL);
	json_out_integer(&out, "persons", counts.persons);
	json_out_integer(&out, "identity_documents", counts.documents);
	json_out_integer(&out, "bookings", counts.bookings);
	json_out_integer(&out, "log_rows", counts.log_rows);
	json_out_end_object(&out);
	return json_out_finish(&out);
}

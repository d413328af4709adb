/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What support does with the log: look-ups, replay, dismissal, purge.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "admin/call.h"
#include "admin/day_counts.h"
#include "admin/support.h"
#include "ingest/ingest.h"
#include "payload/body.h"
#include "payload/encoding.h"
#include "store/partition.h"

#define HINT_AGE		"Give the age of the rows, like interval '90 days'."
#define HINT_MAX_ROWS	"Give the number of rows that one call may delete."

static LeadValue
time_value(TimestampTz time)
{
	LeadValue	value = {.provided = true,.number = time};

	return value;
}

/*
 * Puts the deliveries that match into the result of loopit_find_leads(), newest
 * first.  A NULL is no condition.  Raises if within is negative.
 */
void
support_find_leads(const FindLeads *find, ReturnSetInfo *result)
{
	static const Interval one_day = {.day = 1};
	const Interval *within = find->within != NULL ? find->within : &one_day;
	LeadQuery	query = {
		.lead_reference = argument_trimmed(find->lead_reference),
		.email = argument_email(find->email)
	};
	OwnerScope	scope;
	Store	   *store;

	if (is_negative(within))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within must not be negative"),
				 errhint("Give the time to both sides of around, like interval '1 hour'.")));
	query.other_reference = without_number_sign(query.lead_reference);
	if (find->around != NULL)
	{
		query.from = time_value(time_before(*find->around, within));
		query.until = time_value(time_after(*find->around, within));
	}
	if (find->dealership_id != NULL)
	{
		query.dealership_id.provided = true;
		query.dealership_id.number = *find->dealership_id;
	}

	store = call_begin(&scope, true);
	store_find_leads(store, &query, result->setResult);
	call_end(&scope, store);
}

/*
 * Finds what a row of the log has of its delivery; raises if there is no such
 * row.  No row has the id 0, which a replay would take for none.
 */
static void
find_delivery(Store *store, int64 log_id, LoggedDelivery *logged)
{
	if (log_id == 0 || !store_find_delivery(store, log_id, logged))
		raise_no_log_row(log_id);
}

/*
 * Ingests the payload of that row of the log again; returns the outcome.  Raises
 * if log_id is NULL, if there is no such row, or if nothing of its payload is left.
 */
Jsonb *
support_replay_lead(const int64 *log_id)
{
	Delivery	delivery = new_delivery();
	LoggedDelivery logged;
	OwnerScope	scope;
	Store	   *store;

	require_not_null(log_id, "log_id", HINT_LOG_ID);
	store = call_begin(&scope, false);
	find_delivery(store, *log_id, &logged);
	call_end(&scope, store);

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

/*
 * Dismisses that row's lead; the note may be NULL.  Raises if log_id is NULL, or
 * if there is no such row.
 */
void
support_dismiss_lead(const int64 *log_id, struct varlena *note)
{
	LoggedDelivery logged;
	OwnerScope	scope;
	Store	   *store;

	require_not_null(log_id, "log_id", HINT_LOG_ID);
	store = call_begin(&scope, false);
	find_delivery(store, *log_id, &logged);
	store_dismiss_lead(store, *log_id, GetCurrentTimestamp(),
					   argument_text(note));
	call_end(&scope, store);
}

/*
 * Returns the time before which a row is older than the interval.  No row is
 * older than a negative one: a wrong sign must not delete the whole log.
 */
static TimestampTz
older_than_time(const Interval *interval, const char *name)
{
	if (!is_negative(interval))
		return time_before(GetCurrentTimestamp(), interval);
	ereport(WARNING,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is negative, so no row is older", name),
			 errhint("%s", HINT_AGE)));
	return DT_NOBEGIN;
}

/*
 * Counts days that are over, makes the partitions of the next periods, and deletes
 * at most max_rows rows of the log that are older than that, or drops the
 * partitions that have no other rows and whose days are counted; returns how many
 * rows are gone.  failures_older_than NULL: the same as older_than.  Raises if
 * another argument is NULL, or if max_rows is less than 1.
 */
int64
support_purge_log(const Interval *older_than,
				  const Interval *failures_older_than, const int32 *max_rows)
{
	TimestampTz processed_before;
	TimestampTz others_before;
	OwnerScope	scope;
	Store	   *store;
	int64		counted_until;
	int64		deleted;

	require_not_null(older_than, "older_than", HINT_AGE);
	require_not_null(max_rows, "max_rows", HINT_MAX_ROWS);
	if (*max_rows < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must be at least 1"),
				 errhint("%s", HINT_MAX_ROWS)));
	processed_before = older_than_time(older_than, "older_than");
	others_before = failures_older_than == NULL ? processed_before :
		older_than_time(failures_older_than, "failures_older_than");

	store = call_begin(&scope, false);
	counted_until = count_days(store);
	(void) store_make_partitions(store, GetCurrentTimestamp(), *max_rows);
	deleted = store_drop_partitions(store, processed_before, others_before,
									counted_until);
	if (deleted == 0)
		deleted = store_purge_log(store, processed_before, others_before,
								  *max_rows);
	if (deleted > 0)
		store_note_purged(store, Max(processed_before, others_before));
	call_end(&scope, store);
	return deleted;
}

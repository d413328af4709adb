/*-------------------------------------------------------------------------
 *
 * drift.c
 *	  What the sender changed: the payloads and outcomes of two windows of the
 *	  log, compared by samples.
 *
 *	  sample.c	reads deliveries of a window, spread over it
 *	  walk.c	finds the paths of a payload and the issues of an outcome
 *	  trait.c	counts them
 *	  compare.c	finds the shares that differ by more than chance
 *	  path.c	shows a path
 *
 * Memory: the result is in the caller's context, what is counted in one that is
 * deleted at the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "admin/call.h"
#include "report/trait.h"

#define MAX_SAMPLE		100000

#define HINT_SINCE		"Give the length of the window, like interval '1 day'."
#define HINT_BASELINE \
	"Give the length of the window before it, like interval '30 days'."
#define HINT_SAMPLE		"Give the number of payloads to read of each window, up to 100,000."

typedef struct Taking
{
	Traits	   *traits;
	DriftWindow window;
} Taking;

static void
take_delivery(void *argument, const SampledDelivery *delivery)
{
	Taking	   *taking = argument;

	traits_take(taking->traits, taking->window, delivery);
}

/* Described in drift.h. */
void
drift_find(Store *store, TimestampTz before, TimestampTz since,
		   TimestampTz now, int sample, Drift *drift)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext counting = AllocSetContextCreate(context, "loopit_leads drift",
												   ALLOCSET_DEFAULT_SIZES);
	Taking		taking;

	memset(drift, 0, sizeof(*drift));
	MemoryContextSwitchTo(counting);
	taking.traits = traits_create();
	taking.window = WINDOW_BEFORE;
	sample_window(store, before, since, sample, take_delivery, &taking);
	taking.window = WINDOW_NOW;
	sample_window(store, since, now + 1, sample, take_delivery, &taking);
	MemoryContextSwitchTo(context);

	memcpy(drift->leads, taking.traits->all.leads, sizeof(drift->leads));
	drift->capped = taking.traits->capped;
	compare_traits(taking.traits, drift);
	MemoryContextDelete(counting);
}

/* Raises if the length of a window is missing or is none. */
static void
check_window(const Interval *length, const char *name, const char *hint)
{
	require_not_null(length, name, hint);
	if (is_negative(length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", name),
				 errhint("%s", hint)));
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static Datum
time_or_null(TimestampTz time, bool *isnull)
{
	*isnull = time == 0;
	return TimestampTzGetDatum(time);
}

/* In the order of the function's columns. */
static void
put_row(const DriftRow *row, ReturnSetInfo *result)
{
	Datum		values[14];
	bool		nulls[14] = {false};
	int			i = 0;

	nulls[i] = !row->of_dealership;
	values[i++] = Int64GetDatum(row->dealership_id);
	values[i] = text_or_null(row->path, &nulls[i]);
	i++;
	values[i++] = BoolGetDatum(row->known);
	values[i++] = CStringGetTextDatum(drift_change_name(row->change));
	values[i] = text_or_null(code_name(row->code), &nulls[i]);
	i++;
	for (int window = 0; window < NUM_WINDOWS; window++)
		values[i++] = CStringGetTextDatum(row->shown[window]);
	for (int window = 0; window < NUM_WINDOWS; window++)
		values[i++] = Float8GetDatum(row->share[window]);
	for (int window = 0; window < NUM_WINDOWS; window++)
		values[i++] = Int32GetDatum(row->leads[window]);
	values[i++] = Int32GetDatum(row->dealerships);
	values[i] = time_or_null(row->first_seen, &nulls[i]);
	i++;
	values[i] = time_or_null(row->last_seen, &nulls[i]);
	i++;
	Assert(i == lengthof(values));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * Puts the changes into the result of loopit_payload_drift().  Raises if an
 * argument is NULL or out of range.
 */
void
drift_report(const Interval *since, const Interval *baseline,
			 const int32 *sample, ReturnSetInfo *result)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from;
	OwnerScope	scope;
	Store	   *store;
	Drift		drift;

	check_window(since, "since", HINT_SINCE);
	check_window(baseline, "baseline", HINT_BASELINE);
	require_not_null(sample, "sample", HINT_SAMPLE);
	if (*sample < 1 || *sample > MAX_SAMPLE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample must be between 1 and %d", MAX_SAMPLE),
				 errhint("%s", HINT_SAMPLE)));

	from = time_before(now, since);
	store = call_begin(&scope, true);
	drift_find(store, time_before(from, baseline), from, now, *sample, &drift);
	call_end(&scope, store);

	for (int i = 0; i < drift.nrows; i++)
		put_row(&drift.rows[i], result);
	if (drift.capped != NULL)
		ereport(NOTICE,
				(errmsg("not everything was compared: %s", drift.capped)));
}

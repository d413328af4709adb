/*-------------------------------------------------------------------------
 *
 * call.c
 *	  What the functions that support calls have in common: the session of a
 *	  call, and its arguments.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "admin/call.h"
#include "payload/encoding.h"
#include "server/compat.h"
#include "server/fault.h"

/* Opens the storage as the owner of the tables. */
Store *
call_begin(OwnerScope *scope, bool read_only)
{
	Store	   *store;

	owner_begin(scope);
	owner_prefer_indexes();
	store = store_open(read_only);
	store_take_snapshot(store);
	return store;
}

void
call_end(const OwnerScope *scope, Store *store)
{
	store_close(store);
	owner_end(scope);
}

/* A text argument; no data where it is NULL. */
LeadText
argument_text(struct varlena *argument)
{
	if (argument == NULL)
		return lead_text(NULL, 0);
	return lead_text(VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument));
}

/* The same without white space around it. */
LeadText
argument_trimmed(struct varlena *argument)
{
	LeadText	text = argument_text(argument);

	if (text.data != NULL)
		trim_database_text(&text);
	return text;
}

/* An e-mail as the log has it: trimmed, in lower case, of limited length. */
LeadText
argument_email(struct varlena *argument)
{
	LeadText	email = argument_text(argument);

	return email.data == NULL ? email : fold_email(email);
}

/* Raises if the argument is NULL; the hint is what would be right. */
void
require_not_null(const void *argument, const char *name, const char *hint)
{
	if (argument == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("%s", hint)));
}

bool
is_negative(const Interval *interval)
{
	static const Interval zero = {0};

	return DatumGetBool(DirectFunctionCall2(interval_lt,
											IntervalPGetDatum(interval),
											IntervalPGetDatum(&zero)));
}

typedef struct Shift
{
	PGFunction	function;
	TimestampTz time;
	const Interval *interval;
} Shift;

static void
shift(void *argument)
{
	Shift	   *what = argument;
	Datum		shifted = DirectFunctionCall2(what->function,
											  TimestampTzGetDatum(what->time),
											  IntervalPGetDatum(what->interval));

	what->time = DatumGetTimestampTz(shifted);
}

static bool
not_out_of_range(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
}

/*
 * Returns the time that the server's function makes of a time and an interval,
 * or beyond if there is no such time.  An infinite time stays infinite by a
 * finite interval, without asking: since PostgreSQL 17 the server may raise an
 * error of the interval itself.
 */
static TimestampTz
shifted_time(PGFunction function, TimestampTz time, const Interval *interval,
			 TimestampTz beyond)
{
	Shift		what = {function, time, interval};

	if (TIMESTAMP_NOT_FINITE(time) && interval_is_finite(interval))
		return time;
	return fault_catch(shift, &what, not_out_of_range) != NULL ? beyond :
		what.time;
}

/*
 * Returns the time that is an interval, not a negative one, before another;
 * -infinity if there is no such time.
 */
TimestampTz
time_before(TimestampTz time, const Interval *interval)
{
	return shifted_time(timestamptz_mi_interval, time, interval, DT_NOBEGIN);
}

/* The same after it; infinity if there is no such time. */
TimestampTz
time_after(TimestampTz time, const Interval *interval)
{
	return shifted_time(timestamptz_pl_interval, time, interval, DT_NOEND);
}

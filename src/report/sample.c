/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  A sample of the deliveries of a window of the log, whose cost does not
 *	  depend on the size of the log.
 *
 * Every delivery of the window is to have the same chance, in a busy hour and
 * at night, and nobody knows how many there are.  So the time is sampled, not
 * the rows: the window is cut into slices, and from each the rows of the same
 * fraction of its time are read through the index on received_at, first of a
 * millionth, then of eight times as much, until there are enough rows or the
 * whole window is read.  Slices are of uneven length, so that they do not keep
 * time with a sender that delivers each minute, and are read in a scattered
 * order, so that what a round leaves out when it has enough is spread, too.
 *
 * Replays are left out: the sender did not send them.
 *
 * Memory: a delivery is in a context that is reset for the next one; the rest
 * is in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "report/sample.h"
#include "store/look.h"

/* Two primes: slice STRIDE * n modulo SLICES is scattered over the window. */
#define SLICES		499
#define STRIDE		307

#define FIRST_PART	(1.0 / (1 << 21))	/* of each slice */
#define NEXT_PART	8			/* times the part before */

/* The fractions of multiples of the golden ratio are spread evenly. */
#define GOLDEN_RATIO	1.6180339887498949

/* A larger payload or outcome is not read; an ordinary one has 3 kB. */
#define SIZE_LIMIT	(64 * 1024)

#define FROM_LOG \
	" FROM loopit.ingest_log l" \
	" WHERE l.received_at OPERATOR(pg_catalog.>=) "
#define EXTREME(direction) \
	"(SELECT l.received_at" FROM_LOG "$1" \
	" AND l.received_at OPERATOR(pg_catalog.<) $2" \
	" ORDER BY l.received_at " direction " LIMIT 1)"

static const StatementSpec extent_statement = {
	.sql = "SELECT " EXTREME("ASC") ", " EXTREME("DESC"),
	.tables = UINT32_C(1) << TABLE_INGEST_LOG,
	.arg_types = (const Oid[]) {TIMESTAMPTZOID, TIMESTAMPTZOID, InvalidOid},
	.result_types = (const Oid[]) {TIMESTAMPTZOID, TIMESTAMPTZOID, InvalidOid}
};

/*
 * The planner expects one row in two hundred of the log in each piece, and since
 * PostgreSQL 18 it would rather sort what an index by dealership finds of that.
 * There is no limit, but it does not know that, and takes the order of an index.
 */
static const StatementSpec pieces_statement = {
	.sql = "SELECT d.*"
	" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2))"
	" AS p(start, after)"
	" CROSS JOIN LATERAL ("
	"SELECT l.received_at, l.dealership_id, l.workspace_id, l.lead_reference,"
	" l.payload, l.outcome" FROM_LOG "p.start"
	" AND l.received_at OPERATOR(pg_catalog.<) p.after"
	" AND l.replay_of IS NULL"
	" ORDER BY l.received_at LIMIT (SELECT NULL::pg_catalog.int8)) AS d",
	.tables = UINT32_C(1) << TABLE_INGEST_LOG,
	.arg_types = (const Oid[]) {
		TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, InvalidOid
	},
	.result_types = (const Oid[]) {
		TIMESTAMPTZOID, INT8OID, INT8OID, TEXTOID, JSONBOID, JSONBOID,
		InvalidOid
	}
};

typedef struct Extent
{
	TimestampTz first;
	TimestampTz after;			/* the last row */
} Extent;

/* Finds the first and the last row of the window; false: there is none. */
static bool
find_extent(Store *store, TimestampTz from, TimestampTz until, Extent *extent)
{
	StatementArgs args = {0};
	bool		found = false;
	Look		look;

	arg_integer(&args, from);
	arg_integer(&args, until);
	look_begin(store, &extent_statement, &args, &look);
	if (look_next(&look) && !look_is_null(&look, 1))
	{
		found = true;
		extent->first = look_integer(&look, 1);
		extent->after = look_integer(&look, 2) + 1;
	}
	look_end(&look);
	return found;
}

/* Where a slice starts: at an uneven distance from the one before. */
static TimestampTz
slice_start(const Extent *extent, int slice)
{
	double		shifted = slice + fmod(slice * GOLDEN_RATIO, 1);

	if (slice == SLICES)
		return extent->after;
	return extent->first +
		(int64) (shifted / SLICES * (double) (extent->after - extent->first));
}

/* Where a part of a slice, from its start, ends. */
static TimestampTz
part_end(const Extent *extent, int slice, double part)
{
	TimestampTz start = slice_start(extent, slice);
	TimestampTz next = slice_start(extent, slice + 1);

	return part >= 1 ? next : start + (int64) (part * (double) (next - start));
}

static Datum
time_array(Datum *times, int count)
{
	return PointerGetDatum(construct_array(times, count, TIMESTAMPTZOID,
										   sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Begins to read what a part of each slice has beyond a smaller part. */
static void
begin_round(Store *store, const Extent *extent, double smaller, double part,
			Look *look)
{
	Datum		starts[SLICES];
	Datum		ends[SLICES];
	StatementArgs args = {0};

	for (int i = 0; i < SLICES; i++)
	{
		int			slice = i * STRIDE % SLICES;

		starts[i] = TimestampTzGetDatum(part_end(extent, slice, smaller));
		ends[i] = TimestampTzGetDatum(part_end(extent, slice, part));
	}
	arg_datum(&args, time_array(starts, SLICES), false);
	arg_datum(&args, time_array(ends, SLICES), false);
	look_begin(store, &pieces_statement, &args, look);
}

/* A jsonb of the current row; NULL where it is null or too large. */
static Jsonb *
read_jsonb(const Look *look, int column, bool *too_large)
{
	Datum		datum = look_datum(look, column);

	if (look_is_null(look, column))
		return NULL;
	if (toast_raw_datum_size(datum) > SIZE_LIMIT)
	{
		*too_large = true;
		return NULL;
	}
	return DatumGetJsonbP(datum);
}

static void
read_delivery(const Look *look, SampledDelivery *delivery)
{
	delivery->received_at = look_integer(look, 1);
	delivery->dealership_id = look_integer(look, 2);
	delivery->configured = !look_is_null(look, 2) && !look_is_null(look, 3);
	delivery->lead_reference = look_text(look, 4);
	delivery->too_large = false;
	delivery->payload = read_jsonb(look, 5, &delivery->too_large);
	delivery->outcome = read_jsonb(look, 6, &delivery->too_large);
}

/*
 * Calls take for the deliveries from one time on and before another one: for
 * all of them where the limit is not less, else for so many.
 */
void
sample_window(Store *store, TimestampTz from, TimestampTz until, int limit,
			  TakeDelivery take, void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(context, "loopit_leads sample",
											  ALLOCSET_DEFAULT_SIZES);
	double		smaller = 0;
	double		part = FIRST_PART;
	int			count = 0;
	Extent		extent;

	/* no row of ours is received at an infinite time */
	if (!find_extent(store, Max(from, DT_NOBEGIN + 1), until, &extent))
		return;
	while (smaller < 1 && count < limit)
	{
		Look		look;

		begin_round(store, &extent, smaller, part, &look);
		while (count < limit && look_next(&look))
		{
			SampledDelivery delivery;

			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(row);
			MemoryContextSwitchTo(row);
			read_delivery(&look, &delivery);
			take(argument, &delivery);
			MemoryContextSwitchTo(context);
			count++;
		}
		look_end(&look);
		smaller = part;
		part *= NEXT_PART;
	}
	MemoryContextDelete(row);
}

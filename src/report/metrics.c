/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  What a monitor scrapes, at any size of the log: today's rows, the open
 *	  leads, and for each dealership its newest delivery by an index.
 *
 * Whoever sends chooses dealership.id, so a metric names a dealership only if
 * it is configured: a monitor keeps a series for each that it has ever seen.
 *
 * Memory: a row's texts are in the caller's context until the call ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "admin/call.h"
#include "report/metrics.h"
#include "rules/time.h"
#include "store/look.h"
#include "store/partition.h"

#define ARGS(...)		.arg_types = (const Oid[]) {__VA_ARGS__, InvalidOid}
#define EQ				" OPERATOR(pg_catalog.=) "

/* metric, workspace_id, dealership_id, label, value */
#define NUM_COLUMNS		5
#define METRIC			.result_types = (const Oid[]) {TEXTOID, TEXTOID, TEXTOID, TEXTOID, FLOAT8OID, InvalidOid}

#define ID_TEXT(id)		"COALESCE(" id "::pg_catalog.text, '')"
#define NUMBER(value)	value "::pg_catalog.float8"
#define SECONDS_SINCE(time) \
	"GREATEST(0, EXTRACT(epoch FROM $1 OPERATOR(pg_catalog.-) " time "))::pg_catalog.float8"

/* A table without partitions is none of a partition tree. */
#define LOG_BYTES \
	"COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(p.relid))" \
	"  FROM pg_catalog.pg_partition_tree('loopit.ingest_log') p)," \
	" pg_catalog.pg_total_relation_size('loopit.ingest_log'), 0)"

/*
 * $1: now, $2: when the day (UTC) began, $3: when it ends, $4: when the day before
 * began if the log is partitioned, else -infinity; not all are used
 */
#define TIMES	ARGS(TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID)

/*
 * When a dealership last sent something, since $4 or before: so the partitions of
 * a year are not searched for each dealership that sends every day.
 *
 * The order, and the range instead of an equality, leave no index but that on
 * dealerships: the planner would otherwise read the newest rows of all of them, be
 * it the whole log, for each.  By the sub-SELECT it does not know how few rows come
 * after $4, which would make it do the same with those.
 */
#define LAST_DELIVERY(operator) \
	"(SELECT n.received_at FROM loopit.ingest_log n" \
	" WHERE n.dealership_id OPERATOR(pg_catalog.>=) d.id" \
	" AND n.dealership_id OPERATOR(pg_catalog.<=) d.id" \
	" AND n.replay_of IS NULL" \
	" AND n.received_at OPERATOR(pg_catalog." operator ") (SELECT $4)" \
	" ORDER BY n.dealership_id DESC, n.received_at DESC LIMIT 1)"

static const StatementSpec metrics[] = {
	{
		/* purged rows of today are in the counts, so that a counter grows */
		"WITH leads AS MATERIALIZED ("
		" SELECT s.workspace_id, d.id AS dealership_id, s.status,"
		"  pg_catalog.sum(s.leads) AS leads, pg_catalog.sum(s.asked) AS asked,"
		"  pg_catalog.sum(s.booked) AS booked"
		" FROM (SELECT r.workspace_id, r.dealership_id, r.status,"
		"   pg_catalog.count(*) AS leads,"
		"   pg_catalog.count(*) FILTER (WHERE r.asked) AS asked,"
		"   pg_catalog.count(*) FILTER (WHERE r.booked) AS booked"
		"  FROM loopit.ingest_log_result r"
		"  WHERE r.received_at OPERATOR(pg_catalog.>=) $2"
		"  AND r.received_at OPERATOR(pg_catalog.<) $3 GROUP BY 1, 2, 3"
		"  UNION ALL"
		"  SELECT c.workspace_id, c.dealership_id, c.status, c.leads, c.asked, c.booked"
		"  FROM loopit.ingest_day_count c WHERE c.purged"
		"  AND c.day" EQ "($2 AT TIME ZONE 'UTC')::pg_catalog.date) s"
		" LEFT JOIN loopit.dealership d ON d.id" EQ "s.dealership_id"
		" GROUP BY 1, 2, 3)"
		" SELECT 'loopit_leads_total', " ID_TEXT("workspace_id") ","
		"  " ID_TEXT("dealership_id") ", COALESCE(status, ''), " NUMBER("leads") " FROM leads"
		" UNION ALL"
		" SELECT 'loopit_leads_asked_total', " ID_TEXT("workspace_id") ","
		"  " ID_TEXT("dealership_id") ", '', " NUMBER("pg_catalog.sum(asked)")
		" FROM leads GROUP BY workspace_id, dealership_id"
		" UNION ALL"
		" SELECT 'loopit_leads_booked_total', " ID_TEXT("workspace_id") ","
		"  " ID_TEXT("dealership_id") ", '', " NUMBER("pg_catalog.sum(booked)")
		" FROM leads GROUP BY workspace_id, dealership_id",
		TIMES,
		METRIC
	},
	{
		"WITH leads AS MATERIALIZED ("
		" SELECT u.workspace_id, d.id AS dealership_id,"
		"  COALESCE(u.reason, '') AS reason, pg_catalog.count(*) AS leads,"
		"  pg_catalog.min(u.received_at) AS oldest"
		" FROM loopit.unresolved_lead u"
		" LEFT JOIN loopit.dealership d ON d.id" EQ "u.dealership_id"
		" GROUP BY 1, 2, 3)"
		" SELECT 'loopit_open_leads', " ID_TEXT("workspace_id") ","
		"  " ID_TEXT("dealership_id") ", reason, " NUMBER("leads") " FROM leads"
		" UNION ALL"
		" SELECT 'loopit_oldest_open_seconds', " ID_TEXT("workspace_id") ","
		"  " ID_TEXT("dealership_id") ", reason, " SECONDS_SINCE("oldest")
		" FROM leads",
		TIMES,
		METRIC
	},
	{
		/* a replay is ours, and says nothing about the dealership */
		"SELECT 'loopit_last_delivery_seconds', " ID_TEXT("d.workspace_id") ","
		"  " ID_TEXT("d.id") ", '',"
		"  CASE WHEN l.received_at IS NULL THEN 'Infinity'::pg_catalog.float8"
		"  ELSE " SECONDS_SINCE("l.received_at") " END"
		" FROM loopit.dealership d CROSS JOIN LATERAL (SELECT COALESCE("
		LAST_DELIVERY(">=") ", " LAST_DELIVERY("<") ") AS received_at OFFSET 0) l",
		TIMES,
		METRIC
	},
	{
		"SELECT 'loopit_log_bytes', '', '', '', " NUMBER(LOG_BYTES)
		" UNION ALL"
		" SELECT 'loopit_log_oldest_seconds', '', '', '', COALESCE("
		SECONDS_SINCE("pg_catalog.min(l.received_at)") ", 0)"
		" FROM loopit.ingest_log l",
		TIMES,
		METRIC
	}
};

static void
put_metrics(Store *store, const StatementSpec *spec, TimestampTz now,
			ReturnSetInfo *result)
{
	int32		today = day_of_time(now);
	StatementArgs args = {0};
	Look		look;

	arg_integer(&args, now);
	arg_integer(&args, day_start(today));
	arg_integer(&args, day_start(today + 1));
	arg_integer(&args, store_log_is_partitioned() ? day_start(today - 1) :
				DT_NOBEGIN);
	look_begin(store, spec, &args, &look);
	while (look_next(&look))
	{
		Datum		values[NUM_COLUMNS];
		bool		nulls[NUM_COLUMNS] = {false};

		for (int i = 0; i < NUM_COLUMNS; i++)
		{
			values[i] = look_datum(&look, i + 1);
			nulls[i] = look_is_null(&look, i + 1);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* Puts the metrics into the result of loopit_metrics(). */
void
report_metrics(ReturnSetInfo *result)
{
	TimestampTz now = GetCurrentTimestamp();
	OwnerScope	scope;
	Store	   *store = call_begin(&scope, true);

	for (int i = 0; i < lengthof(metrics); i++)
		put_metrics(store, &metrics[i], now, result);
	call_end(&scope, store);
}

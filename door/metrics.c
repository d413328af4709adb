/*
 * metrics.c
 *	  Counts requests, and writes the text that Prometheus reads.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "metrics.h"
#include "settings.h"

Metrics		metrics;

const char *const endpoint_names[ENDPOINTS] = {"leads", "token", "none"};

/* Every status that the door answers; the last stands for one forgotten. */
static const int statuses[] = {200, 400, 401, 403, 404, 405, 413, 415, 503, 0};

#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25};

#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

typedef struct Histogram
{
	atomic_long buckets[BOUNDS + 1];
	atomic_llong microseconds;
} Histogram;

static atomic_long requests[ENDPOINTS][STATUSES];
static Histogram door_seconds;
static Histogram database_seconds;

static void
observe(Histogram *histogram, int64_t us)
{
	size_t		i = 0;

	while (i < BOUNDS && (double) us > bounds[i] * 1e6)
		i++;
	histogram->buckets[i]++;
	histogram->microseconds += us;
}

/* Counts an answered request; took_us is from its headers to its answer. */
void
metrics_count(const Request *request, int64_t took_us)
{
	size_t		i = 0;

	while (i < STATUSES - 1 && statuses[i] != request->answer.status)
		i++;
	requests[request->endpoint][i]++;
	if (request->answer.status == 200 && request->endpoint == ENDPOINT_TOKEN)
		metrics.tokens_issued++;
	if (request->endpoint == ENDPOINT_LEADS && request->submitted != 0)
	{
		observe(&door_seconds, took_us - request->database_us);
		observe(&database_seconds, request->database_us);
	}
}

static void
write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	write_head(out, name, type, help);
	fprintf(out, "%s %.15g\n", name, value);
}

static void
write_histogram(FILE *out, const char *name, const char *help, Histogram *histogram)
{
	long		sum = 0;
	size_t		i;

	write_head(out, name, "histogram", help);
	for (i = 0; i < BOUNDS; i++)
	{
		sum += histogram->buckets[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %ld\n", name, bounds[i], sum);
	}
	sum += histogram->buckets[BOUNDS];
	fprintf(out, "%s_bucket{le=\"+Inf\"} %ld\n%s_sum %g\n%s_count %ld\n",
			name, sum, name, (double) histogram->microseconds / 1e6, name, sum);
}

static void
write_requests(FILE *out)
{
	int			endpoint;
	size_t		i;

	write_head(out, "loopit_door_requests_total", "counter", "Requests answered.");
	for (endpoint = 0; endpoint < ENDPOINTS; endpoint++)
		for (i = 0; i < STATUSES; i++)
			if (requests[endpoint][i] > 0)
				fprintf(out, "loopit_door_requests_total{endpoint=\"%s\",status=\"%d\"} %ld\n",
						endpoint_names[endpoint], statuses[i],
						(long) requests[endpoint][i]);
}

/* Returns the text, malloc'd, and its length; NULL without memory. */
char *
metrics_text(size_t *length)
{
	char	   *text = NULL;
	FILE	   *out = open_memstream(&text, length);

	if (out == NULL)
		return NULL;
	write_requests(out);
	write_histogram(out, "loopit_door_seconds",
					"Time of a lead that was not spent in the database.", &door_seconds);
	write_histogram(out, "loopit_door_database_seconds",
					"Time of a lead in the database, retries included.", &database_seconds);
	write_one(out, "loopit_door_requests_in_flight", "gauge",
			  "Requests whose headers have arrived and that have no answer yet.",
			  (double) metrics.requests_in_flight);
	write_one(out, "loopit_door_connections", "gauge",
			  "Connections of senders.", (double) metrics.connections_open);
	write_one(out, "loopit_door_body_bytes", "gauge",
			  "Memory that bodies take.", (double) metrics.body_bytes);
	write_one(out, "loopit_door_late_total", "counter",
			  "Connections closed since their request did not arrive in time.",
			  (double) metrics.requests_late);
	write_one(out, "loopit_door_refused_total", "counter",
			  "Requests refused before they had headers that can be read.",
			  (double) metrics.requests_refused);
	write_one(out, "loopit_door_database_connections", "gauge",
			  "Connections to the database that are up.", (double) metrics.databases_up);
	write_one(out, "loopit_door_database_fallback", "gauge",
			  "Those that are to another host than the first.",
			  (double) metrics.database_fallback);
	write_one(out, "loopit_door_database_retries_total", "counter",
			  "Statements sent again, and connections made again.",
			  (double) metrics.database_retries);
	write_one(out, "loopit_door_tokens_issued_total", "counter",
			  "Tokens issued.", (double) metrics.tokens_issued);
	if (settings.issuer != NULL)
	{
		int64_t		fetched = metrics.keys_fetched;

		write_head(out, "loopit_door_keys_age_seconds", "gauge",
				   "Time since the identity provider's keys were fetched.");
		if (fetched == 0)
			fprintf(out, "loopit_door_keys_age_seconds +Inf\n");
		else
			fprintf(out, "loopit_door_keys_age_seconds %.3f\n",
					(double) (clock_now() - fetched) / 1e6);
		write_one(out, "loopit_door_keys_failed_total", "counter",
				  "Fetches of the provider's keys that failed.",
				  (double) metrics.keys_failed);
	}
	if (fclose(out) != 0)
	{
		free(text);
		return NULL;
	}
	return text;
}

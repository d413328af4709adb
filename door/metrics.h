/*
 * metrics.h
 *	  What Prometheus reads.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdatomic.h>
#include <stddef.h>

#include "request.h"

typedef struct Metrics
{
	atomic_long requests_in_flight;
	atomic_long connections_open;
	atomic_long body_bytes;		/* held in memory */
	atomic_long requests_late;	/* connections closed: did not arrive in time */
	atomic_long requests_refused;	/* by libmicrohttpd: no HTTP */
	atomic_long databases_up;
	atomic_long database_retries;
	atomic_long database_fallback;	/* connections to a host that is not the
									 * first */
	atomic_long tokens_issued;
	atomic_llong keys_fetched;	/* clock_now() of the last good fetch; 0: none */
	atomic_long keys_failed;	/* fetches */
} Metrics;

extern Metrics metrics;
extern const char *const endpoint_names[ENDPOINTS];

extern void metrics_count(const Request *request, int64_t took_us);
extern char *metrics_text(size_t *length);

#endif

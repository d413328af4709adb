/*
 * http.c
 *	  The senders' side: libmicrohttpd, one thread with epoll.
 *
 * It collects bodies within limits, and suspends a connection while work.c has
 * its request.
 *
 * An answer that is known before the body has arrived waits for the body,
 * which is thrown away: a sender that is still sending would see a reset
 * connection in place of the answer.  One that has sent "Expect: 100-continue"
 * waits for the door, and is answered at once.
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"
#include "work.h"

/* What libmicrohttpd may take for the headers of one request. */
#define HEADERS_LIMIT ((size_t) 32 * 1024)

#define FIRST_CAPACITY ((size_t) 4096)

static struct MHD_Daemon *senders;

static atomic_bool stopping;	/* answers close their connections */
static atomic_bool closed;		/* nothing may be suspended any more */

/* ---- bodies ---- */

static void
free_body(Request *request)
{
	metrics.body_bytes -= (long) request->capacity;
	free(request->body);
	request->body = NULL;
	request->length = 0;
	request->capacity = 0;
}

/*
 * Makes room for size more bytes and one.  A body's memory follows what has
 * arrived, not what its Content-Length promises.
 */
static bool
make_room(Request *request, size_t size)
{
	size_t		wanted = request->capacity > 0 ? request->capacity : FIRST_CAPACITY;
	char	   *body;

	while (wanted < request->length + size + 1)
		wanted *= 2;
	if (wanted > BODY_LIMIT + 1)
		wanted = BODY_LIMIT + 1;
	if (wanted == request->capacity)
		return true;
	if ((size_t) metrics.body_bytes + wanted - request->capacity > BODIES_LIMIT)
		return false;
	body = realloc(request->body, wanted);
	if (body == NULL)
		return false;
	metrics.body_bytes += (long) (wanted - request->capacity);
	request->body = body;
	request->capacity = wanted;
	return true;
}

/*
 * Keeps a part of the body, or throws it away where the answer is known.
 * Returns false if the sender has sent more than can be put up with.
 */
static bool
take_body(Request *request, const char *data, size_t size)
{
	size_t		limit = request->endpoint == ENDPOINT_TOKEN ? FORM_LIMIT : BODY_LIMIT;

	request->received += size;
	if (request->received > DISCARD_LIMIT)
		return false;
	if (request->answer.status != 0)
		return true;
	if (request->length + size > limit)
		answer_set(&request->answer, 413, "body_too_large");
	else if (!make_room(request, size))
		answer_set(&request->answer, 503, "temporarily_unavailable");
	if (request->answer.status != 0)
	{
		free_body(request);
		return true;
	}
	memcpy(request->body + request->length, data, size);
	request->length += size;
	return true;
}

/* ---- requests ---- */

static Request *
new_request(struct MHD_Connection *mhd)
{
	Request    *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->mhd = mhd;
	request->connection = connection_of(mhd);
	request->started = clock_now();
	if (request->connection == NULL)
	{
		free(request);
		return NULL;
	}
	metrics.requests_in_flight++;
	return request;
}

static enum MHD_Result
answer(Request *request)
{
	free_body(request);
	connection_expect(request->connection);
	return answer_send(request) ? MHD_YES : MHD_NO;
}

/*
 * libmicrohttpd calls this with the headers, with each part of the body, at
 * the body's end, and again when a suspended connection is resumed.
 */
static enum MHD_Result
handle(void *unused, struct MHD_Connection *mhd, const char *path, const char *method,
	   const char *version, const char *data, size_t *size, void **context)
{
	Request    *request = *context;

	(void) unused;
	if (request == NULL)
	{
		const char *expect;

		request = new_request(mhd);
		*context = request;
		if (request == NULL)
			return MHD_NO;
		headers_judge(request, path, method, version);
		expect = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Expect");
		if (request->answer.at_once || (request->answer.status != 0 && expect != NULL))
			return answer(request);
		return MHD_YES;
	}
	if (*size > 0)
	{
		bool		taken = take_body(request, data, *size);

		*size = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	if (request->answer.status == 0 && closed)
		answer_set(&request->answer, 503, "temporarily_unavailable");
	if (request->answer.status != 0)
		return answer(request);
	if (!make_room(request, 0))
	{
		answer_set(&request->answer, 503, "temporarily_unavailable");
		return answer(request);
	}
	connection_busy(request->connection);
	MHD_suspend_connection(mhd);
	work_submit(request);
	return MHD_YES;
}

/* A worker is done with the request: its connection goes on. */
void
http_answered(Request *request)
{
	MHD_resume_connection(request->mhd);
}

static void
completed(void *unused, struct MHD_Connection *mhd, void **context,
		  enum MHD_RequestTerminationCode code)
{
	Request    *request = *context;

	(void) unused;
	(void) mhd;
	(void) code;
	if (request == NULL)
		return;
	connection_expect(request->connection);
	free_body(request);
	free(request->answer.body);
	free(request);
	*context = NULL;
	metrics.requests_in_flight--;
}

/*
 * What libmicrohttpd complains about.  Its arguments may be a sender's, a
 * token even, so the text is logged without them.
 */
static void
complain(void *unused, const char *format, va_list arguments)
{
	(void) unused;
	(void) arguments;
	metrics.requests_refused++;
	log_event(LOG_WARNING, "http", "message", format);
}

/* A path is compared as it was sent. */
static size_t
keep_escapes(void *unused, struct MHD_Connection *mhd, char *text)
{
	(void) unused;
	(void) mhd;
	return strlen(text);
}

/* ---- start and stop ---- */

/* Starts to answer on a listening socket, for so many connections at once. */
bool
http_start(int listener, unsigned int limit)
{
	senders = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
							   MHD_USE_ITC | MHD_USE_ERROR_LOG,
							   0, NULL, NULL, handle, NULL,
							   MHD_OPTION_EXTERNAL_LOGGER, complain, NULL,
							   MHD_OPTION_LISTEN_SOCKET, listener,
							   MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
							   MHD_OPTION_NOTIFY_CONNECTION, connection_notify, NULL,
							   MHD_OPTION_URI_LOG_CALLBACK, connection_request_line, NULL,
							   MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
							   MHD_OPTION_CONNECTION_LIMIT, limit,
							   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) IDLE_SECONDS,
							   MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_LIMIT,
							   MHD_OPTION_STRICT_FOR_CLIENT, 1,
							   MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
							   MHD_OPTION_END);
	return senders != NULL;
}

/*
 * Accepts no more connections; the listening socket is returned, and stays
 * open.
 */
int
http_quiesce(void)
{
	stopping = true;
	return MHD_quiesce_daemon(senders);
}

bool
http_stopping(void)
{
	return stopping;
}

/*
 * Stops, if every request is answered; else returns false.  libmicrohttpd
 * aborts the process where a connection is suspended at its stop, and a
 * connection that is kept alive may send its next request at any moment: hence
 * the flag first, then the count.
 */
bool
http_stop(void)
{
	if (connections_unread())
		return false;
	closed = true;
	if (metrics.requests_in_flight > 0)
	{
		closed = false;
		return false;
	}
	MHD_stop_daemon(senders);
	return true;
}

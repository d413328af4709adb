/*
 * answer.c
 *	  Makes the HTTP response of an answered request, its log line and its
 *	  counts.
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"

#define RETRY_AFTER "30"

/*
 * The challenge that goes with a status: RFC 6750 section 3 for leads, RFC 6749
 * section 5.2 for tokens.  Returns false if there is none.
 */
static bool
make_challenge(const Request *request, char *text, size_t size)
{
	const Answer *answer = &request->answer;

	if (answer->status != 401 && answer->status != 403 && !answer->challenge)
		return false;
	if (request->endpoint == ENDPOINT_TOKEN)
		snprintf(text, size, "Basic realm=\"loopit\", charset=\"UTF-8\"");
	else if (answer->error[0] == '\0')
		snprintf(text, size, "Bearer realm=\"loopit\"");
	else
		snprintf(text, size, "Bearer realm=\"loopit\", error=\"%s\"", answer->error);
	return true;
}

static void
add_headers(const Request *request, struct MHD_Response *response, bool has_body)
{
	int			status = request->answer.status;
	char		challenge[128];

	if (has_body)
		MHD_add_response_header(response, "Content-Type", "application/json");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (request->endpoint == ENDPOINT_TOKEN)
		MHD_add_response_header(response, "Pragma", "no-cache");
	MHD_add_response_header(response, "X-Request-Id", request->id);
	if (make_challenge(request, challenge, sizeof(challenge)))
		MHD_add_response_header(response, "WWW-Authenticate", challenge);
	if (status == 405)
		MHD_add_response_header(response, "Allow", "POST");
	if (status == 415)
		MHD_add_response_header(response, "Accept-Encoding", "identity");
	if (status == 503)
		MHD_add_response_header(response, "Retry-After", RETRY_AFTER);
	if (http_stopping() || request->answer.close)
		MHD_add_response_header(response, "Connection", "close");
}

static void
log_request(const Request *request, int64_t took_us)
{
	const Answer *answer = &request->answer;
	LogLine		line;

	log_begin(&line, LOG_INFO, "request");
	log_text(&line, "request_id", request->id);
	log_text(&line, "endpoint", endpoint_names[request->endpoint]);
	log_number(&line, "status", answer->status);
	if (answer->error[0] != '\0')
		log_text(&line, "error", answer->error);
	if (answer->client_id[0] != '\0')
		log_text(&line, "client_id", answer->client_id);
	if (answer->log_id != 0)
		log_number(&line, "log_id", answer->log_id);
	log_number(&line, "bytes", (int64_t) request->received);
	log_number(&line, "door_us", took_us - request->database_us);
	log_number(&line, "database_us", request->database_us);
	log_end(&line);
}

/*
 * Queues the response.  Returns false if that could not be done, after which
 * libmicrohttpd closes the connection.
 */
bool
answer_send(Request *request)
{
	Answer	   *answer = &request->answer;
	int64_t		took_us = clock_now() - request->started;
	char	   *body = answer->body;
	struct MHD_Response *response;
	bool		queued;

	answer->body = NULL;
	if (body == NULL && answer->error[0] != '\0' &&
		asprintf(&body, "{\"error\": \"%s\"}", answer->error) < 0)
		return false;
	response = MHD_create_response_from_buffer(body != NULL ? strlen(body) : 0, body,
											   MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
	{
		free(body);
		return false;
	}
	add_headers(request, response, body != NULL);
	metrics_count(request, took_us);
	log_request(request, took_us);
	queued = MHD_queue_response(request->mhd, (unsigned int) answer->status, response) == MHD_YES;
	MHD_destroy_response(response);
	return queued;
}

/*
 * headers.c
 *	  Decides what can be decided from a request's headers.
 *
 * libmicrohttpd before 1.0 accepts requests whose end a proxy in front may see
 * elsewhere; those are refused here, and their connection is closed.
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "http.h"
#include "settings.h"

typedef struct HeaderCounts
{
	int			content_length;
	int			transfer_encoding;
	int			authorization;
	int			host;
	bool		bad;			/* a name or value that HTTP does not have */
} HeaderCounts;

static enum MHD_Result
count_header(void *counts, enum MHD_ValueKind kind, const char *name, size_t name_size,
			 const char *value, size_t value_size)
{
	HeaderCounts *c = counts;

	(void) kind;
	if (!parse_is_token(name, name_size) ||
		(value != NULL && !parse_is_field_value(value, value_size)))
		c->bad = true;
	if (strcasecmp(name, "Content-Length") == 0)
	{
		c->content_length++;
		if (value == NULL || value_size == 0 ||
			strspn(value, "0123456789") != value_size)
			c->bad = true;
	}
	else if (strcasecmp(name, "Transfer-Encoding") == 0)
	{
		c->transfer_encoding++;
		if (value == NULL || strcasecmp(value, "chunked") != 0)
			c->bad = true;
	}
	else if (strcasecmp(name, "Authorization") == 0)
		c->authorization++;
	else if (strcasecmp(name, "Host") == 0)
		c->host++;
	return MHD_YES;
}

/* The sender's id of the request, where it is harmless, or one of ours. */
static void
name_request(Request *request)
{
	const char *given = MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, "X-Request-Id");
	unsigned char bytes[12] = {0};
	size_t		i;

	if (given != NULL && parse_is_request_id(given))
	{
		strcpy(request->id, given);
		return;
	}
	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		memcpy(bytes, &request->started, sizeof(request->started));
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(request->id + 2 * i, "%02x", bytes[i]);
}

/* The path of a request target; of "http://host/path" too (RFC 9112, 3.2.2). */
static const char *
path_of(const char *target)
{
	const char *authority = NULL;

	if (strncasecmp(target, "http://", 7) == 0)
		authority = target + 7;
	else if (strncasecmp(target, "https://", 8) == 0)
		authority = target + 8;
	if (authority == NULL)
		return target;
	target = strchr(authority, '/');
	return target != NULL ? target : "/";
}

static bool
is_encoded(Request *request)
{
	const char *encoding = MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, "Content-Encoding");

	return encoding != NULL && strcasecmp(encoding, "identity") != 0;
}

static bool
is_too_long(Request *request)
{
	const char *length = MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, "Content-Length");

	return length != NULL && strtoull(length, NULL, 10) > BODY_LIMIT;
}

/* RFC 6750 section 3: no error code where there are no credentials at all. */
static void
judge_bearer(Request *request)
{
	if (!parse_bearer(request->authorization, &request->bearer))
		answer_set(&request->answer, 401, NULL);
	else if (request->bearer == NULL)
		answer_set(&request->answer, 401, "invalid_token");
}

/* Where the request ends is in doubt, so its body is not read. */
static void
refuse(Request *request)
{
	answer_set(&request->answer, 400, "invalid_request");
	request->answer.close = true;
	request->answer.at_once = true;
}

/* Sets the request's id and endpoint, and its answer if that is known now. */
void
headers_judge(Request *request, const char *path, const char *method, const char *version)
{
	HeaderCounts counts = {0};

	name_request(request);
	MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, count_header, &counts);

	/*
	 * libmicrohttpd takes a line without a name for the end of the headers.
	 * Where they do not say how long the body is, what follows counts as no
	 * request.
	 */
	request->answer.close = counts.content_length + counts.transfer_encoding == 0;
	path = path_of(path);
	request->authorization = MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, "Authorization");
	if (strcmp(path, settings.path) == 0)
		request->endpoint = ENDPOINT_LEADS;
	else if (strcmp(path, "/oauth/token") == 0)
		request->endpoint = ENDPOINT_TOKEN;
	else
		request->endpoint = ENDPOINT_NONE;

	/* HTTP/1.0 has no chunks: a proxy of that version may not see them */
	if (counts.bad || counts.host > 1 ||
		counts.content_length + counts.transfer_encoding > 1 ||
		(counts.transfer_encoding > 0 && strcmp(version, "HTTP/1.1") != 0))
		refuse(request);
	else if (counts.authorization > 1)
	{
		refuse(request);
		request->answer.challenge = true;
	}
	else if (request->endpoint == ENDPOINT_NONE)
		answer_set(&request->answer, 404, "not_found");
	else if (strcmp(method, "POST") != 0)
		answer_set(&request->answer, 405, "method_not_allowed");
	else if (is_encoded(request))
		answer_set(&request->answer, 415, "content_encoding_not_supported");
	else if (is_too_long(request))
		answer_set(&request->answer, 413, "body_too_large");
	else if (request->endpoint == ENDPOINT_LEADS)
		judge_bearer(request);
}

/*
 * private.c
 *	  The private address: whether the door lives, whether it can take leads,
 *	  and its metrics.
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <string.h>

#include "http.h"
#include "metrics.h"
#include "settings.h"
#include "work.h"

static struct MHD_Daemon *monitors;

static enum MHD_Result
respond(struct MHD_Connection *mhd, unsigned int status, const char *type, const char *text,
		size_t length, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, (void *) text, mode);
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (status == 405)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	queued = MHD_queue_response(mhd, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result
respond_text(struct MHD_Connection *mhd, unsigned int status, const char *text)
{
	return respond(mhd, status, "text/plain; charset=utf-8", text, strlen(text),
				   MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result
handle(void *unused, struct MHD_Connection *mhd, const char *path, const char *method,
	   const char *version, const char *data, size_t *size, void **context)
{
	static int	seen;
	const char *why;

	(void) unused;
	(void) version;
	(void) data;
	/* the first call has the headers alone; bodies are not wanted */
	if (*context == NULL)
	{
		*context = &seen;
		return MHD_YES;
	}
	if (*size > 0)
	{
		*size = 0;
		return MHD_YES;
	}
	if (strcmp(path, "/healthz") != 0 && strcmp(path, "/readyz") != 0 &&
		strcmp(path, "/metrics") != 0)
		return respond_text(mhd, 404, "not found\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return respond_text(mhd, 405, "method not allowed\n");
	if (strcmp(path, "/healthz") == 0)
		return respond_text(mhd, 200, "alive\n");
	if (strcmp(path, "/readyz") == 0)
	{
		why = http_stopping() ? "stopping\n" : work_not_ready();
		return respond_text(mhd, why != NULL ? 503 : 200, why != NULL ? why : "ready\n");
	}
	else
	{
		size_t		length;
		char	   *text = metrics_text(&length);

		if (text == NULL)
			return MHD_NO;
		return respond(mhd, 200, "text/plain; version=0.0.4; charset=utf-8", text, length,
					   MHD_RESPMEM_MUST_FREE);
	}
}

/* Starts to answer on a listening socket. */
bool
private_start(int listener)
{
	monitors = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC,
								0, NULL, NULL, handle, NULL,
								MHD_OPTION_LISTEN_SOCKET, listener,
								MHD_OPTION_CONNECTION_LIMIT, (unsigned int) 100,
								MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) IDLE_SECONDS,
								MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) 16 * 1024,
								MHD_OPTION_STRICT_FOR_CLIENT, 1,
								MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
								MHD_OPTION_END);
	return monitors != NULL;
}

void
private_stop(void)
{
	if (monitors != NULL)
		MHD_stop_daemon(monitors);
}

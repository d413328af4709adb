/*
 * request.h
 *	  One request, from its headers to its answer.
 *
 * http.c makes it when the headers have arrived, passes it to work.c when the
 * body has, gets it back with an answer, and frees it when libmicrohttpd is
 * done with it.  It has one owner at a time, so nothing in it is locked.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "parse.h"

struct Connection;
struct MHD_Connection;

typedef enum Endpoint
{
	ENDPOINT_LEADS,
	ENDPOINT_TOKEN,
	ENDPOINT_NONE,				/* a path that there is not */
} Endpoint;

#define ENDPOINTS (ENDPOINT_NONE + 1)

/* What the answer is made of. */
typedef struct Answer
{
	int			status;			/* 0: not known yet */
	char		error[32];		/* of RFC 6749 or RFC 6750; or empty */
	char		client_id[CLIENT_ID_SIZE];	/* whom the database knows; or
											 * empty */
	int64_t		log_id;			/* 0: none */
	char	   *body;			/* malloc'd; NULL: none */
	bool		challenge;		/* with WWW-Authenticate, though not 401 */
	bool		close;			/* the connection, after this answer */
	bool		at_once;		/* the body is not waited for */
} Answer;

typedef struct Request
{
	struct MHD_Connection *mhd;
	struct Connection *connection;
	Endpoint	endpoint;
	char		id[REQUEST_ID_SIZE];
	int64_t		started;		/* microseconds, as clock_now() has them */
	int64_t		submitted;		/* when it began to wait for the database; 0:
								 * not yet */
	int64_t		database_us;	/* in the database, all attempts together */

	char	   *body;			/* has room for a byte after length */
	size_t		length;
	size_t		capacity;
	size_t		received;		/* also what was thrown away */

	const char *authorization;	/* libmicrohttpd's; NULL: none */
	const char *bearer;			/* within authorization */

	Answer		answer;
	struct Request *next;		/* in the queue */
} Request;

/* Microseconds of a clock that nobody sets. */
static inline int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* error NULL: none */
static inline void
answer_set(Answer *answer, int status, const char *error)
{
	answer->status = status;
	snprintf(answer->error, sizeof(answer->error), "%s", error != NULL ? error : "");
}

#define SECONDS(n) ((int64_t) (n) * 1000000)

#endif

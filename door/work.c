/*
 * work.c
 *	  A queue, threads that each have a connection to the database, and one
 *	  that watches the database.
 *
 * A request leaves the queue with a worker or, when its patience has ended,
 * with an answer of 503.
 */
#include <errno.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"
#include "token.h"
#include "work.h"

/* How often the watcher looks, and how long it waits for an answer. */
#define WATCH_SECONDS 2
#define WATCH_PATIENCE_SECONDS 6

/* The queue; all under the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static Request *first;
static Request **last = &first;
static bool stopping;
static int	all_epoch;			/* advances when connections must be made anew */
static int	fallback_epoch;		/* when those to a fallback must */

static pthread_cond_t watch = PTHREAD_COND_INITIALIZER;
static pthread_t watcher;
static pthread_t *workers;
static void (*answered) (Request *);

static atomic_bool database_ready;

/* ---- a request ---- */

/*
 * Reads the form of a token request, with the credentials of its header (RFC
 * 6749 sections 2.3.1, 4.4.2 and 5.2).  Returns false if the answer is known.
 */
static bool
read_form(Request *request, char *buffer, TokenForm *form)
{
	Answer	   *answer = &request->answer;
	TokenForm	header = {0};
	bool		basic = parse_has_scheme(request->authorization, "Basic");
	bool		good = !basic || parse_basic(request->authorization, buffer, &header);

	if (!parse_form(request->body, request->length, form) || form->grant_type == NULL)
		answer_set(answer, 400, "invalid_request");
	else if (strcmp(form->grant_type, "client_credentials") != 0)
		answer_set(answer, 400, "unsupported_grant_type");
	else if (basic && form->client_secret != NULL)
		answer_set(answer, 400, "invalid_request"); /* two ways at once */
	else if (basic && good && form->client_id != NULL &&
			 strcmp(form->client_id, header.client_id) != 0)
		answer_set(answer, 400, "invalid_request");
	else if (!good)
		answer_set(answer, 401, "invalid_client");
	if (answer->status != 0)
		return false;
	if (basic)
	{
		form->client_id = header.client_id;
		form->client_secret = header.client_secret;
	}
	if (form->client_id == NULL || form->client_secret == NULL ||
		!parse_is_client_id(form->client_id))
	{
		answer_set(answer, 401, "invalid_client");
		return false;
	}
	return true;
}

/*
 * Calls the database for a request.  Where it does not answer, or where one
 * that stands in for the first does not know a client or a token, the sender
 * has to come again: it would give up at a 401, which is not its fault.
 */
static void
call(Database *database, Request *request, Statement statement, Value first_value,
	 Value second_value)
{
	const Value values[2] = {first_value, second_value};
	int64_t		began = clock_now();
	char		sqlstate[6];
	LogLine		line;

	if (database_call(database, statement, values,
					  request->submitted + SECONDS(PATIENCE_SECONDS),
					  &request->answer, sqlstate))
	{
		int			status = request->answer.status;

		if (database->fallback && (status == 401 || status == 403))
			answer_set(&request->answer, 503, "temporarily_unavailable");
	}
	else
	{
		/* the SQLSTATE alone: an error's text may have personal data */
		log_begin(&line, LOG_ERROR, "database_failed");
		log_text(&line, "request_id", request->id);
		log_text(&line, "sqlstate", sqlstate[0] != '\0' ? sqlstate : NULL);
		log_end(&line);
		answer_set(&request->answer, 503, "temporarily_unavailable");
	}
	request->database_us = clock_now() - began;
}

static Value
value_of(const char *bytes, size_t length)
{
	Value		value = {bytes, length};

	return value;
}

static void
serve_token(Database *database, Request *request)
{
	TokenForm	form;
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char	   *buffer = NULL;

	if (request->authorization != NULL)
	{
		buffer = malloc(strlen(request->authorization) + 1);
		if (buffer == NULL)
		{
			answer_set(&request->answer, 503, "temporarily_unavailable");
			return;
		}
	}
	if (read_form(request, buffer, &form))
	{
		SHA256((unsigned char *) form.client_secret, strlen(form.client_secret), digest);
		call(database, request, STATEMENT_TOKEN,
			 value_of(form.client_id, strlen(form.client_id)),
			 value_of((char *) digest, sizeof(digest)));
	}
	free(buffer);
}

static void
serve_lead(Database *database, Request *request)
{
	Value		body = value_of(request->body, request->length);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char		client_id[CLIENT_ID_SIZE];

	if (!token_is_jwt(request->bearer))
	{
		SHA256((unsigned char *) request->bearer, strlen(request->bearer), digest);
		call(database, request, STATEMENT_RECEIVE,
			 value_of((char *) digest, sizeof(digest)), body);
		return;
	}
	switch (token_check(request->bearer, client_id,
						request->submitted + SECONDS(PATIENCE_SECONDS)))
	{
		case TOKEN_GOOD:
			call(database, request, STATEMENT_RECEIVE_AS,
				 value_of(client_id, strlen(client_id)), body);
			break;
		case TOKEN_BAD:
			answer_set(&request->answer, 401, "invalid_token");
			break;
		case TOKEN_INSUFFICIENT:
			answer_set(&request->answer, 403, "insufficient_scope");
			break;
		case TOKEN_UNKNOWN:
			answer_set(&request->answer, 503, "temporarily_unavailable");
			break;
	}
}

/* ---- workers ---- */

static void *
worker(void *unused)
{
	Database	database = {0};
	int			seen_all = 0,
				seen_fallback = 0;

	(void) unused;
	database_connect(&database);
	for (;;)
	{
		Request    *request;
		bool		reconnect;

		pthread_mutex_lock(&lock);
		while (first == NULL && !stopping &&
			   seen_all == all_epoch && seen_fallback == fallback_epoch)
			pthread_cond_wait(&changed, &lock);
		reconnect = seen_all != all_epoch ||
			(seen_fallback != fallback_epoch && database.fallback);
		seen_all = all_epoch;
		seen_fallback = fallback_epoch;
		request = reconnect ? NULL : first;
		if (request != NULL)
		{
			first = request->next;
			if (first == NULL)
				last = &first;
		}
		else if (!reconnect && stopping)
		{
			pthread_mutex_unlock(&lock);
			break;
		}
		pthread_mutex_unlock(&lock);
		if (reconnect)
			database_connect(&database);
		if (request == NULL)
			continue;
		if (request->endpoint == ENDPOINT_TOKEN)
			serve_token(&database, request);
		else
			serve_lead(&database, request);
		answered(request);
	}
	database_close(&database);
	return NULL;
}

void
work_submit(Request *request)
{
	request->next = NULL;
	request->submitted = clock_now();
	pthread_mutex_lock(&lock);
	*last = request;
	last = &request->next;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

/* Answers the requests that have waited in the queue for too long. */
void
work_expire(void)
{
	int64_t		limit = clock_now() - SECONDS(PATIENCE_SECONDS);
	Request    *expired,
			   *request;

	/* the queue is in the order of submission */
	pthread_mutex_lock(&lock);
	expired = first;
	while (first != NULL && first->submitted <= limit)
		first = first->next;
	if (first == NULL)
		last = &first;
	request = first;
	pthread_mutex_unlock(&lock);
	while (expired != request)
	{
		Request    *next = expired->next;

		answer_set(&expired->answer, 503, "temporarily_unavailable");
		answered(expired);
		expired = next;
	}
}

/* Has every connection made anew, as of the files that libpq reads now. */
void
work_reconnect(void)
{
	pthread_mutex_lock(&lock);
	all_epoch++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* Has workers that use a fallback connect anew. */
static void
leave_fallback(void)
{
	pthread_mutex_lock(&lock);
	fallback_epoch++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* ---- the watcher ---- */

/* Waits until the next look is due.  Returns false at the end. */
static bool
watch_pause(void)
{
	struct timespec until;
	bool		go_on;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WATCH_SECONDS;
	pthread_mutex_lock(&lock);
	while (!stopping && pthread_cond_timedwait(&watch, &lock, &until) != ETIMEDOUT)
		;
	go_on = !stopping;
	pthread_mutex_unlock(&lock);
	return go_on;
}

/*
 * Asks the database every few seconds whether it is ready.  While workers use
 * a fallback it connects anew each time, and once that reaches the first host
 * it has them follow.
 */
static void *
watch_database(void *unused)
{
	Database	database = {0};
	const Value nothing[2] = {{NULL, 0}, {NULL, 0}};

	(void) unused;
	do
	{
		Answer		answer = {0};
		char		sqlstate[6];

		if (database.connection == NULL || database.fallback || metrics.database_fallback > 0)
			database_connect(&database);
		database_ready = database_call(&database, STATEMENT_READY, nothing,
									   clock_now() + SECONDS(WATCH_PATIENCE_SECONDS),
									   &answer, sqlstate) && answer.status == 200;
		free(answer.body);
		if (database_ready && !database.fallback && metrics.database_fallback > 0)
			leave_fallback();
	} while (watch_pause());
	database_close(&database);
	return NULL;
}

/* Returns why leads can't be taken now, NULL if they can. */
const char *
work_not_ready(void)
{
	if (!database_ready)
		return "no database\n";
	if (!token_ready())
		return "no keys of the identity provider\n";
	return NULL;
}

/* ---- start and stop ---- */

/* Starts the threads; they call answered with each request that they finish. */
bool
work_start(void (*answered_callback) (Request *))
{
	int			i;

	answered = answered_callback;
	workers = calloc((size_t) settings.connections, sizeof(*workers));
	if (workers == NULL || pthread_create(&watcher, NULL, watch_database, NULL) != 0)
		return false;
	for (i = 0; i < settings.connections; i++)
		if (pthread_create(&workers[i], NULL, worker, NULL) != 0)
			return false;
	return true;
}

/* Ends the threads, once the queue is empty. */
void
work_stop(void)
{
	int			i;

	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&changed);
	pthread_cond_broadcast(&watch);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < settings.connections; i++)
		pthread_join(workers[i], NULL);
	pthread_join(watcher, NULL);
	free(workers);
}

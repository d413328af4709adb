/*
 * main.c
 *	  loopit-door takes webhooks by HTTP, has the database authorise and ingest
 *	  them, and answers.  All rules are in the database.
 *
 *		settings.c	what the environment says
 *		listen.c	sockets
 *		http.c		the senders' side, by libmicrohttpd: one thread
 *		connection.c	its connections, and their deadlines
 *		headers.c	what a request's headers decide
 *		parse.c		reads header values and forms
 *		answer.c	responses
 *		private.c	health, readiness, metrics: one thread
 *		work.c		takes requests to the database: a thread per connection
 *		database.c	a connection to the database, by libpq; repetitions
 *		token.c		tokens of an identity provider, by cjose and jansson
 *		keys.c		its keys: one thread
 *		fetch.c		its documents, by libcurl
 *		metrics.c	counts
 *		log.c		lines of JSON
 *
 * This file starts and stops them.  Its thread waits for signals, and once a
 * second ends what has taken too long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "connection.h"
#include "http.h"
#include "log.h"
#include "settings.h"
#include "token.h"
#include "work.h"

/* File descriptors for all but senders: the database, the provider, logs. */
#define OTHER_FILES 300

/*
 * How long a stop may take: a request that is arriving has its time, and the
 * database has.
 */
#define STOP_SECONDS (ARRIVAL_SECONDS + PATIENCE_SECONDS + 5)

extern char **environ;

static int	exit_status;

/* Returns how many connections of senders the limit on open files allows. */
static unsigned int
connections_limit(void)
{
	struct rlimit files = {0};
	char		text[24];

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < CONNECTIONS_LIMIT + OTHER_FILES)
	{
		files.rlim_cur = files.rlim_max < CONNECTIONS_LIMIT + OTHER_FILES ?
			files.rlim_max : CONNECTIONS_LIMIT + OTHER_FILES;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= CONNECTIONS_LIMIT + OTHER_FILES)
		return CONNECTIONS_LIMIT;
	files.rlim_cur = files.rlim_cur > 2 * OTHER_FILES ?
		files.rlim_cur - OTHER_FILES : files.rlim_cur / 2;
	snprintf(text, sizeof(text), "%lu", (unsigned long) files.rlim_cur);
	log_event(LOG_WARNING, "open_files_limit", "connections", text);
	return (unsigned int) files.rlim_cur;
}

static bool
fail(const char *what, const char *where)
{
	fprintf(stderr, "loopit-door: %s %s: %s\n", what, where, strerror(errno));
	exit_status = 1;
	return false;
}

/* Listens and starts all threads.  Returns false, having told the user, if not. */
static bool
start(void)
{
	int			listener = listen_inherited(),
				private_listener = -1;
	bool		inherited = listener >= 0;

	if (!inherited && errno != 0)
		return fail("cannot use", "the socket handed over by systemd");
	if (!inherited && (listener = listen_on(settings.listen)) < 0)
		return fail("cannot listen on", settings.listen);
	if (settings.private_listen != NULL &&
		(private_listener = listen_on(settings.private_listen)) < 0)
		return fail("cannot listen on", settings.private_listen);
	if (inherited)
		settings.listen = "systemd";
	if (!token_start() || !work_start(http_answered) ||
		!http_start(listener, connections_limit()) ||
		(private_listener >= 0 && !private_start(private_listener)))
		return fail("cannot start", "a thread");
	log_event(LOG_INFO, "started", "listen", settings.listen);
	return true;
}

/*
 * Stops in order: no new connection, an answer to every request that has
 * arrived.  A second signal ends it at once.
 */
static void
stop(const sigset_t *signals)
{
	int64_t		end = clock_now() + SECONDS(STOP_SECONDS);
	int			listener = http_quiesce();
	bool		stopped = false;

	log_event(LOG_INFO, "stopping", NULL, NULL);

	/*
	 * A socket of systemd's stays open there, and queues whoever connects
	 * until the next process accepts.
	 */
	close(listener);
	listen_forget(settings.listen);
	while (!stopped && clock_now() < end)
	{
		struct timespec pause = {.tv_nsec = 50000000};
		int			received = sigtimedwait(signals, NULL, &pause);

		if (received == SIGTERM || received == SIGINT)
			break;
		connections_enforce_deadlines();
		work_expire();
		stopped = http_stop();
	}
	if (stopped)
	{
		work_stop();
		token_stop();
		private_stop();
	}
	listen_forget(settings.private_listen);
	log_event(stopped ? LOG_INFO : LOG_WARNING, "stopped", NULL, NULL);
	exit_status = stopped ? 0 : 1;
}

int
main(int argc, char **argv)
{
	sigset_t	signals;
	int			received;

	if (argc > 1)
	{
		bool		version = strcmp(argv[1], "--version") == 0;

		fprintf(version ? stdout : stderr, version ? "loopit-door " LOOPIT_VERSION "\n" :
				"loopit-door takes no arguments; see loopit-door(8) for its environment.\n");
		return version ? 0 : 2;
	}
	if (!settings_read(environ))
		return 2;

	/* before any thread, so that all of them leave these to this one */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	/* sockets tell of a peer that is gone by an error */
	signal(SIGPIPE, SIG_IGN);

	if (!start())
		return exit_status;
	do
	{
		struct timespec second = {.tv_sec = 1};

		received = sigtimedwait(&signals, NULL, &second);
		connections_enforce_deadlines();
		work_expire();
		if (received == SIGHUP)
		{
			token_refresh();
			work_reconnect();
		}
	} while (received != SIGTERM && received != SIGINT);
	stop(&signals);
	return exit_status;
}

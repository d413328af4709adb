/*
 * database.c
 *	  A connection to the database: made, used, and made again.
 *
 * A call is repeated until it succeeds or its deadline passes, where repeating
 * can help.  That is harmless: a statement that raised has changed nothing,
 * and one whose connection broke may have committed its lead, in which case
 * the repetition is a redelivery, which the extension recognises by the lead's
 * reference.  A second token that nobody gets to know expires.
 *
 * libpq's environment variables say where the database is, how to reach it and
 * as whom.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "database.h"
#include "log.h"
#include "metrics.h"

/* libpq's connect_timeout for each host, unless the environment has another. */
#define CONNECT_SECONDS 3

/* Between two attempts, in microseconds: doubled from the first to the last. */
#define FIRST_PAUSE INT64_C(50000)
#define LAST_PAUSE INT64_C(500000)

/*
 * How often a request may lose its connection, other than by the crash of another.
 * A statement that makes the server crash must not do so for 25 seconds.
 */
#define LOSSES_LIMIT 3

/* The names are of this program's, since a pooler's clients share them. */
static const struct
{
	const char *name;
	const char *sql;
}			statements[STATEMENTS] = {

	[STATEMENT_RECEIVE] = {"loopit_door_receive",
	"SELECT status, error, client_id, log_id, answer FROM loopit_door_receive($1::bytea, $2::bytea)"},
	[STATEMENT_RECEIVE_AS] = {"loopit_door_receive_as",
	"SELECT status, error, client_id, log_id, answer FROM loopit_door_receive_as($1::text, $2::bytea)"},
	[STATEMENT_TOKEN] = {"loopit_door_token",
	"SELECT status, error, client_id, log_id, answer FROM loopit_door_token($1::text, $2::bytea)"},

	/*
	 * Raises where the function is missing, so the door is not ready before
	 * the extension is there.
	 */
	[STATEMENT_READY] = {"loopit_door_ready",
		"SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()"
		" AND pg_catalog.has_function_privilege('loopit_door_receive(bytea, bytea)', 'EXECUTE')"
	" THEN 200 ELSE 503 END, $1::text, $2::text, NULL, NULL"},
};

/*
 * Set once a statement was prepared on a connection and is not there: a pooler
 * in transaction mode stands between.  From then on nothing is prepared.
 */
static atomic_bool pooled;

typedef enum Remedy
{
	REMEDY_NONE,
	REMEDY_REPEAT,
	REMEDY_RECONNECT,			/* and repeat */
} Remedy;

/* ---- connecting ---- */

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val != NULL ? options->val : "";
	return "";
}

/*
 * A message of the server's may have personal data, so it is not printed.  If the
 * server ends the connection because another one has crashed it, it says so.
 */
static void
receive_notice(void *argument, const PGresult *notice)
{
	Database   *database = argument;
	const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	if (sqlstate != NULL && strcmp(sqlstate, "57P02") == 0)
		database->crashed_by_another = true;
}

/* Returns true if item is the first of a list that commas separate. */
static bool
is_first(const char *list, const char *item)
{
	size_t		length = strcspn(list, ",");

	return strlen(item) == length && strncmp(list, item, length) == 0;
}

/*
 * Finds out which host of the list libpq has chosen.  With a
 * target_session_attrs the hosts are one cluster, whose primary moves; without
 * one, the others are there to stand in for the first.
 */
static void
find_host(Database *database)
{
	PQconninfoOption *options = PQconninfo(database->connection);
	const char *hosts,
			   *attributes;

	if (options == NULL)
		return;
	hosts = option_value(options, "host");
	if (*hosts == '\0')
		hosts = option_value(options, "hostaddr");
	attributes = option_value(options, "target_session_attrs");
	for (database->hosts = 1; hosts[strcspn(hosts, ",")] == ','; database->hosts++)
	{
		if (database->hosts == 1 &&
			(*attributes == '\0' || strcmp(attributes, "any") == 0))
			database->fallback = !is_first(hosts, PQhost(database->connection)) ||
				!is_first(option_value(options, "port"), PQport(database->connection));
		hosts += strcspn(hosts, ",") + 1;
	}
	PQconninfoFree(options);
}

/* Tells the operator why there is no database, but not for each attempt. */
static void
log_failure(PGconn *connection)
{
	static atomic_llong last = -SECONDS(5);
	int64_t		now = clock_now();
	long long	before = last;

	if (now - before >= SECONDS(5) && atomic_compare_exchange_strong(&last, &before, now))
		log_event(LOG_ERROR, "database_unavailable", "message", PQerrorMessage(connection));
}

void
database_close(Database *database)
{
	if (database->connection != NULL)
	{
		metrics.databases_up--;
		if (database->fallback)
			metrics.database_fallback--;
		PQfinish(database->connection);
	}
	database->connection = NULL;
	database->fallback = false;
	memset(database->prepared, 0, sizeof(database->prepared));
}

/*
 * Makes the connection, or makes it again, which tries the hosts in order.
 * Leaves it NULL if that fails.
 */
void
database_connect(Database *database)
{
	const char *const keywords[] = {
		"fallback_application_name", "client_encoding", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
	getenv("PGCONNECT_TIMEOUT") == NULL ? "connect_timeout" : NULL, NULL};
	const char *const values[] = {"loopit-door", "UTF8", "10", "5", "2", "15000", "3", NULL};

	database_close(database);
	database->connection = PQconnectdbParams(keywords, values, 0);
	if (PQstatus(database->connection) != CONNECTION_OK ||
		PQsetnonblocking(database->connection, 1) != 0)
	{
		log_failure(database->connection);
		PQfinish(database->connection);
		database->connection = NULL;
		return;
	}
	database->crashed_by_another = false;
	PQsetNoticeReceiver(database->connection, receive_notice, database);
	metrics.databases_up++;
	find_host(database);
	if (database->fallback)
		metrics.database_fallback++;
}

/* ---- one attempt ---- */

/*
 * Waits until the server is done with what was sent, and returns its last
 * result: an error at commit comes after the rows.  Returns NULL if the
 * connection broke or the deadline passed; *late tells which.
 */
static PGresult *
await_result(PGconn *connection, int64_t deadline, bool *late)
{
	PGresult   *result = NULL;

	for (;;)
	{
		int			unsent = PQflush(connection);
		int64_t		left = deadline - clock_now();
		struct pollfd wait = {.fd = PQsocket(connection),.events = POLLIN};

		if (unsent < 0)
			break;
		if (unsent == 0 && !PQisBusy(connection))
		{
			PGresult   *next = PQgetResult(connection);

			if (next == NULL)
				return result;
			PQclear(result);
			result = next;
			continue;
		}
		if (left <= 0)
		{
			*late = true;
			break;
		}
		if (unsent > 0)
			wait.events |= POLLOUT;
		if (poll(&wait, 1, (int) (left / 1000) + 1) > 0 &&
			(wait.revents & ~POLLOUT) != 0 && !PQconsumeInput(connection))
			break;
	}
	/* the server's last words tell more than that it is gone */
	if (!*late && PQresultStatus(result) == PGRES_FATAL_ERROR)
		return result;
	PQclear(result);
	return NULL;
}

static PGresult *
execute(Database *database, Statement statement, const Value values[2], int64_t deadline,
		bool *late)
{
	const char *const bytes[2] = {values[0].bytes, values[1].bytes};
	const int	lengths[2] = {(int) values[0].length, (int) values[1].length};
	static const int binary[2] = {1, 1};
	const char *name = statements[statement].name,
			   *sql = statements[statement].sql;
	PGconn	   *connection = database->connection;

	if (pooled)
		return PQsendQueryParams(connection, sql, 2, NULL, bytes, lengths, binary, 0) ?
			await_result(connection, deadline, late) : NULL;
	if (!database->prepared[statement])
	{
		PGresult   *result = PQsendPrepare(connection, name, sql, 0, NULL) ?
			await_result(connection, deadline, late) : NULL;

		if (result == NULL || PQresultStatus(result) != PGRES_COMMAND_OK)
			return result;
		PQclear(result);
		database->prepared[statement] = true;
	}
	return PQsendQueryPrepared(connection, name, 2, bytes, lengths, binary, 0) ?
		await_result(connection, deadline, late) : NULL;
}

/* ---- answers and errors ---- */

/* Fills in the answer from the row of a loopit_door_answer. */
static void
read_answer(const PGresult *result, Answer *answer)
{
	const char *client_id = PQgetvalue(result, 0, 2);
	const char *error = PQgetvalue(result, 0, 1);

	answer_set(answer, atoi(PQgetvalue(result, 0, 0)), error);
	if (parse_is_client_id(client_id))
		strcpy(answer->client_id, client_id);
	answer->log_id = strtoll(PQgetvalue(result, 0, 3), NULL, 10);
	if (!PQgetisnull(result, 0, 4))
		answer->body = strdup(PQgetvalue(result, 0, 4));
}

static bool
has_class(const char *sqlstate, const char *class)
{
	return strncmp(sqlstate, class, 2) == 0;
}

/* What an error calls for (PostgreSQL's manual, appendix A). */
static Remedy
remedy_for(PGconn *connection, const char *sqlstate)
{
	/*
	 * Without a SQLSTATE it was libpq that failed.  PQstatus() may say that
	 * the connection is good all the same, when a write to it has failed.
	 */
	if (*sqlstate == '\0' || PQstatus(connection) != CONNECTION_OK)
		return REMEDY_RECONNECT;
	if (has_class(sqlstate, "08") ||
		strncmp(sqlstate, "57P", 3) == 0 || /* the server stops, or starts */
		strcmp(sqlstate, "25006") == 0 ||	/* a standby now */
		strcmp(sqlstate, "0A000") == 0) /* a prepared statement's result has
										 * another type since an upgrade */
		return REMEDY_RECONNECT;
	if (strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0)
	{
		if (!atomic_exchange(&pooled, true))
			log_event(LOG_INFO, "pooler", "message",
					  "prepared statements do not stay with a connection; going on without");
		return REMEDY_REPEAT;
	}
	if (has_class(sqlstate, "40") ||	/* serialization failure, deadlock */
		has_class(sqlstate, "53") ||	/* out of something */
		has_class(sqlstate, "57") ||	/* statement_timeout */
		has_class(sqlstate, "58") ||	/* input or output */
		strcmp(sqlstate, "55P03") == 0 ||	/* lock_timeout */
		strcmp(sqlstate, "55006") == 0) /* object in use */
		return REMEDY_REPEAT;
	return REMEDY_NONE;
}

static void
sleep_for(int64_t us)
{
	struct timespec time = {.tv_sec = us / 1000000,.tv_nsec = us % 1000000 * 1000};

	nanosleep(&time, NULL);
}

/*
 * Calls a function of the database until it answers; fills in the answer.
 * Returns false if it did not by the deadline, or if repeating can't help;
 * sqlstate is then the last error's, or empty.
 */
bool
database_call(Database *database, Statement statement, const Value values[2], int64_t deadline,
			  Answer *answer, char sqlstate[6])
{
	int64_t		pause = 0;
	int			losses = 0;

	for (;;)
	{
		Remedy		remedy = REMEDY_RECONNECT;
		bool		late = false;

		sqlstate[0] = '\0';
		if (database->connection != NULL)
		{
			PGresult   *result = execute(database, statement, values, deadline, &late);
			const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

			if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
			{
				read_answer(result, answer);
				PQclear(result);
				return true;
			}
			if (state != NULL)
				snprintf(sqlstate, 6, "%s", state);
			remedy = remedy_for(database->connection, sqlstate);
			PQclear(result);
			if (late)
				database_close(database);
			else if (sqlstate[0] == '\0' && !database->crashed_by_another)
				losses++;
		}
		if (late || remedy == REMEDY_NONE || losses >= LOSSES_LIMIT)
			return false;
		/* an attempt to connect is not cut short, so it begins in time */
		if (clock_now() + pause + (remedy == REMEDY_RECONNECT ?
								   SECONDS(CONNECT_SECONDS) * (database->hosts > 0 ? database->hosts : 1) : 0) > deadline)
			return false;
		metrics.database_retries++;
		/* at first at once: a connection may have died while it was idle */
		sleep_for(pause);
		pause = pause == 0 ? FIRST_PAUSE : pause * 2 > LAST_PAUSE ? LAST_PAUSE : pause * 2;
		if (remedy == REMEDY_RECONNECT)
			database_connect(database);
	}
}

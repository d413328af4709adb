/*
 * connection.c
 *	  The connections of senders, and when their requests must have arrived.
 *
 * libmicrohttpd's thread adds and removes connections; the main thread closes
 * those that are late.
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "connection.h"
#include "metrics.h"
#include "settings.h"

struct Connection
{
	int			fd;
	atomic_llong due;			/* when its next request must have arrived */
	atomic_bool busy;			/* its request has arrived: nothing is due */
	bool		used;			/* it has had a request */
	struct Connection *next;
	struct Connection *previous;
};

/* All connections; the lock is for the links, and for fd to stay open. */
static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;
static Connection connections = {.next = &connections,.previous = &connections};

/* A request is due from now on. */
void
connection_expect(Connection *connection)
{
	connection->due = clock_now() + SECONDS(ARRIVAL_SECONDS);
	connection->busy = false;
}

/* Returns libmicrohttpd's connection's; NULL if memory was short. */
Connection *
connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* libmicrohttpd calls this when a connection begins, and when it has ended. */
void
connection_notify(void *unused, struct MHD_Connection *mhd, void **context,
				  enum MHD_ConnectionNotificationCode code)
{
	Connection *connection = *context;

	(void) unused;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		connection = calloc(1, sizeof(*connection));
		*context = connection;
		if (connection == NULL)
			return;
		connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		connection_expect(connection);
		pthread_mutex_lock(&connections_lock);
		connection->next = connections.next;
		connection->previous = &connections;
		connection->next->previous = connection;
		connections.next = connection;
		pthread_mutex_unlock(&connections_lock);
		metrics.connections_open++;
	}
	else if (connection != NULL)
	{
		pthread_mutex_lock(&connections_lock);
		connection->next->previous = connection->previous;
		connection->previous->next = connection->next;
		pthread_mutex_unlock(&connections_lock);
		free(connection);
		*context = NULL;
		metrics.connections_open--;
	}
}

/*
 * Closes connections whose request takes too long to arrive.  libmicrohttpd
 * has a timeout of its own, but that starts again with each byte.
 */
void
connections_enforce_deadlines(void)
{
	int64_t		now = clock_now();
	Connection *connection;

	pthread_mutex_lock(&connections_lock);
	for (connection = connections.next; connection != &connections; connection = connection->next)
	{
		if (connection->busy || connection->due > now)
			continue;
		shutdown(connection->fd, SHUT_RDWR);
		/* once is enough */
		connection->busy = true;
		metrics.requests_late++;
	}
	pthread_mutex_unlock(&connections_lock);
}

/* A request line has arrived: on a used connection time starts here. */
void *
connection_request_line(void *unused, const char *uri, struct MHD_Connection *mhd)
{
	Connection *connection = connection_of(mhd);

	(void) unused;
	(void) uri;
	if (connection == NULL || connection->busy)
		return NULL;
	if (connection->used)
		connection_expect(connection);
	connection->used = true;
	return NULL;
}

/* Its request has arrived: nothing is due until the answer. */
void
connection_busy(Connection *connection)
{
	connection->busy = true;
}

/* Returns true if a connection has sent what has not been read yet. */
bool
connections_unread(void)
{
	Connection *connection;
	int			unread = 0;

	pthread_mutex_lock(&connections_lock);
	for (connection = connections.next; connection != &connections && unread == 0;
		 connection = connection->next)
		if (!connection->busy && ioctl(connection->fd, FIONREAD, &unread) != 0)
			unread = 0;
	pthread_mutex_unlock(&connections_lock);
	return unread > 0;
}

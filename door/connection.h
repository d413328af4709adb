/*
 * connection.h
 *	  The connections of senders, and when their requests must have arrived.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>

typedef struct Connection Connection;

/* libmicrohttpd's thread */
extern void connection_notify(void *unused, struct MHD_Connection *mhd, void **context,
							  enum MHD_ConnectionNotificationCode code);
extern void *connection_request_line(void *unused, const char *uri, struct MHD_Connection *mhd);
extern Connection *connection_of(struct MHD_Connection *mhd);
extern void connection_expect(Connection *connection);
extern void connection_busy(Connection *connection);

/* The main thread */
extern void connections_enforce_deadlines(void);
extern bool connections_unread(void);

#endif

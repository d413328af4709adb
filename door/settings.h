/*
 * settings.h
 *	  What the environment says.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Limits that no setting changes. */
#define BODY_LIMIT			((size_t) 1024 * 1024)	/* of a lead, in bytes */
#define FORM_LIMIT			((size_t) 16 * 1024)	/* of a token request */
#define DISCARD_LIMIT		((size_t) 16 * 1024 * 1024) /* of a body that is
														 * read and thrown away */
#define BODIES_LIMIT		((size_t) 256 * 1024 * 1024)	/* of all bodies
															 * together */
#define CONNECTIONS_LIMIT	10000
#define ARRIVAL_SECONDS		20	/* for a whole request to arrive */
#define IDLE_SECONDS		15	/* of a connection that is kept alive */
#define PATIENCE_SECONDS	25	/* for the database */

typedef struct Settings
{
	const char *listen;			/* where leads arrive */
	const char *private_listen; /* health, readiness, metrics; or NULL */
	const char *path;			/* of leads */
	int			connections;	/* to the database */
	const char *issuer;			/* of tokens of an identity provider; or NULL */
	const char *audience;
	const char *scope;
} Settings;

extern Settings settings;

extern bool settings_read(char **environment);

/* listen.c */
extern int	listen_inherited(void);
extern int	listen_on(const char *address);
extern void listen_forget(const char *address);

#endif

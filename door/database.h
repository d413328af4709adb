/*
 * database.h
 *	  A connection to the database, and the statements that the door has.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

typedef enum Statement
{
	STATEMENT_RECEIVE,			/* digest of a token, body */
	STATEMENT_RECEIVE_AS,		/* client, body */
	STATEMENT_TOKEN,			/* client, digest of its secret */
	STATEMENT_READY,			/* NULL, NULL */
} Statement;

#define STATEMENTS (STATEMENT_READY + 1)

typedef struct Value
{
	const char *bytes;			/* NULL: SQL NULL */
	size_t		length;
} Value;

typedef struct Database
{
	struct pg_conn *connection; /* NULL: none could be made */
	bool		prepared[STATEMENTS];
	bool		fallback;		/* not the first host of the list */
	bool		crashed_by_another; /* the server said so of the connection */
	int			hosts;			/* in the list; 0: not known yet */
} Database;

extern void database_connect(Database *database);
extern void database_close(Database *database);
extern bool database_call(Database *database, Statement statement, const Value values[2],
						  int64_t deadline, Answer *answer, char sqlstate[6]);

#endif

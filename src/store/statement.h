/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  The SQL statements that are not routine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STATEMENT_H
#define LOOPIT_STATEMENT_H

typedef enum Statement
{
	SQL_RECEIVED_LATER,
	SQL_FIND_ARCHIVED_ASSET,
	SQL_LIST_ARCHIVED_ASSETS,
	SQL_LIST_PACKAGES,
	SQL_LIST_LOCATIONS,
	SQL_LIST_NEAR_LOCATIONS,
	SQL_LIST_VINS,
	SQL_LIST_STOCK_NUMBERS,
	SQL_FIND_DELIVERY,
	SQL_FIND_LEADS_BY_REFERENCE,
	SQL_FIND_LEADS_BY_EMAIL,
	SQL_FIND_LEADS_BY_TIME,
	SQL_FIND_NEWEST_LEADS,
	SQL_DISMISS_LEAD,
	SQL_PURGE_LOG,
	SQL_LOCK_PERSON_TO_FORGET,
	SQL_UNLINK_BOOKINGS,
	SQL_DELETE_DOCUMENTS,
	SQL_DELETE_PERSON,
	SQL_FIND_EMAIL,
	SQL_LIST_UNREAD,
	SQL_COUNT_LOG_ROWS,
	SQL_FORGET_LOG,
	SQL_FIND_CLIENT,
	SQL_FIND_CLIENT_OF_TOKEN,
	SQL_CLIENT_HAS_SECRET,
	SQL_INSERT_CLIENT,
	SQL_ROTATE_CLIENT,
	SQL_REVOKE_CLIENT,
	SQL_DELETE_TOKENS_OF_CLIENT,
	SQL_DELETE_EXPIRED_TOKENS,
	SQL_INSERT_TOKEN,
	NUM_STATEMENTS
} Statement;

/*
 * Of a row of the log, named o: whether it is old enough to be purged.  $1 is the
 * time before which processed ones are, $2 that of the others.
 */
#define LOG_ROW_IS_DUE \
	"o.received_at OPERATOR(pg_catalog.<)" \
	" CASE o.status WHEN 'processed' THEN $1 ELSE $2 END"

typedef struct StatementSpec
{
	const char *sql;
	uint32		tables;			/* bit n: the table n is used */
	const Oid  *arg_types;		/* InvalidOid ends */
	const Oid  *result_types;	/* the same; NULL: no result is read */
} StatementSpec;

extern const StatementSpec statements[NUM_STATEMENTS];

#endif							/* LOOPIT_STATEMENT_H */

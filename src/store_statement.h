/*-------------------------------------------------------------------------
 *
 * store_statement.h
 *	  The SQL statements of the SPI storage.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STORE_STATEMENT_H
#define LOOPIT_STORE_STATEMENT_H

typedef enum Statement
{
	SQL_FIND_WORKSPACE,
	SQL_WORKSPACE_EXISTS,
	SQL_FIND_PERSON,
	SQL_RECEIVED_LATER,
	SQL_FIND_DOCUMENTS,
	SQL_FIND_BOOKING,
	SQL_FIND_LIVE_ASSETS,
	SQL_FIND_ARCHIVED_ASSET,
	SQL_FIND_LOCATION,
	SQL_FIND_FIRST_LOCATION,
	SQL_FIND_PACKAGE,
	SQL_LIST_PACKAGES,
	SQL_LOCK_PERSON,
	SQL_INSERT_PERSON,
	SQL_UPDATE_PERSON,
	SQL_INSERT_DOCUMENT,
	SQL_UPDATE_DOCUMENT,
	SQL_HOLD_BOOKING_ROWS,
	SQL_INSERT_BOOKING,
	SQL_INSERT_LOG,
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
	SQL_FORGET_LOG,
	NUM_STATEMENTS
} Statement;

typedef struct StatementSpec
{
	const char *sql;
	const Oid  *arg_types;		/* InvalidOid ends */
} StatementSpec;

extern const StatementSpec statements[NUM_STATEMENTS];

#endif							/* LOOPIT_STORE_STATEMENT_H */

/*-------------------------------------------------------------------------
 *
 * support_sql.h
 *	  The SQL statements of what a person asks about a lead.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SUPPORT_SQL_H
#define LOOPIT_SUPPORT_SQL_H

#include "store/statement.h"

typedef enum SupportStatement
{
	SUPPORT_ROW,
	SUPPORT_STORY,
	SUPPORT_OPEN_OF_LEAD,
	SUPPORT_OPEN_ALONE,
	SUPPORT_LEADS_BY_REFERENCE,
	SUPPORT_LEADS_BY_EMAIL,
	SUPPORT_LEADS_BY_DEALERSHIP,
	SUPPORT_REFERENCES_AMONG,
	SUPPORT_EMAILS_AMONG,
	SUPPORT_REFERENCES_BESIDE,
	SUPPORT_EMAILS_BESIDE,
	SUPPORT_NEWEST,
	SUPPORT_UNREAD,
	SUPPORT_OLDEST,
	NUM_SUPPORT_STATEMENTS
} SupportStatement;

/* What each statement reads at most. */
#define MAX_DELIVERIES_SEARCHED 1000	/* of a lead, an address, a dealership */
#define MAX_DELIVERIES_TOLD		50	/* of a lead */
#define MAX_NEWEST_COMPARED		1000	/* deliveries */
#define MAX_BESIDE_COMPARED		10	/* values on either side in the index */
#define MAX_UNREAD_SEARCHED		200 /* bodies */
#define MAX_UNREAD_BYTES		1048576 /* of one body */

extern const StatementSpec support_statements[NUM_SUPPORT_STATEMENTS];

#endif							/* LOOPIT_SUPPORT_SQL_H */

/*-------------------------------------------------------------------------
 *
 * statements.h
 *	  The SQL statements of the report.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_REPORT_STATEMENTS_H
#define LOOPIT_REPORT_STATEMENTS_H

#include "store/statement.h"

typedef enum ReportStatement
{
	REPORT_PERIOD,
	REPORT_ISSUES,
	REPORT_DAYS,
	REPORT_ISSUE_DAYS,
	REPORT_OPEN_REASONS,
	REPORT_OPEN_GROUPS,
	REPORT_CONVERSION,
	REPORT_DEALERSHIPS,
	REPORT_LOG,
	NUM_REPORT_STATEMENTS
} ReportStatement;

/* How many open leads, the newest ones, are grouped by what they wait for. */
#define GROUPED_LEADS	10000

extern const StatementSpec report_statements[NUM_REPORT_STATEMENTS];

#endif							/* LOOPIT_REPORT_STATEMENTS_H */

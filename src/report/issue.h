/*-------------------------------------------------------------------------
 *
 * issue.h
 *	  What an outcome that was returned before says, for a person.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ISSUE_H
#define LOOPIT_ISSUE_H

#include "report/lines.h"
#include "report/support_row.h"

extern void write_result(TextPage *page, const SupportRow *row);
extern bool write_issues(TextPage *page, const SupportRow *row, const char *indent);

#endif							/* LOOPIT_ISSUE_H */

/*-------------------------------------------------------------------------
 *
 * support_mail.c
 *	  The message to both support teams about a lead: loopit_support_mail().
 *
 * Dealer Studio and Loopit agreed on its addresses, its subject and what it has
 * to name.  The header is constant, and every value is printable, so that no
 * value can begin a line of its own.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "admin/call.h"
#include "report/issue.h"
#include "report/printable.h"
#include "report/story.h"
#include "report/support_mail.h"

#define MAIL_TO			"support@loopit.co, support@dealerstudio.com.au"
#define MAIL_SUBJECT	"[Lead Integration] Issue - Leads not appearing in Loopit"

/* Writes a value that may be none. */
static void
write_value(TextPage *page, const char *name, LeadText value, const char *none)
{
	appendStringInfoString(&page->line, name);
	if (value.length > 0)
		append_printable(&page->line, value);
	else
		appendStringInfoString(&page->line, none);
	page_end_line(page);
}

static void
write_dealership(TextPage *page, const SupportRow *row)
{
	appendStringInfoString(&page->line, "Dealership:      ");
	if (row->dealership_id.provided)
		appendStringInfo(&page->line, INT64_FORMAT, row->dealership_id.number);
	else
		appendStringInfoString(&page->line, "none");
	append_workspace(&page->line, row);
	page_end_line(page);
}

/* Writes what became of the delivery; a reason is named as the outcome has it. */
static void
write_outcome(TextPage *page, const SupportRow *row)
{
	LeadText	reason = row->reason.data != NULL ? row->reason :
		text_is(row->booking_reason, code_name(CODE_NOT_PROVIDED)) ?
		lead_text(NULL, 0) : row->booking_reason;

	appendStringInfoString(&page->line, "Result:          ");
	write_result(page, row);
	if (reason.data != NULL)
	{
		appendStringInfoString(&page->line, " (");
		append_printable_start(&page->line, reason, 60);
		appendStringInfoChar(&page->line, ')');
	}
	page_end_line(page);
}

static void
write_mail(TextPage *page, const SupportRow *row)
{
	page_line(page, "To: " MAIL_TO);
	page_line(page, "Subject: " MAIL_SUBJECT);
	page_end_line(page);
	page_line(page, "Hello,");
	page_end_line(page);
	page_line(page, "a lead that Dealer Studio sent does not appear in Loopit as expected.");
	page_end_line(page);
	write_value(page, "Lead reference:  ", row->lead_reference, "not known");
	write_value(page, "E-mail:          ", row->email, "not known");
	appendStringInfoString(&page->line, "Received:        ");
	append_time(&page->line, row->received_at);
	page_end_line(page);
	write_dealership(page, row);
	write_outcome(page, row);
	page_line(page, "Log row:         " INT64_FORMAT, row->log_id);
	page_end_line(page);
	page_line(page, "Issues:");
	if (!write_issues(page, row, ""))
		page_line(page, "- none");
}

/*
 * Returns the message about a row of the log.  Raises if log_id is NULL, or if
 * there is no such row.
 */
text *
support_mail(const int64 *log_id)
{
	SupportRow	row;
	OwnerScope	scope;
	Store	   *store;
	TextPage	page;

	require_not_null(log_id, "log_id", HINT_LOG_ID);
	page_begin(&page, NULL);
	store = call_begin(&scope, true);
	if (!support_find_row(store, *log_id, &row))
		raise_no_log_row(*log_id);
	write_mail(&page, &row);
	call_end(&scope, store);
	return cstring_to_text_with_len(page.text.data, page.text.len);
}

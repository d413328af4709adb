/*-------------------------------------------------------------------------
 *
 * story.c
 *	  The story of one lead: every delivery, replay and dismissal, in order.
 *
 * It shows ids, times, and issues, which repeat nothing of a person.  The only
 * e-mail address is the one that was asked for.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/issue.h"
#include "report/printable.h"
#include "report/story.h"

#define INDENT_ISSUE	"      "

/* Appends how people call the lead. */
static void
append_lead_name(StringInfo out, const LeadKey *lead)
{
	if (lead->lead_reference.data != NULL)
	{
		appendStringInfoString(out, "Lead ");
		append_printable(out, lead->lead_reference);
	}
	else
		appendStringInfoString(out, "A delivery without a lead reference");
	if (lead->dealership_id.provided)
		appendStringInfo(out, " of dealership " INT64_FORMAT,
						 lead->dealership_id.number);
	else
		appendStringInfoString(out, lead->lead_reference.data != NULL ?
							   " without a dealership" : " or a dealership");
}

/* Appends the workspace of a delivery in brackets. */
void
append_workspace(StringInfo out, const SupportRow *row)
{
	if (row->workspace_id == 0)
	{
		appendStringInfoString(out, " (no workspace)");
		return;
	}
	appendStringInfo(out, " (workspace " INT64_FORMAT, row->workspace_id);
	if (row->workspace_name.data != NULL)
	{
		appendStringInfoString(out, ", ");
		append_printable_start(out, row->workspace_name, 60);
	}
	appendStringInfoChar(out, ')');
}

static void
begin_event(TextPage *page, TimestampTz time)
{
	appendStringInfoString(&page->line, "  ");
	append_time(&page->line, time);
	appendStringInfoString(&page->line, "  ");
}

/*
 * Writes the dismissals from one time until, but not including, another.  Rows
 * that were dismissed together are one dismissal.
 */
static void
tell_dismissals(TextPage *page, const SupportRow *rows, int count,
				TimestampTz from, TimestampTz until)
{
	for (;;)
	{
		const SupportRow *next = NULL;
		const char *separator = "dismissed: log ";

		for (int i = 0; i < count; i++)
		{
			const LeadValue *at = &rows[i].dismissed_at;

			if (at->provided && at->number >= from && at->number < until &&
				(next == NULL || at->number < next->dismissed_at.number))
				next = &rows[i];
		}
		if (next == NULL)
			return;

		begin_event(page, next->dismissed_at.number);
		for (int i = 0; i < count; i++)
		{
			if (!rows[i].dismissed_at.provided ||
				rows[i].dismissed_at.number != next->dismissed_at.number)
				continue;
			appendStringInfo(&page->line, "%s" INT64_FORMAT, separator,
							 rows[i].log_id);
			separator = ", ";
		}
		if (next->note.data != NULL)
		{
			appendStringInfoString(&page->line, ", with the note \"");
			append_printable_start(&page->line, next->note, 200);
			appendStringInfoChar(&page->line, '"');
		}
		page_end_line(page);
		from = next->dismissed_at.number + 1;
	}
}

static void
tell_delivery(TextPage *page, const SupportRow *row, LeadText email)
{
	begin_event(page, row->received_at);
	appendStringInfo(&page->line, "log " INT64_FORMAT, row->log_id);
	if (row->replay_of != 0)
		appendStringInfo(&page->line, " (replay of " INT64_FORMAT ")",
						 row->replay_of);
	appendStringInfoString(&page->line, ": ");
	write_result(page, row);
	page_end_line(page);
	if (email.data != NULL && row->email.data != NULL &&
		!same_text(email, row->email))
		page_line(page, INDENT_ISSUE "- it has another e-mail address than the one asked for");
	write_issues(page, row, INDENT_ISSUE);
	if (!row->has_payload && !text_is(row->reason, code_name(CODE_PAYLOAD_MISSING)))
		page_line(page, INDENT_ISSUE "- its personal data was erased since, and with it the payload");
}

/*
 * Writes the events of a lead in order.  The e-mail is the one asked for, if one
 * was; are_more: there are older deliveries than these.
 */
void
tell_story(TextPage *page, const LeadKey *lead, LeadText email,
		   const SupportRow *rows, int count, bool are_more)
{
	TimestampTz told = PG_INT64_MIN;

	append_lead_name(&page->line, lead);
	if (lead->dealership_id.provided)
		append_workspace(&page->line, &rows[count - 1]);
	page_end_line(page);
	if (are_more)
		page_line(page, "  (The deliveries before the newest %d are left out.)", count);
	for (int i = 0; i < count; i++)
	{
		tell_dismissals(page, rows, count, told, rows[i].received_at);
		tell_delivery(page, &rows[i], email);
		told = Max(told, rows[i].received_at);
	}
	tell_dismissals(page, rows, count, told, PG_INT64_MAX);
}

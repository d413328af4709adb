/*-------------------------------------------------------------------------
 *
 * next.c
 *	  What to do next about a lead: the end of its story.
 *
 * A lead that waits is mended in this database and replayed, or the sender has
 * to send it again.  Which one it is follows from the reason.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/issue.h"
#include "report/printable.h"
#include "report/story.h"
#include "server/json_find.h"

#define INDENT_STEP	"    "
#define INDENT_SQL	"         "

/* Returns true if the cause is mended in this database. */
static bool
is_mended_here(Code code)
{
	switch (code)
	{
		case CODE_WORKSPACE_NOT_FOUND:
		case CODE_DEALERSHIP_NOT_ALLOWED:
		case CODE_ASSET_NOT_FOUND:
		case CODE_ASSET_ARCHIVED:
		case CODE_LOCATION_NOT_FOUND:
		case CODE_PACKAGE_NOT_FOUND:
		case CODE_DATABASE_ERROR:
			return true;
		default:
			return false;
	}
}

static void
write_call(TextPage *page, const char *call, int64 log_id, const char *more)
{
	page_line(page, INDENT_SQL "SELECT %s(" INT64_FORMAT "%s);", call, log_id, more);
}

/* Writes how the dealership is given a workspace, unless it has got one since. */
static void
tell_dealership(TextPage *page, int64 workspace_id, const LeadValue *dealership_id)
{
	if (workspace_id != 0)
	{
		page_line(page, INDENT_STEP "1. Dealership " INT64_FORMAT " belongs to workspace " INT64_FORMAT
				  " by now, so nothing is left to be added.",
				  dealership_id->number, workspace_id);
		return;
	}
	page_line(page, INDENT_STEP "1. Find out which workspace dealership " INT64_FORMAT
			  " belongs to (SELECT * FROM loopit.workspace), and add it:",
			  dealership_id->number);
	page_line(page, INDENT_SQL "INSERT INTO loopit.dealership (id, workspace_id)");
	page_line(page, INDENT_SQL "SELECT " INT64_FORMAT
			  ", id FROM loopit.workspace WHERE name = 'its name';",
			  dealership_id->number);
	page_line(page, INDENT_STEP "   If the website sends a wrong number, have it corrected there instead.");
}

/* Writes how the client is allowed to send for the dealership's workspace. */
static void
tell_client(TextPage *page, int64 workspace_id, LeadText client_id)
{
	page_line(page, INDENT_STEP "1. If the client may send leads of this dealership, add the workspace to the client's:");
	appendStringInfo(&page->line, INDENT_SQL "UPDATE loopit.client SET workspaces = workspaces || "
					 INT64_FORMAT "::bigint WHERE client_id = ", workspace_id);
	append_literal(&page->line, client_id);
	page_line(page, ";");
}

/* Writes what mends the cause of a row in this database, as the first step. */
static void
tell_mending(TextPage *page, Store *store, const SupportRow *row, Code code)
{
	int64		workspace_id = row->dealership_id.provided ?
		store_find_workspace(store, row->dealership_id.number) : 0;

	if (code == CODE_WORKSPACE_NOT_FOUND && row->dealership_id.provided)
		tell_dealership(page, workspace_id, &row->dealership_id);
	else if (code == CODE_DEALERSHIP_NOT_ALLOWED && workspace_id != 0 &&
			 row->client_id.data != NULL)
		tell_client(page, workspace_id, row->client_id);
	else
		page_line(page, INDENT_STEP "1. Remove the cause (%s, log " INT64_FORMAT "): %s.",
				  code_name(code), row->log_id, code_table[code].remedy);
	page_line(page, INDENT_STEP "2. Replay the lead:");
	write_call(page, "loopit_replay_lead", row->log_id, "");
	page_line(page, INDENT_STEP "Or, if nobody needs the lead any more, dismiss it:");
	write_call(page, "loopit_dismiss_lead", row->log_id, ", 'why'");
}

/* Writes what is to be done where only the sender can mend the cause. */
static void
tell_sender(TextPage *page, const SupportRow *row, Code code, bool alone)
{
	appendStringInfoString(&page->line, INDENT_STEP "1. Ask the sender to correct the lead and to send it again");
	if (code != CODE_NONE)
		appendStringInfo(&page->line, ". For the sender: %s", code_table[code].remedy);
	page_line(page, ".");
	page_line(page, INDENT_STEP "   This writes the mail to both support teams:");
	write_call(page, "loopit_support_mail", row->log_id, "");
	page_line(page, alone ?
			  INDENT_STEP "2. When it has come, or if nobody needs it any more, dismiss this row:" :
			  INDENT_STEP "2. When it has come, it settles this lead. If nobody needs it any more, dismiss it:");
	write_call(page, "loopit_dismiss_lead", row->log_id, ", 'why'");
}

static void
tell_conflict(TextPage *page, const SupportRow *row)
{
	page_line(page, INDENT_STEP "1. Compare booking " INT64_FORMAT " with log " INT64_FORMAT
			  ", and change the booking by hand if the new details are right.",
			  row->booking_id, row->log_id);
	page_line(page, INDENT_STEP "2. Dismiss the lead, which is all that settles a conflict:");
	write_call(page, "loopit_dismiss_lead", row->log_id, ", 'why'");
}

/* Returns true if something that the lead has was not stored. */
static bool
left_something_out(const SupportRow *row)
{
	static const char *const parts[] = {"address", "driver_licence", "passport"};

	for (int i = 0; i < lengthof(parts); i++)
	{
		LeadText	reason = json_find_text_of(row->outcome, parts[i], "reason");

		if (reason.data != NULL &&
			!text_is(reason, code_name(CODE_NOT_PROVIDED)) &&
			!text_is(reason, code_name(CODE_STALE_PAYLOAD)))
			return true;
	}
	return false;
}

/* Writes the end of the story of a lead that does not wait. */
static void
tell_not_open(TextPage *page, const SupportRow *rows, int count)
{
	const SupportRow *newest = &rows[count - 1];
	bool		has_payload = false;

	for (int i = 0; i < count; i++)
		has_payload |= rows[i].has_payload;
	if (newest->dismissed_at.provided)
		page_line(page, "  Dismissed. Nothing needs to be done.");
	else if (text_is(newest->status, status_name(STATUS_PROCESSED)))
		page_line(page, left_something_out(newest) ?
				  "  Settled. What an issue keeps from being stored is stored once the sender sends it corrected." :
				  "  Settled. Nothing needs to be done.");
	else if (!has_payload)
		page_line(page, "  Nothing is left that could be replayed. If somebody still needs the lead, ask the sender to send it again.");
	else
		page_line(page, "  It does not wait any more. Nothing needs to be done.");
}

/* Writes what to do next about a lead, of which there are these rows. */
void
tell_next(TextPage *page, Store *store, const LeadKey *lead,
		  const SupportRow *rows, int count)
{
	LeadText	reason = {0};
	int64		log_id = support_find_open(store, lead, &reason);
	Code		code = reason.data == NULL ? CODE_NONE :
		code_of_name(reason.data, reason.length);
	SupportRow	row;

	if (log_id == 0 || !support_find_row(store, log_id, &row))
	{
		tell_not_open(page, rows, count);
		return;
	}
	page_line(page, "  Not settled. What to do next:");
	if (code == CODE_BOOKING_CONFLICT)
		tell_conflict(page, &row);
	else if (is_mended_here(code))
		tell_mending(page, store, &row, code);
	else
		tell_sender(page, &row, code, lead->alone);
}

/*-------------------------------------------------------------------------
 *
 * issue.c
 *	  What an outcome that was returned before says, for a person.
 *
 * An outcome is read as what it may be: the owner of the tables can store any
 * jsonb in its place.  What has not the shape of ours is left out.
 *
 * Memory: texts point into the outcome.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/issue.h"
#include "report/printable.h"
#include "server/json_find.h"

#define MAX_ISSUES			100 /* ours has at most a few dozen */
#define MAX_MESSAGE_LENGTH	1000	/* characters */

/* Appends what separates the parts of a sentence. */
static void
append_comma(StringInfo line, bool *first)
{
	if (!*first)
		appendStringInfoString(line, ", ");
	*first = false;
}

/* Appends what happened to the person, and to each part that was provided. */
static void
append_stored(StringInfo line, const SupportRow *row)
{
	static const struct
	{
		const char *key;
		const char *name;
	}			parts[] =
	{
		{"address", "address"},
		{"driver_licence", "driver licence"},
		{"passport", "passport"}
	};
	bool		first = true;

	append_comma(line, &first);
	appendStringInfoString(line, "person ");
	if (row->person_id != 0)
		appendStringInfo(line, INT64_FORMAT " ", row->person_id);
	append_printable_start(line, row->person_action, 20);
	for (int i = 0; i < lengthof(parts); i++)
	{
		LeadText	action = json_find_text_of(row->outcome, parts[i].key, "action");
		LeadText	reason = json_find_text_of(row->outcome, parts[i].key, "reason");

		if (action.data == NULL || text_is(reason, code_name(CODE_NOT_PROVIDED)))
			continue;
		append_comma(line, &first);
		appendStringInfo(line, "%s ", parts[i].name);
		if (text_is(action, action_name(ACTION_SKIPPED)))
			appendStringInfoString(line, "not stored");
		else
			append_printable_start(line, action, 20);
	}
}

static void
append_booking(StringInfo line, const SupportRow *row)
{
	if (!text_is(row->booking_action, action_name(ACTION_SKIPPED)))
	{
		appendStringInfoString(line, ", booking ");
		if (row->booking_id != 0)
			appendStringInfo(line, INT64_FORMAT " ", row->booking_id);
		if (text_is(row->booking_action, action_name(ACTION_UNCHANGED)))
			appendStringInfoString(line, "exists already");
		else
			append_printable_start(line, row->booking_action, 20);
	}
	else if (text_is(row->booking_reason, code_name(CODE_NOT_PROVIDED)))
		appendStringInfoString(line, ", no booking asked for");
	else
		appendStringInfoString(line, ", no booking");
}

/* Appends what became of a delivery to the page's line. */
void
write_result(TextPage *page, const SupportRow *row)
{
	if (text_is(row->status, status_name(STATUS_PROCESSED)))
	{
		append_stored(&page->line, row);
		append_booking(&page->line, row);
		return;
	}
	append_printable_start(&page->line, row->status, 20);
	appendStringInfoString(&page->line, ", nothing was stored");
}

/* Writes where in the schema a database error was, and what to do about it. */
static void
write_error(TextPage *page, const SupportRow *row, const char *indent)
{
	static const char *const places[] = {"table", "column", "constraint"};
	LeadText	sqlstate = json_find_text_of(row->outcome, "error", "sqlstate");
	const CodeSpec *code = &code_table[CODE_DATABASE_ERROR];

	appendStringInfo(&page->line, "%s- %s", indent, code->explanation);
	if (sqlstate.data != NULL)
	{
		appendStringInfoString(&page->line, " (SQLSTATE ");
		append_printable_start(&page->line, sqlstate, 5);
		for (int i = 0; i < lengthof(places); i++)
		{
			LeadText	name = json_find_text_of(row->outcome, "error", places[i]);

			if (name.data == NULL)
				continue;
			appendStringInfo(&page->line, ", %s ", places[i]);
			append_printable_start(&page->line, name, NAMEDATALEN);
		}
		appendStringInfoChar(&page->line, ')');
	}
	page_line(page, "; %s.", code->remedy);
}

/* Writes an issue: its message, else what the catalogue says, and its hint. */
static void
write_issue(TextPage *page, JsonbContainer *issue, const char *indent)
{
	LeadText	message = json_find_text(issue, "message");
	LeadText	hint = json_find_text(issue, "hint");
	LeadText	name = json_find_text(issue, "code");
	Code		code = name.data == NULL ? CODE_NONE :
		code_of_name(name.data, name.length);

	if (message.data == NULL && name.data == NULL)
		return;
	appendStringInfo(&page->line, "%s- ", indent);
	if (message.data != NULL)
		append_printable_start(&page->line, message, MAX_MESSAGE_LENGTH);
	else if (code != CODE_NONE)
		appendStringInfo(&page->line, "%s; %s.", code_table[code].explanation,
						 code_table[code].remedy);
	else
		append_printable_start(&page->line, name, 100);
	if (hint.data != NULL)
	{
		appendStringInfoChar(&page->line, ' ');
		append_printable_start(&page->line, hint, MAX_MESSAGE_LENGTH);
	}
	page_end_line(page);
}

/*
 * Writes the issues of a delivery, a line each; returns false if it has none.
 */
bool
write_issues(TextPage *page, const SupportRow *row, const char *indent)
{
	JsonbContainer *issues = row->outcome == NULL ? NULL :
		json_find_container(&row->outcome->root, "issues");
	bool		failed = text_is(row->status, status_name(STATUS_FAILED));
	uint32		count = issues != NULL && JsonContainerIsArray(issues) ?
		JsonContainerSize(issues) : 0;

	if (failed)
		write_error(page, row, indent);
	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *issue;

		if (i == MAX_ISSUES)
		{
			page_line(page, "%s- and more", indent);
			break;
		}
		issue = getIthJsonbValueFromContainer(issues, i);
		if (issue->type == jbvBinary)
			write_issue(page, issue->val.binary.data, indent);
	}
	return failed || count > 0;
}

/*-------------------------------------------------------------------------
 *
 * report_ask.c
 *	  What to ask the sender about: issues that rose, fields that are gone.
 *
 * No lead waits for it, so an issue that keeps a lead open is left to
 * report_todo.c.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "report/figures.h"
#include "report/format.h"

/* Returns true if the code keeps a lead open, which then is a task of its own. */
static bool
keeps_open(Code code)
{
	const CodeSpec *spec = &code_table[code];

	return code == CODE_BOOKING_CONFLICT ||
		(spec->blocks && (spec->thing == THING_PAYLOAD ||
						  spec->thing == THING_WORKSPACE ||
						  spec->thing == THING_PERSON ||
						  spec->thing == THING_BOOKING));
}

/* Returns true if the code says that a field is not provided. */
static bool
says_missing(Code code)
{
	return code == CODE_ADDRESS_INCOMPLETE || code == CODE_LICENCE_INCOMPLETE ||
		code == CODE_PASSPORT_INCOMPLETE || code == CODE_DEALERSHIP_MISSING ||
		code == CODE_EMAIL_MISSING || code == CODE_VEHICLE_MISSING ||
		code == CODE_PACKAGE_MISSING;
}

/* Returns true if the code says that the value is taken for none. */
static bool
says_ignored(Code code)
{
	return code == CODE_WRONG_TYPE || code == CODE_TOO_LONG ||
		code == CODE_PLACEHOLDER;
}

/*
 * Returns true if another issue of the same field rose that explains this one: a
 * value that is ignored makes its thing incomplete.
 */
static bool
is_explained(const Figures *figures, const IssueFigures *issue)
{
	ListCell   *lc;

	if (!says_missing(find_code(issue->code)))
		return false;
	foreach(lc, figures->issues)
	{
		const IssueFigures *other = lfirst(lc);

		if (other->rose && same_text(other->field, issue->field) &&
			says_ignored(find_code(other->code)))
			return true;
	}
	return false;
}

/* Returns the field of that path; FIELD_NONE if there is none. */
static Field
find_field(LeadText path)
{
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		if (same_text(path, lead_text(field_table[field].path,
									  strlen(field_table[field].path))))
			return (Field) field;
	}
	return FIELD_NONE;
}

/* What is not stored, for the reader who does not know the code. */
static const char *
effect_text(Code code, Field field)
{
	int			missing = field_table[field].missing_code;
	bool		not_stored = code_table[code].blocks;

	if (says_ignored(code) && missing != CODE_NONE)
	{
		code = (Code) missing;
		not_stored = code_table[code].blocks;
	}
	if (not_stored && code_table[code].thing == THING_ADDRESS)
		return "Addresses are not stored";
	if (not_stored && code_table[code].thing == THING_LICENCE)
		return "Driver licences are not stored";
	if (not_stored && code_table[code].thing == THING_PASSPORT)
		return "Passports are not stored";
	return psprintf("The issue %s is more frequent", code_name(code));
}

/* The fields of which the code rose, and how many more. */
static char *
fields_text(const List *issues)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, issues)
	{
		const IssueFigures *issue = lfirst(lc);

		if (issue->field.data != NULL)
			appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
							 value_text(issue->field));
	}
	return out.len > 0 ? out.data : "The payload";
}

/* "All of dealership 356", "40 dealerships" */
static char *
dealerships_text(const IssueFigures *issue)
{
	if (issue->dealerships == 1)
		return psprintf("all of dealership " INT64_FORMAT, issue->dealership_id);
	if (issue->of_dealership * 10 >= issue->leads * 8)
		return psprintf("most of dealership " INT64_FORMAT, issue->dealership_id);
	return psprintf("from %s", plural_text(issue->dealerships, "dealership",
										   "dealerships"));
}

/* What may have happened at the sender. */
static const char *
guess_text(Code code, bool several)
{
	if (!says_missing(code))
		return "The website seems to send another form of it";
	return several ?
		"The website may have renamed these fields, or what contains them" :
		"The website may have renamed this field";
}

/* Returns true if it is a key that we do not read, and that came recently. */
static bool
is_new_key(const DriftRow *row)
{
	return !row->known && !row->of_dealership && row->path != NULL &&
		(row->change == DRIFT_NEW ||
		 (row->change == DRIFT_SHARE_CHANGED &&
		  row->share[WINDOW_NOW] > 2 * row->share[WINDOW_BEFORE]));
}

/*
 * Names the keys that are new where the field is, and not read: one of them may
 * be its new name.
 */
static const char *
new_keys_text(const Figures *figures, Field field)
{
	size_t		length = field_table[field].key_offset;
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < figures->drift.nrows; i++)
	{
		const DriftRow *row = &figures->drift.rows[i];

		if (is_new_key(row) &&
			strncmp(row->path, field_table[field].path, length) == 0 &&
			strchr(row->path + length, '.') == NULL)
			appendStringInfo(&out, "%s%s", out.len == 0 ? "" : ", ", row->path);
	}
	return out.len == 0 ? "" : psprintf(". New there, and not read: %s", out.data);
}

/* What may have happened at the sender, if an issue rose that keeps leads open. */
char *
guess_at_change(const Figures *figures, const IssueFigures *issue)
{
	Code		code = find_code(issue->code);

	return psprintf("%s%s", guess_text(code, false), says_missing(code) ?
					new_keys_text(figures, find_field(issue->field)) : "");
}

/* What the sender is to do. */
static const char *
remedy_text(Code code, Field field)
{
	return code == CODE_WRONG_TYPE && field != FIELD_NONE ?
		psprintf("send %s", field_type_expected(field_table[field].type)) :
		code_table[code].remedy;
}

/* One task for all fields of which a code rose; the first has the most leads. */
static PageTodo *
rise_todo(const Figures *figures, const List *issues)
{
	const IssueFigures *issue = linitial(issues);
	Code		code = find_code(issue->code);
	Field		field = find_field(issue->field);
	PageTodo   *todo = palloc0(sizeof(PageTodo));

	todo->level = TODO_ASK;
	todo->leads = (double) issue->leads;
	todo->headline = psprintf("%s: %s of leads, %s before",
							  effect_text(code, field),
							  share_text(issue->leads, figures->period.deliveries),
							  share_text(issue->base_leads, issue->base_deliveries));
	todo->text = psprintf("%s: %s. It began on %s; in this period it was so with %s, %s. %s%s. Ask Dealer Studio what changed, and to %s.",
						  fields_text(issues), code_table[code].explanation,
						  day_text(issue->since), leads_text(issue->leads),
						  dealerships_text(issue),
						  guess_text(code, list_length(issues) > 1),
						  says_missing(code) ? new_keys_text(figures, field) : "",
						  remedy_text(code, field));
	return todo;
}

static List *
add_rises(List *todos, const Figures *figures)
{
	List	   *of_code[NUM_CODES] = {NIL};
	ListCell   *lc;

	foreach(lc, figures->issues)
	{
		IssueFigures *issue = lfirst(lc);
		Code		code = find_code(issue->code);

		if (issue->rose && code != CODE_NONE && !keeps_open(code) &&
			!is_explained(figures, issue))
			of_code[code] = lappend(of_code[code], issue);
	}
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (of_code[code] != NIL)
			todos = lappend(todos, rise_todo(figures, of_code[code]));
	}
	return todos;
}

/* Fields that are no longer sent, and of which no issue tells. */
static List *
add_gone_fields(List *todos, const Figures *figures)
{
	for (int i = 0; i < figures->drift.nrows; i++)
	{
		const DriftRow *row = &figures->drift.rows[i];
		Field		field = row->path == NULL ? FIELD_NONE :
			find_field(lead_text(row->path, strlen(row->path)));
		PageTodo   *todo;

		if (row->change != DRIFT_GONE || row->of_dealership ||
			field == FIELD_NONE || field_table[field].missing_code != CODE_NONE)
			continue;
		todo = palloc0(sizeof(PageTodo));
		todo->level = TODO_ASK;
		todo->leads = row->share[WINDOW_BEFORE] *
			(double) figures->period.deliveries;
		todo->headline = psprintf("%s is no longer sent", row->path);
		todo->text = psprintf("%s of the payloads had it before. %s%s. Ask Dealer Studio where it is now; until then it is not stored.",
							  row->shown[WINDOW_BEFORE],
							  guess_text(CODE_ADDRESS_INCOMPLETE, false),
							  new_keys_text(figures, field));
		todos = lappend(todos, todo);
	}
	return todos;
}

/* What to ask the sender about. */
List *
list_change_todos(const Figures *figures)
{
	return add_silences(add_gone_fields(add_rises(NIL, figures), figures), figures);
}

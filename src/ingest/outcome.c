/*-------------------------------------------------------------------------
 *
 * outcome.c
 *	  The outcome of one delivery, and its jsonb.
 *
 * Memory: everything is allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "ingest/outcome.h"
#include "rules/repair.h"
#include "server/json_out.h"

/*
 * Sets the outcome of a delivery that stored nothing: the person is skipped for
 * the outcome's own reason, everything else because the person is.
 */
void
outcome_nothing_stored(Outcome *outcome, Status status, Code reason)
{
	outcome->status = status;
	outcome->reason = reason;
	for (int thing = THING_PERSON; thing <= THING_BOOKING; thing++)
	{
		outcome->thing[thing].action = ACTION_SKIPPED;
		outcome->thing[thing].reason =
			thing == THING_PERSON ? reason : CODE_PERSON_SKIPPED;
	}
	outcome->person_id = 0;
}

/* What was repaired, separated by commas. */
static char *
describe_repairs(unsigned repairs)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < NUM_REPAIR_KINDS; i++)
	{
		if ((repairs & 1U << i) != 0)
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
							 repair_description((RepairKind) (1U << i)));
	}
	return text.data;
}

/*
 * Returns "<field>: <explanation>; <remedy>."  For a wrong type the remedy is
 * what the field's own type takes; for a repair, what was repaired is named.
 */
static char *
issue_message(const Outcome *outcome, Field field, Code code)
{
	const CodeSpec *spec = &code_table[code];
	const char *about = field == FIELD_NONE ? "payload" : field_table[field].path;

	if (code == CODE_WRONG_TYPE)
		return psprintf("%s: %s; send %s.", about, spec->explanation,
						field_type_expected(field_table[field].type));
	if (code == CODE_PAYLOAD_REPAIRED)
		return psprintf("%s: %s: %s; %s.", about, spec->explanation,
						describe_repairs(outcome->repairs), spec->remedy);
	return psprintf("%s: %s; %s.", about, spec->explanation, spec->remedy);
}

static void
write_issue(JsonOut *out, const Outcome *outcome, Field field, Code code)
{
	const IssueSet *issues = &outcome->issues;

	json_out_begin_object(out, NULL);
	json_out_string(out, "field",
					field == FIELD_NONE ? NULL : field_table[field].path);
	json_out_string(out, "code", code_name(code));
	json_out_string(out, "message", issue_message(outcome, field, code));
	if (issues->hint[code] != NULL)
		json_out_string(out, "hint", issues->hint[code]);
	json_out_end_object(out);
}

/* Issues are listed in the order of the set: by field, then by code. */
static void
write_issues(JsonOut *out, const Outcome *outcome)
{
	const IssueSet *issues = &outcome->issues;

	json_out_begin_array(out, "issues");
	for (int field = 0; field < NUM_FIELDS; field++)
	{
		for (int code = 0; issues->codes[field] >> code != 0; code++)
		{
			if (issues->codes[field] & CODE_BIT(code))
				write_issue(out, outcome, (Field) field, (Code) code);
		}
	}
	json_out_end_array(out);
}

/* Only the error's place in the schema: its text may hold personal data. */
static void
write_error(JsonOut *out, const ErrorData *error)
{
	const struct
	{
		const char *key;
		const char *value;
	}			places[] =
	{
		{"schema", error->schema_name},
		{"table", error->table_name},
		{"column", error->column_name},
		{"constraint", error->constraint_name}
	};

	json_out_begin_object(out, "error");
	json_out_string(out, "sqlstate",
					pstrdup(unpack_sql_state(error->sqlerrcode)));
	for (int i = 0; i < lengthof(places); i++)
	{
		if (places[i].value != NULL)
			json_out_string(out, places[i].key, places[i].value);
	}
	json_out_end_object(out);
}

static void
write_booking(JsonOut *out, const Outcome *outcome)
{
	json_out_id(out, "id", outcome->booking_id);
	json_out_id(out, "asset_id", outcome->asset_id);
	json_out_id(out, "location_id", outcome->location_id);
	if (outcome->thing[THING_BOOKING].action == ACTION_CREATED)
		json_out_string(out, "location_from",
						outcome->location_from_payload ? "payload" : "asset");
	json_out_id(out, "package_id", outcome->package_id);
}

static void
write_thing(JsonOut *out, const Outcome *outcome, Thing thing)
{
	const ThingOutcome *what = &outcome->thing[thing];

	json_out_begin_object(out, thing_name(thing));
	json_out_string(out, "action", action_name(what->action));
	if (what->action == ACTION_SKIPPED)
		json_out_string(out, "reason", code_name(what->reason));
	else if (thing == THING_PERSON)
		json_out_id(out, "id", outcome->person_id);
	else if (thing == THING_BOOKING)
		write_booking(out, outcome);
	json_out_end_object(out);
}

/*
 * Returns the outcome as callers receive it (documentation, "The outcome"),
 * palloc'd in the current context.
 */
Jsonb *
outcome_to_jsonb(const Outcome *outcome)
{
	JsonOut		out = JSON_OUT_INIT;

	json_out_begin_object(&out, NULL);
	json_out_string(&out, "status", status_name(outcome->status));
	json_out_string(&out, "reason", code_name(outcome->reason));
	json_out_id(&out, "log_id", outcome->log_id);
	json_out_text(&out, "lead_reference", outcome->lead_reference);
	json_out_id(&out, "workspace_id", outcome->workspace_id);
	for (int thing = THING_PERSON; thing <= THING_BOOKING; thing++)
		write_thing(&out, outcome, (Thing) thing);
	write_issues(&out, outcome);
	if (outcome->error != NULL)
		write_error(&out, outcome->error);
	json_out_end_object(&out);
	return json_out_finish(&out);
}

/* Returns true if an outcome that was returned before has an issue of that code. */
bool
outcome_has_issue(Jsonb *outcome, Code code)
{
	JsonbIterator *iterator = JsonbIteratorInit(&outcome->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	bool		is_code = false;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			is_code = value.val.string.len == strlen("code") &&
				memcmp(value.val.string.val, "code", strlen("code")) == 0;
		else if (token == WJB_VALUE && is_code && value.type == jbvString &&
				 value.val.string.len == strlen(code_name(code)) &&
				 memcmp(value.val.string.val, code_name(code),
						value.val.string.len) == 0)
			return true;
	}
	return false;
}

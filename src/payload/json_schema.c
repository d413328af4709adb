/*-------------------------------------------------------------------------
 *
 * json_schema.c
 *	  The payload's JSON Schema, generated from the field table.
 *
 * The schema accepts a payload if and only if reading it gives no issue
 * wrong_type, too_long or ..._invalid and repairs no number of a field, as far
 * as a schema can express that: it has no clock (an updated_at in the future), and cannot count the digits of a
 * number's fraction.  A missing field is no fault of shape, so no field is
 * "required"; a field that is null or blank is not provided, so every field
 * accepts both.
 *
 * Memory: everything is palloc'd in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "payload/example_table.h"
#include "payload/json_schema.h"
#include "rules/code.h"
#include "rules/version.h"
#include "server/compat.h"
#include "server/json_out.h"

/* The characters that trimming removes; see is_trimmed_code_point(). */
#define SPACE \
	"\\u0009-\\u000D\\u0020\\u0085\\u00A0\\u00AD\\u1680\\u2000-\\u200F" \
	"\\u2028-\\u202F\\u205F\\u2060\\u2066-\\u2069\\u3000\\uFEFF"
#define SPACES		"[" SPACE "]*"
#define NO_SPACE	"[^" SPACE "]"

/* Texts for a missing value; text.c has the same. */
#define PLACEHOLDER	"null|NULL|undefined|NaN|None|\\[object Object\\]"

/* A whole string: empty, a placeholder or a match of x, with white space around it. */
#define WHOLE(x)	"^" SPACES "(?:" PLACEHOLDER "|" x ")?" SPACES "$"

/* At most 255 characters (TEXT_LIMIT); the first and last are no space. */
#define TEXT_PATTERN	NO_SPACE "(?:[\\s\\S]{0,253}" NO_SPACE ")?"

#define YEAR		"(?!0000)[0-9]{4}"
#define LEAP_YEAR \
	"(?!0000)(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])" \
	"|(?:[02468][048]|[13579][26])00)"
#define MONTH		"(?:0[1-9]|1[0-2])"
#define MONTH_OF_30	"(?:0[13-9]|1[0-2])"
#define MONTH_OF_31	"(?:0[13578]|1[02])"
#define DAY_TO_28	"(?:0[1-9]|1[0-9]|2[0-8])"

#define DATE_PATTERN \
	DAY_TO_28 "/" MONTH "/" YEAR "|(?:29|30)/" MONTH_OF_30 "/" YEAR \
	"|31/" MONTH_OF_31 "/" YEAR "|29/02/" LEAP_YEAR

#define TIMESTAMP_PATTERN \
	"(?:" YEAR "-" MONTH "-" DAY_TO_28 "|" YEAR "-" MONTH_OF_30 "-(?:29|30)" \
	"|" YEAR "-" MONTH_OF_31 "-31|" LEAP_YEAR "-02-29)" \
	"[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?" \
	"(?: ?(?:[Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]" \
	"|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?"

#define BOOLEAN_PATTERN \
	"[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy](?:[Ee][Ss])?|[Nn][Oo]?" \
	"|[Oo][Nn]|[Oo][Ff][Ff]|[01]"

#define ATOM		"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define LABEL		"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#define EMAIL_PATTERN \
	"(?=" NO_SPACE "{1,254}" SPACES "$)(?=[^@]{1,64}@)" \
	ATOM "(?:\\." ATOM ")*@(?:" LABEL "\\.)+(?![0-9]+" SPACES "$)" LABEL

/* The text of a number may have NUMBER_LIMIT characters, with its minus. */
#define POSITIVE_LIMIT		"1e100"
#define NEGATIVE_LIMIT		"-1e99"

#define BIGINT_MAX			"9223372036854775807"
#define BIGINT_MIN			"-9223372036854775808"

/*
 * A pattern of the decimal digits up to BIGINT_MAX: fewer digits, or as many
 * of which the first that differs is smaller, one alternative for each
 * position, or BIGINT_MAX itself.
 */
static char *
bigint_pattern(void)
{
	StringInfoData pattern;
	const char *max = BIGINT_MAX;
	int			digits = (int) strlen(max);

	initStringInfo(&pattern);
	appendStringInfo(&pattern, "^" SPACES "(?:" PLACEHOLDER "|0*(?:[0-9]{1,%d}",
					 digits - 1);
	for (int i = 0; i < digits; i++)
	{
		if (max[i] > '0')
			appendStringInfo(&pattern, "|%.*s[0-%c][0-9]{%d}",
							 i, max, max[i] - 1, digits - 1 - i);
	}
	appendStringInfo(&pattern, "|%s))?" SPACES "$", max);
	return pattern.data;
}

static const char *
pattern_of_type(FieldType type)
{
	switch (type)
	{
		case TYPE_OBJECT:
			return "^" SPACES "$";
		case TYPE_TEXT:
		case TYPE_STATE:
		case TYPE_COUNTRY:
			return WHOLE(TEXT_PATTERN);
		case TYPE_EMAIL:
			return WHOLE(EMAIL_PATTERN);
		case TYPE_DATE:
			return WHOLE(DATE_PATTERN);
		case TYPE_BOOLEAN:
			return WHOLE(BOOLEAN_PATTERN);
		case TYPE_BIGINT:
			return bigint_pattern();
		case TYPE_TIMESTAMP:
			return WHOLE(TIMESTAMP_PATTERN);
	}
	return NULL;				/* not reached; keeps compilers quiet */
}

/* The JSON type of the numbers or objects that a field accepts; NULL: none. */
static const char *
json_type(FieldType type)
{
	switch (type)
	{
		case TYPE_OBJECT:
			return "object";
		case TYPE_TEXT:
		case TYPE_STATE:
		case TYPE_COUNTRY:
			return "number";
		case TYPE_BOOLEAN:
		case TYPE_BIGINT:
			return "integer";
		default:
			return NULL;
	}
}

static void
write_types(JsonOut *out, FieldType type)
{
	json_out_begin_array(out, "type");
	if (type == TYPE_BOOLEAN)
		json_out_string(out, NULL, "boolean");
	if (json_type(type) != NULL)
		json_out_string(out, NULL, json_type(type));
	json_out_string(out, NULL, "string");
	json_out_string(out, NULL, "null");
	json_out_end_array(out);
}

/* What the field is, and the code that its absence can cause. */
static char *
field_description(Field field)
{
	const FieldSpec *spec = &field_table[field];

	if (spec->missing_code == CODE_NONE)
		return pstrdup(spec->description);
	return psprintf("%s Not provided: %s.", spec->description,
					code_table[spec->missing_code].name);
}

static void write_properties(JsonOut *out, Field parent);

/* Writes what a value of that type is, within an object. */
static void
write_form(JsonOut *out, Field field, FieldType type)
{
	write_types(out, type);
	json_out_string(out, "pattern", pattern_of_type(type));
	if (field_is_text(field))
	{
		json_out_number(out, "exclusiveMinimum", NEGATIVE_LIMIT);
		json_out_number(out, "exclusiveMaximum", POSITIVE_LIMIT);
	}
	else if (type == TYPE_BIGINT)
	{
		json_out_number(out, "minimum", BIGINT_MIN);
		json_out_number(out, "maximum", BIGINT_MAX);
	}
	else if (type == TYPE_BOOLEAN)
	{
		json_out_number(out, "minimum", "0");
		json_out_number(out, "maximum", "1");
	}
	else if (type == TYPE_OBJECT)
		write_properties(out, field);
}

/* Writes a field at its key: its own type, and the older ones if there are. */
static void
write_property(JsonOut *out, Field field, const char *key)
{
	FieldType	type = field_table[field].type;
	bool		older = false;

	json_out_begin_object(out, key);
	json_out_string(out, "description", field_description(field));
	FOR_EACH_OLDER_FORM(form)
	{
		if (form->field != field || form->type == type)
			continue;
		if (!older)
		{
			json_out_begin_array(out, "anyOf");
			json_out_begin_object(out, NULL);
			write_form(out, field, type);
			json_out_end_object(out);
		}
		older = true;
		json_out_begin_object(out, NULL);
		write_form(out, field, form->type);
		json_out_end_object(out);
	}
	if (older)
		json_out_end_array(out);
	else
		write_form(out, field, type);
	json_out_end_object(out);
}

/* The key of a path that is in a parent itself; NULL: it is not. */
static const char *
key_in_parent(const char *path, Field parent)
{
	size_t		length = strlen(field_table[parent].path);

	if (length > 0)
	{
		if (strncmp(path, field_table[parent].path, length) != 0 ||
			path[length] != '.')
			return NULL;
		path += length + 1;
	}
	return strchr(path, '.') == NULL ? path : NULL;
}

/* Writes the fields of a parent, each with its own fields. */
static void
write_properties(JsonOut *out, Field parent)
{
	json_out_begin_object(out, "properties");
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		if (field_table[field].parent == parent)
			write_property(out, (Field) field, field_key((Field) field));
	}
	FOR_EACH_OLDER_FORM(form)
	{
		const char *key = key_in_parent(form->path, parent);

		if (key != NULL && strcmp(form->path, field_table[form->field].path) != 0)
			write_property(out, form->field, key);
	}
	json_out_end_object(out);
}

/*
 * Returns the schema (JSON Schema, draft 2020-12), palloc'd in the current
 * context.
 */
Jsonb *
lead_schema(void)
{
	JsonOut		out = JSON_OUT_INIT;

	json_out_begin_object(&out, NULL);
	json_out_string(&out, "$schema",
					"https://json-schema.org/draft/2020-12/schema");
	json_out_string(&out, "$comment",
					psprintf("payload version %d (%s)", PAYLOAD_VERSION,
							 PAYLOAD_VERSION_DATE));
	json_out_string(&out, "title", "Dealer Studio lead");
	json_out_string(&out, "description", field_table[FIELD_NONE].description);
	json_out_string(&out, "type", "object");
	write_properties(&out, FIELD_NONE);
	json_out_begin_array(&out, "examples");
	json_out_jsonb(&out, NULL, parse_jsonb(pstrdup(example_payload)));
	json_out_end_array(&out);
	json_out_end_object(&out);
	return json_out_finish(&out);
}

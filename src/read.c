/*-------------------------------------------------------------------------
 *
 * read.c
 *	  Reading: from jsonb to the raw values of the field table.
 *
 * Walks the field table, a parent before its fields, and looks each key up in
 * its parent's container.  The shape alone is decided here (is it there, what
 * JSON type does it have, what is its text); what is right is for validate.c.
 *
 * Memory: texts point into the payload; a number's text and, in a database
 * whose encoding is not UTF-8, a converted text are in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "encoding.h"
#include "read.h"

#define DIGEST_PREFIX		"sha256:"
#define DIGEST_LENGTH		32	/* bytes of a SHA-256 digest */

/*
 * Trims a text and counts it.  An empty one counts as absent.  The characters
 * of a text that fits in bytes need no counting.
 */
static void
read_text(RawKind kind, LeadText text, RawValue *raw)
{
	trim_database_text(&text);
	if (text.length == 0)
		return;

	raw->kind = kind;
	raw->text = text;
	raw->characters = text.length <= TEXT_LIMIT ? text.length :
		count_database_characters(text);
	if (database_is_utf8() || raw->characters > TEXT_LIMIT)
		raw->utf8 = text;
	else
		convert_text(text, GetDatabaseEncoding(), PG_UTF8, &raw->utf8);
}

/* A number's text has no exponent and no zeros behind the fraction. */
static void
read_number(Numeric number, RawValue *raw)
{
	LeadText	text;

	text.data = numeric_normalize(number);
	text.length = strlen(text.data);
	read_text(RAW_NUMBER, text, raw);
}

/* One value; *container is set where it is an object, for its own fields. */
static void
read_value(const JsonbValue *value, RawValue *raw, JsonbContainer **container)
{
	switch (value->type)
	{
		case jbvNull:
			break;
		case jbvString:
			read_text(RAW_STRING,
					  lead_text(value->val.string.val, value->val.string.len),
					  raw);
			break;
		case jbvNumeric:
			read_number(value->val.numeric, raw);
			break;
		case jbvBool:
			raw->kind = RAW_BOOLEAN;
			raw->flag = value->val.boolean;
			break;
		case jbvBinary:
			if (JsonContainerIsObject(value->val.binary.data))
			{
				raw->kind = RAW_OBJECT;
				*container = value->val.binary.data;
			}
			else
				raw->kind = RAW_ARRAY;
			break;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/* See read.h. */
bool
read_payload(Jsonb *payload, RawValue *raw)
{
	JsonbContainer *container[NUM_FIELDS] = {NULL};

	memset(raw, 0, sizeof(RawValue) * NUM_FIELDS);
	if (!JB_ROOT_IS_OBJECT(payload))
		return false;
	container[FIELD_NONE] = &payload->root;

	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		JsonbContainer *parent = container[field_table[field].parent];
		const char *key = field_key((Field) field);
		JsonbValue	value;

		if (parent != NULL &&
			getKeyJsonValueFromContainer(parent, key, (int) strlen(key), &value))
			read_value(&value, &raw[field], &container[field]);
	}
	return true;
}

/*
 * See read.h.  jsonb's own text is the digest's input because it is the same
 * for every delivery of the same payload, however the sender spaced it.
 */
LeadText
read_lead_reference(Jsonb *payload, const LeadValue *id)
{
	LeadText	text;
	LeadText	utf8;
	bytea	   *input;
	bytea	   *digest;
	char	   *reference;

	if (id->provided)
		return id->text;

	text.data = JsonbToCString(NULL, &payload->root, VARSIZE(payload));
	text.length = strlen(text.data);
	if (!convert_text(text, GetDatabaseEncoding(), PG_UTF8, &utf8))
		utf8 = text;			/* still the same for every delivery */

	input = (bytea *) cstring_to_text_with_len(utf8.data, (int) utf8.length);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
												 PointerGetDatum(input)));
	Assert(VARSIZE_ANY_EXHDR(digest) == DIGEST_LENGTH);

	reference = palloc(sizeof(DIGEST_PREFIX) + DIGEST_LENGTH * 2);
	strcpy(reference, DIGEST_PREFIX);
	hex_encode(VARDATA_ANY(digest), DIGEST_LENGTH,
			   reference + strlen(DIGEST_PREFIX));
	return lead_text(reference, strlen(DIGEST_PREFIX) + DIGEST_LENGTH * 2);
}

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
 * The digest is made in a context of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "payload/encoding.h"
#include "payload/read.h"

#define DIGEST_PREFIX		"sha256:"

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
 * jsonb's own text is the digest's input because it is the same for every
 * delivery of the same payload, however the sender spaced it.
 */
static void
digest_payload(Jsonb *payload, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	LeadText	text;
	LeadText	utf8;

	text.data = JsonbToCString(NULL, &payload->root, VARSIZE(payload));
	text.length = strlen(text.data);
	if (!convert_text(text, GetDatabaseEncoding(), PG_UTF8, &utf8))
		utf8 = text;			/* still the same for every delivery */

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) utf8.data, utf8.length) < 0 ||
		pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256 hash: %s",
			 pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

/* See read.h.  The payload's text may be many times as large as it is. */
LeadText
read_lead_reference(Jsonb *payload, const LeadValue *id)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch;
	char	   *reference;

	if (id->provided)
		return id->text;

	scratch = AllocSetContextCreate(context, "loopit_leads digest",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);
	digest_payload(payload, digest);
	MemoryContextSwitchTo(context);
	MemoryContextDelete(scratch);

	reference = palloc(sizeof(DIGEST_PREFIX) + sizeof(digest) * 2);
	strcpy(reference, DIGEST_PREFIX);
	hex_encode((const char *) digest, sizeof(digest),
			   reference + strlen(DIGEST_PREFIX));
	return lead_text(reference, strlen(DIGEST_PREFIX) + sizeof(digest) * 2);
}

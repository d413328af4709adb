/*-------------------------------------------------------------------------
 *
 * read.c
 *	  Reading: from jsonb to the raw values of the field table.
 *
 * Walks the field table, a parent before its fields.  The keys of a jsonb object
 * are in order; the fields of each parent are put into the same order once per
 * backend, so an object is read in one pass beside them.  This file decides the
 * shape alone: whether a value is there, its JSON type, its text.  Whether it is
 * valid is decided by src/rules/validate.c.
 *
 * Memory: texts point into the payload; the text of a number and, in a
 * database whose encoding is not UTF-8, a converted text are palloc'd in the
 * caller's context.  The digest is computed in a context of its own.
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
 * Trims a text and counts its characters.  An empty text counts as absent.  A
 * text of at most TEXT_LIMIT bytes is within the limit however it is encoded,
 * so its characters need no counting.
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

/* The text of a number has no exponent and no trailing zeros after the point. */
static void
read_number(Numeric number, RawValue *raw)
{
	LeadText	text;

	text.data = numeric_normalize(number);
	text.length = strlen(text.data);
	read_text(RAW_NUMBER, text, raw);
}

/* Reads one value; sets *container if it is an object, for its own fields. */
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

/* The fields as jsonb orders keys: those of a parent by length, then by bytes. */
static struct
{
	bool		made;
	Field		field[NUM_FIELDS];
	int			first[NUM_FIELDS + 1];	/* of that parent; the next one's ends
										 * it */
	uint32		length[NUM_FIELDS]; /* of the field's own key */
}			ordered;

static int
compare_keys(const char *key, uint32 length, const char *other,
			 uint32 other_length)
{
	if (length != other_length)
		return length < other_length ? -1 : 1;
	return memcmp(key, other, length);
}

static int
compare_fields(const void *a, const void *b)
{
	Field		field = *(const Field *) a;
	Field		other = *(const Field *) b;

	if (field_table[field].parent != field_table[other].parent)
		return field_table[field].parent < field_table[other].parent ? -1 : 1;
	return compare_keys(field_key(field), ordered.length[field],
						field_key(other), ordered.length[other]);
}

static void
order_fields(void)
{
	int			count = 0;

	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		ordered.length[field] = (uint32) strlen(field_key((Field) field));
		ordered.field[count++] = (Field) field;
	}
	qsort(ordered.field, count, sizeof(Field), compare_fields);
	for (int parent = NUM_FIELDS; parent >= 0; parent--)
	{
		while (count > 0 && field_table[ordered.field[count - 1]].parent >= (Field) parent)
			count--;
		ordered.first[parent] = count;
	}
	ordered.made = true;
}

/* Reads a value of an object, by its entry there and where it begins and ends. */
static void
read_entry(const char *values, JEntry entry, uint32 begin, uint32 end,
		   RawValue *raw, JsonbContainer **container)
{
	JsonbValue	value;

	if (JBE_ISSTRING(entry))
	{
		read_text(RAW_STRING, lead_text(values + begin, end - begin), raw);
		return;
	}
	value.type = jbvNull;
	if (JBE_ISNUMERIC(entry))
	{
		value.type = jbvNumeric;
		value.val.numeric = (Numeric) (values + INTALIGN(begin));
	}
	else if (JBE_ISBOOL(entry))
	{
		value.type = jbvBool;
		value.val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISCONTAINER(entry))
	{
		value.type = jbvBinary;
		value.val.binary.data = (JsonbContainer *) (values + INTALIGN(begin));
	}
	read_value(&value, raw, container);
}

/*
 * Reads the fields of a parent from its object: a key that is less than the next
 * field's is no field, and a field that is less than the next key is absent.
 */
static void
read_object(JsonbContainer *object, Field parent, RawValue *raw,
			JsonbContainer **container)
{
	uint32		count = JsonContainerSize(object);
	const char *base = (const char *) &object->children[count * 2];
	const JEntry *values = &object->children[count];
	int			next = ordered.first[parent];
	int			end = ordered.first[parent + 1];
	uint32		key_end = 0;
	uint32		value_end = getJsonbOffset(object, (int) count);

	for (uint32 i = 0; i < count && next < end; i++)
	{
		uint32		key = key_end;
		uint32		value = value_end;
		Field		field;
		int			order;

		JBE_ADVANCE_OFFSET(key_end, object->children[i]);
		JBE_ADVANCE_OFFSET(value_end, values[i]);
		do
		{
			field = ordered.field[next];
			order = compare_keys(field_key(field), ordered.length[field],
								 base + key, key_end - key);
		} while (order < 0 && ++next < end);
		if (order == 0)
		{
			read_entry(base, values[i], value, value_end, &raw[field],
					   &container[field]);
			next++;
		}
	}
}

/* Finds the value at a path from the root; false: there is none. */
static bool
find_path(Jsonb *payload, const char *path, JsonbValue *value)
{
	JsonbContainer *container = &payload->root;

	for (;;)
	{
		const char *end = strchr(path, '.');
		int			length = (int) (end != NULL ? end - path : strlen(path));

		if (!getKeyJsonValueFromContainer(container, path, length, value))
			return false;
		if (end == NULL)
			return true;
		if (value->type != jbvBinary ||
			!JsonContainerIsObject(value->val.binary.data))
			return false;
		container = value->val.binary.data;
		path = end + 1;
	}
}

/* Reads fields that have no value from where older versions have them. */
static void
read_older_forms(Jsonb *payload, RawValue *raw)
{
	FOR_EACH_OLDER_FORM(form)
	{
		JsonbContainer *container;
		JsonbValue	value;

		if (raw[form->field].kind != RAW_ABSENT ||
			!find_path(payload, form->path, &value))
			continue;
		read_value(&value, &raw[form->field], &container);
		raw[form->field].version = (unsigned char) form->version;
	}
}

/*
 * Fills raw[NUM_FIELDS] with what the payload has for each field.  Returns
 * false, with all of them absent, if the payload is no object.  Texts point
 * into the payload or are palloc'd in the current context; raises nothing but
 * out of memory.
 */
bool
read_payload(Jsonb *payload, RawValue *raw)
{
	JsonbContainer *container[NUM_FIELDS] = {NULL};

	memset(raw, 0, sizeof(RawValue) * NUM_FIELDS);
	if (!JB_ROOT_IS_OBJECT(payload))
		return false;
	if (!ordered.made)
		order_fields();

	container[FIELD_NONE] = &payload->root;
	for (int field = FIELD_NONE; field < NUM_FIELDS; field++)
	{
		if (container[field] != NULL)
			read_object(container[field], (Field) field, raw, container);
	}
	if (NUM_OLDER_FORMS > 0)
		read_older_forms(payload, raw);
	return true;
}

/*
 * The input of the digest is jsonb's own text, because it is the same for
 * every delivery of the same payload, whatever white space the sender used.
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
		utf8 = text;			/* also the same for every delivery */

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) utf8.data, utf8.length) < 0 ||
		pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256 hash: %s",
			 pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

/*
 * Returns the reference of the lead: the payload's id where it is provided,
 * else "sha256:" and the digest of the payload's text in UTF-8.  The result
 * points into the payload or is palloc'd in the current context.  The text of
 * the payload can be many times as large as the payload, so it is freed at
 * once.
 */
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

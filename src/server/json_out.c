/*-------------------------------------------------------------------------
 *
 * json_out.c
 *	  Building jsonb one key at a time.
 *
 * Memory: everything is allocated in the current context.  Keys, texts and
 * jsonb values are referenced, not copied, so they must live until
 * json_out_finish() returns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "server/compat.h"
#include "server/json_out.h"

/* Pushes one token, and keeps the value that it completes, if any. */
static void
push(JsonOut *out, JsonbIteratorToken token, JsonbValue *value)
{
	out->result = pushJsonbValue(&out->state, token, value);
}

static void
push_key(JsonOut *out, const char *key)
{
	JsonbValue	value;

	if (key == NULL)
		return;
	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = (int) strlen(key);
	push(out, WJB_KEY, &value);
}

/* Pushes a value, without a key inside an array. */
static void
push_value(JsonOut *out, const char *key, JsonbValue *value)
{
	push_key(out, key);
	push(out, key != NULL ? WJB_VALUE : WJB_ELEM, value);
}

void
json_out_begin_object(JsonOut *out, const char *key)
{
	push_key(out, key);
	push(out, WJB_BEGIN_OBJECT, NULL);
}

void
json_out_end_object(JsonOut *out)
{
	push(out, WJB_END_OBJECT, NULL);
}

void
json_out_begin_array(JsonOut *out, const char *key)
{
	push_key(out, key);
	push(out, WJB_BEGIN_ARRAY, NULL);
}

void
json_out_end_array(JsonOut *out)
{
	push(out, WJB_END_ARRAY, NULL);
}

/* Writes a text, or JSON null if its data is NULL. */
void
json_out_text(JsonOut *out, const char *key, LeadText text)
{
	JsonbValue	value;

	if (text.data == NULL)
		value.type = jbvNull;
	else
	{
		value.type = jbvString;
		value.val.string.val = unconstify(char *, text.data);
		value.val.string.len = (int) text.length;
	}
	push_value(out, key, &value);
}

/* Writes a string, or JSON null if it is NULL. */
void
json_out_string(JsonOut *out, const char *key, const char *string)
{
	json_out_text(out, key,
				  lead_text(string, string != NULL ? strlen(string) : 0));
}

void
json_out_integer(JsonOut *out, const char *key, int64 number)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	push_value(out, key, &value);
}

/* Writes a number given by its decimal text, of any size. */
void
json_out_number(JsonOut *out, const char *key, const char *number)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric =
		DatumGetNumeric(DirectFunctionCall3(numeric_in,
											CStringGetDatum(number),
											ObjectIdGetDatum(InvalidOid),
											Int32GetDatum(-1)));
	push_value(out, key, &value);
}

/* Writes a jsonb that is an object or an array as a value. */
void
json_out_jsonb(JsonOut *out, const char *key, Jsonb *jsonb)
{
	JsonbValue	value;

	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE_ANY_EXHDR(jsonb);
	push_value(out, key, &value);
}

/* Writes an id, or JSON null if it is 0. */
void
json_out_id(JsonOut *out, const char *key, int64 id)
{
	if (id != 0)
		json_out_integer(out, key, id);
	else
		json_out_string(out, key, NULL);
}

/* Returns the finished jsonb, palloc'd in the current context. */
Jsonb *
json_out_finish(JsonOut *out)
{
	Assert(out->state == NULL && out->result != NULL);
	return JsonbValueToJsonb(out->result);
}

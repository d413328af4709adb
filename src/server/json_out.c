/*-------------------------------------------------------------------------
 *
 * json_out.c
 *	  Writing jsonb a key at a time.  See json_out.h.
 *
 * Memory: all in the caller's context; texts are referenced, not copied,
 * until json_out_finish().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "server/compat.h"
#include "server/json_out.h"

/* Pushes one token and remembers the value that is finished by it, if any. */
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

/* Inside an array a value has no key. */
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

void
json_out_jsonb(JsonOut *out, const char *key, Jsonb *jsonb)
{
	JsonbValue	value;

	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE_ANY_EXHDR(jsonb);
	push_value(out, key, &value);
}

void
json_out_id(JsonOut *out, const char *key, int64 id)
{
	if (id != 0)
		json_out_integer(out, key, id);
	else
		json_out_string(out, key, NULL);
}

Jsonb *
json_out_finish(JsonOut *out)
{
	Assert(out->state == NULL && out->result != NULL);
	return JsonbValueToJsonb(out->result);
}

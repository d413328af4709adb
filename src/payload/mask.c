/*-------------------------------------------------------------------------
 *
 * mask.c
 *	  Masking of payloads, for those who may see the log but not who is in it.
 *
 * A value is masked by its key alone, at any depth, in any case, and whatever
 * its type: a payload that is out of shape is masked as well.  The key stays,
 * and so does a null, so that an auditor sees what was sent and what was not.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "payload/mask.h"
#include "rules/field.h"
#include "rules/text.h"

#define MASK "***"

/*
 * Keys beside those of the field table that Dealer Studio's payload, or one
 * that somebody mistook for it, has the same things under.
 */
static const char *const other_sensitive_keys[] = {
	"street_number", "street_name", "subpremise", "address_line_1",
	"address_line_2", "full_address", "formatted_address",
	"date_of_birth", "birth_date", "birthdate",
	"licence_number", "licence_card_number", "licence_dob",
	"document_number", "card_number"
};

static bool
is_key(const JsonbValue *key, const char *name)
{
	return text_equal_folded(key->val.string.val, key->val.string.len,
							 name, strlen(name));
}

static bool
is_sensitive_key(const JsonbValue *key)
{
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		if (field_table[field].sensitive && is_key(key, field_key((Field) field)))
			return true;
	}
	for (int i = 0; i < lengthof(other_sensitive_keys); i++)
	{
		if (is_key(key, other_sensitive_keys[i]))
			return true;
	}
	return false;
}

static bool
is_address_key(const JsonbValue *key)
{
	return key->type == jbvString && is_key(key, field_key(FIELD_ADDRESS));
}

/* See mask.h. */
Jsonb *
mask_payload(Jsonb *payload)
{
	JsonbIterator *iterator = JsonbIteratorInit(&payload->root);
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	key = {0};
	JsonbValue	value;
	JsonbIteratorToken token;
	bool		skip_nested = false;
	int			depth = 0;
	int			address_depth = 0;	/* of the list that is an address; 0: not
									 * within one */

	if (JB_ROOT_IS_SCALAR(payload))
		return payload;			/* has no key to mask by */

	while ((token = JsonbIteratorNext(&iterator, &value, skip_nested)) != WJB_DONE)
	{
		bool		masked = false;

		skip_nested = false;
		switch (token)
		{
			case WJB_KEY:
				key = value;
				skip_nested = is_sensitive_key(&key);
				break;
			case WJB_VALUE:
				/* an address is an object of parts; as one text it is all */
				masked = is_sensitive_key(&key) ||
					(is_address_key(&key) && value.type != jbvBinary);
				break;
			case WJB_BEGIN_ARRAY:
				depth++;
				if (address_depth == 0 && depth > 1 && is_address_key(&key))
					address_depth = depth;
				break;
			case WJB_ELEM:
				masked = address_depth != 0;
				break;
			case WJB_END_ARRAY:
				if (address_depth == depth)
					address_depth = 0;
				depth--;
				break;
			case WJB_BEGIN_OBJECT:
				depth++;
				break;
			case WJB_END_OBJECT:
				depth--;
				break;
			default:
				break;
		}
		if (masked && value.type != jbvNull)
		{
			value.type = jbvString;
			value.val.string.val = MASK;
			value.val.string.len = strlen(MASK);
		}
		if (token != WJB_KEY)
			key.type = jbvNull; /* it was this value's, and no other's */
		result = pushJsonbValue(&state, token,
								token < WJB_BEGIN_ARRAY ? &value : NULL);
	}
	return JsonbValueToJsonb(result);
}

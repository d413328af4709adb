/*-------------------------------------------------------------------------
 *
 * mask.c
 *	  Masking of payloads, for those who may see the log but not the personal
 *	  data in it.
 *
 * A value is shown only if its whole path is known to be harmless: a field
 * that the field table says so of, or one of the specification's example that
 * is listed here.  Every other value, at any depth and under any key, is
 * masked.  Keys, nulls and the shape of arrays and objects stay, and so does
 * the type of a masked value: a string becomes "***", a number 0 and a boolean
 * false, so that an auditor sees what was sent and of which type, and never
 * takes a masked string for a value.
 *
 * Memory: everything is palloc'd in the caller's context.  The payload is
 * walked by an iterator, not by recursion.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "payload/encoding.h"
#include "payload/mask.h"
#include "payload/measure.h"
#include "rules/field.h"
#include "rules/number.h"

#define MASK		"***"
#define ELEMENT		"[]"

/*
 * Harmless values of the specification's example that are no fields: ids,
 * times, what the enquiry is about and where it comes from, the vehicle, the
 * plan, the dealer.  An element of an array is [].  Free text and addresses of
 * web pages are not among them: they may hold anything.
 */
static const char *const harmless_paths[] = {
	"lead_cluster_id", "marketing_source", "provider", "source", "category",
	"subcategory", "created",
	"additional_details.first_name", "additional_details.surname",
	"additional_details.lead_id", "additional_details.lead_status",
	"additional_details.vin", "additional_details.subscription_price",
	"additional_details.minimum_days", "additional_details.km_included",
	"additional_details.join_fee",
	"item.id", "item.type", "item.car_type", "item.status", "item.colour",
	"item.body_type", "item.build_date", "item.transmission",
	"item.interior_color", "item.make", "item.model", "item.badge", "item.year",
	"item.rego", "item.price", "item.engine_size", "item.km", "item.series",
	"item.spin_code", "item.third_party_integrations.[].service",
	"item.third_party_integrations.[].external_id", "item.deposit",
	"subscription_plan.subscription_id", "subscription_plan.name",
	"dealership.name", "dealership.slug",
	"website.id", "website.name", "website.slug",
	"lead_status_option.id", "lead_status_option.name",
	"lead_status_option.status_type"
};

/* Longer than any of them, and as deep. */
#define PATH_LIMIT	64
#define LEVEL_LIMIT 8

/*
 * The path of the value that the walk is at, while it can still become a
 * harmless one.
 */
typedef struct Walk
{
	char		path[PATH_LIMIT];
	size_t		length[LEVEL_LIMIT];	/* path of each known container */
	bool		is_array[LEVEL_LIMIT];
	int			depth;			/* containers that are open */
	int			known;			/* of those, how many begin a harmless path */
	size_t		next;			/* path of the next value; 0: not harmless */
} Walk;

/* Compares a path with a harmless one, or with the beginning of one. */
static bool
path_matches(const char *harmless, const char *path, size_t length,
			 bool as_beginning)
{
	return strncmp(harmless, path, length) == 0 &&
		harmless[length] == (as_beginning ? '.' : '\0');
}

/* Returns true if the path is harmless, or begins a harmless one. */
static bool
is_harmless(const char *path, size_t length, bool as_beginning)
{
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		if (field_table[field].harmless &&
			path_matches(field_table[field].path, path, length, as_beginning))
			return true;
	}
	FOR_EACH_OLDER_FORM(form)
	{
		if (field_table[form->field].harmless &&
			path_matches(form->path, path, length, as_beginning))
			return true;
	}
	for (int i = 0; i < lengthof(harmless_paths); i++)
	{
		if (path_matches(harmless_paths[i], path, length, as_beginning))
			return true;
	}
	return false;
}

/* Sets the path of the next value, a key or an element of what is open. */
static void
set_next(Walk *walk, const char *key, size_t key_length)
{
	size_t		length;

	walk->next = 0;
	if (walk->known < walk->depth)
		return;
	length = walk->length[walk->depth - 1];
	if (length + 1 + key_length >= PATH_LIMIT)
		return;
	if (length > 0)
		walk->path[length++] = '.';
	memcpy(walk->path + length, key, key_length);
	walk->next = length + key_length;
}

/* A key that would be read as two, or as an element, begins nothing. */
static void
set_next_key(Walk *walk, const JsonbValue *key)
{
	const char *text = key->val.string.val;
	size_t		length = key->val.string.len;

	if (memchr(text, '.', length) != NULL || memchr(text, '[', length) != NULL)
		walk->next = 0;
	else
		set_next(walk, text, length);
}

/* An element of a known array has a path without a key. */
static void
set_next_element(Walk *walk)
{
	if (walk->depth > 0 && walk->known == walk->depth &&
		walk->is_array[walk->depth - 1])
		set_next(walk, ELEMENT, strlen(ELEMENT));
}

static void
begin_container(Walk *walk, bool is_array)
{
	set_next_element(walk);
	if (walk->depth == 0 ||
		(walk->known == walk->depth && walk->depth < LEVEL_LIMIT &&
		 walk->next > 0 && is_harmless(walk->path, walk->next, true)))
	{
		walk->length[walk->depth] = walk->next;
		walk->is_array[walk->depth] = is_array;
		walk->known = walk->depth + 1;
	}
	walk->depth++;
}

static void
end_container(Walk *walk)
{
	walk->depth--;
	walk->known = Min(walk->known, walk->depth);
}

/*
 * Returns true for a value that a harmless field may have.  A text that holds
 * JSON, or is too long for a field, is none.
 */
static bool
is_plain_value(const JsonbValue *value)
{
	LeadText	text;

	if (value->type == jbvNumeric)
		return number_length(value->val.numeric) <= NUMBER_LIMIT;
	if (value->type != jbvString)
		return true;
	text = lead_text(value->val.string.val, value->val.string.len);
	trim_database_text(&text);
	return text.length == 0 ||
		(strchr("{[\"", text.data[0]) == NULL &&
		 count_database_characters(text) <= TEXT_LIMIT);
}

static bool
is_shown(const Walk *walk, const JsonbValue *value)
{
	return walk->known == walk->depth && walk->next > 0 &&
		is_harmless(walk->path, walk->next, false) && is_plain_value(value);
}

static void
mask_value(JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			break;
		case jbvString:
			value->val.string.val = MASK;
			value->val.string.len = strlen(MASK);
			break;
		case jbvNumeric:
			value->val.numeric = int64_to_numeric(0);
			break;
		case jbvBool:
			value->val.boolean = false;
			break;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/*
 * Returns the payload with everything masked that is not known to be harmless,
 * palloc'd in the current context.
 */
Jsonb *
mask_payload(Jsonb *payload)
{
	JsonbIterator *iterator = JsonbIteratorInit(&payload->root);
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	value;
	JsonbIteratorToken token;
	Walk		walk = {.depth = 0};

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		bool		has_value = token == WJB_KEY || token == WJB_VALUE ||
			token == WJB_ELEM;

		switch (token)
		{
			case WJB_KEY:
				set_next_key(&walk, &value);
				break;
			case WJB_ELEM:
				set_next_element(&walk);
				if (!is_shown(&walk, &value))
					mask_value(&value);
				break;
			case WJB_VALUE:
				if (!is_shown(&walk, &value))
					mask_value(&value);
				break;
			case WJB_BEGIN_ARRAY:
				has_value = value.val.array.rawScalar;
				begin_container(&walk, true);
				break;
			case WJB_BEGIN_OBJECT:
				begin_container(&walk, false);
				break;
			case WJB_END_ARRAY:
			case WJB_END_OBJECT:
				end_container(&walk);
				break;
			default:
				elog(ERROR, "unexpected jsonb token: %d", (int) token);
		}
		result = pushJsonbValue(&state, token, has_value ? &value : NULL);
	}
	return JsonbValueToJsonb(result);
}

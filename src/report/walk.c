/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  Walks through a payload or an outcome, and marks the traits that it has.
 *
 * By an iterator, not by recursion.  A payload can hold anything: containers
 * deeper than LEVEL_LIMIT are not entered, and a payload of VALUE_LIMIT values is
 * left out, since what was not reached would look as if it were gone.  The log belongs to the owner of the tables, so an outcome
 * can hold anything, too: only fields and codes that there are count.
 *
 * Memory: what the iterator allocates is in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "payload/encoding.h"
#include "report/trait.h"
#include "server/json_find.h"

#define LEVEL_LIMIT		8		/* the specification's example has 4 */

/* A container that is open. */
typedef struct Level
{
	int			trait;			/* -1: not counted */
	int			element;		/* of an array: the trait of its elements */
	bool		is_array;
} Level;

static LeadText
string_of(const JsonbValue *value)
{
	return lead_text(value->val.string.val, value->val.string.len);
}

static ValueType
type_of(const JsonbValue *value)
{
	LeadText	text;

	switch (value->type)
	{
		case jbvNull:
			return VALUE_NULL;
		case jbvString:
			text = string_of(value);
			trim_database_text(&text);
			return text.length == 0 ? VALUE_BLANK : VALUE_STRING;
		case jbvNumeric:
			return VALUE_NUMBER;
		case jbvBool:
			return VALUE_BOOLEAN;
		case jbvBinary:
			return JsonContainerIsObject(value->val.binary.data) ?
				VALUE_OBJECT : VALUE_ARRAY;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/* Marks the paths of a payload; false: it has too many. */
bool
walk_payload(Traits *traits, Jsonb *payload)
{
	JsonbIterator *iterator = JsonbIteratorInit(&payload->root);
	Level		level[LEVEL_LIMIT + 1] = {0};
	int			depth = 0;
	int			values = 0;
	int			next = 0;		/* the trait of the next value */
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value,
									  depth == LEVEL_LIMIT || next < 0)) != WJB_DONE)
	{
		switch (token)
		{
			case WJB_KEY:
				next = traits_child(traits, level[depth - 1].trait,
									string_of(&value));
				continue;
			case WJB_VALUE:
			case WJB_ELEM:
				traits_mark(traits, next, type_of(&value));
				values++;
				break;
			case WJB_BEGIN_ARRAY:
			case WJB_BEGIN_OBJECT:
				level[depth].trait = next;
				level[depth].is_array = token == WJB_BEGIN_ARRAY;
				if (token == WJB_BEGIN_OBJECT)
					traits_mark(traits, next, VALUE_OBJECT);
				else if (value.val.array.rawScalar)
					level[depth].element = next;	/* no array was sent */
				else
				{
					traits_mark(traits, next, VALUE_ARRAY);
					level[depth].element = traits_element(traits, next);
				}
				depth++;
				values++;
				break;
			case WJB_END_ARRAY:
			case WJB_END_OBJECT:
				depth--;
				break;
			default:
				elog(ERROR, "unexpected jsonb token: %d", (int) token);
		}
		if (values >= VALUE_LIMIT)
		{
			traits->capped = "payloads of more than 2,000 values were left out";
			return false;
		}
		if (depth > 0 && level[depth - 1].is_array)
			next = level[depth - 1].element;
	}
	return true;
}

/* Marks an issue; the names are those of the outcome. */
static void
mark_issue(Traits *traits, LeadText field_path, LeadText code_text)
{
	if (code_text.data == NULL)
		return;
	if (field_path.data == NULL)	/* an issue of the whole payload */
		field_path = lead_text("", 0);
	for (int field = 0; field < NUM_FIELDS; field++)
	{
		const char *path = field_table[field].path;

		if (strlen(path) != field_path.length ||
			memcmp(path, field_path.data, field_path.length) != 0)
			continue;
		for (int code = 0; code < NUM_CODES; code++)
		{
			const char *name = code_table[code].name;

			if (strlen(name) == code_text.length &&
				memcmp(name, code_text.data, code_text.length) == 0)
				traits_mark(traits,
							traits_issue(traits, (Field) field, (Code) code),
							VALUE_STRING);
		}
	}
}

/* Marks the issues of an outcome. */
void
walk_outcome(Traits *traits, Jsonb *outcome)
{
	JsonbContainer *issues = json_find_container(&outcome->root, "issues");
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	int			values = 0;

	if (issues == NULL || !JsonContainerIsArray(issues))
		return;
	iterator = JsonbIteratorInit(issues);
	/* the first token is the array's begin, which is not skipped */
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE &&
		   ++values < VALUE_LIMIT)
	{
		if (token == WJB_ELEM && value.type == jbvBinary)
			mark_issue(traits, json_find_text(value.val.binary.data, "field"),
					   json_find_text(value.val.binary.data, "code"));
	}
}

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

#include "server/json_out.h"
#include "server/json_write.h"

/* Most outcomes have fewer nodes. */
#define FIRST_NODES		64

/* Makes room for another node. */
static void
make_room(JsonTree *tree)
{
	if (tree->count < tree->room)
		return;
	tree->room = tree->room == 0 ? FIRST_NODES : tree->room * 2;
	if (tree->node == NULL)
		tree->node = palloc(tree->room * sizeof(JsonNode));
	else
		tree->node = repalloc(tree->node, tree->room * sizeof(JsonNode));
}

/*
 * Adds a node to the innermost container that is open, without a key inside an
 * array; returns it, to be filled before the next one is added.
 */
static JsonNode *
add_node(JsonOut *out, const char *key, JsonKind kind)
{
	uint32		number = out->tree.count;
	JsonNode   *node;

	make_room(&out->tree);
	out->tree.count++;
	node = &out->tree.node[number];
	memset(node, 0, sizeof(*node));
	node->kind = (uint8) kind;
	if (key != NULL)
	{
		node->key = key;
		node->key_length = (uint32) strlen(key);
	}
	if (out->depth > 0)
	{
		JsonNode   *parent = &out->tree.node[out->open[out->depth - 1].node];
		uint32	   *last = &out->open[out->depth - 1].last;

		Assert((parent->kind == JSON_OBJECT) == (key != NULL));
		if (*last == 0)
			parent->u.children.first = number;
		else
			out->tree.node[*last].next = number;
		parent->u.children.count++;
		*last = number;
	}
	return node;
}

static void
begin_container(JsonOut *out, const char *key, JsonKind kind)
{
	uint32		number = out->tree.count;

	Assert(out->depth < JSON_OUT_DEPTH);
	(void) add_node(out, key, kind);
	out->open[out->depth].node = number;
	out->open[out->depth].last = 0;
	out->depth++;
}

void
json_out_begin_object(JsonOut *out, const char *key)
{
	begin_container(out, key, JSON_OBJECT);
}

void
json_out_end_object(JsonOut *out)
{
	out->depth--;
}

void
json_out_begin_array(JsonOut *out, const char *key)
{
	begin_container(out, key, JSON_ARRAY);
}

void
json_out_end_array(JsonOut *out)
{
	out->depth--;
}

/* Writes a text, or JSON null if its data is NULL. */
void
json_out_text(JsonOut *out, const char *key, LeadText text)
{
	JsonNode   *node = add_node(out, key,
								text.data != NULL ? JSON_STRING : JSON_NULL);

	node->u.text = text.data;
	node->length = (uint32) text.length;
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
	JsonNode   *node = add_node(out, key, JSON_NUMBER);

	node->negative = number < 0;
	node->u.magnitude = number < 0 ? -(uint64) number : (uint64) number;
}

/* Writes a number given by its decimal text, of any size. */
void
json_out_number(JsonOut *out, const char *key, const char *number)
{
	JsonNode   *node = add_node(out, key, JSON_STORED_NUMBER);
	Numeric numeric =
		DatumGetNumeric(DirectFunctionCall3(numeric_in,
											CStringGetDatum(number),
											ObjectIdGetDatum(InvalidOid),
											Int32GetDatum(-1)));

	node->u.stored = numeric;

	node->length = VARSIZE(numeric);
}

/* Writes a jsonb that is an object or an array as a value. */
void
json_out_jsonb(JsonOut *out, const char *key, Jsonb *jsonb)
{
	JsonNode   *node = add_node(out, key, JSON_STORED_CONTAINER);

	node->u.stored = &jsonb->root;
	node->length = VARSIZE(jsonb) - VARHDRSZ;
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
	Assert(out->depth == 0 && out->tree.count > 0);
	return json_write(&out->tree);
}

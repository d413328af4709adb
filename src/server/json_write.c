/*-------------------------------------------------------------------------
 *
 * json_write.c
 *	  The jsonb of a tree, byte for byte as the server makes it.
 *
 * The server's pushJsonbValue() and JsonbValueToJsonb() copy each text twice
 * and each container once for each level that it is in.  A tree whose size is
 * known is written once.  The form is that of utils/jsonb.h and, for numbers,
 * of numeric.c's short form; both are formats on disk, which do not change.
 *
 * Memory: the result is in the current context.  The children of objects in
 * the tree are put into the order of jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/json_write.h"

/* The short form of a numeric; see numeric.c. */
#define NUMERIC_SHORT		0x8000
#define SHORT_NEGATIVE		0x2000
#define SHORT_SCALE_SHIFT	7
#define SHORT_NEGATIVE_WEIGHT 0x0040
#define SHORT_WEIGHT_MASK	0x003F
#define NUMERIC_BASE		10000
#define DIGITS_OF_BASE		4
#define MAX_NUMERIC_DIGITS	5	/* a magnitude of 64 bits has no more */
#define NUMBER_SIZE \
	(VARHDRSZ + sizeof(uint16) + MAX_NUMERIC_DIGITS * sizeof(int16))

typedef struct Writer
{
	JsonTree   *tree;
	char	   *data;
	uint32		length;
} Writer;

static JEntry write_node(Writer *writer, JsonNode *node);

/*
 * The most bytes that a node takes: an entry for its value and one for its
 * key, their texts, the largest number, and what aligns it.
 */
static Size
node_size(const JsonNode *node)
{
	Size		size = 2 * sizeof(JEntry) + node->key_length + ALIGNOF_INT;

	switch ((JsonKind) node->kind)
	{
		case JSON_NULL:
		case JSON_FALSE:
		case JSON_TRUE:
			return size;
		case JSON_NUMBER:
			return size + NUMBER_SIZE;
		case JSON_ARRAY:
		case JSON_OBJECT:
			return size + sizeof(uint32);
		case JSON_STRING:
		case JSON_STORED_NUMBER:
		case JSON_STORED_CONTAINER:
			break;
	}
	return size + node->length;
}

/* jsonb's order of keys: by length, then by bytes. */
static int
compare_keys(const JsonNode *a, const JsonNode *b)
{
	if (a->key_length != b->key_length)
		return a->key_length < b->key_length ? -1 : 1;
	return memcmp(a->key, b->key, a->key_length);
}

/*
 * Puts an object's children into jsonb's order; of equal keys the last stays.
 * An object has few keys, and those that the reader takes are bounded, so each
 * is inserted where it belongs.
 */
static void
sort_children(JsonNode *node, JsonNode *parent)
{
	uint32	   *link = &parent->u.children.first;
	JsonNode  **sorted = palloc(parent->u.children.count * sizeof(JsonNode *));
	uint32		count = 0;

	for (uint32 i = *link; i != 0; i = node[i].next)
	{
		uint32		at = count;
		int			order = -1;

		while (at > 0 && (order = compare_keys(sorted[at - 1], &node[i])) > 0)
			at--;
		if (at > 0 && order == 0)
		{
			sorted[at - 1] = &node[i];
			continue;
		}
		memmove(&sorted[at + 1], &sorted[at], (count - at) * sizeof(JsonNode *));
		sorted[at] = &node[i];
		count++;
	}

	for (uint32 i = 0; i < count; i++)
	{
		*link = (uint32) (sorted[i] - node);
		link = &sorted[i]->next;
	}
	*link = 0;
	parent->u.children.count = count;
	pfree(sorted);
}

static void
append(Writer *writer, const void *bytes, uint32 length)
{
	memcpy(writer->data + writer->length, bytes, length);
	writer->length += length;
}

/* Numbers and containers begin at a multiple of four. */
static void
align(Writer *writer)
{
	while (writer->length % ALIGNOF_INT != 0)
		writer->data[writer->length++] = '\0';
}

/* Writes a numeric: digits to the base of 10,000, without zeros at either end. */
static void
write_number(Writer *writer, const JsonNode *node)
{
	uint64		magnitude = node->u.magnitude;
	int16		digits[MAX_NUMERIC_DIGITS] = {0};	/* from the last one on */
	int			count = 0;
	int			last = 0;
	int			weight;
	uint16		header = NUMERIC_SHORT | (uint16) (node->scale << SHORT_SCALE_SHIFT);

	for (int i = node->scale; i % DIGITS_OF_BASE != 0; i++)
		magnitude *= 10;
	for (; magnitude > 0; magnitude /= NUMERIC_BASE)
		digits[count++] = (int16) (magnitude % NUMERIC_BASE);
	while (last < count && digits[last] == 0)
		last++;
	if (last < count)
	{
		weight = count - 1 - (node->scale + DIGITS_OF_BASE - 1) / DIGITS_OF_BASE;
		header |= (uint16) (weight & SHORT_WEIGHT_MASK);
		if (weight < 0)
			header |= SHORT_NEGATIVE_WEIGHT;
		if (node->negative)
			header |= SHORT_NEGATIVE;
	}

	align(writer);
	SET_VARSIZE(writer->data + writer->length,
				VARHDRSZ + sizeof(header) + (count - last) * sizeof(int16));
	writer->length += VARHDRSZ;
	append(writer, &header, sizeof(header));
	while (count > last)
		append(writer, &digits[--count], sizeof(int16));
}

/* Where the entries of a container are, and how long its data is so far. */
typedef struct Entries
{
	char	   *data;
	uint32		count;
	uint32		length;
} Entries;

/* Every 32nd entry has the offset of its end instead of its length. */
static void
add_entry(Entries *entries, JEntry entry)
{
	entries->length += JBE_OFFLENFLD(entry);
	if (entries->count % JB_OFFSET_STRIDE == 0)
		entry = (entry & JENTRY_TYPEMASK) | entries->length | JENTRY_HAS_OFF;
	memcpy(entries->data + entries->count * sizeof(JEntry), &entry,
		   sizeof(JEntry));
	entries->count++;
}

/* Writes an array's elements, or an object's keys and then its values. */
static void
write_container(Writer *writer, JsonNode *parent)
{
	JsonNode   *node = writer->tree->node;
	bool		is_object = parent->kind == JSON_OBJECT;
	uint32		header;
	Entries		entries = {0};

	if (is_object)
		sort_children(node, parent);
	header = parent->u.children.count | (is_object ? JB_FOBJECT : JB_FARRAY);
	align(writer);
	append(writer, &header, sizeof(header));
	entries.data = writer->data + writer->length;
	writer->length += parent->u.children.count * (is_object ? 2 : 1) *
		sizeof(JEntry);

	for (uint32 i = parent->u.children.first; is_object && i != 0; i = node[i].next)
	{
		append(writer, node[i].key, node[i].key_length);
		add_entry(&entries, JENTRY_ISSTRING | node[i].key_length);
	}
	for (uint32 i = parent->u.children.first; i != 0; i = node[i].next)
		add_entry(&entries, write_node(writer, &node[i]));
}

/* Writes a value; returns its entry, whose length includes what aligns it. */
static JEntry
write_node(Writer *writer, JsonNode *node)
{
	uint32		start = writer->length;

	switch ((JsonKind) node->kind)
	{
		case JSON_NULL:
			return JENTRY_ISNULL;
		case JSON_FALSE:
			return JENTRY_ISBOOL_FALSE;
		case JSON_TRUE:
			return JENTRY_ISBOOL_TRUE;
		case JSON_STRING:
			append(writer, node->u.text, node->length);
			return JENTRY_ISSTRING | node->length;
		case JSON_NUMBER:
			write_number(writer, node);
			return JENTRY_ISNUMERIC | (writer->length - start);
		case JSON_STORED_NUMBER:
			align(writer);
			append(writer, node->u.stored, node->length);
			return JENTRY_ISNUMERIC | (writer->length - start);
		case JSON_STORED_CONTAINER:
			align(writer);
			append(writer, node->u.stored, node->length);
			break;
		case JSON_ARRAY:
		case JSON_OBJECT:
			write_container(writer, node);
			break;
	}
	return JENTRY_ISCONTAINER | (writer->length - start);
}

/*
 * Returns the jsonb of a tree whose root is an array or an object, palloc'd in
 * the current context.  Texts must be valid in the database's encoding.  The
 * caller bounds the whole to what a jsonb can hold, 256 MB.
 */
Jsonb *
json_write(JsonTree *tree)
{
	Size		size = VARHDRSZ;
	Writer		writer = {.tree = tree,.length = VARHDRSZ};

	for (uint32 i = 0; i < tree->count; i++)
		size += node_size(&tree->node[i]);
	writer.data = palloc(size);
	write_container(&writer, &tree->node[0]);
	SET_VARSIZE(writer.data, writer.length);
	return (Jsonb *) writer.data;
}

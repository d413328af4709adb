/*
 * json_read.c: json_read().  The input is the JSON text.
 *
 * What was taken is written as text again, without white space and with the
 * texts decoded.  That must be the input, from which the same was removed
 * byte by byte.
 */
#include "check.h"

#include "rules/json_read.h"
#include "rules/repair.h"

#define ROOM	200

typedef struct Output
{
	char	   *data;
	size_t		length;
} Output;

static void
put(Output *output, const char *bytes, size_t length)
{
	if (length > 0)
		memcpy(output->data + output->length, bytes, length);
	output->length += length;
}

/* A text is in the input, or in the scratch memory. */
static void
put_text(Output *output, const char *text, size_t length)
{
	put(output, "\"", 1);
	put(output, text, length);
	put(output, "\"", 1);
}

/* A number with its point before the last digits. */
static void
put_number(Output *output, const JsonNode *node)
{
	char		digits[40];
	int			count = snprintf(digits, sizeof(digits), "%0*llu", node->scale + 1,
								 (unsigned long long) node->u.magnitude);

	CHECK(count > node->scale && count <= 16);
	if (node->negative)
		put(output, "-", 1);
	put(output, digits, (size_t) (count - node->scale));
	if (node->scale > 0)
	{
		put(output, ".", 1);
		put(output, digits + count - node->scale, node->scale);
	}
}

static void
put_node(Output *output, const JsonTree *tree, const JsonNode *node, int depth)
{
	bool		is_object = node->kind == JSON_OBJECT;
	uint32_t	count = 0;

	switch ((JsonKind) node->kind)
	{
		case JSON_NULL:
			put(output, "null", 4);
			return;
		case JSON_FALSE:
			put(output, "false", 5);
			return;
		case JSON_TRUE:
			put(output, "true", 4);
			return;
		case JSON_STRING:
			put_text(output, node->u.text, node->length);
			return;
		case JSON_NUMBER:
			put_number(output, node);
			return;
		default:
			CHECK(node->kind == JSON_ARRAY || is_object);
	}

	CHECK(depth < JSON_READ_DEPTH);
	put(output, is_object ? "{" : "[", 1);
	for (uint32_t i = node->u.children.first; i != 0; i = tree->node[i].next)
	{
		const JsonNode *child = &tree->node[i];

		CHECK(child > node && i < tree->count && (child->next == 0 || child->next > i));
		CHECK((child->key != NULL) == is_object);
		if (count++ > 0)
			put(output, ",", 1);
		if (is_object)
		{
			put_text(output, child->key, child->key_length);
			put(output, ":", 1);
		}
		put_node(output, tree, child, depth + 1);
	}
	CHECK(count == node->u.children.count);
	put(output, is_object ? "}" : "]", 1);
}

/* The code unit of an escape. */
static unsigned
code_unit(const char *escape)
{
	char		digits[5] = {escape[2], escape[3], escape[4], escape[5], '\0'};
	char	   *end;
	unsigned	code = (unsigned) strtoul(digits, &end, 16);

	CHECK(escape[0] == '\\' && escape[1] == 'u' && *end == '\0');
	return code;
}

/* Decodes an escape; returns its length. */
static size_t
decode_escape(const char *at, Output *output)
{
	static const char names[] = "bfnrt";
	static const char values[] = "\b\f\n\r\t";
	const char *name;
	unsigned	code;
	char		utf8[5];
	int			width;

	if (at[1] != 'u')
	{
		name = strchr(names, at[1]);
		put(output, name != NULL ? &values[name - names] : &at[1], 1);
		return 2;
	}
	code = code_unit(at);
	CHECK(code > 0);
	if (code >= 0xD800 && code < 0xE000)
		code = 0x10000 + (code - 0xD800) * 0x400 + (code_unit(at + 6) - 0xDC00);
	width = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (int i = width - 1; i >= 0; i--, code /= 64)
		utf8[i] = (char) (i > 0 ? 0x80 + code % 64 :
						  width == 1 ? code : (0xF00 >> width) % 256 + code);
	put(output, utf8, (size_t) width);
	return width == 4 ? 12 : 6;
}

/* Removes white space and trailing commas, and decodes texts. */
static unsigned
normalize(const char *at, const char *end, Output *output)
{
	unsigned	repairs = 0;

	while (at < end)
	{
		if (strchr(" \t\r\n", *at) != NULL)
			at++;
		else if (*at != '"')
		{
			if ((*at == '}' || *at == ']') && output->data[output->length - 1] == ',')
			{
				output->length--;
				repairs = REPAIR_COMMA;
			}
			put(output, at++, 1);
		}
		else
		{
			put(output, at++, 1);
			while (*at != '"')
			{
				if (*at == '\\')
					at += decode_escape(at, output);
				else
					put(output, at++, 1);
			}
			put(output, at++, 1);
		}
	}
	return repairs;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of just the size that is promised, so that a byte more is found */
	char	   *input = malloc(size + (size == 0));
	char	   *scratch = malloc(size + (size == 0));
	JsonNode   *nodes = malloc(ROOM * sizeof(JsonNode));
	JsonTree	tree = {.node = nodes,.room = ROOM};
	unsigned	repairs = 0;
	Output		taken = {malloc(size * 2 + 2), 0};
	Output		expected = {malloc(size * 2 + 2), 0};

	CHECK(input && scratch && nodes && taken.data && expected.data);
	memcpy(input, data, size);
	if (json_read(input, size, scratch, &tree, &repairs))
	{
		CHECK(tree.count > 0 && tree.count <= ROOM);
		put_node(&taken, &tree, &nodes[0], 0);
		CHECK(normalize(input, input + size, &expected) == repairs);
		CHECK(taken.length == expected.length &&
			  memcmp(taken.data, expected.data, taken.length) == 0);
	}
	free(input);
	free(scratch);
	free(nodes);
	free(taken.data);
	free(expected.data);
	return 0;
}

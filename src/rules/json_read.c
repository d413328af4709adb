/*-------------------------------------------------------------------------
 *
 * json_read.c
 *	  Reads the JSON that senders write, in one pass.
 *
 * A third of the cost of a lead is the server's JSON parser.  This reader takes
 * the common kind of text, and declines everything else: what is no JSON, what
 * has to be repaired but for trailing commas, exponents, long numbers, deep
 * nesting, large bodies, a scalar at the top.  What it declines goes through
 * the repair and the server's parser, which say what it is; so only what is
 * taken has to be the same.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/json_read.h"

#include <string.h>

#include "rules/repair.h"
#include "rules/text.h"
#include "rules/utf8.h"

/* More digits would not fit into the magnitude at every scale. */
#define MAX_DIGITS	15

/* A byte in each of eight places. */
#define EACH_BYTE(b)	(UINT64_C(0x0101010101010101) * (b))

typedef struct Reader
{
	const char *at;
	const char *end;
	char	   *scratch;		/* for texts that had escapes */
	JsonTree   *tree;
	unsigned	repairs;
} Reader;

static bool read_value(Reader *reader, JsonNode *node, int depth);

/* White space of JSON, RFC 8259 section 2. */
static inline void
skip_space(Reader *reader)
{
	while (reader->at < reader->end &&
		   (*reader->at == ' ' || *reader->at == '\n' ||
			*reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/* Reads this byte, if it comes next. */
static inline bool
read_byte(Reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

/*
 * Marks the high bit of those of eight bytes that are not ASCII, a control
 * character, a quotation mark or a backslash.  A byte after a marked one may be
 * marked without need, because the difference borrows.
 */
static inline uint64_t
mark_special(const char *bytes)
{
	uint64_t	word;
	uint64_t	quote;
	uint64_t	backslash;

	memcpy(&word, bytes, sizeof(word));
	quote = word ^ EACH_BYTE('"');
	backslash = word ^ EACH_BYTE('\\');
	return (word | (word - EACH_BYTE(0x20)) |
			(quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1))) &
		EACH_BYTE(0x80);
}

/* Goes to the next byte that ends a text, or that has to be looked at. */
static inline const char *
plain_end(const char *at, const char *end)
{
	for (; end - at >= 8; at += 8)
	{
		uint64_t	marks = mark_special(at);

		if (marks == 0)
			continue;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		return at + __builtin_ctzll(marks) / 8;
#else
		break;
#endif
	}
	while (at < end && (unsigned char) (*at - 0x20) < 0x60 &&
		   *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Writes a code point above NUL as UTF-8; returns the end. */
static char *
write_utf8(char *to, uint32_t code)
{
	if (code < 0x80)
		*to++ = (char) code;
	else if (code < 0x800)
		*to++ = (char) (0xC0 | code >> 6);
	else
	{
		if (code < 0x10000)
			*to++ = (char) (0xE0 | code >> 12);
		else
		{
			*to++ = (char) (0xF0 | code >> 18);
			*to++ = (char) (0x80 | (code >> 12 & 0x3F));
		}
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
	}
	if (code >= 0x80)
		*to++ = (char) (0x80 | (code & 0x3F));
	return to;
}

/* Reads \uXXXX, or a surrogate pair; NUL and half a pair have to be repaired. */
static char *
read_unicode_escape(Reader *reader, char *to)
{
	size_t		left = (size_t) (reader->end - reader->at);
	int			code = unicode_escape(reader->at, left);
	int			low;

	if (code <= 0 || (code >= 0xDC00 && code <= 0xDFFF))
		return NULL;
	reader->at += 6;
	if (code < 0xD800 || code > 0xDFFF)
		return write_utf8(to, (uint32_t) code);
	low = unicode_escape(reader->at, left - 6);
	if (low < 0xDC00 || low > 0xDFFF)
		return NULL;
	reader->at += 6;
	return write_utf8(to, 0x10000 + (((uint32_t) code & 0x3FF) << 10) +
					  ((uint32_t) low & 0x3FF));
}

/* Reads an escape; returns the end of what was written, NULL: declined. */
static char *
read_escape(Reader *reader, char *to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (reader->end - reader->at < 2 || reader->at[1] == '\0')
		return NULL;
	letter = strchr(letters, reader->at[1]);
	if (letter == NULL)
		return read_unicode_escape(reader, to);
	reader->at += 2;
	*to++ = meanings[letter - letters];
	return to;
}

/* Reads on from the first escape of a text, whose start is copied first. */
static bool
read_escaped(Reader *reader, const char **text, uint32_t *length)
{
	char	   *start = reader->scratch;
	char	   *to = start + *length;

	memcpy(start, *text, *length);
	while (reader->at < reader->end && *reader->at != '"')
	{
		const char *from = reader->at;

		if (*from == '\\')
		{
			to = read_escape(reader, to);
			if (to == NULL)
				return false;
			continue;
		}
		reader->at = plain_end(from, reader->end);
		if (reader->at == from)
			reader->at += utf8_length(from, (size_t) (reader->end - from));
		if (reader->at == from)
			return false;
		memcpy(to, from, (size_t) (reader->at - from));
		to += reader->at - from;
	}
	*text = start;
	*length = (uint32_t) (to - start);
	reader->scratch = to;
	return true;
}

/* Reads a text; it is in the input, or in the scratch memory. */
static bool
read_string(Reader *reader, const char **text, uint32_t *length)
{
	const char *at;

	if (!read_byte(reader, '"'))
		return false;
	*text = reader->at;
	at = plain_end(reader->at, reader->end);
	while (at < reader->end && (unsigned char) *at >= 0x80)
	{
		size_t		width = utf8_length(at, (size_t) (reader->end - at));

		if (width == 0)
			return false;
		at = plain_end(at + width, reader->end);
	}
	*length = (uint32_t) (at - *text);
	reader->at = at;
	if (at < reader->end && *at == '\\' && !read_escaped(reader, text, length))
		return false;
	return read_byte(reader, '"');
}

/* Appends the digits that come next to the magnitude; returns how many. */
static inline size_t
read_digits(Reader *reader, uint64_t *magnitude)
{
	const char *start = reader->at;

	while (reader->at < reader->end && ascii_is_digit(*reader->at))
		*magnitude = *magnitude * 10 + (uint64_t) (*reader->at++ - '0');
	return (size_t) (reader->at - start);
}

/* Reads a number without an exponent. */
static bool
read_number(Reader *reader, JsonNode *node)
{
	uint64_t	magnitude = 0;
	const char *start;
	size_t		digits;
	size_t		scale = 0;

	node->kind = JSON_NUMBER;
	node->negative = read_byte(reader, '-');
	start = reader->at;
	digits = read_digits(reader, &magnitude);
	if (digits == 0 || (digits > 1 && *start == '0'))
		return false;
	if (read_byte(reader, '.'))
	{
		scale = read_digits(reader, &magnitude);
		if (scale == 0)
			return false;
	}
	node->u.magnitude = magnitude;
	node->scale = (uint16_t) scale;
	return digits + scale <= MAX_DIGITS;
}

/* Reads a word, if it comes next. */
static bool
read_word(Reader *reader, const char *word, JsonNode *node, JsonKind kind)
{
	size_t		length = strlen(word);

	if ((size_t) (reader->end - reader->at) < length ||
		memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	node->kind = (uint8_t) kind;
	return true;
}

/* Reads a key and the colon after it. */
static bool
read_key(Reader *reader, JsonNode *node)
{
	if (!read_string(reader, &node->key, &node->key_length))
		return false;
	skip_space(reader);
	if (!read_byte(reader, ':'))
		return false;
	skip_space(reader);
	return true;
}

/*
 * Reads an array or an object, whose opening bracket was read, up to its
 * closing one.  A comma before that is dropped.
 */
static bool
read_children(Reader *reader, JsonNode *parent, int depth)
{
	bool		is_object = parent->kind == JSON_OBJECT;
	char		close = is_object ? '}' : ']';
	uint32_t   *link = &parent->u.children.first;

	parent->u.children.first = 0;
	parent->u.children.count = 0;
	skip_space(reader);
	while (!read_byte(reader, close))
	{
		JsonTree   *tree = reader->tree;
		JsonNode   *child = &tree->node[tree->count];

		if (tree->count == tree->room)
			return false;
		*link = tree->count++;
		link = &child->next;
		child->next = 0;
		child->key = NULL;
		child->key_length = 0;
		if ((is_object && !read_key(reader, child)) ||
			!read_value(reader, child, depth))
			return false;
		parent->u.children.count++;

		skip_space(reader);
		if (read_byte(reader, ','))
		{
			skip_space(reader);
			if (reader->at < reader->end && *reader->at == close)
				reader->repairs |= REPAIR_COMMA;
		}
		else if (reader->at == reader->end || *reader->at != close)
			return false;
	}
	return true;
}

static bool
read_value(Reader *reader, JsonNode *node, int depth)
{
	if (reader->at == reader->end)
		return false;
	switch (*reader->at)
	{
		case '"':
			node->kind = JSON_STRING;
			return read_string(reader, &node->u.text, &node->length);
		case '{':
		case '[':
			node->kind = *reader->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
			return depth < JSON_READ_DEPTH &&
				read_children(reader, node, depth + 1);
		case 'n':
			return read_word(reader, "null", node, JSON_NULL);
		case 't':
			return read_word(reader, "true", node, JSON_TRUE);
		case 'f':
			return read_word(reader, "false", node, JSON_FALSE);
		default:
			return read_number(reader, node);
	}
}

/*
 * Reads a text of any bytes.  Returns false, with nothing of use in *tree, if
 * it declines: then the text need not be wrong.  The tree comes with its
 * memory; scratch needs as many bytes as the input.  Texts of the tree are in
 * the input or in the scratch memory.  *repairs is the set of what was repaired.
 */
bool
json_read(const char *input, size_t length, char *scratch, JsonTree *tree,
		  unsigned *repairs)
{
	Reader		reader = {input, input + length, scratch, tree, 0};
	JsonNode   *root = &tree->node[0];

	if (length > JSON_READ_LENGTH || tree->room == 0)
		return false;
	skip_space(&reader);
	if (reader.at == reader.end || (*reader.at != '{' && *reader.at != '['))
		return false;
	tree->count = 1;
	root->next = 0;
	root->key = NULL;
	root->key_length = 0;
	if (!read_value(&reader, root, 0))
		return false;
	skip_space(&reader);
	*repairs = reader.repairs;
	return reader.at == reader.end;
}

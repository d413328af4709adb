/*-------------------------------------------------------------------------
 *
 * variants.c
 *	  What a person may have meant by a text with one mistake.
 *
 * Every text that one edit makes of it can be looked up by an index, so one
 * mistake is found anywhere in a log of any size.
 *
 * Memory: everything is palloc'd in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "report/explain.h"

/* Of a longer text only omissions and exchanges are made, which are few. */
#define MAX_LENGTH_TO_SUBSTITUTE	64
#define MAX_LENGTH					EMAIL_LIMIT

typedef struct Variants
{
	LeadText	text;
	char		buffer[MAX_LENGTH + 1];
	Datum	   *values;
	int			count;
	int			size;
} Variants;

/* Adds what is in the buffer. */
static void
add_variant(Variants *variants, size_t length)
{
	if (variants->count == variants->size)
		variants->values = repalloc(variants->values,
									(variants->size *= 2) * sizeof(Datum));
	variants->values[variants->count++] =
		PointerGetDatum(cstring_to_text_with_len(variants->buffer, (int) length));
}

/*
 * Adds the text with so many bytes at a position replaced by a character, or by
 * nothing if that is NUL.
 */
static void
add_replaced(Variants *variants, size_t at, size_t removed, char c)
{
	LeadText	text = variants->text;
	size_t		length = at;

	memcpy(variants->buffer, text.data, at);
	if (c != '\0')
		variants->buffer[length++] = c;
	memcpy(variants->buffer + length, text.data + at + removed,
		   text.length - at - removed);
	add_variant(variants, length + text.length - at - removed);
}

static void
add_exchanged(Variants *variants, size_t at)
{
	LeadText	text = variants->text;

	memcpy(variants->buffer, text.data, text.length);
	variants->buffer[at] = text.data[at + 1];
	variants->buffer[at + 1] = text.data[at];
	add_variant(variants, text.length);
}

/* Returns true if the text may be cut before that byte: it is a character's first. */
static bool
is_ascii_at(LeadText text, size_t at)
{
	return at >= text.length || !IS_HIGHBIT_SET(text.data[at]);
}

/*
 * Returns, as an array of text, the text itself and what one edit makes of it:
 * a character less, two exchanged, another one, or one more of the alphabet.
 * Only characters of ASCII are edited.  Of a text that is too long there are no
 * variants.
 */
ArrayType *
make_variants(LeadText text, const char *alphabet)
{
	Variants	variants = {.text = text,.size = 64};

	variants.values = palloc(variants.size * sizeof(Datum));
	variants.values[variants.count++] =
		PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
	for (size_t at = 0; at <= text.length && text.length < MAX_LENGTH; at++)
	{
		if (!is_ascii_at(text, at))
			continue;
		if (at < text.length)
			add_replaced(&variants, at, 1, '\0');
		if (at + 1 < text.length && is_ascii_at(text, at + 1) &&
			text.data[at] != text.data[at + 1])
			add_exchanged(&variants, at);
		if (text.length > MAX_LENGTH_TO_SUBSTITUTE)
			continue;
		for (const char *c = alphabet; *c != '\0'; c++)
		{
			add_replaced(&variants, at, 0, *c);
			if (at < text.length && text.data[at] != *c)
				add_replaced(&variants, at, 1, *c);
		}
	}
	return construct_array(variants.values, variants.count, TEXTOID, -1, false,
						   TYPALIGN_INT);
}

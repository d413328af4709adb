/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  What a payload would grow to: jsonb is compact, and its text need not be.
 *
 * A number of ten bytes can have a text of 131,072 characters, and deep nesting
 * can need more stack to mask or restore than it needed to be made.  A log
 * row with such a payload would make a dump or a view fail, so each payload is
 * measured before it is stored.  Each entry of the jsonb is looked at once,
 * without making any text.
 *
 * Memory: drop_long_numbers() works in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "payload/measure.h"
#include "rules/number.h"
#include "rules/repair.h"

/*
 * The header of a stored numeric, which numeric.c keeps to itself.  It is
 * part of the format on disk, so it does not change.  A short one has sign,
 * scale and weight in 16 bits, a long one the weight in 16 more.
 */
#define HEADER_FLAGS		0xC000
#define HEADER_SHORT		0x8000
#define SHORT_SIGN			0x2000
#define SHORT_SCALE(h)		(((h) & 0x1F80) >> 7)
#define SHORT_WEIGHT(h)		(((h) & 0x0040 ? ~0x003F : 0) | ((h) & 0x003F))
#define LONG_NEGATIVE		0x4000
#define LONG_SCALE(h)		((h) & 0x3FFF)
#define DIGITS_PER_WORD		4	/* decimal digits of a stored digit */

/* More than any entry takes beside its own text: quotes, a colon, a comma. */
#define PUNCTUATION			8

/* COPY's text of \u0001, the longest that a byte of a string can become. */
#define ESCAPE_LENGTH		7

/* A container that is open. */
typedef struct Level
{
	JEntry	   *entry;			/* the next one */
	JEntry	   *last;			/* after the last one */
	char	   *data;			/* what offsets are relative to */
	uint32		end;			/* offset of the next entry's value */
} Level;

/* A walk that does not recurse: a payload may nest to any depth. */
typedef struct Walk
{
	Level	   *level;
	int			depth;
	int			room;
} Walk;

/* Returns the length of a number's plain decimal text. */
size_t
number_length(Numeric number)
{
	const uint16 *word = (const uint16 *) VARDATA(number);
	size_t		words = (VARSIZE(number) - VARHDRSZ) / sizeof(uint16);
	uint16		header = word[0];
	bool		is_short = (header & HEADER_FLAGS) == HEADER_SHORT;
	int			weight = is_short ? SHORT_WEIGHT(header) : (int16) word[1];
	int			scale = is_short ? SHORT_SCALE(header) : LONG_SCALE(header);
	bool		negative = is_short ? (header & SHORT_SIGN) != 0 :
		(header & HEADER_FLAGS) == LONG_NEGATIVE;
	size_t		first = is_short ? 1 : 2;	/* its first digit */
	size_t		whole = 1;

	if (weight >= 0 && words > first)
	{
		whole = (size_t) weight * DIGITS_PER_WORD;
		for (int digit = (int16) word[first]; digit > 0; digit /= 10)
			whole++;
	}
	return negative + whole + (scale > 0 ? scale + 1 : 0);
}

/* Opens a container inside those that are open. */
static void
push_level(Walk *walk, JsonbContainer *container)
{
	Level	   *level;

	if (walk->depth == walk->room)
	{
		walk->room *= 2;
		walk->level = repalloc(walk->level, walk->room * sizeof(Level));
	}
	level = &walk->level[walk->depth++];
	level->entry = container->children;
	level->last = level->entry + JsonContainerSize(container) *
		(JsonContainerIsObject(container) ? 2 : 1);
	level->data = (char *) level->last;
	level->end = 0;
}

/*
 * Measures the entries of the innermost container up to one that is a
 * container, which is opened, or to the end, where it is closed.
 */
static void
measure_level(Walk *walk, Measure *measure)
{
	Level	   *level = &walk->level[walk->depth - 1];
	JEntry	   *at = level->entry;
	uint32		end = level->end;
	size_t		text = 0;

	while (at < level->last)
	{
		JEntry		entry = *at++;
		uint32		start = end;

		JBE_ADVANCE_OFFSET(end, entry);
		text += PUNCTUATION;
		if (JBE_ISSTRING(entry))
			text += (size_t) (end - start) * ESCAPE_LENGTH;
		else if (JBE_ISNUMERIC(entry))
		{
			size_t		length =
				number_length((Numeric) (level->data + INTALIGN(start)));

			text += Min(length, NUMBER_LIMIT);	/* null, if longer */
			measure->long_number |= length > NUMBER_LIMIT;
		}
		else if (JBE_ISCONTAINER(entry))
		{
			level->entry = at;
			level->end = end;
			measure->text += text;
			push_level(walk, (JsonbContainer *) (level->data + INTALIGN(start)));
			return;
		}
	}
	measure->text += text;
	walk->depth--;
}

/* Measures a payload. */
Measure
measure_payload(Jsonb *payload)
{
	Measure		measure = {false, false, PUNCTUATION};
	Walk		walk = {.room = 8};

	/* a scalar is the element of an array that does not count */
	int			most = NESTING_LIMIT + (JB_ROOT_IS_SCALAR(payload) ? 1 : 0);

	walk.level = palloc(walk.room * sizeof(Level));
	push_level(&walk, &payload->root);
	while (walk.depth > 0)
	{
		measure.too_deep |= walk.depth > most;
		measure_level(&walk, &measure);
	}
	pfree(walk.level);
	return measure;
}

/*
 * Returns a copy of the payload in which null is in place of each number whose
 * text is longer than NUMBER_LIMIT.
 */
Jsonb *
drop_long_numbers(Jsonb *payload)
{
	JsonbIterator *iterator = JsonbIteratorInit(&payload->root);
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		bool		has_value = token == WJB_KEY || token == WJB_VALUE ||
			token == WJB_ELEM;

		if (has_value && value.type == jbvNumeric &&
			number_length(value.val.numeric) > NUMBER_LIMIT)
			value.type = jbvNull;
		if (token == WJB_BEGIN_ARRAY)
			has_value = value.val.array.rawScalar;
		result = pushJsonbValue(&state, token, has_value ? &value : NULL);
	}
	return JsonbValueToJsonb(result);
}

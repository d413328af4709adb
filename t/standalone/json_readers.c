/*-------------------------------------------------------------------------
 *
 * json_readers.c
 *	  A library for t/041_json_reader.pl: compares the jsonb that json_read()
 *	  and json_write() make of a text with that of the server's parser, byte by
 *	  byte.
 *
 * Memory: each text in a context of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "rules/json_read.h"
#include "rules/repair.h"
#include "server/compat.h"
#include "server/json_write.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(compare_readers);
PG_FUNCTION_INFO_V1(compare_generated);

#define NODES	512

typedef enum Comparison
{
	DECLINED,
	SAME,
	DIFFERENT
} Comparison;

/* Raises what the server's parser raises, which is a difference too. */
static Comparison
compare(const char *text, size_t length)
{
	JsonNode   *nodes = palloc(NODES * sizeof(JsonNode));
	JsonTree	tree = {.node = nodes,.room = NODES};
	unsigned	repairs = 0;
	char	   *json = palloc(repair_room(text, length) + 1);
	Repair		repair;
	Jsonb	   *ours;
	Jsonb	   *theirs;

	if (!json_read(text, length, palloc(length + 1), &tree, &repairs))
		return DECLINED;
	ours = json_write(&tree);
	repair = repair_json(text, length, json);
	if (repair.unreadable != READABLE || repair.kinds != repairs)
		return DIFFERENT;
	json[repair.length] = '\0';
	theirs = parse_jsonb(json);
	return theirs != NULL && VARSIZE(ours) == VARSIZE(theirs) &&
		memcmp(ours, theirs, VARSIZE(ours)) == 0 ? SAME : DIFFERENT;
}

/* compare_readers(bytea) returns text */
Datum
compare_readers(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"declined", "same", "different"};
	bytea	   *text = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text(names[compare(VARDATA_ANY(text),
												   VARSIZE_ANY_EXHDR(text))]));
}

static pg_prng_state prng;

static int
pick(int count)
{
	return (int) pg_prng_uint64_range(&prng, 0, count - 1);
}

static void
add_space(StringInfo text)
{
	if (pick(6) == 0)
		appendStringInfoChar(text, " \n\t\r"[pick(4)]);
}

static void
add_string(StringInfo text, int most)
{
	static const char *const pieces[] = {
		"a", "e-mail", "id", "z", "0", "/", "\\/", "\\n", "\\\"", "\\\\", "\\t", "\\b", "\\f", "\\r",
		"\\u00e9", "\\u0041", "\\u20AC", "\\ud83d\\ude00", "\\uD800", "\\uDC00", "\\u0000", "\\u007f",
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\xed\xa0\x80", "\xc0\x80", "\x92",
		"\x7f", "\x1f", "abcdefgh", "abcdefghijklmnop", "12345678", "\\x", "'", " "
	};
	int			harmless = lengthof(pieces);

	appendStringInfoChar(text, '"');
	for (int i = pick(most); i > 0; i--)
	{
		const char *piece = pieces[pick(harmless)];

		/* those that are declined are seldom, or little would be taken */
		if ((strchr("\xed\xc0\x92\x1f", piece[0]) != NULL ||
			 strcmp(piece, "\\x") == 0 || strcmp(piece, "\\uD800") == 0 ||
			 strcmp(piece, "\\uDC00") == 0 || strcmp(piece, "\\u0000") == 0) &&
			pick(60) != 0)
			continue;
		appendStringInfoString(text, piece);
	}
	appendStringInfoChar(text, '"');
}

static void
add_number(StringInfo text)
{
	if (pick(4) == 0)
		appendStringInfoChar(text, '-');
	switch (pick(4))
	{
		case 0:
			appendStringInfo(text, "%d", pick(20));
			break;
		case 1:
			appendStringInfo(text, UINT64_FORMAT,
							 pg_prng_uint64(&prng) >> (14 + pick(50)));
			break;
		default:
			/* with and without zeros at either end */
			appendStringInfo(text, "%d", pick(3) * pick(100000));
			if (pick(2) == 0)
				for (int i = pick(3) == 0 ? 0 : pick(4) * 10000; i > 0; i /= 10)
					appendStringInfoChar(text, '0');
			appendStringInfoChar(text, '.');
			for (int i = pick(pick(6) == 0 ? 14 : 6); i >= 0; i--)
				appendStringInfoChar(text, pick(2) == 0 ? '0' : '0' + pick(10));
			if (pick(30) == 0)
				appendStringInfoString(text, "e2");
	}
}

static void
add_value(StringInfo text, int depth)
{
	static const char *const words[] = {"null", "true", "false"};
	int			kind = depth > 40 ? pick(3) : depth == 0 ? 3 + pick(3) : pick(6);
	bool		is_object = kind == 4;

	add_space(text);
	if (kind == 0)
		appendStringInfoString(text, words[pick(3)]);
	else if (kind == 1)
		add_string(text, 8);
	else if (kind == 2)
		add_number(text);
	else
	{
		int			count = pick(pick(20) == 0 ? 80 : 7);

		appendStringInfoChar(text, is_object ? '{' : '[');
		for (int i = 0; i < count; i++)
		{
			if (is_object)
			{
				add_string(text, 3);
				add_space(text);
				appendStringInfoChar(text, ':');
			}
			add_value(text, depth + (depth < 4 || pick(3) == 0 ? 1 : 37));
			add_space(text);
			if (i < count - 1 || pick(10) == 0)
				appendStringInfoChar(text, ',');
		}
		add_space(text);
		appendStringInfoChar(text, is_object ? '}' : ']');
	}
	add_space(text);
}

/* Changes a byte, drops one, or doubles some. */
static void
mutate(StringInfo text)
{
	int			at = pick(text->len);
	int			length = pick(text->len - at) + 1;

	switch (pick(3))
	{
		case 0:
			text->data[at] = "{}[]\",:\\0129.-etn\x80\xff "[pick(21)];
			break;
		case 1:
			memmove(text->data + at, text->data + at + 1, text->len - at);
			text->len--;
			break;
		case 2:
			enlargeStringInfo(text, length);
			appendBinaryStringInfo(text, text->data + at, length);
	}
}

/* compare_generated(seed bigint, count int, OUT taken int, OUT different bytea) */
Datum
compare_generated(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "text",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	int			taken = 0;
	Datum		values[2] = {0};
	bool		nulls[2] = {false, true};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	pg_prng_seed(&prng, (uint64) PG_GETARG_INT64(0));
	for (int i = 0; i < PG_GETARG_INT32(1) && nulls[1]; i++)
	{
		StringInfoData text;
		Comparison	comparison;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		initStringInfo(&text);
		do
		{
			resetStringInfo(&text);
			add_value(&text, 0);
		} while (text.len == 0 || text.len > 100000);
		for (int changes = pick(3) == 0 ? pick(3) : 0; changes > 0 && text.len > 1; changes--)
			mutate(&text);
		comparison = compare(text.data, text.len);
		MemoryContextSwitchTo(old);
		taken += comparison == SAME;
		if (comparison == DIFFERENT)
		{
			nulls[1] = false;
			values[1] = PointerGetDatum(cstring_to_text_with_len(text.data,
																 text.len));
		}
		MemoryContextReset(context);
	}
	values[0] = Int32GetDatum(taken);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

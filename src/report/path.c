/*-------------------------------------------------------------------------
 *
 * path.c
 *	  The text of a path, which may be shown to anybody.
 *
 * A path holds keys, never values, but a sender can make a key of anything:
 * characters that move a terminal's cursor, or a person's phone number.  So a
 * text is printable ASCII throughout, and a key that looks like data is not
 * shown.
 *
 * Memory: texts are palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "payload/encoding.h"
#include "report/trait.h"

#define KEY_LIMIT		64		/* bytes of a key that is shown */
#define DIGIT_LIMIT		2		/* digits of one, as in address_line_2 */
#define DATA_PATH		"{data}"
#define ELEMENT_PATH	"[]"

/*
 * Returns true for a key that may be a value: an address, a number, a date, a
 * random text.  A name of a field is short, has a letter and few digits.
 */
bool
looks_like_data(LeadText key)
{
	int			digits = 0;
	int			others = 0;

	for (size_t i = 0; i < key.length; i++)
	{
		if (key.data[i] == '@')
			return true;
		if (ascii_is_digit(key.data[i]))
			digits++;
		else if (ascii_is_letter(key.data[i]) || IS_HIGHBIT_SET(key.data[i]))
			others++;
	}
	return key.length > KEY_LIMIT || digits > DIGIT_LIMIT || others == 0;
}

/* Appends a key; what is not plain, or has a meaning in a path, is escaped. */
static void
append_key(StringInfo path, LeadText key)
{
	const unsigned char *at;
	const unsigned char *end;
	LeadText	utf8;

	if (!convert_text(key, GetDatabaseEncoding(), PG_UTF8, &utf8))
	{
		appendStringInfoString(path, DATA_PATH);
		return;
	}
	at = (const unsigned char *) utf8.data;
	end = at + utf8.length;
	while (at < end)
	{
		int			length = pg_utf_mblen(at);

		if (length > end - at)
			break;				/* no jsonb holds half a character */
		if (*at < 0x20 || *at > 0x7E || strchr(".[]{}\"\\", *at) != NULL)
			appendStringInfo(path, "\\u%04x", (unsigned) utf8_to_unicode(at));
		else
			appendStringInfoChar(path, (char) *at);
		at += length;
	}
}

/* Returns the path of a trait; NULL: the payload as a whole. */
char *
trait_path(const Traits *traits, int trait)
{
	const Trait *of = &traits->trait[trait];
	StringInfoData path;
	char	   *parent;

	if (of->kind == TRAIT_ROOT)
		return NULL;
	if (of->kind == TRAIT_ISSUE)
		return of->field == FIELD_NONE ? NULL :
			pstrdup(field_table[of->field].path);

	/* no deeper than a payload is walked through */
	parent = trait_path(traits, of->parent);
	initStringInfo(&path);
	if (parent != NULL)
		appendStringInfoString(&path, parent);
	if (of->kind == TRAIT_ELEMENT)
		appendStringInfoString(&path, ELEMENT_PATH);
	else
	{
		if (parent != NULL)
			appendStringInfoChar(&path, '.');
		if (of->kind == TRAIT_DATA)
			appendStringInfoString(&path, DATA_PATH);
		else
			append_key(&path, lead_text(of->key, of->key_length));
	}
	return path.data;
}

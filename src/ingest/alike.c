/*-------------------------------------------------------------------------
 *
 * alike.c
 *	  Texts that people write in several ways: with other spaces, hyphens,
 *	  apostrophes and case.
 *
 * Texts are in the database's encoding.  One that has no counterpart in UTF-8,
 * which the rules read, is compared as it is.
 *
 * Memory: everything is allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "ingest/alike.h"
#include "payload/encoding.h"

static LeadText
as_utf8(LeadText text)
{
	LeadText	utf8;

	return convert_text(text, GetDatabaseEncoding(), PG_UTF8, &utf8) ? utf8 : text;
}

/* Returns the text without white space, in UTF-8; without hyphens if that is set. */
static LeadText
compact(LeadText text, bool hyphens)
{
	LeadText	utf8 = as_utf8(text);
	char	   *plain = palloc(utf8.length + 1);

	return lead_text(plain, remove_separators(utf8.data, utf8.length, hyphens,
											  plain));
}

/* Returns the text without white space; the text itself if it has none. */
LeadText
without_spaces(LeadText text)
{
	LeadText	plain = compact(text, false);
	LeadText	result;

	if (plain.length == as_utf8(text).length ||
		!convert_text(plain, PG_UTF8, GetDatabaseEncoding(), &result))
		return text;
	return result;
}

/* Returns true if the texts are equal except for white space, hyphens and case. */
bool
same_without_separators(LeadText a, LeadText b)
{
	if (text_equal_folded(a.data, a.length, b.data, b.length))
		return true;
	a = compact(a, true);
	b = compact(b, true);
	return text_equal_folded(a.data, a.length, b.data, b.length);
}

/* Returns true if two numbers of documents are the same: same_document_number(). */
bool
is_same_number(LeadText a, LeadText b)
{
	a = as_utf8(a);
	b = as_utf8(b);
	return same_document_number(a.data, a.length, b.data, b.length);
}

/* Returns the name in the form of plain_name(), in UTF-8. */
LeadText
make_plain_name(LeadText name)
{
	LeadText	utf8 = as_utf8(name);
	char	   *plain = palloc(utf8.length + 1);

	return lead_text(plain, plain_name(utf8.data, utf8.length, plain));
}

/* Returns true if that is the name's form. */
bool
is_plain_name(LeadText name, LeadText plain)
{
	LeadText	own = make_plain_name(name);

	return own.length == plain.length &&
		memcmp(own.data, plain.data, own.length) == 0;
}

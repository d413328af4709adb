/*-------------------------------------------------------------------------
 *
 * encoding.c
 *	  Text in the database's encoding and in UTF-8.
 *
 * The rules (src/rules) read UTF-8 only.  In a database of another encoding a
 * text is trimmed here, one character at a time, and the rules get it both in
 * the database's encoding and in UTF-8.
 *
 * Memory: results are palloc'd in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "payload/encoding.h"

/*
 * Returns true if the database's text can be treated as UTF-8.  That includes
 * SQL_ASCII, for which the server converts nothing.
 */
bool
database_is_utf8(void)
{
	int			encoding = GetDatabaseEncoding();

	return encoding == PG_UTF8 || encoding == PG_SQL_ASCII;
}

/*
 * Converts into a buffer that is large enough for any result.  Returns false
 * if a character has no counterpart.
 */
static bool
convert_into(Oid conversion, LeadText text, int from, int to,
			 char *buffer, size_t buffer_size)
{
	int			done;

	done = pg_do_encoding_conversion_buf(conversion, from, to,
										 (unsigned char *) unconstify(char *, text.data),
										 (int) text.length,
										 (unsigned char *) buffer,
										 (int) buffer_size, true);
	return done == (int) text.length;
}

/*
 * Converts a text between PG_UTF8 and GetDatabaseEncoding(), in either
 * direction.  The input must be valid in its own encoding.  *result is the
 * input itself where there is nothing to convert, else palloc'd in the current
 * context and terminated by a NUL.  Returns false, with *result empty, if a
 * character has no counterpart; raises nothing but out of memory.
 */
bool
convert_text(LeadText text, int from, int to, LeadText *result)
{
	Oid			conversion;
	size_t		size;
	char	   *buffer;

	*result = text;
	if (text.length == 0 || from == to ||
		from == PG_SQL_ASCII || to == PG_SQL_ASCII)
		return true;

	result->data = NULL;
	result->length = 0;
	size = text.length * MAX_CONVERSION_GROWTH + 1;
	if (!AllocHugeSizeIsValid(size) || size > PG_INT32_MAX)
		return false;
	conversion = FindDefaultConversionProc(from, to);
	if (!OidIsValid(conversion))
		return false;
	buffer = palloc_extended(size, MCXT_ALLOC_HUGE);
	if (!convert_into(conversion, text, from, to, buffer, size))
	{
		pfree(buffer);
		return false;
	}
	result->data = buffer;
	result->length = strlen(buffer);
	return true;
}

/* Returns true if trimming removes this character of the database's encoding. */
static bool
is_trimmed_character(LeadText character, Oid conversion)
{
	unsigned char utf8[MAX_CONVERSION_GROWTH * MAX_MULTIBYTE_CHAR_LEN + 1];

	if (!IS_HIGHBIT_SET(character.data[0]))
		return is_trimmed_code_point((unsigned char) character.data[0]);
	if (!OidIsValid(conversion) ||
		!convert_into(conversion, character, GetDatabaseEncoding(), PG_UTF8,
					  (char *) utf8, sizeof(utf8)))
		return false;
	return utf8[pg_utf_mblen(utf8)] == '\0' &&
		is_trimmed_code_point(utf8_to_unicode(utf8));
}

/*
 * trim_text() for a text in the database's encoding.  Most encodings can be
 * read forwards only, so the end is the position after the last character
 * that is not trimmed.
 */
void
trim_database_text(LeadText *text)
{
	int			encoding = GetDatabaseEncoding();
	Oid			conversion;
	const char *end = text->data + text->length;
	const char *start = end;
	const char *last = end;

	if (database_is_utf8())
	{
		trim_text(&text->data, &text->length);
		return;
	}

	conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	for (const char *s = text->data; s < end;)
	{
		int			width = Min(pg_encoding_mblen(encoding, s), end - s);

		if (!is_trimmed_character(lead_text(s, width), conversion))
		{
			if (start == end)
				start = s;
			last = s + width;
		}
		s += width;
	}
	text->data = start;
	text->length = last - start;
}

/* count_characters() for a text in the database's encoding. */
size_t
count_database_characters(LeadText text)
{
	if (database_is_utf8())
		return count_characters(text.data, text.length);
	return pg_mbstrlen_with_len(text.data, (int) text.length);
}

/*
 * Returns an e-mail address as the log stores it, valid or not: trimmed, cut
 * to EMAIL_LIMIT characters, in lower case (ASCII); palloc'd in the current
 * context.
 */
LeadText
fold_email(LeadText email)
{
	char	   *lower;

	trim_database_text(&email);
	if (email.length > EMAIL_LIMIT)
	{
		email.length = pg_mbcharcliplen(email.data, (int) email.length,
										EMAIL_LIMIT);
		trim_database_text(&email);
	}
	lower = palloc(email.length + 1);
	for (size_t i = 0; i < email.length; i++)
		lower[i] = ascii_lower(email.data[i]);
	return lead_text(lower, email.length);
}

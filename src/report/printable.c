/*-------------------------------------------------------------------------
 *
 * printable.c
 *	  Values as a terminal, or a mail, may show them.
 *
 * A value may come from a hostile sender or owner of the tables.  Control
 * characters would be commands to a terminal, and a line break would begin a
 * line that looks like ours; characters that are invisible or change the
 * direction of the text would make it look like another.  These are written as
 * psql writes them: \n, \x1B, \u202E.
 *
 * Memory: what is appended belongs to the StringInfo; a conversion is freed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "payload/encoding.h"
#include "report/printable.h"
#include "rules/utf8.h"

/*
 * Characters that a reader does not see, or that change how the text around
 * them is read, beyond the control characters.  Source: Unicode's
 * Default_Ignorable_Code_Point, the line and paragraph separators, the
 * interlinear annotations, surrogates and private use, and what is no character.
 */
static const struct
{
	uint32		first;
	uint32		last;
}			invisible[] = {
	{0x00AD, 0x00AD},			/* soft hyphen */
	{0x034F, 0x034F},			/* combining grapheme joiner */
	{0x061C, 0x061C},			/* Arabic letter mark */
	{0x115F, 0x1160},			/* Hangul fillers */
	{0x17B4, 0x17B5},			/* Khmer inherent vowels */
	{0x180B, 0x180F},			/* Mongolian variation selectors, separator */
	{0x200B, 0x200F},			/* zero width, marks of direction */
	{0x2028, 0x202E},			/* separators, embeddings, overrides */
	{0x2060, 0x206F},			/* word joiner, isolates */
	{0x3164, 0x3164},			/* Hangul filler */
	{0xD800, 0xF8FF},			/* surrogates, private use */
	{0xFDD0, 0xFDEF},			/* no characters */
	{0xFE00, 0xFE0F},			/* variation selectors */
	{0xFEFF, 0xFEFF},			/* byte-order mark */
	{0xFFA0, 0xFFA0},			/* halfwidth Hangul filler */
	{0xFFF0, 0xFFFB},			/* interlinear annotations */
	{0x1BCA0, 0x1BCA3},			/* shorthand controls */
	{0x1D173, 0x1D17A},			/* musical controls */
	{0xE0000, UINT32_MAX}		/* tags, private use, NO_CODE_POINT */
};

static bool
is_printable(uint32 code_point)
{
	if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
		(code_point & 0xFFFE) == 0xFFFE)
		return false;
	for (int i = 0; i < lengthof(invisible); i++)
	{
		if (code_point >= invisible[i].first && code_point <= invisible[i].last)
			return false;
	}
	return true;
}

/*
 * Returns the code point of a character above ASCII of the database's encoding,
 * of that many bytes.
 */
static uint32
code_point_of(const char *character, int width)
{
	LeadText	utf8;
	uint32		code_point = NO_CODE_POINT;

	if (database_is_utf8())
		return utf8_to_unicode((const unsigned char *) character);
	if (!convert_text(lead_text(character, width), GetDatabaseEncoding(),
					  PG_UTF8, &utf8))
		return NO_CODE_POINT;
	if (utf8.length > 0 && utf8_length(utf8.data, utf8.length) == utf8.length)
		code_point = utf8_to_unicode((const unsigned char *) utf8.data);
	pfree(unconstify(char *, utf8.data));
	return code_point;
}

/* The length of the character above ASCII that starts here; 0: there is none. */
static int
character_width(const char *text, size_t length)
{
	int			width;

	if (database_is_utf8())
		return (int) utf8_length(text, length);
	width = pg_encoding_mblen(GetDatabaseEncoding(), text);
	return width > 0 && (size_t) width <= length ? width : 0;
}

/*
 * Reads the character of the database's encoding at the start of a text that is
 * not empty: sets the number of its bytes, 1 for a byte that is no character, and
 * its code point, NO_CODE_POINT if it has none.  Returns true if a reader sees
 * it, and it changes nothing around it.
 */
bool
read_character(const char *text, size_t length, int *width, uint32 *code_point)
{
	*width = 1;
	*code_point = (unsigned char) *text;
	if (IS_HIGHBIT_SET(*text))
	{
		int			found = character_width(text, length);

		*code_point = found == 0 ? NO_CODE_POINT : code_point_of(text, found);
		if (*code_point != NO_CODE_POINT)
			*width = found;
	}
	return is_printable(*code_point);
}

/*
 * Appends the character at the start of a text, or an escape in its place;
 * returns the number of its bytes.
 */
int
append_character(StringInfo out, const char *text, size_t length)
{
	static const char letters[] = "abtnvfr";
	int			width;
	uint32		code_point;

	if (read_character(text, length, &width, &code_point))
		appendBinaryStringInfo(out, text, width);
	else if (code_point == '\t' || code_point == '\n' || code_point == '\r')
		appendStringInfo(out, "\\%c", letters[code_point - '\a']);
	else if (code_point == NO_CODE_POINT || code_point < 0x80)
		appendStringInfo(out, "\\x%02X", (unsigned char) *text);
	else
		appendStringInfo(out, code_point > 0xFFFF ? "\\U%08X" : "\\u%04X",
						 code_point);
	return width;
}

/*
 * Appends the start of a text, of at most that many characters; dots follow if
 * it has more.
 */
void
append_printable_start(StringInfo out, LeadText text, int characters)
{
	size_t		i = 0;

	while (i < text.length && characters-- > 0)
		i += append_character(out, text.data + i, text.length - i);
	if (i < text.length)
		appendStringInfoString(out, "...");
}

/*
 * Appends a text of the database's encoding, which may have bytes that are not
 * valid in it.  What is appended is valid.
 */
void
append_printable(StringInfo out, LeadText text)
{
	append_printable_start(out, text, INT_MAX);
}

/*
 * Appends a text as a literal of SQL, for a statement that a person may copy;
 * three dots in its place if it cannot be shown as it is.
 */
void
append_literal(StringInfo out, LeadText text)
{
	StringInfoData shown;

	initStringInfo(&shown);
	append_printable(&shown, text);
	if (shown.len == text.length &&
		memcmp(shown.data, text.data, text.length) == 0)
		appendStringInfoString(out, quote_literal_cstr(shown.data));
	else
		appendStringInfoString(out, "'...'");
	pfree(shown.data);
}

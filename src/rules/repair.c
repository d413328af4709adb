/*-------------------------------------------------------------------------
 *
 * repair.c
 *	  Repairs bodies that are almost JSON.
 *
 * Senders write a comma after the last element (the specification's own
 * example has one), \u0000, which jsonb cannot hold, half of a surrogate pair,
 * raw line breaks and tabs inside strings, Windows-1252 instead of UTF-8, and
 * numbers whose plain text would be thousands of times as long as they are.
 * One pass over the bytes repairs all of that, and writes UTF-8.
 *
 * The pass knows strings, numbers, escapes and nesting, and nothing else of
 * JSON: the server's parser decides whether the output is JSON.  What is no
 * JSON but for the repairs is none afterwards.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/repair.h"

#include <string.h>

#include "rules/number.h"
#include "rules/text.h"
#include "rules/utf8.h"

#define SHORT_BODY	16384

/* An array or object that is open. */
typedef struct Level
{
	int			commas;
	int			most_commas;	/* one more makes it unreadable */
} Level;

/* The state of the pass. */
typedef struct Pass
{
	const char *at;
	const char *end;
	char	   *output;
	Repair		repair;
	size_t		depth;
	Level		level[NESTING_LIMIT + 1];
	char		last;			/* last byte that is not white space */
	bool		after_value;	/* the last comma follows a value */
	size_t		comma;			/* where that comma was written */
} Pass;

/*
 * Returns what was repaired as a clause, without anything of the body.
 */
const char *
repair_description(RepairKind kind)
{
	switch (kind)
	{
		case REPAIR_COMMA:
			return "trailing commas were dropped";
		case REPAIR_NUL:
			return "NUL characters were dropped";
		case REPAIR_SURROGATE:
			return "halves of surrogate pairs were replaced by U+FFFD";
		case REPAIR_CONTROL:
			return "control characters inside strings were escaped";
		case REPAIR_ENCODING:
			return "bytes that are not UTF-8 were read as Windows-1252";
		case REPAIR_NUMBER:
			return "numbers of more than 100 characters were replaced by null";
	}
	return "something else";	/* not reached; keeps compilers quiet */
}

/*
 * Returns how many bytes repair_json() may write: a control character grows to
 * an escape of six bytes, a byte of Windows-1252 to at most three.  In a short
 * body they are not counted.
 */
size_t
repair_room(const char *input, size_t length)
{
	size_t		room = length;

	if (length <= SHORT_BODY)
		return length * 6;
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) input[i];

		if (c < 0x20)
			room += 5;
		else if (c >= 0x80)
			room += 2;
	}
	return room;
}

static void
write_bytes(Pass *pass, const char *bytes, size_t length)
{
	memcpy(pass->output + pass->repair.length, bytes, length);
	pass->repair.length += length;
}

/* Copies so many bytes of the input. */
static void
copy_bytes(Pass *pass, size_t length)
{
	write_bytes(pass, pass->at, length);
	pass->at += length;
}

/* Reads a byte above 0x7F as Windows-1252. */
static void
write_windows_1252(Pass *pass)
{
	char		utf8[3];
	size_t		width = windows_1252_to_utf8(*pass->at++, utf8);

	write_bytes(pass, utf8, width);
	pass->repair.kinds |= REPAIR_ENCODING;
}

/* Writes a control character as its escape; that of NUL would be dropped. */
static void
write_control(Pass *pass)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char) *pass->at++;
	char		escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 0xF]};

	if (c == '\0')
	{
		pass->repair.kinds |= REPAIR_NUL;
		return;
	}
	write_bytes(pass, escape, sizeof(escape));
	pass->repair.kinds |= REPAIR_CONTROL;
}

/* Copies an escape, drops it, or replaces it. */
static void
copy_escape(Pass *pass)
{
	size_t		left = (size_t) (pass->end - pass->at);
	int			code = unicode_escape(pass->at, left);
	int			next;

	if (code < 0)
	{
		if (left >= 2 && pass->at[1] != '\0' &&
			strchr("\"\\/bfnrt", pass->at[1]) != NULL)
			copy_bytes(pass, 2);
		else
			pass->repair.unreadable = UNREADABLE_NOT_JSON;
	}
	else if (code == 0)
	{
		pass->at += 6;
		pass->repair.kinds |= REPAIR_NUL;
	}
	else if (code < 0xD800 || code > 0xDFFF)
		copy_bytes(pass, 6);
	else
	{
		next = unicode_escape(pass->at + 6, left - 6);
		if (code <= 0xDBFF && next >= 0xDC00 && next <= 0xDFFF)
			copy_bytes(pass, 12);
		else
		{
			write_bytes(pass, "\\ufffd", 6);
			pass->at += 6;
			pass->repair.kinds |= REPAIR_SURROGATE;
		}
	}
}

/* Returns true for a byte that a string has as it is. */
static bool
is_plain(char c)
{
	return (unsigned char) (c - 0x20) < 0x60 && c != '"' && c != '\\';
}

/* Copies a string, from its opening to its closing quotation mark. */
static void
copy_string(Pass *pass)
{
	copy_bytes(pass, 1);
	while (pass->repair.unreadable == READABLE)
	{
		size_t		left = (size_t) (pass->end - pass->at);
		size_t		width = 0;

		while (width < left && is_plain(pass->at[width]))
			width++;
		copy_bytes(pass, width);
		left -= width;
		if (left == 0)
			pass->repair.unreadable = UNREADABLE_NOT_JSON;
		else if (*pass->at == '"')
		{
			copy_bytes(pass, 1);
			return;
		}
		else if (*pass->at == '\\')
			copy_escape(pass);
		else if ((unsigned char) *pass->at < 0x20)
			write_control(pass);
		else if ((width = utf8_length(pass->at, left)) > 0)
			copy_bytes(pass, width);
		else
			write_windows_1252(pass);
	}
}

/* Returns true for a byte of a word or a number. */
static bool
is_token_byte(char c)
{
	return (unsigned char) ((c | 0x20) - 'a') < 26 ||
		(unsigned char) (c - '0') < 10 || c == '-' || c == '+' || c == '.';
}

/*
 * Copies a word or a number; a number that is too long becomes null.  Zero
 * with an exponent that type numeric may refuse becomes plain zero.
 */
static void
copy_token(Pass *pass)
{
	size_t		left = (size_t) (pass->end - pass->at);
	size_t		length = 0;

	while (length < left && is_token_byte(pass->at[length]))
		length++;
	switch (judge_number(pass->at, length))
	{
		case NUMBER_NONE:
		case NUMBER_KEPT:
			copy_bytes(pass, length);
			break;
		case NUMBER_ZERO:
			write_bytes(pass, "0", 1);
			pass->at += length;
			break;
		case NUMBER_LONG:
			write_bytes(pass, "null", 4);
			pass->at += length;
			pass->repair.kinds |= REPAIR_NUMBER;
			break;
	}
}

/* White space of JSON, RFC 8259 section 2. */
static bool
is_json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Returns true if a value can end with this byte. */
static bool
ends_value(char c)
{
	return c == '"' || c == '}' || c == ']' ||
		ascii_is_digit(c) || (c >= 'a' && c <= 'z');
}

static void
open_level(Pass *pass, char c)
{
	Level	   *level;

	if (++pass->depth > NESTING_LIMIT)
	{
		pass->repair.unreadable = UNREADABLE_DEPTH;
		return;
	}
	level = &pass->level[pass->depth];
	level->commas = 0;
	level->most_commas = (c == '{' ? PAIR_LIMIT : ELEMENT_LIMIT) - 1;
}

/* Drops the comma before a closing bracket. */
static void
close_level(Pass *pass)
{
	if (pass->depth > 0)
		pass->depth--;
	if (pass->last == ',' && pass->after_value)
	{
		pass->output[pass->comma] = ' ';
		pass->repair.kinds |= REPAIR_COMMA;
	}
}

static void
note_comma(Pass *pass)
{
	Level	   *level = &pass->level[pass->depth];

	pass->after_value = ends_value(pass->last);
	pass->comma = pass->repair.length;
	if (++level->commas > level->most_commas)
		pass->repair.unreadable = UNREADABLE_ELEMENTS;
}

static void
copy_space(Pass *pass)
{
	while (pass->at < pass->end && is_json_space(*pass->at))
		pass->output[pass->repair.length++] = *pass->at++;
}

/* Copies a byte outside strings and words. */
static void
copy_other(Pass *pass, char c)
{
	switch (c)
	{
		case '{':
		case '[':
			open_level(pass, c);
			break;
		case '}':
		case ']':
			close_level(pass);
			break;
		case ',':
			note_comma(pass);
			break;
		default:
			if (c == '\0' || (unsigned char) c >= 0x80)
				pass->repair.unreadable = UNREADABLE_NOT_JSON;
			break;
	}
	pass->output[pass->repair.length++] = c;
	pass->at++;
}

/*
 * Copies JSON text that is repaired on the way.  The input may have any bytes.
 * The output needs repair_room() bytes, is valid UTF-8 and is not terminated
 * by a NUL.
 */
Repair
repair_json(const char *input, size_t length, char *output)
{
	Pass		pass;

	pass.at = input;
	pass.end = input + length;
	pass.output = output;
	pass.repair.length = 0;
	pass.repair.kinds = 0;
	pass.repair.unreadable = READABLE;
	pass.depth = 0;
	pass.level[0].commas = 0;
	pass.level[0].most_commas = ELEMENT_LIMIT;
	pass.last = '\0';
	pass.after_value = false;
	pass.comma = 0;

	while (pass.at < pass.end && pass.repair.unreadable == READABLE)
	{
		char		c = *pass.at;

		if (is_json_space(c))
		{
			copy_space(&pass);
			continue;
		}
		if (c == '"')
			copy_string(&pass);
		else if (is_token_byte(c))
			copy_token(&pass);
		else
			copy_other(&pass, c);
		pass.last = pass.at[-1];
	}
	return pass.repair;
}

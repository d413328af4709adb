/*-------------------------------------------------------------------------
 *
 * seen.c
 *	  Bodies that are no JSON: the lead reference and the e-mail address that
 *	  can be seen in them, so that support finds the delivery by what the
 *	  sender has.
 *
 * A scan that expects nothing: it reads what looks like JSON as far as it goes,
 * or the fields of a form, and takes the string or number after the key "id"
 * of the outermost object, and the string after the key "email", rather that
 * of the prospect than another.  Where no key names an address, it takes the
 * first text that is a valid one.  A value that the end of the body cuts off
 * is not taken: it may be the start of another one.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/malformed.h"

#include <stdbool.h>
#include <string.h>

#include "rules/scan.h"


/* How much an address is worth, by where it is. */
typedef enum EmailRank
{
	RANK_NONE,
	RANK_ANYWHERE,
	RANK_KEY,
	RANK_PROSPECT
} EmailRank;

typedef struct Search
{
	Seen	   *seen;
	EmailRank	rank;
} Search;

static bool
word_is(const Word *word, const char *text)
{
	return text_equal_folded(word->text, word->length, text, strlen(text));
}

/* Takes blanks off both ends. */
static void
trim_word(Word *word)
{
	size_t		start = 0;

	while (word->length > 0 && word->length < WORD_LIMIT &&
		   word->text[word->length - 1] == ' ')
		word->length--;
	while (start < word->length && word->text[start] == ' ')
		start++;
	memmove(word->text, word->text + start, word->length - start);
	if (word->length < WORD_LIMIT)
		word->length -= start;
}

/* Printable ASCII, of so many bytes at most. */
static bool
is_presentable(const Word *word, size_t limit)
{
	if (!word->whole || word->length == 0 || word->length > limit)
		return false;
	for (size_t i = 0; i < word->length; i++)
	{
		if (word->text[i] < 0x20 || word->text[i] > 0x7E)
			return false;
	}
	return true;
}

static void
see_reference(Search *search, Word *word, bool is_string)
{
	trim_word(word);
	if (search->seen->reference_length > 0 ||
		!is_presentable(word, SEEN_REFERENCE_LIMIT))
		return;
	for (size_t i = 0; !is_string && i < word->length; i++)
	{
		if (!ascii_is_digit(word->text[i]))
			return;
	}
	memcpy(search->seen->reference, word->text, word->length);
	search->seen->reference_length = word->length;
}

/* An address need not be valid: support searches for what the sender has. */
static void
see_email(Search *search, Word *word, EmailRank rank)
{
	const char *at;

	trim_word(word);
	if (rank <= search->rank || !is_presentable(word, EMAIL_LIMIT))
		return;
	at = memchr(word->text, '@', word->length);
	if (at == NULL || at == word->text || at == word->text + word->length - 1)
		return;
	memcpy(search->seen->email, word->text, word->length);
	search->seen->email_length = word->length;
	search->rank = rank;
}

/*
 * What looks like JSON: a key is a string before a colon, and its value what
 * comes next.  Arrays count as no level, since they may hold leads.  A flat
 * scan takes single quotation marks and bare keys, too.
 */
static void
scan_json(Scan scan, Search *search)
{
	Word		key;
	Word		word;
	bool		has_key = false;
	bool		in_prospect = false;
	int			depth = 0;
	int			c;

	key.length = 0;
	word.length = 0;
	while ((c = next_character(&scan)) >= 0)
	{
		bool		is_string = c == '"' || (scan.flat && c == '\'');

		if (is_string || ascii_is_digit((char) c) ||
			(scan.flat && ascii_is_letter((char) c)))
		{
			if (is_string)
				scan_string(&scan, c, &word);
			else
				scan_bare(&scan, c, &word);
			if (has_key && depth == 1 && word_is(&key, "id"))
				see_reference(search, &word, is_string);
			else if (has_key && is_string && word_is(&key, "email"))
				see_email(search, &word, in_prospect ? RANK_PROSPECT : RANK_KEY);
			else if (!has_key)
				continue;		/* perhaps a key itself */
			has_key = false;
			word.length = 0;
		}
		else if (c == ':')
		{
			key = word;
			has_key = true;
		}
		else if (c == '{')
		{
			if (++depth == 2)
				in_prospect = has_key && word_is(&key, "prospect");
			has_key = false;
		}
		else if (c == '}')
		{
			if (depth > 0 && --depth == 1)
				in_prospect = false;
			has_key = false;
		}
		else if (c == ',')
			has_key = false;
	}
}

/* Reads a part of a form up to one of these bytes, which it leaves. */
static void
scan_form_word(Scan *scan, const char *stops, Word *word)
{
	Scan		part = *scan;
	int			c;

	while (scan->at < scan->end &&
		   (*scan->at == '\0' || strchr(stops, *scan->at) == NULL))
		scan->at++;
	part.end = scan->at;
	word->length = 0;
	word->whole = true;
	while ((c = next_byte(&part)) >= 0)
		add_character(word, c);
}

/* Returns true if the last part of a name like prospect[email] is this. */
static bool
names(const Word *name, const char *key)
{
	size_t		end = name->length;
	size_t		length = strlen(key);

	if (end > 0 && end < WORD_LIMIT && name->text[end - 1] == ']')
		end--;
	return end >= length &&
		text_equal_folded(name->text + end - length, length, key, length) &&
		(end == length || !ascii_is_letter(name->text[end - length - 1]));
}

/* The fields of a form; the value of one may be JSON. */
static void
scan_form(Scan scan, Search *search)
{
	while (scan.at < scan.end)
	{
		Word		name;
		Word		value;
		Scan		json;

		scan_form_word(&scan, "=&", &name);
		if (scan.at == scan.end || *scan.at++ == '&')
			continue;
		json = scan;
		scan_form_word(&scan, "&", &value);
		json.end = scan.at;
		if (value.length > 0 && (value.text[0] == '{' || value.text[0] == '['))
			scan_json(json, search);
		else if (word_is(&name, "id"))
			see_reference(search, &value, true);
		else if (names(&name, "email"))
			see_email(search, &value, names(&name, "prospect[email]") ||
					  names(&name, "prospect.email") ? RANK_PROSPECT : RANK_KEY);
		if (scan.at < scan.end)
			scan.at++;
	}
}

/*
 * The first text that is a valid address, whatever is around it.  One at the end
 * of a body that is cut is not taken.
 */
static void
scan_anything(Scan scan, bool cut, Search *search)
{
	Word		word;
	char		lower[EMAIL_LIMIT];
	int			c = 0;

	word.length = 0;
	word.whole = true;
	while (c >= 0 && search->rank == RANK_NONE)
	{
		c = next_character(&scan);
		if (c < 0 && cut)
			return;
		if (c > 0 && (ascii_is_letter((char) c) || ascii_is_digit((char) c) ||
					  strchr("@._+-", c) != NULL))
		{
			add_character(&word, c);
			continue;
		}
		while (word.length > 0 && word.text[word.length - 1] == '.')
			word.length--;
		if (word.length < WORD_LIMIT && check_email(word.text, word.length, lower))
			see_email(search, &word, RANK_ANYWHERE);
		word.length = 0;
	}
}

/*
 * Finds the lead reference and the e-mail address of a body that is no JSON, as
 * far as they can be seen in its first SCAN_LIMIT bytes.
 */
void
malformed_see(const char *body, size_t length, Seen *seen)
{
	Search		search = {seen, RANK_NONE};
	Scan		scan = {body, body + length, false, false, false};
	MalformedLook look = malformed_look(body, length);

	seen->reference_length = 0;
	seen->email_length = 0;
	if (length > SCAN_LIMIT)
		scan.end = body + SCAN_LIMIT;
	scan.percent = look == LOOKS_LIKE_FORM && body[0] != '-';

	if (scan.percent)
		scan_form(scan, &search);
	scan_json(scan, &search);
	if (seen->reference_length == 0 || search.rank < RANK_KEY)
	{
		scan.flat = true;
		scan_json(scan, &search);
	}
	scan_anything(scan, look == LOOKS_TRUNCATED || length > SCAN_LIMIT, &search);
}

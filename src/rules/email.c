/*-------------------------------------------------------------------------
 *
 * email.c
 *	  The check of e-mail addresses.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/text.h"

#include <string.h>

/* Source: atext, RFC 5322 section 3.2.3. */
static bool
is_atext(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) ||
		(c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Source: Dot-string, RFC 5321 section 4.1.2; atoms separated by single dots. */
static bool
is_dot_string(const char *text, size_t length)
{
	bool		atom_empty = true;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '.')
		{
			if (atom_empty)
				return false;
			atom_empty = true;
		}
		else if (is_atext(text[i]))
			atom_empty = false;
		else
			return false;
	}
	return !atom_empty;
}

/* Source: RFC 1123 section 2.1; letters, digits and inner hyphens. */
static bool
is_domain_label(const char *text, size_t length)
{
	if (length < 1 || length > 63 ||
		text[0] == '-' || text[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]) &&
			text[i] != '-')
			return false;
	}
	return true;
}

/*
 * At least two labels.  The last one is not all digits: that would be an IP
 * address (RFC 1123 section 2.1).
 */
static bool
is_mail_domain(const char *text, size_t length)
{
	const char *end = text + length;
	const char *label = text;
	int			labels = 1;
	const char *dot;

	while ((dot = memchr(label, '.', (size_t) (end - label))) != NULL)
	{
		if (!is_domain_label(label, (size_t) (dot - label)))
			return false;
		label = dot + 1;
		labels++;
	}
	if (labels < 2 || !is_domain_label(label, (size_t) (end - label)))
		return false;
	while (label < end && ascii_is_digit(*label))
		label++;
	return label < end;
}

/*
 * Returns true if the text is an e-mail address: an RFC 5321 mailbox with a
 * dot-string local part, in ASCII.  Then writes it in lower case into *lower
 * (at most EMAIL_LIMIT bytes, no NUL).  Quoted local parts, address literals
 * and SMTPUTF8 are refused on purpose: users of web forms do not have them.
 */
bool
check_email(const char *text, size_t length, char *lower)
{
	const char *at;
	size_t		local_length;

	if (length > EMAIL_LIMIT)
		return false;
	at = memchr(text, '@', length);
	if (at == NULL)
		return false;
	local_length = (size_t) (at - text);
	if (local_length > 64 || !is_dot_string(text, local_length) ||
		!is_mail_domain(at + 1, length - local_length - 1))
		return false;

	for (size_t i = 0; i < length; i++)
		lower[i] = ascii_lower(text[i]);
	return true;
}

/*
 * email.c: check_email().  The input is the address.
 */
#include "check.h"

#define DIGITS	"0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* The same rule (documentation, "Reading a payload"), on the whole text. */
static bool
is_address(const char *text, size_t length)
{
	const char *at = strchr(text, '@');
	const char *last_dot = strrchr(text, '.');
	size_t		run = 0;

	if (strlen(text) != length || length > 254 || at == NULL ||
		strchr(at + 1, '@') != NULL || last_dot == NULL || last_dot < at)
		return false;

	/* the characters on either side of the @ */
	if (strspn(text, LETTERS DIGITS ".!#$%&'*+-/=?^_`{|}~") !=
		(size_t) (at - text) ||
		strspn(at + 1, LETTERS DIGITS ".-") != strlen(at + 1))
		return false;

	/* no atom and no label is empty, none of a domain begins or ends in "-" */
	if (text[0] == '.' || text[0] == '@' || text[length - 1] == '.' ||
		text[length - 1] == '-' || strstr(text, "..") != NULL ||
		strstr(text, ".@") != NULL || strstr(at, "@.") != NULL ||
		strstr(at, "@-") != NULL || strstr(at, ".-") != NULL ||
		strstr(at, "-.") != NULL)
		return false;

	/* lengths */
	if (at - text > 64)
		return false;
	for (const char *c = at + 1; *c != '\0'; c++)
	{
		run = *c == '.' ? 0 : run + 1;
		if (run > 63)
			return false;
	}

	/* the last label is not a number */
	return last_dot[1 + strspn(last_dot + 1, DIGITS)] != '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	char	   *text = copy_as_string(input, size);
	char	   *lower = malloc(EMAIL_LIMIT);
	char	   *again = malloc(EMAIL_LIMIT);
	bool		valid;

	CHECK(lower != NULL && again != NULL);
	memset(lower, 'U', EMAIL_LIMIT);
	valid = check_email(input, size, lower);
	CHECK(valid == is_address(text, size));

	for (size_t i = 0; i < EMAIL_LIMIT; i++)
	{
		if (!valid || i >= size)
			CHECK(lower[i] == 'U');
		else if (input[i] >= 'A' && input[i] <= 'Z')
			CHECK(lower[i] == "abcdefghijklmnopqrstuvwxyz"[input[i] - 'A']);
		else
			CHECK(lower[i] == input[i] && data[i] < 0x80);
	}

	/* what is stored is an address again, and stays what it is */
	if (valid)
	{
		CHECK(check_email(lower, size, again));
		CHECK(memcmp(lower, again, size) == 0);
	}
	free(again);
	free(lower);
	free(text);
	return 0;
}

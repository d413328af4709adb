/*
 * integer.c: check_integer().  The input is the number.  Its bytes also select
 * a number that must be accepted.
 */
#include <errno.h>

#include "check.h"

/* The same rule, by functions of the C library. */
static bool
is_integer(const char *text, size_t length, bool allow_minus, int64_t *value)
{
	size_t		sign = allow_minus && text[0] == '-' ? 1 : 0;

	if (length == sign ||
		strspn(text + sign, "0123456789") != length - sign)
		return false;
	errno = 0;
	*value = strtoll(text, NULL, 10);
	return errno == 0;
}

static void
check_both(const char *text, size_t length, bool allow_minus)
{
	char	   *copy = copy_as_string(text, length);
	int64_t		expected = 0;
	int64_t		value = 42;
	bool		valid = is_integer(copy, length, allow_minus, &expected);

	CHECK(check_integer(text, length, allow_minus, &value) == valid);
	CHECK(value == (valid ? expected : 42));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	int64_t		chosen = (int64_t) number_of_input(data, size);
	int64_t		value = 0;
	char		text[32];
	size_t		length;

	check_both(input, size, false);
	check_both(input, size, true);

	/* every number is accepted, with its own value */
	length = (size_t) snprintf(text, sizeof(text), "%lld", (long long) chosen);
	CHECK(check_integer(text, length, true, &value) && value == chosen);
	CHECK(check_integer(text, length, false, &value) == (chosen >= 0));
	return 0;
}

/*
 * number.c: same_document_number().  The input is two numbers in UTF-8 with a NUL
 * or a newline between them.
 */
#include "check.h"
#include "rules/utf8.h"

static bool
is_utf8(const char *text, size_t length)
{
	while (length > 0)
	{
		size_t		width = (unsigned char) *text < 0x80 ? 1 : utf8_length(text, length);

		if (width == 0)
			return false;
		text += width;
		length -= width;
	}
	return true;
}

/* A malloc'd copy without what makes no difference. */
static char *
plain(const char *text, size_t length)
{
	char	   *copy = malloc(length + 1);
	size_t		count = 0;

	CHECK(copy != NULL);
	length = remove_separators(text, length, true, copy);
	for (size_t i = 0; i < length; i++)
	{
		if (copy[i] != '.' && copy[i] != '/')
			copy[count++] = ascii_upper(copy[i]);
	}
	copy[count] = '\0';
	for (length = 0; length < count && copy[length] == '0';)
		length++;
	memmove(copy, copy + length, count - length + 1);
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *a = (const char *) data;
	size_t		a_length = 0;
	const char *b;
	size_t		b_length;
	char	   *plain_a;
	char	   *plain_b;
	bool		same;

	while (a_length < size && a[a_length] != '\0' && a[a_length] != '\n')
		a_length++;
	b = a + a_length + (a_length < size);
	b_length = strnlen(b, size - (size_t) (b - a));
	if (!is_utf8(a, a_length) || !is_utf8(b, b_length))
		return 0;
	plain_a = plain(a, a_length);
	plain_b = plain(b, b_length);

	same = same_document_number(a, a_length, b, b_length);
	CHECK(same == (strcmp(plain_a, plain_b) == 0));
	CHECK(same_document_number(b, b_length, a, a_length) == same);
	CHECK(same_document_number(a, a_length, plain_a, strlen(plain_a)));
	free(plain_a);
	free(plain_b);
	return 0;
}

/*
 * trim.c: trim_text() and count_characters().  The input is the text.
 */
#include "check.h"

/* What trimming removes, as bytes rather than as code points. */
static const char *const white_space[] = {
	"\t", "\n", "\v", "\f", "\r", " ", "\xC2\x85", "\xC2\xA0", "\xC2\xAD",
	"\xE1\x9A\x80",
	"\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
	"\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87",
	"\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\x8B",
	"\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F",
	"\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x80\xAB",
	"\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x80\xAF",
	"\xE2\x81\x9F", "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xA7",
	"\xE2\x81\xA8", "\xE2\x81\xA9", "\xE3\x80\x80",
	"\xEF\xBB\xBF", NULL
};

/* Returns the length of the white space that the text starts with, or 0. */
static size_t
starting_space(const char *text, size_t length)
{
	for (const char *const *space = white_space; *space != NULL; space++)
	{
		size_t		width = strlen(*space);

		if (width <= length && memcmp(text, *space, width) == 0)
			return width;
	}
	return 0;
}

static bool
ends_in_space(const char *text, size_t length)
{
	for (const char *const *space = white_space; *space != NULL; space++)
	{
		size_t		width = strlen(*space);

		if (width <= length &&
			memcmp(text + length - width, *space, width) == 0)
			return true;
	}
	return false;
}

/* Returns true if the text is nothing but white space. */
static bool
is_all_space(const char *text, size_t length)
{
	size_t		width;

	while (length > 0 && (width = starting_space(text, length)) > 0)
	{
		text += width;
		length -= width;
	}
	return length == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *) data;
	const char *text = input;
	size_t		length = size;
	const char *again;
	size_t		again_length;
	size_t		before;
	size_t		behind;

	trim_text(&text, &length);

	/* the result is a part of the input; what was removed is white space */
	CHECK(text >= input && length <= size);
	before = (size_t) (text - input);
	CHECK(before <= size - length);
	behind = size - length - before;
	CHECK(is_all_space(input, before));
	CHECK(is_all_space(text + length, behind));

	/* no white space is left */
	CHECK(starting_space(text, length) == 0);
	CHECK(!ends_in_space(text, length));
	again = text;
	again_length = length;
	trim_text(&again, &again_length);
	CHECK(again == text && again_length == length);

	/* there are no more characters than bytes, and none is counted twice */
	CHECK(count_characters(input, size) <= size);
	CHECK(count_characters(input, size) ==
		  count_characters(input, before) + count_characters(text, length) +
		  count_characters(text + length, behind));
	return 0;
}

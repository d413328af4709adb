/*
 * malformed.c: malformed_see() and malformed_look().  The input is garbage that
 * is put around a lead in the ways in which leads arrive broken; what was put
 * in has to be found, and nothing that was cut off.
 */
#include "check.h"

#include "rules/malformed.h"

#define REFERENCE	"REF-17"
#define ADDRESS		"ann@example.com"

typedef struct Body
{
	char	   *bytes;
	size_t		length;
} Body;

static void
add(Body *body, const char *bytes, size_t length)
{
	if (length > 0)
		memcpy(body->bytes + body->length, bytes, length);
	body->length += length;
}

static void
add_text(Body *body, const char *text)
{
	add(body, text, strlen(text));
}

/* A JSON string of any bytes; ASCII alone if the body becomes something wide. */
static void
add_string(Body *body, const uint8_t *data, size_t size)
{
	char		escape[7];

	add_text(body, "\"");
	for (size_t i = 0; i < size; i++)
	{
		if (data[i] == '"' || data[i] == '\\')
		{
			escape[0] = '\\';
			escape[1] = (char) data[i];
			add(body, escape, 2);
		}
		else if (data[i] < 0x20 || data[i] >= 0x80)
		{
			snprintf(escape, sizeof(escape), "\\u%04x", data[i]);
			add(body, escape, 6);
		}
		else
			add(body, (const char *) &data[i], 1);
	}
	add_text(body, "\"");
}

/* Each byte of a body with so many zeros before and after it. */
static Body
widen(const Body *body, size_t before, size_t after)
{
	Body		wide = {calloc(body->length + 1, before + 1 + after), 0};

	CHECK(wide.bytes != NULL);
	for (size_t i = 0; i < body->length; i++)
	{
		wide.bytes[wide.length + before] = body->bytes[i];
		wide.length += before + 1 + after;
	}
	return wide;
}

/* The body as the value of a form's field. */
static Body
percent_encode(const Body *body)
{
	Body		form = {malloc(body->length * 3 + 10), 0};

	CHECK(form.bytes != NULL);
	add_text(&form, "lead=");
	for (size_t i = 0; i < body->length; i++)
	{
		char		code[4];

		snprintf(code, sizeof(code), "%%%02X", (unsigned char) body->bytes[i]);
		add(&form, code, 3);
	}
	return form;
}

static void
check_found(const Body *body, bool reference, bool email)
{
	Seen		seen;

	malformed_see(body->bytes, body->length, &seen);
	CHECK(seen.reference_length == (reference ? strlen(REFERENCE) : 0));
	CHECK(memcmp(seen.reference, REFERENCE, seen.reference_length) == 0);
	if (email)
		CHECK(seen.email_length == strlen(ADDRESS) &&
			  memcmp(seen.email, ADDRESS, seen.email_length) == 0);
}

/* What is found is printable ASCII within its limits, whatever the body is. */
static void
check_anything(const char *bytes, size_t length)
{
	Seen		seen;
	MalformedLook look = malformed_look(bytes, length);

	CHECK(look >= LOOKS_LIKE_NOTHING && look <= LOOKS_TRUNCATED);
	malformed_see(bytes, length, &seen);
	CHECK(seen.reference_length <= SEEN_REFERENCE_LIMIT);
	CHECK(seen.email_length <= EMAIL_LIMIT);
	for (size_t i = 0; i < seen.reference_length; i++)
		CHECK(seen.reference[i] >= ' ' && seen.reference[i] <= '~');
	for (size_t i = 0; i < seen.email_length; i++)
		CHECK(seen.email[i] >= ' ' && seen.email[i] <= '~');
	if (seen.email_length > 0)
		CHECK(memchr(seen.email, '@', seen.email_length) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Body		body = {malloc(size * 12 + 200), 0};
	Body		wide;
	size_t		half = size / 2;
	size_t		to_reference;
	size_t		to_email;
	Seen		seen;

	CHECK(body.bytes != NULL);
	check_anything((const char *) data, size);

	/* a lead with any text before, between and after what is looked for */
	add_text(&body, "{\"comments\":");
	add_string(&body, data, half);
	add_text(&body, ",\"item\":{\"id\":5},\"id\":\"" REFERENCE);
	to_reference = body.length;
	add_text(&body, "\",\"prospect\":{\"first_name\":");
	add_string(&body, data + half, size - half);
	add_text(&body, ",\"email\":\"" ADDRESS);
	to_email = body.length;
	add_text(&body, "\"},,");
	CHECK(malformed_look(body.bytes, body.length) == LOOKS_TRUNCATED);
	check_found(&body, true, true);

	/* in UTF-16 and UTF-32, and in a form */
	for (size_t zeros = 1; zeros <= 3; zeros += 2)
	{
		wide = widen(&body, zeros, 0);
		CHECK(malformed_look(wide.bytes, wide.length) == LOOKS_LIKE_UTF16);
		check_found(&wide, true, true);
		free(wide.bytes);
		wide = widen(&body, 0, zeros);
		CHECK(malformed_look(wide.bytes, wide.length) == LOOKS_LIKE_UTF16);
		check_found(&wide, true, true);
		free(wide.bytes);
	}
	wide = percent_encode(&body);
	CHECK(malformed_look(wide.bytes, wide.length) == LOOKS_LIKE_FORM);
	check_found(&wide, true, true);
	free(wide.bytes);

	/* two documents */
	body.length -= 2;
	add_text(&body, "}\n{\"id\":\"other\"}");
	CHECK(malformed_look(body.bytes, body.length) == LOOKS_LIKE_DOCUMENTS);
	check_found(&body, true, true);

	/* what is cut off is not found, unless the text has one of its own */
	body.length = to_email;
	malformed_see(body.bytes, body.length, &seen);
	CHECK(seen.reference_length == strlen(REFERENCE));
	CHECK(seen.email_length != strlen(ADDRESS) ||
		  memcmp(seen.email, ADDRESS, seen.email_length) != 0 || size > strlen(ADDRESS));
	body.length = to_reference;
	malformed_see(body.bytes, body.length, &seen);
	CHECK(seen.reference_length == 0 || size > 0);
	free(body.bytes);
	return 0;
}

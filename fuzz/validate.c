/*
 * validate.c: validate_lead().
 *
 * The input has one line per field, in the order of the field table.  The first
 * byte is the kind of value ("s" a string, "S" one that has no UTF-8, "n" a
 * number, "t" and "f" a boolean, "a" an array, "o" an object, any other: absent);
 * the rest is its text.
 */
#include "check.h"

#include "rules/country.h"
#include "rules/lead.h"
#include "rules/time.h"

#define NOW			(INT64_C(814000000) * 1000000)	/* in October 2025 */
#define DAY			(INT64_C(86400) * 1000000)
#define TODAY		9421		/* 2025-10-17 */
#define BORN_1900	(-36524)

/* Makes the raw value as the reading stage would; its text is malloc'd. */
static void
read_line(const char *line, size_t length, RawValue *raw)
{
	const char *text = line + (length > 0);
	size_t		size = length - (length > 0);

	memset(raw, 0, sizeof(*raw));
	if (length == 0)
		return;
	switch (line[0])
	{
		case 't':
		case 'f':
			raw->kind = RAW_BOOLEAN;
			raw->flag = line[0] == 't';
			return;
		case 'a':
			raw->kind = RAW_ARRAY;
			return;
		case 'o':
			raw->kind = RAW_OBJECT;
			return;
		case 's':
		case 'S':
		case 'n':
			trim_text(&text, &size);
			if (size == 0)
				return;
			raw->kind = line[0] == 'n' ? RAW_NUMBER : RAW_STRING;
			raw->text.data = malloc(size);
			raw->text.length = size;
			CHECK(raw->text.data != NULL);
			memcpy((char *) raw->text.data, text, size);
			raw->characters = size <= TEXT_LIMIT ? size :
				count_characters(text, size);
			if (line[0] != 'S')
				raw->utf8 = raw->text;
			return;
		default:
			return;
	}
}

static bool
is_within(const char *part, size_t length, const char *whole, size_t size)
{
	return part >= whole && part <= whole + size &&
		length <= (size_t) (whole + size - part);
}

static bool
is_upper_of(const LeadText *text, const LeadText *raw)
{
	for (size_t i = 0; text->length == raw->length && i < raw->length; i++)
	{
		if (text->data[i] != ascii_upper(raw->data[i]))
			return false;
	}
	return text->length == raw->length && text->length <= STATE_LIMIT;
}

/* Returns true if the text in lower case is one of the words. */
static bool
text_is_one_of(const LeadText *text, const char *words)
{
	char		word[8] = "";

	for (size_t i = 0; i < text->length && i < sizeof(word) - 1; i++)
		word[i] = ascii_lower(text->data[i]);
	for (; words != NULL; words = strchr(words, ' '))
	{
		words += *words == ' ';
		if (strcspn(words, " ") == text->length &&
			strncmp(words, word, text->length) == 0)
			return true;
	}
	return false;
}

/* Checks a postcode that zeros were added to. */
static void
check_padded(Field field, const RawValue *raw, const Lead *lead)
{
	const LeadText *text = &lead->value[field].text;
	const LeadText *country = &raw[FIELD_COUNTRY - FIELD_POSTCODE].utf8;
	size_t		zeros = text->length - raw->text.length;

	CHECK(field == FIELD_POSTCODE && raw->kind == RAW_NUMBER);
	CHECK(zeros > 0 && text->length <= 5);
	CHECK(text->length == postcode_digits(country_of_address(country->data,
															 country->length)));
	for (size_t i = 0; i < text->length; i++)
		CHECK(ascii_is_digit(text->data[i]) &&
			  (i >= zeros || text->data[i] == '0'));
	CHECK(memcmp(text->data + zeros, raw->text.data, raw->text.length) == 0);
}

/* Returns true if the text only stands for a missing value. */
static bool
is_nothing(Field field, const RawValue *raw)
{
	static const char *const words[] = {
		"null", "NULL", "undefined", "NaN", "None", "[object Object]", NULL
	};
	const LeadText *text = &raw->text;
	size_t		digits = 0;
	size_t		same = 0;

	if ((raw->kind != RAW_STRING && raw->kind != RAW_NUMBER) ||
		(field_is_text(field) && raw->characters > TEXT_LIMIT) ||
		field_table[field].type == TYPE_OBJECT)
		return false;
	for (const char *const *word = words; *word != NULL; word++)
	{
		if (raw->kind == RAW_STRING && text->length == strlen(*word) &&
			memcmp(text->data, *word, text->length) == 0)
			return true;
	}
	for (size_t i = 0; i < text->length; i++)
	{
		digits += text->data[i] >= '0' && text->data[i] <= '9';
		same += text->data[i] == text->data[0];
	}
	return (field == FIELD_VIN || field == FIELD_LICENCE_NUMBER ||
			field == FIELD_PASSPORT_NUMBER) &&
		(digits == 0 ||
		 (field == FIELD_VIN && same == text->length && same > 1));
}

/* Checks that a provided value is one of its type, and points where it may. */
static void
check_provided(Field field, const RawValue *raw, const Lead *lead)
{
	const LeadValue *value = &lead->value[field];
	const LeadText *text = &value->text;
	const char *buffer;
	char		email[EMAIL_LIMIT];

	switch (field_table[field].type)
	{
		case TYPE_OBJECT:
			CHECK(raw->kind == RAW_OBJECT);
			CHECK(text->data == NULL);
			break;
		case TYPE_TEXT:
			CHECK(raw->kind == RAW_STRING || raw->kind == RAW_NUMBER);
			if (text->data == lead->postcode)
			{
				check_padded(field, raw, lead);
				break;
			}
			CHECK(text->data == raw->text.data);
			CHECK(text->length == raw->text.length);
			CHECK(text->length > 0 && raw->characters <= TEXT_LIMIT);
			break;
		case TYPE_STATE:
			buffer = field == FIELD_STATE ? lead->state : lead->licence_state;
			CHECK(is_within(text->data, text->length, buffer, STATE_LIMIT));
			CHECK(is_upper_of(text, &raw->text));
			break;
		case TYPE_COUNTRY:
			CHECK(text->length == 2 && country_name(text->data, 2) != NULL);
			CHECK(text->data[0] >= 'A' && text->data[0] <= 'Z');
			CHECK(text->data[1] >= 'A' && text->data[1] <= 'Z');
			CHECK(raw->utf8.data != NULL);
			break;
		case TYPE_EMAIL:
			CHECK(raw->kind == RAW_STRING);
			CHECK(is_within(text->data, text->length, lead->email, EMAIL_LIMIT));
			CHECK(check_email(text->data, text->length, email));
			CHECK(memcmp(text->data, email, text->length) == 0);
			break;
		case TYPE_DATE:
			CHECK(raw->kind == RAW_STRING && raw->text.length == 10);
			CHECK(value->number >= FIRST_DAY && value->number <= LAST_DAY);
			break;
		case TYPE_BOOLEAN:
			CHECK(value->number == 0 || value->number == 1);
			CHECK(raw->kind == RAW_BOOLEAN ||
				  (text_is_one_of(&raw->text, "1 y on yes true") &&
				   value->number == 1) ||
				  (text_is_one_of(&raw->text, "0 n no off false") &&
				   value->number == 0));
			CHECK(raw->kind != RAW_NUMBER || raw->text.length == 1);
			CHECK(raw->kind != RAW_BOOLEAN || raw->flag == (value->number == 1));
			break;
		case TYPE_BIGINT:
			CHECK(raw->kind == RAW_NUMBER || value->number >= 0);
			break;
		case TYPE_TIMESTAMP:
			CHECK(raw->kind == RAW_STRING);
			CHECK(value->number <= NOW + DAY);
			CHECK(value->number >= (FIRST_DAY - 1) * DAY);
			break;
	}
}

/* Returns true if the value counts as provided, valid or not. */
static bool
counts_as_provided(Field field, const RawValue *raw, const Lead *lead)
{
	return raw->kind != RAW_ABSENT &&
		(lead->issues.codes[field] &
		 (CODE_BIT(CODE_WRONG_TYPE) | CODE_BIT(CODE_TOO_LONG) |
		  CODE_BIT(CODE_PLACEHOLDER))) == 0;
}

/* Checks that a field has the issues that the two tables allow. */
static void
check_issues(Field field, const RawValue *raw, const Lead *lead)
{
	const FieldSpec *spec = &field_table[field];
	CodeSet		codes = lead->issues.codes[field];
	CodeSet		known = CODE_BIT(CODE_WRONG_TYPE);
	CodeSet		invalid = CODE_BIT(CODE_WRONG_TYPE) | CODE_BIT(CODE_TOO_LONG) |
		CODE_BIT(CODE_PLACEHOLDER);
	int64_t		day = lead->value[field].number;

	if (field_is_text(field))
		known |= CODE_BIT(CODE_TOO_LONG);
	if (spec->missing_code != CODE_NONE)
		known |= CODE_BIT(spec->missing_code);
	if (spec->invalid_code != CODE_NONE)
	{
		known |= CODE_BIT(spec->invalid_code);
		invalid |= CODE_BIT(spec->invalid_code);
	}
	if (field == FIELD_ITEM)
		known |= CODE_BIT(CODE_VEHICLE_MISSING);
	if (spec->type != TYPE_OBJECT)
		known |= CODE_BIT(CODE_PLACEHOLDER);
	if (field == FIELD_LICENCE_EXPIRY || field == FIELD_PASSPORT_EXPIRY)
	{
		known |= CODE_BIT(CODE_DOCUMENT_EXPIRED);
		CHECK(((codes & CODE_BIT(CODE_DOCUMENT_EXPIRED)) != 0) ==
			  (lead->value[field].provided && day < TODAY));
	}
	else if (spec->type == TYPE_DATE)
	{
		known |= CODE_BIT(CODE_DOB_IMPLAUSIBLE);
		CHECK(((codes & CODE_BIT(CODE_DOB_IMPLAUSIBLE)) != 0) ==
			  (lead->value[field].provided &&
			   (day > TODAY || day < BORN_1900)));
	}
	CHECK((codes & ~known) == 0);
	CHECK(((codes & CODE_BIT(CODE_PLACEHOLDER)) != 0) ==
		  is_nothing(field, raw));

	/* a value that is present is either valid or has an issue */
	if (raw->kind == RAW_ABSENT)
		CHECK((codes & invalid) == 0 && !lead->value[field].provided);
	else
		CHECK(lead->value[field].provided == ((codes & invalid) == 0));
	CHECK(((codes & CODE_BIT(CODE_TOO_LONG)) != 0) ==
		  (field_is_text(field) && raw->characters > TEXT_LIMIT));

	/* what a thing needs is present, or reported as missing */
	if (spec->missing_code != CODE_NONE)
		CHECK(((codes & CODE_BIT(spec->missing_code)) != 0) ==
			  (lead->asked[spec->thing] &&
			   !counts_as_provided(field, raw, lead)));
}

/* Checks that a thing is asked for if some part of it is present. */
static void
check_asked(const RawValue *raw, const Lead *lead)
{
	bool		asked[NUM_THINGS] = {false};

	asked[THING_WORKSPACE] = true;
	asked[THING_PERSON] = true;
	asked[THING_ANY] = true;
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		if (field_table[field].asks &&
			counts_as_provided((Field) field, &raw[field], lead))
			asked[field_table[field].thing] = true;
	}
	CHECK(memcmp(asked, lead->asked, sizeof(asked)) == 0);
}

static void
check_lead(const RawValue *raw, const Lead *lead)
{
	const LeadValue *state = &lead->value[FIELD_STATE];
	const LeadText *country = &raw[FIELD_COUNTRY].utf8;
	CodeSet		all = 0;

	check_asked(raw, lead);
	CHECK(!lead->value[FIELD_NONE].provided);
	CHECK(lead->issues.codes[FIELD_NONE] == 0);
	CHECK(lead->lead_reference.data == NULL);
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		check_issues((Field) field, &raw[field], lead);
		if (lead->value[field].provided)
			check_provided((Field) field, &raw[field], lead);
		all |= lead->issues.codes[field];
	}
	CHECK(lead->codes == all);
	CHECK((all & ~(CODE_BIT(NUM_CODES) - 1)) == 0);
	for (int code = 0; code < NUM_CODES; code++)
		CHECK(lead->issues.hint[code] == NULL);

	if (state->provided && lead->value[FIELD_COUNTRY].provided &&
		country_of_address(country->data, country->length) != NULL)
		CHECK(check_state_of_country(state->text.data, state->text.length,
									 country_of_address(country->data,
														country->length)));

	/* one key of the vehicle is enough; without one the item has an issue */
	if ((all & CODE_BIT(CODE_VEHICLE_MISSING)) != 0)
		CHECK(lead->asked[THING_BOOKING] &&
			  !lead->value[FIELD_VIN].provided &&
			  !lead->value[FIELD_STOCK_NUMBER].provided);
	else
		CHECK(!lead->asked[THING_BOOKING] ||
			  lead->value[FIELD_VIN].provided ||
			  lead->value[FIELD_STOCK_NUMBER].provided);
}

/* Checks that the result does not depend on the former contents of *lead. */
static void
check_again(const RawValue *raw, const Lead *lead)
{
	Lead	   *again = malloc(sizeof(Lead));

	CHECK(again != NULL);
	memset(again, 0xA5, sizeof(*again));
	validate_lead(raw, NOW, again);
	for (int field = 0; field < NUM_FIELDS; field++)
	{
		CHECK(lead_value_equal(&lead->value[field], &again->value[field]));
		CHECK(lead->issues.codes[field] == again->issues.codes[field]);
	}
	CHECK(lead->codes == again->codes);
	CHECK(memcmp(lead->asked, again->asked, sizeof(lead->asked)) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *) data;
	const char *end = line + size;
	RawValue   *raw = calloc(NUM_FIELDS, sizeof(RawValue));
	Lead	   *lead = malloc(sizeof(Lead));

	CHECK(raw != NULL && lead != NULL);
	memset(lead, 0x5A, sizeof(*lead));
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS && line < end; field++)
	{
		const char *newline = memchr(line, '\n', (size_t) (end - line));
		const char *line_end = newline != NULL ? newline : end;

		read_line(line, (size_t) (line_end - line), &raw[field]);
		line = newline != NULL ? newline + 1 : end;
	}

	validate_lead(raw, NOW, lead);
	check_lead(raw, lead);
	check_again(raw, lead);

	for (int field = 0; field < NUM_FIELDS; field++)
		free((char *) raw[field].text.data);
	free(lead);
	free(raw);
	return 0;
}

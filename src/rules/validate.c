/*-------------------------------------------------------------------------
 *
 * validate.c
 *	  The rules of one payload: every problem is recorded, none is raised.
 *
 * First each field is checked by its type, in the order of the field table,
 * then the rules that involve more than one field.  Rules that need a look-up
 * are in ingest/resolve.c.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/lead.h"
#include "rules/time.h"

#include <string.h>

/* How far updated_at may be ahead of the server's clock. */
#define CLOCK_SKEW_LIMIT	(INT64_C(24) * 60 * 60 * 1000000)

/* 1900-01-01 in days from 2000-01-01; nobody who was born before it drives. */
#define FIRST_BIRTHDAY		(-36524)

/* Returns the set of all codes among the issues. */
CodeSet
issue_codes(const IssueSet *issues)
{
	CodeSet		codes = 0;

	for (int field = 0; field < NUM_FIELDS; field++)
		codes |= issues->codes[field];
	return codes;
}

/*
 * Returns true if two values of one type are equal, or if neither is provided.
 */
bool
lead_value_equal(const LeadValue *a, const LeadValue *b)
{
	if (!a->provided || !b->provided)
		return a->provided == b->provided;
	return a->number == b->number && a->text.length == b->text.length &&
		(a->text.length == 0 ||
		 memcmp(a->text.data, b->text.data, a->text.length) == 0);
}

/* Sets the value to a text; NULL makes it not provided. */
static void
keep_text(LeadValue *value, const char *text, size_t length)
{
	value->provided = text != NULL;
	value->text.data = text;
	value->text.length = length;
}

/* The value is the country's alpha-2 code, not the name that was sent. */
static bool
check_passport_country(const RawValue *raw, LeadValue *value)
{
	const char *alpha2 = country_of_passport(raw->utf8.data, raw->utf8.length);

	keep_text(value, alpha2, 2);
	return alpha2 != NULL;
}

/* Accepts a boolean, the numbers 0 and 1, and the words for both in any case. */
static bool
check_boolean(const RawValue *raw, LeadValue *value)
{
	static const struct
	{
		const char *word;
		bool		flag;
	}			words[] =
	{
		{"true", true}, {"false", false}, {"yes", true}, {"no", false},
		{"y", true}, {"n", false}, {"on", true}, {"off", false},
		{"1", true}, {"0", false}	/* last: the only ones of a number */
	};
	const int	num_words = sizeof(words) / sizeof(words[0]);
	int			word = raw->kind == RAW_STRING ? 0 :
		raw->kind == RAW_NUMBER ? num_words - 2 : num_words;

	if (raw->kind == RAW_BOOLEAN)
	{
		value->number = raw->flag;
		value->provided = true;
	}
	for (; word < num_words && !value->provided; word++)
	{
		value->number = words[word].flag;
		value->provided = text_equal_folded(raw->text.data, raw->text.length,
											words[word].word,
											strlen(words[word].word));
	}
	return value->provided;
}

/* Accepts a string of digits, or a number without a fraction, also below 0. */
static bool
check_bigint(const RawValue *raw, LeadValue *value)
{
	value->provided =
		(raw->kind == RAW_STRING || raw->kind == RAW_NUMBER) &&
		check_integer(raw->text.data, raw->text.length,
					  raw->kind == RAW_NUMBER, &value->number);
	return value->provided;
}

static bool
check_day(const RawValue *raw, LeadValue *value)
{
	int32_t		days = 0;

	value->provided = raw->kind == RAW_STRING &&
		check_date(raw->text.data, raw->text.length, &days);
	value->number = days;
	return value->provided;
}

/* A sender's clock may be ahead of the server's, by less than a day. */
static bool
check_updated_at(const RawValue *raw, int64_t now, LeadValue *value)
{
	value->provided = raw->kind == RAW_STRING &&
		check_timestamp(raw->text.data, raw->text.length, &value->number) &&
		value->number <= now + CLOCK_SKEW_LIMIT;
	return value->provided;
}

static bool
check_address_of_mail(const RawValue *raw, char *buffer, LeadValue *value)
{
	bool		valid = raw->kind == RAW_STRING &&
		check_email(raw->text.data, raw->text.length, buffer);

	keep_text(value, valid ? buffer : NULL, raw->text.length);
	return valid;
}

static bool
check_abbreviation(const RawValue *raw, char *buffer, LeadValue *value)
{
	bool		valid = check_state(raw->text.data, raw->text.length, buffer);

	keep_text(value, valid ? buffer : NULL, raw->text.length);
	return valid;
}

/*
 * Checks a value that is present by its field's type, or an older one.  Returns
 * true if it is valid; one that is not remains not provided in the lead.
 */
static bool
check_by_type(Field field, FieldType type, const RawValue *raw, int64_t now,
			  Lead *lead)
{
	LeadValue  *value = &lead->value[field];

	switch (type)
	{
		case TYPE_OBJECT:
			value->provided = true;
			return true;
		case TYPE_TEXT:
			keep_text(value, raw->text.data, raw->text.length);
			value->from_number = raw->kind == RAW_NUMBER;
			return true;
		case TYPE_STATE:
			return check_abbreviation(raw, field == FIELD_STATE ?
									  lead->state : lead->licence_state,
									  value);
		case TYPE_COUNTRY:
			return check_passport_country(raw, value);
		case TYPE_EMAIL:
			return check_address_of_mail(raw, lead->email, value);
		case TYPE_DATE:
			return check_day(raw, value);
		case TYPE_BOOLEAN:
			return check_boolean(raw, value);
		case TYPE_BIGINT:
			return check_bigint(raw, value);
		case TYPE_TIMESTAMP:
			return check_updated_at(raw, now, value);
	}
	return false;
}

/* A field has the form of that version; 0: of the newest. */
static void
add_version(int version, Lead *lead)
{
	if (version != 0 &&
		(lead->older_version == 0 || version < lead->older_version))
		lead->older_version = version;
}

/* Checks a value that is not of its field's own type by the older ones. */
static bool
check_by_older_type(Field field, const RawValue *raw, int64_t now, Lead *lead)
{
	FOR_EACH_OLDER_FORM(form)
	{
		if (form->field == field && form->type != field_table[field].type &&
			check_by_type(field, form->type, raw, now, lead))
		{
			add_version(form->version, lead);
			return true;
		}
	}
	return false;
}

/*
 * Returns true if a value only stands for a missing one, whatever the field's
 * type is.  A number of a document and a VIN have digits, and a VIN is not the
 * same character throughout.
 */
static bool
stands_for_nothing(Field field, const RawValue *raw)
{
	const LeadText *text = raw->utf8.data != NULL ? &raw->utf8 : &raw->text;

	if (raw->kind == RAW_STRING && is_placeholder(text->data, text->length))
		return true;
	return field_table[field].needs_digit &&
		(!has_digit(text->data, text->length) ||
		 (field == FIELD_VIN &&
		  is_one_character_repeated(text->data, text->length)));
}

/* Reports a date that is valid, but past for a document or not for a birth. */
static void
check_plausible(Field field, int64_t now, Lead *lead)
{
	int64_t		day = lead->value[field].number;
	int32_t		today = day_of_time(now);
	int			code = field_table[field].doubt_code;

	if ((code == CODE_DOCUMENT_EXPIRED && day < today) ||
		(code == CODE_DOB_IMPLAUSIBLE && (day > today || day < FIRST_BIRTHDAY)))
		issue_add(&lead->issues, field, (Code) code);
}

/*
 * Checks one field.  Returns true if it counts as provided, whether it is valid
 * or not: a value of a wrong type, a text that is too long and a placeholder do
 * not.
 */
static bool
check_field(Field field, const RawValue *raw, int64_t now, Lead *lead)
{
	const FieldSpec *spec = &field_table[field];
	bool		wrong_type = false;

	if (raw->kind == RAW_ABSENT)
		return false;

	if (spec->type == TYPE_OBJECT)
		wrong_type = raw->kind != RAW_OBJECT;
	else if (field_is_text(field))
		wrong_type = raw->kind != RAW_STRING && raw->kind != RAW_NUMBER;
	if (wrong_type)
	{
		issue_add(&lead->issues, field, CODE_WRONG_TYPE);
		return false;
	}
	if (field_is_text(field) && raw->characters > TEXT_LIMIT)
	{
		issue_add(&lead->issues, field, CODE_TOO_LONG);
		return false;
	}

	if (spec->type != TYPE_OBJECT && stands_for_nothing(field, raw))
	{
		issue_add(&lead->issues, field, CODE_PLACEHOLDER);
		return false;
	}

	if (check_by_type(field, spec->type, raw, now, lead) ||
		check_by_older_type(field, raw, now, lead))
	{
		if (spec->doubt_code != CODE_NONE)
			check_plausible(field, now, lead);
		return true;
	}
	issue_add(&lead->issues, field, (Code) spec->invalid_code);
	return spec->invalid_code != CODE_WRONG_TYPE;
}

/* Reports what a thing needs and the payload does not provide. */
static void
check_missing(const bool *provided, Lead *lead)
{
	for (int field = 0; field < NUM_FIELDS; field++)
	{
		const FieldSpec *spec = &field_table[field];

		if (spec->missing_code != CODE_NONE && !provided[field] &&
			lead->asked[spec->thing])
			issue_add(&lead->issues, (Field) field, (Code) spec->missing_code);
	}

	/* either key of the vehicle is enough, so neither has a missing_code */
	if (lead->asked[THING_BOOKING] &&
		!provided[FIELD_VIN] && !provided[FIELD_STOCK_NUMBER])
		issue_add(&lead->issues, FIELD_ITEM, CODE_VEHICLE_MISSING);
}

/*
 * A postcode that was sent as a number has lost its leading zeros: restores them
 * up to the country's number of digits.
 */
static void
pad_postcode(const RawValue *raw, const char *alpha2, Lead *lead)
{
	LeadValue  *postcode = &lead->value[FIELD_POSTCODE];
	const LeadText *text = &raw->text;
	size_t		digits = postcode_digits(alpha2);

	if (raw->kind != RAW_NUMBER || text->length >= digits)
		return;
	for (size_t i = 0; i < text->length; i++)
	{
		if (!ascii_is_digit(text->data[i]))
			return;				/* a fraction or below 0 */
	}
	memset(lead->postcode, '0', digits);
	memcpy(lead->postcode + digits - text->length, text->data, text->length);
	keep_text(postcode, lead->postcode, digits);
}

/* Applies the rules of an address that depend on its country. */
static void
check_country_of_address(const RawValue *raw, Lead *lead)
{
	const LeadText *country = &raw[FIELD_COUNTRY].utf8;
	LeadValue  *state = &lead->value[FIELD_STATE];
	const char *alpha2 = NULL;

	if (lead->value[FIELD_COUNTRY].provided)
		alpha2 = country_of_address(country->data, country->length);
	if (alpha2 == NULL)
		return;
	if (state->provided &&
		!check_state_of_country(state->text.data, state->text.length, alpha2))
	{
		state->provided = false;
		issue_add(&lead->issues, FIELD_STATE, CODE_STATE_NOT_ABBREVIATED);
	}
	if (lead->value[FIELD_POSTCODE].provided)
		pad_postcode(&raw[FIELD_POSTCODE], alpha2, lead);
}

/*
 * Judges the raw values, one per field, by the rules (documentation, "Reading a
 * payload").  Fills *lead, which need not be initialized, except its lead
 * reference and the hints of its issues.  now is the server's clock in
 * microseconds since 2000-01-01 UTC.
 */
void
validate_lead(const RawValue *raw, int64_t now, Lead *lead)
{
	bool		provided[NUM_FIELDS] = {false};

	memset(lead, 0, sizeof(*lead));

	/* every lead asks for these; for other things only if it has some part */
	lead->asked[THING_WORKSPACE] = true;
	lead->asked[THING_PERSON] = true;
	lead->asked[THING_ANY] = true;

	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		const FieldSpec *spec = &field_table[field];

		provided[field] = check_field((Field) field, &raw[field], now, lead);
		if (provided[field] && spec->asks)
			lead->asked[spec->thing] = true;
		if (NUM_OLDER_FORMS > 0)
			add_version(raw[field].version, lead);
	}

	check_missing(provided, lead);
	check_country_of_address(raw, lead);
	lead->codes = issue_codes(&lead->issues);
}

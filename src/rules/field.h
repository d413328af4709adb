/*-------------------------------------------------------------------------
 *
 * field.h
 *	  The field table: the one list of the payload's fields.
 *
 * Reading, validation, the JSON Schema, the masking of payloads and the
 * catalogue of codes are all driven by it.  The order of the enum is a rule:
 * the issues of an outcome are listed in it.  First come the two fields that
 * only the example of the specification has (id, updated_at), then those of its
 * field table in that table's order, a parent before its fields.
 *
 * A field has the path and the type that it has in the newest version of the
 * payload, PAYLOAD_VERSION.  While an older version is still accepted, what it
 * has otherwise is listed in older_forms; docs/change-management.md shows how.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FIELD_H
#define LOOPIT_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* What a payload is about, in the order in which it is judged. */
typedef enum Thing
{
	THING_PAYLOAD,
	THING_WORKSPACE,
	THING_PERSON,
	THING_ADDRESS,
	THING_LICENCE,
	THING_PASSPORT,
	THING_BOOKING,
	THING_ANY,
	NUM_THINGS
} Thing;

typedef enum Field
{
	FIELD_NONE,					/* the payload as a whole; null in an outcome */
	FIELD_ID,
	FIELD_UPDATED_AT,
	FIELD_DEALERSHIP,
	FIELD_DEALERSHIP_ID,
	FIELD_PROSPECT,
	FIELD_FIRST_NAME,
	FIELD_MIDDLE_NAME,
	FIELD_LAST_NAME,
	FIELD_EMAIL,
	FIELD_DOB,
	FIELD_MOBILE_PHONE,
	FIELD_MARKETING_OPT_IN,
	FIELD_ADDRESS,
	FIELD_STREET,
	FIELD_CITY,
	FIELD_STATE,
	FIELD_COUNTRY,
	FIELD_POSTCODE,
	FIELD_ADDITIONAL_DETAILS,
	FIELD_LICENCE_EXPIRY,
	FIELD_LICENCE_DOB,
	FIELD_LICENCE_NUMBER,
	FIELD_LICENCE_CARD_NUMBER,
	FIELD_LICENCE_STATE,
	FIELD_PASSPORT_COUNTRY,
	FIELD_PASSPORT_EXPIRY,
	FIELD_PASSPORT_DOB,
	FIELD_PASSPORT_NUMBER,
	FIELD_PLAN,
	FIELD_ITEM,
	FIELD_VIN,
	FIELD_STOCK_NUMBER,
	FIELD_LOCATION,
	FIELD_LOCATION_NAME,
	NUM_FIELDS
} Field;

typedef enum FieldType
{
	TYPE_OBJECT,
	TYPE_TEXT,					/* a string or a number, up to TEXT_LIMIT */
	TYPE_STATE,					/* text: a state's abbreviation */
	TYPE_COUNTRY,				/* text: a passport's country */
	TYPE_EMAIL,
	TYPE_DATE,					/* dd/mm/yyyy */
	TYPE_BOOLEAN,
	TYPE_BIGINT,
	TYPE_TIMESTAMP				/* RFC 3339 */
} FieldType;

#define TEXT_LIMIT 255			/* characters of a text field */

typedef struct FieldSpec
{
	const char *path;			/* keys from the payload's root, separated by
								 * dots */
	size_t		key_offset;		/* where the last key starts in the path */
	Field		parent;			/* FIELD_NONE: the root */
	FieldType	type;
	Thing		thing;			/* what it is a part of */
	bool		asks;			/* a lead that provides it asks for that thing */
	int			missing_code;	/* the Code if the thing needs the field and
								 * it is not provided; CODE_NONE: optional */
	int			invalid_code;	/* the Code of an invalid value; CODE_NONE if
								 * the type has no format */
	int			doubt_code;		/* the Code of a date that is valid but not
								 * plausible; CODE_NONE if every date is */
	bool		needs_digit;	/* a text without a digit is a placeholder */
	bool		identifies;		/* with another value it may be another person */
	bool		harmless;		/* shown in the audit view */
	const char *description;
} FieldSpec;

extern const FieldSpec field_table[NUM_FIELDS];

/*
 * Another path or type that a field, not an object, had until a version that is
 * still accepted.  A value at the older path is taken if there is none at the
 * field's own, and one of the older type if it is none of the field's own.  An
 * issue names the field by its own path.
 */
typedef struct OlderForm
{
	Field		field;
	int			version;		/* the last one that has it */
	const char *path;			/* the field's own if it is the same */
	FieldType	type;			/* the same */
} OlderForm;

/* While there is none, no loop over them is compiled. */
#define NUM_OLDER_FORMS 0

extern const OlderForm older_forms[NUM_OLDER_FORMS + 1];

#define FOR_EACH_OLDER_FORM(form) \
	for (const OlderForm *form = older_forms; \
		 form < older_forms + NUM_OLDER_FORMS; form++)

/* Returns the field's own key within its parent. */
static inline const char *
field_key(Field field)
{
	return field_table[field].path + field_table[field].key_offset;
}

/* Returns true if the field takes a string or a number as its text. */
static inline bool
field_is_text(Field field)
{
	FieldType	type = field_table[field].type;

	return type == TYPE_TEXT || type == TYPE_STATE || type == TYPE_COUNTRY;
}

extern const char *field_type_expected(FieldType type);

#endif							/* LOOPIT_FIELD_H */

/*-------------------------------------------------------------------------
 *
 * field.h
 *	  The field table: the one list of the payload's fields.
 *
 * Reading, validation, the JSON Schema, the masking of payloads and the
 * catalogue of codes are all driven by it.  The order is that of the
 * specification's field table, a parent before its fields, after the two
 * fields that the specification shows in its example only (id, updated_at):
 * the issues of an outcome are listed in it.
 *
 * Plain C: no server header.  Nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FIELD_H
#define LOOPIT_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* What a payload can bring into being, in the order in which that is judged. */
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
	FIELD_NONE,					/* the payload as a whole: JSON null */
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
	const char *path;			/* from the payload's root, dots between */
	size_t		key_offset;		/* where the last key starts in the path */
	Field		parent;			/* FIELD_NONE: the root */
	FieldType	type;
	Thing		thing;			/* what it is a part of */
	bool		asks;			/* providing it asks for that thing */
	int			missing_code;	/* Code where the thing needs it and it is not
								 * provided; CODE_NONE: optional */
	int			invalid_code;	/* Code of a value that is not valid;
								 * CODE_NONE: the type has no format */
	bool		sensitive;		/* masked in the audit view */
	const char *description;
} FieldSpec;

extern const FieldSpec field_table[NUM_FIELDS];

/* The field's own key within its parent. */
static inline const char *
field_key(Field field)
{
	return field_table[field].path + field_table[field].key_offset;
}

/* Text in the sense of the reading rules: a string or a number is taken. */
static inline bool
field_is_text(Field field)
{
	FieldType	type = field_table[field].type;

	return type == TYPE_TEXT || type == TYPE_STATE || type == TYPE_COUNTRY;
}

/* What a type takes, as the end of "send …". */
extern const char *field_type_expected(FieldType type);

#endif							/* LOOPIT_FIELD_H */

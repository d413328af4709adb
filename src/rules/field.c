/*-------------------------------------------------------------------------
 *
 * field.c
 *	  The field table.
 *
 * Source: the field information of the Dealer Studio leads ingestion
 * specification, payload version 1 (2025-10-01).
 *
 *-------------------------------------------------------------------------
 */
#include "rules/code.h"
#include "rules/field.h"

/* The path, the start of its last key, and the parent. */
#define ROOT(key)			.path = key, .key_offset = 0, .parent = FIELD_NONE
#define IN(up, prefix, key) \
	.path = prefix "." key, .key_offset = sizeof(prefix), .parent = up

#define IN_DEALERSHIP(key)	IN(FIELD_DEALERSHIP, "dealership", key)
#define IN_PROSPECT(key)	IN(FIELD_PROSPECT, "prospect", key)
#define IN_ADDRESS(key)		IN(FIELD_ADDRESS, "prospect.address", key)
#define IN_DETAILS(key)		IN(FIELD_ADDITIONAL_DETAILS, "additional_details", key)
#define IN_ITEM(key)		IN(FIELD_ITEM, "item", key)
#define IN_LOCATION(key)	IN(FIELD_LOCATION, "location", key)

/* The thing that a field is part of, and the code if it is missing. */
#define OBJECT \
	OF_TYPE(TYPE_OBJECT, CODE_NONE), .thing = THING_ANY, .missing_code = CODE_NONE
#define OPTIONAL(of)		.thing = of, .asks = true, .missing_code = CODE_NONE
#define NEEDED(of, code)	.thing = of, .asks = true, .missing_code = code

/* The type, the code of an invalid value, and that of a doubtful one. */
#define OF_TYPE(of, code) \
	.type = of, .invalid_code = code, .doubt_code = CODE_NONE
#define TEXT				OF_TYPE(TYPE_TEXT, CODE_NONE)
#define TEXT_WITH_DIGIT		TEXT, .needs_digit = true
#define EXPIRY(code) \
	.type = TYPE_DATE, .invalid_code = code, .doubt_code = CODE_DOCUMENT_EXPIRED
#define BIRTH(code) \
	.type = TYPE_DATE, .invalid_code = code, .doubt_code = CODE_DOB_IMPLAUSIBLE

const FieldSpec field_table[NUM_FIELDS] = {
	[FIELD_NONE] = {
		ROOT(""), OBJECT,
		.description = "An enquiry of a Dealer Studio website, as its webhook sends it."
	},
	[FIELD_ID] = {
		ROOT("id"), TEXT, NEEDED(THING_ANY, CODE_ID_MISSING),
		.harmless = true,
		.description = "Dealer Studio's reference of the lead; without it a digest of the payload takes its place."
	},
	[FIELD_UPDATED_AT] = {
		ROOT("updated_at"),
		OF_TYPE(TYPE_TIMESTAMP, CODE_UPDATED_AT_INVALID),
		.thing = THING_ANY,
		.missing_code = CODE_NONE,
		.harmless = true,
		.description = "When the lead last changed at the sender; an older one only fills what is still empty."
	},
	[FIELD_DEALERSHIP] = {
		ROOT("dealership"), OBJECT,
		.description = "The dealership whose website sent the lead."
	},
	[FIELD_DEALERSHIP_ID] = {
		IN_DEALERSHIP("id"),
		OF_TYPE(TYPE_BIGINT, CODE_DEALERSHIP_INVALID),
		NEEDED(THING_WORKSPACE, CODE_DEALERSHIP_MISSING),
		.harmless = true,
		.description = "Dealer Studio's number of the dealership; it decides the workspace."
	},
	[FIELD_PROSPECT] = {
		ROOT("prospect"), OBJECT,
		.description = "The person who enquires."
	},
	[FIELD_FIRST_NAME] = {
		IN_PROSPECT("first_name"), TEXT, OPTIONAL(THING_PERSON),
		.harmless = true,
		.description = "First name."
	},
	[FIELD_MIDDLE_NAME] = {
		IN_PROSPECT("middle_name"), TEXT, OPTIONAL(THING_PERSON),
		.harmless = true,
		.description = "Middle name."
	},
	[FIELD_LAST_NAME] = {
		IN_PROSPECT("last_name"), TEXT, OPTIONAL(THING_PERSON),
		.harmless = true,
		.description = "Last name."
	},
	[FIELD_EMAIL] = {
		IN_PROSPECT("email"),
		OF_TYPE(TYPE_EMAIL, CODE_EMAIL_INVALID),
		NEEDED(THING_PERSON, CODE_EMAIL_MISSING),
		.harmless = true,
		.description = "E-mail address; the person is found by it."
	},
	[FIELD_DOB] = {
		IN_PROSPECT("dob"), BIRTH(CODE_DOB_INVALID), OPTIONAL(THING_PERSON),
		.identifies = true,
		.description = "Date of birth."
	},
	[FIELD_MOBILE_PHONE] = {
		IN_PROSPECT("mobile_phone"), TEXT, OPTIONAL(THING_PERSON),
		.description = "Mobile phone number, as the person wrote it."
	},
	[FIELD_MARKETING_OPT_IN] = {
		IN_PROSPECT("opt_in_to_marketing"),
		OF_TYPE(TYPE_BOOLEAN, CODE_WRONG_TYPE),
		OPTIONAL(THING_PERSON),
		.description = "Whether the person agrees to marketing."
	},
	[FIELD_ADDRESS] = {
		IN_PROSPECT("address"), OBJECT,
		.description = "The person's address; stored whole or not at all."
	},
	[FIELD_STREET] = {
		IN_ADDRESS("street"), TEXT,
		NEEDED(THING_ADDRESS, CODE_ADDRESS_INCOMPLETE),
		.description = "Street and number."
	},
	[FIELD_CITY] = {
		IN_ADDRESS("city"), TEXT,
		NEEDED(THING_ADDRESS, CODE_ADDRESS_INCOMPLETE),
		.description = "City or suburb."
	},
	[FIELD_STATE] = {
		IN_ADDRESS("state"),
		OF_TYPE(TYPE_STATE, CODE_STATE_NOT_ABBREVIATED),
		NEEDED(THING_ADDRESS, CODE_ADDRESS_INCOMPLETE),
		.description = "State, abbreviated."
	},
	[FIELD_COUNTRY] = {
		IN_ADDRESS("country"), TEXT,
		NEEDED(THING_ADDRESS, CODE_ADDRESS_INCOMPLETE),
		.description = "Country."
	},
	[FIELD_POSTCODE] = {
		IN_ADDRESS("postcode"), TEXT,
		NEEDED(THING_ADDRESS, CODE_ADDRESS_INCOMPLETE),
		.description = "Postcode."
	},
	[FIELD_ADDITIONAL_DETAILS] = {
		ROOT("additional_details"), OBJECT,
		.description = "Driver licence, passport and subscription plan."
	},
	[FIELD_LICENCE_EXPIRY] = {
		IN_DETAILS("license_expiry"), EXPIRY(CODE_LICENCE_EXPIRY_INVALID),
		NEEDED(THING_LICENCE, CODE_LICENCE_INCOMPLETE),
		.description = "The day on which the driver licence expires."
	},
	[FIELD_LICENCE_DOB] = {
		IN_DETAILS("license_dob"), BIRTH(CODE_LICENCE_DOB_INVALID),
		NEEDED(THING_LICENCE, CODE_LICENCE_INCOMPLETE),
		.description = "Date of birth on the driver licence."
	},
	[FIELD_LICENCE_NUMBER] = {
		IN_DETAILS("license_number"), TEXT_WITH_DIGIT,
		NEEDED(THING_LICENCE, CODE_LICENCE_INCOMPLETE),
		.identifies = true,
		.description = "Number of the driver licence."
	},
	[FIELD_LICENCE_CARD_NUMBER] = {
		IN_DETAILS("license_card_number"), TEXT, OPTIONAL(THING_LICENCE),
		.description = "Card number of the driver licence."
	},
	[FIELD_LICENCE_STATE] = {
		IN_DETAILS("license_state"),
		OF_TYPE(TYPE_STATE, CODE_LICENCE_STATE_NOT_ABBREVIATED),
		OPTIONAL(THING_LICENCE),
		.description = "The state that issued the driver licence, abbreviated."
	},
	[FIELD_PASSPORT_COUNTRY] = {
		IN_DETAILS("passport_country"),
		OF_TYPE(TYPE_COUNTRY, CODE_PASSPORT_COUNTRY_UNKNOWN),
		NEEDED(THING_PASSPORT, CODE_PASSPORT_INCOMPLETE),
		.description = "The country that issued the passport: au, us, fr, de, uk, ca or an English country name."
	},
	[FIELD_PASSPORT_EXPIRY] = {
		IN_DETAILS("passport_expiry"), EXPIRY(CODE_PASSPORT_EXPIRY_INVALID),
		NEEDED(THING_PASSPORT, CODE_PASSPORT_INCOMPLETE),
		.description = "The day on which the passport expires."
	},
	[FIELD_PASSPORT_DOB] = {
		IN_DETAILS("passport_dob"), BIRTH(CODE_PASSPORT_DOB_INVALID),
		NEEDED(THING_PASSPORT, CODE_PASSPORT_INCOMPLETE),
		.description = "Date of birth in the passport."
	},
	[FIELD_PASSPORT_NUMBER] = {
		IN_DETAILS("passport_number"), TEXT_WITH_DIGIT,
		NEEDED(THING_PASSPORT, CODE_PASSPORT_INCOMPLETE),
		.identifies = true,
		.description = "Number of the passport."
	},
	[FIELD_PLAN] = {
		IN_DETAILS("subscription_plan"), TEXT,
		NEEDED(THING_BOOKING, CODE_PACKAGE_MISSING),
		.harmless = true,
		.description = "Name of the package, exactly as the workspace has it."
	},
	[FIELD_ITEM] = {
		ROOT("item"), OBJECT,
		.description = "The vehicle that the enquiry is about."
	},
	[FIELD_VIN] = {
		IN_ITEM("vin"), TEXT_WITH_DIGIT, OPTIONAL(THING_BOOKING),
		.harmless = true,
		.description = "Vehicle identification number."
	},
	[FIELD_STOCK_NUMBER] = {
		IN_ITEM("stock_number"), TEXT, OPTIONAL(THING_BOOKING),
		.harmless = true,
		.description = "The dealer's stock number of the vehicle."
	},
	[FIELD_LOCATION] = {
		ROOT("location"), OBJECT,
		.description = "Where the vehicle is to be picked up."
	},
	[FIELD_LOCATION_NAME] = {
		IN_LOCATION("location_name"), TEXT,
		.thing = THING_BOOKING,
		.missing_code = CODE_NONE,
		.harmless = true,
		.description = "Name of the location; otherwise the vehicle's first bookable location is taken."
	}
};

const OlderForm older_forms[NUM_OLDER_FORMS + 1] = {
	{FIELD_NONE, 0, NULL, TYPE_OBJECT}	/* ends the list */
};

/*
 * Returns what a value of that type has to be, as the end of a sentence that
 * starts with "send".
 */
const char *
field_type_expected(FieldType type)
{
	switch (type)
	{
		case TYPE_OBJECT:
			return "an object";
		case TYPE_TEXT:
		case TYPE_STATE:
		case TYPE_COUNTRY:
			return "a string or a number";
		case TYPE_EMAIL:
			return "a string that is an e-mail address";
		case TYPE_DATE:
			return "a string dd/mm/yyyy";
		case TYPE_BOOLEAN:
			return "true or false";
		case TYPE_BIGINT:
			return "a whole number";
		case TYPE_TIMESTAMP:
			return "a string with an RFC 3339 date and time";
	}
	return "another value";		/* not reached; keeps compilers quiet */
}

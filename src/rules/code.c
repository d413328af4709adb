/*-------------------------------------------------------------------------
 *
 * code.c
 *	  The catalogue of codes.
 *
 * An issue's message is "<field>: <explanation>; <remedy>.", so both parts are
 * clauses.  They are written for a support person who has never seen the code,
 * and never repeat a value of the payload, which may be personal data.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/code.h"

#include <string.h>

/* .field is unset if the field table has the fields that can have the code. */
const CodeSpec code_table[NUM_CODES] = {
	[CODE_WRONG_TYPE] = {
		"wrong_type", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the value is of a kind that this field cannot take, like a list where a text belongs, so it is ignored",
		"send what the field's description names"
	},
	[CODE_TOO_LONG] = {
		"too_long", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the text is longer than 255 characters, so it is ignored",
		"send at most 255 characters"
	},
	[CODE_PAYLOAD_MISSING] = {
		"payload_missing", THING_PAYLOAD, true, FIELD_NONE, FIELD_NONE,
		"there is no payload at all",
		"send the lead as a JSON object"
	},
	[CODE_PAYLOAD_MALFORMED] = {
		"payload_malformed", THING_PAYLOAD, true, FIELD_NONE, FIELD_NONE,
		"the body is not JSON that can be read",
		"send one JSON object in UTF-8"
	},
	[CODE_PAYLOAD_NOT_OBJECT] = {
		"payload_not_object", THING_PAYLOAD, true, FIELD_NONE, FIELD_NONE,
		"it is JSON, but not an object",
		"send the lead as one JSON object"
	},
	[CODE_PAYLOAD_REPAIRED] = {
		"payload_repaired", THING_PAYLOAD, false, FIELD_NONE, FIELD_NONE,
		"what was sent had to be repaired before it could be stored",
		"send JSON that needs no repair"
	},
	[CODE_DEALERSHIP_MISSING] = {
		"dealership_missing", THING_WORKSPACE, true, FIELD_NONE, FIELD_NONE,
		"no dealership is named, so the lead belongs to no workspace",
		"send Dealer Studio's number of the dealership"
	},
	[CODE_DEALERSHIP_INVALID] = {
		"dealership_invalid", THING_WORKSPACE, true, FIELD_NONE, FIELD_NONE,
		"the value is not a whole number of at most 19 digits",
		"send Dealer Studio's number of the dealership"
	},
	[CODE_WORKSPACE_NOT_FOUND] = {
		"workspace_not_found", THING_WORKSPACE, true, FIELD_DEALERSHIP_ID, FIELD_NONE,
		"no workspace is configured for this dealership",
		"add the dealership to loopit.dealership and replay the lead, or have its number corrected on the website"
	},
	[CODE_DEALERSHIP_NOT_ALLOWED] = {
		"dealership_not_allowed", THING_WORKSPACE, true, FIELD_DEALERSHIP_ID, FIELD_NONE,
		"the client that sent the lead may not send leads of this dealership's workspace",
		"add the workspace to those of the client in loopit.client and replay the lead, or have the dealership's number corrected on the website"
	},
	[CODE_EMAIL_MISSING] = {
		"email_missing", THING_PERSON, true, FIELD_NONE, FIELD_NONE,
		"no e-mail address is provided, and a person is identified by it",
		"send the person's e-mail address"
	},
	[CODE_EMAIL_INVALID] = {
		"email_invalid", THING_PERSON, true, FIELD_NONE, FIELD_NONE,
		"the value is not a valid e-mail address",
		"send one address like name@example.com"
	},
	[CODE_DOB_INVALID] = {
		"dob_invalid", THING_PERSON, true, FIELD_NONE, FIELD_NONE,
		"the date of birth is not a day of the calendar written as dd/mm/yyyy",
		"send it like 31/12/1990, or leave it out"
	},
	[CODE_ADDRESS_INCOMPLETE] = {
		"address_incomplete", THING_ADDRESS, true, FIELD_NONE, FIELD_NONE,
		"this part of the address is not provided, so the address is not stored",
		"send street, city, state, postcode and country together"
	},
	[CODE_STATE_NOT_ABBREVIATED] = {
		"state_not_abbreviated", THING_ADDRESS, true, FIELD_NONE, FIELD_NONE,
		"the state is not an abbreviation that its country uses, so the address is not stored",
		"send the abbreviation, like NSW"
	},
	[CODE_LICENCE_INCOMPLETE] = {
		"licence_incomplete", THING_LICENCE, true, FIELD_NONE, FIELD_NONE,
		"this part of the driver licence is not provided, so the licence is not stored",
		"send number, expiry and date of birth together"
	},
	[CODE_LICENCE_EXPIRY_INVALID] = {
		"licence_expiry_invalid", THING_LICENCE, true, FIELD_NONE, FIELD_NONE,
		"the expiry is not a day of the calendar written as dd/mm/yyyy, so the driver licence is not stored",
		"send it like 31/12/2030"
	},
	[CODE_LICENCE_DOB_INVALID] = {
		"licence_dob_invalid", THING_LICENCE, true, FIELD_NONE, FIELD_NONE,
		"the date of birth is not a day of the calendar written as dd/mm/yyyy, so the driver licence is not stored",
		"send it like 31/12/1990"
	},
	[CODE_LICENCE_STATE_NOT_ABBREVIATED] = {
		"licence_state_not_abbreviated", THING_LICENCE, false, FIELD_NONE, FIELD_NONE,
		"the state is not an abbreviation of one to three letters or digits, so the driver licence is stored without it",
		"send the abbreviation, like NSW"
	},
	[CODE_PASSPORT_INCOMPLETE] = {
		"passport_incomplete", THING_PASSPORT, true, FIELD_NONE, FIELD_NONE,
		"this part of the passport is not provided, so the passport is not stored",
		"send number, country, expiry and date of birth together"
	},
	[CODE_PASSPORT_COUNTRY_UNKNOWN] = {
		"passport_country_unknown", THING_PASSPORT, true, FIELD_NONE, FIELD_NONE,
		"the country is not known, so the passport is not stored",
		"send one of au, us, fr, de, uk, ca, or the country's English name"
	},
	[CODE_PASSPORT_EXPIRY_INVALID] = {
		"passport_expiry_invalid", THING_PASSPORT, true, FIELD_NONE, FIELD_NONE,
		"the expiry is not a day of the calendar written as dd/mm/yyyy, so the passport is not stored",
		"send it like 31/12/2030"
	},
	[CODE_PASSPORT_DOB_INVALID] = {
		"passport_dob_invalid", THING_PASSPORT, true, FIELD_NONE, FIELD_NONE,
		"the date of birth is not a day of the calendar written as dd/mm/yyyy, so the passport is not stored",
		"send it like 31/12/1990"
	},
	[CODE_VEHICLE_MISSING] = {
		"vehicle_missing", THING_BOOKING, true, FIELD_ITEM, FIELD_NONE,
		"a subscription plan is named but no vehicle, so nothing is booked",
		"send the vehicle's VIN or stock number"
	},
	[CODE_ASSET_NOT_FOUND] = {
		"asset_not_found", THING_BOOKING, true, FIELD_VIN, FIELD_STOCK_NUMBER,
		"the workspace has no such vehicle, so nothing is booked",
		"load the vehicle into loopit.asset and replay the lead, or have the VIN or stock number corrected"
	},
	[CODE_ASSET_ARCHIVED] = {
		"asset_archived", THING_BOOKING, true, FIELD_VIN, FIELD_STOCK_NUMBER,
		"the vehicle is archived, so nothing is booked",
		"bring the vehicle back and replay the lead, or offer another one"
	},
	[CODE_LOCATION_NOT_FOUND] = {
		"location_not_found", THING_BOOKING, true, FIELD_LOCATION_NAME, FIELD_NONE,
		"the lead names no location that the workspace has, and the vehicle has no bookable location, so nothing is booked",
		"give the vehicle a location in loopit.asset_location and replay the lead"
	},
	[CODE_PACKAGE_MISSING] = {
		"package_missing", THING_BOOKING, true, FIELD_NONE, FIELD_NONE,
		"a vehicle is named but no subscription plan, so nothing is booked",
		"send the name of the package"
	},
	[CODE_PACKAGE_NOT_FOUND] = {
		"package_not_found", THING_BOOKING, true, FIELD_PLAN, FIELD_NONE,
		"the workspace has no live package of exactly this name, so nothing is booked",
		"add the package to loopit.package and replay the lead, or have the name corrected"
	},
	[CODE_VEHICLE_AMBIGUOUS] = {
		"vehicle_ambiguous", THING_BOOKING, false, FIELD_STOCK_NUMBER, FIELD_NONE,
		"the vehicle with this stock number has a VIN other than the one provided, so it is not booked",
		"have the stock number or the VIN corrected"
	},
	[CODE_LOCATION_DEFAULTED] = {
		"location_defaulted", THING_BOOKING, false, FIELD_LOCATION_NAME, FIELD_NONE,
		"the workspace has no live location of this name, so the vehicle's first bookable location is booked",
		"send the name of a location as the workspace has it"
	},
	[CODE_LOCATION_UNLISTED] = {
		"location_unlisted", THING_BOOKING, false, FIELD_LOCATION_NAME, FIELD_NONE,
		"the vehicle is not listed at this location, which is booked all the same because the lead names it",
		"check that the vehicle can be picked up there; if so, add the vehicle with this location to loopit.asset_location"
	},
	[CODE_BOOKING_CONFLICT] = {
		"booking_conflict", THING_BOOKING, false, FIELD_ID, FIELD_NONE,
		"this lead already has a booking with another person, vehicle, location or package, which is not changed",
		"change the booking by hand if the new details are right, then dismiss the lead"
	},
	[CODE_PLACEHOLDER] = {
		"placeholder", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the text only stands for a missing value, like null or N/A, so it is ignored",
		"send the value, or leave the field out"
	},
	[CODE_ID_MISSING] = {
		"id_missing", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the lead has no reference of its own, so a later delivery of it that differs is taken for another lead",
		"send Dealer Studio's number of the lead"
	},
	[CODE_STALE_PAYLOAD] = {
		"stale_payload", THING_ANY, false, FIELD_UPDATED_AT, FIELD_NONE,
		"the payload is older than what is stored of this person, so it only fills empty fields",
		"nothing needs to be done unless the sender's clock is wrong"
	},
	[CODE_UPDATED_AT_INVALID] = {
		"updated_at_invalid", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the value is not a date and time that can be read, or is more than a day in the future, so it is ignored, and the lead may only fill empty fields",
		"send it like 2025-10-03T06:10:22Z"
	},
	[CODE_IDENTITY_CHANGED] = {
		"identity_changed", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the value replaced another one that was stored of the person with this e-mail address",
		"ask the person which one is right, and whether several people use this address"
	},
	[CODE_DOCUMENT_EXPIRED] = {
		"document_expired", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the document has expired, which does not keep it from being stored",
		"ask the person for a document that is valid"
	},
	[CODE_DOB_IMPLAUSIBLE] = {
		"dob_implausible", THING_ANY, false, FIELD_NONE, FIELD_NONE,
		"the date of birth is in the future or before 1900, which does not keep it from being stored",
		"ask the person for the date of birth"
	},
	[CODE_NOT_PROVIDED] = {
		"not_provided", THING_ANY, true, FIELD_NONE, FIELD_NONE,
		"the payload has nothing of it",
		"nothing needs to be done"
	},
	[CODE_PERSON_SKIPPED] = {
		"person_skipped", THING_ANY, true, FIELD_NONE, FIELD_NONE,
		"the person is not stored, so nothing that belongs to the person is",
		"correct what kept the person from being stored"
	},
	[CODE_DATABASE_ERROR] = {
		"database_error", THING_ANY, true, FIELD_NONE, FIELD_NONE,
		"an unexpected database error kept the lead from being stored",
		"find the error in the server's log by the log id, fix its cause and replay the lead"
	}
};

const char *
status_name(Status status)
{
	static const char *const names[] = {"processed", "rejected", "failed"};

	return names[status];
}

const char *
action_name(Action action)
{
	static const char *const names[] =
	{"skipped", "unchanged", "created", "updated"};

	return names[action];
}

const char *
thing_name(Thing thing)
{
	static const char *const names[] =
	{
		"payload", "workspace", "person", "address", "driver_licence",
		"passport", "booking", "any"
	};

	return names[thing];
}

/* Returns NULL for CODE_NONE. */
const char *
code_name(Code code)
{
	return code == CODE_NONE ? NULL : code_table[code].name;
}

/* Returns the code of that name, CODE_NONE if there is none. */
Code
code_of_name(const char *name, size_t length)
{
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (strlen(code_table[code].name) == length &&
			memcmp(code_table[code].name, name, length) == 0)
			return (Code) code;
	}
	return CODE_NONE;
}

/*
 * Returns the first code of the set that keeps the thing from being stored,
 * CODE_NONE if none does.  This is the thing's reason (documentation,
 * "Codes").
 */
Code
code_first_blocking(CodeSet codes, Thing thing)
{
	for (int code = 0; code < NUM_CODES; code++)
	{
		if ((codes & CODE_BIT(code)) != 0 &&
			code_table[code].thing == thing && code_table[code].blocks)
			return (Code) code;
	}
	return CODE_NONE;
}

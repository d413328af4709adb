/*-------------------------------------------------------------------------
 *
 * code.h
 *	  The catalogue of codes: every issue and every reason that an outcome
 *	  can name.
 *
 * The order of the enum is the order of the catalogue, and it is a rule: a
 * thing's reason is the first code, in this order, that kept it from being
 * stored, and the issues of one field are listed in this order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_CODE_H
#define LOOPIT_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/field.h"

typedef enum Code
{
	CODE_WRONG_TYPE,
	CODE_TOO_LONG,
	CODE_PAYLOAD_MISSING,
	CODE_PAYLOAD_MALFORMED,
	CODE_PAYLOAD_NOT_OBJECT,
	CODE_PAYLOAD_REPAIRED,
	CODE_DEALERSHIP_MISSING,
	CODE_DEALERSHIP_INVALID,
	CODE_WORKSPACE_NOT_FOUND,
	CODE_DEALERSHIP_NOT_ALLOWED,
	CODE_EMAIL_MISSING,
	CODE_EMAIL_INVALID,
	CODE_DOB_INVALID,
	CODE_ADDRESS_INCOMPLETE,
	CODE_STATE_NOT_ABBREVIATED,
	CODE_LICENCE_INCOMPLETE,
	CODE_LICENCE_EXPIRY_INVALID,
	CODE_LICENCE_DOB_INVALID,
	CODE_LICENCE_STATE_NOT_ABBREVIATED,
	CODE_PASSPORT_INCOMPLETE,
	CODE_PASSPORT_COUNTRY_UNKNOWN,
	CODE_PASSPORT_EXPIRY_INVALID,
	CODE_PASSPORT_DOB_INVALID,
	CODE_VEHICLE_MISSING,
	CODE_ASSET_NOT_FOUND,
	CODE_ASSET_ARCHIVED,
	CODE_LOCATION_NOT_FOUND,
	CODE_PACKAGE_MISSING,
	CODE_PACKAGE_NOT_FOUND,
	CODE_VEHICLE_AMBIGUOUS,
	CODE_LOCATION_DEFAULTED,
	CODE_LOCATION_UNLISTED,
	CODE_BOOKING_CONFLICT,
	CODE_PLACEHOLDER,
	CODE_ID_MISSING,
	CODE_STALE_PAYLOAD,
	CODE_UPDATED_AT_INVALID,
	CODE_IDENTITY_CHANGED,
	CODE_DOCUMENT_EXPIRED,
	CODE_DOB_IMPLAUSIBLE,
	/* reasons that are no issues */
	CODE_NOT_PROVIDED,
	CODE_PERSON_SKIPPED,
	CODE_DATABASE_ERROR,
	NUM_CODES,
	CODE_NONE = NUM_CODES		/* no reason: JSON null */
} Code;

typedef struct CodeSpec
{
	const char *name;			/* as outcomes and the log show it */
	Thing		thing;			/* what it is about */
	bool		blocks;			/* keeps that thing from being stored */
	Field		field;			/* the field it names; FIELD_NONE if that is
								 * null, or if the field table has the fields
								 * that can have the code */
	Field		other_field;	/* a second one, or FIELD_NONE */
	const char *explanation;	/* what is wrong; a clause, so in lower case
								 * and without a period */
	const char *remedy;			/* what would be right; also a clause */
} CodeSpec;

typedef enum Status
{
	STATUS_PROCESSED,
	STATUS_REJECTED,
	STATUS_FAILED
} Status;

typedef enum Action
{
	ACTION_SKIPPED,
	ACTION_UNCHANGED,
	ACTION_CREATED,
	ACTION_UPDATED
} Action;

/* A set of codes: bit n is for code n. */
typedef uint64_t CodeSet;

#define CODE_BIT(code)	(UINT64_C(1) << (code))

extern const CodeSpec code_table[NUM_CODES];

/* The names that outcomes, the log and the catalogue show. */
extern const char *status_name(Status status);
extern const char *action_name(Action action);
extern const char *thing_name(Thing thing);
extern const char *code_name(Code code);
extern Code code_of_name(const char *name, size_t length);

extern Code code_first_blocking(CodeSet codes, Thing thing);

#endif							/* LOOPIT_CODE_H */

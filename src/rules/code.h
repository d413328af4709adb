/*-------------------------------------------------------------------------
 *
 * code.h
 *	  The catalogue of codes: every issue and every reason that an outcome
 *	  can name.
 *
 * The enum's order is the catalogue's order, and the catalogue's order is a
 * rule: a thing's reason is the first code, in this order, that kept it from
 * being stored, and the issues of one field are listed in it.  wrong_type and
 * too_long stand first because they come first within a field.
 *
 * Plain C: no server header, so that the rules can be linked without one.
 * Nothing is allocated.
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
	CODE_BOOKING_CONFLICT,
	CODE_STALE_PAYLOAD,
	CODE_UPDATED_AT_INVALID,
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
	Field		field;			/* the field it names; FIELD_NONE where that
								 * is null, or where the field table says
								 * which fields can have it */
	Field		other_field;	/* a second one; FIELD_NONE: none */
	const char *explanation;	/* what is wrong; starts a sentence's second
								 * half, so lower case, no period */
	const char *remedy;			/* what would be right; the same */
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

/* A set of codes; bit n is the code n. */
typedef uint64_t CodeSet;

#define CODE_BIT(code)	(UINT64_C(1) << (code))

extern const CodeSpec code_table[NUM_CODES];

/*
 * The names that outcomes, the log and the catalogue show.  That of a code is
 * NULL for CODE_NONE.
 */
extern const char *status_name(Status status);
extern const char *action_name(Action action);
extern const char *thing_name(Thing thing);
extern const char *code_name(Code code);

/*
 * The first code of the set that keeps the thing from being stored;
 * CODE_NONE if none does.  Source: "reason", README's code catalogue.
 */
extern Code code_first_blocking(CodeSet codes, Thing thing);

#endif							/* LOOPIT_CODE_H */

/*-------------------------------------------------------------------------
 *
 * store.c
 *	  What every storage has in common: which field of the payload fills
 *	  which column, which error is a lost race, and what is said of a row that
 *	  is not stored.  See store.h.
 *
 * Memory: work in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "store/store.h"
#include "store/tables.h"

const Field person_field[NUM_PERSON_COLUMNS] = {
	[PERSON_FIRST_NAME] = FIELD_FIRST_NAME,
	[PERSON_MIDDLE_NAME] = FIELD_MIDDLE_NAME,
	[PERSON_LAST_NAME] = FIELD_LAST_NAME,
	[PERSON_DATE_OF_BIRTH] = FIELD_DOB,
	[PERSON_MOBILE_PHONE] = FIELD_MOBILE_PHONE,
	[PERSON_MARKETING_OPT_IN] = FIELD_MARKETING_OPT_IN,
	[PERSON_STREET] = FIELD_STREET,
	[PERSON_CITY] = FIELD_CITY,
	[PERSON_STATE] = FIELD_STATE,
	[PERSON_COUNTRY] = FIELD_COUNTRY,
	[PERSON_POSTCODE] = FIELD_POSTCODE
};

const Field document_field[NUM_DOCUMENT_KINDS][NUM_DOCUMENT_COLUMNS] = {
	[DOCUMENT_DRIVER_LICENCE] = {
		[DOCUMENT_NUMBER] = FIELD_LICENCE_NUMBER,
		[DOCUMENT_CARD_NUMBER] = FIELD_LICENCE_CARD_NUMBER,
		[DOCUMENT_ISSUING_STATE] = FIELD_LICENCE_STATE,
		[DOCUMENT_ISSUING_COUNTRY] = FIELD_NONE,
		[DOCUMENT_DATE_OF_BIRTH] = FIELD_LICENCE_DOB,
		[DOCUMENT_EXPIRES_ON] = FIELD_LICENCE_EXPIRY
	},
	[DOCUMENT_PASSPORT] = {
		[DOCUMENT_NUMBER] = FIELD_PASSPORT_NUMBER,
		[DOCUMENT_CARD_NUMBER] = FIELD_NONE,
		[DOCUMENT_ISSUING_STATE] = FIELD_NONE,
		[DOCUMENT_ISSUING_COUNTRY] = FIELD_PASSPORT_COUNTRY,
		[DOCUMENT_DATE_OF_BIRTH] = FIELD_PASSPORT_DOB,
		[DOCUMENT_EXPIRES_ON] = FIELD_PASSPORT_EXPIRY
	}
};

/*
 * Without an error of the server's own, it is a trigger that returns NULL.  A
 * lead that would be reported as stored, and is not, is lost.
 */
void
store_raise_not_stored(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("row of table \"%s\" was not stored", table),
			 errhint("Look for a trigger that returns NULL."),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, "loopit"),
			 err_generic_string(PG_DIAG_TABLE_NAME, table)));
}

/* Is it the index of the look-up's key?  A DBA may have renamed it. */
static bool
is_key_of(const LookupSpec *lookup, const char *index_name)
{
	Oid			schema = get_namespace_oid("loopit", true);

	return index_name != NULL && OidIsValid(schema) &&
		direct_is_key(get_relname_relid(index_name, schema),
					  &table_specs[lookup->table].keys[lookup->key]);
}

/*
 * See store.h.  Any other unique violation is the lead's failure.  Without
 * one it is ON CONFLICT that found the row, or a trigger that returned NULL,
 * which only the next try can tell.
 */
bool
store_lost_race(const ErrorData *error)
{
	static const Lookup raced[] =
	{PERSON_BY_EMAIL, DOCUMENTS_BY_PERSON, BOOKING_BY_LEAD_REFERENCE};
	bool		not_stored =
		error->sqlerrcode == ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION;

	if ((error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION && !not_stored) ||
		error->schema_name == NULL || error->table_name == NULL ||
		strcmp(error->schema_name, "loopit") != 0)
		return false;
	for (int i = 0; i < lengthof(raced); i++)
	{
		const LookupSpec *lookup = &lookup_specs[raced[i]];

		if (strcmp(error->table_name, table_specs[lookup->table].name) == 0)
			return not_stored || is_key_of(lookup, error->constraint_name);
	}
	return false;
}

/*-------------------------------------------------------------------------
 *
 * hint.c
 *	  Hints: what the payload may have meant by a value that is not found.
 *
 * A hint repeats what the workspace has (a package, a location, a vehicle) or what ISO 3166
 * has, never what the payload says about a person.
 *
 * Memory: everything is allocated in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "ingest/alike.h"
#include "ingest/hint.h"
#include "payload/encoding.h"
#include "rules/country.h"

/* Bounds of the cost: the number of names compared, and their length. */
#define MAX_NAMES_COMPARED	200
#define MAX_NAME_LENGTH		TEXT_LIMIT

/*
 * How many edits make a name close: for a name that means something a third of
 * its characters; for a number, of which most neighbours are other vehicles', a
 * digit, or two of a VIN's many.  A short number has no close one.
 */
static int
max_edits(NameKind kind, LeadText name)
{
	int			length = (int) count_database_characters(name);

	if (kind == NAME_OF_PACKAGE || kind == NAME_OF_LOCATION)
		return length / 3;
	return length < 4 ? 0 : kind == NAME_VIN && length >= 8 ? 2 : 1;
}

/* The text in lower case (ASCII). */
static LeadText
lower_case(LeadText text)
{
	char	   *lower = palloc(text.length + 1);

	for (size_t i = 0; i < text.length; i++)
		lower[i] = ascii_lower(text.data[i]);
	return lead_text(lower, text.length);
}

/*
 * Finds what the workspace has that is closest to the name in edit distance, in
 * any case.  Returns false if nothing is close.
 */
static bool
find_nearest(const IngestContext *context, NameKind kind, LeadText name,
			 LeadText *nearest)
{
	LeadText	names[MAX_NAMES_COMPARED];
	LeadText	lower = lower_case(name);
	int			best = max_edits(kind, name);
	bool		found = false;
	int			count;

	count = store_list_near_names(context->store, kind, context->workspace_id,
								  name, MAX_NAMES_COMPARED, names);
	for (int i = 0; i < count; i++)
	{
		LeadText	other = lower_case(names[i]);
		int			edits;

		CHECK_FOR_INTERRUPTS();
		if (same_without_separators(names[i], name))
		{
			*nearest = names[i];
			return true;
		}
		if (best == 0 || count_database_characters(names[i]) > MAX_NAME_LENGTH)
			continue;
		edits = varstr_levenshtein_less_equal(lower.data, (int) lower.length,
											  other.data, (int) other.length,
											  1, 1, 1, best, true);
		if (edits <= best)
		{
			*nearest = names[i];
			found = true;
			best = edits - 1;	/* another one must be closer */
		}
	}
	return found;
}

/* Returns a sentence that names the nearest to the field's value, or NULL. */
static const char *
name_nearest(const IngestContext *context, NameKind kind, Field field)
{
	static const char *const what[] = {
		[NAME_OF_PACKAGE] = "package",
		[NAME_OF_LOCATION] = "location",
		[NAME_VIN] = "vehicle whose VIN is",
		[NAME_STOCK_NUMBER] = "vehicle whose stock number is"
	};
	LeadText	nearest;

	if (!context->lead->value[field].provided ||
		!find_nearest(context, kind, context->lead->value[field].text, &nearest))
		return NULL;
	return psprintf("The workspace has a %s \"%.*s\".", what[kind],
					(int) nearest.length, nearest.data);
}

/* Names the live package whose name is closest to the one asked for. */
const char *
hint_package(const IngestContext *context)
{
	return name_nearest(context, NAME_OF_PACKAGE, FIELD_PLAN);
}

/* Names the live location whose name is closest. */
const char *
hint_location(const IngestContext *context)
{
	return name_nearest(context, NAME_OF_LOCATION, FIELD_LOCATION_NAME);
}

/*
 * Names the live vehicle whose VIN is closest, or else whose stock number is,
 * unless that has been found.
 */
const char *
hint_asset(const IngestContext *context, bool stock_number_found)
{
	const char *hint = name_nearest(context, NAME_VIN, FIELD_VIN);

	return hint != NULL || stock_number_found ? hint :
		name_nearest(context, NAME_STOCK_NUMBER, FIELD_STOCK_NUMBER);
}

/* Names the vehicle that has the stock number and another VIN. */
const char *
hint_ambiguous_asset(const AssetRow *asset)
{
	return psprintf("Stock number \"%.*s\" is that of asset " INT64_FORMAT
					", whose VIN is \"%.*s\".",
					(int) asset->stock_number.length, asset->stock_number.data,
					asset->id, (int) asset->vin.length, asset->vin.data);
}

/* Names the archived vehicle. */
const char *
hint_archived_asset(int64 asset_id)
{
	return psprintf("Asset " INT64_FORMAT " is archived.", asset_id);
}

/*
 * Tells what to send for a name of two countries, or for a code that is not
 * accepted.  Returns NULL if the database's encoding cannot represent the name.
 */
const char *
hint_country(const RawValue *country)
{
	const char *utf8 = country_name(country->utf8.data, country->utf8.length);
	LeadText	name;

	if (country_is_ambiguous(country->utf8.data, country->utf8.length))
		return "Two countries have this name; send \"Republic of the Congo\" or \"Democratic Republic of the Congo\".";

	if (utf8 == NULL ||
		!convert_text(lead_text(utf8, strlen(utf8)), PG_UTF8,
					  GetDatabaseEncoding(), &name))
		return NULL;
	return psprintf("This code is not accepted; send the name \"%s\".",
					name.data);
}

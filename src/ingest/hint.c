/*-------------------------------------------------------------------------
 *
 * hint.c
 *	  Hints: what the payload may have meant by a value that is not found.
 *
 * A hint repeats what the workspace has (a package, a vehicle) or what ISO 3166
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

#include "ingest/hint.h"
#include "payload/encoding.h"
#include "rules/country.h"

/* Bounds of the cost: the number of names compared, and their length. */
#define MAX_NAMES_COMPARED	200
#define MAX_NAME_LENGTH		TEXT_LIMIT

/* Returns true if the texts are equal except for case and spaces. */
static bool
equal_but_for_case_and_spaces(LeadText a, LeadText b)
{
	size_t		i = 0;
	size_t		j = 0;

	for (;;)
	{
		while (i < a.length && a.data[i] == ' ')
			i++;
		while (j < b.length && b.data[j] == ' ')
			j++;
		if (i == a.length || j == b.length)
			return i == a.length && j == b.length;
		if (ascii_lower(a.data[i++]) != ascii_lower(b.data[j++]))
			return false;
	}
}

/* A name is close if it differs in at most a third of its characters. */
static int
max_edits(LeadText name)
{
	return (int) count_database_characters(name) / 3;
}

/* Names the live package whose name is closest to the one asked for. */
const char *
hint_package(const IngestContext *context, LeadText name)
{
	LeadText	names[MAX_NAMES_COMPARED];
	LeadText   *nearest = NULL;
	int			best = max_edits(name);
	int			count;

	count = store_list_packages(context->store, context->workspace_id,
								name, MAX_NAMES_COMPARED, names);
	for (int i = 0; i < count; i++)
	{
		int			edits;

		CHECK_FOR_INTERRUPTS();
		if (equal_but_for_case_and_spaces(names[i], name))
		{
			nearest = &names[i];
			break;
		}
		if (count_database_characters(names[i]) > MAX_NAME_LENGTH)
			continue;
		edits = varstr_levenshtein_less_equal(name.data, (int) name.length,
											  names[i].data,
											  (int) names[i].length,
											  1, 1, 1, best, true);
		if (edits <= best && edits > 0)
		{
			nearest = &names[i];
			best = edits - 1;	/* another one must be closer */
		}
	}
	return nearest == NULL ? NULL :
		psprintf("The workspace has a package \"%.*s\".",
				 (int) nearest->length, nearest->data);
}

/* Names the vehicle that has the stock number and another VIN. */
const char *
hint_ambiguous_asset(LeadText stock_number, const AssetRows *assets)
{
	return psprintf("Stock number \"%.*s\" is that of asset " INT64_FORMAT
					", whose VIN is \"%.*s\".",
					(int) stock_number.length, stock_number.data,
					assets->by_stock_number,
					(int) assets->vin_of_stock_number.length,
					assets->vin_of_stock_number.data);
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

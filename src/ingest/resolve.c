/*-------------------------------------------------------------------------
 *
 * resolve.c
 *	  Looks up the person, the documents, and what a booking needs.
 *
 * Source of the rules: specification, "Validation rules"; documentation, "What is
 * stored".
 *
 * Memory: rows are in the context of store_open().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/hint.h"

static bool
given(const Lead *lead, Field field)
{
	return lead->value[field].provided;
}

static bool
may_send_for(const Client *client, int64 workspace_id)
{
	if (client == NULL || client->every_workspace)
		return true;
	for (int i = 0; i < client->nworkspaces; i++)
	{
		if (client->workspaces[i] == workspace_id)
			return true;
	}
	return false;
}

/*
 * Sets the workspace of the lead's dealership; 0 with an issue if there is none,
 * or if the client (NULL: any) may not send for it.
 */
void
resolve_workspace(IngestContext *context, const Client *client,
				  IssueSet *issues)
{
	context->workspace_id =
		store_find_workspace(context->store,
							 context->lead->value[FIELD_DEALERSHIP_ID].number);
	if (context->workspace_id == 0)
		issue_add(issues, FIELD_DEALERSHIP_ID, CODE_WORKSPACE_NOT_FOUND);
	else if (!may_send_for(client, context->workspace_id))
	{
		context->workspace_id = 0;
		issue_add(issues, FIELD_DEALERSHIP_ID, CODE_DEALERSHIP_NOT_ALLOWED);
	}
}

static void
resolve_person(const IngestContext *context, Found *found)
{
	store_find_person(context->store, context->workspace_id,
					  context->lead->value[FIELD_EMAIL].text, &found->person);
	resolve_fills_only(context, found);
}

/* Looks up the person's documents, if the lead has one. */
void
resolve_documents(const IngestContext *context, Found *found)
{
	if (found->person.id != 0 &&
		(context->lead->asked[THING_LICENCE] ||
		 context->lead->asked[THING_PASSPORT]))
		store_find_documents(context->store, context->workspace_id,
							 &found->person);
}

static void
add_hint(Found *found, Code code, const char *hint)
{
	found->issues.hint[code] = hint;
}

/*
 * Looks up the vehicle.  A live one is preferred to an archived one, then a match
 * by VIN to one by stock number.  A vehicle with the stock number but another VIN
 * is not used: no booking is better than the wrong car.
 */
static void
resolve_asset(const IngestContext *context, Found *found)
{
	const Lead *lead = context->lead;
	LeadText	vin = lead->value[FIELD_VIN].text;
	LeadText	stock_number = lead->value[FIELD_STOCK_NUMBER].text;
	Field		named_by = given(lead, FIELD_VIN) ? FIELD_VIN : FIELD_STOCK_NUMBER;
	AssetRows	assets;
	int64		archived;
	bool		contradicts;

	if (!given(lead, FIELD_VIN) && !given(lead, FIELD_STOCK_NUMBER))
		return;
	store_find_live_assets(context->store, context->workspace_id, vin,
						   stock_number, &assets);

	contradicts = given(lead, FIELD_VIN) && assets.by_stock_number != 0 &&
		assets.vin_of_stock_number.data != NULL &&
		!text_equal_folded(vin.data, vin.length,
						   assets.vin_of_stock_number.data,
						   assets.vin_of_stock_number.length);
	if (contradicts)
	{
		issue_add(&found->issues, FIELD_STOCK_NUMBER, CODE_VEHICLE_AMBIGUOUS);
		add_hint(found, CODE_VEHICLE_AMBIGUOUS,
				 hint_ambiguous_asset(stock_number, &assets));
	}

	if (assets.by_vin != 0)
		found->target.asset_id = assets.by_vin;
	else if (assets.by_stock_number != 0 && !contradicts)
		found->target.asset_id = assets.by_stock_number;
	if (found->target.asset_id != 0)
		return;

	archived = store_find_archived_asset(context->store, context->workspace_id,
										 vin, stock_number);
	if (archived == 0)
		issue_add(&found->issues, named_by, CODE_ASSET_NOT_FOUND);
	else
	{
		issue_add(&found->issues, named_by, CODE_ASSET_ARCHIVED);
		add_hint(found, CODE_ASSET_ARCHIVED, hint_archived_asset(archived));
	}
}

/*
 * Looks up the location that the payload names, else the vehicle's first one.
 * The named one is taken also if the vehicle is not listed there: the website
 * offers it, and the list may be the one that is behind.
 */
static void
resolve_location(const IngestContext *context, Found *found)
{
	const Lead *lead = context->lead;

	if (found->target.asset_id == 0)
		return;
	if (given(lead, FIELD_LOCATION_NAME))
		found->target.location_id =
			store_find_location(context->store, context->workspace_id,
								lead->value[FIELD_LOCATION_NAME].text);
	found->location_from_payload = found->target.location_id != 0;
	if (found->location_from_payload)
	{
		if (!store_is_location_of_asset(context->store, context->workspace_id,
										found->target.asset_id,
										found->target.location_id))
			issue_add(&found->issues, FIELD_LOCATION_NAME,
					  CODE_LOCATION_UNLISTED);
		return;
	}

	found->target.location_id =
		store_find_first_location(context->store, context->workspace_id,
								  found->target.asset_id);
	if (found->target.location_id == 0)
		issue_add(&found->issues, FIELD_LOCATION_NAME, CODE_LOCATION_NOT_FOUND);
	else if (given(lead, FIELD_LOCATION_NAME))
		issue_add(&found->issues, FIELD_LOCATION_NAME, CODE_LOCATION_DEFAULTED);
}

static void
resolve_package(const IngestContext *context, Found *found)
{
	if (!given(context->lead, FIELD_PLAN))
		return;
	found->target.package_id =
		store_find_package(context->store, context->workspace_id,
						   context->lead->value[FIELD_PLAN].text);
	if (found->target.package_id == 0)
	{
		issue_add(&found->issues, FIELD_PLAN, CODE_PACKAGE_NOT_FOUND);
		add_hint(found, CODE_PACKAGE_NOT_FOUND,
				 hint_package(context, context->lead->value[FIELD_PLAN].text));
	}
}

/* Removes what an earlier look-up found for the booking. */
static void
forget_booking(Found *found)
{
	memset(&found->booking, 0, sizeof(found->booking));
	memset(&found->target, 0, sizeof(found->target));
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (code_table[code].thing != THING_BOOKING)
			continue;
		found->issues.hint[code] = NULL;
		for (int field = 0; field < NUM_FIELDS; field++)
			found->issues.codes[field] &= ~CODE_BIT(code);
	}
}

/* Looks up the lead's booking and everything that a new one needs. */
void
resolve_booking(const IngestContext *context, Found *found)
{
	forget_booking(found);
	if (!context->lead->asked[THING_BOOKING])
		return;
	found->target.person_id = found->person.id;
	store_find_booking(context->store, context->workspace_id,
					   context->lead->lead_reference, &found->booking);
	resolve_asset(context, found);
	resolve_location(context, found);
	resolve_package(context, found);
}

/* Looks up everything that the lead refers to. */
void
resolve_lead(const IngestContext *context, Found *found)
{
	memset(found, 0, sizeof(*found));
	resolve_person(context, found);
	resolve_documents(context, found);
	resolve_booking(context, found);
}

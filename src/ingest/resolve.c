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

#include "ingest/alike.h"
#include "ingest/hint.h"

/* Bounds of the cost where a look-up by an index has found nothing. */
#define MAX_ARCHIVED_COMPARED	100
#define MAX_LOCATIONS_COMPARED	10000

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

/* Looks up the person; *found then has nothing else. */
void
resolve_person(const IngestContext *context, Found *found)
{
	memset(found, 0, sizeof(*found));
	store_find_person(context->store, context->workspace_id,
					  context->lead->value[FIELD_EMAIL].text, &found->person);
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

/* A VIN that is not found is looked for again without its spaces. */
static int64
find_by_vin(const IngestContext *context, LeadText vin,
			int64 (*find) (Store *store, int64 workspace_id, LeadText vin))
{
	int64		id = find(context->store, context->workspace_id, vin);
	LeadText	plain;

	if (id != 0)
		return id;
	plain = without_spaces(vin);
	return plain.length == vin.length ? 0 :
		find(context->store, context->workspace_id, plain);
}

/*
 * Returns true if the vehicle has another VIN than the payload.  Spaces, hyphens
 * and case make no difference.
 */
static bool
contradicts(const Lead *lead, const AssetRow *asset)
{
	return given(lead, FIELD_VIN) && asset->vin.data != NULL &&
		!same_without_separators(lead->value[FIELD_VIN].text, asset->vin);
}

/* Returns an archived vehicle that would be booked if it were live; 0: none. */
static int64
find_archived_asset(const IngestContext *context)
{
	const Lead *lead = context->lead;
	AssetRow	assets[MAX_ARCHIVED_COMPARED];
	int64		id = 0;
	int			count = 0;

	if (given(lead, FIELD_VIN))
		id = find_by_vin(context, lead->value[FIELD_VIN].text,
						 store_find_archived_asset);
	if (id == 0 && given(lead, FIELD_STOCK_NUMBER))
		count = store_list_archived_assets(context->store, context->workspace_id,
										   lead->value[FIELD_STOCK_NUMBER].text,
										   MAX_ARCHIVED_COMPARED, assets);
	for (int i = 0; id == 0 && i < count; i++)
	{
		if (!contradicts(lead, &assets[i]))
			id = assets[i].id;
	}
	return id;
}

/* Reports that no live vehicle can be booked. */
static void
report_no_asset(const IngestContext *context, bool stock_number_found,
				Found *found)
{
	const Lead *lead = context->lead;
	Field		named_by = given(lead, FIELD_VIN) ? FIELD_VIN : FIELD_STOCK_NUMBER;
	int64		archived = find_archived_asset(context);

	if (archived != 0)
	{
		issue_add(&found->issues, named_by, CODE_ASSET_ARCHIVED);
		add_hint(found, CODE_ASSET_ARCHIVED, hint_archived_asset(archived));
	}
	else
	{
		issue_add(&found->issues, named_by, CODE_ASSET_NOT_FOUND);
		add_hint(found, CODE_ASSET_NOT_FOUND, hint_asset(context, stock_number_found));
	}
}

/*
 * Looks up the vehicle.  A live one is preferred to an archived one, then a match
 * by VIN to one by stock number.  A vehicle with the stock number but another VIN
 * is not used: no booking is better than the wrong car.  The VIN is looked up
 * last: its row is likely to be locked next.
 */
static void
resolve_asset(const IngestContext *context, Found *found)
{
	const Lead *lead = context->lead;
	LeadText	stock_number = lead->value[FIELD_STOCK_NUMBER].text;
	AssetRow	by_stock_number = {0};
	bool		usable = false;

	if (!given(lead, FIELD_VIN) && !given(lead, FIELD_STOCK_NUMBER))
		return;
	if (given(lead, FIELD_STOCK_NUMBER) &&
		store_find_asset_by_stock_number(context->store, context->workspace_id,
										 stock_number, &by_stock_number))
	{
		usable = !contradicts(lead, &by_stock_number);
		if (!usable)
		{
			issue_add(&found->issues, FIELD_STOCK_NUMBER, CODE_VEHICLE_AMBIGUOUS);
			add_hint(found, CODE_VEHICLE_AMBIGUOUS,
					 hint_ambiguous_asset(&by_stock_number));
		}
	}
	if (given(lead, FIELD_VIN))
		found->target.asset_id =
			find_by_vin(context, lead->value[FIELD_VIN].text,
						store_find_asset_by_vin);
	if (found->target.asset_id == 0 && usable)
		found->target.asset_id = by_stock_number.id;
	if (found->target.asset_id == 0)
		report_no_asset(context, by_stock_number.id != 0, found);
}

/*
 * Returns the live location whose name is the same when runs of white space, and
 * the forms of an apostrophe and of a hyphen, are alike; 0 if there is none, or
 * if there are several, of which each may be meant.
 */
static int64
find_alike_location(const IngestContext *context, LeadText name)
{
	LeadText   *names = palloc(MAX_LOCATIONS_COMPARED * sizeof(LeadText));
	LeadText	plain = make_plain_name(name);
	LeadText   *alike = NULL;
	int			count;

	count = store_list_locations(context->store, context->workspace_id,
								 MAX_LOCATIONS_COMPARED, names);
	for (int i = 0; i < count; i++)
	{
		if (!is_plain_name(names[i], plain))
			continue;
		if (alike != NULL)
			return 0;
		alike = &names[i];
	}
	return alike == NULL ? 0 :
		store_find_location(context->store, context->workspace_id, *alike);
}

static int64
find_location(const IngestContext *context, LeadText name)
{
	int64		id = store_find_location(context->store, context->workspace_id,
										 name);

	return id != 0 ? id : find_alike_location(context, name);
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
	Code		code = CODE_LOCATION_DEFAULTED;

	if (found->target.asset_id == 0)
		return;
	if (given(lead, FIELD_LOCATION_NAME))
		found->target.location_id =
			find_location(context, lead->value[FIELD_LOCATION_NAME].text);
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
		code = CODE_LOCATION_NOT_FOUND;
	else if (!given(lead, FIELD_LOCATION_NAME))
		return;
	issue_add(&found->issues, FIELD_LOCATION_NAME, code);
	if (given(lead, FIELD_LOCATION_NAME))
		add_hint(found, code, hint_location(context));
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
				 hint_package(context));
	}
}

/* Looks up the lead's booking and everything that a new one needs. */
static void
find_booking(const IngestContext *context, Found *found)
{
	if (!context->lead->asked[THING_BOOKING])
		return;
	found->target.person_id = found->person.id;
	store_find_booking(context->store, context->workspace_id,
					   context->lead->lead_reference, &found->booking);
	resolve_asset(context, found);
	resolve_location(context, found);
	resolve_package(context, found);
}

/* Looks it up again: removes what an earlier look-up found for the booking. */
void
resolve_booking(const IngestContext *context, Found *found)
{
	CodeSet		others = 0;

	memset(&found->booking, 0, sizeof(found->booking));
	memset(&found->target, 0, sizeof(found->target));
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (code_table[code].thing == THING_BOOKING)
			found->issues.hint[code] = NULL;
		else
			others |= CODE_BIT(code);
	}
	for (int field = 0; field < NUM_FIELDS; field++)
		found->issues.codes[field] &= others;
	find_booking(context, found);
}

/* Looks up everything else that the lead refers to. */
void
resolve_things(const IngestContext *context, Found *found)
{
	resolve_fills_only(context, found);
	resolve_documents(context, found);
	find_booking(context, found);
}

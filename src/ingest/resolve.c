/*-------------------------------------------------------------------------
 *
 * resolve.c
 *	  Look-ups: the person, the documents, and what a booking takes.
 *
 * Source of the rules: specification, "Validation rules"; README, "Booking".
 *
 * Memory: rows in the context of store_open().
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

/*
 * Is the payload older than the person?  One that speaks as of its receipt
 * also gives way to deliveries that came later and did not say as of when.
 */
static bool
is_stale(const IngestContext *context, const StoredPerson *person)
{
	int64		as_of = context->as_of.number;

	if (person->id == 0 || !context->as_of.provided)
		return false;
	if (person->source_updated_at.provided &&
		as_of < person->source_updated_at.number)
		return true;
	return context->as_of_receipt &&
		store_received_later(context->store, context->workspace_id,
							 context->lead->value[FIELD_EMAIL].text,
							 as_of, person->updated_at);
}

static void
resolve_person(const IngestContext *context, Found *found)
{
	store_find_person(context->store, context->workspace_id,
					  context->lead->value[FIELD_EMAIL].text, &found->person);
	found->stale = is_stale(context, &found->person);
	if (found->stale)
		issue_add(&found->issues, FIELD_UPDATED_AT, CODE_STALE_PAYLOAD);
}

/* See stages.h. */
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
 * The vehicle.  A live one comes before an archived one, the VIN before the
 * stock number; one with the stock number but another VIN is not taken,
 * because no booking is better than the wrong car.
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

/* The location that the payload names, else the vehicle's first one. */
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
		return;

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

/* Takes back what an earlier look found of the booking. */
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

/* See stages.h. */
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

/* See stages.h. */
void
resolve_lead(const IngestContext *context, Found *found)
{
	memset(found, 0, sizeof(*found));
	resolve_person(context, found);
	resolve_documents(context, found);
	resolve_booking(context, found);
}

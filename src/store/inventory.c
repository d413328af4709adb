/*-------------------------------------------------------------------------
 *
 * inventory.c
 *	  The storage of what a loader brings and a lead refers to: workspaces,
 *	  dealerships, vehicles, locations and packages.
 *
 * Memory: works in the caller's context, to which texts of rows are copied;
 * see also row.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/row.h"

/* A text, ASCII case folded, as the indexes on names and VINs have it. */
static LeadText
folded(LeadText text)
{
	char	   *lower = palloc(text.length);

	for (size_t i = 0; i < text.length; i++)
		lower[i] = ascii_lower(text.data[i]);
	return lead_text(lower, text.length);
}

/* Returns the workspace of a dealership; 0: none. */
int64
store_find_workspace(Store *store, int64 dealership_id)
{
	Datum		key[] = {Int64GetDatum(dealership_id)};
	RowScan		row;

	return find_row(store, DEALERSHIP_BY_ID, key, &row) ?
		row_integer(&row, DEALERSHIP_WORKSPACE_ID) : 0;
}

bool
store_workspace_exists(Store *store, int64 workspace_id)
{
	Datum		key[] = {Int64GetDatum(workspace_id)};
	RowScan		row;

	return find_row(store, WORKSPACE_BY_ID, key, &row);
}

/*
 * Finds the live vehicles of a VIN and of a stock number, either of which may
 * have no data.  The VIN comes last: its row is likely to be locked next.
 */
void
store_find_live_assets(Store *store, int64 workspace_id, LeadText vin,
					   LeadText stock_number, AssetRows *assets)
{
	RowScan		row;

	memset(assets, 0, sizeof(*assets));
	if (stock_number.data != NULL &&
		find_row_by_text(store, ASSET_BY_STOCK_NUMBER, workspace_id, stock_number,
						 &row))
	{
		assets->by_stock_number = row_integer(&row, ASSET_ID);
		assets->vin_of_stock_number = row_value(&row, ASSET_VIN).text;
	}
	if (vin.data != NULL &&
		find_row_by_text(store, ASSET_BY_VIN, workspace_id, folded(vin), &row))
		assets->by_vin = row_integer(&row, ASSET_ID);
}

/*
 * Returns an archived vehicle of the VIN or the stock number, one with the VIN
 * first; 0: none.  One with the stock number counts only if it has no other
 * VIN than the given one.
 */
int64
store_find_archived_asset(Store *store, int64 workspace_id, LeadText vin,
						  LeadText stock_number)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, vin);
	arg_text(&args, stock_number);
	return single_id(run_look(store, SQL_FIND_ARCHIVED_ASSET, &args));
}

/* Returns the live location of that name, in any case; 0: none. */
int64
store_find_location(Store *store, int64 workspace_id, LeadText name)
{
	RowScan		row;

	return find_row_by_text(store, LOCATION_BY_NAME, workspace_id, folded(name),
							&row) ? row_integer(&row, LOCATION_ID) : 0;
}

/*
 * Returns the vehicle's first bookable location that is live; 0: none.  The
 * search for its locations ends before they are looked up, since it holds a
 * buffer pin, which must not be held while a lock is waited for.
 */
int64
store_find_first_location(Store *store, int64 workspace_id, int64 asset_id)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(asset_id)};
	List	   *ids = NIL;
	ListCell   *lc;
	RowScan		row;

	find_rows(store, LOCATIONS_BY_ASSET, key, &row);
	while (next_row(&row))
	{
		int64	   *id = palloc(sizeof(int64));

		*id = row_integer(&row, ASSET_LOCATION_LOCATION_ID);
		ids = lappend(ids, id);
	}
	end_rows(&row);

	foreach(lc, ids)
	{
		key[1] = Int64GetDatum(*(int64 *) lfirst(lc));
		if (find_row(store, LOCATION_BY_ID, key, &row) &&
			row_is_null(&row, LOCATION_ARCHIVED_AT))
			return *(int64 *) lfirst(lc);
	}
	return 0;
}

/* Returns true if the location is among the vehicle's bookable ones. */
bool
store_is_location_of_asset(Store *store, int64 workspace_id, int64 asset_id,
						   int64 location_id)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(asset_id),
	Int64GetDatum(location_id)};
	RowScan		row;

	return find_row(store, ASSET_LOCATION_BY_ID, key, &row);
}

/* Returns the live package of exactly that name; 0: none. */
int64
store_find_package(Store *store, int64 workspace_id, LeadText name)
{
	RowScan		row;

	return find_row_by_text(store, PACKAGE_BY_NAME, workspace_id, name, &row) ?
		row_integer(&row, PACKAGE_ID) : 0;
}

/*
 * Lists names of live packages, limit at most, those first that differ from
 * the given one in case or spaces only; returns how many.
 */
int
store_list_packages(Store *store, int64 workspace_id, LeadText name, int limit,
					LeadText *names)
{
	StatementArgs args = {0};
	uint64		rows;

	arg_integer(&args, workspace_id);
	arg_text(&args, name);
	arg_integer(&args, limit);
	rows = run_look(store, SQL_LIST_PACKAGES, &args);
	for (uint64 row = 0; row < rows; row++)
		names[row] = result_text(row, 1);
	return (int) rows;
}

/* Locks a row that a booking refers to; false: it is gone, or archived. */
static bool
lock_live_row(Store *store, Table table, int64 workspace_id, int64 id,
			  int archived_at)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(id)};
	RowScan		row;

	return lock_row(store, table, LockTupleKeyShare, key, &row) &&
		row_is_null(&row, archived_at);
}

/*
 * Keeps the vehicle, location and package from being deleted.  Returns false
 * if one is gone or archived.
 */
bool
store_lock_booking_rows(Store *store, int64 workspace_id,
						const BookingRow *booking)
{
	return lock_live_row(store, TABLE_ASSET, workspace_id, booking->asset_id,
						 ASSET_ARCHIVED_AT) &&
		lock_live_row(store, TABLE_LOCATION, workspace_id,
					  booking->location_id, LOCATION_ARCHIVED_AT) &&
		lock_live_row(store, TABLE_PACKAGE, workspace_id, booking->package_id,
					  PACKAGE_ARCHIVED_AT);
}

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

/* Returns the live vehicle of that VIN, in any case; 0: none. */
int64
store_find_asset_by_vin(Store *store, int64 workspace_id, LeadText vin)
{
	RowScan		row;

	return find_row_by_text(store, ASSET_BY_VIN, workspace_id, folded(vin), &row) ?
		row_integer(&row, ASSET_ID) : 0;
}

static void
take_asset(const RowScan *row, AssetRow *asset)
{
	asset->id = row_integer(row, ASSET_ID);
	asset->vin = row_value(row, ASSET_VIN).text;
	asset->stock_number = row_value(row, ASSET_STOCK_NUMBER).text;
}

/*
 * Finds the live vehicle of exactly that stock number, otherwise the one that
 * has it in any case, if it is one only.  Returns false if there is none.
 */
bool
store_find_asset_by_stock_number(Store *store, int64 workspace_id,
								 LeadText stock_number, AssetRow *asset)
{
	Datum		key[] = {Int64GetDatum(workspace_id), 0};
	RowScan		row;
	int			count = 0;

	if (find_row_by_text(store, ASSET_BY_STOCK_NUMBER, workspace_id, stock_number,
						 &row))
	{
		take_asset(&row, asset);
		return true;
	}
	key[1] = text_datum(folded(stock_number));
	find_rows(store, ASSETS_BY_FOLDED_STOCK_NUMBER, key, &row);
	while (count < 2 && next_row(&row))
	{
		take_asset(&row, asset);
		count++;
	}
	end_rows(&row);
	if (count != 1)
		memset(asset, 0, sizeof(*asset));
	return count == 1;
}

/* Returns an archived vehicle of that VIN, in any case; 0: none. */
int64
store_find_archived_asset(Store *store, int64 workspace_id, LeadText vin)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, vin);
	return single_id(run_look(store, SQL_FIND_ARCHIVED_ASSET, &args));
}

/* Lists archived vehicles of exactly that stock number; returns how many. */
int
store_list_archived_assets(Store *store, int64 workspace_id,
						   LeadText stock_number, int limit, AssetRow *assets)
{
	StatementArgs args = {0};
	uint64		rows;

	arg_integer(&args, workspace_id);
	arg_text(&args, stock_number);
	arg_integer(&args, limit);
	rows = run_look(store, SQL_LIST_ARCHIVED_ASSETS, &args);
	for (uint64 row = 0; row < rows; row++)
	{
		assets[row].id = result_integer(row, 1);
		assets[row].vin = result_text(row, 2);
		assets[row].stock_number = stock_number;
	}
	return (int) rows;
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

static int
list_names(Store *store, Statement statement, StatementArgs *args,
		   LeadText *names)
{
	uint64		rows = run_look(store, statement, args);

	for (uint64 row = 0; row < rows; row++)
		names[row] = result_text(row, 1);
	return (int) rows;
}

/* Lists the names of live locations, at most limit; returns how many. */
int
store_list_locations(Store *store, int64 workspace_id, int limit,
					 LeadText *names)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, limit);
	return list_names(store, SQL_LIST_LOCATIONS, &args, names);
}

/*
 * Lists what a name may be meant for, at most limit; returns how many.  Of
 * packages those come first that differ in case or spaces only; of others those
 * that are next to the name in alphabetical order.
 */
int
store_list_near_names(Store *store, NameKind kind, int64 workspace_id,
					  LeadText name, int limit, LeadText *names)
{
	static const Statement lists[] = {
		[NAME_OF_PACKAGE] = SQL_LIST_PACKAGES,
		[NAME_OF_LOCATION] = SQL_LIST_NEAR_LOCATIONS,
		[NAME_VIN] = SQL_LIST_VINS,
		[NAME_STOCK_NUMBER] = SQL_LIST_STOCK_NUMBERS
	};
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, name);
	arg_integer(&args, limit);
	return list_names(store, lists[kind], &args, names);
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

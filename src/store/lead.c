/*-------------------------------------------------------------------------
 *
 * lead.c
 *	  The storage of what a lead touches: workspaces, persons, documents,
 *	  bookings, and what a loader brings.
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

/* Finds a row of a workspace by a text. */
static bool
find_by_text(Store *store, Lookup lookup, int64 workspace_id, LeadText text,
			 RowScan *row)
{
	Datum		key[] = {Int64GetDatum(workspace_id), text_datum(text)};

	return find_row(store, lookup, key, row);
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

/* Reads the values of the current row that fields of a payload fill. */
static void
read_values(const RowScan *row, int kind, StoredPerson *person)
{
	for (int i = 0; i < MAX_COLUMNS && row->spec->columns[i].name; i++)
	{
		Field		field = row->spec->columns[i].field[kind];

		if (field != FIELD_NONE)
			person->value[field] = row_value(row, i);
	}
}

/* Takes back what has been read of a table's row. */
static void
clear_values(Table table, int kind, StoredPerson *person)
{
	const ColumnSpec *columns = table_specs[table].columns;

	for (int i = 0; i < MAX_COLUMNS && columns[i].name; i++)
	{
		if (columns[i].field[kind] != FIELD_NONE)
			person->value[columns[i].field[kind]].provided = false;
	}
}

/* Sets the values of a row that is to be stored. */
static void
set_values(RowValues *row, Table table, int kind, const StoredPerson *person)
{
	const TableSpec *spec = &table_specs[table];

	for (int i = 0; i < MAX_COLUMNS && spec->columns[i].name; i++)
	{
		Field		field = spec->columns[i].field[kind];

		if (field != FIELD_NONE)
			set_value(row, spec, i, &person->value[field]);
	}
}

/*
 * Finds the person with that address (in lower case); not the documents.  Its
 * address is among the values whether it is found or not.
 */
void
store_find_person(Store *store, int64 workspace_id, LeadText email,
				  StoredPerson *person)
{
	RowScan		row;

	memset(person, 0, sizeof(*person));
	person->value[FIELD_EMAIL].provided = true;
	person->value[FIELD_EMAIL].text = email;
	if (!find_by_text(store, PERSON_BY_EMAIL, workspace_id, email, &row))
		return;
	person->id = row_integer(&row, PERSON_ID);
	person->source_updated_at = row_value(&row, PERSON_SOURCE_UPDATED_AT);
	person->updated_at = row_integer(&row, PERSON_UPDATED_AT);
	read_values(&row, 0, person);
}

/*
 * Returns true if a delivery of the person was received after that time (a
 * replay counting as of its first receipt), or if the row was last changed
 * after it by something of which the log has no row (any more).
 */
bool
store_received_later(Store *store, int64 workspace_id, LeadText email,
					 int64 received_at, int64 changed_at)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, email);
	arg_integer(&args, received_at);
	arg_integer(&args, changed_at);
	return run_look(store, SQL_RECEIVED_LATER, &args) > 0;
}

static const char *
document_kind_name(DocumentKind kind)
{
	return kind == DOCUMENT_PASSPORT ? "passport" : "driver_licence";
}

/* Reads the documents of a person that is stored. */
void
store_find_documents(Store *store, int64 workspace_id, StoredPerson *person)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(person->id)};
	RowScan		row;

	for (int kind = 0; kind < NUM_DOCUMENT_KINDS; kind++)
	{
		person->has_document[kind] = false;
		clear_values(TABLE_IDENTITY_DOCUMENT, kind, person);
	}
	find_rows(store, DOCUMENTS_BY_PERSON, key, &row);
	while (next_row(&row))
	{
		LeadText	name = row_value(&row, DOCUMENT_KIND).text;
		DocumentKind kind =
			strcmp(name.data, document_kind_name(DOCUMENT_PASSPORT)) == 0 ?
			DOCUMENT_PASSPORT : DOCUMENT_DRIVER_LICENCE;

		person->has_document[kind] = true;
		read_values(&row, kind, person);
	}
	end_rows(&row);
}

/* Finds the booking of a lead. */
void
store_find_booking(Store *store, int64 workspace_id, LeadText lead_reference,
				   BookingRow *booking)
{
	RowScan		row;

	memset(booking, 0, sizeof(*booking));
	if (!find_by_text(store, BOOKING_BY_LEAD_REFERENCE, workspace_id,
					  lead_reference, &row))
		return;
	booking->id = row_integer(&row, BOOKING_ID);
	booking->person_id = row_integer(&row, BOOKING_PERSON_ID);
	booking->asset_id = row_integer(&row, BOOKING_ASSET_ID);
	booking->location_id = row_integer(&row, BOOKING_LOCATION_ID);
	booking->package_id = row_integer(&row, BOOKING_PACKAGE_ID);
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
		find_by_text(store, ASSET_BY_STOCK_NUMBER, workspace_id, stock_number,
					 &row))
	{
		assets->by_stock_number = row_integer(&row, ASSET_ID);
		assets->vin_of_stock_number = row_value(&row, ASSET_VIN).text;
	}
	if (vin.data != NULL &&
		find_by_text(store, ASSET_BY_VIN, workspace_id, folded(vin), &row))
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

	return find_by_text(store, LOCATION_BY_NAME, workspace_id, folded(name),
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

/* Returns the live package of exactly that name; 0: none. */
int64
store_find_package(Store *store, int64 workspace_id, LeadText name)
{
	RowScan		row;

	return find_by_text(store, PACKAGE_BY_NAME, workspace_id, name, &row) ?
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

/* Locks the person against other writers; false: the person is gone. */
bool
store_lock_person(Store *store, int64 workspace_id, int64 person_id)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(person_id)};
	RowScan		row;

	return lock_row(store, TABLE_PERSON, LockTupleNoKeyExclusive, key, &row);
}

static void
fill_person_row(RowValues *row, int64 workspace_id, int64 created_at,
				const StoredPerson *person)
{
	new_row(row);
	set_integer(row, PERSON_WORKSPACE_ID, workspace_id);
	set_integer(row, PERSON_ID, person->id);
	set_text(row, PERSON_EMAIL, person->value[FIELD_EMAIL].text);
	set_integer(row, PERSON_CREATED_AT, created_at);
	set_integer(row, PERSON_UPDATED_AT, person->updated_at);
	set_value(row, &table_specs[TABLE_PERSON], PERSON_SOURCE_UPDATED_AT,
			  &person->source_updated_at);
	set_values(row, TABLE_PERSON, 0, person);
}

/* Inserts the person, without documents; returns the id.  May lose a race. */
int64
store_insert_person(Store *store, int64 workspace_id, int64 now,
					const StoredPerson *person)
{
	RowValues	row;

	fill_person_row(&row, workspace_id, now, person);
	return insert_row(store, TABLE_PERSON, &row);
}

/*
 * Updates the person, without documents.  Returns false if there is no such
 * row, or a trigger kept it from being updated.
 */
bool
store_update_person(Store *store, int64 workspace_id,
					const StoredPerson *person)
{
	RowValues	row;

	fill_person_row(&row, workspace_id, 0, person);
	return update_row(store, TABLE_PERSON, &row);
}

static void
fill_document_row(RowValues *row, int64 workspace_id, DocumentKind kind,
				  int64 now, const StoredPerson *person)
{
	new_row(row);
	set_integer(row, DOCUMENT_WORKSPACE_ID, workspace_id);
	set_integer(row, DOCUMENT_PERSON_ID, person->id);
	set_string(row, DOCUMENT_KIND, document_kind_name(kind));
	set_integer(row, DOCUMENT_CREATED_AT, now);
	set_integer(row, DOCUMENT_UPDATED_AT, now);
	set_values(row, TABLE_IDENTITY_DOCUMENT, kind, person);
}

/* Inserts the person's document of that kind.  May lose a race. */
void
store_insert_document(Store *store, int64 workspace_id, DocumentKind kind,
					  int64 now, const StoredPerson *person)
{
	RowValues	row;

	fill_document_row(&row, workspace_id, kind, now, person);
	(void) insert_row(store, TABLE_IDENTITY_DOCUMENT, &row);
}

/*
 * Updates the person's document of that kind.  Returns false if it is gone, or
 * a trigger kept it from being updated.
 */
bool
store_update_document(Store *store, int64 workspace_id, DocumentKind kind,
					  int64 now, const StoredPerson *person)
{
	RowValues	row;

	fill_document_row(&row, workspace_id, kind, now, person);
	return update_row(store, TABLE_IDENTITY_DOCUMENT, &row);
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

/* Inserts a booking; returns its id.  May lose a race. */
int64
store_insert_booking(Store *store, int64 workspace_id, LeadText lead_reference,
					 int64 log_id, int64 now, const BookingRow *booking)
{
	RowValues	row;

	new_row(&row);
	set_integer(&row, BOOKING_WORKSPACE_ID, workspace_id);
	set_integer(&row, BOOKING_PERSON_ID, booking->person_id);
	set_integer(&row, BOOKING_ASSET_ID, booking->asset_id);
	set_integer(&row, BOOKING_LOCATION_ID, booking->location_id);
	set_integer(&row, BOOKING_PACKAGE_ID, booking->package_id);
	set_integer(&row, BOOKING_INGEST_LOG_ID, log_id);
	set_integer(&row, BOOKING_CREATED_AT, now);
	set_text(&row, BOOKING_LEAD_REFERENCE, lead_reference);
	return insert_row(store, TABLE_BOOKING, &row);
}

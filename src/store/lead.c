/*-------------------------------------------------------------------------
 *
 * lead.c
 *	  The storage of what a lead touches: workspaces, persons, documents,
 *	  bookings, and what a loader brings.  See store.h.
 *
 * Memory: see row.c; texts of rows are copied to the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/row.h"

/* The arguments of most keys: a row of a workspace, by id or by text. */
static StatementArgs
id_key(int64 workspace_id, int64 id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, id);
	return args;
}

static StatementArgs
text_key(int64 workspace_id, LeadText text)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, text);
	return args;
}

/* A text, ASCII case folded, as the indexes on names and VINs have it. */
static LeadText
folded(LeadText text)
{
	char	   *lower = palloc(text.length);

	for (size_t i = 0; i < text.length; i++)
		lower[i] = ascii_lower(text.data[i]);
	return lead_text(lower, text.length);
}

int64
store_find_workspace(Store *store, int64 dealership_id)
{
	StatementArgs args = {0};
	StoreRow	row;

	arg_integer(&args, dealership_id);
	return find_row(store, DEALERSHIP_BY_ID, &args, &row) ?
		row_integer(&row, DEALERSHIP_WORKSPACE_ID) : 0;
}

bool
store_workspace_exists(Store *store, int64 workspace_id)
{
	StatementArgs args = {0};
	StoreRow	row;

	arg_integer(&args, workspace_id);
	return find_row(store, WORKSPACE_BY_ID, &args, &row);
}

void
store_find_person(Store *store, int64 workspace_id, LeadText email,
				  PersonRow *person)
{
	StatementArgs args = text_key(workspace_id, email);
	StoreRow	row;

	memset(person, 0, sizeof(*person));
	if (!find_row(store, PERSON_BY_EMAIL, &args, &row))
		return;
	person->id = row_integer(&row, PERSON_ID);
	person->source_updated_at = row_value(&row, PERSON_SOURCE_UPDATED_AT,
										  TYPE_TIMESTAMP);
	person->updated_at = row_integer(&row, PERSON_UPDATED_AT);
	for (int i = 0; i < NUM_PERSON_COLUMNS; i++)
		person->column[i] = row_value(&row, FIRST_PERSON_COLUMN + i,
									  field_table[person_field[i]].type);
}

bool
store_received_later(Store *store, int64 workspace_id, LeadText email,
					 int64 received_at, int64 changed_at)
{
	StatementArgs args = text_key(workspace_id, email);

	arg_integer(&args, received_at);
	arg_integer(&args, changed_at);
	return run_look(store, SQL_RECEIVED_LATER, &args) > 0;
}

/* The type of a document's column: both dates, all else text. */
static FieldType
document_column_type(int column)
{
	return column == DOCUMENT_DATE_OF_BIRTH || column == DOCUMENT_EXPIRES_ON ?
		TYPE_DATE : TYPE_TEXT;
}

static const char *
document_kind_name(DocumentKind kind)
{
	return kind == DOCUMENT_PASSPORT ? "passport" : "driver_licence";
}

void
store_find_documents(Store *store, int64 workspace_id, int64 person_id,
					 DocumentRow documents[NUM_DOCUMENT_KINDS])
{
	StatementArgs args = id_key(workspace_id, person_id);
	StoreRow	row;

	memset(documents, 0, sizeof(DocumentRow) * NUM_DOCUMENT_KINDS);
	find_rows(store, DOCUMENTS_BY_PERSON, &args, &row);
	while (next_row(&row))
	{
		LeadText	kind = row_value(&row, DOCUMENT_KIND, TYPE_TEXT).text;
		DocumentRow *document =
			&documents[strcmp(kind.data, document_kind_name(DOCUMENT_PASSPORT)) == 0 ?
					   DOCUMENT_PASSPORT : DOCUMENT_DRIVER_LICENCE];

		document->exists = true;
		for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
			document->column[i] = row_value(&row, FIRST_DOCUMENT_COLUMN + i,
											document_column_type(i));
	}
	end_rows(&row);
}

void
store_find_booking(Store *store, int64 workspace_id, LeadText lead_reference,
				   BookingRow *booking)
{
	StatementArgs args = text_key(workspace_id, lead_reference);
	StoreRow	row;

	memset(booking, 0, sizeof(*booking));
	if (!find_row(store, BOOKING_BY_LEAD_REFERENCE, &args, &row))
		return;
	booking->id = row_integer(&row, BOOKING_ID);
	booking->person_id = row_integer(&row, BOOKING_PERSON_ID);
	booking->asset_id = row_integer(&row, BOOKING_ASSET_ID);
	booking->location_id = row_integer(&row, BOOKING_LOCATION_ID);
	booking->package_id = row_integer(&row, BOOKING_PACKAGE_ID);
}

/* The VIN comes last: it is the one whose row is likely to be locked next. */
void
store_find_live_assets(Store *store, int64 workspace_id, LeadText vin,
					   LeadText stock_number, AssetRows *assets)
{
	StoreRow	row;

	memset(assets, 0, sizeof(*assets));
	if (stock_number.data != NULL)
	{
		StatementArgs args = text_key(workspace_id, stock_number);

		if (find_row(store, ASSET_BY_STOCK_NUMBER, &args, &row))
		{
			assets->by_stock_number = row_integer(&row, ASSET_ID);
			assets->vin_of_stock_number =
				row_value(&row, ASSET_VIN, TYPE_TEXT).text;
		}
	}
	if (vin.data != NULL)
	{
		StatementArgs args = text_key(workspace_id, folded(vin));

		if (find_row(store, ASSET_BY_VIN, &args, &row))
			assets->by_vin = row_integer(&row, ASSET_ID);
	}
}

int64
store_find_archived_asset(Store *store, int64 workspace_id, LeadText vin,
						  LeadText stock_number)
{
	StatementArgs args = text_key(workspace_id, vin);

	arg_text(&args, stock_number);
	return single_id(run_look(store, SQL_FIND_ARCHIVED_ASSET, &args));
}

int64
store_find_location(Store *store, int64 workspace_id, LeadText name)
{
	StatementArgs args = text_key(workspace_id, folded(name));
	StoreRow	row;

	return find_row(store, LOCATION_BY_NAME, &args, &row) ?
		row_integer(&row, LOCATION_ID) : 0;
}

int64
store_find_first_location(Store *store, int64 workspace_id, int64 asset_id)
{
	StatementArgs args = id_key(workspace_id, asset_id);
	StoreRow	row;
	int64		found = 0;

	find_rows(store, LOCATIONS_BY_ASSET, &args, &row);
	while (found == 0 && next_row(&row))
	{
		int64		location_id = row_integer(&row, ASSET_LOCATION_LOCATION_ID);
		StatementArgs key = id_key(workspace_id, location_id);
		StoreRow	location;

		if (find_row(store, LOCATION_BY_ID, &key, &location) &&
			row_is_null(&location, LOCATION_ARCHIVED_AT))
			found = location_id;
	}
	end_rows(&row);
	return found;
}

int64
store_find_package(Store *store, int64 workspace_id, LeadText name)
{
	StatementArgs args = text_key(workspace_id, name);
	StoreRow	row;

	return find_row(store, PACKAGE_BY_NAME, &args, &row) ?
		row_integer(&row, PACKAGE_ID) : 0;
}

int
store_list_packages(Store *store, int64 workspace_id, LeadText name, int limit,
					LeadText *names)
{
	StatementArgs args = text_key(workspace_id, name);
	uint64		rows;

	arg_integer(&args, limit);
	rows = run_look(store, SQL_LIST_PACKAGES, &args);
	for (uint64 row = 0; row < rows; row++)
		names[row] = result_value(row, 1, TYPE_TEXT).text;
	return (int) rows;
}

bool
store_lock_person(Store *store, int64 workspace_id, int64 person_id)
{
	StatementArgs args = id_key(workspace_id, person_id);
	StoreRow	row;

	return lock_row(store, TABLE_PERSON, &args, &row);
}

/* A whole row of loopit.person. */
static StatementArgs
person_args(int64 workspace_id, LeadText email, int64 now,
			const PersonRow *person)
{
	StatementArgs args = id_key(workspace_id, person->id);

	arg_text(&args, email);
	arg_integer(&args, now);
	arg_integer(&args, person->updated_at);
	arg_value(&args, TYPE_TIMESTAMP, &person->source_updated_at);
	for (int i = 0; i < NUM_PERSON_COLUMNS; i++)
		arg_value(&args, field_table[person_field[i]].type, &person->column[i]);
	return args;
}

int64
store_insert_person(Store *store, int64 workspace_id, LeadText email, int64 now,
					const PersonRow *person)
{
	StatementArgs args = person_args(workspace_id, email, now, person);

	return insert_row(store, TABLE_PERSON, &args);
}

bool
store_update_person(Store *store, int64 workspace_id, const PersonRow *person)
{
	StatementArgs args = person_args(workspace_id, lead_text(NULL, 0), 0,
									 person);

	return update_row(store, TABLE_PERSON, &args);
}

/* A whole row of loopit.identity_document. */
static StatementArgs
document_args(int64 workspace_id, int64 person_id, DocumentKind kind,
			  int64 now, const DocumentRow *document)
{
	StatementArgs args = id_key(workspace_id, person_id);

	arg_string(&args, document_kind_name(kind));
	arg_integer(&args, now);
	arg_integer(&args, now);
	for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
		arg_value(&args, document_column_type(i), &document->column[i]);
	return args;
}

void
store_insert_document(Store *store, int64 workspace_id, int64 person_id,
					  DocumentKind kind, int64 now,
					  const DocumentRow *document)
{
	StatementArgs args = document_args(workspace_id, person_id, kind, now,
									   document);

	(void) insert_row(store, TABLE_IDENTITY_DOCUMENT, &args);
}

bool
store_update_document(Store *store, int64 workspace_id, int64 person_id,
					  DocumentKind kind, int64 now,
					  const DocumentRow *document)
{
	StatementArgs args = document_args(workspace_id, person_id, kind, now,
									   document);

	return update_row(store, TABLE_IDENTITY_DOCUMENT, &args);
}

/* Locks a row of what a booking takes; false: it is gone, or archived. */
static bool
hold_live_row(Store *store, Table table, int64 workspace_id, int64 id,
			  int archived_at)
{
	StatementArgs args = id_key(workspace_id, id);
	StoreRow	row;

	return lock_row(store, table, &args, &row) &&
		row_is_null(&row, archived_at);
}

bool
store_hold_booking_rows(Store *store, int64 workspace_id,
						const BookingRow *booking)
{
	return hold_live_row(store, TABLE_ASSET, workspace_id, booking->asset_id,
						 ASSET_ARCHIVED_AT) &&
		hold_live_row(store, TABLE_LOCATION, workspace_id,
					  booking->location_id, LOCATION_ARCHIVED_AT) &&
		hold_live_row(store, TABLE_PACKAGE, workspace_id, booking->package_id,
					  PACKAGE_ARCHIVED_AT);
}

int64
store_insert_booking(Store *store, int64 workspace_id, LeadText lead_reference,
					 int64 log_id, int64 now, const BookingRow *booking)
{
	StatementArgs args = id_key(workspace_id, 0);

	arg_integer(&args, booking->person_id);
	arg_integer(&args, booking->asset_id);
	arg_integer(&args, booking->location_id);
	arg_integer(&args, booking->package_id);
	arg_integer(&args, log_id);
	arg_integer(&args, now);
	arg_text(&args, lead_reference);
	return insert_row(store, TABLE_BOOKING, &args);
}

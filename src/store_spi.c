/*-------------------------------------------------------------------------
 *
 * store_spi.c
 *	  The storage over SPI: persons, documents, bookings and what they need.
 *	  See store.h.
 *
 * Memory: see store_run.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store_run.h"

int64
store_find_workspace(Store *store, int64 dealership_id)
{
	StatementArgs args = {0};

	arg_integer(&args, dealership_id);
	return single_id(run_look(store, SQL_FIND_WORKSPACE, &args));
}

bool
store_workspace_exists(Store *store, int64 workspace_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	return run_look(store, SQL_WORKSPACE_EXISTS, &args) > 0;
}

void
store_find_person(Store *store, int64 workspace_id, LeadText email,
				  PersonRow *person)
{
	StatementArgs args = {0};

	memset(person, 0, sizeof(*person));
	arg_integer(&args, workspace_id);
	arg_text(&args, email);
	if (run_look(store, SQL_FIND_PERSON, &args) == 0)
		return;

	for (int i = 0; i < NUM_PERSON_COLUMNS; i++)
		person->column[i] = result_value(0, i + 1,
										 field_table[person_field[i]].type);
	person->id = result_integer(0, NUM_PERSON_COLUMNS + 1);
	person->source_updated_at = result_value(0, NUM_PERSON_COLUMNS + 2,
											 TYPE_TIMESTAMP);
	person->updated_at = result_integer(0, NUM_PERSON_COLUMNS + 3);
}

/* The type of a document's column: both dates, all else text. */
static FieldType
document_column_type(int column)
{
	return column == DOCUMENT_DATE_OF_BIRTH || column == DOCUMENT_EXPIRES_ON ?
		TYPE_DATE : TYPE_TEXT;
}

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

void
store_find_documents(Store *store, int64 workspace_id, int64 person_id,
					 DocumentRow documents[NUM_DOCUMENT_KINDS])
{
	StatementArgs args = {0};
	uint64		rows;

	memset(documents, 0, sizeof(DocumentRow) * NUM_DOCUMENT_KINDS);
	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	rows = run_look(store, SQL_FIND_DOCUMENTS, &args);
	for (uint64 row = 0; row < rows; row++)
	{
		DocumentKind kind = result_bool(row, NUM_DOCUMENT_COLUMNS + 1) ?
			DOCUMENT_PASSPORT : DOCUMENT_DRIVER_LICENCE;
		DocumentRow *document = &documents[kind];

		document->exists = true;
		for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
			document->column[i] = result_value(row, i + 1,
											   document_column_type(i));
	}
}

void
store_find_booking(Store *store, int64 workspace_id, LeadText lead_reference,
				   BookingRow *booking)
{
	StatementArgs args = {0};

	memset(booking, 0, sizeof(*booking));
	arg_integer(&args, workspace_id);
	arg_text(&args, lead_reference);
	if (run_look(store, SQL_FIND_BOOKING, &args) == 0)
		return;
	booking->id = result_integer(0, 1);
	booking->person_id = result_integer(0, 2);
	booking->asset_id = result_integer(0, 3);
	booking->location_id = result_integer(0, 4);
	booking->package_id = result_integer(0, 5);
}

/* The arguments of both look-ups of vehicles. */
static void
asset_args(StatementArgs *args, int64 workspace_id, LeadText vin,
		   LeadText stock_number)
{
	arg_integer(args, workspace_id);
	arg_text(args, vin);
	arg_text(args, stock_number);
}

void
store_find_live_assets(Store *store, int64 workspace_id, LeadText vin,
					   LeadText stock_number, AssetRows *assets)
{
	StatementArgs args = {0};
	uint64		rows;

	memset(assets, 0, sizeof(*assets));
	asset_args(&args, workspace_id, vin, stock_number);
	rows = run_look(store, SQL_FIND_LIVE_ASSETS, &args);
	for (uint64 row = 0; row < rows; row++)
	{
		if (result_bool(row, 2))
			assets->by_vin = result_integer(row, 1);
		else
		{
			assets->by_stock_number = result_integer(row, 1);
			assets->vin_of_stock_number =
				result_value(row, 3, TYPE_TEXT).text;
		}
	}
}

int64
store_find_archived_asset(Store *store, int64 workspace_id, LeadText vin,
						  LeadText stock_number)
{
	StatementArgs args = {0};

	asset_args(&args, workspace_id, vin, stock_number);
	return single_id(run_look(store, SQL_FIND_ARCHIVED_ASSET, &args));
}

/* A row of the workspace, found by a name. */
static int64
find_by_name(Store *store, Statement statement, int64 workspace_id, LeadText name)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, name);
	return single_id(run_look(store, statement, &args));
}

int64
store_find_location(Store *store, int64 workspace_id, LeadText name)
{
	return find_by_name(store, SQL_FIND_LOCATION, workspace_id, name);
}

int64
store_find_first_location(Store *store, int64 workspace_id, int64 asset_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, asset_id);
	return single_id(run_look(store, SQL_FIND_FIRST_LOCATION, &args));
}

int64
store_find_package(Store *store, int64 workspace_id, LeadText name)
{
	return find_by_name(store, SQL_FIND_PACKAGE, workspace_id, name);
}

bool
store_lock_person(Store *store, int64 workspace_id, int64 person_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	return run_change(store, SQL_LOCK_PERSON, &args) > 0;
}

/* The arguments from $3 on, which inserting and updating have in common. */
static void
person_args(StatementArgs *args, int64 now, const PersonRow *person)
{
	arg_integer(args, now);
	arg_value(args, TYPE_TIMESTAMP, &person->source_updated_at);
	for (int i = 0; i < NUM_PERSON_COLUMNS; i++)
		arg_value(args, field_table[person_field[i]].type, &person->column[i]);
}

int64
store_insert_person(Store *store, int64 workspace_id, LeadText email, int64 now,
					const PersonRow *person)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, email);
	person_args(&args, now, person);
	return single_id(run_change(store, SQL_INSERT_PERSON, &args));
}

bool
store_update_person(Store *store, int64 workspace_id, const PersonRow *person)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person->id);
	person_args(&args, person->updated_at, person);
	return run_change(store, SQL_UPDATE_PERSON, &args) > 0;
}

/* Inserting and updating have the same arguments. */
static bool
write_document(Store *store, Statement statement, int64 workspace_id,
			   int64 person_id, DocumentKind kind, int64 now,
			   const DocumentRow *document)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	arg_string(&args, kind == DOCUMENT_PASSPORT ? "passport" : "driver_licence");
	arg_integer(&args, now);
	for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
		arg_value(&args, document_column_type(i), &document->column[i]);
	return run_change(store, statement, &args) > 0;
}

bool
store_insert_document(Store *store, int64 workspace_id, int64 person_id,
					  DocumentKind kind, int64 now,
					  const DocumentRow *document)
{
	return write_document(store, SQL_INSERT_DOCUMENT, workspace_id, person_id,
						  kind, now, document);
}

bool
store_update_document(Store *store, int64 workspace_id, int64 person_id,
					  DocumentKind kind, int64 now,
					  const DocumentRow *document)
{
	return write_document(store, SQL_UPDATE_DOCUMENT, workspace_id, person_id,
						  kind, now, document);
}

bool
store_hold_booking_rows(Store *store, int64 workspace_id,
						const BookingRow *booking)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, booking->asset_id);
	arg_integer(&args, booking->location_id);
	arg_integer(&args, booking->package_id);
	return run_change(store, SQL_HOLD_BOOKING_ROWS, &args) > 0;
}

int64
store_insert_booking(Store *store, int64 workspace_id, LeadText lead_reference,
					 int64 log_id, int64 now, const BookingRow *booking)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, booking->person_id);
	arg_integer(&args, booking->asset_id);
	arg_integer(&args, booking->location_id);
	arg_integer(&args, booking->package_id);
	arg_integer(&args, log_id);
	arg_integer(&args, now);
	arg_text(&args, lead_reference);
	return single_id(run_change(store, SQL_INSERT_BOOKING, &args));
}

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
		names[row] = result_value(row, 1, TYPE_TEXT).text;
	return (int) rows;
}

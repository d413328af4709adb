/*-------------------------------------------------------------------------
 *
 * store_spi.c
 *	  The storage over SPI.  See store.h; the statements are in statement.c.
 *
 * Memory: SPI's own context dies at store_close(); what look-ups return is
 * copied to the context that was current at store_open().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "outcome.h"
#include "statement.h"
#include "store.h"
#include "version.h"

/* See store.h. */
void
store_open(Store *store, bool read_only)
{
	store->read_only = read_only;
	store->has_snapshot = false;
	store->result_context = CurrentMemoryContext;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static void
drop_snapshot(Store *store)
{
	if (store->has_snapshot)
		PopActiveSnapshot();
	store->has_snapshot = false;
}

void
store_close(Store *store)
{
	drop_snapshot(store);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * See store.h.  One snapshot for all look-ups of a round, so that they tell
 * of one moment; it has what this transaction did before.
 */
void
store_look(Store *store)
{
	if (store->read_only)
		return;
	drop_snapshot(store);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	store->has_snapshot = true;
}

/* A look-up, in the snapshot of store_look(). */
static uint64
look(Statement statement, StatementArgs *args)
{
	return run_statement(statement, args, true);
}

/* A write or a lock, on the newest rows. */
static uint64
change(Store *store, Statement statement, StatementArgs *args)
{
	Assert(!store->read_only);
	return run_statement(statement, args, false);
}

static Datum
result_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/* A bigint of the result; 0 where it is null. */
static int64
result_integer(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static bool
result_bool(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* A value of the result, its text copied out of SPI's context. */
static LeadValue
result_value(Store *store, uint64 row, int column, FieldType type)
{
	LeadValue	value = {0};
	bool		isnull;
	Datum		datum = result_datum(row, column, &isnull);

	value.provided = !isnull;
	if (isnull)
		return value;
	if (type == TYPE_DATE)
		value.number = DatumGetDateADT(datum);
	else if (type == TYPE_BOOLEAN)
		value.number = DatumGetBool(datum);
	else if (type == TYPE_TIMESTAMP)
		value.number = DatumGetTimestampTz(datum);
	else
	{
		text	   *stored = DatumGetTextPP(datum);
		size_t		length = VARSIZE_ANY_EXHDR(stored);
		char	   *copy = MemoryContextAlloc(store->result_context, length + 1);

		memcpy(copy, VARDATA_ANY(stored), length);
		copy[length] = '\0';
		value.text.data = copy;
		value.text.length = length;
	}
	return value;
}

/* The first column of the only row; 0 where there is no row. */
static int64
single_id(uint64 rows)
{
	return rows == 0 ? 0 : result_integer(0, 1);
}

int64
store_find_workspace(Store *store, int64 dealership_id)
{
	StatementArgs args = {0};

	arg_integer(&args, dealership_id);
	return single_id(look(SQL_FIND_WORKSPACE, &args));
}

void
store_find_person(Store *store, int64 workspace_id, LeadText email,
				  PersonRow *person)
{
	StatementArgs args = {0};

	memset(person, 0, sizeof(*person));
	arg_integer(&args, workspace_id);
	arg_text(&args, email);
	if (look(SQL_FIND_PERSON, &args) == 0)
		return;

	for (int i = 0; i < NUM_PERSON_COLUMNS; i++)
		person->column[i] = result_value(store, 0, i + 1,
										 field_table[person_field[i]].type);
	person->id = result_integer(0, NUM_PERSON_COLUMNS + 1);
	person->source_updated_at = result_value(store, 0, NUM_PERSON_COLUMNS + 2,
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

void
store_find_documents(Store *store, int64 workspace_id, int64 person_id,
					 DocumentRow documents[NUM_DOCUMENT_KINDS])
{
	StatementArgs args = {0};
	uint64		rows;

	memset(documents, 0, sizeof(DocumentRow) * NUM_DOCUMENT_KINDS);
	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	rows = look(SQL_FIND_DOCUMENTS, &args);
	for (uint64 row = 0; row < rows; row++)
	{
		DocumentKind kind = result_bool(row, NUM_DOCUMENT_COLUMNS + 1) ?
			DOCUMENT_PASSPORT : DOCUMENT_DRIVER_LICENCE;
		DocumentRow *document = &documents[kind];

		document->exists = true;
		document->updated_at = result_integer(row, NUM_DOCUMENT_COLUMNS + 2);
		for (int i = 0; i < NUM_DOCUMENT_COLUMNS; i++)
			document->column[i] = result_value(store, row, i + 1,
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
	if (look(SQL_FIND_BOOKING, &args) == 0)
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
	rows = look(SQL_FIND_LIVE_ASSETS, &args);
	for (uint64 row = 0; row < rows; row++)
	{
		if (result_bool(row, 2))
			assets->by_vin = result_integer(row, 1);
		else
		{
			assets->by_stock_number = result_integer(row, 1);
			assets->vin_of_stock_number =
				result_value(store, row, 3, TYPE_TEXT).text;
		}
	}
}

bool
store_archived_asset_exists(Store *store, int64 workspace_id, LeadText vin,
							LeadText stock_number)
{
	StatementArgs args = {0};

	asset_args(&args, workspace_id, vin, stock_number);
	return look(SQL_FIND_ARCHIVED_ASSET, &args) > 0;
}

/* A row of the workspace, found by a name. */
static int64
find_by_name(Statement statement, int64 workspace_id, LeadText name)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_text(&args, name);
	return single_id(look(statement, &args));
}

int64
store_find_location(Store *store, int64 workspace_id, LeadText name)
{
	return find_by_name(SQL_FIND_LOCATION, workspace_id, name);
}

int64
store_find_first_location(Store *store, int64 workspace_id, int64 asset_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, asset_id);
	return single_id(look(SQL_FIND_FIRST_LOCATION, &args));
}

int64
store_find_package(Store *store, int64 workspace_id, LeadText name)
{
	return find_by_name(SQL_FIND_PACKAGE, workspace_id, name);
}

bool
store_lock_person(Store *store, int64 workspace_id, int64 person_id)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person_id);
	return change(store, SQL_LOCK_PERSON, &args) > 0;
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
	return single_id(change(store, SQL_INSERT_PERSON, &args));
}

void
store_update_person(Store *store, int64 workspace_id, const PersonRow *person)
{
	StatementArgs args = {0};

	arg_integer(&args, workspace_id);
	arg_integer(&args, person->id);
	person_args(&args, person->updated_at, person);
	change(store, SQL_UPDATE_PERSON, &args);
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
	return change(store, statement, &args) > 0;
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
	return change(store, SQL_HOLD_BOOKING_ROWS, &args) > 0;
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
	return single_id(change(store, SQL_INSERT_BOOKING, &args));
}

void
store_insert_log(Store *store, const LogRow *row, const Outcome *outcome)
{
	StatementArgs args = {0};
	const ThingOutcome *booking = &outcome->thing[THING_BOOKING];

	arg_integer(&args, row->id);
	arg_integer(&args, row->received_at);
	arg_value(&args, TYPE_BIGINT, &row->dealership_id);
	arg_id(&args, outcome->workspace_id);
	arg_id(&args, outcome->person_id);
	arg_id(&args, outcome->booking_id);
	arg_id(&args, row->replay_of);
	arg_integer(&args, row->duration_us);
	arg_datum(&args, Int32GetDatum(PAYLOAD_VERSION), false);
	arg_datum(&args, BoolGetDatum(row->asked_for_booking), false);
	arg_string(&args, status_name(outcome->status));
	arg_string(&args, code_name(outcome->reason));
	arg_text(&args, outcome->lead_reference);
	arg_text(&args, row->email);
	arg_string(&args, action_name(outcome->thing[THING_PERSON].action));
	arg_string(&args, action_name(booking->action));
	arg_string(&args, code_name(booking->reason));
	arg_text(&args, row->ingested_by);
	arg_datum(&args, PointerGetDatum(row->outcome), false);
	arg_datum(&args, PointerGetDatum(row->payload), row->payload == NULL);
	arg_datum(&args, PointerGetDatum(row->raw_body), row->raw_body == NULL);
	change(store, SQL_INSERT_LOG, &args);
}

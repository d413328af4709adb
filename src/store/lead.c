/*-------------------------------------------------------------------------
 *
 * lead.c
 *	  The storage of what a lead writes: persons, documents and bookings.
 *
 * Memory: works in the caller's context, to which texts of rows are copied;
 * see also row.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "store/row.h"

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

static void
read_person(const RowScan *row, StoredPerson *person)
{
	person->id = row_integer(row, PERSON_ID);
	person->source_updated_at = row_value(row, PERSON_SOURCE_UPDATED_AT);
	person->updated_at = row_integer(row, PERSON_UPDATED_AT);
	read_values(row, 0, person);
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
	if (!find_row_by_text(store, PERSON_BY_EMAIL, workspace_id, email, &row))
		return;
	read_person(&row, person);
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

/* Returns the kind of that name; NUM_DOCUMENT_KINDS: another, or none. */
static DocumentKind
document_kind(LeadText name)
{
	for (int kind = 0; name.data != NULL && kind < NUM_DOCUMENT_KINDS; kind++)
	{
		if (strcmp(name.data, document_kind_name((DocumentKind) kind)) == 0)
			return (DocumentKind) kind;
	}
	return NUM_DOCUMENT_KINDS;
}

/* Reads the documents of a person that is stored; not those of other kinds. */
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
		DocumentKind kind = document_kind(row_value(&row, DOCUMENT_KIND).text);

		if (kind == NUM_DOCUMENT_KINDS)
			continue;
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
	if (!find_row_by_text(store, BOOKING_BY_LEAD_REFERENCE, workspace_id,
						  lead_reference, &row))
		return;
	booking->id = row_integer(&row, BOOKING_ID);
	booking->person_id = row_integer(&row, BOOKING_PERSON_ID);
	booking->asset_id = row_integer(&row, BOOKING_ASSET_ID);
	booking->location_id = row_integer(&row, BOOKING_LOCATION_ID);
	booking->package_id = row_integer(&row, BOOKING_PACKAGE_ID);
}

/*
 * Locks the person against other deliveries and writers, and reads its newest
 * version; false: the person is gone.  Raises a serialization failure if the
 * log has a delivery of the person that the transaction's one snapshot does not
 * see: a delivery that changed nothing, or a document alone, leaves the
 * person's row as it was.
 */
bool
store_lock_person(Store *store, int64 workspace_id, StoredPerson *person)
{
	Datum		key[] = {Int64GetDatum(workspace_id), Int64GetDatum(person->id)};
	RowScan		row;

	if (!lock_row(store, TABLE_PERSON, LockTupleNoKeyExclusive, key, &row))
		return false;
	read_person(&row, person);
	if (IsolationUsesXactSnapshot())
		require_visible_log(store, workspace_id, person->id);
	return true;
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

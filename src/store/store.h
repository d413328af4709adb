/*-------------------------------------------------------------------------
 *
 * store.h
 *	  The storage: one function a database operation, no business rule in any
 *	  of them, so that rules never see SQL and the storage can be another.
 *
 * Every call stands between store_open() and store_close(), in a session that
 * runs as the owner of the tables (owner.h).  Texts go in and come out in the
 * database's encoding; those that come out are palloc'd in the current
 * context.  An id is never 0: 0 says that there is none.
 *
 * Look-ups see one snapshot: from store_look() on, what was committed, and
 * what this transaction did, before it.  Writes see the newest rows.  All may
 * raise what the server raises.  Where another transaction was quicker, locks
 * and updates answer it, and inserts raise what store_lost_race() knows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STORE_H
#define LOOPIT_STORE_H

#include "nodes/execnodes.h"
#include "utils/jsonb.h"

#include "rules/lead.h"

/* Columns of loopit.person that a payload fills; the address comes last. */
typedef enum PersonColumn
{
	PERSON_FIRST_NAME,
	PERSON_MIDDLE_NAME,
	PERSON_LAST_NAME,
	PERSON_DATE_OF_BIRTH,
	PERSON_MOBILE_PHONE,
	PERSON_MARKETING_OPT_IN,
	PERSON_STREET,
	PERSON_CITY,
	PERSON_STATE,
	PERSON_COUNTRY,
	PERSON_POSTCODE,
	NUM_PERSON_COLUMNS
} PersonColumn;

#define FIRST_ADDRESS_COLUMN PERSON_STREET

/* The payload's field that fills a column of loopit.person. */
extern const Field person_field[NUM_PERSON_COLUMNS];

typedef struct PersonRow
{
	int64		id;				/* 0: no such person */
	LeadValue	column[NUM_PERSON_COLUMNS];
	LeadValue	source_updated_at;
	int64		updated_at;		/* microseconds, as LeadValue's */
} PersonRow;

typedef enum DocumentKind
{
	DOCUMENT_DRIVER_LICENCE,
	DOCUMENT_PASSPORT,
	NUM_DOCUMENT_KINDS
} DocumentKind;

typedef enum DocumentColumn
{
	DOCUMENT_NUMBER,
	DOCUMENT_CARD_NUMBER,
	DOCUMENT_ISSUING_STATE,
	DOCUMENT_ISSUING_COUNTRY,
	DOCUMENT_DATE_OF_BIRTH,
	DOCUMENT_EXPIRES_ON,
	NUM_DOCUMENT_COLUMNS
} DocumentColumn;

/* The payload's field that fills a document's column; FIELD_NONE: none. */
extern const Field document_field[NUM_DOCUMENT_KINDS][NUM_DOCUMENT_COLUMNS];

typedef struct DocumentRow
{
	bool		exists;
	LeadValue	column[NUM_DOCUMENT_COLUMNS];
} DocumentRow;

typedef struct BookingRow
{
	int64		id;				/* 0: no such booking */
	int64		person_id;		/* 0: the person was erased */
	int64		asset_id;
	int64		location_id;
	int64		package_id;
} BookingRow;

/* The live vehicles that a payload's two keys name. */
typedef struct AssetRows
{
	int64		by_vin;			/* 0: none */
	int64		by_stock_number;
	LeadText	vin_of_stock_number;	/* data NULL: it has none */
} AssetRows;

/* A row of loopit.ingest_log, but for the outcome's own columns. */
typedef struct LogRow
{
	int64		id;
	int64		received_at;
	LeadValue	dealership_id;
	int64		replay_of;		/* 0: none */
	LeadValue	first_received_at;	/* of a replay: when the payload first
									 * came */
	int64		duration_us;
	bool		asked_for_booking;
	LeadText	email;
	LeadText	ingested_by;
	Jsonb	   *payload;		/* NULL: none */
	bytea	   *raw_body;		/* NULL: none */
	Jsonb	   *outcome;
} LogRow;

struct Outcome;

struct DirectSession;

/* A row that this call has locked or inserted, by its primary key. */
typedef struct HeldRow
{
	int			table;
	Datum		key[2];
} HeldRow;

typedef struct Store
{
	bool		read_only;		/* nothing may be written or locked */
	bool		has_snapshot;	/* that of the look-ups, to be popped */
	bool		connected;		/* to SPI, once a statement needs it */
	struct DirectSession *direct;	/* NULL: no table in use without SQL */
	int			held_count;
	HeldRow		held[12];
} Store;

/* Defines loopit_leads.storage; from _PG_init(). */
extern void store_init(void);

/* read_only: look-ups take the snapshot that the calling query has. */
extern void store_open(Store *store, bool read_only);
extern void store_close(Store *store);

/* Look-ups; store_look() starts a new round of them. */
extern void store_look(Store *store);
extern int64 store_find_workspace(Store *store, int64 dealership_id);
extern bool store_workspace_exists(Store *store, int64 workspace_id);
extern void store_find_person(Store *store, int64 workspace_id,
							  LeadText email, PersonRow *person);

/*
 * Was a delivery of the person received after that time (a replay counting
 * as of its first receipt), or was the row last changed after it by something
 * of which the log has no row (any more)?
 */
extern bool store_received_later(Store *store, int64 workspace_id,
								 LeadText email, int64 received_at,
								 int64 changed_at);
extern void store_find_documents(Store *store, int64 workspace_id,
								 int64 person_id,
								 DocumentRow documents[NUM_DOCUMENT_KINDS]);
extern void store_find_booking(Store *store, int64 workspace_id,
							   LeadText lead_reference, BookingRow *booking);
extern void store_find_live_assets(Store *store, int64 workspace_id,
								   LeadText vin, LeadText stock_number,
								   AssetRows *assets);

/*
 * An archived vehicle that the two keys name, one with the VIN first; 0: none.
 * One with the stock number counts only if its VIN is not another than the
 * given one.
 */
extern int64 store_find_archived_asset(Store *store, int64 workspace_id,
									   LeadText vin, LeadText stock_number);
extern int64 store_find_location(Store *store, int64 workspace_id,
								 LeadText name);
extern int64 store_find_first_location(Store *store, int64 workspace_id,
									   int64 asset_id);
extern int64 store_find_package(Store *store, int64 workspace_id,
								LeadText name);

/* Locks the person against other writers; false: the person is gone. */
extern bool store_lock_person(Store *store, int64 workspace_id,
							  int64 person_id);

/*
 * What is inserted may be there already, by another transaction that was
 * quicker: an error is raised then, of which store_lost_race() knows.  Answers
 * the id.
 */
extern int64 store_insert_person(Store *store, int64 workspace_id,
								 LeadText email, int64 now,
								 const PersonRow *person);

/* False: it is not there, or a trigger kept it from being updated. */
extern bool store_update_person(Store *store, int64 workspace_id,
								const PersonRow *person);

extern void store_insert_document(Store *store, int64 workspace_id,
								  int64 person_id, DocumentKind kind,
								  int64 now, const DocumentRow *document);

/* False: it is gone, or a trigger kept it from being updated. */
extern bool store_update_document(Store *store, int64 workspace_id,
								  int64 person_id, DocumentKind kind,
								  int64 now, const DocumentRow *document);

/* Keeps the three rows from being deleted; false: one is gone or archived. */
extern bool store_hold_booking_rows(Store *store, int64 workspace_id,
									const BookingRow *booking);

/* Answers the id; may lose a race like store_insert_person(). */
extern int64 store_insert_booking(Store *store, int64 workspace_id,
								  LeadText lead_reference, int64 log_id,
								  int64 now, const BookingRow *booking);

/*
 * Is the error that of an insert for a person, document or booking that
 * another transaction has made in between?  What raised it is undone then, and
 * once more will find that row.
 */
extern bool store_lost_race(const ErrorData *error);

extern void store_insert_log(Store *store, const LogRow *row,
							 const struct Outcome *outcome);

/* Raises an error that says that a row of the table is not stored. */
_Noreturn extern void store_raise_not_stored(const char *table);

/* What a row of the log has of its delivery. */
typedef struct LoggedDelivery
{
	Jsonb	   *payload;		/* NULL: none */
	bytea	   *raw_body;		/* NULL: none */
	int64		first_received_at;	/* of a replay: that of the first delivery */
} LoggedDelivery;

/* False: there is no such row. */
extern bool store_find_delivery(Store *store, int64 log_id,
								LoggedDelivery *delivery);

/*
 * Rows of the log, newest first, into the result of loopit_find_leads().  A
 * text without data, and a time that is not provided, is no condition.
 */
extern void store_find_leads(Store *store, LeadText lead_reference,
							 LeadText email, const LeadValue *from,
							 const LeadValue *until, ReturnSetInfo *result);

/* Dismisses that row's lead. */
extern void store_dismiss_lead(Store *store, int64 log_id, int64 now,
							   LeadText note);

/* Deletes rows received before; answers how many. */
extern int64 store_purge_log(Store *store, int64 processed_before,
							 int64 others_before, int64 max_rows);

/* How many rows an erasure changed. */
typedef struct ForgetCounts
{
	int64		persons;
	int64		documents;
	int64		bookings;
	int64		log_rows;
} ForgetCounts;

extern void store_forget_person(Store *store, int64 workspace_id,
								LeadText email, ForgetCounts *counts);

/*
 * Names of live packages, limit at most, those first that differ from the
 * given one in case or spaces only; answers how many.
 */
extern int	store_list_packages(Store *store, int64 workspace_id,
								LeadText name, int limit, LeadText *names);

#endif							/* LOOPIT_STORE_H */

/*-------------------------------------------------------------------------
 *
 * store.h
 *	  The storage: one function per database operation, and no business rule
 *	  in any of them, so that the stages never see SQL and the storage can be
 *	  another.
 *
 * src/store reads and writes the tables of schema loopit.  It is called by
 * ingest and admin, and calls server and rules.  row.h is its inner interface,
 * with two implementations; store/direct is the one that does without SQL.
 *
 * Every call is made between store_open() and store_close(), in a session that
 * runs as the owner of the tables (server/owner.h).  Texts are in the
 * database's encoding; those that are returned are palloc'd in the current
 * context.  An id is never 0: 0 stands for none.  All may raise what the
 * server raises.
 *
 * Look-ups see one snapshot: what was committed when it was taken, and what
 * this transaction did before.  Writes see the newest rows.  On conflict with
 * another transaction, locks and updates return false, and inserts raise an
 * error that store_lost_race() recognizes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STORE_H
#define LOOPIT_STORE_H

#include "access/transam.h"
#include "utils/array.h"
#include "utils/elog.h"
#include "utils/jsonb.h"
#include "utils/portal.h"
#include "utils/tuplestore.h"

#include "rules/lead.h"

typedef struct Store Store;

typedef enum DocumentKind
{
	DOCUMENT_DRIVER_LICENCE,
	DOCUMENT_PASSPORT,
	NUM_DOCUMENT_KINDS
} DocumentKind;

/* What is stored of a person: the row of loopit.person and the documents. */
typedef struct StoredPerson
{
	int64		id;				/* 0: no such person */
	LeadValue	source_updated_at;
	int64		updated_at;		/* microseconds, as LeadValue's */
	bool		has_document[NUM_DOCUMENT_KINDS];
	LeadValue	value[NUM_FIELDS];	/* by the payload's field that fills it */
} StoredPerson;

typedef struct BookingRow
{
	int64		id;				/* 0: no such booking */
	int64		person_id;		/* 0: the person was erased */
	int64		asset_id;
	int64		location_id;
	int64		package_id;
} BookingRow;

typedef struct AssetRow
{
	int64		id;				/* 0: none */
	LeadText	vin;			/* data NULL: it has none */
	LeadText	stock_number;
} AssetRow;

/* Live rows' names that a payload may mean. */
typedef enum NameKind
{
	NAME_OF_PACKAGE,
	NAME_OF_LOCATION,
	NAME_VIN,
	NAME_STOCK_NUMBER
} NameKind;

/* A row of loopit.ingest_log; ids that are 0 are null. */
typedef struct LogRow
{
	int64		id;
	int64		received_at;
	LeadValue	dealership_id;
	int64		workspace_id;
	int64		person_id;
	int64		booking_id;
	int64		replay_of;
	LeadValue	first_received_at;	/* of a replay: when the payload first
									 * came */
	int64		duration_us;
	int			payload_version;
	bool		asked_for_booking;
	bool		open;			/* something is to be done about the lead */
	Status		status;
	Code		reason;			/* CODE_NONE is null, also below */
	LeadText	lead_reference;
	LeadText	email;
	Action		person_action;
	Action		booking_action;
	Code		booking_reason;
	const char *ingested_by;
	LeadText	client_id;		/* no data: null */
	Jsonb	   *outcome;
	Jsonb	   *payload;		/* NULL: none */
	bytea	   *raw_body;		/* NULL: none */
} LogRow;

/* What a row of the log has of its delivery. */
typedef struct LoggedDelivery
{
	Jsonb	   *payload;		/* NULL: none */
	bytea	   *raw_body;		/* NULL: none */
	int64		first_received_at;	/* of a replay: that of the first delivery */
} LoggedDelivery;

/* What loopit_find_leads() looks for; without data it is no condition. */
typedef struct LeadQuery
{
	LeadText	lead_reference;
	LeadText	other_reference;	/* found as well */
	LeadText	email;
	LeadValue	from;			/* times; both ends are included */
	LeadValue	until;
	LeadValue	dealership_id;
} LeadQuery;

/* Rows of the log whose payload, or body, was not processed. */
typedef struct UnreadScan
{
	Portal		cursor;
	uint64		rows;			/* fetched */
	uint64		next;			/* of these */
	int64		log_id;			/* the current row */
	bytea	   *raw_body;		/* NULL: none */
	Jsonb	   *payload;		/* NULL: none, or it was processed */
} UnreadScan;

/* How many rows an erasure changed. */
typedef struct ForgetCounts
{
	int64		persons;
	int64		documents;
	int64		bookings;
	int64		log_rows;
} ForgetCounts;

/*
 * Which days (UTC) of the log are counted, as loopit.ingest_counted has it, and
 * which of the transactions that may still add rows are in progress.
 */
typedef struct DayCounts
{
	int32		counted_until;	/* the days before these */
	int32		ended_until;
	int32		purged_until;
	int32		checked_until;
	FullTransactionId next;		/* the next transaction, when that was read */
	bool		alone;			/* none that is older is in progress */
	bool		ended;			/* none that is older than ended_until's is */
	bool		waiting;		/* ended_until's is one of this server */
} DayCounts;

/* store.c */
extern void store_init(void);
extern Store *store_open(bool read_only);
extern void store_close(Store *store);
extern void store_take_snapshot(Store *store);
extern bool store_lost_race(const ErrorData *error);
_Noreturn extern void store_raise_not_stored(const char *table);

/* inventory.c */
extern int64 store_find_workspace(Store *store, int64 dealership_id);
extern bool store_workspace_exists(Store *store, int64 workspace_id);
extern int64 store_find_asset_by_vin(Store *store, int64 workspace_id,
									 LeadText vin);
extern bool store_find_asset_by_stock_number(Store *store, int64 workspace_id,
											 LeadText stock_number,
											 AssetRow *asset);
extern int64 store_find_archived_asset(Store *store, int64 workspace_id,
									   LeadText vin);
extern int	store_list_archived_assets(Store *store, int64 workspace_id,
									   LeadText stock_number, int limit,
									   AssetRow *assets);
extern int64 store_find_location(Store *store, int64 workspace_id,
								 LeadText name);
extern int64 store_find_first_location(Store *store, int64 workspace_id,
									   int64 asset_id);
extern bool store_is_location_of_asset(Store *store, int64 workspace_id,
									   int64 asset_id, int64 location_id);
extern int64 store_find_package(Store *store, int64 workspace_id,
								LeadText name);
extern int	store_list_locations(Store *store, int64 workspace_id, int limit,
								 LeadText *names);
extern int	store_list_near_names(Store *store, NameKind kind,
								  int64 workspace_id, LeadText name,
								  int limit, LeadText *names);
extern bool store_lock_booking_rows(Store *store, int64 workspace_id,
									const BookingRow *booking);

/* lead.c */
extern void store_find_person(Store *store, int64 workspace_id,
							  LeadText email, StoredPerson *person);
extern void store_find_documents(Store *store, int64 workspace_id,
								 StoredPerson *person);
extern void store_find_booking(Store *store, int64 workspace_id,
							   LeadText lead_reference, BookingRow *booking);
extern bool store_received_later(Store *store, int64 workspace_id,
								 LeadText email, int64 received_at,
								 int64 changed_at);
extern bool store_lock_person(Store *store, int64 workspace_id,
							  StoredPerson *person);
extern int64 store_insert_person(Store *store, int64 workspace_id, int64 now,
								 const StoredPerson *person);
extern bool store_update_person(Store *store, int64 workspace_id,
								const StoredPerson *person);
extern void store_insert_document(Store *store, int64 workspace_id,
								  DocumentKind kind, int64 now,
								  const StoredPerson *person);
extern bool store_update_document(Store *store, int64 workspace_id,
								  DocumentKind kind, int64 now,
								  const StoredPerson *person);
extern int64 store_insert_booking(Store *store, int64 workspace_id,
								  LeadText lead_reference, int64 log_id,
								  int64 now, const BookingRow *booking);

/* log.c */
extern void store_insert_log(Store *store, const LogRow *row);
extern bool store_may_settle(Store *store, const LogRow *row);
extern void store_settle(Store *store, const LogRow *row);
extern Jsonb *store_find_base(Store *store, int64 workspace_id,
							  LeadText lead_reference, int64 person_id,
							  bool (*is_base) (Jsonb *outcome, Thing thing),
							  Thing thing, Jsonb **outcome);
extern bool store_find_delivery(Store *store, int64 log_id,
								LoggedDelivery *delivery);
extern void store_find_leads(Store *store, const LeadQuery *query,
							 Tuplestorestate *result);
extern void store_dismiss_lead(Store *store, int64 log_id, int64 now,
							   LeadText note);
extern void store_settle_between(Store *store, int64 from, int64 until);
extern int64 store_purge_log(Store *store, int64 processed_before,
							 int64 others_before, int64 max_rows);
extern void store_list_unread(Store *store, int64 workspace_id,
							  UnreadScan *scan);
extern bool store_next_unread(UnreadScan *scan);

/* forget.c */
extern bool store_is_known_email(Store *store, int64 workspace_id,
								 LeadText email);
extern int64 store_forget_person(Store *store, int64 workspace_id,
								 LeadText email, ForgetCounts *counts);
extern int64 store_forget_log(Store *store, int64 workspace_id,
							  int64 person_id, LeadText email,
							  Datum *log_ids, int count, bool *replayed);

/* day_count.c */
extern int64 day_start(int32 day);
extern void store_lock_day_counts(Store *store, DayCounts *days);
extern void store_save_day_counts(Store *store, const DayCounts *days,
								  bool ended_now);
extern bool store_find_day(Store *store, int32 from, int32 until, int32 *day);
extern void store_forget_day_counts(Store *store, int32 from, int32 until);
extern int64 store_count_day(Store *store, int32 day);
extern void store_count_late(Store *store, int32 until);
extern int	store_find_miscounted(Store *store, int32 from, int32 until,
								  int limit, int32 *days);
extern void store_note_purged(Store *store, int64 before);

/* client.c */
extern bool store_find_client(Store *store, LeadText client_id, Client *client);
extern bool store_find_client_of_token(Store *store, bytea *digest, int64 now,
									   Client *client);
extern bool store_client_has_secret(Store *store, LeadText client_id,
									bytea *digest, int64 now);
extern void store_insert_client(Store *store, LeadText client_id,
								LeadText name, ArrayType *workspaces,
								bytea *secret_digest);
extern bool store_rotate_client(Store *store, LeadText client_id,
								bytea *secret_digest, int64 old_valid_until);
extern bool store_revoke_client(Store *store, LeadText client_id, int64 now);
extern void store_insert_token(Store *store, LeadText client_id, bytea *digest,
							   int64 now, int64 expires_at);

#endif							/* LOOPIT_STORE_H */

/*-------------------------------------------------------------------------
 *
 * forget.c
 *	  Erasure of a person.
 *
 * Most rows of the log are found by the person's id or the e-mail.  A body that
 * could not be read has neither, and may contain the address anywhere and in
 * any encoding; so may a payload that was not processed.  These are searched.
 *
 * Memory: all in the caller's context; what a searched row needs is freed with
 * the row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "admin/call.h"
#include "admin/forget.h"
#include "payload/encoding.h"
#include "rules/search.h"
#include "server/json_out.h"

#define HINT_WORKSPACE	"The workspaces are in loopit.workspace."
#define HINT_EMAIL		"Give the address of the person to erase."
#define HINT_ADDRESS \
	"Give the whole address, like name@example.com, or what column email of loopit.ingest_log or loopit.person has."

/* What is searched for. */
typedef struct Search
{
	LeadText	address;		/* in UTF-8, in lower case */
	LeadText	windows;		/* in Windows-1252; no data: the same */
} Search;

/* The address as it is compared: whole, though the log cuts it. */
static Search
new_search(struct varlena *email)
{
	LeadText	address = argument_trimmed(email);
	char	   *lower = palloc(address.length + 1);
	Search		search = {0};

	for (size_t i = 0; i < address.length; i++)
		lower[i] = ascii_lower(address.data[i]);
	lower[address.length] = '\0';
	if (!convert_text(lead_text(lower, address.length),
					  GetDatabaseEncoding(), PG_UTF8, &search.address))
		search.address = lead_text(lower, address.length);
	if (!convert_text(search.address, PG_UTF8, PG_WIN1252, &search.windows) ||
		search.windows.length == search.address.length)
		search.windows = lead_text(NULL, 0);
	return search;
}

/* Returns true if a text, of any bytes, contains the address. */
static bool
search_text(const Search *search, LeadText text)
{
	char	   *room = palloc_extended(SEARCH_ROOM(text.length),
									   MCXT_ALLOC_HUGE);
	bool		found;

	CHECK_FOR_INTERRUPTS();
	found = contains_address(text.data, text.length, search->address.data,
							 search->address.length, room) ||
		(search->windows.data != NULL &&
		 contains_address(text.data, text.length, search->windows.data,
						  search->windows.length, room));
	pfree(room);
	return found;
}

static bool
search_body(const Search *search, bytea *body)
{
	return search_text(search, lead_text(VARDATA_ANY(body),
										 VARSIZE_ANY_EXHDR(body)));
}

/*
 * Searches the keys and strings of a payload.  Its text is not made: that of a
 * number may be a thousand times longer than what is stored.
 */
static bool
search_payload(const Search *search, Jsonb *payload)
{
	JsonbIterator *iterator = JsonbIteratorInit(&payload->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		LeadText	text;

		if ((token != WJB_KEY && token != WJB_VALUE && token != WJB_ELEM) ||
			value.type != jbvString)
			continue;
		text = lead_text(value.val.string.val, value.val.string.len);
		if (convert_text(text, GetDatabaseEncoding(), PG_UTF8, &text) &&
			search_text(search, text))
			return true;
	}
	return false;
}

/* Returns the ids of the rows that contain the address, palloc'd. */
static Datum *
find_unread(Store *store, int64 workspace_id, const Search *search, int *count)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext,
													  "loopit_leads search",
													  ALLOCSET_DEFAULT_SIZES);
	int			size = 64;
	Datum	   *ids = palloc(size * sizeof(Datum));
	MemoryContext context = MemoryContextSwitchTo(row_context);
	UnreadScan	scan;

	*count = 0;
	store_list_unread(store, workspace_id, &scan);
	while (store_next_unread(&scan))
	{
		if ((scan.raw_body != NULL && search_body(search, scan.raw_body)) ||
			(scan.payload != NULL && search_payload(search, scan.payload)))
		{
			if (*count == size)
				ids = repalloc_huge(ids, (size *= 2) * sizeof(Datum));
			ids[(*count)++] = Int64GetDatum(scan.log_id);
		}
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(context);
	MemoryContextDelete(row_context);
	return ids;
}

/*
 * Raises if it is neither an address nor an e-mail that is stored: part of an
 * address would be found in those of others.
 */
static void
require_address(Store *store, int64 workspace_id, LeadText email,
				const Search *search)
{
	if (!is_searchable(search->address.data, search->address.length) &&
		!store_is_known_email(store, workspace_id, email))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("email must be an e-mail address"),
				 errhint("%s", HINT_ADDRESS)));
}

static Jsonb *
counts_to_jsonb(const ForgetCounts *counts)
{
	JsonOut		out = JSON_OUT_INIT;

	json_out_begin_object(&out, NULL);
	json_out_integer(&out, "persons", counts->persons);
	json_out_integer(&out, "identity_documents", counts->documents);
	json_out_integer(&out, "bookings", counts->bookings);
	json_out_integer(&out, "log_rows", counts->log_rows);
	json_out_end_object(&out);
	return json_out_finish(&out);
}

/*
 * Erases the person with that e-mail and what the log has of either; returns
 * the counts.  The log's rows without a workspace belong to all: of a workspace
 * that does not exist in this database, only they are erased.
 *
 * Raises if an argument is NULL or the e-mail is none.
 */
Jsonb *
forget_person(const int64 *workspace_id, struct varlena *email)
{
	LeadText	folded = argument_email(email);
	ForgetCounts counts = {0};
	Datum	   *unread = NULL;
	int			unread_count = 0;
	bool		replayed;
	Search		search;
	OwnerScope	scope;
	Store	   *store;
	int64		person_id;

	require_not_null(workspace_id, "workspace_id", HINT_WORKSPACE);
	require_not_null(email, "email", HINT_EMAIL);
	if (folded.length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("email must not be empty"),
				 errhint("%s", HINT_EMAIL)));
	search = new_search(email);

	store = call_begin(&scope, false);
	require_address(store, *workspace_id, folded, &search);
	do
	{
		person_id = store_forget_person(store, *workspace_id, folded, &counts);

		/* with what was committed while the person's lock was waited for */
		store_take_snapshot(store);
		if (is_searchable(search.address.data, search.address.length))
			unread = find_unread(store, *workspace_id, &search, &unread_count);
		counts.log_rows += store_forget_log(store, *workspace_id, person_id,
											folded, unread, unread_count,
											&replayed);
	} while (replayed);
	call_end(&scope, store);
	return counts_to_jsonb(&counts);
}

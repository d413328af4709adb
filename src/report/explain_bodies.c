/*-------------------------------------------------------------------------
 *
 * explain_bodies.c
 *	  Bodies that could not be read, but contain what is asked for.
 *
 * Such a row of the log often has neither reference nor e-mail, so the bytes
 * are searched as an erasure searches them.
 *
 * Memory: a body and the room to search it are in a context that is reset
 * after each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "payload/encoding.h"
#include "report/explain.h"
#include "rules/search.h"

#define MAX_TOLD		10
#define MAX_BYTES		(16 * 1024 * 1024)	/* of all bodies */
#define MIN_REFERENCE	4		/* bytes: a shorter one is in any body */

/* What is looked for, and what was done. */
typedef struct BodySearch
{
	LeadText	reference;		/* in UTF-8; no data: none */
	LeadText	address;
	int			found;
	int64		bytes;
	bool		left_out;		/* a body was not searched */
} BodySearch;

static BodySearch
new_search(const Question *question)
{
	LeadText	reference = question->other_reference.data != NULL ?
		question->other_reference : question->lead_reference;
	BodySearch	search = {0};

	if (reference.length >= MIN_REFERENCE && reference.length <= SEARCH_LIMIT)
		(void) convert_text(reference, GetDatabaseEncoding(), PG_UTF8,
							&search.reference);
	if (question->email.data != NULL &&
		is_searchable(question->email.data, question->email.length))
		(void) convert_text(question->email, GetDatabaseEncoding(), PG_UTF8,
							&search.address);
	return search;
}

/* Returns true if the body contains all that is looked for. */
static bool
contains_all(const BodySearch *search, bytea *body)
{
	const char *text = VARDATA_ANY(body);
	size_t		length = VARSIZE_ANY_EXHDR(body);
	char	   *room = palloc(SEARCH_ROOM(length));

	return (search->reference.data == NULL ||
			contains_word(text, length, search->reference.data,
						  search->reference.length, room)) &&
		(search->address.data == NULL ||
		 contains_address(text, length, search->address.data,
						  search->address.length, room));
}

static void
tell_body(TextPage *page, BodySearch *search, int64 log_id, TimestampTz received_at)
{
	if (search->found++ == 0)
		page_line(page, "These bodies could not be read, but contain it. The mail to both support teams asks for them again:");
	appendStringInfo(&page->line, "  log " INT64_FORMAT ", received ", log_id);
	append_time(&page->line, received_at);
	page_end_line(page);
	page_line(page, "    SELECT loopit_support_mail(" INT64_FORMAT ");", log_id);
}

/* Writes the rows whose body contains the reference and the address asked for. */
void
explain_bodies(TextPage *page, Store *store, const Question *question)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext body_context = AllocSetContextCreate(context,
													   "loopit_leads body",
													   ALLOCSET_DEFAULT_SIZES);
	BodySearch	search = new_search(question);
	StatementArgs args = {0};
	Look		look;

	if (search.reference.data == NULL && search.address.data == NULL)
		return;
	look_begin(store, &support_statements[SUPPORT_UNREAD], &args, &look);
	while (search.found < MAX_TOLD && look_next(&look))
	{
		bytea	   *body;
		bool		found = false;

		CHECK_FOR_INTERRUPTS();
		if (look_is_null(&look, 3) || search.bytes > MAX_BYTES)
		{
			search.left_out = true;
			continue;
		}
		MemoryContextSwitchTo(body_context);
		body = DatumGetByteaPP(look_datum(&look, 3));
		search.bytes += VARSIZE_ANY_EXHDR(body);
		found = contains_all(&search, body);
		MemoryContextSwitchTo(context);
		MemoryContextReset(body_context);
		if (found)
			tell_body(page, &search, look_integer(&look, 1),
					  look_integer(&look, 2));
	}
	look_end(&look);
	MemoryContextDelete(body_context);
	if (search.found == 0)
		page_line(page, "None of the newest %d bodies that could not be read contains it.",
				  MAX_UNREAD_SEARCHED);
	if (search.left_out)
		page_line(page, "Large bodies were left out of that search.");
}

/*-------------------------------------------------------------------------
 *
 * explain_near.c
 *	  What loopit_explain_lead() says if the log does not have what is asked for.
 *
 * References and addresses that are near it are looked for in three ways: what
 * one edit makes of it, by index; what stands beside it in the index; and what
 * is a few edits away among the newest deliveries.  Only the nearest are shown:
 * the addresses of others are nobody's business.
 *
 * Memory: all in the caller's context; bounded by the limits of support_sql.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "payload/encoding.h"
#include "report/explain.h"
#include "report/printable.h"

#define MAX_NEAR		5		/* that are shown */
#define MAX_EDITS		2
#define MAX_EDITS_OF_ADDRESS 3	/* of one that is not short */
#define MIN_PREFIX		6		/* characters of a reference that was cut */
#define DIGITS			"0123456789"
#define LETTERS			"abcdefghijklmnopqrstuvwxyz"

typedef struct Near
{
	LeadText	value;
	TimestampTz received_at;	/* its newest delivery */
	LeadValue	dealership_id;	/* of that */
} Near;

/* The nearest values to what was asked for, newest first. */
typedef struct NearList
{
	LeadText	asked;
	bool		is_reference;
	int			max_edits;		/* of the nearest so far */
	Near		near[MAX_NEAR];
	int			count;
} NearList;

static NearList
new_near_list(LeadText asked, bool is_reference)
{
	NearList	list = {.asked = asked,.is_reference = is_reference};
	size_t		characters = count_database_characters(asked);

	/* of a short text most are near */
	list.max_edits = characters < 4 ? 1 :
		is_reference || characters < 12 ? MAX_EDITS : MAX_EDITS_OF_ADDRESS;
	return list;
}

/* How far a value is from what was asked for; more than max_edits: too far. */
static int
distance(const NearList *list, LeadText value)
{
	LeadText	asked = list->asked;

	if (asked.length > 4 * TEXT_LIMIT || value.length > 4 * TEXT_LIMIT)
		return list->max_edits + 1;
	if (list->is_reference && asked.length >= MIN_PREFIX &&
		value.length > asked.length &&
		memcmp(value.data, asked.data, asked.length) == 0)
		return list->max_edits;
	return varstr_levenshtein_less_equal(asked.data, (int) asked.length,
										 value.data, (int) value.length,
										 1, 1, 1, list->max_edits, true);
}

/*
 * Keeps a value if none is nearer; of those that are as near, the newest ones.
 * So an address that is farther than another one is not shown.
 */
static void
consider(NearList *list, LeadText value, TimestampTz received_at,
		 LeadValue dealership_id)
{
	Near		near = {value, received_at, dealership_id};
	int			edits;
	int			i;

	CHECK_FOR_INTERRUPTS();
	if (list->asked.data == NULL || value.data == NULL)
		return;
	edits = distance(list, value);
	if (edits > list->max_edits)
		return;
	if (edits < list->max_edits)
	{
		list->max_edits = edits;
		list->count = 0;
	}
	for (i = 0; i < list->count; i++)
	{
		if (same_text(list->near[i].value, value))
			return;
	}
	if (list->count < MAX_NEAR)
		list->count++;
	else if (received_at <= list->near[MAX_NEAR - 1].received_at)
		return;
	for (i = list->count - 1;
		 i > 0 && received_at > list->near[i - 1].received_at; i--)
		list->near[i] = list->near[i - 1];
	list->near[i] = near;
}

/* Considers the values that a statement finds. */
static void
consider_found(Store *store, SupportStatement statement, StatementArgs *args,
			   NearList *list)
{
	Look		look;

	look_begin(store, &support_statements[statement], args, &look);
	while (look_next(&look))
		consider(list, look_text(&look, 1), look_integer(&look, 2),
				 look_value(&look, 3));
	look_end(&look);
}

/* Considers what is found by an index. */
static void
consider_by_index(Store *store, NearList *list)
{
	StatementArgs variants = {0};
	StatementArgs beside = {0};

	if (list->asked.data == NULL)
		return;
	arg_varlena(&variants, make_variants(list->asked, list->is_reference ?
										 DIGITS "-" : LETTERS DIGITS ".-_@"));
	consider_found(store, list->is_reference ? SUPPORT_REFERENCES_AMONG :
				   SUPPORT_EMAILS_AMONG, &variants, list);
	arg_text(&beside, list->asked);
	consider_found(store, list->is_reference ? SUPPORT_REFERENCES_BESIDE :
				   SUPPORT_EMAILS_BESIDE, &beside, list);
}

/* Considers the newest deliveries for both. */
static void
consider_newest(Store *store, NearList *references, NearList *emails)
{
	StatementArgs args = {0};
	Look		look;

	look_begin(store, &support_statements[SUPPORT_NEWEST], &args, &look);
	while (look_next(&look))
	{
		TimestampTz received_at = look_integer(&look, 3);
		LeadValue	dealership_id = look_value(&look, 4);

		consider(references, look_text(&look, 1), received_at, dealership_id);
		consider(emails, look_text(&look, 2), received_at, dealership_id);
	}
	look_end(&look);
}

/* Writes what was asked for, and that there is nothing of it. */
static void
tell_nothing_found(TextPage *page, const Question *question)
{
	const char *separator = " with";

	appendStringInfoString(&page->line, "The log has no delivery");
	if (question->lead_reference.data != NULL)
	{
		appendStringInfoString(&page->line, " with the lead reference ");
		append_printable_start(&page->line, question->lead_reference, TEXT_LIMIT);
		separator = " and";
	}
	if (question->email.data != NULL)
	{
		appendStringInfo(&page->line, "%s the e-mail address ", separator);
		append_printable(&page->line, question->email);
	}
	if (question->dealership_id.provided)
		appendStringInfo(&page->line, " of dealership " INT64_FORMAT,
						 question->dealership_id.number);
	page_line(page, ".");
}

/* Writes the nearest values, and how the story of each is asked for. */
static void
tell_near(TextPage *page, const NearList *list)
{
	const char *what = list->is_reference ? "lead references" : "e-mail addresses";

	if (list->asked.data == NULL)
		return;
	if (list->count == 0)
	{
		page_line(page, "It has no %s near it.", what);
		return;
	}
	page_line(page, "It has these %s, one of which may be meant:", what);
	for (int i = 0; i < list->count; i++)
	{
		const Near *near = &list->near[i];

		appendStringInfoString(&page->line, "  ");
		append_printable_start(&page->line, near->value, TEXT_LIMIT);
		if (near->dealership_id.provided)
			appendStringInfo(&page->line, " of dealership " INT64_FORMAT,
							 near->dealership_id.number);
		appendStringInfoString(&page->line, ", last received ");
		append_time(&page->line, near->received_at);
		page_end_line(page);
		appendStringInfo(&page->line, "    SELECT * FROM loopit_explain_lead(%s",
						 list->is_reference ? "" : "email => ");
		append_literal(&page->line, near->value);
		page_line(page, ");");
	}
}

/* Writes how far back the log goes, and what follows from that. */
static void
tell_how_far_back(TextPage *page, Store *store)
{
	StatementArgs args = {0};
	Look		look;

	look_begin(store, &support_statements[SUPPORT_OLDEST], &args, &look);
	if (look_next(&look))
	{
		appendStringInfoString(&page->line, "The log goes back to ");
		append_time(&page->line, look_integer(&look, 1));
		page_line(page, ". A lead that was sent since then has not arrived here:");
		look_end(&look);
	}
	else
		page_line(page, "The log is empty. A lead that was sent has not arrived here, or its row was purged:");
	page_line(page, "ask the sender when it was sent, and whether the answer was HTTP 200.");
}

/*
 * Writes that nothing was found, and what may be meant: near references and
 * addresses, bodies that could not be read, and how far back the log goes.
 */
void
explain_nothing_found(TextPage *page, Store *store, const Question *question)
{
	NearList	references =
		new_near_list(question->other_reference.data != NULL ?
					  question->other_reference : question->lead_reference, true);
	NearList	emails = new_near_list(question->email, false);

	tell_nothing_found(page, question);
	if (references.asked.data != NULL || emails.asked.data != NULL)
	{
		consider_by_index(store, &references);
		consider_by_index(store, &emails);
		consider_newest(store, &references, &emails);
		tell_near(page, &references);
		tell_near(page, &emails);
		page_line(page, "(Searched: what differs from it in one character, what stands beside it in order, and the newest %d deliveries.)",
				  MAX_NEWEST_COMPARED);
		explain_bodies(page, store, question);
	}
	if (emails.asked.data != NULL)
		page_line(page, "The log has no address of a person who was erased; such a lead is found by its reference.");
	tell_how_far_back(page, store);
}

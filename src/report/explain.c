/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What happened to a lead, told to a person: loopit_explain_lead().
 *
 * The newest deliveries that have what was asked for are looked up, and the
 * story of each of their leads is told, newest first.  All of it is bounded,
 * whatever the log holds, and what is left out is said.
 *
 * Memory: all in the caller's context, which the storage needs as the current
 * one; the limits of what is told bound it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "admin/call.h"
#include "report/explain.h"
#include "report/printable.h"
#include "report/story.h"
#include "rules/search.h"

#define MAX_LEADS_TOLD	10
#define MAX_ROWS_TOLD	(MAX_LEADS_TOLD * (MAX_DELIVERIES_TOLD + 1))

typedef struct Leads
{
	LeadKey		lead[2 * MAX_DELIVERIES_SEARCHED];
	int			count;
	int			rows;			/* deliveries that they were found by */
} Leads;

/* The rows that were told, so that none is told twice. */
typedef struct Told
{
	int64		log_id[MAX_ROWS_TOLD];
	int			count;
} Told;

/* Returns what is asked for; raises if nothing is. */
static Question
read_question(struct varlena *lead_reference, struct varlena *email,
			  const int64 *dealership_id)
{
	Question	question = {
		.lead_reference = argument_trimmed(lead_reference),
		.email = argument_email(email)
	};

	if (question.email.length == 0)
		question.email = lead_text(NULL, 0);
	if (question.lead_reference.length == 0)
		question.lead_reference = lead_text(NULL, 0);

	/* an address in the place of the reference */
	else if (question.email.data == NULL &&
			 is_searchable(question.lead_reference.data,
						   question.lead_reference.length))
	{
		question.email = argument_email(lead_reference);
		question.lead_reference = lead_text(NULL, 0);
	}
	question.other_reference = without_number_sign(question.lead_reference);
	if (dealership_id != NULL)
	{
		question.dealership_id.provided = true;
		question.dealership_id.number = *dealership_id;
	}
	if (question.lead_reference.data == NULL && question.email.data == NULL &&
		!question.dealership_id.provided)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lead_reference, email or dealership_id must be given"),
				 errhint("Give what is known of the lead, like loopit_explain_lead('1759346').")));
	return question;
}

static bool
same_lead(const LeadKey *a, const LeadKey *b)
{
	return !a->alone && !b->alone &&
		a->dealership_id.number == b->dealership_id.number &&
		same_text(a->lead_reference, b->lead_reference);
}

/* Finds the leads that have all that is asked for, newest first. */
static void
find_leads(Store *store, const Question *question, Leads *leads)
{
	SupportStatement statement =
		question->lead_reference.data != NULL ? SUPPORT_LEADS_BY_REFERENCE :
		question->email.data != NULL ? SUPPORT_LEADS_BY_EMAIL :
		SUPPORT_LEADS_BY_DEALERSHIP;
	StatementArgs args = {0};
	Look		look;

	arg_text(&args, question->lead_reference);
	arg_text(&args, question->other_reference);
	arg_text(&args, question->email);
	arg_value(&args, INT8OID, &question->dealership_id);
	leads->count = 0;
	leads->rows = 0;
	look_begin(store, &support_statements[statement], &args, &look);
	while (leads->count < lengthof(leads->lead) && look_next(&look))
	{
		LeadKey    *lead = &leads->lead[leads->count];
		int			i = 0;

		lead->log_id = look_integer(&look, 1);
		lead->lead_reference = look_text(&look, 2);
		lead->dealership_id = look_value(&look, 3);
		lead->alone = lead->lead_reference.data == NULL ||
			!lead->dealership_id.provided;
		leads->rows++;
		while (i < leads->count && !same_lead(&leads->lead[i], lead))
			i++;
		if (i == leads->count)
			leads->count++;
	}
	look_end(&look);
}

static bool
is_told(const Told *told, int64 log_id)
{
	for (int i = 0; i < told->count; i++)
	{
		if (told->log_id[i] == log_id)
			return true;
	}
	return false;
}

/* Writes the story of a lead, and remembers its rows. */
static void
explain_one(TextPage *page, Store *store, const Question *question,
			const LeadKey *lead, Told *told)
{
	SupportRow *rows = palloc(sizeof(SupportRow) * (MAX_DELIVERIES_TOLD + 1));
	bool		are_more;
	int			count = support_list_rows(store, lead, rows, &are_more);

	if (count == 0)
		return;
	if (told->count > 0)
		page_end_line(page);
	tell_story(page, lead, question->email, rows, count, are_more);
	tell_next(page, store, lead, rows, count);
	for (int i = 0; i < count && told->count < MAX_ROWS_TOLD; i++)
		told->log_id[told->count++] = rows[i].log_id;
}

/* Writes which leads are not told, and how they are listed. */
static void
tell_left_out(TextPage *page, const Question *question, int count, int rows)
{
	const char *separator = "";

	if (rows >= MAX_DELIVERIES_SEARCHED)
		page_line(page, "The newest %d deliveries were searched; older ones are left out.",
				  MAX_DELIVERIES_SEARCHED);
	if (count > 0)
		page_line(page, "%d more leads, which are older, are left out.", count);
	if (count == 0 && rows < MAX_DELIVERIES_SEARCHED)
		return;
	appendStringInfoString(&page->line, "This lists all of them: SELECT * FROM loopit_find_leads(");
	if (question->lead_reference.data != NULL)
	{
		appendStringInfoString(&page->line, "lead_reference => ");
		append_literal(&page->line, question->lead_reference);
		separator = ", ";
	}
	if (question->email.data != NULL)
	{
		appendStringInfo(&page->line, "%semail => ", separator);
		append_literal(&page->line, question->email);
		separator = ", ";
	}
	if (question->dealership_id.provided)
		appendStringInfo(&page->line, "%sdealership_id => " INT64_FORMAT,
						 separator, question->dealership_id.number);
	page_line(page, ");");
}

static void
explain_found(TextPage *page, Store *store, const Question *question,
			  const Leads *leads)
{
	Told	   *told = palloc0(sizeof(Told));
	int			stories = 0;
	int			left_out = 0;

	for (int i = 0; i < leads->count; i++)
	{
		if (is_told(told, leads->lead[i].log_id))
			continue;
		if (stories == MAX_LEADS_TOLD)
			left_out++;
		else
		{
			explain_one(page, store, question, &leads->lead[i], told);
			stories++;
		}
	}
	if (left_out > 0 || leads->rows >= MAX_DELIVERIES_SEARCHED)
		page_end_line(page);
	tell_left_out(page, question, left_out, leads->rows);
}

/*
 * Puts the story of the leads that are asked for into the result, a line per
 * row.  An argument that is NULL or empty is no condition; raises if all are.
 */
void
explain_lead(struct varlena *lead_reference, struct varlena *email,
			 const int64 *dealership_id, ReturnSetInfo *result)
{
	Question	question = read_question(lead_reference, email, dealership_id);
	Leads	   *leads = palloc(sizeof(Leads));
	OwnerScope	scope;
	Store	   *store;
	TextPage	page;

	page_begin(&page, result);
	store = call_begin(&scope, true);
	find_leads(store, &question, leads);
	if (leads->count > 0)
		explain_found(&page, store, &question, leads);
	else
		explain_nothing_found(&page, store, &question);
	call_end(&scope, store);
}

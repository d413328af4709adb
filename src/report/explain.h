/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  What happened to a lead, told to a person.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_EXPLAIN_H
#define LOOPIT_EXPLAIN_H

#include "report/lines.h"
#include "report/support_row.h"

/* What loopit_explain_lead() is asked for; without data it is no condition. */
typedef struct Question
{
	LeadText	lead_reference;
	LeadText	other_reference;	/* without the # that it begins with */
	LeadText	email;			/* as the log has it */
	LeadValue	dealership_id;
} Question;

/* explain.c */
extern void explain_lead(struct varlena *lead_reference, struct varlena *email,
						 const int64 *dealership_id, ReturnSetInfo *result);

/* explain_near.c */
extern void explain_nothing_found(TextPage *page, Store *store,
								  const Question *question);

/* explain_bodies.c */
extern void explain_bodies(TextPage *page, Store *store, const Question *question);

/* variants.c */
extern ArrayType *make_variants(LeadText text, const char *alphabet);

#endif							/* LOOPIT_EXPLAIN_H */

/*-------------------------------------------------------------------------
 *
 * story.h
 *	  The story of one lead: what came, what was stored, what to do next.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STORY_H
#define LOOPIT_STORY_H

#include "report/lines.h"
#include "report/support_row.h"

/* story.c */
extern void append_workspace(StringInfo out, const SupportRow *row);
extern void tell_story(TextPage *page, const LeadKey *lead, LeadText email,
					   const SupportRow *rows, int count, bool are_more);

/* next.c */
extern void tell_next(TextPage *page, Store *store, const LeadKey *lead,
					  const SupportRow *rows, int count);

#endif							/* LOOPIT_STORY_H */

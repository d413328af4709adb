/*-------------------------------------------------------------------------
 *
 * format.h
 *	  Numbers, times and strange values as a report shows them.
 *
 * All are palloc'd in the current context, in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FORMAT_H
#define LOOPIT_FORMAT_H

#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "rules/lead.h"

/*
 * Stand around a value that is quoted.  A page holds no other control
 * characters; a writer turns them into what its form has for quotation marks.
 */
#define QUOTE_BEGIN		'\001'
#define QUOTE_END		'\002'

extern char *count_text(int64 count);
extern char *leads_text(int64 count);
extern char *plural_text(int64 count, const char *one, const char *many);
extern char *share_text(int64 part, int64 whole);
extern char *day_text(DateADT day);
extern char *time_text(TimestampTz time);
extern char *since_text(TimestampTz time);
extern char *span_text(TimestampTz from, TimestampTz until);
extern char *microseconds_text(int64 microseconds);
extern char *size_text(int64 bytes);

extern char *value_text(LeadText value);
extern char *quoted_text(LeadText value);
extern bool is_shown_whole(LeadText value);
extern char *literal_text(LeadText value);

#endif							/* LOOPIT_FORMAT_H */

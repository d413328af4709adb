/*-------------------------------------------------------------------------
 *
 * argument.h
 *	  Arguments of the functions that support calls: texts, intervals, and what
 *	  is refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ARGUMENT_H
#define LOOPIT_ARGUMENT_H

#include "utils/timestamp.h"

#include "rules/lead.h"

extern LeadText argument_text(struct varlena *argument);
extern LeadText argument_trimmed(struct varlena *argument);
extern LeadText argument_email(struct varlena *argument);

extern void require_not_null(const void *argument, const char *name,
							 const char *hint);

extern bool is_negative(const Interval *interval);
extern TimestampTz time_before(TimestampTz time, const Interval *interval);
extern TimestampTz time_after(TimestampTz time, const Interval *interval);

#endif							/* LOOPIT_ARGUMENT_H */

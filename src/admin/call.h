/*-------------------------------------------------------------------------
 *
 * call.h
 *	  What the functions that support calls have in common: the session of a
 *	  call, and its arguments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_CALL_H
#define LOOPIT_CALL_H

#include "utils/timestamp.h"

#include "server/owner.h"
#include "store/store.h"

#define HINT_LOG_ID \
	"Take the log_id of loopit.unresolved_lead or loopit_find_leads()."

extern Store *call_begin(OwnerScope *scope, bool read_only);
extern void call_end(const OwnerScope *scope, Store *store);

extern LeadText argument_text(struct varlena *argument);
extern LeadText argument_trimmed(struct varlena *argument);
extern LeadText argument_email(struct varlena *argument);
extern LeadText without_number_sign(LeadText reference);

extern void require_not_null(const void *argument, const char *name,
							 const char *hint);
_Noreturn extern void raise_no_log_row(int64 log_id);

extern bool is_negative(const Interval *interval);
extern TimestampTz time_before(TimestampTz time, const Interval *interval);
extern TimestampTz time_after(TimestampTz time, const Interval *interval);

#endif							/* LOOPIT_CALL_H */

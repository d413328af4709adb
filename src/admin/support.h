/*-------------------------------------------------------------------------
 *
 * support.h
 *	  What support does with the log: look-ups, replay, dismissal, purge.
 *
 * All run as the owner of the tables, and raise what the server raises.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SUPPORT_H
#define LOOPIT_SUPPORT_H

#include "nodes/execnodes.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* Arguments of loopit_find_leads(); NULL is no condition. */
typedef struct FindLeads
{
	text	   *lead_reference;
	text	   *email;
	const TimestampTz *around;
	const Interval *within;		/* NULL: a day */
	const int64 *dealership_id;
} FindLeads;

extern void support_find_leads(const FindLeads *find, ReturnSetInfo *result);
extern Jsonb *support_replay_lead(const int64 *log_id);
extern void support_dismiss_lead(const int64 *log_id, struct varlena *note);
extern int64 support_purge_log(const Interval *older_than,
							   const Interval *failures_older_than,
							   const int32 *max_rows);

#endif							/* LOOPIT_SUPPORT_H */

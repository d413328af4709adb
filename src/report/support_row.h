/*-------------------------------------------------------------------------
 *
 * support_row.h
 *	  A row of the log, as far as a person who asks about a lead sees it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SUPPORT_ROW_H
#define LOOPIT_SUPPORT_ROW_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "report/support_sql.h"
#include "store/look.h"

/* Texts without data, and ids that are 0, are null. */
typedef struct SupportRow
{
	int64		log_id;
	TimestampTz received_at;
	LeadText	status;
	LeadText	reason;
	LeadText	person_action;
	LeadText	booking_action;
	LeadText	booking_reason;
	LeadValue	dealership_id;
	int64		workspace_id;
	LeadText	workspace_name;
	int64		person_id;
	int64		booking_id;
	int64		replay_of;
	LeadValue	dismissed_at;
	LeadText	note;			/* of the dismissal; no data if it is long */
	LeadText	lead_reference;
	LeadText	email;
	LeadText	client_id;
	bool		has_payload;	/* it can be replayed */
	Jsonb	   *outcome;		/* NULL: too large to be one */
} SupportRow;

/* A lead whose story is told. */
typedef struct LeadKey
{
	int64		log_id;			/* its newest row that was found */
	bool		alone;			/* the row is no delivery of a known lead */
	LeadText	lead_reference;
	LeadValue	dealership_id;
} LeadKey;

extern bool support_find_row(Store *store, int64 log_id, SupportRow *row);
extern int	support_list_rows(Store *store, const LeadKey *lead,
							  SupportRow *rows, bool *are_more);
extern int64 support_find_open(Store *store, const LeadKey *lead,
							   LeadText *reason);
extern LeadValue look_value(const Look *look, int column);

#endif							/* LOOPIT_SUPPORT_ROW_H */

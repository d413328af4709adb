/*-------------------------------------------------------------------------
 *
 * sample.h
 *	  A sample of the deliveries of a window of the log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SAMPLE_H
#define LOOPIT_SAMPLE_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "store/store.h"

typedef struct SampledDelivery
{
	TimestampTz received_at;
	bool		configured;		/* its dealership is */
	int64		dealership_id;	/* 0 if it has none */
	LeadText	lead_reference; /* no data: none */
	Jsonb	   *payload;		/* NULL: none, or larger than the limit */
	Jsonb	   *outcome;		/* the same */
	bool		too_large;		/* one of them was */
} SampledDelivery;

/* Called for each delivery, which is gone after the call. */
typedef void (*TakeDelivery) (void *argument, const SampledDelivery *delivery);

extern void sample_window(Store *store, TimestampTz from, TimestampTz until,
						  int limit, TakeDelivery take, void *argument);

#endif							/* LOOPIT_SAMPLE_H */

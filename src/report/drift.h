/*-------------------------------------------------------------------------
 *
 * drift.h
 *	  What the sender changed: the payloads and outcomes of two windows of the
 *	  log, compared by samples.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_DRIFT_H
#define LOOPIT_DRIFT_H

#include "funcapi.h"
#include "utils/timestamp.h"

#include "rules/code.h"
#include "store/store.h"

/* The two windows that are compared. */
typedef enum DriftWindow
{
	WINDOW_BEFORE,				/* the baseline */
	WINDOW_NOW,
	NUM_WINDOWS
} DriftWindow;

typedef enum DriftChange
{
	DRIFT_NEW,
	DRIFT_GONE,
	DRIFT_TYPE_CHANGED,
	DRIFT_SHARE_CHANGED,
	DRIFT_ISSUE_SHARE
} DriftChange;

/* One change; texts are palloc'd, in ASCII, and without a value of a payload. */
typedef struct DriftRow
{
	bool		of_dealership;	/* false: of all dealerships together */
	int64		dealership_id;
	const char *path;			/* of an issue its field; NULL: the payload as
								 * a whole */
	bool		known;			/* the path is read */
	DriftChange change;
	Code		code;			/* of an issue; CODE_NONE: none */
	double		share[NUM_WINDOWS]; /* from 0 to 1 */
	const char *shown[NUM_WINDOWS]; /* the share with the types */
	int			leads[NUM_WINDOWS]; /* of which it is a share */
	int			found[NUM_WINDOWS]; /* leads that have it */
	int			dealerships;	/* that have it, in the window in which more
								 * leads do */
	TimestampTz first_seen;		/* in the sample of now; 0: not there */
	TimestampTz last_seen;		/* in both samples */
} DriftRow;

typedef struct Drift
{
	int			leads[NUM_WINDOWS]; /* in the samples */
	const char *capped;			/* what a limit cut off; NULL: nothing */
	int			nrows;
	DriftRow   *rows;			/* what is read by us first */
} Drift;

extern const char *drift_change_name(DriftChange change);

/*
 * Compares the leads received from one time on with those of another one
 * before; the result is palloc'd in the current context.
 */
extern void drift_find(Store *store, TimestampTz before, TimestampTz since,
					   TimestampTz now, int sample, Drift *drift);

/* loopit_payload_drift() */
extern void drift_report(const Interval *since, const Interval *baseline,
						 const int32 *sample, ReturnSetInfo *result);

#endif							/* LOOPIT_DRIFT_H */

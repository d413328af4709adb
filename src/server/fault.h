/*-------------------------------------------------------------------------
 *
 * fault.h
 *	  Running something in a subtransaction, and catching its error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FAULT_H
#define LOOPIT_FAULT_H

#include "utils/elog.h"

typedef void (*FaultBody) (void *argument);

/* Answers whether an error is to be raised rather than answered. */
typedef bool (*FaultFilter) (const ErrorData *error);

/*
 * Runs the body in a subtransaction.  Returns NULL where it ends, its changes
 * kept.  Where it raises, its changes are undone, and the error is raised
 * again if the filter says so, else returned, copied to the current context.
 */
extern ErrorData *fault_catch(FaultBody body, void *argument,
							  FaultFilter must_raise);

/* The classes that a retry or an operator mends: such an error is raised. */
extern bool fault_mended_by_retry(const ErrorData *error);

#endif							/* LOOPIT_FAULT_H */

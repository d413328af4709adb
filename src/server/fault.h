/*-------------------------------------------------------------------------
 *
 * fault.h
 *	  Running a function in a subtransaction, and catching its error.
 *
 * This folder has what the other stages need of the server: subtransactions,
 * the role that the tables are accessed as, building jsonb, and the differences
 * between server versions.  It may call the server and src/rules.  All folders
 * but src/rules may call it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FAULT_H
#define LOOPIT_FAULT_H

#include "utils/elog.h"

typedef void (*FaultBody) (void *argument);

/* Returns true if the error is to be raised instead of returned. */
typedef bool (*FaultFilter) (const ErrorData *error);

extern ErrorData *fault_catch(FaultBody body, void *argument,
							  FaultFilter must_raise);
extern bool is_retryable(const ErrorData *error);
extern void fault_rethrow(void) __attribute__((noreturn));

#endif							/* LOOPIT_FAULT_H */

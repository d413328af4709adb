/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  Running something in a subtransaction, and catching its error.
 *
 * The one place with a subtransaction and a PG_TRY.  The pattern is that of
 * PL/pgSQL's exception block.
 *
 * Memory: the body runs in, and a caught error is copied to, the context that
 * is current when it is called.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "server/fault.h"

/* See fault.h. */
ErrorData *
fault_catch(FaultBody body, void *argument, FaultFilter must_raise)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error != NULL && must_raise(error))
		ReThrowError(error);
	return error;
}

/*
 * See fault.h.  Connection, transaction state, serialization and deadlock,
 * resources, limits, object state (a lock, a cancel, a shutdown), system and
 * internal errors: the sender, or a spool in front of us, tries again.
 */
bool
fault_mended_by_retry(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_CONNECTION_EXCEPTION:	/* 08 */
		case ERRCODE_INVALID_TRANSACTION_STATE: /* 25 */
		case ERRCODE_TRANSACTION_ROLLBACK:	/* 40 */
		case ERRCODE_INSUFFICIENT_RESOURCES:	/* 53 */
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:	/* 54 */
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:	/* 55 */
		case ERRCODE_OPERATOR_INTERVENTION: /* 57 */
		case ERRCODE_SYSTEM_ERROR:	/* 58 */
		case ERRCODE_INTERNAL_ERROR:	/* XX */
			return true;
		default:
			return false;
	}
}

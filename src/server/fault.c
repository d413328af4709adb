/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  Running a function in a subtransaction, and catching its error.
 *
 * The only file with a subtransaction.  The pattern is that of PL/pgSQL's
 * exception block.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "server/fault.h"

/*
 * Runs the body in a subtransaction.  Returns NULL if it succeeds; its changes
 * are kept.  If it raises an error, its changes are rolled back, and the error is
 * raised again if must_raise returns true, else returned.  The body runs in, and
 * the error is copied to, the memory context that is current at the call.
 */
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
 * Returns true if a retry, or an operator and a retry, can make the same call
 * succeed: connection, transaction state, serialization and deadlock, resources,
 * limits, object state, operator intervention, system and internal errors.  Such
 * an error is raised, so that the sender, or a queue in front of the database,
 * sends the lead again.
 */
bool
is_retryable(const ErrorData *error)
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

/*
 * What the server calls an internal error, though others can cause it: the owner
 * of a table, by a rule that rewrites what a foreign key does; a session that
 * changes the same object of the catalogs at once; and a caller whose values make
 * a row of a gigabyte.
 */
static const struct
{
	const char *file;			/* where it is raised */
	const char *function;		/* by which function; NULL: by any */
	int			sqlerrcode;		/* what it is */
}			misnamed[] = {
	{"ri_triggers.c", "ri_PerformCheck", ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION},
	{"heapam.c", "simple_heap_update", ERRCODE_T_R_SERIALIZATION_FAILURE},
	{"heapam.c", "simple_heap_delete", ERRCODE_T_R_SERIALIZATION_FAILURE},
	{"mcxt.c", NULL, ERRCODE_PROGRAM_LIMIT_EXCEEDED}
};

static bool
matches(const char *text, const char *wanted)
{
	return wanted == NULL || (text != NULL && strcmp(text, wanted) == 0);
}

/*
 * Raises the error of a PG_CATCH() again: as the server raised it, or with the
 * error code that says what happened.  Call it in the memory context into which
 * the error is to be copied.
 */
void
fault_rethrow(void)
{
	ErrorData  *error = CopyErrorData();

	FlushErrorState();
	for (int i = 0; i < lengthof(misnamed); i++)
	{
		if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR &&
			matches(error->filename, misnamed[i].file) &&
			matches(error->funcname, misnamed[i].function))
			error->sqlerrcode = misnamed[i].sqlerrcode;
	}
	ReThrowError(error);
}

/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15 and 18: the only file that looks at
 *	  the server's version.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COMPAT_H
#define LOOPIT_COMPAT_H

#include "fmgr.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#endif
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

#if PG_VERSION_NUM < 150000
#error "loopit_leads needs PostgreSQL 15 or later"
#endif

/*
 * The search path of the data functions until the GUC nest level ends.  The
 * server has a function for it since PostgreSQL 17.
 */
static inline void
pin_search_path(void)
{
#if PG_VERSION_NUM >= 170000
	RestrictSearchPath();
#else
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
#endif
}

/*
 * The jsonb of a text.  Since PostgreSQL 16 NULL says that it is no JSON; what
 * the server still raises then, and all that older ones do, is the caller's
 * to catch.
 */
static inline Jsonb *
parse_jsonb(char *json)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext escontext = {.type = T_ErrorSaveContext};
	Datum		result;

	if (!DirectInputFunctionCallSafe(jsonb_in, json, InvalidOid, -1,
									 (Node *) &escontext, &result))
		return NULL;
	return DatumGetJsonbP(result);
#else
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
#endif
}

#endif							/* LOOPIT_COMPAT_H */

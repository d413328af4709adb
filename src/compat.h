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

#include "utils/guc.h"

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

#endif							/* LOOPIT_COMPAT_H */

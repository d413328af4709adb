/*-------------------------------------------------------------------------
 *
 * owner.h
 *	  Running as the owner of the tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_OWNER_H
#define LOOPIT_OWNER_H

/* What is to be restored; an error restores it without being asked. */
typedef struct OwnerScope
{
	Oid			user;
	int			security_context;
	int			guc_nest_level;
} OwnerScope;

/*
 * Becomes the owner of the tables, with search_path pg_catalog, pg_temp, until
 * the scope ends.  Raises undefined_table where loopit_setup() has not made
 * the tables, object_not_in_prerequisite_state where they are of an older
 * version, and insufficient_privilege where they have more than one owner.
 */
extern void owner_begin(OwnerScope *scope);

/* The same for another role, which the caller has checked. */
extern void owner_begin_as(OwnerScope *scope, Oid role);
extern void owner_end(const OwnerScope *scope);

/* The next id of loopit.ingest_log; only within a scope of owner_begin(). */
extern int64 owner_next_log_id(void);

/* Registers the cache's invalidation; from _PG_init(). */
extern void owner_init(void);

#endif							/* LOOPIT_OWNER_H */

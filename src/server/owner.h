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
	int			guc_nest_level; /* 0: the settings are not pinned */
} OwnerScope;

extern void owner_init(void);
extern void owner_begin(OwnerScope *scope);
extern void owner_begin_as(OwnerScope *scope, Oid role);
extern void owner_begin_unpinned(OwnerScope *scope);
extern void owner_end(const OwnerScope *scope);
extern int	owner_pin_settings(void);
extern void owner_unpin_settings(int nest_level);
extern void owner_set(const char *setting, const char *value);
extern void owner_prefer_indexes(void);
extern int64 owner_next_log_id(void);

#endif							/* LOOPIT_OWNER_H */

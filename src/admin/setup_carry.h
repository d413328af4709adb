/*-------------------------------------------------------------------------
 *
 * setup_carry.h
 *	  Giving all that belongs to the log to a partitioned table of its name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_CARRY_H
#define LOOPIT_SETUP_CARRY_H

typedef struct Carried Carried;

extern void require_carriable(Oid log);
extern Carried *carry_begin(Oid log, Oid sequence, const char *partition);
extern void carry_rename(Carried *carried);
extern void carry_create(Carried *carried, const char *check);
extern void carry_objects(Carried *carried);
extern void carry_views(Carried *carried);

#endif							/* LOOPIT_SETUP_CARRY_H */

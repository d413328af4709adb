/*-------------------------------------------------------------------------
 *
 * schema_version.h
 *	  The version of schema loopit that the library requires.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SCHEMA_VERSION_H
#define LOOPIT_SCHEMA_VERSION_H

extern int32 read_schema_version(Oid relation, int32 enough);
extern void require_schema_version(Oid schema);
extern const char *schema_upgrade_hint(void);

#endif							/* LOOPIT_SCHEMA_VERSION_H */

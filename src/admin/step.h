/*-------------------------------------------------------------------------
 *
 * step.h
 *	  Taking one step of loopit_setup().
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STEP_H
#define LOOPIT_STEP_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

typedef struct SetupStep
{
	int32		number;
	char	   *title;
	const char *ddl;
	List	   *statements;		/* of the DDL: RawStmt */
} SetupStep;

/* One call of loopit_setup(). */
typedef struct SetupRun
{
	Oid			schema;
	bool		schema_made;	/* by this call */
	List	   *made;			/* names of the relations made by this call */
	List	   *comments;		/* CommentStmts of the steps so far */

	/* of the step that is being taken */
	const char *ddl;
	bool		due;			/* the schema is of an older version */
	bool		follows;		/* a statement that makes nothing is to run */
	bool		changed;		/* a statement other than a renewal has run */
	bool		renewed;		/* a function was replaced */
	StringInfoData created;		/* what was made */
	StringInfoData kept;		/* what is the DBA's, and was left alone */
	StringInfoData invalid;		/* constraints that rows violate */
} SetupRun;

extern void run_sql(const char *sql, const char *what);
extern char *statement_text(const char *ddl, const RawStmt *statement);
extern const char *made_relation(const Node *statement);
extern void take_step(SetupRun *run, const SetupStep *step);

#endif							/* LOOPIT_STEP_H */

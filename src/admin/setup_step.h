/*-------------------------------------------------------------------------
 *
 * setup_step.h
 *	  Taking one step of loopit_setup().
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_STEP_H
#define LOOPIT_SETUP_STEP_H

#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"

typedef struct SetupStep
{
	int32		number;
	char	   *title;
	const char *ddl;
	List	   *statements;		/* of the DDL: RawStmt */
} SetupStep;

/* An index or statistics that a step drops, and an earlier one makes. */
typedef struct SetupDrop
{
	const char *name;
	int32		step;			/* that drops it */
	Node	   *made_by;		/* IndexStmt or CreateStatsStmt; NULL: not seen
								 * yet */
	char	   *made_by_sql;
} SetupDrop;

/* One call of loopit_setup(). */
typedef struct SetupRun
{
	Oid			schema;
	bool		schema_made;	/* by this call */
	List	   *made;			/* names of the relations made by this call */
	List	   *comments;		/* CommentStmts of the steps so far */
	List	   *drops;			/* SetupDrops of all steps */

	/* of the step that is being taken */
	int32		number;
	const char *ddl;
	bool		due;			/* the schema is of an older version */
	bool		follows;		/* a statement that makes nothing is to run */
	bool		changed;		/* a statement other than a renewal has run */
	bool		renewed;		/* a function was replaced */
	StringInfoData created;		/* what was made */
	StringInfoData dropped;		/* what an earlier step made */
	StringInfoData kept;		/* what is the DBA's, and was left alone */
	StringInfoData invalid;		/* constraints that rows violate */
} SetupRun;

extern void take_step(SetupRun *run, const SetupStep *step);

/* what the statements of a step have in common */
extern void run_sql(const char *sql, const char *what);
extern void run_statement(void *sql);
extern char *statement_text(const char *ddl, const RawStmt *statement);
extern const char *made_relation(const Node *statement);
extern void append_name(StringInfo names, const char *name);
extern bool was_made(const SetupRun *run, const char *relation);
extern Oid	relation_oid(const SetupRun *run, const char *name);

/* setup_create.c */
extern void create_relation(SetupRun *run, const char *sql, const char *name);
extern void create_index(SetupRun *run, IndexStmt *stmt, const char *sql);
extern void create_statistics(SetupRun *run, CreateStatsStmt *stmt, const char *sql);
extern void create_view(SetupRun *run, ViewStmt *stmt, char *sql);
extern void create_function(SetupRun *run, CreateFunctionStmt *stmt, const char *sql);
extern void create_trigger(SetupRun *run, CreateTrigStmt *stmt, const char *sql);

/* setup_drop.c */
extern List *drops_of_steps(List *steps);
extern bool is_dropped_later(SetupRun *run, const char *name, Node *made_by,
							 const char *sql);
extern void drop_object(SetupRun *run, DropStmt *stmt);

/* setup_alter.c */
extern void alter_table(SetupRun *run, AlterTableStmt *stmt, char *sql);

#endif							/* LOOPIT_SETUP_STEP_H */

/*-------------------------------------------------------------------------
 *
 * setup_step.c
 *	  Taking one step of loopit_setup(), a statement at a time.
 *
 * A released step never changes, and each call goes through all of them.  So
 * what decides whether a statement runs is the statement and what is there,
 * not the text of the DDL:
 *
 *	CREATE of a relation	runs if there is none of the name
 *	CREATE INDEX, STATISTICS, ADD CONSTRAINT ... CHECK
 *							runs if there is none of the definition, whatever
 *							its name (setup_recognise.c); if the name is taken
 *							by another definition, that is the DBA's, and is
 *							kept; a unique index is then made under another
 *							name
 *	DROP INDEX, STATISTICS	runs if there is one of the name and of the
 *							definition that an earlier step gave it, which does
 *							not run then (setup_drop.c)
 *	CREATE OR REPLACE VIEW	runs if the view is missing, and replaces it, with
 *							its grants, if the schema is of an older version
 *	CREATE OR REPLACE FUNCTION	runs each time: it may name the extension's
 *							schema, which may be another one now
 *	ALTER TABLE				runs if the schema is of an older version, or the
 *							table was made by this call; a storage parameter is
 *							set if the table has no rows, is no partitioned one,
 *							and nobody has set it
 *	COMMENT					runs if the object was made by this call; if the
 *							schema is of an older version, also if nobody has
 *							changed the comment that earlier steps gave
 *	anything else			(DO, GRANT, ...) belongs to the statement before
 *							it, and runs if that made or changed something
 *
 * Thus nothing that a DBA added, altered, renamed or commented is touched, and
 * a table that was dropped comes back with all that later steps added to it.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "admin/setup_step.h"
#include "server/fault.h"

/* Runs SQL that is expected to end well; what for is said if it does not. */
void
run_sql(const char *sql, const char *what)
{
	MemoryContext context = CurrentMemoryContext;
	int			result;

	PG_TRY();
	{
		result = SPI_execute(sql, false, 0);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		fault_rethrow();
	}
	PG_END_TRY();
	if (result < 0)
		elog(ERROR, "%s failed: %s", what, SPI_result_code_string(result));
	/* what it made is to be seen by look-ups outside of SPI, too */
	CommandCounterIncrement();
}

void
run_statement(void *sql)
{
	run_sql(sql, "a setup step");
}

/* The text of one statement of the DDL. */
char *
statement_text(const char *ddl, const RawStmt *statement)
{
	const char *start = ddl + statement->stmt_location;

	return statement->stmt_len > 0 ?
		pnstrdup(start, statement->stmt_len) : pstrdup(start);
}

/* The name of the table, view or sequence that a statement makes, or NULL. */
const char *
made_relation(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			return ((const CreateStmt *) statement)->relation->relname;
		case T_ViewStmt:
			return ((const ViewStmt *) statement)->view->relname;
		case T_CreateSeqStmt:
			return ((const CreateSeqStmt *) statement)->sequence->relname;
		case T_CompositeTypeStmt:
			return ((const CompositeTypeStmt *) statement)->typevar->relname;
		case T_CreateTableAsStmt:
			return ((const CreateTableAsStmt *) statement)->into->rel->relname;
		default:
			return NULL;
	}
}

void
append_name(StringInfo names, const char *name)
{
	appendStringInfo(names, "%s%s", names->len > 0 ? ", " : "", name);
}

bool
was_made(const SetupRun *run, const char *relation)
{
	ListCell   *cell;

	foreach(cell, run->made)
	{
		if (strcmp(lfirst(cell), relation) == 0)
			return true;
	}
	return false;
}

Oid
relation_oid(const SetupRun *run, const char *name)
{
	return get_relname_relid(name, run->schema);
}

/* The name of the relation that a comment is about, or NULL. */
static const char *
commented_relation(CommentStmt *stmt)
{
	switch (stmt->objtype)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
			return strVal(llast(castNode(List, stmt->object)));
		case OBJECT_COLUMN:
			{
				List	   *names = castNode(List, stmt->object);

				return strVal(list_nth(names, list_length(names) - 2));
			}
		default:
			return NULL;
	}
}

/* The comment that the steps before this one gave the object, or NULL. */
static const char *
earlier_comment(const SetupRun *run, CommentStmt *stmt)
{
	const char *comment = NULL;
	ListCell   *cell;

	foreach(cell, run->comments)
	{
		CommentStmt *earlier = lfirst_node(CommentStmt, cell);

		if (earlier->objtype == stmt->objtype &&
			equal(earlier->object, stmt->object))
			comment = earlier->comment;
	}
	return comment;
}

/* Whether the object's comment is the one that the earlier steps gave. */
static bool
comment_is_earlier(const SetupRun *run, CommentStmt *stmt)
{
	const char *expected = earlier_comment(run, stmt);
	Relation	relation = NULL;
	ObjectAddress object = get_object_address(stmt->objtype, stmt->object,
											  &relation, AccessShareLock, true);
	char	   *current = NULL;

	if (relation != NULL)
		relation_close(relation, NoLock);
	if (!OidIsValid(object.objectId))
		return false;
	current = GetComment(object.objectId, object.classId, object.objectSubId);
	return (expected == NULL || current == NULL) ? expected == current :
		strcmp(expected, current) == 0;
}

static void
comment(SetupRun *run, CommentStmt *stmt, const char *sql)
{
	const char *relation = commented_relation(stmt);
	bool		made = relation != NULL ? was_made(run, relation) : run->follows;

	if (made || (run->due && comment_is_earlier(run, stmt)))
		run_sql(sql, "a comment");
	run->comments = lappend(run->comments, stmt);
}

static void
take_statement(SetupRun *run, RawStmt *raw)
{
	Node	   *stmt = raw->stmt;
	char	   *sql = statement_text(run->ddl, raw);

	switch (nodeTag(stmt))
	{
		case T_CreateSchemaStmt:
			run->follows = run->changed = run->schema_made;
			if (run->schema_made)
				append_name(&run->created, "loopit");
			break;
		case T_IndexStmt:
			create_index(run, castNode(IndexStmt, stmt), sql);
			break;
		case T_CreateStatsStmt:
			create_statistics(run, castNode(CreateStatsStmt, stmt), sql);
			break;
		case T_ViewStmt:
			create_view(run, castNode(ViewStmt, stmt), sql);
			break;
		case T_CreateFunctionStmt:
			create_function(run, castNode(CreateFunctionStmt, stmt), sql);
			break;
		case T_CreateTrigStmt:
			create_trigger(run, castNode(CreateTrigStmt, stmt), sql);
			break;
		case T_DropStmt:
			drop_object(run, castNode(DropStmt, stmt));
			break;
		case T_AlterTableStmt:
			alter_table(run, castNode(AlterTableStmt, stmt), sql);
			break;
		case T_CommentStmt:
			comment(run, castNode(CommentStmt, stmt), sql);
			break;
		default:
			if (made_relation(stmt) != NULL)
				create_relation(run, sql, made_relation(stmt));
			else if (run->follows)
			{
				run_sql(sql, "a setup step");
				run->changed = true;
			}
			break;
	}
}

/*
 * Takes a step as the file's header says; what was done is in the run.
 */
void
take_step(SetupRun *run, const SetupStep *step)
{
	ListCell   *cell;

	run->number = step->number;
	run->ddl = step->ddl;
	run->follows = run->due;
	run->changed = run->renewed = false;
	initStringInfo(&run->created);
	initStringInfo(&run->dropped);
	initStringInfo(&run->kept);
	initStringInfo(&run->invalid);
	foreach(cell, step->statements)
		take_statement(run, lfirst_node(RawStmt, cell));
}

/*-------------------------------------------------------------------------
 *
 * step.c
 *	  Taking one step of loopit_setup(), a statement at a time.
 *
 * A released step never changes, and each call goes through all of them.  So
 * what decides whether a statement runs is the statement and what is there,
 * not the text of the DDL:
 *
 *	CREATE of a relation	runs if there is none of the name
 *	CREATE INDEX, STATISTICS, ADD CONSTRAINT ... CHECK
 *							runs if there is none of the definition, whatever
 *							its name (recognise.c); if the name is taken by
 *							another definition, that is the DBA's, and is kept;
 *							a unique index is then made under another name
 *	CREATE OR REPLACE VIEW	runs if the view is missing, and replaces it, with
 *							its grants, if the schema is of an older version
 *	CREATE OR REPLACE FUNCTION	runs each time: it may name the extension's
 *							schema, which may be another one now
 *	ALTER TABLE				runs if the schema is of an older version, or the
 *							table was made by this call
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
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "admin/recognise.h"
#include "admin/step.h"
#include "server/fault.h"

/* Runs SQL that is expected to end well; what for is said if it does not. */
void
run_sql(const char *sql, const char *what)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "%s failed: %s", what, SPI_result_code_string(result));
	/* what it made is to be seen by look-ups outside of SPI, too */
	CommandCounterIncrement();
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
			return castNode(CreateStmt, statement)->relation->relname;
		case T_ViewStmt:
			return castNode(ViewStmt, statement)->view->relname;
		case T_CreateSeqStmt:
			return castNode(CreateSeqStmt, statement)->sequence->relname;
		case T_CompositeTypeStmt:
			return castNode(CompositeTypeStmt, statement)->typevar->relname;
		case T_CreateTableAsStmt:
			return castNode(CreateTableAsStmt, statement)->into->rel->relname;
		default:
			return NULL;
	}
}

static void
append_name(StringInfo names, const char *name)
{
	appendStringInfo(names, "%s%s", names->len > 0 ? ", " : "", name);
}

static bool
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

static Oid
relation_oid(const SetupRun *run, const char *name)
{
	return get_relname_relid(name, run->schema);
}

/* Runs a statement that makes something of that name. */
static void
create(SetupRun *run, const char *sql, const char *name)
{
	run_sql(sql, name);
	append_name(&run->created, name);
	run->follows = run->changed = true;
}

static void
create_relation(SetupRun *run, const char *sql, const char *name)
{
	run->follows = !OidIsValid(relation_oid(run, name));
	if (!run->follows)
		return;
	create(run, sql, name);
	run->made = lappend(run->made, pstrdup(name));
}

/* Runs a statement unless its object is there, or its name is taken. */
static void
create_by_definition(SetupRun *run, const char *sql, const char *name,
					 bool is_there, bool name_taken)
{
	run->follows = false;
	if (is_there)
		return;
	if (name_taken)
		append_name(&run->kept, name);
	else
		create(run, sql, name);
}

/* What relies on a unique index cannot do without it. */
static void
create_under_another_name(SetupRun *run, IndexStmt *stmt, const char *sql)
{
	char	   *name = ChooseRelationName(stmt->idxname, NULL, "loopit",
										  run->schema, false);
	const char *taken = strstr(sql, stmt->idxname);

	create(run, psprintf("%.*s%s%s", (int) (taken - sql), sql,
						 quote_identifier(name), taken + strlen(stmt->idxname)),
		   name);
}

static void
create_index(SetupRun *run, IndexStmt *stmt, const char *sql)
{
	Oid			table = relation_oid(run, stmt->relation->relname);
	bool		is_there = OidIsValid(table) && index_is_there(table, stmt, sql);
	bool		name_taken = OidIsValid(relation_oid(run, stmt->idxname));

	if (!is_there && name_taken && stmt->unique)
	{
		create_under_another_name(run, stmt, sql);
		return;
	}
	create_by_definition(run, sql, stmt->idxname, is_there, name_taken);
}

static void
create_statistics(SetupRun *run, CreateStatsStmt *stmt, const char *sql)
{
	const RangeVar *relation = linitial_node(RangeVar, stmt->relations);
	Oid			table = relation_oid(run, relation->relname);

	create_by_definition(run, sql, strVal(llast(stmt->defnames)),
						 OidIsValid(table) && statistics_are_there(table, stmt),
						 OidIsValid(get_statistics_object_oid(stmt->defnames, true)));
}

static void
run_statement(void *sql)
{
	run_sql(sql, "a setup step");
}

/* A view whose columns a DBA changed cannot be replaced. */
static bool
is_no_other_view(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_INVALID_TABLE_DEFINITION;
}

/* The options of a view, as in SET (...); NULL if it has none. */
static char *
view_options(Oid view)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(view)};

	if (SPI_execute_with_args("SELECT pg_catalog.array_to_string(reloptions, ', ')"
							  " FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading the options of view %u failed", view);
	return SPI_processed == 0 ? NULL :
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* Replaces a view; grants stay by themselves, options are set again. */
static void
replace_view(SetupRun *run, char *sql, const char *name)
{
	char	   *options = view_options(relation_oid(run, name));

	if (fault_catch(run_statement, sql, is_no_other_view) != NULL)
	{
		append_name(&run->kept, name);
		return;
	}
	if (options != NULL)
		run_sql(psprintf("ALTER VIEW loopit.%s SET (%s)",
						 quote_identifier(name), options), name);
	run->follows = run->changed = true;
}

static void
create_view(SetupRun *run, ViewStmt *stmt, char *sql)
{
	const char *name = stmt->view->relname;

	if (!OidIsValid(relation_oid(run, name)))
		create_relation(run, sql, name);
	else
	{
		run->follows = false;
		if (stmt->replace && (run->due || was_made(run, name)))
			replace_view(run, sql, name);
	}
}

static bool
function_exists(const SetupRun *run, const char *name)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(run->schema), CStringGetTextDatum(name)
	};

	if (SPI_execute_with_args("SELECT FROM pg_catalog.pg_proc"
							  " WHERE pronamespace OPERATOR(pg_catalog.=) $1"
							  " AND proname OPERATOR(pg_catalog.=) $2::pg_catalog.name",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "looking for function %s failed", name);
	return SPI_processed > 0;
}

static void
create_function(SetupRun *run, CreateFunctionStmt *stmt, const char *sql)
{
	const char *name = strVal(llast(stmt->funcname));

	if (!function_exists(run, name))
	{
		create(run, sql, name);
		return;
	}
	run->follows = false;
	if (stmt->replace)
	{
		run_sql(sql, name);
		run->renewed = true;
	}
}

static void
create_trigger(SetupRun *run, CreateTrigStmt *stmt, const char *sql)
{
	Oid			table = relation_oid(run, stmt->relation->relname);
	bool		is_there = OidIsValid(table) &&
		OidIsValid(get_trigger_oid(table, stmt->trigname, true));

	/* dropped after it was made: a DBA did without it */
	if (!run->due && !was_made(run, stmt->relation->relname))
		is_there = true;
	create_by_definition(run, sql, stmt->trigname, is_there, false);
}

static bool
is_no_check_violation(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_CHECK_VIOLATION;
}

/* Names the rows that violate a constraint; what they hold is not shown. */
static void
report_violations(SetupRun *run, const char *table, const char *constraint)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {
		CStringGetTextDatum(table), CStringGetTextDatum(constraint)
	};
	char	   *rows;

	if (SPI_execute_with_args("SELECT pg_catalog.format("
							  "'SELECT pg_catalog.concat(pg_catalog.count(*), '' rows of %2$s, such as '',"
							  " pg_catalog.string_agg(row, '', '') FILTER (WHERE n <= 5))"
							  " FROM (SELECT pg_catalog.row_number() OVER (ORDER BY %1$s) AS n,"
							  " pg_catalog.concat(''('', pg_catalog.concat_ws('', '', %1$s), '')'') AS row"
							  " FROM loopit.%2$I WHERE NOT %3$s) s',"
							  " COALESCE((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum)"
							  "  FROM pg_catalog.pg_index JOIN pg_catalog.pg_attribute"
							  "  ON attrelid = indrelid AND attnum = ANY (indkey)"
							  "  WHERE indrelid = conrelid AND indisprimary), 'ctid'),"
							  " $1, pg_catalog.pg_get_expr(conbin, conrelid))"
							  " FROM pg_catalog.pg_constraint"
							  " WHERE conrelid = ('loopit.' || pg_catalog.quote_ident($1))::pg_catalog.regclass"
							  " AND conname = $2::pg_catalog.name",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "constraint %s is not found", constraint);
	run_sql(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
			"looking for rows that violate a constraint");
	rows = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

	append_name(&run->invalid, psprintf("%s (%s)", constraint, rows));
	ereport(WARNING,
			(errmsg("rows of table \"loopit.%s\" violate the new constraint \"%s\", which is not valid therefore",
					table, constraint),
			 errdetail("%s.", rows),
			 errhint("Correct them, then run ALTER TABLE loopit.%s VALIDATE CONSTRAINT %s.",
					 quote_identifier(table), quote_identifier(constraint))));
}

/* Adds a CHECK, or, where rows violate it, one that holds for new rows. */
static void
add_check(SetupRun *run, Oid table, Constraint *check, char *sql)
{
	bool		is_there = check_is_there(table, check, sql);
	bool		name_taken = OidIsValid(get_relation_constraint_oid(table, check->conname, true));

	run->follows = false;
	if (is_there || name_taken)
	{
		if (!is_there)
			append_name(&run->kept, check->conname);
		return;
	}
	if (fault_catch(run_statement, sql, is_no_check_violation) != NULL)
	{
		run_sql(psprintf("%s NOT VALID", sql), check->conname);
		report_violations(run, get_rel_name(table), check->conname);
	}
	append_name(&run->created, check->conname);
	run->follows = run->changed = true;
}

/*
 * ANALYZE leaves the statistics of a column whose target is 0 as they are, and
 * nothing else that an owner can run takes them away but a change of its type.
 */
static void
remove_statistics(Oid table, AlterTableCmd *command)
{
	ListCell   *cell;

	foreach(cell, find_all_inheritors(table, NoLock, NULL))
	{
		AttrNumber	column = get_attnum(lfirst_oid(cell), command->name);

		if (column > 0)
			RemoveStatistics(lfirst_oid(cell), column);
	}
}

static void
alter_table(SetupRun *run, AlterTableStmt *stmt, char *sql)
{
	const char *name = stmt->relation->relname;
	Oid			table = relation_oid(run, name);
	AlterTableCmd *first = linitial_node(AlterTableCmd, stmt->cmds);
	ListCell   *cell;

	run->follows = false;
	if (!run->due && !was_made(run, name))
		return;
	if (first->subtype == AT_AddConstraint)
	{
		Constraint *constraint = castNode(Constraint, first->def);

		if (constraint->contype == CONSTR_CHECK)
		{
			add_check(run, table, constraint, sql);
			return;
		}
		if (OidIsValid(get_relation_constraint_oid(table, constraint->conname, true)))
			return;
	}

	run_sql(sql, name);
	foreach(cell, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);

		if (command->subtype == AT_SetStatistics && intVal(command->def) == 0)
			remove_statistics(table, command);
	}
	run->follows = run->changed = true;
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

	run->ddl = step->ddl;
	run->follows = run->due;
	run->changed = run->renewed = false;
	initStringInfo(&run->created);
	initStringInfo(&run->kept);
	initStringInfo(&run->invalid);
	foreach(cell, step->statements)
		take_statement(run, lfirst_node(RawStmt, cell));
}

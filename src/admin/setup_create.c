/*-------------------------------------------------------------------------
 *
 * setup_create.c
 *	  The CREATE statements of a setup step.
 *
 * Each function runs the statement, or not, as setup_step.c says, and notes
 * what was made or kept.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "admin/setup_recognise.h"
#include "admin/setup_step.h"
#include "server/fault.h"

/* Runs a statement that makes something of that name. */
static void
create(SetupRun *run, const char *sql, const char *name)
{
	run_sql(sql, name);
	append_name(&run->created, name);
	run->follows = run->changed = true;
}

void
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

void
create_index(SetupRun *run, IndexStmt *stmt, const char *sql)
{
	Oid			table = relation_oid(run, stmt->relation->relname);
	bool		is_there = OidIsValid(table) && index_is_there(table, stmt, sql);
	bool		name_taken = OidIsValid(relation_oid(run, stmt->idxname));

	if (is_dropped_later(run, stmt->idxname, (Node *) stmt, sql))
		return;
	if (!is_there && name_taken && stmt->unique)
	{
		create_under_another_name(run, stmt, sql);
		return;
	}
	create_by_definition(run, sql, stmt->idxname, is_there, name_taken);
}

void
create_statistics(SetupRun *run, CreateStatsStmt *stmt, const char *sql)
{
	const RangeVar *relation = linitial_node(RangeVar, stmt->relations);
	Oid			table = relation_oid(run, relation->relname);
	const char *name = strVal(llast(stmt->defnames));

	if (is_dropped_later(run, name, (Node *) stmt, sql))
		return;
	create_by_definition(run, sql, name,
						 OidIsValid(table) && statistics_are_there(table, stmt),
						 OidIsValid(get_statistics_object_oid(stmt->defnames, true)));
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

void
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

void
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

void
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

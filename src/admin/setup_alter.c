/*-------------------------------------------------------------------------
 *
 * setup_alter.c
 *	  The ALTER TABLE statements of a setup step.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/heap.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "admin/setup_recognise.h"
#include "admin/setup_step.h"
#include "server/fault.h"

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

/*
 * Returns true if a storage parameter is to be set: the table is an ordinary one
 * without rows, and nobody has set the parameter.
 */
static bool
takes_parameter(Oid table, const DefElem *parameter)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(table), CStringGetTextDatum(parameter->defname)
	};

	if (SPI_execute_with_args("SELECT FROM pg_catalog.pg_class c"
							  " WHERE c.oid OPERATOR(pg_catalog.=) $1"
							  " AND c.relkind OPERATOR(pg_catalog.=) 'r'"
							  " AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) o"
							  "  WHERE o.option_name OPERATOR(pg_catalog.=) $2)",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading the parameters of table %u failed", table);
	if (SPI_processed == 0)
		return false;
	run_sql(psprintf("SELECT FROM loopit.%s LIMIT 1",
					 quote_identifier(get_rel_name(table))),
			"looking for a row");
	return SPI_processed == 0;
}

void
alter_table(SetupRun *run, AlterTableStmt *stmt, char *sql)
{
	const char *name = stmt->relation->relname;
	Oid			table = relation_oid(run, name);
	AlterTableCmd *first = linitial_node(AlterTableCmd, stmt->cmds);
	ListCell   *cell;

	run->follows = false;
	if (!run->due && !was_made(run, name))
		return;
	if (first->subtype == AT_SetRelOptions &&
		!takes_parameter(table, linitial_node(DefElem, castNode(List, first->def))))
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

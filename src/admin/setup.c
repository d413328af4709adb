/*-------------------------------------------------------------------------
 *
 * setup.c
 *	  loopit_setup(): creating the tables and views, and bringing them up to
 *	  date.
 *
 * The DDL is SQL, in the extension's function loopit_setup_steps(), so that a
 * DBA can read it first; it is generated from src/admin/steps/.  Here is what
 * surrounds it: nothing is done in a schema that is not the caller's
 * (setup_trust.c), one call runs at a time, each step is taken (setup_step.c)
 * and noted.  It runs as the calling role, which becomes the owner, with the
 * search_path of the data functions.
 *
 * Memory: all in SPI's context, until SPI_finish().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "admin/setup.h"
#include "admin/setup_step.h"
#include "admin/setup_trust.h"
#include "server/fault.h"
#include "server/owner.h"
#include "server/schema_version.h"

#define READ_STEPS \
	"SELECT step, title, ddl FROM %s.loopit_setup_steps() ORDER BY step"

static char *
result_string(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* Reads all steps, before any of them runs; a list of SetupStep. */
static List *
read_steps(Oid function)
{
	const char *schema = get_namespace_name(get_func_namespace(function));
	List	   *steps = NIL;

	if (schema == NULL)			/* DROP EXTENSION takes no lock on it */
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function loopit_setup() does not exist any more")));
	run_sql(psprintf(READ_STEPS, quote_identifier(schema)), "reading the steps");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		SetupStep  *step = palloc(sizeof(SetupStep));

		step->number = pg_strtoint32(result_string(i, 1));
		step->title = result_string(i, 2);
		step->ddl = result_string(i, 3);
		step->statements = pg_parse_query(step->ddl);
		steps = lappend(steps, step);
	}
	return steps;
}

/* The text of the statement that creates the schema. */
static char *
create_schema_text(List *steps)
{
	const SetupStep *first = linitial(steps);

	return statement_text(first->ddl, linitial_node(RawStmt, first->statements));
}

static void
create_schema(void *sql)
{
	run_sql(sql, "creating the schema");
}

/* Another call may have created the schema since it was looked for. */
static bool
is_no_duplicate(const ErrorData *error)
{
	return error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION &&
		error->sqlerrcode != ERRCODE_DUPLICATE_SCHEMA;
}

/*
 * Creates the schema if it does not exist, and locks it until the transaction
 * ends, so that one call runs at a time and nobody adds a relation meanwhile.
 * Other roles cannot hold a lock on it, as they could on an advisory lock: the
 * commands that take one ask for ownership, or for CREATE on the schema.
 * Before the schema exists, its name in the catalog is what a second call
 * waits for.
 */
static void
lock_schema(SetupRun *run, List *steps)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		run->schema = get_namespace_oid("loopit", true);
		if (!OidIsValid(run->schema))
		{
			run->schema_made = fault_catch(create_schema, create_schema_text(steps),
										   is_no_duplicate) == NULL;
			continue;
		}
		require_schema_owner(run->schema);
		LockDatabaseObject(NamespaceRelationId, run->schema, 0,
						   AccessExclusiveLock);
		if (get_namespace_oid("loopit", true) == run->schema)
			break;
		UnlockDatabaseObject(NamespaceRelationId, run->schema, 0,
							 AccessExclusiveLock);
	}
	require_schema_owner(run->schema);
}

/* Names of the relations that the steps make. */
static List *
names_of_relations(List *steps)
{
	List	   *names = NIL;
	ListCell   *s;
	ListCell   *r;

	foreach(s, steps)
	{
		const SetupStep *step = lfirst(s);

		foreach(r, step->statements)
		{
			const char *name = made_relation(lfirst_node(RawStmt, r)->stmt);

			if (name != NULL)
				names = lappend(names, unconstify(char *, name));
		}
	}
	return names;
}

/*
 * Raises if something in the schema is not to be trusted.  Returns the
 * schema's version: 0 if no step was noted.  Until then a trigger on any of
 * our tables raises; afterwards it is the DBA's, except on the table of the
 * notes, into which this call writes.
 */
static int32
check_schema(const SetupRun *run, List *steps)
{
	Oid			noted = get_relname_relid("schema_version", run->schema);
	const SetupStep *last = llast(steps);
	int32		version = 0;

	require_own_objects(run->schema);
	require_no_trigger(run->schema, list_make1("schema_version"));
	if (OidIsValid(noted))
		version = read_schema_version(noted, last->number);
	if (version == 0)
		require_no_trigger(run->schema, names_of_relations(steps));
	return version;
}

/* Notes that the schema has taken the step. */
static void
note_step(const SetupStep *step)
{
	Oid			types[] = {INT4OID, TEXTOID};
	Datum		values[] = {
		Int32GetDatum(step->number),
		CStringGetTextDatum(step->title)
	};
	int			result;

	result = SPI_execute_with_args("INSERT INTO loopit.schema_version (step, title)"
								   " SELECT $1, $2 WHERE NOT EXISTS (SELECT"
								   " FROM loopit.schema_version"
								   " WHERE step OPERATOR(pg_catalog.=) $1)",
								   lengthof(types), types, values, NULL,
								   false, 0);
	if (result < 0)
		elog(ERROR, "noting step %d failed: %s", step->number,
			 SPI_result_code_string(result));
}

/* What the step did, for a person. */
static char *
step_result(const SetupRun *run)
{
	StringInfoData done;

	initStringInfo(&done);
	if (run->created.len > 0)
		appendStringInfo(&done, "created %s", run->created.data);
	else if (run->changed)
		appendStringInfoString(&done, "done");
	else if (run->renewed)
		appendStringInfoString(&done, "renewed");
	if (run->dropped.len > 0)
		appendStringInfo(&done, "; dropped %s", run->dropped.data);
	if (run->kept.len > 0)
		appendStringInfo(&done, "%skept %s as it is", done.len > 0 ? "; " : "",
						 run->kept.data);
	if (run->invalid.len > 0)
		appendStringInfo(&done, "%snot valid: %s", done.len > 0 ? "; " : "",
						 run->invalid.data);
	return done.len > 0 ? done.data : "nothing to do";
}

static void
report_step(ReturnSetInfo *result, const SetupStep *step, const char *done)
{
	Datum		values[3] = {
		Int32GetDatum(step->number),
		CStringGetTextDatum(step->title),
		CStringGetTextDatum(done)
	};
	bool		nulls[3] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * Creates what is missing, takes the steps that the schema has not taken, and
 * puts one row per step into the result: number, title, what was done.  The
 * function's OID tells the extension's schema.  Raises insufficient_privilege
 * if the schema or anything in it is not the caller's.
 */
void
setup_run(ReturnSetInfo *result, Oid function)
{
	OwnerScope	scope;
	SetupRun	run = {0};
	List	   *steps;
	int32		version;
	ListCell   *cell;

	owner_begin_as(&scope, GetUserId());
	/* "already exists, skipping" is what idempotent steps are about */
	if (client_min_messages < WARNING)
		owner_set("client_min_messages", "warning");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	steps = read_steps(function);
	lock_schema(&run, steps);
	warn_superuser();
	version = check_schema(&run, steps);
	run.drops = drops_of_steps(steps);
	foreach(cell, steps)
	{
		const SetupStep *step = lfirst(cell);

		run.due = step->number > version;
		take_step(&run, step);
		report_step(result, step, step_result(&run));
	}
	foreach(cell, steps)
		note_step(lfirst(cell));

	/*
	 * Deferred triggers fire now, as the owner: at COMMIT they would run as
	 * whoever the session is by then, such as a superuser after RESET ROLE.
	 */
	run_sql("SET CONSTRAINTS ALL IMMEDIATE", "firing deferred triggers");

	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	owner_end(&scope);
}

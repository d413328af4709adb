/*-------------------------------------------------------------------------
 *
 * setup.c
 *	  loopit_setup(): making the tables and views.
 *
 * The steps are data of the extension's script (loopit_setup_steps()), where
 * their DDL can be read as SQL; here is what runs those that are due.
 *
 * All of it belongs to the owner of schema loopit: the role that calls first.
 * A later call runs as that owner too, so that one role owns all of it
 * whoever calls, and so that whatever that owner attached to the tables does
 * not run with the caller's privileges.
 *
 * Memory: the steps in SPI's context, the rows in the result's tuplestore.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "admin/setup.h"
#include "server/owner.h"

/* Names the lock that keeps two setups from running at once. */
#define SETUP_LOCK	"SELECT pg_catalog.pg_advisory_xact_lock(" \
	"pg_catalog.hashtextextended('loopit_setup', 0))"

/* The steps, with what is missing of what each makes. */
#define READ_STEPS \
	"SELECT s.step, s.title, s.ddl, m.missing," \
	" pg_catalog.cardinality(s.makes) OPERATOR(pg_catalog.=) 0" \
	" FROM %s.loopit_setup_steps() s," \
	" LATERAL (SELECT pg_catalog.string_agg(pg_catalog.replace(name, 'loopit.', ''), ', ') AS missing" \
	"  FROM pg_catalog.unnest(s.makes) name" \
	"  WHERE CASE WHEN pg_catalog.strpos(name, '.') OPERATOR(pg_catalog.>) 0" \
	"   THEN pg_catalog.to_regclass(name) IS NULL" \
	"   ELSE pg_catalog.to_regnamespace(name) IS NULL END) m" \
	" ORDER BY s.step"

typedef struct SetupStep
{
	int32		number;
	char	   *title;
	char	   *ddl;
	char	   *missing;		/* NULL: nothing */
	bool		always;			/* makes nothing, so it is always due */
} SetupStep;

/* The role that owns, or will own, schema loopit. */
static Oid
setup_owner(void)
{
	Oid			schema = get_namespace_oid("loopit", true);
	HeapTuple	tuple;
	Oid			owner;

	if (!OidIsValid(schema))
		return GetUserId();
	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);

	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be able to act as the owner of schema \"loopit\""),
				 errhint("Run it as \"%s\", or as a member of that role.",
						 GetUserNameFromId(owner, false))));
	return owner;
}

/* Runs SQL that is expected to end well; what for is said if it does not. */
static void
run(const char *sql, const char *what)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "%s failed: %s", what, SPI_result_code_string(result));
}

static char *
result_string(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* Reads all steps, before any of them runs. */
static SetupStep *
read_steps(Oid function, uint64 *count)
{
	const char *schema = quote_identifier(get_namespace_name(get_func_namespace(function)));
	SetupStep  *steps;

	run(psprintf(READ_STEPS, schema), "reading the steps");
	*count = SPI_processed;
	steps = palloc(sizeof(SetupStep) * SPI_processed);
	for (uint64 i = 0; i < *count; i++)
	{
		steps[i].number = pg_strtoint32(result_string(i, 1));
		steps[i].title = result_string(i, 2);
		steps[i].ddl = result_string(i, 3);
		steps[i].missing = result_string(i, 4);
		steps[i].always = strcmp(result_string(i, 5), "t") == 0;
	}
	return steps;
}

/* The version of the schema: the highest step that it has taken. */
static int32
schema_version(void)
{
	run("SELECT pg_catalog.to_regclass('loopit.schema_version') IS NULL",
		"looking for the schema's version");
	if (strcmp(result_string(0, 1), "t") == 0)
		return 0;
	run("SELECT COALESCE(pg_catalog.max(step), 0) FROM loopit.schema_version",
		"reading the schema's version");
	return pg_strtoint32(result_string(0, 1));
}

/* Notes that the schema has the step. */
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
								   " VALUES ($1, $2)"
								   " ON CONFLICT (step) DO NOTHING",
								   lengthof(types), types, values, NULL,
								   false, 0);
	if (result < 0)
		elog(ERROR, "noting step %d failed: %s", step->number,
			 SPI_result_code_string(result));
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

/* See setup.h. */
void
setup_run(ReturnSetInfo *result, Oid function)
{
	OwnerScope	scope;
	SetupStep  *steps;
	uint64		count;
	int32		version;

	owner_begin_as(&scope, setup_owner());
	/* "already exists, skipping" is what idempotent steps are about */
	(void) set_config_option("client_min_messages", "warning",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	run(SETUP_LOCK, "locking out another setup");
	version = schema_version();
	steps = read_steps(function, &count);
	for (uint64 i = 0; i < count; i++)
	{
		const SetupStep *step = &steps[i];

		if (step->missing != NULL)
		{
			run(step->ddl, step->title);
			report_step(result, step, psprintf("created %s", step->missing));
		}
		else if (step->always || (version > 0 && step->number > version))
		{
			run(step->ddl, step->title);
			report_step(result, step, step->always ? "renewed" : "done");
		}
		else
			report_step(result, step, "nothing to do");
	}

	for (uint64 i = 0; i < count; i++)
		note_step(&steps[i]);

	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	owner_end(&scope);
}

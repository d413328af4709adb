/*-------------------------------------------------------------------------
 *
 * setup_trust.c
 *	  What loopit_setup() requires of a schema that exists already.
 *
 * Any role with CREATE on the database can create a schema "loopit" before the
 * DBA does, with tables whose triggers would run with the rights of whoever
 * calls loopit_setup(), or which would collect all the leads.  So the schema
 * and all that it holds must be the caller's own, and no trigger or rule may
 * be on a relation before the caller has set the schema up: a role that holds
 * TRIGGER on a table can create one on a table of the caller.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "admin/setup_trust.h"

/* The first object of the schema $1 that is not owned by $2. */
#define FIND_FOREIGN_OBJECT \
	"SELECT pg_catalog.pg_describe_object(o.class, o.oid, 0)," \
	" pg_catalog.pg_get_userbyid(o.owner)" \
	" FROM (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class," \
	"   oid, relnamespace AS namespace, relowner AS owner FROM pg_catalog.pg_class" \
	"  UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass," \
	"   oid, pronamespace, proowner FROM pg_catalog.pg_proc" \
	"  UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass," \
	"   oid, typnamespace, typowner FROM pg_catalog.pg_type" \
	"  UNION ALL SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass," \
	"   oid, oprnamespace, oprowner FROM pg_catalog.pg_operator" \
	"  UNION ALL SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass," \
	"   oid, collnamespace, collowner FROM pg_catalog.pg_collation" \
	"  UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass," \
	"   oid, stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext) o" \
	" WHERE o.namespace OPERATOR(pg_catalog.=) $1" \
	" AND o.owner OPERATOR(pg_catalog.<>) $2" \
	" ORDER BY o.class OPERATOR(pg_catalog.<>) 'pg_catalog.pg_class'::pg_catalog.regclass," \
	" o.class, o.oid LIMIT 1"

/*
 * The first trigger or rule on a relation of the schema $1 that is one of $2,
 * with what takes it out of the way.  A disabled one does not fire; a foreign
 * key's triggers are internal; a view is a rule.
 */
#define FIND_TRIGGER \
	"SELECT pg_catalog.pg_describe_object(t.class, t.oid, 0), pg_catalog.format(" \
	"  CASE c.relkind WHEN 'v' THEN 'DROP %1$s %2$I ON loopit.%3$I'" \
	"  ELSE 'ALTER TABLE loopit.%3$I DISABLE %1$s %2$I' END, t.kind, t.name, c.relname)" \
	" FROM (SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass AS class," \
	"   oid, tgrelid AS relation, 'TRIGGER' AS kind, tgname AS name" \
	"   FROM pg_catalog.pg_trigger" \
	"   WHERE NOT tgisinternal AND tgenabled OPERATOR(pg_catalog.<>) 'D'" \
	"  UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass," \
	"   oid, ev_class, 'RULE', rulename FROM pg_catalog.pg_rewrite" \
	"   WHERE rulename OPERATOR(pg_catalog.<>) '_RETURN'" \
	"   AND ev_enabled OPERATOR(pg_catalog.<>) 'D') t" \
	" JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relation" \
	" WHERE c.relnamespace OPERATOR(pg_catalog.=) $1" \
	" AND c.relname OPERATOR(pg_catalog.=) ANY ($2)" \
	" ORDER BY t.class, t.oid LIMIT 1"

/* Runs a query of two parameters; returns whether it found a row. */
static bool
find(const char *sql, Oid *types, Datum *values, const char *what)
{
	int			result = SPI_execute_with_args(sql, 2, types, values, NULL,
											   false, 1);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "%s failed: %s", what, SPI_result_code_string(result));
	return SPI_processed > 0;
}

static char *
found_string(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/*
 * Raises insufficient_privilege if the schema is not owned by the current
 * user.  To be a member of the owner is not enough: what the call creates is
 * owned by the role that calls, and all has to have one owner.
 */
void
require_schema_owner(Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))	/* dropped meanwhile; the caller looks
									 * again */
		return;
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	if (owner != GetUserId())
	{
		char	   *name = GetUserNameFromId(owner, false);

		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schema \"loopit\" is owned by \"%s\"", name),
				 errdetail("Only the owner of the schema sets up and changes its tables."),
				 errhint("If this role is meant to own the tables, run SET ROLE %s first.",
						 quote_identifier(name))));
	}
}

/* Raises if the schema holds an object of another role than the current one. */
void
require_own_objects(Oid schema)
{
	Oid			types[] = {OIDOID, OIDOID};
	Datum		values[] = {
		ObjectIdGetDatum(schema), ObjectIdGetDatum(GetUserId())
	};

	if (find(FIND_FOREIGN_OBJECT, types, values, "looking for objects of other roles"))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schema \"loopit\" holds an object of another role"),
				 errdetail("%s is owned by \"%s\".", found_string(1), found_string(2)),
				 errhint("Find out who created it and why, then drop it or change its owner to \"%s\".",
						 GetUserNameFromId(GetUserId(), false))));
}

/* Raises if one of the relations (a list of names) has a trigger or rule. */
void
require_no_trigger(Oid schema, List *relations)
{
	Oid			types[] = {OIDOID, NAMEARRAYOID};
	Datum	   *names = palloc(sizeof(Datum) * list_length(relations));
	Datum		values[2];
	ListCell   *cell;

	foreach(cell, relations)
	{
		Name		name = palloc0(sizeof(NameData));

		namestrcpy(name, lfirst(cell));
		names[foreach_current_index(cell)] = NameGetDatum(name);
	}
	values[0] = ObjectIdGetDatum(schema);
	values[1] = PointerGetDatum(construct_array(names, list_length(relations),
												NAMEOID, NAMEDATALEN, false,
												TYPALIGN_CHAR));
	if (find(FIND_TRIGGER, types, values, "looking for triggers and rules"))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a table of schema \"loopit\" has a trigger or rule before it is set up"),
				 errdetail("There is a %s.", found_string(1)),
				 errhint("Find out who created it and why. To go on, run %s.",
						 found_string(2))));
}

/* Warns if the current user is a superuser. */
void
warn_superuser(void)
{
	if (superuser())
		ereport(WARNING,
				(errmsg("the tables of schema \"loopit\" belong to a superuser"),
				 errdetail("Triggers of these tables will run as superuser \"%s\", whoever ingests.",
						   GetUserNameFromId(GetUserId(), false)),
				 errhint("Let a role that is no superuser own them: grant it CREATE on the database and EXECUTE on loopit_setup(), then SET ROLE to it.")));
}

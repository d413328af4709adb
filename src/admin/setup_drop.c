/*-------------------------------------------------------------------------
 *
 * setup_drop.c
 *	  What one setup step makes and a later one drops: indexes and extended
 *	  statistics that are no longer needed.
 *
 * The step that makes it is released and never changes, and every call goes
 * through it, so it must know that its work is not wanted any more: a new
 * schema never gets the object, and one of an older version loses it, but only
 * where both name and definition are those of the step.  What a DBA redefined
 * or renamed is the DBA's.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"

#include "admin/setup_recognise.h"
#include "admin/setup_step.h"

/* Finds what the steps drop; a list of SetupDrop. */
List *
drops_of_steps(List *steps)
{
	List	   *drops = NIL;
	ListCell   *s;
	ListCell   *r;
	ListCell   *o;

	foreach(s, steps)
	{
		const SetupStep *step = lfirst(s);

		foreach(r, step->statements)
		{
			Node	   *stmt = lfirst_node(RawStmt, r)->stmt;

			if (!IsA(stmt, DropStmt))
				continue;
			foreach(o, castNode(DropStmt, stmt)->objects)
			{
				SetupDrop  *drop = palloc0(sizeof(SetupDrop));

				drop->name = strVal(llast(lfirst_node(List, o)));
				drop->step = step->number;
				drops = lappend(drops, drop);
			}
		}
	}
	return drops;
}

static SetupDrop *
find_drop(const SetupRun *run, const char *name)
{
	ListCell   *cell;

	foreach(cell, run->drops)
	{
		SetupDrop  *drop = lfirst(cell);

		if (strcmp(drop->name, name) == 0)
			return drop;
	}
	return NULL;
}

/*
 * Returns true if a later step drops what this statement would make, and
 * notes the statement for that step.
 */
bool
is_dropped_later(SetupRun *run, const char *name, Node *made_by,
				 const char *sql)
{
	SetupDrop  *drop = find_drop(run, name);

	if (drop == NULL || drop->step <= run->number)
		return false;
	drop->made_by = made_by;
	drop->made_by_sql = pstrdup(sql);
	run->follows = false;
	return true;
}

/* Returns the object of that name, and whether it is as the step made it. */
static Oid
find_object(const SetupRun *run, const SetupDrop *drop, bool *as_made)
{
	Oid			object;

	if (IsA(drop->made_by, IndexStmt))
	{
		IndexStmt  *stmt = castNode(IndexStmt, drop->made_by);
		Oid			table = relation_oid(run, stmt->relation->relname);

		object = relation_oid(run, drop->name);
		*as_made = OidIsValid(table) &&
			list_member_oid(indexes_of_definition(table, stmt, drop->made_by_sql),
							object);
	}
	else
	{
		CreateStatsStmt *stmt = castNode(CreateStatsStmt, drop->made_by);
		Oid			table = relation_oid(run, linitial_node(RangeVar, stmt->relations)->relname);

		object = get_statistics_object_oid(stmt->defnames, true);
		*as_made = OidIsValid(object) && OidIsValid(table) &&
			statistics_cover(object, table, stmt);
	}
	return object;
}

/* Drops what an earlier step made; what is not as it made it is kept. */
void
drop_object(SetupRun *run, DropStmt *stmt)
{
	const char *kind = stmt->removeType == OBJECT_INDEX ? "INDEX" : "STATISTICS";
	ListCell   *cell;

	run->follows = false;
	if (!run->due)
		return;
	foreach(cell, stmt->objects)
	{
		const SetupDrop *drop = find_drop(run, strVal(llast(lfirst_node(List, cell))));
		bool		as_made = false;

		if (drop == NULL || drop->made_by == NULL ||
			!OidIsValid(find_object(run, drop, &as_made)))
			continue;
		if (!as_made)
		{
			append_name(&run->kept, drop->name);
			continue;
		}
		run_sql(psprintf("DROP %s loopit.%s", kind, quote_identifier(drop->name)),
				drop->name);
		append_name(&run->dropped, drop->name);
		run->follows = run->changed = true;
	}
}

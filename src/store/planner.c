/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  Plans of generated statements use the index of their key.
 *
 * A generic plan that is made while a table is small, or of which statistics
 * say so, may search by the workspace alone through another index, which then
 * reads all rows of the workspace for each lead until the table is analyzed.
 * So while such a statement is planned, the planner is shown no other index
 * of the table.  The same holds for the look-ups of foreign keys' triggers
 * that are planned while a row is inserted.
 *
 * Memory: nothing is kept but the hook.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/pathnodes.h"
#include "optimizer/plancat.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"

#include "store/row.h"

static get_relation_info_hook_type previous_hook;

/* What is being planned. */
static struct
{
	const TableSpec *table;		/* a statement that searches by a key of it; */
	int			key;			/* NULL: another statement */
	bool		inserting;		/* within an insert of ours */
}			planning;

/* Leaves the relation the indexes that are the key, if there are any. */
static void
keep_indexes(RelOptInfo *rel, const TableSpec *table, int key)
{
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(lc);

		if (direct_is_key(index->indexoid, table, key))
			kept = lappend(kept, index);
	}
	if (kept != NIL)
		rel->indexlist = kept;
}

/* A foreign key's trigger locks the row referred to FOR KEY SHARE. */
static bool
is_locked_for_key_share(PlannerInfo *root, RelOptInfo *rel)
{
	RowMarkClause *mark = get_parse_rowmark(root->parse, rel->relid);

	return mark != NULL && mark->strength == LCS_FORKEYSHARE;
}

static void
choose_indexes(PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *rel)
{
	if (previous_hook != NULL)
		previous_hook(root, relation, inhparent, rel);
	if (planning.table != NULL)
		keep_indexes(rel, planning.table, planning.key);
	else if (planning.inserting && is_locked_for_key_share(root, rel))
	{
		for (int table = 0; table < NUM_TABLES; table++)
		{
			if (strcmp(get_rel_name(relation), table_specs[table].name) == 0)
				keep_indexes(rel, &table_specs[table], 0);
		}
	}
}

/* Installs the hook; called by _PG_init(). */
void
planner_init(void)
{
	previous_hook = get_relation_info_hook;
	get_relation_info_hook = choose_indexes;
}

/* Returns true if running the plan would not plan anew. */
static bool
is_planned(SPIPlanPtr plan)
{
	const CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));

	return source->is_valid && source->gplan != NULL && source->gplan->is_valid;
}

/*
 * Plans a statement that finds its rows by a key of the table, unless there is
 * a valid plan.  The session is connected to SPI.
 */
void
plan_by_key(SPIPlanPtr plan, const TableSpec *spec, int key)
{
	if (is_planned(plan))
		return;
	planning.table = spec;
	planning.key = key;
	PG_TRY();
	{
		ReleaseCachedPlan(SPI_plan_get_cached_plan(plan), CurrentResourceOwner);
	}
	PG_FINALLY();
	{
		planning.table = NULL;
	}
	PG_END_TRY();
}

/*
 * Runs the plan of an insert; returns the number of rows.  A trigger of it may
 * insert by this function, too.
 */
uint64
run_insert(Store *store, SPIPlanPtr plan, RowValues *row)
{
	volatile uint64 rows = 0;
	bool		outer = planning.inserting;

	planning.inserting = true;
	PG_TRY();
	{
		rows = run_plan(store, plan, row->values, row->nulls, false);
	}
	PG_FINALLY();
	{
		planning.inserting = outer;
	}
	PG_END_TRY();
	return rows;
}

/*-------------------------------------------------------------------------
 *
 * report_task.c
 *	  Groups the open leads into tasks: those that ask for the same package,
 *	  the unknown vehicles of a workspace, what failed in the same place.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "report/format.h"
#include "report/task.h"

/* How many of the values that a task's leads look for are named. */
#define NAMED_VALUES	5

#define MAX_TASKS		200

/* A task of so many leads of the period, a third of all, is urgent. */
#define URGENT_LEADS	10
#define URGENT_PART		3

/* Returns the code of that name; CODE_NONE if there is none. */
Code
find_code(LeadText name)
{
	for (int code = 0; code < NUM_CODES; code++)
	{
		if (same_text(name, lead_text(code_table[code].name,
									  strlen(code_table[code].name))))
			return (Code) code;
	}
	return CODE_NONE;
}

/* "workspace "Group E" (5)" */
char *
workspace_text(int64 id, LeadText name)
{
	if (name.data == NULL)
		return psprintf("workspace " INT64_FORMAT, id);
	return psprintf("workspace %s (" INT64_FORMAT ")", quoted_text(name), id);
}

/* The statement that replays the open leads of a reason, and of a condition. */
const char *
replay_statement(const char *schema, LeadText reason, const char *condition)
{
	return psprintf("SELECT %sloopit_replay_lead(log_id) FROM loopit.unresolved_lead WHERE reason = %s%s;",
					schema, literal_text(reason), condition);
}

/* Returns true if so many dealerships have no workspace that they are one task. */
static bool
are_many_unknown(const Figures *figures)
{
	int			unknown = 0;
	ListCell   *lc;

	foreach(lc, figures->open_groups)
	{
		if (find_code(((const OpenGroup *) lfirst(lc))->reason) == CODE_WORKSPACE_NOT_FOUND)
			unknown++;
	}
	return unknown > NAMED_DEALERSHIPS;
}

/* Returns true if one deed settles the leads of both. */
static bool
is_one_task(const OpenGroup *a, const OpenGroup *b, bool many_unknown)
{
	if (!same_text(a->reason, b->reason))
		return false;
	switch (find_code(a->reason))
	{
		case CODE_PACKAGE_NOT_FOUND:
			return same_text(a->value, b->value);
		case CODE_WORKSPACE_NOT_FOUND:
			return many_unknown || a->dealership_id == b->dealership_id;
		case CODE_DEALERSHIP_NOT_ALLOWED:
			return a->dealership_id == b->dealership_id &&
				same_text(a->client, b->client);
		case CODE_DATABASE_ERROR:
			return same_text(a->sqlstate, b->sqlstate) &&
				same_text(a->place, b->place);
		default:
			return true;
	}
}

/*
 * The tasks, in the order of their first group.  Those past MAX_TASKS are left
 * out: a sender can make as many as it likes.
 */
List *
list_tasks(const Figures *figures)
{
	List	   *tasks = NIL;
	bool		many_unknown = are_many_unknown(figures);
	ListCell   *lc;

	foreach(lc, figures->open_groups)
	{
		OpenGroup  *group = lfirst(lc);
		Task	   *task = NULL;
		ListCell   *other;

		foreach(other, tasks)
		{
			task = lfirst(other);
			if (is_one_task(task->first, group, many_unknown))
				break;
			task = NULL;
		}
		if (task == NULL && list_length(tasks) == MAX_TASKS)
			continue;
		if (task == NULL)
		{
			task = palloc0(sizeof(Task));
			task->code = find_code(group->reason);
			task->first = group;
			task->oldest = group->oldest;
			tasks = lappend(tasks, task);
		}
		task->groups = lappend(task->groups, group);
		task->leads += group->leads;
		task->recent += group->recent;
		task->oldest = Min(task->oldest, group->oldest);
		task->log_id = Max(task->log_id, group->log_id);
	}
	return tasks;
}

/* Returns true if a great part of the leads that come in are lost to it. */
bool
is_urgent(const Figures *figures, const Task *task)
{
	return task->recent >= URGENT_LEADS &&
		task->recent * URGENT_PART >= figures->period.deliveries;
}

/* "1 lead waits", "1,002 leads wait" */
char *
wait_text(const Task *task)
{
	return psprintf("%s %s", leads_text(task->leads),
					task->leads == 1 ? "waits" : "wait");
}

/* Returns true if all leads of the task are of one workspace. */
bool
is_of_one_workspace(const Task *task)
{
	ListCell   *lc;

	foreach(lc, task->groups)
	{
		if (((const OpenGroup *) lfirst(lc))->workspace_id !=
			task->first->workspace_id)
			return false;
	}
	return true;
}

static int
compare_leads(const ListCell *a, const ListCell *b)
{
	const OpenGroup *left = lfirst(a);
	const OpenGroup *right = lfirst(b);

	return left->leads > right->leads ? -1 : left->leads < right->leads;
}

/* The workspaces of a task, most leads first; their leads are added up. */
static List *
list_workspaces(const Task *task)
{
	List	   *sums = NIL;
	ListCell   *lc;

	foreach(lc, task->groups)
	{
		const OpenGroup *group = lfirst(lc);
		OpenGroup  *sum = NULL;
		ListCell   *other;

		foreach(other, sums)
		{
			sum = lfirst(other);
			if (sum->workspace_id == group->workspace_id)
				break;
			sum = NULL;
		}
		if (sum == NULL)
		{
			sum = palloc(sizeof(OpenGroup));
			*sum = *group;
			sums = lappend(sums, sum);
		}
		else
			sum->leads += group->leads;
	}
	list_sort(sums, compare_leads);
	return sums;
}

/* "workspace "Group E" (5)", "12 workspaces" */
char *
whose_text(const Task *task)
{
	int			count = list_length(list_workspaces(task));

	return count == 1 ? workspace_text(task->first->workspace_id,
									   task->first->workspace) :
		psprintf("%s workspaces", count_text(count));
}

/* Which workspaces have how many of the leads, as a sentence; "" if it is one. */
char *
workspaces_text(const Task *task)
{
	List	   *sums = list_workspaces(task);
	StringInfoData out;
	ListCell   *lc;

	if (list_length(sums) == 1)
		return "";
	initStringInfo(&out);
	foreach(lc, sums)
	{
		const OpenGroup *sum = lfirst(lc);

		if (foreach_current_index(lc) == NAMED_VALUES)
		{
			appendStringInfo(&out, " and %s more",
							 count_text(list_length(sums) - NAMED_VALUES));
			break;
		}
		appendStringInfo(&out, "%s%s (" INT64_FORMAT "): %s",
						 foreach_current_index(lc) > 0 ? ", " : "Most are of ",
						 sum->workspace.data == NULL ? "workspace" :
						 quoted_text(sum->workspace), sum->workspace_id,
						 count_text(sum->leads));
	}
	return psprintf("%s. ", out.data);
}

/* Since when they wait, and whether more keep coming. */
char *
timing_text(const Task *task)
{
	const char *since = since_text(task->oldest);

	if (task->leads == 1)
		return psprintf("It came on %s.", since);
	if (task->recent == 0)
		return psprintf("The oldest came on %s, and none in this period.", since);
	if (task->recent == task->leads)
		return psprintf("All came in this period, the first on %s.", since);
	return psprintf("The oldest came on %s, and %s in this period.", since,
					count_text(task->recent));
}

/* The hint of the outcome, as a sentence with a space behind it. */
char *
hint_text(const Task *task)
{
	if (task->first->hint.data == NULL)
		return "";
	return psprintf("%s ", value_text(task->first->hint));
}

/* Names the first dealerships, and how many more there are. */
char *
dealership_ids_text(const Task *task)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, task->groups)
	{
		const OpenGroup *group = lfirst(lc);

		if (foreach_current_index(lc) == NAMED_VALUES)
		{
			appendStringInfo(&out, " and %s more",
							 count_text(list_length(task->groups) - NAMED_VALUES));
			break;
		}
		appendStringInfo(&out, "%s" INT64_FORMAT " (%s)",
						 out.len > 0 ? ", " : "", group->dealership_id,
						 leads_text(group->leads));
	}
	return out.data;
}

/* Names the first values that are looked for, and how many more there are. */
char *
values_text(const Task *task)
{
	StringInfoData out;
	int			named = 0;
	int			left = 0;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, task->groups)
	{
		const OpenGroup *group = lfirst(lc);

		if (group->value.data == NULL || named == NAMED_VALUES)
		{
			left++;
			continue;
		}
		appendStringInfo(&out, "%s%s", named++ > 0 ? ", " : "",
						 quoted_text(group->value));
		if (group->leads > 1)
			appendStringInfo(&out, " (%s leads)", count_text(group->leads));
	}
	if (named == 0)
		return "values that are not shown, because they may be personal";
	if (left > 0)
		appendStringInfo(&out, " and %s more", count_text(left));
	return out.data;
}

/*-------------------------------------------------------------------------
 *
 * report_todo.c
 *	  What to do about the open leads, so that a reader who has never seen
 *	  this product can do it: what they wait for, since when, and the
 *	  statements.
 *
 * What a payload asks for is shown, because it is what has to be loaded: a
 * package, a vehicle, a location.  REPORT_OPEN_GROUPS withholds what may be
 * personal, and then the row of the log is named instead.
 *
 * Memory: everything is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/format.h"
#include "report/task.h"

static PageTodo *
new_todo(const Task *task, TodoLevel level)
{
	PageTodo   *todo = palloc0(sizeof(PageTodo));

	todo->level = level;
	todo->leads = (double) task->leads;
	return todo;
}

static void
add_statement(PageTodo *todo, const char *statement)
{
	todo->statements = lappend(todo->statements, unconstify(char *, statement));
}

/* The condition that the task's leads are of its workspace, if it is one. */
static const char *
workspace_condition(const Task *task)
{
	return !is_of_one_workspace(task) ? "" :
		psprintf(" AND workspace_id = " INT64_FORMAT, task->first->workspace_id);
}

/* The statement that replays the task's leads. */
static const char *
replay_of_task(const Task *task, const char *schema)
{
	return replay_statement(schema, task->first->reason,
							workspace_condition(task));
}

/*
 * The sentence for a value that is not shown: where it is found.
 */
static char *
withheld_text(const Task *task, const char *what)
{
	return psprintf("%s is not shown, because it may be personal: it is in row "
					INT64_FORMAT " of loopit.ingest_log. ", what, task->log_id);
}

/* Returns true if the workspaces have the package by now. */
static bool
has_package(Store *store, const Task *task)
{
	ListCell   *lc;

	foreach(lc, task->groups)
	{
		const OpenGroup *group = lfirst(lc);

		if (group->value.data == NULL ||
			store_find_package(store, group->workspace_id, group->value) == 0)
			return false;
	}
	return true;
}

static PageTodo *
package_todo(Store *store, const Task *task, const char *schema)
{
	const OpenGroup *group = task->first;
	const char *whose = whose_text(task);
	const char *has = is_of_one_workspace(task) ? "does" : "do";
	PageTodo   *todo = new_todo(task, TODO_FIX);

	if (has_package(store, task))
	{
		todo->headline = psprintf("%s to be replayed: the package %s is there now",
								  wait_text(task), quoted_text(group->value));
		todo->text = psprintf("They came before %s had it. %s%s", whose,
							  workspaces_text(task), timing_text(task));
		add_statement(todo, replay_of_task(task, schema));
		return todo;
	}
	todo->headline = group->value.data != NULL ?
		psprintf("%s for the package %s, which %s %s not have",
				 wait_text(task), quoted_text(group->value), whose, has) :
		psprintf("%s for a package that %s %s not have", wait_text(task), whose,
				 has);
	todo->text = psprintf("%s%s%s%s Nothing is booked until loopit.package has a live package of exactly the name that additional_details.subscription_plan sends. If a package was renamed, give it this name again, or have the website send the new one; otherwise add it. Then replay the leads.",
						  group->personal ? withheld_text(task, "The name") : "",
						  hint_text(task), workspaces_text(task),
						  timing_text(task));
	if (group->value.data != NULL && is_shown_whole(group->value) &&
		is_of_one_workspace(task))
		add_statement(todo, psprintf("INSERT INTO loopit.package (workspace_id, name) VALUES (" INT64_FORMAT ", %s);",
									 group->workspace_id, literal_text(group->value)));
	add_statement(todo, replay_of_task(task, schema));
	return todo;
}

/* The statement that lists what the leads of a vehicle's task look for. */
static const char *
list_vehicles_statement(const Task *task)
{
	return psprintf("SELECT workspace_id, payload #>> '{item,vin}' AS vin, payload #>> '{item,stock_number}' AS stock_number, count(*)"
					" FROM loopit.ingest_log WHERE id IN (SELECT log_id FROM loopit.unresolved_lead WHERE reason = %s%s)"
					" GROUP BY 1, 2, 3 ORDER BY 4 DESC;",
					literal_text(task->first->reason), workspace_condition(task));
}

static PageTodo *
vehicle_todo(const Task *task, const char *schema)
{
	const char *whose = whose_text(task);
	const char *vehicles = plural_text(list_length(task->groups), "vehicle",
									   "vehicles");
	bool		one = is_of_one_workspace(task);
	PageTodo   *todo = new_todo(task, TODO_FIX);

	if (task->code == CODE_ASSET_ARCHIVED)
	{
		todo->headline = psprintf("%s for %s that %s %s archived",
								  wait_text(task), vehicles, whose,
								  one ? "has" : "have");
		todo->text = psprintf("item.vin or item.stock_number is %s. %s%s If a vehicle is offered again, set its archived_at in loopit.asset to null and replay the leads; if it is gone, offer the customers another one and dismiss the leads.",
							  values_text(task), workspaces_text(task),
							  timing_text(task));
	}
	else
	{
		todo->headline = psprintf("%s for %s that %s %s not have",
								  wait_text(task), vehicles, whose,
								  one ? "does" : "do");
		todo->text = psprintf("item.vin or item.stock_number is %s. %s%s%s Load the vehicles into loopit.asset, each with a location in loopit.asset_location, and replay the leads; if many are missing, look at what loads loopit.asset.",
							  values_text(task), hint_text(task),
							  workspaces_text(task), timing_text(task));
	}
	if (list_length(task->groups) > 1)
		add_statement(todo, list_vehicles_statement(task));
	add_statement(todo, replay_of_task(task, schema));
	return todo;
}

static PageTodo *
location_todo(const Task *task, const char *schema)
{
	PageTodo   *todo = new_todo(task, TODO_FIX);

	todo->headline = psprintf("%s for a location where their vehicle can be booked, in %s",
							  wait_text(task), whose_text(task));
	todo->text = psprintf("location.location_name is %s; the workspace has no live location of that name, and the vehicle none in loopit.asset_location. %s%s%s Add the location to loopit.location, or give the vehicles one in loopit.asset_location, and replay the leads.",
						  values_text(task), hint_text(task),
						  workspaces_text(task), timing_text(task));
	add_statement(todo, replay_of_task(task, schema));
	return todo;
}

/* Many dealerships without a workspace: their rows were lost, or never loaded. */
static PageTodo *
dealerships_todo(const Task *task, const char *schema)
{
	PageTodo   *todo = new_todo(task, TODO_FIX);

	todo->headline = psprintf("%s for %d dealerships that no workspace has",
							  wait_text(task), list_length(task->groups));
	todo->text = psprintf("dealership.id is %s, and loopit.dealership has no such rows, so nothing of these leads is stored. %s If rows were deleted, load them again; otherwise add each with the id of its workspace. Then replay the leads; if a number is wrong, have the website corrected.",
						  dealership_ids_text(task), timing_text(task));
	add_statement(todo, psprintf("SELECT dealership_id, count(*) FROM loopit.unresolved_lead WHERE reason = %s GROUP BY 1 ORDER BY 2 DESC;",
								 literal_text(task->first->reason)));
	add_statement(todo, replay_statement(schema, task->first->reason, ""));
	return todo;
}

static PageTodo *
dealership_todo(Store *store, const Task *task, const char *schema)
{
	int64		id = task->first->dealership_id;
	PageTodo   *todo = new_todo(task, TODO_FIX);
	const char *condition = psprintf(" AND dealership_id = " INT64_FORMAT, id);

	if (task->code == CODE_DEALERSHIP_NOT_ALLOWED)
	{
		todo->headline = psprintf("%s of dealership " INT64_FORMAT " %s refused: the client may not send them",
								  leads_text(task->leads), id,
								  task->leads == 1 ? "was" : "were");
		todo->text = psprintf("The OAuth client %s sent them, and the dealership's workspace is not among the client's in loopit.client. %s If it should be, add it there and replay the leads; if not, find out who uses the client.",
							  task->first->client.data == NULL ? "is not known that" :
							  quoted_text(task->first->client), timing_text(task));
	}
	else if (store_find_workspace(store, id) != 0)
	{
		todo->headline = psprintf("%s to be replayed: dealership " INT64_FORMAT " is configured now",
								  wait_text(task), id);
		todo->text = psprintf("They came before loopit.dealership had it. %s",
							  timing_text(task));
	}
	else
	{
		todo->headline = psprintf("%s for dealership " INT64_FORMAT ", which no workspace has",
								  wait_text(task), id);
		todo->text = psprintf("dealership.id is " INT64_FORMAT ", and loopit.dealership has no such row, so nothing of these leads is stored. %s Add it with the id of its workspace, and replay the leads; if the number is wrong, have the website corrected.",
							  id, timing_text(task));
		add_statement(todo, psprintf("INSERT INTO loopit.dealership (id, workspace_id) VALUES (" INT64_FORMAT ", :workspace_id);",
									 id));
	}
	add_statement(todo, replay_statement(schema, task->first->reason, condition));
	return todo;
}

/* What an SQLSTATE means, for a reader without the manual. */
static const char *
explain_sqlstate(LeadText sqlstate)
{
	static const struct
	{
		const char *begins;
		const char *explanation;
	}			states[] = {
		{"P0001", "A trigger or a function raised it."},
		{"23505", "A row with the same unique key is there already."},
		{"23", "A constraint that was added to the tables refuses the row."},
		{"42501", "The owner of the tables lacks a privilege."},
		{"42", "A table, a column or a function is missing, or has another type."},
		{"27", "A trigger kept the row from being stored."},
		{"22", "A value does not fit its column, or a function refuses it."}
	};

	for (int i = 0; i < lengthof(states); i++)
	{
		size_t		length = strlen(states[i].begins);

		if (sqlstate.data != NULL && sqlstate.length >= length &&
			memcmp(sqlstate.data, states[i].begins, length) == 0)
			return states[i].explanation;
	}
	return "See the appendix \"Error Codes\" of PostgreSQL's manual.";
}

static PageTodo *
error_todo(const Task *task, const char *schema)
{
	const OpenGroup *group = task->first;
	PageTodo   *todo = new_todo(task, TODO_FIX);

	todo->headline = psprintf("%s failed with a database error (SQLSTATE %s%s%s)",
							  leads_text(task->leads),
							  group->sqlstate.data == NULL ? "unknown" :
							  value_text(group->sqlstate),
							  group->place.data == NULL ? "" : ": ",
							  group->place.data == NULL ? "" :
							  value_text(group->place));
	todo->text = psprintf("%s %s Nothing of a failed lead is stored but its payload. The server's log has the error's text: search it for the newest log id, " INT64_FORMAT ". Fix the cause, and replay the leads.",
						  explain_sqlstate(group->sqlstate), timing_text(task),
						  task->log_id);
	add_statement(todo, replay_statement(schema, group->reason, ""));
	return todo;
}

/* The statement that lists the open leads of a reason. */
static const char *
list_statement(const Task *task)
{
	return psprintf("SELECT log_id, received_at, dealership_id, lead_reference FROM loopit.unresolved_lead WHERE reason = %s ORDER BY received_at DESC;",
					literal_text(task->first->reason));
}

static PageTodo *
conflict_todo(const Task *task, const char *schema)
{
	PageTodo   *todo = new_todo(task, TODO_FIX);

	todo->headline = psprintf("%s came again with other details than what is booked",
							  leads_text(task->leads));
	todo->text = psprintf("A booking is never changed by a later delivery. %s Compare each with its booking, change the booking by hand if the new details are right, and dismiss the lead.",
						  timing_text(task));
	add_statement(todo, list_statement(task));
	add_statement(todo, psprintf("SELECT %sloopit_dismiss_lead(" INT64_FORMAT ", 'compared');",
								 schema, task->log_id));
	return todo;
}

/* How often an issue is seen that rose, as a sentence with a space behind it. */
static char *
rise_text(const Figures *figures, const IssueFigures *issue)
{
	return psprintf("It is so with %s of the leads, %s before, since %s. %s. Ask Dealer Studio what changed. ",
					share_text(issue->leads, figures->period.deliveries),
					share_text(issue->base_leads, issue->base_deliveries),
					day_text(issue->since), guess_at_change(figures, issue));
}

/* Leads that only the sender can correct, and reasons that are not ours. */
static PageTodo *
sender_todo(const Figures *figures, const Task *task, const char *schema)
{
	const IssueFigures *rise = find_rise(figures, task->first->reason);
	const CodeSpec *spec = task->code == CODE_NONE ? NULL : &code_table[task->code];
	PageTodo   *todo = new_todo(task, rise != NULL ? TODO_ASK : TODO_TIDY);
	bool		booking = spec != NULL && spec->thing == THING_BOOKING;

	todo->headline = psprintf("%s %s not %s: %s", leads_text(task->leads),
							  task->leads == 1 ? "was" : "were",
							  booking ? "booked" : "stored",
							  spec == NULL ? value_text(task->first->reason) :
							  spec->explanation);
	todo->text = psprintf("%s %sOnly the sender can correct it%s%s. A corrected delivery settles its lead by itself; dismiss what is spam.",
						  timing_text(task),
						  rise == NULL ? "" : rise_text(figures, rise), spec == NULL ? "" : ": ",
						  spec == NULL ? "" : spec->remedy);
	add_statement(todo, list_statement(task));
	add_statement(todo, psprintf("SELECT %sloopit_dismiss_lead(" INT64_FORMAT ", 'spam');",
								 schema, task->log_id));
	return todo;
}

static PageTodo *
task_todo(Store *store, const Figures *figures, const Task *task,
		  const char *schema)
{
	switch (task->code)
	{
		case CODE_PACKAGE_NOT_FOUND:
			return package_todo(store, task, schema);
		case CODE_ASSET_NOT_FOUND:
		case CODE_ASSET_ARCHIVED:
			return vehicle_todo(task, schema);
		case CODE_LOCATION_NOT_FOUND:
			return location_todo(task, schema);
		case CODE_WORKSPACE_NOT_FOUND:
		case CODE_DEALERSHIP_NOT_ALLOWED:
			if (task->code == CODE_WORKSPACE_NOT_FOUND && list_length(task->groups) > NAMED_DEALERSHIPS)
				return dealerships_todo(task, schema);
			return dealership_todo(store, task, schema);
		case CODE_DATABASE_ERROR:
			return error_todo(task, schema);
		case CODE_BOOKING_CONFLICT:
			return conflict_todo(task, schema);
		default:
			return sender_todo(figures, task, schema);
	}
}

/* What to do about the open leads. */
List *
list_open_todos(Store *store, const Figures *figures, const char *schema)
{
	List	   *todos = NIL;
	ListCell   *lc;

	foreach(lc, list_tasks(figures))
	{
		const Task *task = lfirst(lc);
		PageTodo   *todo = task_todo(store, figures, task, schema);

		if (is_urgent(figures, task))
			todo->level = TODO_URGENT;
		todos = lappend(todos, todo);
	}
	return todos;
}

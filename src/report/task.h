/*-------------------------------------------------------------------------
 *
 * task.h
 *	  Open leads that one deed settles, and what is said of all such tasks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TASK_H
#define LOOPIT_TASK_H

#include "report/figures.h"

typedef struct Task
{
	Code		code;			/* CODE_NONE: a reason that is not ours */
	const OpenGroup *first;		/* that with the most leads */
	List	   *groups;			/* of OpenGroup *; it is the first */
	int64		leads;
	int64		recent;
	TimestampTz oldest;
	int64		log_id;			/* the newest */
} Task;

extern List *list_tasks(const Figures *figures);
extern bool is_urgent(const Figures *figures, const Task *task);

/* Sentences, and parts of them */
extern bool is_of_one_workspace(const Task *task);
extern char *whose_text(const Task *task);
extern char *workspaces_text(const Task *task);
extern char *wait_text(const Task *task);
extern char *timing_text(const Task *task);
extern char *hint_text(const Task *task);
extern char *values_text(const Task *task);
extern char *dealership_ids_text(const Task *task);

#endif							/* LOOPIT_TASK_H */

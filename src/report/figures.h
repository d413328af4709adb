/*-------------------------------------------------------------------------
 *
 * figures.h
 *	  What a report tells, as it is read from the tables: each figure once.
 *
 * Texts are those of the tables, palloc'd, and not escaped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_FIGURES_H
#define LOOPIT_FIGURES_H

#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "report/drift.h"
#include "report/page.h"
#include "store/store.h"

#define CHART_DAYS		30		/* of the picture; the last one is today */
#define BASE_DAYS		28		/* before the period, that it is compared with */
#define CONVERSION_DAYS 7		/* the last ones, of a workspace */
#define SILENCE_DAYS	60		/* how far back a dealership's leads are seen */
#define NAMED_DEALERSHIPS 3		/* more are one task */
#define MISSED_LEADS	10.0	/* who should have sent so many is silent */

/* Leads received in the period, each once, however often it came. */
typedef struct PeriodFigures
{
	int64		deliveries;
	int64		leads;
	int64		booked;
	int64		unbooked;		/* stored, but a booking was asked for */
	int64		rejected;
	int64		failed;
	int64		microseconds[4];	/* of a delivery: half, 95 %, 99 %, all
									 * are faster */
} PeriodFigures;

/* Open leads of one reason. */
typedef struct OpenReason
{
	LeadText	reason;
	int64		leads;
	int64		recent;			/* of them, received in the period */
	TimestampTz oldest;
} OpenReason;

/* Open leads that one deed will settle. */
typedef struct OpenGroup
{
	LeadText	reason;
	int64		workspace_id;	/* 0: none */
	LeadText	workspace;
	int64		dealership_id;	/* of reasons that are about it;
								 * has_dealership */
	bool		has_dealership;
	LeadText	client;			/* that sent them; no data: none */
	LeadText	value;			/* that is looked for; no data: none, or it
								 * may be personal */
	bool		personal;		/* there is one, and it may be personal */
	LeadText	hint;			/* of the newest of them; no data: none */
	LeadText	sqlstate;		/* of an error; no data: none */
	LeadText	place;			/* the table and constraint of an error */
	int64		leads;
	int64		recent;
	TimestampTz oldest;
	int64		log_id;			/* the newest */
} OpenGroup;

/* An issue, in the period and before. */
typedef struct IssueFigures
{
	LeadText	field;			/* no data: the payload as a whole */
	LeadText	code;
	int64		leads;			/* deliveries of the period that have it */
	int64		dealerships;
	int64		dealership_id;	/* the one with most of them; 0: none is known */
	int64		of_dealership;	/* its share of leads */
	int64		day_leads[BASE_DAYS];	/* the last one is that before the
										 * period */

	/* report_change.c */
	int64		base_leads;		/* before it rose, or on all days */
	int64		base_deliveries;
	DateADT		since;			/* the day from which on it is as it is now */
	bool		rose;
} IssueFigures;

typedef struct ConversionFigures
{
	int64		workspace_id;
	LeadText	workspace;
	int64		asked;			/* in the last CONVERSION_DAYS */
	int64		booked;
	int64		asked_before;
	int64		booked_before;
} ConversionFigures;

/* A dealership that has sent leads, or is configured. */
typedef struct DealershipFigures
{
	int64		id;
	int64		workspace_id;
	LeadText	workspace;
	int64		leads;			/* in the SILENCE_DAYS */
	DateADT		first_day;
	TimestampTz last;			/* DT_NOBEGIN: none */
} DealershipFigures;

typedef struct LogFigures
{
	LeadText	database;
	LeadText	version;
	int64		bytes;
	int64		rows;			/* as the planner estimates them; -1: unknown */
	TimestampTz oldest;			/* DT_NOBEGIN: the log is empty */
	int64		workspaces;
	int64		dealerships;
} LogFigures;

typedef struct Figures
{
	TimestampTz now;
	TimestampTz from;			/* the period is from it on */
	DateADT		today;			/* UTC */
	DateADT		from_day;		/* UTC */
	PeriodFigures period;
	LogFigures	log;
	PageDay		days[CHART_DAYS];
	int64		base_deliveries[BASE_DAYS];
	int64		open_leads;
	List	   *open_reasons;	/* most leads first */
	List	   *open_groups;	/* the same */
	bool		groups_are_partial; /* only the newest leads are grouped */
	List	   *issues;			/* the same */
	List	   *conversions;	/* of workspaces that had leads; worst first */
	List	   *dealerships;	/* by id */
	Drift		drift;			/* of payloads, against the BASE_DAYS */
} Figures;

extern void read_figures(Store *store, TimestampTz from, TimestampTz now,
						 Figures *figures);

/* report_change.c */
extern void compare_issues(Figures *figures);
extern const IssueFigures *find_rise(const Figures *figures, LeadText code);
extern double missing_leads(const Figures *figures,
							const DealershipFigures *dealership);
extern bool is_silent(const Figures *figures,
					  const DealershipFigures *dealership);
extern int	compare_conversions(const ListCell *a, const ListCell *b);
extern bool has_collapsed(const ConversionFigures *conversion);

/*
 * report_todo.c, report_ask.c, report_silence.c, report_section.c; schema: where
 * functions are
 */
extern List *list_open_todos(Store *store, const Figures *figures,
							 const char *schema);
extern List *list_change_todos(const Figures *figures);
extern char *guess_at_change(const Figures *figures,
							 const IssueFigures *issue);
extern List *add_silences(List *todos, const Figures *figures);
extern List *list_sections(const Figures *figures, const char *schema);
extern Code find_code(LeadText name);
extern const char *replay_statement(const char *schema, LeadText reason,
									const char *condition);
extern char *workspace_text(int64 id, LeadText name);

#endif							/* LOOPIT_FIGURES_H */

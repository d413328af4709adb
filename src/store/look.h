/*-------------------------------------------------------------------------
 *
 * look.h
 *	  Reading what a report shows: statements that are planned for their
 *	  arguments each time, and rows that come in portions.  One is read at a
 *	  time: the rows of the last fetch are those of SPI.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_LOOK_H
#define LOOPIT_LOOK_H

#include "store/run.h"

typedef struct Look
{
	Portal		cursor;
	uint64		rows;			/* that were fetched last */
	uint64		next;			/* of them, the one after the current one */
} Look;

extern void look_begin(Store *store, const StatementSpec *spec,
					   StatementArgs *args, Look *look);
extern bool look_next(Look *look);
extern void look_end(Look *look);

/* The current row, column from 1. */
extern bool look_is_null(const Look *look, int column);
extern Datum look_datum(const Look *look, int column);
extern int64 look_integer(const Look *look, int column);
extern LeadText look_text(const Look *look, int column);

#endif							/* LOOPIT_LOOK_H */

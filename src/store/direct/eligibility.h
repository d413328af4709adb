/*-------------------------------------------------------------------------
 *
 * eligibility.h
 *	  Whether a table can do without SQL; used by cache.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ELIGIBILITY_H
#define LOOPIT_ELIGIBILITY_H

#include "store/direct/direct.h"

/* What a table lacks without which neither the direct path nor SQL can work. */
typedef struct ShapeFault
{
	int			sqlerrcode;		/* 0: nothing */
	const char *column;			/* NULL: a unique index */
	Oid			type;			/* the column's own, where it is not ours */
} ShapeFault;

extern void check_shape(Relation rel, const TableSpec *spec, ShapeFault *fault);
extern const char *describe_table(Relation rel, const TableSpec *specs,
								  DirectTable *table, bool *transient);

#endif							/* LOOPIT_ELIGIBILITY_H */

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
_Noreturn extern void raise_shape_fault(const ShapeFault *fault,
										const char *schema, const char *name);
extern const char *describe_table(Relation rel, const TableSpec *specs,
								  DirectTable *table, bool *transient);
extern const char *check_relation(Relation rel, const TableSpec *spec);
extern const char *check_columns(Relation rel, DirectTable *table);

/* partition.c */
extern int	routing_column(Relation rel, const TableSpec *spec);
extern Oid	route_row(Relation root, Datum value, int back);

#endif							/* LOOPIT_ELIGIBILITY_H */

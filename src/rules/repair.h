/*-------------------------------------------------------------------------
 *
 * repair.h
 *	  Mending the two things that senders do to JSON.
 *
 * Plain C on bytes, as the rules are: a fuzzer links it alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_REPAIR_H
#define LOOPIT_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

/* How deep arrays and objects may nest. */
#define NESTING_LIMIT 1000

typedef struct Repair
{
	size_t		length;			/* bytes written */
	bool		repaired;		/* something was dropped */
	bool		too_deep;		/* nested deeper than NESTING_LIMIT; what was
								 * written is of no use */
} Repair;

/*
 * Copies JSON text (UTF-8, though any bytes will do) without trailing commas
 * and \u0000 escapes; what was no JSON before is none afterwards.  The output
 * needs as much room as the input, and is not ended by a NUL.
 */
extern Repair repair_json(const char *input, size_t length, char *output);

#endif							/* LOOPIT_REPAIR_H */

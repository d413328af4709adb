/*-------------------------------------------------------------------------
 *
 * repair.h
 *	  Repairs bodies that are almost JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_REPAIR_H
#define LOOPIT_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

/* How deep arrays and objects may nest. */
#define NESTING_LIMIT 1000

/*
 * How many elements an array and how many pairs an object may have.  Above
 * these the server's parser asks for more memory than it may have, and raises
 * an internal error.
 */
#define ELEMENT_LIMIT	(1 << 24)
#define PAIR_LIMIT		(1 << 23)

/* What was repaired; bits of a set. */
typedef enum RepairKind
{
	REPAIR_COMMA = 1 << 0,		/* trailing commas dropped */
	REPAIR_NUL = 1 << 1,		/* NUL characters dropped */
	REPAIR_SURROGATE = 1 << 2,	/* lone surrogates replaced */
	REPAIR_CONTROL = 1 << 3,	/* control characters escaped */
	REPAIR_ENCODING = 1 << 4,	/* bytes read as Windows-1252 */
	REPAIR_NUMBER = 1 << 5		/* long numbers replaced by null */
} RepairKind;

#define NUM_REPAIR_KINDS 6

/* Why a body cannot be read, whatever the server's parser would say. */
typedef enum Unreadable
{
	READABLE,					/* perhaps: the parser decides */
	UNREADABLE_NOT_JSON,
	UNREADABLE_DEPTH,
	UNREADABLE_ELEMENTS
} Unreadable;

typedef struct Repair
{
	size_t		length;			/* bytes written */
	unsigned	kinds;			/* a set of RepairKind */
	Unreadable	unreadable;		/* unless READABLE, the output is of no use */
} Repair;

extern size_t repair_room(const char *input, size_t length);
extern Repair repair_json(const char *input, size_t length, char *output);
extern const char *repair_description(RepairKind kind);

#endif							/* LOOPIT_REPAIR_H */

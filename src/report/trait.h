/*-------------------------------------------------------------------------
 *
 * trait.h
 *	  What the leads of the two samples have: paths of their payloads and
 *	  issues of their outcomes, counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_TRAIT_H
#define LOOPIT_TRAIT_H

#include "utils/hsearch.h"

#include "report/drift.h"
#include "report/sample.h"

/* The type of a value.  The last two count as not provided. */
typedef enum ValueType
{
	VALUE_OBJECT,
	VALUE_ARRAY,
	VALUE_STRING,
	VALUE_NUMBER,
	VALUE_BOOLEAN,
	VALUE_NULL,
	VALUE_BLANK,				/* a string of white space */
	NUM_VALUE_TYPES
} ValueType;

#define IS_PROVIDED(type)	((type) < VALUE_NULL)

/* How many values of a payload, and elements of an outcome, are looked at. */
#define VALUE_LIMIT	2000

typedef enum TraitKind
{
	TRAIT_ROOT,					/* the payload as a whole */
	TRAIT_KEY,
	TRAIT_DATA,					/* keys that look like data, together */
	TRAIT_ELEMENT,				/* the elements of an array, together */
	TRAIT_ISSUE
} TraitKind;

/* How many leads have a trait. */
typedef struct Counts
{
	int			found[NUM_WINDOWS]; /* an issue, or a provided value */
	int			types[NUM_WINDOWS][NUM_VALUE_TYPES];
	TimestampTz first_seen[NUM_VALUE_TYPES];	/* in the window of now; 0:
												 * not there */
	TimestampTz last_seen;		/* in both, of a provided value */
} Counts;

/* How many leads there are. */
typedef struct Totals
{
	int			leads[NUM_WINDOWS];
	int			payloads[NUM_WINDOWS];	/* that were read */
} Totals;

typedef struct Trait
{
	TraitKind	kind;
	int			parent;			/* the trait that it is in; of a path */
	const char *key;			/* in the database's encoding */
	int			key_length;
	bool		known;			/* it is read */
	Field		field;			/* of an issue */
	Code		code;
	uint32		hash;
	int			next;			/* in the same bucket; -1: none */
	int			lead;			/* the last one that has it, */
	unsigned	types;			/* and the types that it has there */
	Counts		all;			/* of all dealerships */
} Trait;

typedef struct Dealership
{
	int64		id;				/* key of the hash table */
	int			number;			/* from 0 */
	Totals		totals;
} Dealership;

typedef struct LocalKey
{
	int			dealership;		/* its number */
	int			trait;
} LocalKey;

/* The leads of a dealership that have a trait. */
typedef struct Local
{
	LocalKey	key;			/* of the hash table */
	Dealership *dealership;
	Counts		counts;
} Local;

/* More than a lead can have. */
#define MARK_LIMIT	(VALUE_LIMIT + NUM_FIELDS * NUM_CODES)

#define TRAIT_BUCKETS	4096

typedef struct Traits
{
	MemoryContext context;		/* of all that is kept */
	Trait	   *trait;			/* the first is TRAIT_ROOT */
	int			count;
	int			room;
	int			bucket[TRAIT_BUCKETS];	/* the first trait of each; -1: none */
	int			issue[NUM_FIELDS][NUM_CODES];	/* 0: no trait yet */
	int			lead;			/* the one at hand, from 1 */
	int		   *marked;			/* the traits that it has */
	int			nmarked;
	HTAB	   *leads;			/* those that were counted */
	HTAB	   *dealerships;
	HTAB	   *locals;
	Totals		all;
	const char *capped;			/* see Drift */
} Traits;

/* trait.c */
extern Traits *traits_create(void);
extern int	traits_child(Traits *traits, int parent, LeadText key);
extern int	traits_element(Traits *traits, int parent);
extern int	traits_issue(Traits *traits, Field field, Code code);
extern void traits_mark(Traits *traits, int trait, ValueType type);
extern void traits_take(Traits *traits, DriftWindow window,
						const SampledDelivery *delivery);
extern Local *traits_local(const Traits *traits, const Dealership *dealership,
						   int trait);

/* walk.c */
extern void walk_payload(Traits *traits, Jsonb *payload);
extern void walk_outcome(Traits *traits, Jsonb *outcome);

/* path.c */
extern bool looks_like_data(LeadText key);
extern char *trait_path(const Traits *traits, int trait);

/* compare.c */
extern void compare_traits(const Traits *traits, Drift *drift);

#endif							/* LOOPIT_TRAIT_H */

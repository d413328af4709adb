/*-------------------------------------------------------------------------
 *
 * lead.h
 *	  A lead on its way through the stages: the raw values that reading
 *	  finds, the issues, and the lead that validation makes of them.
 *
 * Plain C: no server header, so that validation links without one.  Nothing
 * here owns memory: texts point into the payload, into the lead itself, or into
 * a constant table, and live as long as those do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_LEAD_H
#define LOOPIT_LEAD_H

#include "rules/code.h"
#include "rules/field.h"
#include "rules/text.h"

/* A text that need not end in NUL; data is NULL where there is none. */
typedef struct LeadText
{
	const char *data;
	size_t		length;			/* bytes */
} LeadText;

/* A text of length bytes; data NULL: none.  Nothing is copied. */
static inline LeadText
lead_text(const char *data, size_t length)
{
	LeadText	text = {data, length};

	return text;
}

/* What stands in the payload for a field. */
typedef enum RawKind
{
	RAW_ABSENT,					/* no key, JSON null, or an empty string */
	RAW_STRING,
	RAW_NUMBER,
	RAW_BOOLEAN,
	RAW_ARRAY,
	RAW_OBJECT
} RawKind;

typedef struct RawValue
{
	RawKind		kind;
	bool		flag;			/* of a boolean */
	LeadText	text;			/* of a string, trimmed; of a number */
	size_t		characters;		/* of that text */
	LeadText	utf8;			/* the text in UTF-8, whatever the database's
								 * encoding */
} RawValue;

/*
 * A value that can be stored.  Text types have the text; the others a number:
 * days or microseconds since 2000-01-01 (date, timestamptz), 0 or 1
 * (boolean), or the integer.
 */
typedef struct LeadValue
{
	bool		provided;
	LeadText	text;
	int64_t		number;
} LeadValue;

/* Issues found so far: a set of codes a field, so there is nothing to sort. */
typedef struct IssueSet
{
	CodeSet		codes[NUM_FIELDS];
	const char *hint[NUM_CODES];	/* NULL: none; text in the database's
									 * encoding */
} IssueSet;

typedef struct Lead
{
	LeadValue	value[NUM_FIELDS];	/* provided: there and valid */
	bool		asked[NUM_THINGS];	/* something of it is there, valid or not */
	IssueSet	issues;
	CodeSet		codes;			/* all codes among the issues */
	LeadText	lead_reference; /* data NULL: there is no payload to refer to */

	/* what values point to that are not as the payload has them */
	char		email[EMAIL_LIMIT];
	char		state[STATE_LIMIT];
	char		licence_state[STATE_LIMIT];
} Lead;

static inline void
issue_add(IssueSet *issues, Field field, Code code)
{
	issues->codes[field] |= CODE_BIT(code);
}

/* All codes among the issues. */
extern CodeSet issue_codes(const IssueSet *issues);

/* Two values of one type: both not provided, or equal. */
extern bool lead_value_equal(const LeadValue *a, const LeadValue *b);

/*
 * Judges the raw values by the rules (README, "Reading a payload"): fills
 * *lead, which need not be initialized, but for the lead reference.  now is
 * the server's clock, in microseconds since 2000-01-01 UTC.
 */
extern void validate_lead(const RawValue *raw, int64_t now, Lead *lead);

#endif							/* LOOPIT_LEAD_H */

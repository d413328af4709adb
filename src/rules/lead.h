/*-------------------------------------------------------------------------
 *
 * lead.h
 *	  The types of one lead: the raw values that reading finds, the lead
 *	  that validation makes of them, and the issues.
 *
 * This folder has the rules of the payload: its fields, its codes, and how a
 * value is checked.  It is plain C that calls nothing but the C library, so
 * that a fuzzer, or a program without a server, can link it.  Every other
 * folder may call it.  Nothing in it allocates memory or raises an error.
 *
 * The types here do not own memory either: texts point into the payload, into
 * the lead itself, or into a constant table, and live as long as those do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_LEAD_H
#define LOOPIT_LEAD_H

#include <string.h>

#include "rules/code.h"
#include "rules/country.h"
#include "rules/field.h"
#include "rules/text.h"

/* A text that need not end in NUL; data is NULL if there is none. */
typedef struct LeadText
{
	const char *data;
	size_t		length;			/* bytes */
} LeadText;

/* Returns a LeadText that points to data, which may be NULL. */
static inline LeadText
lead_text(const char *data, size_t length)
{
	LeadText	text = {data, length};

	return text;
}

/* Returns true if both are the same bytes, or both are none. */
static inline bool
same_text(LeadText a, LeadText b)
{
	if (a.data == NULL || b.data == NULL)
		return a.data == b.data;
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Returns true if it is that text; one without data is none. */
static inline bool
text_is(LeadText text, const char *string)
{
	return same_text(text, lead_text(string, strlen(string)));
}

/* What the payload has for a field. */
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
	unsigned char version;		/* of the older form that it was read from; 0:
								 * the field's own path */
	LeadText	text;			/* of a string, trimmed; of a number; in the
								 * database's encoding */
	size_t		characters;		/* length of that text */
	LeadText	utf8;			/* that text in UTF-8; NULL if it cannot be
								 * converted */
} RawValue;

/*
 * A value that can be stored.  Text types use text; the others use number:
 * days or microseconds since 2000-01-01 (date, timestamptz), 0 or 1
 * (boolean), or the integer.
 */
typedef struct LeadValue
{
	bool		provided;
	bool		from_number;	/* a text that was sent as a JSON number */
	LeadText	text;
	int64_t		number;
} LeadValue;

/* The issues found so far: one set of codes per field, so none are sorted. */
typedef struct IssueSet
{
	CodeSet		codes[NUM_FIELDS];
	const char *hint[NUM_CODES];	/* NULL: none; text in the database's
									 * encoding */
} IssueSet;

typedef struct Lead
{
	LeadValue	value[NUM_FIELDS];	/* provided: present and valid */
	bool		asked[NUM_THINGS];	/* something of it is present, valid or
									 * not */
	IssueSet	issues;
	CodeSet		codes;			/* all codes among the issues */
	LeadText	lead_reference; /* data is NULL if there is no payload */
	int			older_version;	/* of the payload: the oldest whose form a
								 * field has; 0: none has */

	/* buffers for values that differ from the payload's text */
	char		email[EMAIL_LIMIT];
	char		state[STATE_LIMIT];
	char		licence_state[STATE_LIMIT];
	char		postcode[POSTCODE_LIMIT];
} Lead;

static inline void
issue_add(IssueSet *issues, Field field, Code code)
{
	issues->codes[field] |= CODE_BIT(code);
}

extern CodeSet issue_codes(const IssueSet *issues);

extern bool lead_value_equal(const LeadValue *a, const LeadValue *b);

extern void validate_lead(const RawValue *raw, int64_t now, Lead *lead);

/* An OAuth client: a row of loopit.client, as far as a lead is judged by it. */
typedef struct Client
{
	LeadText	id;
	bool		every_workspace;
	int			nworkspaces;	/* whose leads it may send, if not every one */
	const int64_t *workspaces;
} Client;

#endif							/* LOOPIT_LEAD_H */

/*-------------------------------------------------------------------------
 *
 * encoding.h
 *	  Text between the database's encoding and UTF-8, without an error where
 *	  a character has no counterpart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ENCODING_H
#define LOOPIT_ENCODING_H

#include "rules/lead.h"

/* Takes and gives UTF-8: true also of SQL_ASCII, whose bytes nobody knows. */
extern bool database_is_utf8(void);

/*
 * The text in the other encoding (PG_UTF8 or GetDatabaseEncoding(), in either
 * order).  The input must be valid in its own; the result is the input itself
 * where nothing is to be done, else palloc'd in the current context.  Answers
 * false, and leaves *result empty, where a character has no counterpart.
 */
extern bool convert_text(LeadText text, int from, int to, LeadText *result);

/* trim_text() and count_characters() for the database's encoding. */
extern void trim_database_text(LeadText *text);
extern size_t count_database_characters(LeadText text);

/*
 * An e-mail address as the log has it, valid or not: trimmed, EMAIL_LIMIT
 * characters at most, in lower case; palloc'd in the current context.
 */
extern LeadText fold_email(LeadText email);

#endif							/* LOOPIT_ENCODING_H */

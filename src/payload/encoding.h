/*-------------------------------------------------------------------------
 *
 * encoding.h
 *	  Text in the database's encoding and in UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ENCODING_H
#define LOOPIT_ENCODING_H

#include "rules/lead.h"

extern bool database_is_utf8(void);
extern bool convert_text(LeadText text, int from, int to, LeadText *result);
extern void trim_database_text(LeadText *text);
extern size_t count_database_characters(LeadText text);
extern LeadText fold_email(LeadText email);

#endif							/* LOOPIT_ENCODING_H */

/*-------------------------------------------------------------------------
 *
 * printable.h
 *	  Values as a terminal, or a mail, may show them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_PRINTABLE_H
#define LOOPIT_PRINTABLE_H

#include "lib/stringinfo.h"

#include "rules/lead.h"

extern void append_printable(StringInfo out, LeadText text);
extern void append_printable_start(StringInfo out, LeadText text,
								   int characters);
extern void append_literal(StringInfo out, LeadText text);

#endif							/* LOOPIT_PRINTABLE_H */

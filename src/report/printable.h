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

/* The code point of a byte that is no character. */
#define NO_CODE_POINT	UINT32_MAX

extern bool read_character(const char *text, size_t length, int *width,
						   uint32 *code_point);
extern int	append_character(StringInfo out, const char *text, size_t length);
extern void append_printable(StringInfo out, LeadText text);
extern void append_printable_start(StringInfo out, LeadText text,
								   int characters);
extern void append_literal(StringInfo out, LeadText text);

#endif							/* LOOPIT_PRINTABLE_H */

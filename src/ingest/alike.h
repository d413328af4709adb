/*-------------------------------------------------------------------------
 *
 * alike.h
 *	  Texts that people write in several ways.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ALIKE_H
#define LOOPIT_ALIKE_H

#include "rules/lead.h"

extern LeadText without_spaces(LeadText text);
extern bool same_without_separators(LeadText a, LeadText b);
extern bool is_same_number(LeadText a, LeadText b);
extern bool is_plain_name(LeadText name, LeadText plain);
extern LeadText make_plain_name(LeadText name);

#endif							/* LOOPIT_ALIKE_H */

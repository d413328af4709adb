/*-------------------------------------------------------------------------
 *
 * country.h
 *	  The checkers of countries and of their states.
 *
 * Plain C, as rules/text.h is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COUNTRY_H
#define LOOPIT_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is the state (in upper case) one of the country's ISO 3166-2 codes?  True
 * for countries other than Australia, the United States and Canada, whose
 * codes are not known here.  The country is a name or an alpha-2 code.
 */
extern bool check_state_of_country(const char *state, size_t state_length,
								   const char *country, size_t country_length);

/*
 * ISO 3166-1 alpha-2 code of a country given by its English name (short,
 * official, common or everyday); NULL if there is none.
 */
extern const char *country_by_name(const char *text, size_t length);

/* The same for a passport's country, which may also be one of six codes. */
extern const char *country_of_passport(const char *text, size_t length);

/* English name of a country given by its alpha-2 code; NULL if none. */
extern const char *country_name(const char *text, size_t length);

#endif							/* LOOPIT_COUNTRY_H */

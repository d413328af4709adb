/*-------------------------------------------------------------------------
 *
 * country.h
 *	  Names and codes of countries, and codes of their states.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COUNTRY_H
#define LOOPIT_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

extern bool check_state_of_country(const char *state, size_t state_length,
								   const char *country, size_t country_length);
extern const char *country_by_name(const char *text, size_t length);
extern const char *country_of_passport(const char *text, size_t length);
extern const char *country_name(const char *text, size_t length);

#endif							/* LOOPIT_COUNTRY_H */

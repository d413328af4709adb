/*-------------------------------------------------------------------------
 *
 * country.h
 *	  Names and codes of countries, codes of their states, and the length of
 *	  their postcodes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_COUNTRY_H
#define LOOPIT_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

#define POSTCODE_LIMIT 5		/* digits of a padded postcode */

/* Names are UTF-8; data may be NULL if length is 0. */
extern const char *country_by_name(const char *name, size_t length);
extern const char *country_of_passport(const char *text, size_t length);
extern const char *country_of_address(const char *text, size_t length);
extern bool country_is_ambiguous(const char *name, size_t length);

/* Codes are in upper case; alpha2 is one of those that are returned above. */
extern const char *country_name(const char *code, size_t length);
extern bool check_state_of_country(const char *state, size_t length,
								   const char *alpha2);
extern size_t postcode_digits(const char *alpha2);

#endif							/* LOOPIT_COUNTRY_H */

/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Finds an e-mail address in a text, whatever its escapes and encoding.
 *
 * Nothing is allocated and nothing is raised.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SEARCH_H
#define LOOPIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define SEARCH_LIMIT	1024	/* bytes of an address that is searched for */

/* The bytes of room that a search of a text of that length needs. */
#define SEARCH_ROOM(length) ((length) + (length) / 2 + 4)

extern bool is_searchable(const char *address, size_t length);
extern bool contains_address(const char *text, size_t text_length,
							 const char *address, size_t address_length,
							 char *room);

#endif							/* LOOPIT_SEARCH_H */

/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Finds an e-mail address, or a word, in a text, whatever its escapes and
 *	  encoding.
 *
 * Nothing is allocated and nothing is raised.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SEARCH_H
#define LOOPIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define SEARCH_LIMIT	1024	/* bytes of what is searched for */

/* The bytes of room that a search of a text of that length needs. */
#define SEARCH_ROOM(length) ((length) + (length) / 2 + 4)

extern bool is_searchable(const char *address, size_t length);
extern bool contains_address(const char *text, size_t text_length,
							 const char *address, size_t address_length,
							 char *room);
extern bool contains_word(const char *text, size_t text_length,
						  const char *word, size_t word_length, char *room);

#endif							/* LOOPIT_SEARCH_H */

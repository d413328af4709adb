/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Characters in bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_UTF8_H
#define LOOPIT_UTF8_H

#include <stddef.h>

extern size_t utf8_length(const char *input, size_t length);
extern size_t windows_1252_to_utf8(char byte, char *utf8);
extern int	unicode_escape(const char *input, size_t length);

#endif							/* LOOPIT_UTF8_H */

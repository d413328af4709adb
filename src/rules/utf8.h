/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Bytes that are UTF-8, and bytes that are not.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_UTF8_H
#define LOOPIT_UTF8_H

#include <stddef.h>

extern size_t utf8_length(const char *input, size_t length);
extern size_t windows_1252_to_utf8(char byte, char *utf8);

#endif							/* LOOPIT_UTF8_H */

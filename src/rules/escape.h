/*-------------------------------------------------------------------------
 *
 * escape.h
 *	  Removes the escapes of JSON, URLs and HTML from a text of unknown syntax.
 *
 * Nothing is allocated and nothing is raised.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_ESCAPE_H
#define LOOPIT_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

extern size_t put_code_point(uint32_t code_point, char *out);
extern size_t remove_layer(char *text, size_t length);

#endif							/* LOOPIT_ESCAPE_H */

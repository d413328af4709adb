/*-------------------------------------------------------------------------
 *
 * json_read.h
 *	  JSON text as a tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_READ_H
#define LOOPIT_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum JsonKind
{
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_STRING,
	JSON_NUMBER,
	JSON_ARRAY,
	JSON_OBJECT,

	/* what the server has in its own form; the reader makes none */
	JSON_STORED_NUMBER,
	JSON_STORED_CONTAINER
} JsonKind;

/* A value, and its key in an object.  Texts are UTF-8 without a NUL at the end. */
typedef struct JsonNode
{
	uint8_t		kind;			/* JsonKind */
	bool		negative;		/* of a number */
	uint16_t	scale;			/* of a number: its digits after the point */
	uint32_t	length;			/* of a text, or of what is stored, in bytes */
	uint32_t	next;			/* the next one of the same parent; 0: none */
	uint32_t	key_length;
	const char *key;			/* NULL in an array */
	union
	{
		const char *text;
		uint64_t	magnitude;	/* of a number: all its digits */
		const void *stored;
		struct
		{
			uint32_t	first;	/* 0: it is empty */
			uint32_t	count;
		}			children;
	}			u;
} JsonNode;

/* The root is node 0; children are in the order of the text. */
typedef struct JsonTree
{
	JsonNode   *node;
	uint32_t	count;
	uint32_t	room;			/* how many nodes there is memory for */
} JsonTree;

/* The largest body and the deepest nesting that json_read() takes. */
#define JSON_READ_LENGTH	(1024 * 1024)
#define JSON_READ_DEPTH		32

extern bool json_read(const char *input, size_t length, char *scratch,
					  JsonTree *tree, unsigned *repairs);

#endif							/* LOOPIT_JSON_READ_H */

/*-------------------------------------------------------------------------
 *
 * json_out.h
 *	  Building jsonb one key at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_OUT_H
#define LOOPIT_JSON_OUT_H

#include "utils/jsonb.h"

#include "rules/json_read.h"
#include "rules/lead.h"

#define JSON_OUT_DEPTH	16

/* An object or array under construction; starts as JSON_OUT_INIT. */
typedef struct JsonOut
{
	JsonTree	tree;
	int			depth;			/* how many are open */
	struct
	{
		uint32		node;
		uint32		last;		/* its last child; 0: none */
	}			open[JSON_OUT_DEPTH];
} JsonOut;

#define JSON_OUT_INIT {.depth = 0}

/* The key is NULL inside an array and for the outermost object or array. */
extern void json_out_begin_object(JsonOut *out, const char *key);
extern void json_out_end_object(JsonOut *out);
extern void json_out_begin_array(JsonOut *out, const char *key);
extern void json_out_end_array(JsonOut *out);

extern void json_out_text(JsonOut *out, const char *key, LeadText text);
extern void json_out_string(JsonOut *out, const char *key, const char *string);
extern void json_out_integer(JsonOut *out, const char *key, int64 number);
extern void json_out_number(JsonOut *out, const char *key, const char *number);
extern void json_out_jsonb(JsonOut *out, const char *key, Jsonb *jsonb);
extern void json_out_id(JsonOut *out, const char *key, int64 id);

extern Jsonb *json_out_finish(JsonOut *out);

#endif							/* LOOPIT_JSON_OUT_H */

/*-------------------------------------------------------------------------
 *
 * json_out.h
 *	  Writing jsonb a key at a time, over the server's pushJsonbValue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_JSON_OUT_H
#define LOOPIT_JSON_OUT_H

#include "utils/jsonb.h"

#include "rules/lead.h"

/* An object or array in the making; begin with JSON_OUT_INIT. */
typedef struct JsonOut
{
	JsonbParseState *state;
	JsonbValue *result;			/* set by the last end */
} JsonOut;

#define JSON_OUT_INIT {NULL, NULL}

/* The key is NULL inside an array and for the outermost object. */
extern void json_out_begin_object(JsonOut *out, const char *key);
extern void json_out_end_object(JsonOut *out);
extern void json_out_begin_array(JsonOut *out, const char *key);
extern void json_out_end_array(JsonOut *out);

/* A NULL text is JSON null; it must live until the result is finished. */
extern void json_out_text(JsonOut *out, const char *key, LeadText text);
extern void json_out_string(JsonOut *out, const char *key, const char *string);
extern void json_out_integer(JsonOut *out, const char *key, int64 number);

/* A number by its text, whatever its size. */
extern void json_out_number(JsonOut *out, const char *key, const char *number);

/* A whole jsonb, which is no scalar, as a value. */
extern void json_out_jsonb(JsonOut *out, const char *key, Jsonb *jsonb);

/* An id: JSON null where it is 0. */
extern void json_out_id(JsonOut *out, const char *key, int64 id);

/* The finished jsonb, palloc'd in the current context. */
extern Jsonb *json_out_finish(JsonOut *out);

#endif							/* LOOPIT_JSON_OUT_H */

/*-------------------------------------------------------------------------
 *
 * json_find.c
 *	  Members of jsonb objects, of which nothing is known: an outcome in the log
 *	  may be anything, since the log is its owner's.
 *
 * Memory: nothing is allocated; what is returned points into the jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/json_find.h"

/* Finds a member; returns false if there is none, or the container is no object. */
static bool
find_member(JsonbContainer *container, const char *key, JsonbValue *value)
{
	return JsonContainerIsObject(container) &&
		getKeyJsonValueFromContainer(container, key, (int) strlen(key),
									 value) != NULL;
}

/* Returns a member that is an object or an array; NULL if there is none. */
JsonbContainer *
json_find_container(JsonbContainer *container, const char *key)
{
	JsonbValue	value;

	if (!find_member(container, key, &value) || value.type != jbvBinary)
		return NULL;
	return value.val.binary.data;
}

/* Returns a member that is a string; no data if there is none. */
LeadText
json_find_text(JsonbContainer *container, const char *key)
{
	JsonbValue	value;

	if (!find_member(container, key, &value) || value.type != jbvString)
		return lead_text(NULL, 0);
	return lead_text(value.val.string.val, value.val.string.len);
}

/*
 * Returns a string of an object in an object; no data if there is none, or no
 * jsonb.
 */
LeadText
json_find_text_of(Jsonb *jsonb, const char *object, const char *key)
{
	JsonbContainer *container = jsonb == NULL ? NULL :
		json_find_container(&jsonb->root, object);

	return container == NULL ? lead_text(NULL, 0) :
		json_find_text(container, key);
}

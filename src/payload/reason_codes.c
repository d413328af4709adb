/*-------------------------------------------------------------------------
 *
 * reason_codes.c
 *	  The catalogue of codes as rows, from the tables that the outcomes use.
 *
 * Memory: values are palloc'd in the caller's context; the rows are in the
 * result's tuplestore.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "rules/code.h"
#include "rules/field.h"
#include "payload/reason_codes.h"

static void
append_path(StringInfo paths, Field field)
{
	if (field == FIELD_NONE)
		return;
	if (paths->len > 0)
		appendStringInfoString(paths, ", ");
	appendStringInfoString(paths, field_table[field].path);
}

/*
 * Returns the fields that a code can name, separated by commas: those in the
 * code table, then those whose row in the field table has the code.  The
 * result is empty if the field is null or can be any field.
 */
static char *
fields_of_code(Code code)
{
	StringInfoData paths;

	initStringInfo(&paths);
	append_path(&paths, code_table[code].field);
	append_path(&paths, code_table[code].other_field);
	for (int field = 0; field < NUM_FIELDS && code != CODE_WRONG_TYPE; field++)
	{
		if (field_table[field].missing_code == (int) code ||
			field_table[field].invalid_code == (int) code ||
			field_table[field].doubt_code == (int) code ||
			(code == CODE_IDENTITY_CHANGED && field_table[field].identifies))
			append_path(&paths, (Field) field);
	}
	return paths.data;
}

/* Puts one row per code into the result of loopit_reason_codes(). */
void
catalogue_codes(ReturnSetInfo *result)
{
	for (int code = 0; code < NUM_CODES; code++)
	{
		const CodeSpec *spec = &code_table[code];
		char	   *fields = fields_of_code((Code) code);
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(spec->name);
		values[1] = CStringGetTextDatum(thing_name(spec->thing));
		values[2] = CStringGetTextDatum(fields);
		nulls[2] = fields[0] == '\0';
		values[3] = CStringGetTextDatum(spec->explanation);
		values[4] = CStringGetTextDatum(spec->remedy);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

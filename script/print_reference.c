/*-------------------------------------------------------------------------
 *
 * print_reference.c
 *	  Prints the field reference and the code catalogue of the documents from
 *	  the tables that the code uses.  See script/generate-reference.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "rules/code.h"
#include "rules/field.h"

/* A code in backquotes, or nothing. */
static void
print_code(int code)
{
	if (code == CODE_NONE)
		printf(" |");
	else
		printf(" `%s` |", code_table[code].name);
}

static void
print_fields(void)
{
	printf("| Field | Takes | Part of | Not provided | Not valid |\n");
	printf("| --- | --- | --- | --- | --- |\n");
	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		const FieldSpec *spec = &field_table[field];

		printf("| `%s`: %s | %s", spec->path, spec->description,
			   field_type_expected(spec->type));
		FOR_EACH_OLDER_FORM(form)
		{
			if (form->field == (Field) field)
				printf("; up to version %d: `%s`, %s", form->version,
					   form->path, field_type_expected(form->type));
		}
		printf(" | %s |",
			   spec->thing == THING_ANY ? "" : thing_name(spec->thing));
		print_code(spec->missing_code);
		print_code(spec->invalid_code);
		printf("\n");
	}
}

static void
print_codes(void)
{
	printf("| Code | About | What is wrong | What would be right |\n");
	printf("| --- | --- | --- | --- |\n");
	for (int code = 0; code < NUM_CODES; code++)
	{
		const CodeSpec *spec = &code_table[code];

		printf("| `%s`%s | %s | %s | %s |\n", spec->name,
			   spec->blocks ? "" : " *", thing_name(spec->thing),
			   spec->explanation, spec->remedy);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "fields") == 0)
		print_fields();
	else if (argc == 2 && strcmp(argv[1], "codes") == 0)
		print_codes();
	else
	{
		fprintf(stderr, "usage: print_reference fields|codes\n");
		return 2;
	}
	return 0;
}

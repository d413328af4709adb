/*-------------------------------------------------------------------------
 *
 * print_tables.c
 *	  Prints the descriptions of the tables, one line per column, for
 *	  t/038_table_descriptions.pl.
 *
 * The server's headers are needed, but nothing of the server is linked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdio.h>

#include "store/tables.h"

#undef printf

int
main(void)
{
	for (int table = 0; table < NUM_TABLES; table++)
	{
		const TableSpec *spec = &table_specs[table];

		for (int i = 0; i < MAX_COLUMNS && spec->columns[i].name; i++)
		{
			const ColumnSpec *column = &spec->columns[i];

			printf("%s|%s|%u|%s|%s|%s|%s|%s\n", spec->name, column->name,
				   column->type, column->not_null ? "t" : "f",
				   spec->lockmode >= RowExclusiveLock ? "written" : "read",
				   column->updated ? "updated" : "kept",
				   field_table[column->field[0]].path,
				   field_table[column->field[1]].path);
		}
	}
	return 0;
}

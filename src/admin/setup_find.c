/*-------------------------------------------------------------------------
 *
 * setup_find.c
 *	  What of the log loopit_partition_log() finds done already: indexes, and the
 *	  CHECK that bounds the rows.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "admin/setup_find.h"

/* A unique index of just these columns that is no constraint's, without its schema. */
#define FIND_INDEX \
	"SELECT c.relname::pg_catalog.text FROM pg_catalog.pg_index i" \
	" JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid" \
	" WHERE i.indrelid OPERATOR(pg_catalog.=) $1" \
	" AND i.indisunique AND i.indisvalid AND i.indimmediate" \
	" AND i.indpred IS NULL AND i.indexprs IS NULL" \
	" AND i.indnatts OPERATOR(pg_catalog.=) pg_catalog.cardinality($2)" \
	" AND pg_catalog.string_to_array(i.indkey::pg_catalog.text, ' ')" \
	"  OPERATOR(pg_catalog.=) (SELECT pg_catalog.array_agg(a.attnum::pg_catalog.text ORDER BY n.number)" \
	"   FROM pg_catalog.unnest($2) WITH ORDINALITY n(name, number)" \
	"   JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) $1" \
	"   AND a.attname OPERATOR(pg_catalog.=) n.name::pg_catalog.name)" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k" \
	"  WHERE k.conindid OPERATOR(pg_catalog.=) i.indexrelid)" \
	" LIMIT 1"

/*
 * The newest time that a valid CHECK of the name ingest_log_before_... says all
 * rows are before.
 */
#define FIND_CHECK \
	"SELECT k.conname::pg_catalog.text FROM pg_catalog.pg_constraint k" \
	" WHERE k.conrelid OPERATOR(pg_catalog.=) $1 AND k.contype OPERATOR(pg_catalog.=) 'c'" \
	" AND k.convalidated AND k.conname OPERATOR(pg_catalog.~) '^ingest_log_before_[0-9]{8}$'" \
	" AND pg_catalog.cardinality($2) OPERATOR(pg_catalog.=) 0" \
	" ORDER BY 1 DESC LIMIT 1"

/* Finds a name by one of the queries; NULL: there is none. */
static char *
find_name(const char *sql, Oid log, const char *columns)
{
	Oid			types[] = {OIDOID, TEXTARRAYOID};
	Datum		values[] = {
		ObjectIdGetDatum(log),
		OidFunctionCall3(F_ARRAY_IN, CStringGetDatum(columns),
						 ObjectIdGetDatum(TEXTOID), Int32GetDatum(-1))
	};

	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL,
							  false, 1) != SPI_OK_SELECT)
		elog(ERROR, "looking for what the log has failed");
	return SPI_processed == 0 ? NULL :
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/*
 * Returns the name of a unique index of just these columns, an array's text, that
 * is no constraint's; NULL: there is none.
 */
char *
find_unique_index(Oid log, const char *columns)
{
	return find_name(FIND_INDEX, log, columns);
}

/* Returns the name of the CHECK that bounds the rows; NULL: there is none. */
char *
find_bound_check(Oid log)
{
	return find_name(FIND_CHECK, log, "{}");
}

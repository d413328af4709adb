/*-------------------------------------------------------------------------
 *
 * setup_carry.c
 *	  Giving all that belongs to the log to a partitioned table of its name.
 *
 * What the catalogs have of the table is read as the statements that make it,
 * while the table has its name; they are run when the partitioned table has it.
 * What cannot be made again, or is somebody else's, is refused before anything
 * is changed.
 *
 * Memory: all in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "admin/setup_carry.h"
#include "admin/setup_step.h"

#define EQ		" OPERATOR(pg_catalog.=) "
#define FORMAT	"SELECT pg_catalog.format("
#define CLASS(name) "'pg_catalog." name "'::pg_catalog.regclass"

/* $1 is the table; of its objects and what depends on it, the first that stays behind. */
#define FIND_OBSTACLE \
	"SELECT o.what FROM (" \
	" SELECT 'It is not an ordinary table with a primary key of the column id alone.'" \
	"  FROM pg_catalog.pg_class c WHERE c.oid" EQ "$1" \
	"  AND (c.relkind OPERATOR(pg_catalog.<>) 'r' OR c.relpersistence OPERATOR(pg_catalog.<>) 'p'" \
	"   OR c.relam OPERATOR(pg_catalog.<>) 2 OR c.reloftype OPERATOR(pg_catalog.<>) 0" \
	"   OR c.relreplident" EQ "'i'" \
	"   OR NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a" \
	"    ON a.attrelid" EQ "$1 AND a.attname" EQ "'id'" \
	"    WHERE i.indrelid" EQ "$1 AND i.indisprimary" \
	"    AND i.indkey::pg_catalog.text" EQ "a.attnum::pg_catalog.text))" \
	" UNION ALL SELECT pg_catalog.format('It has a security label of provider %s.', s.provider)" \
	"  FROM pg_catalog.pg_seclabel s WHERE s.objoid" EQ "$1 AND s.classoid" EQ CLASS("pg_class") \
	" UNION ALL SELECT 'It inherits, or others inherit from it.'" \
	"  FROM pg_catalog.pg_inherits h WHERE h.inhrelid" EQ "$1 OR h.inhparent" EQ "$1" \
	" UNION ALL SELECT pg_catalog.format('Column %I is an identity column, or column id is none.', a.attname)" \
	"  FROM pg_catalog.pg_attribute a WHERE a.attrelid" EQ "$1 AND NOT a.attisdropped" \
	"  AND (a.attname" EQ "'id') OPERATOR(pg_catalog.<>) (a.attidentity OPERATOR(pg_catalog.<>) '')" \
	" UNION ALL SELECT pg_catalog.format('%s is unique without the column received_at.', i.indexrelid::pg_catalog.regclass)" \
	"  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a" \
	"  ON a.attrelid" EQ "$1 AND a.attname" EQ "'received_at'" \
	"  WHERE i.indrelid" EQ "$1 AND NOT i.indisprimary AND (i.indisexclusion OR i.indisunique" \
	"  AND NOT a.attnum" EQ "ANY (i.indkey) AND NOT (i.indkey::pg_catalog.text" EQ "(SELECT d.attnum::pg_catalog.text" \
	"   FROM pg_catalog.pg_attribute d WHERE d.attrelid" EQ "$1 AND d.attname" EQ "'id')" \
	"   AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid" EQ "i.indexrelid)))" \
	" UNION ALL SELECT pg_catalog.format('%s is in the way.', pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid))" \
	"  FROM pg_catalog.pg_depend d" \
	"  LEFT JOIN pg_catalog.pg_rewrite r ON d.classid" EQ CLASS("pg_rewrite") " AND r.oid" EQ "d.objid" \
	"  LEFT JOIN pg_catalog.pg_class v ON v.oid" EQ "r.ev_class" \
	"  WHERE (d.refclassid" EQ CLASS("pg_class") " AND d.refobjid" EQ "$1" \
	"   OR d.refclassid" EQ CLASS("pg_type") " AND d.refobjid IN (" \
	"    SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typrelid" EQ "$1" \
	"    UNION ALL SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.typrelid" EQ "$1))" \
	"  AND CASE WHEN r.oid IS NOT NULL" \
	"   THEN v.relkind OPERATOR(pg_catalog.<>) 'v' OR v.relpersistence" EQ "'t'" \
	"    OR NOT pg_catalog.pg_has_role(v.relowner, 'MEMBER')" \
	"   WHEN d.classid" EQ CLASS("pg_constraint") \
	"   THEN NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid" EQ "d.objid AND k.conrelid" EQ "$1)" \
	"   WHEN d.classid" EQ CLASS("pg_policy") \
	"   THEN NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.oid" EQ "d.objid AND p.polrelid" EQ "$1)" \
	"   WHEN d.classid" EQ CLASS("pg_trigger") \
	"   THEN NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid" EQ "d.objid AND t.tgrelid" EQ "$1)" \
	"   WHEN d.classid" EQ CLASS("pg_attrdef") \
	"   THEN NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef f WHERE f.oid" EQ "d.objid AND f.adrelid" EQ "$1)" \
	"   WHEN d.classid" EQ CLASS("pg_class") \
	"   THEN d.objid OPERATOR(pg_catalog.<>) $1 AND d.deptype OPERATOR(pg_catalog.<>) 'i' AND NOT EXISTS (" \
	"    SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid" EQ "d.objid AND i.indrelid" EQ "$1)" \
	"   WHEN d.classid" EQ CLASS("pg_statistic_ext") " OR d.classid" EQ CLASS("pg_type") " THEN false" \
	"   ELSE true END" \
	") o(what) LIMIT 1"

/*
 * Whether an index i is one of those that only partitions have, of (id), or that
 * become the primary key of the first one, of (id, received_at).
 */
#define IS_OF_PARTITIONS \
	"(i.indisunique AND i.indpred IS NULL AND EXISTS (" \
	" SELECT FROM pg_catalog.pg_attribute a, pg_catalog.pg_attribute r" \
	" WHERE a.attrelid" EQ "i.indrelid AND a.attname" EQ "'id'" \
	" AND r.attrelid" EQ "i.indrelid AND r.attname" EQ "'received_at'" \
	" AND i.indkey::pg_catalog.text IN (a.attnum::pg_catalog.text," \
	"  pg_catalog.concat(a.attnum, ' ', r.attnum)))" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k" \
	"  WHERE k.contype" EQ "'u' AND k.conindid" EQ "i.indexrelid))"

/*
 * What is given to the partitioned table, in this order: queries of which each
 * row is a statement.  $1 is the table, $2 the name that it gets.
 */
static const char *const objects[] = {
	/* indexes; that of the primary key and the unique one of ids stay its own */
	"SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i"
	" WHERE i.indrelid" EQ "$1 AND i.indisvalid AND NOT i.indisprimary"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid" EQ "i.indexrelid)"
	" AND NOT " IS_OF_PARTITIONS
	" ORDER BY i.indexrelid",
	FORMAT "'COMMENT ON INDEX loopit.%I IS %L', c.relname, d.description)"
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid" EQ "i.indexrelid"
	" JOIN pg_catalog.pg_description d ON d.objoid" EQ "c.oid AND d.classoid" EQ CLASS("pg_class")
	" WHERE i.indrelid" EQ "$1 AND i.indisvalid"
	" AND (i.indisprimary OR NOT " IS_OF_PARTITIONS ")",
	FORMAT "'ALTER INDEX loopit.%I SET TABLESPACE %I', c.relname, t.spcname)"
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid" EQ "i.indexrelid"
	" JOIN pg_catalog.pg_tablespace t ON t.oid" EQ "c.reltablespace"
	" WHERE i.indrelid" EQ "$1 AND i.indisvalid"
	" AND (i.indisprimary OR NOT " IS_OF_PARTITIONS ")",
	/* other unique constraints, and foreign keys */
	FORMAT "'ALTER TABLE loopit.ingest_log ADD CONSTRAINT %I %s', k.conname,"
	" pg_catalog.pg_get_constraintdef(k.oid)) FROM pg_catalog.pg_constraint k"
	" WHERE k.conrelid" EQ "$1 AND k.contype IN ('u', 'f') ORDER BY k.contype DESC, k.oid",
	/* statistics */
	"SELECT pg_catalog.pg_get_statisticsobjdef(s.oid) FROM pg_catalog.pg_statistic_ext s"
	" WHERE s.stxrelid" EQ "$1 ORDER BY s.oid",
	FORMAT "'ALTER TABLE loopit.ingest_log ALTER COLUMN %I SET STATISTICS %s', a.attname, a.attstattarget)"
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid" EQ "$1"
	" AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND a.attstattarget OPERATOR(pg_catalog.>=) 0",
	FORMAT "'ALTER TABLE loopit.ingest_log ALTER COLUMN %I SET (%s)', a.attname,"
	" o.option) FROM pg_catalog.pg_attribute a, pg_catalog.unnest(a.attoptions) o(option)"
	" WHERE a.attrelid" EQ "$1 AND NOT a.attisdropped AND o.option OPERATOR(pg_catalog.~) '^n_distinct'",
	/* comments: those of columns and CHECKs are there already */
	FORMAT "'COMMENT ON TABLE loopit.ingest_log IS %L', d.description) FROM pg_catalog.pg_description d"
	" WHERE d.objoid" EQ "$1 AND d.classoid" EQ CLASS("pg_class") " AND d.objsubid" EQ "0",
	/* triggers: attaching the partition makes them there again */
	"SELECT pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t"
	" WHERE t.tgrelid" EQ "$1 AND NOT t.tgisinternal ORDER BY t.oid",
	FORMAT "'ALTER TABLE loopit.ingest_log %s TRIGGER %I', CASE t.tgenabled WHEN 'D' THEN 'DISABLE'"
	" WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) FROM pg_catalog.pg_trigger t"
	" WHERE t.tgrelid" EQ "$1 AND NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.<>) 'O'",
	FORMAT "'COMMENT ON TRIGGER %I ON loopit.ingest_log IS %L', t.tgname, d.description)"
	" FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_description d"
	" ON d.objoid" EQ "t.oid AND d.classoid" EQ CLASS("pg_trigger") " WHERE t.tgrelid" EQ "$1",
	FORMAT "'DROP TRIGGER %I ON loopit.%I', t.tgname, $2) FROM pg_catalog.pg_trigger t"
	" WHERE t.tgrelid" EQ "$1 AND NOT t.tgisinternal",
	/* row-level security */
	FORMAT "'CREATE POLICY %I ON loopit.ingest_log AS %s FOR %s TO %s%s%s', p.polname,"
	" CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
	" CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,"
	" (SELECT pg_catalog.string_agg(CASE r.role WHEN 0 THEN 'PUBLIC'"
	"  ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.role)) END, ', ')"
	"  FROM pg_catalog.unnest(p.polroles) r(role)),"
	" ' USING (' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(p.polqual, p.polrelid) OPERATOR(pg_catalog.||) ')',"
	" ' WITH CHECK (' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) OPERATOR(pg_catalog.||) ')')"
	" FROM pg_catalog.pg_policy p WHERE p.polrelid" EQ "$1 ORDER BY p.oid",
	FORMAT "'COMMENT ON POLICY %I ON loopit.ingest_log IS %L', p.polname, d.description)"
	" FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_description d"
	" ON d.objoid" EQ "p.oid AND d.classoid" EQ CLASS("pg_policy") " WHERE p.polrelid" EQ "$1",
	"SELECT 'ALTER TABLE loopit.ingest_log ENABLE ROW LEVEL SECURITY' FROM pg_catalog.pg_class c"
	" WHERE c.oid" EQ "$1 AND c.relrowsecurity",
	"SELECT 'ALTER TABLE loopit.ingest_log FORCE ROW LEVEL SECURITY' FROM pg_catalog.pg_class c"
	" WHERE c.oid" EQ "$1 AND c.relforcerowsecurity",
	FORMAT "'ALTER TABLE loopit.ingest_log REPLICA IDENTITY %s',"
	" CASE c.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) FROM pg_catalog.pg_class c"
	" WHERE c.oid" EQ "$1 AND c.relreplident IN ('f', 'n')"
};

#define GRANTEE \
	"CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"
#define GRANT_OPTION "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"

/*
 * Grants, which the owner gives again, whoever gave them.  What default
 * privileges have given to the new table is taken away first.
 */
static const char *const grants[] = {
	FORMAT "'GRANT %s ON TABLE loopit.ingest_log TO %s%s', a.privilege_type, " GRANTEE ", " GRANT_OPTION ")"
	" FROM pg_catalog.pg_class c, pg_catalog.aclexplode(COALESCE(c.relacl, pg_catalog.acldefault('r', c.relowner))) a"
	" WHERE c.oid" EQ "$1 AND $2 IS NOT NULL",
	FORMAT "'GRANT %s (%I) ON TABLE loopit.ingest_log TO %s%s', a.privilege_type, t.attname, " GRANTEE ", " GRANT_OPTION ")"
	" FROM pg_catalog.pg_attribute t, pg_catalog.aclexplode(t.attacl) a"
	" WHERE t.attrelid" EQ "$1 AND NOT t.attisdropped AND $2 IS NOT NULL"
};

/* The same of the sequence, whose OID is $1. */
static const char *const sequence_grants[] = {
	FORMAT "'GRANT %s ON SEQUENCE %s TO %s%s', a.privilege_type, $2, " GRANTEE ", " GRANT_OPTION ")"
	" FROM pg_catalog.pg_class c, pg_catalog.aclexplode(COALESCE(c.relacl, pg_catalog.acldefault('s', c.relowner))) a"
	" WHERE c.oid" EQ "$1",
	FORMAT "'COMMENT ON SEQUENCE %s IS %L', $2, d.description) FROM pg_catalog.pg_description d"
	" WHERE d.objoid" EQ "$1 AND d.classoid" EQ CLASS("pg_class")
};

#define REVOKE_ALL \
	"SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %s FROM %s', $2, " GRANTEE ")" \
	" FROM pg_catalog.pg_class c, pg_catalog.aclexplode(COALESCE(c.relacl," \
	" pg_catalog.acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", c.relowner))) a" \
	" WHERE c.oid" EQ "$1"

/* Names of the table's objects that the partitioned table's are to have. */
static const char *const renames[] = {
	FORMAT "'ALTER INDEX loopit.%I RENAME TO %I', c.relname, pg_catalog.left($2 OPERATOR(pg_catalog.||)"
	" pg_catalog.regexp_replace(c.relname, '^(ingest_log)?_?', '_'), 63))"
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid" EQ "i.indexrelid"
	" WHERE i.indrelid" EQ "$1 AND NOT i.indisprimary"
	" AND NOT " IS_OF_PARTITIONS,
	FORMAT "'ALTER STATISTICS %I.%I RENAME TO %I', n.nspname, s.stxname, pg_catalog.left($2 OPERATOR(pg_catalog.||)"
	" pg_catalog.regexp_replace(s.stxname, '^(ingest_log)?_?', '_'), 63))"
	" FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid" EQ "s.stxnamespace"
	" WHERE s.stxrelid" EQ "$1",
	FORMAT "'ALTER TABLE loopit.ingest_log DROP CONSTRAINT %I', k.conname) FROM pg_catalog.pg_constraint k"
	" WHERE k.conrelid" EQ "$1 AND k.contype" EQ "'p' AND $2 IS NOT NULL",
	"SELECT 'ALTER TABLE loopit.ingest_log ALTER COLUMN id DROP IDENTITY' WHERE $1 IS NOT NULL AND $2 IS NOT NULL",
	FORMAT "'ALTER TABLE loopit.ingest_log RENAME TO %I', $2) WHERE $1 IS NOT NULL"
};

/* The views of the table, as statements that replace them. */
static const char *const views[] = {
	"SELECT pg_catalog.unnest(ARRAY["
	" pg_catalog.format('CREATE OR REPLACE VIEW %I.%I AS %s', n.nspname, v.relname, pg_catalog.pg_get_viewdef(v.oid)),"
	" 'ALTER VIEW ' OPERATOR(pg_catalog.||) pg_catalog.format('%I.%I', n.nspname, v.relname) OPERATOR(pg_catalog.||)"
	" ' SET (' OPERATOR(pg_catalog.||) pg_catalog.array_to_string(v.reloptions, ', ') OPERATOR(pg_catalog.||) ')'])"
	" FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace n ON n.oid" EQ "v.relnamespace"
	" WHERE v.relkind" EQ "'v' AND $2 IS NOT NULL AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d"
	"  ON d.classid" EQ CLASS("pg_rewrite") " AND d.objid" EQ "r.oid"
	"  WHERE r.ev_class" EQ "v.oid AND d.refclassid" EQ CLASS("pg_class") " AND d.refobjid" EQ "$1)"
	" ORDER BY v.oid"
};

/* Statements, noted and to be run. */
struct Carried
{
	const char *partition;		/* the table's name from now on */
	char	   *primary_key;	/* the name of the partitioned table's */
	char	   *tablespace;		/* NULL: the database's */
	char	   *identity;		/* the column id's: ADD GENERATED ... */
	char	   *set_sequence;	/* brings it where the old one was */
	List	   *renames;
	List	   *objects;
	List	   *grants;
	List	   *sequence_grants;
	List	   *views;
};

/* Adds what the queries return to the statements. */
static List *
note_statements(List *statements, const char *const *queries, int count,
				Oid relation, const char *name)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(relation), CStringGetTextDatum(name)
	};

	for (int i = 0; i < count; i++)
	{
		if (SPI_execute_with_args(queries[i], lengthof(types), types, values,
								  NULL, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "reading what belongs to the log failed");
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			char	   *statement = SPI_getvalue(SPI_tuptable->vals[row],
												 SPI_tuptable->tupdesc, 1);

			if (statement != NULL)
				statements = lappend(statements, statement);
		}
	}
	return statements;
}

static void
run_statements(List *statements)
{
	ListCell   *cell;

	foreach(cell, statements)
		run_sql(lfirst(cell), lfirst(cell));
}

/* The only value of a query about a relation, whose OID is $1; NULL: none. */
static char *
value_about(const char *sql, Oid relation)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relation)};

	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, false,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "reading what belongs to the log failed");
	return SPI_processed == 0 ? NULL :
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* Raises if something of the table, or of what depends on it, would be lost. */
void
require_carriable(Oid log)
{
	char	   *obstacle = value_about(FIND_OBSTACLE, log);

	if (obstacle != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"loopit.ingest_log\" cannot be partitioned as it is"),
				 errdetail("%s%s", pg_toupper((unsigned char) obstacle[0]) == (unsigned char) obstacle[0] ? "" : "The ",
						   obstacle),
				 errhint("Remove it, and create it again afterwards, on the partitioned table.")));
}

/* Notes all that belongs to the table, which is locked. */
Carried *
carry_begin(Oid log, Oid sequence, const char *partition)
{
	Carried    *carried = palloc0(sizeof(Carried));

	carried->partition = partition;
	carried->primary_key =
		value_about("SELECT pg_catalog.quote_ident(k.conname) FROM pg_catalog.pg_constraint k"
					" WHERE k.conrelid" EQ "$1 AND k.contype" EQ "'p'", log);
	carried->tablespace =
		value_about("SELECT pg_catalog.quote_ident(t.spcname) FROM pg_catalog.pg_class c"
					" JOIN pg_catalog.pg_tablespace t ON t.oid" EQ "c.reltablespace"
					" WHERE c.oid" EQ "$1", log);
	carried->identity =
		value_about("SELECT pg_catalog.format('GENERATED %s AS IDENTITY (SEQUENCE NAME %s INCREMENT BY %s"
					" MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s)',"
					" CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,"
					" s.seqrelid::pg_catalog.regclass, s.seqincrement,"
					" s.seqmin, s.seqmax, s.seqstart, s.seqcache,"
					" CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)"
					" FROM pg_catalog.pg_sequence s, pg_catalog.pg_attribute a"
					" WHERE a.attrelid" EQ "$1 AND a.attname" EQ "'id'"
					" AND s.seqrelid" EQ "pg_catalog.pg_get_serial_sequence('loopit.ingest_log', 'id')::pg_catalog.regclass",
					log);
	carried->set_sequence =
		value_about("SELECT pg_catalog.format('SELECT pg_catalog.setval(%L, %s, %L)',"
					" 'loopit.ingest_log_id_seq', s.last_value, s.is_called)"
					" FROM loopit.ingest_log_id_seq s WHERE $1 IS NOT NULL", log);
	carried->renames = note_statements(NIL, renames, lengthof(renames), log, partition);
	carried->objects = note_statements(NIL, objects, lengthof(objects), log, partition);
	carried->grants = note_statements(NIL, grants, lengthof(grants), log, partition);
	carried->sequence_grants =
		note_statements(NIL, sequence_grants, lengthof(sequence_grants), sequence,
						"loopit.ingest_log_id_seq");
	carried->views = note_statements(NIL, views, lengthof(views), log, partition);
	return carried;
}

/* Renames the table and what it has, and drops its primary key and sequence. */
void
carry_rename(Carried *carried)
{
	run_statements(carried->renames);
}

/*
 * Creates the partitioned table, with the primary key and the sequence; the CHECK
 * is that of the first partition alone.
 */
void
carry_create(Carried *carried, const char *check)
{
	run_sql(psprintf("CREATE TABLE loopit.ingest_log (LIKE loopit.%s INCLUDING DEFAULTS"
					 " INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE"
					 " INCLUDING COMPRESSION INCLUDING COMMENTS) PARTITION BY RANGE (received_at)%s%s",
					 quote_identifier(carried->partition),
					 carried->tablespace != NULL ? " TABLESPACE " : "",
					 carried->tablespace != NULL ? carried->tablespace : ""),
			"the partitioned table");
	run_sql(psprintf("ALTER TABLE loopit.ingest_log DROP CONSTRAINT %s", check),
			"the partitioned table");
	run_sql(psprintf("ALTER TABLE loopit.ingest_log ADD CONSTRAINT %s PRIMARY KEY (id, received_at)",
					 carried->primary_key), "the primary key of the log");
	run_sql(psprintf("ALTER TABLE loopit.ingest_log ALTER COLUMN id ADD %s",
					 carried->identity), "the sequence of the log");
	run_sql(carried->set_sequence, "the sequence of the log");
}

/* Gives the partitioned table what was noted. */
void
carry_objects(Carried *carried)
{
	static const char *const revoke[] = {REVOKE_ALL};
	Oid			schema = get_namespace_oid("loopit", false);

	run_statements(carried->objects);
	run_statements(note_statements(NIL, revoke, 1, get_relname_relid("ingest_log", schema),
								   "TABLE loopit.ingest_log"));
	run_statements(carried->grants);
	run_statements(note_statements(NIL, revoke, 1,
								   get_relname_relid("ingest_log_id_seq", schema),
								   "SEQUENCE loopit.ingest_log_id_seq"));
	run_statements(carried->sequence_grants);
}

/* Lets the views read the partitioned table. */
void
carry_views(Carried *carried)
{
	run_statements(carried->views);
}

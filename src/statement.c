/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  The SQL statements of the SPI storage, and running one.
 *
 * Every table, function and operator is schema-qualified, so that no search
 * path changes what a statement means.  Fixed text needs no invalidation of
 * our own: the plan cache replans where a table changes.
 *
 * Memory: a plan lives as long as the backend (SPI_keepplan, under
 * CacheMemoryContext); results belong to the SPI connection; arguments are in
 * the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "statement.h"

typedef struct StatementSpec
{
	const char *sql;
	const Oid  *arg_types;		/* 0 ends */
} StatementSpec;

#define ARGS(...)	(const Oid[]) {__VA_ARGS__, InvalidOid}

#define EQ			" OPERATOR(pg_catalog.=) "
#define FOLDED(x)	"pg_catalog.lower(" x " COLLATE pg_catalog.\"C\")"
#define EXACT(x)	x " COLLATE pg_catalog.\"C\""

/* The columns in the order of PersonColumn and DocumentColumn. */
#define PERSON_COLUMNS \
	"first_name, middle_name, last_name, date_of_birth, mobile_phone, " \
	"marketing_opt_in, street, city, state, country, postcode"
#define DOCUMENT_COLUMNS \
	"number, card_number, issuing_state, issuing_country, date_of_birth, " \
	"expires_on"

static const StatementSpec statements[NUM_STATEMENTS] = {
	[SQL_FIND_WORKSPACE] = {
		"SELECT d.workspace_id FROM loopit.dealership d"
		" WHERE d.id" EQ "$1",
		ARGS(INT8OID)
	},
	[SQL_FIND_PERSON] = {
		"SELECT " PERSON_COLUMNS ", id, source_updated_at, updated_at"
		" FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.email" EQ "$2",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_DOCUMENTS] = {
		"SELECT " DOCUMENT_COLUMNS ", kind" EQ "'passport', updated_at"
		" FROM loopit.identity_document d"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_BOOKING] = {
		"SELECT b.id, b.person_id, b.asset_id, b.location_id, b.package_id"
		" FROM loopit.booking b"
		" WHERE b.workspace_id" EQ "$1 AND b.lead_reference" EQ "$2",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_LIVE_ASSETS] = {
		"SELECT a.id, true, NULL::pg_catalog.text FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " FOLDED("a.vin") EQ FOLDED("$2")
		" AND a.archived_at IS NULL"
		" UNION ALL"
		" SELECT a.id, false, a.vin FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " EXACT("a.stock_number") EQ "$3"
		" AND a.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID, TEXTOID)
	},
	[SQL_FIND_ARCHIVED_ASSET] = {
		"SELECT FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " FOLDED("a.vin") EQ FOLDED("$2")
		" AND a.archived_at IS NOT NULL"
		" UNION ALL"
		" SELECT FROM loopit.asset a"
		" WHERE a.workspace_id" EQ "$1"
		" AND " EXACT("a.stock_number") EQ "$3"
		" AND a.archived_at IS NOT NULL"
		" AND (a.vin IS NULL OR $2 IS NULL)"
		" LIMIT 1",
		ARGS(INT8OID, TEXTOID, TEXTOID)
	},
	[SQL_FIND_LOCATION] = {
		"SELECT l.id FROM loopit.location l"
		" WHERE l.workspace_id" EQ "$1"
		" AND " FOLDED("l.name") EQ FOLDED("$2")
		" AND l.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_FIND_FIRST_LOCATION] = {
		"SELECT l.id FROM loopit.asset_location al, loopit.location l"
		" WHERE al.workspace_id" EQ "$1 AND al.asset_id" EQ "$2"
		" AND l.workspace_id" EQ "al.workspace_id"
		" AND l.id" EQ "al.location_id"
		" AND l.archived_at IS NULL"
		" ORDER BY al.position LIMIT 1",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_FIND_PACKAGE] = {
		"SELECT p.id FROM loopit.package p"
		" WHERE p.workspace_id" EQ "$1"
		" AND " EXACT("p.name") EQ "$2"
		" AND p.archived_at IS NULL",
		ARGS(INT8OID, TEXTOID)
	},
	[SQL_LOCK_PERSON] = {
		"SELECT FROM loopit.person p"
		" WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2"
		" FOR NO KEY UPDATE",
		ARGS(INT8OID, INT8OID)
	},
	[SQL_INSERT_PERSON] = {
		"INSERT INTO loopit.person (workspace_id, email, created_at, updated_at,"
		" source_updated_at, " PERSON_COLUMNS ")"
		" VALUES ($1, $2, $3, $3, $4,"
		" $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
		" ON CONFLICT (workspace_id, email) DO NOTHING RETURNING id",
		ARGS(INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
			 TEXTOID, TEXTOID, TEXTOID, DATEOID, TEXTOID,
			 BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID)
	},
	[SQL_UPDATE_PERSON] = {
		"UPDATE loopit.person p SET updated_at = $3, source_updated_at = $4,"
		" (" PERSON_COLUMNS ") ="
		" ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
		" WHERE p.workspace_id" EQ "$1 AND p.id" EQ "$2",
		ARGS(INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID,
			 TEXTOID, TEXTOID, TEXTOID, DATEOID, TEXTOID,
			 BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID)
	},
	[SQL_INSERT_DOCUMENT] = {
		"INSERT INTO loopit.identity_document (workspace_id, person_id, kind,"
		" created_at, updated_at, " DOCUMENT_COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (workspace_id, person_id, kind) DO NOTHING",
		ARGS(INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID,
			 TEXTOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, DATEOID)
	},
	[SQL_UPDATE_DOCUMENT] = {
		"UPDATE loopit.identity_document d SET updated_at = $4,"
		" (" DOCUMENT_COLUMNS ") = ($5, $6, $7, $8, $9, $10)"
		" WHERE d.workspace_id" EQ "$1 AND d.person_id" EQ "$2"
		" AND d.kind" EQ "$3",
		ARGS(INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID,
			 TEXTOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, DATEOID)
	},
	[SQL_HOLD_BOOKING_ROWS] = {
		"SELECT FROM loopit.asset a, loopit.location l, loopit.package p"
		" WHERE a.workspace_id" EQ "$1 AND a.id" EQ "$2"
		" AND a.archived_at IS NULL"
		" AND l.workspace_id" EQ "$1 AND l.id" EQ "$3"
		" AND l.archived_at IS NULL"
		" AND p.workspace_id" EQ "$1 AND p.id" EQ "$4"
		" AND p.archived_at IS NULL"
		" FOR KEY SHARE OF a, l, p",
		ARGS(INT8OID, INT8OID, INT8OID, INT8OID)
	},
	[SQL_INSERT_BOOKING] = {
		"INSERT INTO loopit.booking (workspace_id, person_id, asset_id,"
		" location_id, package_id, ingest_log_id, created_at, lead_reference)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (workspace_id, lead_reference) DO NOTHING RETURNING id",
		ARGS(INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
			 TIMESTAMPTZOID, TEXTOID)
	},
	[SQL_INSERT_LOG] = {
		"INSERT INTO loopit.ingest_log (id, received_at, dealership_id,"
		" workspace_id, person_id, booking_id, replay_of, duration_us,"
		" payload_version, asked_for_booking, status, reason, lead_reference,"
		" email, person_action, booking_action, booking_reason, ingested_by,"
		" outcome, payload, raw_body)"
		" OVERRIDING SYSTEM VALUE"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
		" $14, $15, $16, $17, $18, $19, $20, $21)",
		ARGS(INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID,
			 INT8OID, INT8OID, INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID,
			 TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID,
			 BYTEAOID)
	}
};

void
arg_datum(StatementArgs *args, Datum value, bool isnull)
{
	Assert(args->count < MAX_STATEMENT_ARGS);
	args->values[args->count] = value;
	args->nulls[args->count] = isnull ? 'n' : ' ';
	args->count++;
}

void
arg_integer(StatementArgs *args, int64 value)
{
	arg_datum(args, Int64GetDatum(value), false);
}

void
arg_id(StatementArgs *args, int64 id)
{
	arg_datum(args, Int64GetDatum(id), id == 0);
}

void
arg_text(StatementArgs *args, LeadText text)
{
	if (text.data == NULL)
		arg_datum(args, (Datum) 0, true);
	else
		arg_datum(args, PointerGetDatum(cstring_to_text_with_len(text.data,
																 (int) text.length)),
				  false);
}

void
arg_string(StatementArgs *args, const char *string)
{
	arg_text(args, (LeadText) {string, string != NULL ? strlen(string) : 0});
}

/* A value of the lead or of a row, as its field's type is stored. */
void
arg_value(StatementArgs *args, FieldType type, const LeadValue *value)
{
	if (!value->provided)
		arg_datum(args, (Datum) 0, true);
	else if (type == TYPE_DATE)
		arg_datum(args, DateADTGetDatum((DateADT) value->number), false);
	else if (type == TYPE_BOOLEAN)
		arg_datum(args, BoolGetDatum(value->number != 0), false);
	else if (type == TYPE_TIMESTAMP || type == TYPE_BIGINT)
		arg_integer(args, value->number);
	else
		arg_text(args, value->text);
}

/*
 * The statement's plan; a generic one, since every statement is a look-up by
 * key.  Kept before it is published, so that an error leaves nothing behind.
 */
static SPIPlanPtr
statement_plan(Statement statement)
{
	static SPIPlanPtr plans[NUM_STATEMENTS];
	const StatementSpec *spec = &statements[statement];
	SPIPlanPtr	plan;
	int			nargs = 0;

	if (plans[statement] != NULL)
		return plans[statement];

	while (OidIsValid(spec->arg_types[nargs]))
		nargs++;
	plan = SPI_prepare_cursor(spec->sql, nargs,
							  unconstify(Oid *, spec->arg_types),
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s: %s",
			 SPI_result_code_string(SPI_result), spec->sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	plans[statement] = plan;
	return plan;
}

/* See statement.h. */
uint64
run_statement(Statement statement, StatementArgs *args, bool read_only)
{
	SPIPlanPtr	plan = statement_plan(statement);
	int			result;

	Assert(args->count == SPI_getargcount(plan));
	result = SPI_execute_plan(plan, args->values,
							  args->nulls, read_only, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s: %s",
			 SPI_result_code_string(result), statements[statement].sql);
	return SPI_processed;
}

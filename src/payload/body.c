/*-------------------------------------------------------------------------
 *
 * body.c
 *	  A raw request body, read into a delivery.
 *
 * What the server's parser would recurse into too deeply, or not take at all,
 * is decided before it is called; what it refuses, and what jsonb cannot
 * hold, is caught.
 *
 * Memory: the parser works in a context of its own, the repaired copy is
 * freed, the payload stays in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "payload/body.h"
#include "payload/encoding.h"
#include "rules/repair.h"
#include "server/compat.h"
#include "server/fault.h"

#define BYTE_ORDER_MARK			"\xEF\xBB\xBF"
#define BYTE_ORDER_MARK_LENGTH	3

typedef struct Parsing
{
	char	   *json;			/* in the database's encoding */
	Jsonb	   *payload;		/* NULL: it is no JSON */
} Parsing;

static void
parse(void *argument)
{
	Parsing    *parsing = argument;

	parsing->payload = parse_jsonb(parsing->json);
}

/*
 * What the parser says of its input (class 22), and what jsonb cannot hold or
 * the stack cannot bear (54), is the body's fault; anything else is not.
 */
static bool
not_the_bodys_fault(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * The jsonb of text in UTF-8 that ends in NUL; NULL where it is none.  What the
 * parser leaves behind may be fifty times the body, so it goes at once.
 */
static Jsonb *
parse_utf8(LeadText json)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "loopit_leads parser",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext context = MemoryContextSwitchTo(scratch);
	Parsing		parsing = {0};
	LeadText	converted;
	Jsonb	   *payload = NULL;

	if (convert_text(json, PG_UTF8, GetDatabaseEncoding(), &converted))
	{
		parsing.json = unconstify(char *, converted.data);
		if (fault_catch(parse, &parsing, not_the_bodys_fault) != NULL)
			parsing.payload = NULL;
	}
	MemoryContextSwitchTo(context);
	if (parsing.payload != NULL)
		payload = DatumGetJsonbPCopy(JsonbPGetDatum(parsing.payload));
	MemoryContextDelete(scratch);
	return payload;
}

/* The jsonb of a body that is not empty; NULL where it is none. */
static Jsonb *
parse_body(LeadText body, bool *repaired)
{
	char	   *json;
	Repair		repair;
	Jsonb	   *payload = NULL;

	if (body.length >= BYTE_ORDER_MARK_LENGTH &&
		memcmp(body.data, BYTE_ORDER_MARK, BYTE_ORDER_MARK_LENGTH) == 0)
	{
		body.data += BYTE_ORDER_MARK_LENGTH;
		body.length -= BYTE_ORDER_MARK_LENGTH;
	}
	/* refuses NUL bytes as well, which would end the text early */
	if (pg_encoding_verifymbstr(PG_UTF8, body.data, (int) body.length) !=
		(int) body.length)
		return NULL;

	json = palloc_extended(body.length + 1, MCXT_ALLOC_HUGE);
	repair = repair_json(body.data, body.length, json);
	if (!repair.too_deep)
	{
		json[repair.length] = '\0';
		payload = parse_utf8(lead_text(json, repair.length));
	}
	pfree(json);
	*repaired = repair.repaired;
	return payload;
}

/* See body.h. */
void
body_read(bytea *body, Delivery *delivery)
{
	LeadText	text;
	bool		repaired = false;

	delivery->body_issue = CODE_NONE;
	if (body == NULL)
		return;
	text.data = VARDATA_ANY(body);
	text.length = VARSIZE_ANY_EXHDR(body);
	delivery->raw_body = body;
	if (text.length == 0)
		return;

	delivery->payload = parse_body(text, &repaired);
	if (delivery->payload == NULL)
		delivery->body_issue = CODE_PAYLOAD_MALFORMED;
	else if (repaired)
		delivery->body_issue = CODE_PAYLOAD_REPAIRED;
	else
		delivery->raw_body = NULL;
}

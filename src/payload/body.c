/*-------------------------------------------------------------------------
 *
 * body.c
 *	  Reads what a caller sends, a raw body or a payload, into a delivery.
 *
 * The common kind of body is read by src/rules/json_read.c.  Any other one is
 * repaired first (src/rules/repair.c), which also refuses what the server's
 * parser would recurse into too deeply or fail on with an internal error.  What
 * the parser refuses, and what jsonb cannot hold, is caught.
 * Nothing that would make a dump or a view fail gets into the payload
 * (src/payload/measure.c).
 *
 * Memory: the repaired copy and what the parser allocates are freed at once;
 * the payload, and what is kept of a body, is in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "payload/body.h"
#include "payload/encoding.h"
#include "payload/measure.h"
#include "rules/json_read.h"
#include "rules/repair.h"
#include "server/compat.h"
#include "server/fault.h"
#include "server/json_write.h"

#define BYTE_ORDER_MARK			"\xEF\xBB\xBF"
#define BYTE_ORDER_MARK_LENGTH	3

/*
 * A log row has to fit into a text of 1 GB, or no dump could read it.  A
 * body takes two characters a byte there, a payload what it was measured to.
 */
#define BODY_LIMIT		((size_t) 128 * 1024 * 1024)
#define PAYLOAD_LIMIT	((size_t) 512 * 1024 * 1024)

/*
 * More than a byte of a body that was repaired can become in the payload's text:
 * 1e99 has a hundred characters, and COPY's text of a control character seven.
 */
#define MAX_GROWTH		32

/* The keys and values of a body that is not parsed by the server: 16 kB of stack. */
#define COMMON_NODES	512

#define HINT_BODY_TOO_LARGE \
	"The body is larger than 128 MB, so it is not kept; send one lead in a request."
#define HINT_PAYLOAD_TOO_LARGE \
	"The payload would take more than 512 MB as text; send one lead in a request."
#define HINT_TOO_DEEP \
	"Arrays and objects are nested deeper than 1,000; send the lead as the specification shows it."
#define HINT_TOO_MANY \
	"An array or object has more elements than can be stored; send one lead in a request."
#define HINT_ARRAY \
	"The payload is an array of objects; send each lead in a request of its own."
#define HINT_STRING \
	"The payload is a string that holds JSON, so it was encoded twice; send the object itself."

static const char *const look_hints[] = {
	[LOOKS_LIKE_NOTHING] = NULL,
	[LOOKS_LIKE_UTF16] = "The body looks like UTF-16 or UTF-32; send it in UTF-8.",
	[LOOKS_COMPRESSED] = "The body looks compressed; send it without Content-Encoding, or let the proxy decompress it.",
	[LOOKS_LIKE_MARKUP] = "The body looks like XML or HTML; send the lead as JSON.",
	[LOOKS_LIKE_FORM] = "The body looks like a form; send the lead itself as JSON, with Content-Type: application/json.",
	[LOOKS_LIKE_DOCUMENTS] = "The body looks like several JSON documents; send each lead in a request of its own.",
	[LOOKS_TRUNCATED] = "The body looks as if its end were missing; send it whole, and let Content-Length count its bytes."
};

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
 * The parser reports what is wrong with its input in class 22, and what jsonb
 * cannot hold or the stack is too small for in class 54.  Any other error is
 * not caused by the body.
 */
static bool
not_caused_by_body(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * Returns the jsonb of a text in UTF-8 that is terminated by a NUL; NULL if it
 * is no JSON.  The parser may allocate fifty times the text, so that is freed
 * at once.
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
		if (fault_catch(parse, &parsing, not_caused_by_body) != NULL)
			parsing.payload = NULL;
	}
	MemoryContextSwitchTo(context);
	if (parsing.payload != NULL)
		payload = DatumGetJsonbPCopy(JsonbPGetDatum(parsing.payload));
	MemoryContextDelete(scratch);
	return payload;
}

/* Marks the delivery as one whose body cannot be read. */
static void
set_malformed(Delivery *delivery, const char *hint)
{
	delivery->payload = NULL;
	delivery->body_issue = CODE_PAYLOAD_MALFORMED;
	delivery->repairs = 0;
	delivery->hint = hint;
}

/* Looks for the lead reference and the address, for support. */
static void
see(LeadText text, Delivery *delivery)
{
	Seen	   *seen = palloc(sizeof(Seen));

	malformed_see(text.data, text.length, seen);
	delivery->seen = seen;
}

/* Looks into a body that is no JSON. */
static void
look_at_malformed(LeadText body, Delivery *delivery)
{
	see(body, delivery);
	if (delivery->hint == NULL)
		delivery->hint = look_hints[malformed_look(body.data, body.length)];
}

/*
 * Reads a body of the common kind, which need not be parsed by the server.
 * Returns false if it is another one.  The bytes have to be the database's
 * encoding, since texts are taken from them.
 */
static bool
read_common_body(LeadText body, Delivery *delivery)
{
	JsonNode	nodes[COMMON_NODES];
	JsonTree	tree = {.node = nodes,.room = lengthof(nodes)};
	char	   *scratch;

	if (GetDatabaseEncoding() != PG_UTF8 || body.length > JSON_READ_LENGTH)
		return false;
	scratch = palloc(body.length);
	if (json_read(body.data, body.length, scratch, &tree, &delivery->repairs))
		delivery->payload = json_write(&tree);
	pfree(scratch);
	return delivery->payload != NULL;
}

/* Parses a body after repairing it. */
static void
parse_body(LeadText body, Delivery *delivery)
{
	char	   *json;
	Repair		repair;

	if (body.length >= BYTE_ORDER_MARK_LENGTH &&
		memcmp(body.data, BYTE_ORDER_MARK, BYTE_ORDER_MARK_LENGTH) == 0)
	{
		body.data += BYTE_ORDER_MARK_LENGTH;
		body.length -= BYTE_ORDER_MARK_LENGTH;
	}
	if (read_common_body(body, delivery))
		return;

	json = palloc_extended(repair_room(body.data, body.length) + 1,
						   MCXT_ALLOC_HUGE);
	repair = repair_json(body.data, body.length, json);
	delivery->repairs = repair.kinds;
	if (repair.unreadable == READABLE)
	{
		json[repair.length] = '\0';
		delivery->payload = parse_utf8(lead_text(json, repair.length));
	}
	pfree(json);

	if (repair.unreadable == UNREADABLE_DEPTH)
		set_malformed(delivery, HINT_TOO_DEEP);
	else if (repair.unreadable == UNREADABLE_ELEMENTS)
		set_malformed(delivery, HINT_TOO_MANY);
	else if (delivery->payload == NULL)
		set_malformed(delivery, NULL);
}

/*
 * Says what a payload that is no object looks like, and what can be seen in it:
 * in an array's first object, or in the text of a string.
 */
static void
look_at_no_object(Jsonb *payload, Delivery *delivery)
{
	JsonbValue *first = getIthJsonbValueFromContainer(&payload->root, 0);
	LeadText	text = lead_text(NULL, 0);

	if (first == NULL)
		return;
	if (!JB_ROOT_IS_SCALAR(payload))
	{
		if (first->type != jbvBinary ||
			!JsonContainerIsObject(first->val.binary.data))
			return;
		delivery->hint = HINT_ARRAY;
		if (first->val.binary.len <= SCAN_LIMIT)
		{
			text.data = JsonbToCString(NULL, first->val.binary.data,
									   first->val.binary.len);
			text.length = strlen(text.data);
		}
	}
	else if (first->type == jbvString)
	{
		text = lead_text(first->val.string.val, first->val.string.len);
		trim_database_text(&text);
		if (text.length > 0 && strchr("{[\"", text.data[0]) != NULL)
			delivery->hint = HINT_STRING;
	}
	if (text.length > 0)
		see(text, delivery);
}

/* Takes a payload that can be stored. */
static void
accept_payload(Jsonb *payload, Delivery *delivery)
{
	delivery->payload = payload;
	delivery->body_issue = delivery->repairs != 0 ? CODE_PAYLOAD_REPAIRED :
		CODE_NONE;
	if (!JB_ROOT_IS_OBJECT(payload))
		look_at_no_object(payload, delivery);
}

/* Takes a payload unless storing it would do harm; returns its measure. */
static Measure
take_payload(Jsonb *payload, Delivery *delivery)
{
	Measure		measure = measure_payload(payload);

	if (measure.too_deep)
		set_malformed(delivery, HINT_TOO_DEEP);
	else if (measure.text > PAYLOAD_LIMIT)
		set_malformed(delivery, HINT_PAYLOAD_TOO_LARGE);
	else
	{
		if (measure.long_number)
		{
			payload = drop_long_numbers(payload);
			delivery->repairs |= REPAIR_NUMBER;
		}
		accept_payload(payload, delivery);
	}
	return measure;
}

/*
 * Reads a raw request body, NULL being none, into the delivery: payload,
 * raw_body, and what there is to say of them.  The payload is palloc'd in the
 * current context.  Raises nothing for what is in the body.
 */
void
body_read(bytea *body, Delivery *delivery)
{
	LeadText	text;

	if (body == NULL || VARSIZE_ANY_EXHDR(body) == 0)
		return;
	text = lead_text(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	if (text.length > BODY_LIMIT)
		set_malformed(delivery, HINT_BODY_TOO_LARGE);
	else
	{
		delivery->raw_body = body;
		parse_body(text, delivery);
		/* depth and numbers are what the repair has left */
		if (delivery->payload != NULL && text.length > PAYLOAD_LIMIT / MAX_GROWTH)
			take_payload(delivery->payload, delivery);
		else if (delivery->payload != NULL)
			accept_payload(delivery->payload, delivery);
	}

	if (delivery->payload == NULL)
		look_at_malformed(text, delivery);
	else if (delivery->repairs == 0)
		delivery->raw_body = NULL;
}

/* The bytes of a text of the database's encoding, in UTF-8. */
static bytea *
bytes_in_utf8(LeadText text)
{
	LeadText	utf8;
	bytea	   *bytes;

	if (!convert_text(text, GetDatabaseEncoding(), PG_UTF8, &utf8))
		utf8 = text;			/* an encoding that no conversion knows */
	bytes = palloc_extended(VARHDRSZ + utf8.length, MCXT_ALLOC_HUGE);
	SET_VARSIZE(bytes, VARHDRSZ + utf8.length);
	memcpy(VARDATA(bytes), utf8.data, utf8.length);
	return bytes;
}

/*
 * The same for a body that is a text of the database's encoding.  One that is
 * too large to be read is not converted first.
 */
void
body_read_text(struct varlena *body, Delivery *delivery)
{
	if (body == NULL)
		return;
	if (!database_is_utf8() && VARSIZE_ANY_EXHDR(body) <= BODY_LIMIT)
		body = bytes_in_utf8(lead_text(VARDATA_ANY(body),
									   VARSIZE_ANY_EXHDR(body)));
	body_read(body, delivery);
}

/*
 * Takes a payload that the caller has as jsonb, NULL being none.  It is copied
 * only if a number has to be replaced.  A payload that cannot be stored as such
 * is kept as a raw body if its text is of a size for that.
 */
void
body_take_payload(Jsonb *payload, Delivery *delivery)
{
	Measure		measure;

	if (payload == NULL)
		return;
	measure = take_payload(payload, delivery);
	if (delivery->payload == NULL && !measure.long_number &&
		measure.text <= BODY_LIMIT)
	{
		char	   *json = JsonbToCString(NULL, &payload->root, VARSIZE(payload));

		delivery->raw_body = bytes_in_utf8(lead_text(json, strlen(json)));
	}
}

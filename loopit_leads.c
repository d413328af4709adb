/*-------------------------------------------------------------------------
 *
 * loopit_leads.c
 *	  Ingests Dealer Studio leads.  The functions that SQL sees.
 *
 * One payload goes forward only:
 *
 *	  entry (here)
 *	  read		src/read.c		jsonb to the values of the field table
 *	  validate	src/validate.c	the rules of one payload, every issue recorded
 *	  resolve	src/resolve.c	look-ups
 *	  decide	src/decide.c	what is to be done
 *	  apply		src/apply.c		doing it, safe against other deliveries
 *	  outcome	src/outcome.c	what is answered
 *	  log		src/ingest.c	which also leads the way from one to the next
 *
 * src/field.c has the fields, src/code.c the codes, src/store.h the storage,
 * src/owner.c the role that it all runs as, src/fault.c the subtransaction.
 *
 * Memory: a call allocates in its caller's context only.  What lives as long
 * as the backend: the plans of src/statement.c, and the cache of src/owner.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/jsonb.h"

#include "src/catalogue.h"
#include "src/ingest.h"
#include "src/mask.h"
#include "src/owner.h"
#include "src/setup.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(loopit_ingest_lead);
PG_FUNCTION_INFO_V1(loopit_validate_lead);
PG_FUNCTION_INFO_V1(loopit_mask_payload);
PG_FUNCTION_INFO_V1(loopit_reason_codes);
PG_FUNCTION_INFO_V1(loopit_setup);

void		_PG_init(void);

void
_PG_init(void)
{
	owner_init();
}

/* A function's argument; SQL NULL is a payload that is missing. */
static Jsonb *
payload_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? NULL : PG_GETARG_JSONB_P(0);
}

/* loopit_ingest_lead(jsonb) returns jsonb */
Datum
loopit_ingest_lead(PG_FUNCTION_ARGS)
{
	Delivery	delivery = {
		.payload = payload_argument(fcinfo),
		.body_issue = CODE_NONE
	};

	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/* loopit_validate_lead(jsonb) returns jsonb */
Datum
loopit_validate_lead(PG_FUNCTION_ARGS)
{
	Delivery	delivery = {
		.payload = payload_argument(fcinfo),
		.body_issue = CODE_NONE,
		.dry_run = true
	};

	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/* loopit_mask_payload(jsonb) returns jsonb */
Datum
loopit_mask_payload(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(mask_payload(PG_GETARG_JSONB_P(0)));
}

/* loopit_reason_codes() returns setof record */
Datum
loopit_reason_codes(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	catalogue_codes((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_setup() returns setof record */
Datum
loopit_setup(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	setup_run((ReturnSetInfo *) fcinfo->resultinfo, fcinfo->flinfo->fn_oid);
	return (Datum) 0;
}

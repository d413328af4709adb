/*-------------------------------------------------------------------------
 *
 * loopit_leads.c
 *	  Ingests Dealer Studio leads.  The functions that SQL sees.
 *
 * One payload goes forward only:
 *
 *	  entry (here)
 *	  read		src/payload/read.c	jsonb to the values of the field table
 *	  validate	src/rules/validate.c	the rules of one payload, every issue recorded
 *	  resolve	src/ingest/resolve.c	look-ups
 *	  decide	src/ingest/decide.c	what is to be done
 *	  apply		src/ingest/apply.c		doing it, safe against other deliveries
 *	  outcome	src/ingest/outcome.c	what is answered
 *	  log		src/ingest/ingest.c	which also leads the way from one to the next
 *
 * A raw body is read by src/payload/body.c first; what support does with the log
 * afterwards is src/admin/support.c, and a replay goes the same way again.
 *
 * src/rules/field.c has the fields, src/rules/code.c the codes, src/store/store.h the storage,
 * src/server/owner.c the role that it all runs as, src/server/fault.c the subtransaction.
 *
 * Memory: a call allocates in its caller's context only.  What lives as long
 * as the backend: the plans of src/store/row_sql.c, the descriptions of tables of
 * src/store/direct/cache.c, and the cache of src/server/owner.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/jsonb.h"

#include "admin/setup.h"
#include "admin/support.h"
#include "ingest/ingest.h"
#include "payload/body.h"
#include "payload/json_schema.h"
#include "payload/mask.h"
#include "payload/reason_codes.h"
#include "server/owner.h"
#include "store/store.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(loopit_ingest_lead);
PG_FUNCTION_INFO_V1(loopit_ingest_webhook);
PG_FUNCTION_INFO_V1(loopit_validate_lead);
PG_FUNCTION_INFO_V1(loopit_replay_lead);
PG_FUNCTION_INFO_V1(loopit_dismiss_lead);
PG_FUNCTION_INFO_V1(loopit_find_leads);
PG_FUNCTION_INFO_V1(loopit_purge_ingest_log);
PG_FUNCTION_INFO_V1(loopit_forget_person);
PG_FUNCTION_INFO_V1(loopit_lead_schema);
PG_FUNCTION_INFO_V1(loopit_reason_codes);
PG_FUNCTION_INFO_V1(loopit_mask_payload);
PG_FUNCTION_INFO_V1(loopit_setup);

void		_PG_init(void);

void
_PG_init(void)
{
	owner_init();
	store_init();
}

/* A varlena argument; NULL where it is SQL NULL. */
static void *
varlena_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL :
		PG_DETOAST_DATUM(PG_GETARG_DATUM(number));
}

/* A bigint argument, put into *value; NULL where it is SQL NULL. */
static const int64 *
bigint_argument(FunctionCallInfo fcinfo, int number, int64 *value)
{
	if (PG_ARGISNULL(number))
		return NULL;
	*value = PG_GETARG_INT64(number);
	return value;
}

/* The same for an interval. */
static const Interval *
interval_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_INTERVAL_P(number);
}

/*
 * Ingestion
 */

/* loopit_ingest_lead(jsonb) returns jsonb */
Datum
loopit_ingest_lead(PG_FUNCTION_ARGS)
{
	Delivery	delivery = new_delivery();

	delivery.payload = varlena_argument(fcinfo, 0);
	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/* loopit_ingest_webhook(bytea) returns jsonb */
Datum
loopit_ingest_webhook(PG_FUNCTION_ARGS)
{
	Delivery	delivery = new_delivery();

	body_read(varlena_argument(fcinfo, 0), &delivery);
	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/* loopit_validate_lead(jsonb) returns jsonb */
Datum
loopit_validate_lead(PG_FUNCTION_ARGS)
{
	Delivery	delivery = new_delivery();

	delivery.payload = varlena_argument(fcinfo, 0);
	delivery.dry_run = true;
	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/*
 * Support
 */

/* loopit_replay_lead(bigint) returns jsonb */
Datum
loopit_replay_lead(PG_FUNCTION_ARGS)
{
	int64		log_id;

	PG_RETURN_JSONB_P(support_replay_lead(bigint_argument(fcinfo, 0, &log_id)));
}

/* loopit_dismiss_lead(bigint, text) returns void */
Datum
loopit_dismiss_lead(PG_FUNCTION_ARGS)
{
	int64		log_id;

	support_dismiss_lead(bigint_argument(fcinfo, 0, &log_id),
						 varlena_argument(fcinfo, 1));
	PG_RETURN_VOID();
}

/* loopit_find_leads(text, text, timestamptz, interval) returns setof record */
Datum
loopit_find_leads(PG_FUNCTION_ARGS)
{
	TimestampTz around = PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2);
	FindLeads	find = {
		.lead_reference = varlena_argument(fcinfo, 0),
		.email = varlena_argument(fcinfo, 1),
		.around = PG_ARGISNULL(2) ? NULL : &around,
		.within = interval_argument(fcinfo, 3)
	};

	InitMaterializedSRF(fcinfo, 0);
	support_find_leads(&find, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_purge_ingest_log(interval, interval, int) returns bigint */
Datum
loopit_purge_ingest_log(PG_FUNCTION_ARGS)
{
	int32		max_rows = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);

	PG_RETURN_INT64(support_purge_log(interval_argument(fcinfo, 0),
									  interval_argument(fcinfo, 1),
									  PG_ARGISNULL(2) ? NULL : &max_rows));
}

/* loopit_forget_person(bigint, text) returns jsonb */
Datum
loopit_forget_person(PG_FUNCTION_ARGS)
{
	int64		workspace_id;

	PG_RETURN_JSONB_P(support_forget_person(bigint_argument(fcinfo, 0, &workspace_id),
											varlena_argument(fcinfo, 1)));
}

/*
 * Pure functions
 */

/* loopit_lead_schema() returns jsonb */
Datum
loopit_lead_schema(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(lead_schema());
}

/* loopit_reason_codes() returns setof record */
Datum
loopit_reason_codes(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	catalogue_codes((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_mask_payload(jsonb) returns jsonb; strict */
Datum
loopit_mask_payload(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(mask_payload(PG_GETARG_JSONB_P(0)));
}

/*
 * Setup
 */

/* loopit_setup() returns setof record */
Datum
loopit_setup(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	setup_run((ReturnSetInfo *) fcinfo->resultinfo, fcinfo->flinfo->fn_oid);
	return (Datum) 0;
}

/*-------------------------------------------------------------------------
 *
 * loopit_leads.c
 *	  Ingests Dealer Studio leads.  The functions that SQL calls.
 *
 * A payload passes through these stages, in one direction:
 *
 *	  entry		this file
 *	  read		src/payload/read.c		finds the values of the field table
 *	  validate	src/rules/validate.c	applies the rules, records every issue
 *	  resolve	src/ingest/resolve.c	looks up persons, vehicles, packages
 *	  decide	src/ingest/decide.c		determines what is to be stored
 *	  apply		src/ingest/apply.c		stores it, under the person's lock
 *	  outcome	src/ingest/outcome.c	reports it to the caller
 *	  log		src/ingest/ingest.c		which also drives the pipeline
 *
 * A raw body is read by src/payload/body.c first.  What support does with the
 * log later is in src/admin/support.c; a replay runs the same stages again.  A
 * person is erased by src/admin/forget.c.  What people and monitors read is in
 * src/report.
 *
 * The folders call each other in one direction only:
 *
 *	  report -> admin -> ingest -> store, payload -> server -> rules
 *
 * Memory: a call allocates in its caller's context only.  Plans, descriptions
 * of tables (src/store) and the tables' owner (src/server/owner.c) are cached
 * for the life of the backend.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/jsonb.h"

#include "admin/client.h"
#include "admin/forget.h"
#include "admin/setup.h"
#include "admin/setup_partition.h"
#include "admin/support.h"
#include "ingest/ingest.h"
#include "payload/body.h"
#include "payload/json_schema.h"
#include "payload/mask.h"
#include "payload/reason_codes.h"
#include "report/drift.h"
#include "report/metrics.h"
#include "report/report.h"
#include "report/explain.h"
#include "report/support_mail.h"
#include "server/owner.h"
#include "store/store.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(loopit_ingest_lead);
PG_FUNCTION_INFO_V1(loopit_ingest_webhook);
PG_FUNCTION_INFO_V1(loopit_ingest_webhook_text);
PG_FUNCTION_INFO_V1(loopit_validate_lead);
PG_FUNCTION_INFO_V1(loopit_replay_lead);
PG_FUNCTION_INFO_V1(loopit_dismiss_lead);
PG_FUNCTION_INFO_V1(loopit_find_leads);
PG_FUNCTION_INFO_V1(loopit_explain_lead);
PG_FUNCTION_INFO_V1(loopit_support_mail);
PG_FUNCTION_INFO_V1(loopit_purge_ingest_log);
PG_FUNCTION_INFO_V1(loopit_forget_person);
PG_FUNCTION_INFO_V1(loopit_payload_drift);
PG_FUNCTION_INFO_V1(loopit_create_client);
PG_FUNCTION_INFO_V1(loopit_rotate_client);
PG_FUNCTION_INFO_V1(loopit_revoke_client);
PG_FUNCTION_INFO_V1(loopit_door_token);
PG_FUNCTION_INFO_V1(loopit_door_receive);
PG_FUNCTION_INFO_V1(loopit_door_receive_as);
PG_FUNCTION_INFO_V1(loopit_metrics);
PG_FUNCTION_INFO_V1(loopit_report);
PG_FUNCTION_INFO_V1(loopit_lead_schema);
PG_FUNCTION_INFO_V1(loopit_reason_codes);
PG_FUNCTION_INFO_V1(loopit_mask_payload);
PG_FUNCTION_INFO_V1(loopit_setup);
PG_FUNCTION_INFO_V1(loopit_partition_log);

void		_PG_init(void);

/* Runs once per backend, when the library is loaded. */
void
_PG_init(void)
{
	owner_init();
	store_init();
}

/* Returns a varlena argument, detoasted; NULL if it is SQL NULL. */
static void *
varlena_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL :
		PG_DETOAST_DATUM(PG_GETARG_DATUM(number));
}

/* Returns a pointer to a bigint argument, put into *value; NULL if SQL NULL. */
static const int64 *
bigint_argument(FunctionCallInfo fcinfo, int number, int64 *value)
{
	if (PG_ARGISNULL(number))
		return NULL;
	*value = PG_GETARG_INT64(number);
	return value;
}

/* Returns an interval argument; NULL if it is SQL NULL. */
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

	body_take_payload(varlena_argument(fcinfo, 0), &delivery);
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

/* loopit_ingest_webhook_text(text) returns jsonb */
Datum
loopit_ingest_webhook_text(PG_FUNCTION_ARGS)
{
	Delivery	delivery = new_delivery();

	body_read_text(varlena_argument(fcinfo, 0), &delivery);
	PG_RETURN_JSONB_P(ingest_delivery(&delivery));
}

/* loopit_validate_lead(jsonb) returns jsonb */
Datum
loopit_validate_lead(PG_FUNCTION_ARGS)
{
	Delivery	delivery = new_delivery();

	body_take_payload(varlena_argument(fcinfo, 0), &delivery);
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

/*
 * loopit_find_leads(text, text, timestamptz, interval, bigint) returns setof
 * record
 */
Datum
loopit_find_leads(PG_FUNCTION_ARGS)
{
	TimestampTz around = PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2);
	int64		dealership_id;
	FindLeads	find = {
		.lead_reference = varlena_argument(fcinfo, 0),
		.email = varlena_argument(fcinfo, 1),
		.around = PG_ARGISNULL(2) ? NULL : &around,
		.within = interval_argument(fcinfo, 3),
		.dealership_id = bigint_argument(fcinfo, 4, &dealership_id)
	};

	InitMaterializedSRF(fcinfo, 0);
	support_find_leads(&find, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_explain_lead(text, text, bigint) returns setof text */
Datum
loopit_explain_lead(PG_FUNCTION_ARGS)
{
	int64		dealership_id;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	explain_lead(varlena_argument(fcinfo, 0), varlena_argument(fcinfo, 1),
				 bigint_argument(fcinfo, 2, &dealership_id),
				 (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_support_mail(bigint) returns text */
Datum
loopit_support_mail(PG_FUNCTION_ARGS)
{
	int64		log_id;

	PG_RETURN_TEXT_P(support_mail(bigint_argument(fcinfo, 0, &log_id)));
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

	PG_RETURN_JSONB_P(forget_person(bigint_argument(fcinfo, 0, &workspace_id),
									varlena_argument(fcinfo, 1)));
}

/* loopit_payload_drift(interval, interval, int) returns setof record */
Datum
loopit_payload_drift(PG_FUNCTION_ARGS)
{
	int32		sample = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);

	InitMaterializedSRF(fcinfo, 0);
	drift_report(interval_argument(fcinfo, 0), interval_argument(fcinfo, 1),
				 PG_ARGISNULL(2) ? NULL : &sample,
				 (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * OAuth clients, and what an HTTP front end calls for them
 */

/* loopit_create_client(text, bigint[]) returns record */
Datum
loopit_create_client(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	text	   *client_id;
	text	   *client_secret;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	client_create(varlena_argument(fcinfo, 0), varlena_argument(fcinfo, 1),
				  &client_id, &client_secret);
	values[0] = PointerGetDatum(client_id);
	values[1] = PointerGetDatum(client_secret);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/* loopit_rotate_client(text, interval) returns text */
Datum
loopit_rotate_client(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(client_rotate(varlena_argument(fcinfo, 0),
								   interval_argument(fcinfo, 1)));
}

/* loopit_revoke_client(text) returns void */
Datum
loopit_revoke_client(PG_FUNCTION_ARGS)
{
	client_revoke(varlena_argument(fcinfo, 0));
	PG_RETURN_VOID();
}

/* loopit_door_token(text, bytea) returns loopit_door_answer */
Datum
loopit_door_token(PG_FUNCTION_ARGS)
{
	return door_token(fcinfo, varlena_argument(fcinfo, 0),
					  varlena_argument(fcinfo, 1));
}

/* loopit_door_receive(bytea, bytea) returns loopit_door_answer */
Datum
loopit_door_receive(PG_FUNCTION_ARGS)
{
	return door_receive(fcinfo, varlena_argument(fcinfo, 0),
						varlena_argument(fcinfo, 1));
}

/* loopit_door_receive_as(text, bytea) returns loopit_door_answer */
Datum
loopit_door_receive_as(PG_FUNCTION_ARGS)
{
	return door_receive_as(fcinfo, varlena_argument(fcinfo, 0),
						   varlena_argument(fcinfo, 1));
}

/*
 * Reports
 */

/* loopit_metrics() returns setof record */
Datum
loopit_metrics(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	report_metrics((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* loopit_report(interval, boolean) returns text */
Datum
loopit_report(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(report_page(interval_argument(fcinfo, 0),
								 PG_ARGISNULL(1) || PG_GETARG_BOOL(1),
								 fcinfo->flinfo->fn_oid));
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

/* loopit_partition_log(text) returns setof record */
Datum
loopit_partition_log(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	partition_log(varlena_argument(fcinfo, 0), (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

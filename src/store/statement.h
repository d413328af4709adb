/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  The SQL statements that are not routine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_STATEMENT_H
#define LOOPIT_STATEMENT_H

typedef enum Statement
{
	SQL_RECEIVED_LATER,
	SQL_FIND_ARCHIVED_ASSET,
	SQL_LIST_ARCHIVED_ASSETS,
	SQL_LIST_PACKAGES,
	SQL_LIST_LOCATIONS,
	SQL_LIST_NEAR_LOCATIONS,
	SQL_LIST_VINS,
	SQL_LIST_STOCK_NUMBERS,
	SQL_SETTLE,
	SQL_FIND_DELIVERY,
	SQL_FIND_LEADS_BY_REFERENCE,
	SQL_FIND_LEADS_BY_EMAIL,
	SQL_FIND_LEADS_BY_DEALERSHIP,
	SQL_FIND_LEADS_BY_TIME,
	SQL_FIND_NEWEST_LEADS,
	SQL_DISMISS_LEAD,
	SQL_SETTLE_BETWEEN,
	SQL_PURGE_ALL,
	SQL_PURGE_FAILURES,
	SQL_PURGE_PROCESSED,
	SQL_NOTE_LATE,
	SQL_LOCK_PERSON_TO_FORGET,
	SQL_UNLINK_BOOKINGS,
	SQL_DELETE_DOCUMENTS,
	SQL_DELETE_PERSON,
	SQL_FIND_EMAIL,
	SQL_LIST_UNREAD,
	SQL_COUNT_LOG_ROWS,
	SQL_FORGET_LOG,
	SQL_COUNT_REPLAYS,
	SQL_FIND_CLIENT,
	SQL_FIND_CLIENT_OF_TOKEN,
	SQL_CLIENT_HAS_SECRET,
	SQL_INSERT_CLIENT,
	SQL_ROTATE_CLIENT,
	SQL_REVOKE_CLIENT,
	SQL_DELETE_TOKENS_OF_CLIENT,
	SQL_DELETE_EXPIRED_TOKENS,
	SQL_INSERT_TOKEN,
	NUM_STATEMENTS
} Statement;

/*
 * Of a row of the log, named o: whether it is old enough to be purged.  $1 is the
 * time before which those that were processed are, $2 that of failures and of
 * what is still open.
 */
#define LOG_ROW_IS_DUE \
	"o.received_at OPERATOR(pg_catalog.<)" \
	" CASE WHEN o.status OPERATOR(pg_catalog.=) 'processed' AND NOT o.open" \
	" THEN $1 ELSE $2 END"

/*
 * What became of a delivery, a row of the log:
 *	open		something is to be done about its lead (view open_delivery)
 *	erased		its payload is gone, and cannot be replayed
 *	dismissed	it was taken out of the list of open leads
 *	replayed	its payload was ingested again by loopit_replay_lead()
 *	settled		nothing is to be done: it was processed as it asked for, a later
 *				delivery of the lead was, or there was nothing in it to replay
 */
#define DELIVERY_STATE(row) \
	"CASE WHEN " row ".open AND EXISTS (SELECT FROM loopit.open_delivery o" \
	"  WHERE o.log_id OPERATOR(pg_catalog.=) " row ".id" \
	"  AND o.received_at OPERATOR(pg_catalog.=) " row ".received_at OFFSET 0)" \
	"  THEN 'open'" \
	" WHEN " row ".payload IS NULL AND " row ".raw_body IS NULL" \
	"  AND " row ".reason IS DISTINCT FROM 'payload_missing' THEN 'erased'" \
	" WHEN " row ".dismissed_at IS NOT NULL THEN 'dismissed'" \
	" WHEN EXISTS (SELECT FROM loopit.ingest_log r" \
	"  WHERE r.replay_of OPERATOR(pg_catalog.=) " row ".id" \
	"  AND r.received_at OPERATOR(pg_catalog.>=) " row ".received_at OFFSET 0)" \
	"  THEN 'replayed'" \
	" ELSE 'settled' END"

typedef struct StatementSpec
{
	const char *sql;
	uint32		tables;			/* bit n: the table n is used */
	const Oid  *arg_types;		/* InvalidOid ends */
	const Oid  *result_types;	/* the same; NULL: no result is read */
} StatementSpec;

extern const StatementSpec statements[NUM_STATEMENTS];

#endif							/* LOOPIT_STATEMENT_H */

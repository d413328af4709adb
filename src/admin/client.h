/*-------------------------------------------------------------------------
 *
 * client.h
 *	  OAuth clients, their tokens, and the deliveries that they send.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_CLIENT_H
#define LOOPIT_CLIENT_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/timestamp.h"

/* For the administrator */
extern void client_create(struct varlena *name, ArrayType *workspaces,
						  text * *client_id, text * *client_secret);
extern text * client_rotate(struct varlena *client_id,
							const Interval *old_secret_valid);
extern void client_revoke(struct varlena *client_id);

/* For an HTTP front end; each returns a loopit_door_answer */
extern Datum door_token(FunctionCallInfo fcinfo, struct varlena *client_id,
						bytea *secret_digest);
extern Datum door_receive(FunctionCallInfo fcinfo, bytea *token_digest,
						  bytea *body);
extern Datum door_receive_as(FunctionCallInfo fcinfo, struct varlena *client_id,
							 bytea *body);

#endif							/* LOOPIT_CLIENT_H */

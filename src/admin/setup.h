/*-------------------------------------------------------------------------
 *
 * setup.h
 *	  loopit_setup(): making the tables and views.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_H
#define LOOPIT_SETUP_H

#include "nodes/execnodes.h"

/*
 * Takes the steps that the schema has not taken, and puts a row a step into
 * the result.  The function's OID tells the extension's schema.
 */
extern void setup_run(ReturnSetInfo *result, Oid function);

#endif							/* LOOPIT_SETUP_H */

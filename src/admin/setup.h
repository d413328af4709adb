/*-------------------------------------------------------------------------
 *
 * setup.h
 *	  loopit_setup(): creating the tables and views, and bringing them up to
 *	  date.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_H
#define LOOPIT_SETUP_H

#include "nodes/execnodes.h"

extern void setup_run(ReturnSetInfo *result, Oid function);

#endif							/* LOOPIT_SETUP_H */

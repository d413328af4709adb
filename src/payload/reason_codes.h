/*-------------------------------------------------------------------------
 *
 * reason_codes.h
 *	  The catalogue of codes as rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_REASON_CODES_H
#define LOOPIT_REASON_CODES_H

#include "nodes/execnodes.h"

/* Puts a row a code into the result of loopit_reason_codes(). */
extern void catalogue_codes(ReturnSetInfo *result);

#endif							/* LOOPIT_REASON_CODES_H */

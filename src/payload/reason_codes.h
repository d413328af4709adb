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

extern void catalogue_codes(ReturnSetInfo *result);

#endif							/* LOOPIT_REASON_CODES_H */

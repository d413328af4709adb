/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  What a monitor scrapes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_METRICS_H
#define LOOPIT_METRICS_H

#include "nodes/execnodes.h"

extern void report_metrics(ReturnSetInfo *result);

#endif							/* LOOPIT_METRICS_H */

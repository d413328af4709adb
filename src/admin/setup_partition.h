/*-------------------------------------------------------------------------
 *
 * setup_partition.h
 *	  loopit_partition_log().
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SETUP_PARTITION_H
#define LOOPIT_SETUP_PARTITION_H

#include "nodes/execnodes.h"

extern void partition_log(struct varlena *period_name, ReturnSetInfo *result);

#endif							/* LOOPIT_SETUP_PARTITION_H */

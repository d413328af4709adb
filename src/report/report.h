/*-------------------------------------------------------------------------
 *
 * report.h
 *	  The report that a DBA reads each morning.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_REPORT_H
#define LOOPIT_REPORT_H

#include "utils/timestamp.h"

extern text * report_page(const Interval *since, bool html, Oid function);

#endif							/* LOOPIT_REPORT_H */

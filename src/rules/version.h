/*-------------------------------------------------------------------------
 *
 * version.h
 *	  The version of Dealer Studio's payload that the rules implement.  The
 *	  extension's own version is only in loopit_leads.control.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_VERSION_H
#define LOOPIT_VERSION_H

/* and the day from which it is valid */
#define PAYLOAD_VERSION			1
#define PAYLOAD_VERSION_DATE	"2025-10-01"

#endif							/* LOOPIT_VERSION_H */

/*-------------------------------------------------------------------------
 *
 * version.h
 *	  The version of the rules that a payload is judged by.  The extension's
 *	  own version stands in loopit_leads.control alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_VERSION_H
#define LOOPIT_VERSION_H

/* Of Dealer Studio's payload, with the day from which it is valid. */
#define PAYLOAD_VERSION			1
#define PAYLOAD_VERSION_DATE	"2025-10-01"

#endif							/* LOOPIT_VERSION_H */

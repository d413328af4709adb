/*-------------------------------------------------------------------------
 *
 * support_mail.h
 *	  The message to both support teams about a lead.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_SUPPORT_MAIL_H
#define LOOPIT_SUPPORT_MAIL_H

extern text * support_mail(const int64 *log_id);

#endif							/* LOOPIT_SUPPORT_MAIL_H */

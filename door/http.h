/*
 * http.h
 *	  The HTTP side: libmicrohttpd, one thread for senders and one for the
 *	  private address.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>

#include "request.h"

struct MHD_Connection;
struct MHD_Response;

/* http.c */
extern bool http_start(int listener, unsigned int connections);
extern void http_answered(Request *request);
extern int	http_quiesce(void);
extern bool http_stopping(void);
extern bool http_stop(void);

/* headers.c */
extern void headers_judge(Request *request, const char *path, const char *method, const char *version);

/* answer.c */
extern bool answer_send(Request *request);

/* private.c */
extern bool private_start(int listener);
extern void private_stop(void);

#endif

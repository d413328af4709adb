/*
 * work.h
 *	  Threads that take requests to the database.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>

#include "request.h"

extern bool work_start(void (*answered) (Request *));
extern void work_submit(Request *request);
extern void work_expire(void);
extern void work_reconnect(void);
extern const char *work_not_ready(void);
extern void work_stop(void);

#endif

/*
 * fetch.h
 *	  Fetches documents of the identity provider.
 */
#ifndef FETCH_H
#define FETCH_H

struct json_t;

extern void fetch_start(void);
extern struct json_t *fetch_json(const char *url);
extern void fetch_stop(void);

#endif

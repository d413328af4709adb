/*
 * log.h
 *	  Lines of JSON on the standard output, one per request or event.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

typedef enum LogLevel
{
	LOG_INFO,
	LOG_WARNING,
	LOG_ERROR,
} LogLevel;

typedef struct LogLine
{
	char		text[2048];
	int			length;
} LogLine;

extern void log_begin(LogLine *line, LogLevel level, const char *event);
extern void log_text(LogLine *line, const char *key, const char *value);
extern void log_number(LogLine *line, const char *key, int64_t value);
extern void log_end(LogLine *line);
extern void log_event(LogLevel level, const char *event, const char *key, const char *value);

#endif

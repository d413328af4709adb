/*
 * log.c
 *	  Lines of JSON on the standard output, one per request or event.
 *
 * No token, secret, body or address of a person gets here: callers log status
 * codes, ids and times, and texts of their own.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

/* Room for a key, and for what ends a line. */
#define RESERVE 8

static void
append(LogLine *line, const char *text, int length)
{
	if (line->length + length > (int) sizeof(line->text) - RESERVE)
		return;
	memcpy(line->text + line->length, text, (size_t) length);
	line->length += length;
}

static void
append_string(LogLine *line, const char *value)
{
	append(line, "\"", 1);
	for (; *value != '\0'; value++)
	{
		char		escape[8];

		if (*value == '"' || *value == '\\')
			append(line, escape, sprintf(escape, "\\%c", *value));
		else if ((unsigned char) *value < 0x20 || (unsigned char) *value > 0x7e)
			append(line, escape, sprintf(escape, "\\u%04x", (unsigned char) *value));
		else
			append(line, value, 1);
	}
	/* there is always room for these two: see RESERVE */
	line->text[line->length++] = '"';
}

static void
append_key(LogLine *line, const char *key)
{
	append(line, ",", 1);
	append_string(line, key);
	append(line, ":", 1);
}

void
log_begin(LogLine *line, LogLevel level, const char *event)
{
	static const char *const names[] = {"info", "warning", "error"};
	struct timespec now;
	struct tm	utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	line->length = (int) strftime(line->text, sizeof(line->text),
								  "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
	line->length += sprintf(line->text + line->length, ".%03ldZ\",\"level\":\"%s\",\"event\":\"%s\"",
							now.tv_nsec / 1000000, names[level], event);
}

/* Adds a member; a value of NULL is left out. */
void
log_text(LogLine *line, const char *key, const char *value)
{
	if (value == NULL)
		return;
	/* whole, or not at all: an escape takes up to six bytes */
	if (line->length + (int) (strlen(key) + 6 * strlen(value)) > (int) sizeof(line->text) - 4 * RESERVE)
		return;
	append_key(line, key);
	append_string(line, value);
}

void
log_number(LogLine *line, const char *key, int64_t value)
{
	char		digits[24];

	if (line->length + (int) strlen(key) > (int) sizeof(line->text) - 6 * RESERVE)
		return;
	append_key(line, key);
	append(line, digits, sprintf(digits, "%lld", (long long) value));
}

/* Writes the line at once, so that lines of two threads do not mix. */
void
log_end(LogLine *line)
{
	ssize_t		written;

	line->text[line->length++] = '}';
	line->text[line->length++] = '\n';
	written = write(STDOUT_FILENO, line->text, (size_t) line->length);
	/* there is nobody left to tell */
	(void) written;
}

/* A line with one member; key NULL: with none. */
void
log_event(LogLevel level, const char *event, const char *key, const char *value)
{
	LogLine		line;

	log_begin(&line, level, event);
	if (key != NULL)
		log_text(&line, key, value);
	log_end(&line);
}

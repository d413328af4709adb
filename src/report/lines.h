/*-------------------------------------------------------------------------
 *
 * lines.h
 *	  Lines of text for a person: rows of a result, or one text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_LINES_H
#define LOOPIT_LINES_H

#include "lib/stringinfo.h"
#include "nodes/execnodes.h"
#include "utils/timestamp.h"

typedef struct TextPage
{
	StringInfoData line;		/* the current one */
	ReturnSetInfo *rows;		/* a row per line; NULL: one text */
	StringInfoData text;		/* the lines before, if it is one text */
} TextPage;

extern void page_begin(TextPage *page, ReturnSetInfo *rows);
extern void page_end_line(TextPage *page);
extern void page_line(TextPage *page, const char *format,...) __attribute__((format(printf, 2, 3)));
extern void append_time(StringInfo out, TimestampTz time);

#endif							/* LOOPIT_LINES_H */

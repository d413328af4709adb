/*-------------------------------------------------------------------------
 *
 * hint.h
 *	  Hints: what the payload may have meant by a value that is not found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_HINT_H
#define LOOPIT_HINT_H

#include "ingest/stages.h"

/*
 * Each returns a sentence, constant or palloc'd in the current context, or NULL
 * if nothing is close.  They are called when a look-up has failed, and their cost is bounded.
 */
extern const char *hint_package(const IngestContext *context);
extern const char *hint_location(const IngestContext *context);
extern const char *hint_asset(const IngestContext *context,
							  bool stock_number_found);
extern const char *hint_ambiguous_asset(const AssetRow *asset);
extern const char *hint_archived_asset(int64 asset_id);
extern const char *hint_country(const RawValue *country);

#endif							/* LOOPIT_HINT_H */

/*-------------------------------------------------------------------------
 *
 * hint.h
 *	  Near misses: what an exact match could have been meant to find.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOPIT_HINT_H
#define LOOPIT_HINT_H

#include "ingest/stages.h"

/*
 * Each returns a sentence, palloc'd in the current context, or NULL where
 * nothing is close.  They are for the failure path, and bounded in cost.
 */
extern const char *hint_package(const IngestContext *context, LeadText name);
extern const char *hint_ambiguous_asset(LeadText stock_number,
										const AssetRows *assets);
extern const char *hint_archived_asset(int64 asset_id);

/* Of a passport's country that is not known; needs no database. */
extern const char *hint_country(const RawValue *country);

#endif							/* LOOPIT_HINT_H */

/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Which shares differ between the two samples by more than chance, and are
 *	  worth a line.
 *
 * A path's share is that of the leads whose payload has the object or the array
 * that it is in, so a change of that is one line, and not one for each path
 * below it.  A share is compared by Fisher's exact test, since a dealership may
 * have five leads a day.
 *
 * Memory: rows and texts are in the caller's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "report/share.h"
#include "report/trait.h"

/*
 * A change is that of single dealerships if so few of them, and not more than
 * half, show it by themselves, and the others together do not.
 */
#define FEW_DEALERSHIPS		5

#define ROW_LIMIT			1000

/* A change of the leads of one dealership. */
typedef struct LocalChange
{
	const Local *local;
	Share		base;			/* only of[] */
	DriftChange change;
	struct LocalChange *next;
} LocalChange;

/* What the dealerships say about a trait. */
typedef struct LocalSummary
{
	int			changed;		/* dealerships that show a change */
	LocalChange *changes;
	int			having[NUM_WINDOWS];	/* that have the trait */
	int			containing[2];	/* that have an object or an array there, in
								 * both windows */
} LocalSummary;

const char *
drift_change_name(DriftChange change)
{
	static const char *const names[] = {
		[DRIFT_NEW] = "new",
		[DRIFT_GONE] = "gone",
		[DRIFT_TYPE_CHANGED] = "type changed",
		[DRIFT_SHARE_CHANGED] = "share changed",
		[DRIFT_ISSUE_SHARE] = "issue share"
	};

	return names[change];
}

static Share
share_of(const int *found, const int *of)
{
	Share		share;

	memcpy(share.found, found, sizeof(share.found));
	memcpy(share.of, of, sizeof(share.of));
	return share;
}

/*
 * The type whose share of the provided values differs, rather one that there is
 * more of now; -1: none does.
 */
static int
changed_type(const Counts *counts)
{
	int			changed = -1;
	double		most = -1;

	for (int type = 0; IS_PROVIDED(type); type++)
	{
		Share		share;
		double		increase;

		for (int window = 0; window < NUM_WINDOWS; window++)
		{
			share.found[window] = counts->types[window][type];
			share.of[window] = counts->found[window];
		}
		increase = share_in(&share, WINDOW_NOW) -
			share_in(&share, WINDOW_BEFORE);
		if (increase >= most && share_differs(&share))
		{
			most = increase;
			changed = type;
		}
	}
	return changed;
}

/* Returns true, and which, if there is a change; of[] is what is counted from. */
static bool
find_change(const Trait *trait, const Counts *counts, const int *of,
			DriftChange *change)
{
	Share		share = share_of(counts->found, of);

	if (of[WINDOW_BEFORE] == 0 || of[WINDOW_NOW] == 0)
		return false;
	*change = trait->kind == TRAIT_ISSUE ? DRIFT_ISSUE_SHARE :
		share.found[WINDOW_BEFORE] == 0 ? DRIFT_NEW :
		share.found[WINDOW_NOW] == 0 ? DRIFT_GONE : DRIFT_SHARE_CHANGED;
	if (*change == DRIFT_SHARE_CHANGED && changed_type(counts) >= 0)
	{
		*change = DRIFT_TYPE_CHANGED;
		return true;
	}
	return share_differs(&share);
}

/* The type of the container that a path is in. */
static ValueType
container_type(const Trait *trait)
{
	return trait->kind == TRAIT_ELEMENT ? VALUE_ARRAY : VALUE_OBJECT;
}

/* Sets of[] to the number of leads of which a trait has a share. */
static void
set_base(const Trait *trait, const Totals *totals, const Counts *parent, int *of)
{
	for (int window = 0; window < NUM_WINDOWS; window++)
	{
		if (trait->kind == TRAIT_ISSUE)
			of[window] = totals->leads[window];
		else if (trait->kind == TRAIT_ROOT)
			of[window] = totals->payloads[window];
		else
			of[window] = parent == NULL ? 0 :
				parent->types[window][container_type(trait)];
	}
}

static void
summarize_local(const Traits *traits, const Local *local, LocalSummary *summaries)
{
	LocalSummary *summary = &summaries[local->key.trait];
	const Trait *trait = &traits->trait[local->key.trait];
	const Local *parent = trait->parent < 0 ? NULL :
		traits_local(traits, local->dealership, trait->parent);
	LocalChange found = {.local = local,.next = summary->changes};

	for (int window = 0; window < NUM_WINDOWS; window++)
		summary->having[window] += local->counts.found[window] > 0;
	for (int type = VALUE_OBJECT; type <= VALUE_ARRAY; type++)
		summary->containing[type] +=
			local->counts.types[WINDOW_BEFORE][type] > 0 &&
			local->counts.types[WINDOW_NOW][type] > 0;

	set_base(trait, &local->dealership->totals,
			 parent != NULL ? &parent->counts : NULL, found.base.of);
	if (find_change(trait, &local->counts, found.base.of, &found.change))
	{
		summary->changes = palloc(sizeof(LocalChange));
		*summary->changes = found;
		summary->changed++;
	}
}

/* What each dealership shows, by trait. */
static LocalSummary *
summarize_locals(const Traits *traits)
{
	LocalSummary *summaries = palloc0(traits->count * sizeof(LocalSummary));
	HASH_SEQ_STATUS scan;
	const Local *local;

	hash_seq_init(&scan, traits->locals);
	while ((local = hash_seq_search(&scan)) != NULL)
		summarize_local(traits, local, summaries);
	return summaries;
}

/* Returns true if the leads of the other dealerships show a change, too. */
static bool
others_changed(const Trait *trait, const int *of, const LocalSummary *summary)
{
	Counts		others = trait->all;
	int			rest[NUM_WINDOWS];
	DriftChange change;

	memcpy(rest, of, sizeof(rest));
	for (const LocalChange *one = summary->changes; one != NULL; one = one->next)
	{
		const Counts *counts = &one->local->counts;

		for (int window = 0; window < NUM_WINDOWS; window++)
		{
			rest[window] -= one->base.of[window];
			others.found[window] -= counts->found[window];
			for (int type = 0; type < NUM_VALUE_TYPES; type++)
				others.types[window][type] -= counts->types[window][type];
		}
	}
	return find_change(trait, &others, rest, &change);
}

/* Returns true if a change of all leads is not that of a few dealerships. */
static bool
is_general(const Traits *traits, int trait, const int *of,
		   const LocalSummary *summaries)
{
	const LocalSummary *summary = &summaries[trait];
	const Trait *of_all = &traits->trait[trait];
	int			dealerships = of_all->parent < 0 ?
		(int) hash_get_num_entries(traits->dealerships) :
		summaries[of_all->parent].containing[container_type(of_all)];

	return summary->changed == 0 || summary->changed > FEW_DEALERSHIPS ||
		2 * summary->changed > dealerships ||
		others_changed(of_all, of, summary);
}

/* A share and the types that it has, as text. */
static char *
show_share(const Trait *trait, const Counts *counts, const int *of,
		   DriftWindow window)
{
	static const char *const names[NUM_VALUE_TYPES] = {
		"object", "array", "string", "number", "boolean", "null", "blank"
	};
	StringInfoData text;

	initStringInfo(&text);
	if (trait->kind == TRAIT_ISSUE)
	{
		appendStringInfo(&text, "%.2f %%",
						 100.0 * counts->found[window] / of[window]);
		return text.data;
	}
	for (int type = 0; type < NUM_VALUE_TYPES; type++)
	{
		if (counts->types[window][type] > 0)
			appendStringInfo(&text, "%s%.2f %% %s", text.len > 0 ? ", " : "",
							 100.0 * counts->types[window][type] / of[window],
							 names[type]);
	}
	if (text.len == 0)
		appendStringInfoString(&text, "0.00 %");
	return text.data;
}

/* When what changed was first seen. */
static TimestampTz
first_seen(const Counts *counts, DriftChange change)
{
	TimestampTz first = 0;

	if (change == DRIFT_TYPE_CHANGED)
		return counts->first_seen[changed_type(counts)];
	for (int type = 0; IS_PROVIDED(type); type++)
	{
		TimestampTz seen = counts->first_seen[type];

		if (seen != 0 && (first == 0 || seen < first))
			first = seen;
	}
	return first;
}

static void
add_row(const Traits *traits, int trait, DriftChange change,
		const Counts *counts, const int *of, const Dealership *dealership,
		const LocalSummary *summary, Drift *drift)
{
	const Trait *what = &traits->trait[trait];
	DriftRow   *row = &drift->rows[drift->nrows++];
	DriftWindow more;

	memset(row, 0, sizeof(*row));
	row->of_dealership = dealership != NULL;
	row->dealership_id = dealership != NULL ? dealership->id : 0;
	row->path = trait_path(traits, trait);
	row->known = what->known;
	row->change = change;
	row->code = what->code;
	for (int window = 0; window < NUM_WINDOWS; window++)
	{
		row->leads[window] = of[window];
		row->found[window] = counts->found[window];
		row->share[window] = (double) counts->found[window] / of[window];
		row->shown[window] = show_share(what, counts, of, (DriftWindow) window);
	}
	more = row->share[WINDOW_NOW] >= row->share[WINDOW_BEFORE] ?
		WINDOW_NOW : WINDOW_BEFORE;
	row->dealerships = dealership != NULL ? 1 : summary->having[more];
	row->first_seen = first_seen(counts, change);
	row->last_seen = counts->last_seen;
}

/* What is read comes first, then the larger change. */
static int
compare_rows(const void *a, const void *b)
{
	const DriftRow *x = a;
	const DriftRow *y = b;
	double		x_difference = fabs(x->share[WINDOW_NOW] - x->share[WINDOW_BEFORE]);
	double		y_difference = fabs(y->share[WINDOW_NOW] - y->share[WINDOW_BEFORE]);
	int			order;

	if (x->known != y->known)
		return x->known ? -1 : 1;
	if (x_difference != y_difference)
		return x_difference > y_difference ? -1 : 1;
	order = strcmp(x->path != NULL ? x->path : "", y->path != NULL ? y->path : "");
	if (order != 0)
		return order;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return x->dealership_id < y->dealership_id ? -1 :
		x->dealership_id > y->dealership_id;
}

/* Adds the rows of a trait. */
static void
compare_trait(const Traits *traits, int trait, const LocalSummary *summaries,
			  Drift *drift)
{
	const Trait *what = &traits->trait[trait];
	const LocalSummary *summary = &summaries[trait];
	int			of[NUM_WINDOWS] = {0};
	DriftChange change;

	set_base(what, &traits->all,
			 what->parent < 0 ? NULL : &traits->trait[what->parent].all, of);
	if (find_change(what, &what->all, of, &change) &&
		is_general(traits, trait, of, summaries))
	{
		add_row(traits, trait, change, &what->all, of, NULL, summary, drift);
		return;
	}
	for (const LocalChange *one = summary->changes; one != NULL; one = one->next)
		add_row(traits, trait, one->change, &one->local->counts, one->base.of,
				one->local->dealership, summary, drift);
}

/* Fills the rows of the result. */
void
compare_traits(const Traits *traits, Drift *drift)
{
	LocalSummary *summaries = summarize_locals(traits);
	int			most = traits->count;

	for (int trait = 0; trait < traits->count; trait++)
		most += summaries[trait].changed;
	drift->rows = palloc(most * sizeof(DriftRow));
	for (int trait = 0; trait < traits->count; trait++)
		compare_trait(traits, trait, summaries, drift);
	qsort(drift->rows, drift->nrows, sizeof(DriftRow), compare_rows);
	if (drift->nrows > ROW_LIMIT)
	{
		drift->nrows = ROW_LIMIT;
		drift->capped = "there are more than 1,000 changes, and the smaller ones were left out";
	}
}

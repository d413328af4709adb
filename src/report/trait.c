/*-------------------------------------------------------------------------
 *
 * trait.c
 *	  What the leads of the two samples have: paths of their payloads and
 *	  issues of their outcomes, counted.
 *
 * Paths are a tree: a trait is found by its parent and its own key.  The fields
 * of the field table are in it from the start.  A lead counts once in a window
 * however often it is delivered, and once for a path however many elements of
 * an array have it.
 *
 * A sender can make up keys without end, so the number of traits is limited, and
 * so is that of the counts that are kept for single dealerships.
 *
 * Memory: everything that is kept is in traits->context, the one that is current
 * at traits_create().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "report/trait.h"
#include "store/look.h"

#define TRAIT_LIMIT		20000
#define DEALERSHIP_LIMIT 1000
#define LOCAL_LIMIT		200000

static HTAB *
create_table(const char *name, Size key_size, Size entry_size)
{
	HASHCTL		control = {
		.keysize = key_size,
		.entrysize = entry_size,
		.hcxt = CurrentMemoryContext
	};

	return hash_create(name, 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Adds a trait; -1: there are too many. */
static int
add_trait(Traits *traits, TraitKind kind, int parent, uint32 hash)
{
	Trait	   *trait;

	if (traits->count == TRAIT_LIMIT)
	{
		traits->capped = "there are more than 20,000 paths, and some of them were left out";
		return -1;
	}
	if (traits->count == traits->room)
	{
		traits->room *= 2;
		traits->trait = repalloc(traits->trait, traits->room * sizeof(Trait));
	}
	trait = &traits->trait[traits->count];
	memset(trait, 0, sizeof(*trait));
	trait->kind = kind;
	trait->parent = parent;
	trait->code = CODE_NONE;
	trait->hash = hash;
	trait->next = traits->bucket[hash % TRAIT_BUCKETS];
	traits->bucket[hash % TRAIT_BUCKETS] = traits->count;
	return traits->count++;
}

/* Finds a trait within its parent, and adds it if add is set; -1: there is none. */
static int
find_trait(Traits *traits, TraitKind kind, int parent, LeadText key, bool add)
{
	uint32		hash = hash_combine(hash_bytes((const unsigned char *) key.data,
											   (int) key.length),
									hash_bytes_uint32(parent * 8 + kind));
	int			found = traits->bucket[hash % TRAIT_BUCKETS];

	for (; found >= 0; found = traits->trait[found].next)
	{
		const Trait *trait = &traits->trait[found];

		if (trait->hash == hash && trait->parent == parent &&
			trait->kind == kind && trait->key_length == key.length &&
			memcmp(trait->key, key.data, key.length) == 0)
			return found;
	}
	if (add)
		found = add_trait(traits, kind, parent, hash);
	if (found >= 0)
	{
		char	   *copy = MemoryContextAlloc(traits->context, key.length + 1);

		memcpy(copy, key.data, key.length);
		copy[key.length] = '\0';
		traits->trait[found].key = copy;
		traits->trait[found].key_length = (int) key.length;
	}
	return found;
}

/* The trait of a key within an object; -1: there are too many. */
int
traits_child(Traits *traits, int parent, LeadText key)
{
	int			found = find_trait(traits, TRAIT_KEY, parent, key, false);

	if (found >= 0)
		return found;
	if (looks_like_data(key))
		return find_trait(traits, TRAIT_DATA, parent, lead_text("", 0), true);
	return find_trait(traits, TRAIT_KEY, parent, key, true);
}

/* The same of the elements of an array. */
int
traits_element(Traits *traits, int parent)
{
	return find_trait(traits, TRAIT_ELEMENT, parent, lead_text("", 0), true);
}

/* The same of an issue. */
int
traits_issue(Traits *traits, Field field, Code code)
{
	int			trait = traits->issue[field][code];

	if (trait == 0)
	{
		uint32		hash = hash_bytes_uint32(field * NUM_CODES + code);

		trait = add_trait(traits, TRAIT_ISSUE, -1, hash);
		if (trait < 0)
			return -1;
		traits->trait[trait].known = true;
		traits->trait[trait].field = field;
		traits->trait[trait].code = code;
		traits->issue[field][code] = trait;
	}
	return trait;
}

/* The lead at hand has that trait, unless it is none (-1). */
void
traits_mark(Traits *traits, int trait, ValueType type)
{
	Trait	   *marked;

	if (trait < 0)
		return;
	marked = &traits->trait[trait];
	if (marked->lead != traits->lead)
	{
		Assert(traits->nmarked < MARK_LIMIT);
		traits->marked[traits->nmarked++] = trait;
		marked->lead = traits->lead;
		marked->types = 0;
	}
	marked->types |= 1U << type;
}

/* Adds the fields of the field table, which are found in their parents. */
static void
add_fields(Traits *traits)
{
	int			of_field[NUM_FIELDS] = {0};

	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
	{
		const char *key = field_key((Field) field);

		of_field[field] = find_trait(traits, TRAIT_KEY,
									 of_field[field_table[field].parent],
									 lead_text(key, strlen(key)), true);
		traits->trait[of_field[field]].known = true;
	}
}

Traits *
traits_create(void)
{
	Traits	   *traits = palloc0(sizeof(Traits));

	traits->context = CurrentMemoryContext;
	traits->room = 256;
	traits->trait = palloc(traits->room * sizeof(Trait));
	memset(traits->bucket, -1, sizeof(traits->bucket));
	traits->marked = palloc(MARK_LIMIT * sizeof(int));
	traits->leads = create_table("loopit_leads leads", sizeof(uint64),
								 sizeof(uint64));
	traits->dealerships = create_table("loopit_leads dealerships",
									   sizeof(int64), sizeof(Dealership));
	traits->locals = create_table("loopit_leads locals", sizeof(LocalKey),
								  sizeof(Local));
	(void) add_trait(traits, TRAIT_ROOT, -1, 0);
	traits->trait[0].known = true;
	add_fields(traits);
	return traits;
}

/*
 * Returns true if the lead was counted in the window already.  A delivery
 * without a reference is a lead of its own.
 */
static bool
was_counted(Traits *traits, DriftWindow window, const SampledDelivery *delivery)
{
	const LeadText *reference = &delivery->lead_reference;
	uint64		key;
	bool		found;

	if (reference->data == NULL)
		return false;
	key = hash_combine64(hash_bytes_extended((const unsigned char *) reference->data,
											 (int) reference->length, window),
						 hash_bytes_extended((const unsigned char *) &delivery->dealership_id,
											 sizeof(int64), window));
	(void) hash_search(traits->leads, &key, HASH_ENTER, &found);
	return found;
}

static void
count_lead(Totals *totals, DriftWindow window, bool has_payload)
{
	totals->leads[window]++;
	totals->payloads[window] += has_payload;
}

/* The dealership, if leads are counted for it; else NULL. */
static Dealership *
enter_dealership(Traits *traits, const SampledDelivery *delivery)
{
	bool		found;
	Dealership *dealership;

	if (!delivery->configured)
		return NULL;
	if (hash_get_num_entries(traits->dealerships) == DEALERSHIP_LIMIT)
	{
		traits->capped = "there are more than 1,000 dealerships, and not each was compared by itself";
		return hash_search(traits->dealerships, &delivery->dealership_id,
						   HASH_FIND, NULL);
	}
	dealership = hash_search(traits->dealerships, &delivery->dealership_id,
							 HASH_ENTER, &found);
	if (!found)
	{
		dealership->number = (int) hash_get_num_entries(traits->dealerships) - 1;
		memset(&dealership->totals, 0, sizeof(Totals));
	}
	return dealership;
}

/* What is counted for a trait of a dealership; NULL: there is too much. */
static Counts *
enter_local(Traits *traits, Dealership *dealership, int trait)
{
	LocalKey	key = {dealership->number, trait};
	Local	   *local;
	bool		found;

	local = hash_search(traits->locals, &key, HASH_FIND, NULL);
	if (local != NULL)
		return &local->counts;
	if (hash_get_num_entries(traits->locals) == LOCAL_LIMIT)
	{
		traits->capped = "there are too many paths to compare each dealership by itself";
		return NULL;
	}
	local = hash_search(traits->locals, &key, HASH_ENTER, &found);
	local->dealership = dealership;
	memset(&local->counts, 0, sizeof(Counts));
	return &local->counts;
}

static void
count_trait(Counts *counts, const Trait *trait, DriftWindow window,
			TimestampTz received_at)
{
	bool		provided = false;

	for (int type = 0; type < NUM_VALUE_TYPES; type++)
	{
		TimestampTz *first_seen;

		if ((trait->types & 1U << type) == 0)
			continue;
		counts->types[window][type]++;
		provided |= IS_PROVIDED(type);
		first_seen = &counts->first_seen[type];
		if (window == WINDOW_NOW &&
			(*first_seen == 0 || received_at < *first_seen))
			*first_seen = received_at;
	}
	if (!provided)
		return;
	counts->found[window]++;
	if (counts->last_seen == 0 || received_at > counts->last_seen)
		counts->last_seen = received_at;
}

/* Counts what a delivery has, unless its lead was counted already. */
void
traits_take(Traits *traits, DriftWindow window, const SampledDelivery *delivery)
{
	Dealership *dealership;

	if (delivery->too_large)
		traits->capped = "payloads or outcomes larger than 64 kB were not read";
	if (was_counted(traits, window, delivery))
		return;
	traits->lead++;
	traits->nmarked = 0;
	if (delivery->payload != NULL)
		walk_payload(traits, delivery->payload);
	if (delivery->outcome != NULL)
		walk_outcome(traits, delivery->outcome);

	dealership = enter_dealership(traits, delivery);
	count_lead(&traits->all, window, delivery->payload != NULL);
	if (dealership != NULL)
		count_lead(&dealership->totals, window, delivery->payload != NULL);
	for (int i = 0; i < traits->nmarked; i++)
	{
		Trait	   *trait = &traits->trait[traits->marked[i]];
		Counts	   *local = dealership == NULL ? NULL :
			enter_local(traits, dealership, traits->marked[i]);

		count_trait(&trait->all, trait, window, delivery->received_at);
		if (local != NULL)
			count_trait(local, trait, window, delivery->received_at);
	}
}

/* What is counted for a trait of a dealership; NULL: nothing. */
Local *
traits_local(const Traits *traits, const Dealership *dealership, int trait)
{
	LocalKey	key = {dealership->number, trait};

	return hash_search(traits->locals, &key, HASH_FIND, NULL);
}

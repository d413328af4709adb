/*-------------------------------------------------------------------------
 *
 * country.c
 *	  The checkers of countries and of their states.  See country.h.
 *
 * The tables are generated (script/generate-countries) from Debian's
 * iso-codes, and sorted by ASCII-folded name.
 *
 * Plain C: no server header, and nothing is allocated.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/country.h"
#include "rules/text.h"

#include <string.h>

typedef struct CountryName
{
	const char *name;			/* English, UTF-8 */
	char		alpha2[3];		/* ISO 3166-1 alpha-2 */
	bool		preferred;		/* the one name to show for the code */
} CountryName;

typedef struct CountryStates
{
	char		alpha2[3];
	const char *const *states;	/* ISO 3166-2 without the country, NULL ends */
} CountryStates;

#include "rules/country_table.h"

#define lengthof_table(table) (sizeof(table) / sizeof((table)[0]))

/* Order of the table: bytes, ASCII case folded. */
static int
compare_folded(const char *text, size_t length, const char *name)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char a = (unsigned char) ascii_lower(text[i]);
		unsigned char b = (unsigned char) ascii_lower(name[i]);

		if (a != b || b == '\0')
			return b == '\0' ? 1 : (int) a - (int) b;
	}
	return name[length] == '\0' ? 0 : -1;
}

/* See country.h. */
const char *
country_by_name(const char *text, size_t length)
{
	size_t		low = 0;
	size_t		high = lengthof_table(country_names);

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;
		int			order = compare_folded(text, length,
										   country_names[middle].name);

		if (order == 0)
			return country_names[middle].alpha2;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* See country.h.  The six codes are the specification's; uk is not ISO's GB. */
const char *
country_of_passport(const char *text, size_t length)
{
	static const char codes[][3] = {"AU", "US", "FR", "DE", "CA"};

	for (size_t i = 0; i < lengthof_table(codes); i++)
	{
		if (text_equal_folded(text, length, codes[i], 2))
			return codes[i];
	}
	return country_by_name(text, length);	/* has the name UK */
}

/* See country.h. */
const char *
country_name(const char *text, size_t length)
{
	for (size_t i = 0; i < lengthof_table(country_names); i++)
	{
		if (country_names[i].preferred &&
			text_equal_folded(text, length, country_names[i].alpha2, 2))
			return country_names[i].name;
	}
	return NULL;
}

/* See country.h. */
bool
check_state_of_country(const char *state, size_t state_length,
					   const char *country, size_t country_length)
{
	const char *alpha2 = country_by_name(country, country_length);

	for (size_t i = 0; i < lengthof_table(country_states); i++)
	{
		const CountryStates *known = &country_states[i];

		if (alpha2 != NULL ? strcmp(alpha2, known->alpha2) != 0 :
			!text_equal_folded(country, country_length, known->alpha2, 2))
			continue;
		for (const char *const *code = known->states; *code != NULL; code++)
		{
			if (text_equal_folded(state, state_length, *code, strlen(*code)))
				return true;
		}
		return false;
	}
	return true;
}

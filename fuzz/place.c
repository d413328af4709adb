/*
 * place.c: countries and states.  The input is a state, a NUL or a newline, and
 * a country.  Its bytes also select a country that must be found.
 *
 * Includes the file that it tests, to access its tables.
 */
#include "check.h"

#include "rules/country.c"

/* Returns a copy with the case of those letters changed that bits selects. */
static char *
turn_case(const char *text, size_t length, uint64_t bits)
{
	char	   *copy = copy_as_string(text, length);

	for (size_t i = 0; i < length; i++)
	{
		bool		letter = (copy[i] >= 'A' && copy[i] <= 'Z') ||
			(copy[i] >= 'a' && copy[i] <= 'z');

		if (letter && (bits >> (i % 64) & 1) != 0)
			copy[i] ^= 'a' ^ 'A';
	}
	return copy;
}

/* Returns true if the texts are equal in upper case (ASCII). */
static bool
equal_folded(const char *a, size_t a_length, const char *b)
{
	size_t		b_length = strlen(b);

	for (size_t i = 0; a_length == b_length && i < a_length; i++)
	{
		if (ascii_upper(a[i]) != ascii_upper(b[i]))
			return false;
	}
	return a_length == b_length;
}

/* country_by_name() without the binary search. */
static const char *
scan_countries(const char *text, size_t length)
{
	for (size_t i = 0; i < lengthof_table(country_names); i++)
	{
		if (equal_folded(text, length, country_names[i].name))
			return country_names[i].alpha2;
	}
	return NULL;
}

/* Returns the country's states; NULL if they are not known. */
static const char *const *
scan_states(const char *country, size_t length)
{
	const char *alpha2 = scan_countries(country, length);

	for (size_t i = 0; i < lengthof_table(country_states); i++)
	{
		const char *known = country_states[i].alpha2;

		if (alpha2 != NULL ? strcmp(alpha2, known) == 0 :
			equal_folded(country, length, known))
			return country_states[i].states;
	}
	return NULL;
}

static void
check_country(const char *text, size_t length, uint64_t bits)
{
	const char *alpha2 = country_by_name(text, length);
	char	   *turned = turn_case(text, length, bits);
	const char *passport = country_of_passport(text, length);
	const char *name = country_name(text, length);

	CHECK(alpha2 == scan_countries(text, length));
	CHECK(alpha2 == country_by_name(turned, length));
	CHECK(passport == country_of_passport(turned, length));
	CHECK(name == country_name(turned, length));
	free(turned);

	/* a passport accepts the names of an address, and five codes more */
	CHECK(alpha2 == NULL || passport == alpha2);
	if (passport != NULL && alpha2 == NULL)
		CHECK(equal_folded(text, length, passport) &&
			  strstr("AU US FR DE CA", passport) != NULL);
	if (passport != NULL)
	{
		CHECK(passport[0] >= 'A' && passport[0] <= 'Z' &&
			  passport[1] >= 'A' && passport[1] <= 'Z' && passport[2] == '\0');

		/* a code has a name, which is a name of the code */
		name = country_name(passport, 2);
		CHECK(name != NULL);
		alpha2 = country_by_name(name, strlen(name));
		CHECK(alpha2 != NULL && strcmp(alpha2, passport) == 0);
	}
}

static void
check_state_and_country(const char *state, size_t state_length,
						const char *country, size_t country_length,
						uint64_t bits)
{
	const char *const *known = scan_states(country, country_length);
	char	   *upper = malloc(STATE_LIMIT);
	char	   *again = malloc(STATE_LIMIT);
	char	   *turned = turn_case(state, state_length, bits);
	bool		found = known == NULL;

	CHECK(upper != NULL && again != NULL);
	for (; !found && *known != NULL; known++)
		found = equal_folded(state, state_length, *known);
	CHECK(check_state_of_country(state, state_length,
								 country, country_length) == found);
	CHECK(check_state_of_country(turned, state_length,
								 country, country_length) == found);

	if (check_state(state, state_length, upper))
	{
		CHECK(state_length >= 1 && state_length <= 3);
		for (size_t i = 0; i < state_length; i++)
			CHECK((upper[i] >= 'A' && upper[i] <= 'Z') ||
				  (upper[i] >= '0' && upper[i] <= '9'));
		CHECK(text_equal_folded(state, state_length, upper, state_length));
		CHECK(check_state(upper, state_length, again) &&
			  memcmp(upper, again, state_length) == 0);
		CHECK(check_state(turned, state_length, again) &&
			  memcmp(upper, again, state_length) == 0);
	}
	else
	{
		size_t		valid = 0;

		for (size_t i = 0; i < state_length; i++)
			valid += state[i] != '\0' &&
				strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
					   ascii_upper(state[i])) != NULL;
		CHECK(state_length == 0 || state_length > 3 || valid < state_length);
		CHECK(known == NULL || !found); /* no known code is refused */
	}
	free(turned);
	free(again);
	free(upper);
}

/* Checks that a name of the table is found, and texts that are close to it. */
static void
check_chosen(uint64_t number)
{
	const CountryName *chosen =
		&country_names[number % lengthof_table(country_names)];
	size_t		length = strlen(chosen->name);
	char	   *turned = turn_case(chosen->name, length, number);

	CHECK(country_by_name(turned, length) == chosen->alpha2);
	turned[number / 7 % length] ^= (char) (1 << number / 3 % 8);
	CHECK(country_by_name(turned, length) == scan_countries(turned, length));
	CHECK(country_by_name(chosen->name, length - 1) ==
		  scan_countries(chosen->name, length - 1));
	CHECK(country_by_name(chosen->name, length + 1) == NULL);
	free(turned);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *state = (const char *) data;
	uint64_t	number = number_of_input(data, size);
	size_t		state_length = 0;
	const char *country;
	size_t		country_length;

	while (state_length < size && state[state_length] != '\0' &&
		   state[state_length] != '\n')
		state_length++;
	country = state + state_length + (state_length < size);
	country_length = size - (size_t) (country - state);

	check_country(country, country_length, UINT64_MAX);
	check_country(country, country_length, number);
	check_state_and_country(state, state_length, country, country_length,
							number);
	check_chosen(number);
	return 0;
}

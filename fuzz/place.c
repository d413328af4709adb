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

/* Removes count bytes of a string. */
static void
cut(char *at, size_t count)
{
	memmove(at, at + count, strlen(at + count) + 1);
}

/*
 * What a character of UTF-8 is in a key, as a string; NULL if no name has it.
 * Sets its width.
 */
static const char *
model_character(const char *s, size_t left, size_t *width)
{
	static const char *const apostrophes[] = {
		"'", "`", "\xC2\xB4", "\xCA\xB9", "\xCA\xBB", "\xCA\xBC",
		"\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9B", "\xE2\x80\xB2",
		"\xEF\xBC\x87"
	};
	static char result[2];
	const unsigned char *u = (const unsigned char *) s;

	for (size_t i = 0; i < lengthof_table(apostrophes); i++)
	{
		*width = strlen(apostrophes[i]);
		if (*width <= left && memcmp(s, apostrophes[i], *width) == 0)
			return "'";
	}
	*width = 1;
	result[0] = ascii_lower(s[0]);
	if (s[0] == '[' || s[0] == ']')
		return s[0] == '[' ? "(" : ")";
	if (s[0] == '&')
		return "&";
	if (u[0] > 0 && u[0] < 0x80)
		return result;

	/* U+00C0 to U+024F, U+0300 to U+036F, U+1E00 to U+1EFF */
	*width = 2;
	if (left >= 2 && u[0] >= 0xC3 && u[0] <= 0xC9 && u[1] >= 0x80 &&
		u[1] <= (u[0] == 0xC9 ? 0x8F : 0xBF))
		result[0] = latin_letters[(u[0] - 0xC3) * 64 + u[1] - 0x80];
	else if (left >= 2 && ((u[0] == 0xCC && u[1] >= 0x80 && u[1] <= 0xBF) ||
						   (u[0] == 0xCD && u[1] >= 0x80 && u[1] <= 0xAF)))
		return "";
	else if (left >= 3 && u[0] == 0xE1 && u[1] >= 0xB8 && u[1] <= 0xBB &&
			 u[2] >= 0x80 && u[2] <= 0xBF)
	{
		*width = 3;
		result[0] = latin_additional_letters[(u[1] - 0xB8) * 64 + u[2] - 0x80];
	}
	else
		return NULL;
	return result[0] == ' ' ? NULL : result;
}

/* Replaces "&" and one space on either side by " and ", or "and " after one. */
static char *
model_and(char *key)
{
	char	   *result = malloc(strlen(key) * 5 + 1);
	size_t		length = 0;

	CHECK(result != NULL);
	for (const char *s = key; *s != '\0'; s++)
	{
		if (*s != '&')
		{
			result[length++] = *s;
			continue;
		}
		if (length > 0 && result[length - 1] == ' ')
			length--;
		memcpy(result + length, " and ", 5);
		length += 5;
		if (s[1] == ' ')
			s++;
	}
	result[length] = '\0';
	free(key);
	return result;
}

/* The key of a name by one pass per rule; NULL if no name has it. */
static char *
model_key(const char *text, size_t length)
{
	char	   *key = malloc(length + 1);
	size_t		count = 0;
	char	   *found;

	CHECK(key != NULL);
	while (length > 0)
	{
		size_t		width;
		const char *c = model_character(text, length, &width);

		if (c == NULL)
		{
			free(key);
			return NULL;
		}
		if (c[0] != '\0')
			key[count++] = c[0];
		text += width;
		length -= width;
	}
	key[count] = '\0';

	/* dots after words of one or two letters, found before any is removed */
	for (size_t i = count; i-- > 0;)
	{
		size_t		word = 0;

		while (word < i && key[i - word - 1] >= 'a' && key[i - word - 1] <= 'z')
			word++;
		if (key[i] == '.' && (word == 1 || word == 2))
			cut(key + i, 1);
	}
	key = model_and(key);
	if (strlen(key) > KEY_SIZE)
	{
		free(key);
		return NULL;
	}

	/* articles, from the end so that what is before them is as it was */
	for (size_t i = strlen(key); i-- > 0;)
	{
		bool		starts = i == 0 || key[i - 1] == '(' ||
			(i > 1 && strncmp(key + i - 2, ", ", 2) == 0);

		if (starts && strncmp(key + i, "the", 3) == 0 &&
			strchr(" )", key[i + 3]) != NULL)
		{
			cut(key + i, key[i + 3] == ' ' ? 4 : 3);
			if (i > 1 && key[i] == '\0' && key[i - 1] == ' ')
				key[i - 2] = '\0';	/* and the comma before the last one */
		}
	}
	while ((found = strstr(key, "()")) != NULL)
	{
		if (found > key && found[-1] == ' ')
			cut(found - 1, 3);
		else
			cut(found, 2);
	}
	return key;
}

/* country_by_name() without its search. */
static const char *
scan_countries(const char *text, size_t length)
{
	char	   *key = model_key(text, length);
	const char *alpha2 = NULL;

	for (size_t i = 0; key != NULL && i < lengthof_table(country_names); i++)
	{
		if (strcmp(key, country_names[i].key) == 0)
			alpha2 = country_names[i].alpha2;
	}
	free(key);
	return alpha2;
}

static void
check_country(const char *text, size_t length, uint64_t bits)
{
	const char *alpha2 = country_by_name(text, length);
	char	   *turned = turn_case(text, length, bits);
	const char *passport = country_of_passport(text, length);
	const char *address = country_of_address(text, length);
	const char *name = country_name(text, length);

	CHECK(alpha2 == scan_countries(text, length));
	CHECK(alpha2 == country_by_name(turned, length));
	CHECK(passport == country_of_passport(turned, length));
	CHECK(address == country_of_address(turned, length));
	CHECK(name == country_name(turned, length));
	free(turned);

	/* a name is accepted in both; a passport accepts five codes more */
	CHECK(alpha2 == NULL || passport == alpha2 || length == 2);
	CHECK(alpha2 == NULL || address == alpha2);
	CHECK(alpha2 == NULL || !country_is_ambiguous(text, length));
	if (passport != NULL && alpha2 == NULL)
		CHECK(equal_folded(text, length, passport) &&
			  strstr("AU US FR DE CA", passport) != NULL);
	if (address != NULL && alpha2 == NULL)
		CHECK(equal_folded(text, length, address) && name != NULL);
	if (address != NULL)
	{
		CHECK(address[0] >= 'A' && address[0] <= 'Z' &&
			  address[1] >= 'A' && address[1] <= 'Z' && address[2] == '\0');

		/* a code has a name, which is a name of the code */
		name = country_name(address, 2);
		CHECK(name != NULL);
		alpha2 = country_by_name(name, strlen(name));
		CHECK(alpha2 != NULL && strcmp(alpha2, address) == 0);
	}
}

/* The country's states; NULL if they are not known. */
static const char *const *
scan_states(const char *alpha2)
{
	for (size_t i = 0; i < lengthof_table(country_states); i++)
	{
		if (strcmp(alpha2, country_states[i].alpha2) == 0)
			return country_states[i].states;
	}
	return NULL;
}

static void
check_state_and_country(const char *state, size_t state_length,
						const char *alpha2, uint64_t bits)
{
	const char *const *known = scan_states(alpha2);
	char	   *upper = malloc(STATE_LIMIT);
	char	   *again = malloc(STATE_LIMIT);
	char	   *turned = turn_case(state, state_length, bits);
	bool		found = known == NULL;

	CHECK(upper != NULL && again != NULL);
	for (; !found && *known != NULL; known++)
		found = equal_folded(state, state_length, *known);
	CHECK(check_state_of_country(state, state_length, alpha2) == found);
	CHECK(check_state_of_country(turned, state_length, alpha2) == found);

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

/*
 * Checks that a name of the table is found, also in the forms that make no
 * difference, and texts that are close to it.
 */
static void
check_chosen(uint64_t number)
{
	const CountryName *chosen =
		&country_names[number % lengthof_table(country_names)];
	size_t		length = strlen(chosen->key);
	char	   *turned = turn_case(chosen->key, length, number);
	char		varied[KEY_SIZE * 3];
	char	   *end = varied;

	CHECK(country_by_name(turned, length) == chosen->alpha2);

	end += sprintf(end, "%s", number & 1 ? "The " : "");
	for (const char *s = turned; *s != '\0'; s++)
	{
		if (strncmp(s, " and ", 5) == 0 && (number & 2) != 0)
		{
			end += sprintf(end, "%s", number & 4 ? " & " : "&");
			s += 4;
		}
		else if (*s == '\'' && (number & 8) != 0)
			end += sprintf(end, "\xE2\x80\x99");
		else if (*s == 'e' && (number & 16) != 0)
			end += sprintf(end, "%s", number & 32 ? "\xC3\xAA" : "e\xCC\x82");
		else
			*end++ = *s;
	}
	end += sprintf(end, "%s", number & 64 ? " (the)" : number & 128 ? ", The" : "");
	CHECK(country_by_name(varied, (size_t) (end - varied)) == chosen->alpha2);

	turned[number / 7 % length] ^= (char) (1 << number / 3 % 8);
	CHECK(country_by_name(turned, length) == scan_countries(turned, length));
	CHECK(country_by_name(chosen->key, length - 1) ==
		  scan_countries(chosen->key, length - 1));
	CHECK(country_by_name(chosen->key, length + 1) == NULL);
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
	const char *alpha2;

	while (state_length < size && state[state_length] != '\0' &&
		   state[state_length] != '\n')
		state_length++;
	country = state + state_length + (state_length < size);
	country_length = size - (size_t) (country - state);

	check_country(country, country_length, UINT64_MAX);
	check_country(country, country_length, number);
	alpha2 = country_of_address(country, country_length);
	if (alpha2 != NULL)
		check_state_and_country(state, state_length, alpha2, number);
	check_state_and_country(state, state_length,
							country_states[number % lengthof_table(country_states)].alpha2,
							number);
	check_chosen(number);
	return 0;
}

/*
 * settings.c
 *	  Reads the settings, which are environment variables and nothing else.
 *
 * The strings belong to the environment.  Nothing here changes after the
 * start, so every thread may read it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

#define PREFIX "LOOPIT_DOOR_"

Settings	settings;

/*
 * Returns false, having told the user, unless value is a path that a request
 * can name: it begins with a slash and needs no escapes.
 */
static bool
good_path(const char *value)
{
	static const char *const allowed =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~!$&'()*+,;=:@";

	if (value[0] == '/' && value[strspn(value, allowed)] == '\0' &&
		strcmp(value, "/oauth/token") != 0)
		return true;
	fprintf(stderr, "loopit-door: LOOPIT_DOOR_PATH must begin with \"/\", have no escapes "
			"or query, and not be \"/oauth/token\", not \"%s\"\n", value);
	return false;
}

static bool
good_connections(const char *value)
{
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (isdigit((unsigned char) value[0]) && *end == '\0' && errno == 0 &&
		number >= 1 && number <= 100)
	{
		settings.connections = (int) number;
		return true;
	}
	fprintf(stderr, "loopit-door: LOOPIT_DOOR_CONNECTIONS must be a number from 1 to 100, "
			"not \"%s\"\n", value);
	return false;
}

/*
 * Keys that are fetched in the clear can be exchanged on the way, so plain
 * HTTP is taken from this machine only.
 */
static bool
good_issuer(const char *value)
{
	if (strncmp(value, "https://", 8) == 0 ||
		strncmp(value, "http://127.0.0.1:", 17) == 0 ||
		strncmp(value, "http://[::1]:", 13) == 0)
		return true;
	fprintf(stderr, "loopit-door: LOOPIT_DOOR_ISSUER must be a URL that begins with "
			"\"https://\", not \"%s\"\n", value);
	return false;
}

/* The variables; a name that is not among them is probably a typing error. */
static const struct
{
	const char *name;
	const char **value;
}			variables[] = {
	{PREFIX "LISTEN", &settings.listen},
	{PREFIX "PRIVATE", &settings.private_listen},
	{PREFIX "PATH", &settings.path},
	{PREFIX "CONNECTIONS", NULL},
	{PREFIX "ISSUER", &settings.issuer},
	{PREFIX "AUDIENCE", &settings.audience},
	{PREFIX "SCOPE", &settings.scope},
};

/*
 * Takes one "NAME=value".  Returns false, having told the user, if it is no
 * variable of ours though it has our prefix.  An empty value counts as none.
 */
static bool
take_variable(const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t		i;

	if (equals == NULL || strncmp(variable, PREFIX, strlen(PREFIX)) != 0)
		return true;
	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
	{
		const char *name = variables[i].name;

		if (strlen(name) != (size_t) (equals - variable) ||
			strncmp(name, variable, strlen(name)) != 0)
			continue;
		if (equals[1] == '\0')
			return true;
		if (variables[i].value == NULL)
			return good_connections(equals + 1);
		*variables[i].value = equals + 1;
		return true;
	}
	fprintf(stderr, "loopit-door: there is no setting %.*s\n",
			(int) (equals - variable), variable);
	return false;
}

/*
 * Fills in the settings.  Returns false, having told the user, if one of them
 * is not usable.
 */
bool
settings_read(char **environment)
{
	bool		good = true;
	int			parts;

	settings.listen = "127.0.0.1:8080";
	settings.path = "/leads";
	settings.connections = 8;
	for (; *environment != NULL; environment++)
		good = take_variable(*environment) && good;
	good = good_path(settings.path) && good;

	/*
	 * A token says whom it is for and what it is for; without either check
	 * any token of the provider would open the door.
	 */
	parts = (settings.issuer != NULL) + (settings.audience != NULL) + (settings.scope != NULL);
	if (parts != 0 && parts != 3)
	{
		fprintf(stderr, "loopit-door: LOOPIT_DOOR_ISSUER, LOOPIT_DOOR_AUDIENCE and "
				"LOOPIT_DOOR_SCOPE must be set together\n");
		good = false;
	}
	if (settings.issuer != NULL)
		good = good_issuer(settings.issuer) && good;
	return good;
}

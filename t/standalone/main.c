/*
 * Links the files of src/rules without a server, which proves that they need
 * none and can be fuzzed.  The output is TAP.
 */
#include <stdio.h>
#include <string.h>

#include "rules/country.h"
#include "rules/lead.h"
#include "rules/time.h"

static int	checks;
static int	failures;

static void
check(bool ok, const char *what)
{
	checks++;
	failures += !ok;
	printf("%sok %d - %s\n", ok ? "" : "not ", checks, what);
}

static void
provide(RawValue *raw, Field field, const char *text)
{
	raw[field].kind = RAW_STRING;
	raw[field].text = lead_text(text, strlen(text));
	raw[field].utf8 = raw[field].text;
	raw[field].characters = count_characters(text, strlen(text));
}

static bool
has_issue(const Lead *lead, Field field, Code code)
{
	return (lead->issues.codes[field] & CODE_BIT(code)) != 0;
}

static bool
has_text(const Lead *lead, Field field, const char *text)
{
	const LeadValue *value = &lead->value[field];

	return value->provided && value->text.length == strlen(text) &&
		memcmp(value->text.data, text, value->text.length) == 0;
}

static void
check_rules(void)
{
	char		buffer[EMAIL_LIMIT];
	const char *text = "\xC2\xA0 a b\xE3\x80\x80";
	size_t		length = strlen(text);
	const char *alpha2;
	int32_t		days;
	int64_t		number;

	trim_text(&text, &length);
	check(length == 3 && memcmp(text, "a b", 3) == 0, "trims Unicode white space");
	check(check_email("Ann@Example.com", 15, buffer) &&
		  memcmp(buffer, "ann@example.com", 15) == 0, "an address, in lower case");
	check(!check_email("ann@localhost", 13, buffer), "an address needs two labels");
	check(check_date("29/02/2000", 10, &days) && days == 59, "a leap day");
	check(!check_date("29/02/1900", 10, &days), "no leap day");
	check(check_timestamp("2000-01-01T01:00:00+01:00", 25, &number) && number == 0,
		  "a point in time with an offset");
	check(check_timestamp("2000-01-01 00:00:01.5", 21, &number) && number == 1500000,
		  "one without an offset is UTC");
	check(check_integer("9223372036854775807", 19, false, &number) && number == INT64_MAX,
		  "the largest number");
	check(!check_integer("9223372036854775808", 19, false, &number), "one too large");
	check(check_state("nsw", 3, buffer) && memcmp(buffer, "NSW", 3) == 0, "a state, in upper case");
	check(check_timestamp("2000-01-01 10:00:00 +1000", 25, &number) && number == 0,
		  "an offset without a colon");
	check(is_placeholder("undefined", 9) && !is_placeholder("Undefined", 9), "a placeholder");
	check(!check_state_of_country("CA", 2, "AU"), "not one of Australia's");
	alpha2 = country_of_passport("C\xC3\xB4te d'Ivoire", 14);
	check(alpha2 != NULL && memcmp(alpha2, "CI", 2) == 0, "a country by its name");
	alpha2 = country_by_name("The Gambia", 10);
	check(alpha2 != NULL && memcmp(alpha2, "GM", 2) == 0, "a country with its article");
	check(country_of_passport("zz", 2) == NULL, "no country");
}

static void
check_validation(void)
{
	static RawValue raw[NUM_FIELDS];
	static Lead lead;

	validate_lead(raw, 0, &lead);
	check(has_issue(&lead, FIELD_DEALERSHIP_ID, CODE_DEALERSHIP_MISSING) &&
		  has_issue(&lead, FIELD_EMAIL, CODE_EMAIL_MISSING), "an empty lead: what every lead needs");
	check(code_first_blocking(lead.codes, THING_PERSON) == CODE_EMAIL_MISSING,
		  "an empty lead: why there is no person");
	check(!lead.asked[THING_ADDRESS] && !lead.asked[THING_BOOKING],
		  "an empty lead asks for nothing else");

	provide(raw, FIELD_DEALERSHIP_ID, "356");
	provide(raw, FIELD_EMAIL, "Ann@Example.com");
	provide(raw, FIELD_DOB, "31/02/1990");
	provide(raw, FIELD_STREET, "1 High St");
	provide(raw, FIELD_PLAN, "Premium");
	provide(raw, FIELD_PASSPORT_COUNTRY, "uk");
	provide(raw, FIELD_POSTCODE, "800");
	raw[FIELD_POSTCODE].kind = RAW_NUMBER;
	provide(raw, FIELD_COUNTRY, "au");
	provide(raw, FIELD_VIN, "TBA");
	provide(raw, FIELD_LICENCE_EXPIRY, "31/12/1999");
	validate_lead(raw, 0, &lead);
	check(lead.value[FIELD_DEALERSHIP_ID].provided && lead.value[FIELD_DEALERSHIP_ID].number == 356,
		  "the dealership's number");
	check(has_text(&lead, FIELD_EMAIL, "ann@example.com"), "the address");
	check(has_text(&lead, FIELD_PASSPORT_COUNTRY, "GB"), "the passport's country");
	check(has_text(&lead, FIELD_POSTCODE, "0800"), "a postcode that was a number");
	check(has_issue(&lead, FIELD_VIN, CODE_PLACEHOLDER), "no vehicle");
	check(has_issue(&lead, FIELD_LICENCE_EXPIRY, CODE_DOCUMENT_EXPIRED), "an expired licence");
	check(has_issue(&lead, FIELD_ID, CODE_ID_MISSING), "no reference");
	check(has_issue(&lead, FIELD_DOB, CODE_DOB_INVALID), "no such day");
	check(has_issue(&lead, FIELD_CITY, CODE_ADDRESS_INCOMPLETE) &&
		  !has_issue(&lead, FIELD_STREET, CODE_ADDRESS_INCOMPLETE), "what the address lacks");
	check(has_issue(&lead, FIELD_ITEM, CODE_VEHICLE_MISSING), "a plan without a vehicle");
	check(code_first_blocking(lead.codes, THING_PERSON) == CODE_DOB_INVALID, "why there is no person");
	check(code_first_blocking(lead.codes, THING_WORKSPACE) == CODE_NONE, "nothing against the workspace");
}

static void
check_tables(void)
{
	bool		paths = true;
	bool		names = true;

	for (int field = FIELD_NONE + 1; field < NUM_FIELDS; field++)
		paths = paths && field_key((Field) field)[0] != '\0' &&
			field_table[field].parent < (Field) field;
	for (int code = 0; code < NUM_CODES; code++)
		names = names && code_table[code].name != NULL;
	check(paths, "every field has a key and a parent that stands before it");
	check(names, "every code has a name");
}

int
main(void)
{
	check_rules();
	check_validation();
	check_tables();
	printf("1..%d\n", checks);
	return failures != 0;
}

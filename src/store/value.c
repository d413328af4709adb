/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Values of a lead as the server has them, and the other way round.
 *
 * Memory: what is made is palloc'd in the current context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "store/run.h"

/* A text as the server has it, palloc'd; 0 where there is none. */
Datum
text_datum(LeadText text)
{
	if (text.data == NULL)
		return (Datum) 0;
	return PointerGetDatum(cstring_to_text_with_len(text.data,
													(int) text.length));
}

/* A value of the lead in a column's type; 0 where it is not provided. */
Datum
value_datum(const LeadValue *value, Oid type)
{
	if (!value->provided)
		return (Datum) 0;
	switch (type)
	{
		case DATEOID:
			return DateADTGetDatum((DateADT) value->number);
		case BOOLOID:
			return BoolGetDatum(value->number != 0);
		case INT8OID:
		case TIMESTAMPTZOID:
			return Int64GetDatum(value->number);
		default:
			return text_datum(value->text);
	}
}

/* A column's value as the lead's; a text is copied to the current context. */
LeadValue
datum_value(Datum datum, bool isnull, Oid type)
{
	LeadValue	value = {.provided = !isnull};

	if (isnull)
		return value;
	switch (type)
	{
		case DATEOID:
			value.number = DatumGetDateADT(datum);
			break;
		case BOOLOID:
			value.number = DatumGetBool(datum);
			break;
		case INT8OID:
		case TIMESTAMPTZOID:
			value.number = DatumGetInt64(datum);
			break;
		default:
			{
				text	   *stored = DatumGetTextPP(datum);
				size_t		length = VARSIZE_ANY_EXHDR(stored);
				char	   *copy = palloc(length + 1);

				memcpy(copy, VARDATA_ANY(stored), length);
				copy[length] = '\0';
				value.text = lead_text(copy, length);
			}
	}
	return value;
}

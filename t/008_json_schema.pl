# loopit_lead_schema() accepts a payload if, and only if, the parser reports no issue
# with its shape: wrong_type, too_long, ..._invalid or a number too long to be stored.
# Validated by Python's jsonschema, with every field and every kind of value.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Debian's package is for Debian's interpreter, which need not be first in PATH.
my $python = '/usr/bin/python3';
plan skip_all => "$python has no module jsonschema"
  if system("$python -c 'import jsonschema' >/dev/null 2>&1") != 0;

my $node = new_node('json_schema', 'fsync = off');
my $folder = abs_path(PostgreSQL::Test::Utils::tempdir);

# Values are JSON, in ASCII.
sub string { return '"' . join('', @_) . '"' }
my $blanks = ' \\t\\u3000\\u00a0\\u200b\\ufeff\\u00ad\\u200e\\u202d\\u2069';
my $pair = '\\ud83d\\ude00';

# Values for every field, whatever its type: null, blanks, other types.
my @any = (
	'null', string(), string(' '), string($blanks), string('\\u2060'), 'true', 'false',
	(map { string($_) } 'null', ' NULL ', 'undefined', 'NaN', 'None', '[object Object]', '\\u200enull', 'Null', 'nan', 'none', '[object]', 'null null'),
	'0', '-1', '1.5', '[]', '["x"]', '[null]', '{}', '{"x": 1}', string('x'), string('\\u0001'), string('\\u180e'));

my %values = (
	text => [
		string('0'), string('true'), string("$blanks x $blanks"), '12.50', '1e3', '1e-3', '9223372036854775808',
		string('x' x 255), string('x' x 256), string('\\u00e9' x 255), string('\\u00e9' x 256),
		string($pair x 255), string($pair x 256), string($blanks, 'x' x 255, $blanks),
		string($blanks, 'x' x 256, $blanks), string('x', ' ' x 253, 'x'), string('x', ' ' x 254, 'x'),
		string(' ' x 1000), string('a\\nb'), string('\\n'), string('x\\n'), '1e99', '1e100', '-1e98', '-1e99',
		'9' x 100, '9' x 101, '-' . '9' x 99, '-' . '9' x 100, '1e300', '-1e300', '1.0e99',
		'0.' . '1' x 98, '0.' . '1' x 99, '1e-98', '1e-99' ],
	email => [
		map { string($_) } 'ann@example.com', ' ann@example.com ', 'ANN@EXAMPLE.COM', 'a@b.co', 'a.b+c@x-y.example.com',
		"!#\$%&'*+/=?^_`{|}~-\@example.com", 'ann', 'ann@', '@example.com', 'ann@example', 'a b@example.com', 'ann@@example.com',
		'a@b@example.com', '.ann@example.com', 'ann.@example.com', 'a..b@example.com', 'ann@.com', 'ann@example.com.', 'ann@example..com',
		'ann@-example.com', 'ann@example-.com', 'ann@ex_ample.com', 'ann@example.123', 'ann@example.c0m', 'ann@123.com', 'ann@1.2.3.4',
		'ann@[1.2.3.4]', 'ann@example.com, bea@example.com', 'Ann <ann@example.com>', '\\u00e4nn@example.com', 'ann@ex\\u00e4mple.com',
		'ann@example.com\\n', 'ann\\n@example.com', 'x' x 64 . '@example.com', 'x' x 65 . '@example.com',
		'ann@' . 'x' x 63 . '.com', 'ann@' . 'x' x 64 . '.com', 'ann@' . ('x' x 61 . '.') x 4 . 'co', 'ann@' . ('x' x 61 . '.') x 4 . 'com',
		'x@' . ('y' x 61 . '.') x 4 . 'comm', 'x@' . ('y' x 61 . '.') x 4 . 'commu', '\\"a b\\"@example.com', 'ann@example.com\\u200b', 'ann\\u200b@example.com' ],
	date => [
		map { string($_) } '31/12/1990', ' 01/02/2030\\t', '29/02/2024', '29/02/2000', '29/02/1900', '29/02/2023', '30/02/2024', '31/04/2024',
		'30/04/2024', '31/01/2024', '00/01/2024', '01/00/2024', '01/13/2024', '32/01/2024', '31/11/2024', '30/11/2024', '01/01/0000', '01/01/0001', '31/12/9999',
		'29/02/0000', '29/02/0004', '29/02/0400', '29/02/0100', '29/02/9996', '1/1/2024', '01/01/24', '01/01/02024', '2024-01-01', '01-01-2024', '01/01/2024x',
		'x01/01/2024', '01/01/2024 00:00', '\\u0660\\u0661/01/2024', '01/01/2024\\n', '01\\n/01/2024', '01/01/2024\\u00a0' ],
	timestamp => [
		map { string($_) } '2025-10-03T06:10:22Z', '2025-10-03 06:10:22', '2025-10-03t06:10:22z', '2025-10-03T06:10:22.1Z', '2025-10-03T06:10:22.123456789123Z',
		'2025-10-03T06:10:22+10:30', '2025-10-03T06:10:22-23:59', '2025-10-03T06:10:22+24:00', '2025-10-03T06:10:22+10:60', '2025-10-03T06:10:22+1030',
		'2025-10-03T06:10:22+10', '2025-10-03T06:10:22+24', '2025-10-03T06:10:22+1060', '2025-10-03T06:10:22 +1030', '2025-10-03T06:10:22 +10:30',
		'2025-10-03T06:10:22-09', '2025-10-03T06:10:22+1', '2025-10-03T06:10:22+103', '2025-10-03T06:10:22 UTC', '2025-10-03 06:10:22gmt', '2025-10-03T06:10:22  UTC',
		'2025-10-03T06:10:22 UTC+1', '2025-10-03T06:10:22 UT', '2025-10-03T06:10:22 ', '2025-10-03T06:10:22\\tZ', '2025-10-03T06:10:22.Z', '2025-10-03T06:10:22,5Z', '2025-10-03T24:00:00Z', '2025-10-03T23:59:59Z', '2025-10-03T06:60:00Z',
		'2025-10-03T06:10:60Z', '2025-10-03T06:10Z', '2025-10-03', '2025-10-3T06:10:22Z', '2025-02-29T00:00:00Z', '2024-02-29T00:00:00Z', '1900-02-29T00:00:00Z',
		'2000-02-29T00:00:00Z', '2025-02-30T00:00:00Z', '2025-04-31T00:00:00Z', '2025-01-31T00:00:00Z', '2025-00-01T00:00:00Z', '2025-13-01T00:00:00Z',
		'2025-01-00T00:00:00Z', '2025-01-32T00:00:00Z', '0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2025-10-03_06:10:22Z',
		' 2025-10-03T06:10:22Z ', '2025-10-03T06:10:22 Z', '2025-10-03  06:10:22Z', '2025-10-03T06:10:22UTC', 'now', '+2025-10-03T06:10:22Z', '2025-10-03T06:10:22Z\\n' ],
	boolean => [
		qw(1 1.0 0.0 -0 2 -1 0.5 1.5 1e0 10e-1 1e300 1e-300),
		map { string($_) } 'true', 'false', 'TRUE', 'False', ' tRuE ', 'yes', 'no', 't', 'f', '1', '0', 'true false', 'truefalse', 'xtrue', 'truex', 'tru',
		'true\\n', '\\uff54rue', 'y', 'N', 'Yes', 'NO', 'on', 'oFF', ' on ', 'of', 'ye', 'yesno', '00', '01', '1.0', '2', '-1' ],
	bigint => [
		qw(356 356.0 3.56e2 356.5 -5 -0 1e18 1e19 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
		  9223372036854775807.0 9223372036854775806.5 9223372036854775807.5 1e300 1e-300 0.0),
		map { string($_) } qw(356 0 000356 -5 +5 356.0 3e2 0x164 3_56 9223372036854775807 9223372036854775808 9223372036854775799 9223372036854775810 9223372036854776000
		  9300000000000000000 8999999999999999999 10000000000000000000 99999999999999999999 0009223372036854775807 0009223372036854775808 \\uff13), ' 356 ', '3 56', '356\\n', '' ],
	object => [ string('{}'), string($blanks), '5', '[{}]', '{"id": null}', '{"unknown": [true]}' ]);

my %type = (
	(map { $_ => 'text' } 'id',
		(map { "prospect.$_" } qw(first_name middle_name last_name mobile_phone address.street address.city address.state address.country address.postcode)),
		(map { "additional_details.$_" } qw(license_number license_card_number license_state passport_country passport_number subscription_plan)),
		'item.vin', 'item.stock_number', 'location.location_name'),
	(map { $_ => 'date' } 'prospect.dob', map { "additional_details.$_" } qw(license_expiry license_dob passport_expiry passport_dob)),
	(map { $_ => 'object' } qw(dealership prospect prospect.address additional_details item location)),
	'prospect.email' => 'email', 'prospect.opt_in_to_marketing' => 'boolean', 'dealership.id' => 'bigint', 'updated_at' => 'timestamp');

# What a schema cannot express: it has no clock, and cannot limit the digits of a
# fraction.  It accepts these, and the parser does not.
my %exception = (
	timestamp => { string('9999-12-31T23:59:59Z') => 1 },
	text => { '0.' . '1' x 99 => 1, '1e-99' => 1 });

# Returns {"a": {"b": value}} for a.b.
sub payload_with
{
	my ($path, $value) = @_;
	$value = "{\"$_\": $value}" for reverse split /\./, $path;
	return $value;
}

# A payload with one value for each of several fields.
sub payload_of
{
	my ($tree) = @_;
	return $tree unless ref $tree;
	return '{' . join(', ', map { "\"$_\": " . payload_of($tree->{$_}) } sort keys %$tree) . '}';
}

my @case;
for my $path (sort keys %type)
{
	push @case, { path => $path, value => '(absent)', payload => '{}' };
	push @case, { path => $path, value => $_, payload => payload_with($path, $_) }
	  for @any, @{ $values{ $type{$path} } };
}

# Several fields at once: accepted if each of them is.
srand(8);
my @leaf = grep { $type{$_} ne 'object' } sort keys %type;
for my $number (1 .. 300)
{
	my $tree = {};
	for my $path (grep { rand() < 0.3 } @leaf)
	{
		my @choice = grep { !$exception{ $type{$path} }{$_} } 'null', string(), @{ $values{ $type{$path} } };
		my ($place, @key) = ($tree, split /\./, $path);
		my $last = pop @key;
		$place = $place->{$_} //= {} for @key;
		$place->{$last} = $choice[ rand() < 0.8 ? int(rand(3)) : int(rand(@choice)) ];
	}
	push @case, { path => '(several)', value => $number, payload => payload_of($tree) };
}

my $lines = join("\n", map { $_->{payload} } @case);
append_to_file("$folder/payloads", $lines);

# The issues that the parser reports.
sub issues_of
{
	my ($file) = @_;
	return split /\n/, $node->safe_psql('postgres', qq{
		SELECT n, (SELECT string_agg(concat_ws(' ', i->>'field', i->>'code'), ', ') FROM jsonb_array_elements(o->'issues') i
			WHERE i->>'code' IN ('wrong_type', 'too_long', 'payload_not_object', 'payload_repaired') OR i->>'code' ~ '_invalid\$')
		FROM string_to_table(pg_read_file('$file'), E'\\n') WITH ORDINALITY t(line, n), LATERAL loopit_validate_lead(line::jsonb) o
		ORDER BY n});
}

# Whether the schema accepts each payload, as a string of digits.  Numbers are read
# as decimals, not as floating-point numbers.
append_to_file("$folder/schema", $node->safe_psql('postgres', 'SELECT loopit_lead_schema()'));
append_to_file("$folder/judge.py", <<'PYTHON');
import decimal, json, sys
from jsonschema import Draft202012Validator as Validator

def number(text):
    value = decimal.Decimal(text)
    return int(value) if value == value.to_integral_value() else value

def parse(text):
    return json.loads(text, parse_float=number)

decimal.getcontext().prec = 1000
schema = parse(open(sys.argv[1]).read())
Validator.check_schema(schema)
assert Validator.META_SCHEMA["$id"] == schema["$schema"]
validator = Validator(schema)
for line in open(sys.argv[2]).read().split("\n"):
    print(int(validator.is_valid(parse(line))))
PYTHON

sub judged
{
	my ($file) = @_;
	my ($stdout, $stderr);
	IPC::Run::run([ $python, "$folder/judge.py", "$folder/schema", $file ], '>', \$stdout, '2>', \$stderr);
	is($stderr, '', 'the schema is valid against the meta-schema that it names');
	return split /\n/, $stdout;
}

my @accepted = judged("$folder/payloads");
my @issues = map { (split /\|/, $_, 2)[1] } issues_of("$folder/payloads");
is(scalar @accepted, scalar @case, 'the validator has a result for every payload');
is(scalar @issues, scalar @case, 'and so did the parser');

my %differ;
my %count = (accepted => 0, rejected => 0);
for my $i (0 .. $#case)
{
	my ($path, $value) = @{ $case[$i] }{qw(path value)};
	my $excepted = $exception{ $type{$path} // '' }{$value};
	my $line = $value . ($accepted[$i] ? ' accepted' : ' rejected') . ", issues: $issues[$i]";
	$count{ $accepted[$i] ? 'accepted' : 'rejected' }++;
	$differ{$path} //= [];
	if ($excepted)
	{
		push @{ $differ{$path} }, "$line (an exception)" unless $accepted[$i] && $issues[$i] ne '';
	}
	elsif ($accepted[$i] != ($issues[$i] eq ''))
	{
		push @{ $differ{$path} }, $line;
	}
}
is(join("\n", @{ $differ{$_} }), '', "$_: schema and parser agree") for sort keys %differ;
is(scalar keys %differ, 35, 'every field was checked');
note("$count{accepted} accepted, $count{rejected} rejected");
cmp_ok($count{$_}, '>', 500, "payloads $_") for sort keys %count;

# The example of the specification is accepted; a payload that is no object is not.
append_to_file("$folder/more", join("\n", slurp_file(top() . '/examples/dealer-studio.json') =~ s/\n/ /gr, qw(null true 1 "x" [] [{}])));
is(join('', judged("$folder/more")), '1000000', 'the example is accepted, and nothing but an object');
is(join(' ', issues_of("$folder/more")), join(' ', '1|', map { "$_|payload_not_object" } 2 .. 7), 'the parser agrees');

$node->stop;
done_testing();

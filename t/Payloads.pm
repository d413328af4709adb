# The input of t/020_differential.pl: a configuration, values at the limits of each
# rule, and random payloads of such values.  rand() chooses them, so that srand()
# repeats a run.
package Payloads;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use FindBin;

our @EXPORT = qw(
	NULL json one_of chance @blank @no_blank @numbers @dates @no_dates
	two_letters @country_names @state_codes passport_country email @emails
	@no_emails updated_at @times @no_times @dealerships @no_dealerships
	$configuration change $done put payload @opt_ins @no_opt_ins @placeholders
	@no_placeholders @postcodes @countries @varied_country_names @fields history
);

my $top = "$FindBin::RealBin/..";

# ---------------------------------------------------------------------------
# JSON. A scalar is a string, \'…' is raw JSON, [] and {} are arrays and objects,
# and ABSENT leaves out the key. All output is ASCII.
# ---------------------------------------------------------------------------

use constant ABSENT => \'';
use constant NULL => \'null';

sub json_string
{
	my ($s) = @_;
	$s =~ s{([^ !\x23-\x5b\x5d-\x7e])}{
		my $c = ord $1;
		$c < 0x10000 ? sprintf('\\u%04x', $c)
		: sprintf('\\u%04x\\u%04x',
			0xd800 + (($c - 0x10000) >> 10), 0xdc00 + (($c - 0x10000) & 0x3ff))
	}gex;
	return qq("$s");
}

sub json
{
	my ($v) = @_;
	return json_string($v) unless ref $v;
	return $$v if ref $v eq 'SCALAR';
	return '[' . join(', ', map { json($_) } @$v) . ']' if ref $v eq 'ARRAY';
	return '{'
	  . join(', ',
		map { json_string($_) . ': ' . json($v->{$_}) }
		grep { !(ref $v->{$_} eq 'SCALAR' && ${ $v->{$_} } eq '') } sort keys %$v)
	  . '}';
}

# ---------------------------------------------------------------------------
# Random choice
# ---------------------------------------------------------------------------

sub one_of { return $_[ int rand @_ ]; }
sub chance { return rand() < $_[0]; }

# Returns one of the values, by their weights: weighted(3 => 'a', 1 => 'b').
# Calls it if it is a code reference.
sub weighted
{
	my @pairs = @_;
	my $sum = 0;
	for (my $i = 0; $i < @pairs; $i += 2) { $sum += $pairs[$i]; }
	my $at = rand($sum);
	while (@pairs)
	{
		my ($weight, $value) = splice(@pairs, 0, 2);
		next if ($at -= $weight) >= 0;
		return ref $value eq 'CODE' ? $value->() : $value;
	}
	die 'weights';
}

# ---------------------------------------------------------------------------
# Values
# ---------------------------------------------------------------------------

# Characters that are trimmed, and similar ones that are not.
our @blank = map { chr } 0x09 .. 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000 .. 0x200a,
  0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0x200b .. 0x200f, 0x2060, 0xfeff, 0xad, 0x202a .. 0x202e, 0x2066 .. 0x2069;
our @no_blank = map { chr } 0x01, 0x08, 0x0e, 0x1c, 0x1f, 0x7f, 0x84, 0xac, 0xae, 0x180e,
  0x2010, 0x2027, 0x2061, 0x2064, 0x2065, 0x206a, 0x2800, 0x3164, 0xfff9;

sub blanks { return join '', map { one_of(@blank) } 1 .. 1 + int rand 3; }

# Variants of a valid value: with blanks around it, or in another case.
sub dressed
{
	my ($s) = @_;
	return $s if ref $s;
	return weighted(
		4 => blanks() . $s . blanks(),
		2 => $s . blanks(),
		2 => blanks() . $s,
		2 => uc $s,
		2 => lc $s,
		1 => ucfirst lc $s,
		1 => one_of(@no_blank) . $s,
		1 => $s . one_of(@no_blank),
		1 => "$s $s");
}

our @numbers = map { \$_ }
  qw(0 -0 -0.0 0.000 1 -1 7 12.50 12.5 2000 2000.0 1e3 1.50e1 1E-3 15e-1 1000.000
  123456789012345678901234567890.12300 0.1e1 1e99 1e100 1e255 1e300 1e-98 1e-99 -1e98 -1e99
  9223372036854775807 9223372036854775808 1e1000 356 3.56e2 1001 1001.0 20001);

# Texts with lengths around the limit, in characters of one to four bytes.
sub long_text
{
	my $c = one_of('a', 'Z', '9', "é", "漢", "\x{1d11e}");
	my $n = one_of(254, 255, 256, 257, 255, 256, 1000);
	return weighted(
		5 => $c x $n,
		1 => blanks() . ($c x $n) . blanks(),
		1 => ($c x ($n - 2)) . ' ' . $c,
		1 => ($c x ($n - 1)) . one_of(@no_blank));
}

# Placeholders, and texts that are none, or are one only in some fields.
our @placeholders = ('null', 'NULL', 'undefined', 'NaN', 'None', '[object Object]');
our @no_placeholders = (
	'Null', 'nUll', 'Undefined', 'nan', 'NAN', 'none', '[object object]', '[object Object] x', 'nullnull', 'N/A', 'TBA',
	'XXXXXXXXXX', '0000', '1', 'é', 'éé', '1é', '００', '٧٧', '-', 'a1', \'11', \'7', \'-77', \'1.1');

# Document numbers, many of which are the same in another form.
our @same_numbers = ('012345678', '12 345 678', '12-345-678', '12.345/678', ' 0-012345678', '123456780', '1234567', \'12345678.0', \'1.5', '1.5', '15',
	'00', \'0', '0', '0 0', "1234\x{a0}5678", "12\x{2011}345\x{2010}678", "\x{2060}12345\x{202f}678", '12_345_678', \'-12345678');

# Any value for a field whose valid values are like $good.
sub odd
{
	my ($good) = @_;
	return weighted(
		4 => ABSENT,
		2 => NULL,
		2 => '',
		2 => sub { blanks() },
		2 => sub { \one_of('true', 'false') },
		3 => sub { one_of(@placeholders) },
		1 => sub { blanks() . one_of(@placeholders) },
		1 => sub { one_of(@no_placeholders) },
		1 => sub { one_of([], [ 'a' ], [ \'1', NULL ], [ [] ]) },
		1 => sub { one_of({}, { a => \'1' }, { id => {} }) },
		4 => sub { one_of(@numbers) },
		3 => sub { long_text() },
		2 => sub { one_of(@no_blank) },
		5 => sub { dressed($good) },
		1 => "\x{212a}\x{130}\x{131}ſ");
}

# The time from which some values are counted.
our $start = $ENV{LOOPIT_TIME} // time;

our @dates = (
	'01/04/2000', '29/02/2000', '29/02/2024', '31/12/9999', '01/01/0001',
	'10/10/1980', '10/10/2029', '30/06/1999', '31/01/1970', '28/02/1900', '31/12/1899', '01/01/1900',
	# around today
	map { my ($d, $m, $y) = (gmtime($start + 86400 * $_))[ 3 .. 5 ]; sprintf '%02d/%02d/%04d', $d, $m + 1, $y + 1900 } -1 .. 1);
our @no_dates = (
	'29/02/1900', '29/02/2023', '30/02/2000', '31/04/2000', '31/06/2000', '31/09/2000',
	'31/11/2000', '32/01/2000', '00/01/2000', '01/00/2000', '01/13/2000', '12/31/2000',
	'01/01/0000', '1/4/2000', '01/4/2000', '01/04/00', '01/04/20000', '2000-04-01',
	'01-04-2000', '01.04.2000', '01 / 04 / 2000', '+1/04/2000', '01/04/ 200', "01/04/2000\n.",
	'٠١/٠٤/٢٠٠٠', '01/04/２０００', 'unknown', '01/04/2000 00:00', '29/02/2100', '99/99/9999');

sub date
{
	return weighted(
		20 => sub { one_of(@dates) },
		2 => sub { sprintf '%02d/%02d/%04d', int rand 33, int rand 14, one_of(1999, 2000, 1900, 2023, 2024) });
}
sub odd_date
{
	return weighted(2 => sub { odd(one_of(@dates)) }, 3 => sub { one_of(@no_dates) }, 1 => \&date);
}

our @states = (
	('NSW') x 4, qw(Vic qld WA NT TX ny CA ON QC BC 1 1A zz ZZZ A1B ab));
our @no_states = ('New South Wales', 'NSWX', 'N-W', 'É', 'N W', 'NSW.', '----', "N\x{e9}W", "\x{661}");
our @countries = (
	('Australia') x 4, 'AUSTRALIA', 'au', 'AU', 'United States', 'usa', 'US', 'UNITED STATES of america',
	'Canada', 'ca', 'New Zealand', 'France', 'uk', 'AUS', 'CAN', 'Commonwealth of Australia',
	'Austral', "CÔTE D'IVOIRE", 'New Zealand', 'nz', 'Germany', 'DE', 'fr', 'The French Republic', 'U.S.A.', 'the U.S.',
	'Aotearoa New Zealand', 'Deutschland', 'Austria', 'Congo');
our @postcodes = (
	(map { \$_ } qw(0 -0 7 80 800 2134 21340 213401 800.0 8e2 800.5 -800 -8 0.5 1e300)), '800', '0800', ' 80 ');

sub two_letters { return join '', map { chr(65 + int rand 26) } 1, 2; }

# Every name of a country that a passport may have, and every code of a state.
our (@country_names, @state_codes);
{
	open my $file, '<:encoding(UTF-8)', "$top/bench/peer_countries.sql" or die "peer_countries.sql: $!";
	while (<$file>)
	{
		if (/^\t\('(.*)', '[A-Z]{2}'\)/) { push @country_names, $1 =~ s/''/'/gr; }
		elsif (/THEN state|^\t\t'/) { push @state_codes, /'([A-Z]{2,3})'/g; }
	}
}
our @varied_country_names = map { my $n = $_; map { varied($n) } 1 .. 3 } @country_names;
our @no_country_names = (
	'Congo', 'the Congo', 'Congo (the)', 'the', '(the)', 'U.S.', 'A.U.', 'au.', 'the au', 'The UK', 'AX', 'ax',
	'gb', 'GB', 'nz', 'it', 'AUS', 'England', 'Atlantis', 'U.S.A.', 'the Netherlands', 'South Korea.',
	'Australien', "cÔte d'ivoire", 'ÅLAND ISLANDS', 'åLAND ISLANDS', 'TÜRKIYE', 'EN', 'United  States', '036');

# A name in another form; most forms make no difference.
sub varied
{
	my ($s) = @_;
	my %to = ('a' => "á", 'e' => "e\x{302}", 'o' => "ồ", 'i' => "ı", 'u' => "ü", 'A' => "Å", 'C' => "Ç", 'S' => "Š", 'n' => "ñ");
	return weighted(
		1 => sub { "the $s" }, 1 => sub { "The the $s" }, 1 => sub { "$s (the)" }, 1 => sub { "$s, The" }, 1 => sub { "$s [THE]" },
		1 => sub { $s =~ s/ and / & /gr }, 1 => sub { $s =~ s/ ?& ?/ and /gr }, 1 => sub { $s =~ s/ & /&/gr }, 1 => sub { "& $s" },
		2 => sub { my $a = one_of("'", '`', '´', '‘', '’', 'ʼ', '′', '＇', '"', '΄'); $s =~ s/['’]/$a/gr },
		3 => sub { my $c = one_of(sort keys %to); $s =~ s/$c/$to{$c}/r },
		1 => sub { $s =~ s/([a-z])/$1\x{301}/r }, 1 => sub { $s =~ s/([A-Z])/$1./gr }, 1 => sub { $s =~ s/(\w\w)\b/$1./r }, 1 => sub { $s =~ s/\.//gr },
		1 => sub { "$s." }, 1 => sub { $s =~ s/ /  /r }, 1 => sub { $s =~ s/ /-/r }, 1 => sub { $s =~ tr/()/[]/r }, 1 => sub { "$s ()" },
		1 => sub { "($s)" }, 1 => sub { "$s, " }, 1 => sub { $s =~ s/ the / /r }, 1 => sub { $s =~ s/ of / of the /r },
		1 => sub { $s =~ s/K/\x{212a}/r });
}

sub passport_country
{
	return weighted(
		4 => sub { one_of(qw(au us fr de uk ca AU Us FR dE UK CA)) },
		2 => sub { one_of(@no_country_names) },
		4 => sub { one_of(@country_names) },
		4 => sub { varied(one_of(@country_names)) },
		1 => sub { varied(varied(one_of(@country_names))) },
		1 => sub { my $s = one_of(@country_names); $s =~ tr/a-z/A-Z/; $s },
		1 => sub { my $s = one_of(@country_names); $s =~ tr/A-Z/a-z/; $s });
}

# The e-mail address of a payload is mostly one of five per workspace.
sub email
{
	my ($workspace) = @_;
	my $s = sprintf 'person%d@ws%d.example.com', 1 + int rand 5, $workspace;
	return chance(0.2) ? one_of(uc $s, ucfirst $s, " $s", "\x{feff}$s\x{200b}") : $s;
}
our @emails = (
	'a@b.co', q(a'b!#$%&*+/=?^_`{|}~-@x.com), ('l' x 64) . '@x.com', 'a@' . ('d' x 63) . '.com',
	'a@1.com', 'a@b.1a', 'a@b.c-d', 'a.b.c@d.e.f', '1@2.x3', 'a@xn--d1acufc.xn--p1ai',
	'a@' . join('.', ('d' x 60) x 4, 'd' x 8), '-@a.b', 'a@a--b.c', 'A@B.CO');
our @no_emails = (
	'a', 'a@', '@b.co', 'a@b', 'a@b.1', 'a@b.123', 'a@1.2.3.4', 'a@[1.2.3.4]', 'a..b@x.com',
	'.a@x.com', 'a.@x.com', '"a"@x.com', 'a@-x.com', 'a@x-.com', 'a@x.-com', 'a@x.com-', 'a@x..com',
	'a@x.com.', 'a@.x.com', 'ü@x.com', 'a@ü.com', ('l' x 65) . '@x.com', 'a@' . ('d' x 64) . '.com',
	'a@' . join('.', ('d' x 60) x 4, 'd' x 9), 'a b@x.com', 'a@x com', 'a@x.com,b@x.com', 'a@b@x.com',
	'<a@x.com>', 'mailto:a@x.com', "a\@x.com\nb", "a\x{212a}\@x.com", "a\@x.\x{212a}om", 'a@x_y.com',
	"a\@x.com\x{180e}", '()@x.com', 'a\\@x.com', 'a@x.com ' x 40, "\x{130}\@x.com", 'ÄÖÜ@' . ('É' x 255),
	('l' x 253) . ' b', ('l' x 200) . ' ' x 60 . 'b', ' ' x 300 . ('l' x 255));

sub odd_email
{
	return weighted(
		1 => sub { one_of(@emails) },
		3 => sub { one_of(@no_emails) },
		1 => sub { one_of(map { 'a@' . join('.', ('d' x 60) x 4, 'd' x $_) } 7 .. 10) },
		2 => sub { odd('person1@ws1.example.com') });
}

# A few points in time, each in several notations, so that payloads often have the
# same time; and times around the limit, a day ahead.
sub rfc3339
{
	my ($time) = @_;
	my ($s, $m, $h, $day, $month, $year) = gmtime $time;
	return sprintf '%04d-%02d-%02dT%02d:%02d:%02d', $year + 1900, $month + 1, $day, $h, $m, $s;
}
sub updated_at
{
	my $d = 1 + int rand 6;
	return one_of(
		"2025-10-0${d}T06:10:22.097Z", "2025-10-0${d}T06:10:22.097Z", "2025-10-0${d}T16:10:22.097+10:00",
		"2025-10-0${d}t06:10:22.0970000z", "2025-10-0${d} 06:10:22.097", "2025-10-0${d}T06:10:22.0969999Z",
		"2025-10-0${d}T06:10:22.0970004Z", "2025-10-0${d}T06:10:22.09699949999Z",
		"2025-10-0${d}T06:10:22.0969995+00:00", "2025-10-0${d}T06:10:22.097-00:00",
		"2025-10-0${d}T02:40:22.09700-03:30", "2025-10-0${d} 06:10:22.097 UTC", "2025-10-0${d}T16:10:22.097 +1000",
		"2025-10-0${d}T16:10:22.097+10");
}
our @times = (
	'0001-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '1969-12-31T23:59:59.9999995Z', '2024-02-29T00:00:00',
	'2000-02-29 23:59:59-23:59', '1899-12-31T23:59:59.5+05:30', '2025-10-01T00:00:00.' . ('9' x 300) . 'Z',
	'2025-09-30T23:59:59.9999999Z', '2025-10-01T00:00:00.0000005Z', '2025-10-01T00:00:00.0000015Z',
	'2025-10-01T00:00:00+1000', '2025-10-01T00:00:00+10', '2025-10-01T00:00:00-0330', '2025-10-01T00:00:00 Z', '2025-10-01T00:00:00 UTC',
	'2025-10-01 00:00:00 GMT', '2025-10-01T00:00:00utc', '2025-10-01T00:00:00Gmt', '2025-10-01 00:00:00.5 -23', '2025-10-01T00:00:00.25 +05:30',
	'2025-10-01T00:00:00.0000025Z', '2025-10-01T00:00:00.00000249999999999999999999Z', '2025-10-01T00:00:00.0Z');
our @no_times = (
	'9999-12-31T23:59:59Z', '9999-12-31T23:59:59.9999999-23:59', '2999-01-01T00:00:00', '0000-01-01T00:00:00Z',
	'2025-02-29T00:00:00Z', '2025-13-01T00:00:00Z', '2025-00-01T00:00:00Z', '2025-01-00T00:00:00Z',
	'2025-10-01T24:00:00Z', '2025-10-01T23:60:00Z', '2016-12-31T23:59:60Z', '2025-10-01T00:00Z', '2025-10-01',
	'2025-10-01T00:00:00.Z', '2025-10-01T00:00:00,5Z', '2025-10-01T00:00:00+1060', '2025-10-01T00:00:00+24',
	'2025-10-01T00:00:00+24:00', '2025-10-01T00:00:00+10:60', '2025-10-01T00:00:00  Z', '2025-10-01  00:00:00',
	'2025-10-01T00:00:00ZZ', '2025-10-01T00:00:00 UT', '2025-10-01T00:00:00+103', '2025-10-01T00:00:00+1', '2025-10-01T00:00:00 +',
	'2025-10-01T00:00:00+10:3', '2025-10-01T00:00:00UTC+1', '2025-10-01T00:00:00 UTC Z', '2025-10-01 UTC', '2025-10-01T00:00:00.+10', '20251001T000000Z', '2025-10-1T00:00:00Z', 'now',
	'infinity', '-infinity', 'epoch', 'tomorrow', '12025-10-01T00:00:00Z', '2025-10-01T00:00:00+10:00:00',
	'2025-10-01_00:00:00Z', "2025-10-01\t00:00:00Z", '٢٠٢٥-10-01T00:00:00Z', '-2025-10-01T00:00:00Z',
	'2025-W40-3T00:00:00Z', '2025-274T00:00:00Z', '1759298400', '2025-10-01T00:00:00−10:00');

sub odd_updated_at
{
	return weighted(
		3 => sub { odd(updated_at()) },
		2 => sub { one_of(@times) },
		4 => sub { one_of(@no_times) },
		1 => sub { rfc3339($start + 25 * 3600) . 'Z' },
		1 => sub { rfc3339($start + 49 * 3600) . '.5+23:59' },
		0.2 => sub { rfc3339($start + 46 * 3600) . '+23:59' },
		0.2 => sub { rfc3339($start + 23 * 3600) . 'Z' });
}

our @dealerships = (
	\'356', \'356.0', \'3.56e2', '356', ' 356 ', '0356', ('0' x 300) . '356', \'357', \'400', '400', \'-5',
	\'9223372036854775807', '9223372036854775807', \'9223372036854775807.0');
our @no_dealerships = (
	\'999', '999', \'0', '0', \'-9223372036854775808', '+356', '-5', \'356.5', '356.0', '3.56e2', \'1e30', \'1e-30',
	\'9223372036854775808', '9223372036854775808', \'-9223372036854775809', '99999999999999999999', \'1e1000',
	('9' x 1000), '٣٥٦', '３５６', '3 56', '0x164', 'NaN', 'Infinity', \'0.9999', '', '-0', '356a', '1_000');
sub odd_dealership
{
	return weighted(2 => sub { odd('356') }, 2 => sub { one_of(@dealerships) }, 3 => sub { one_of(@no_dealerships) });
}

our @opt_ins = (
	\'true', \'false', \'1', \'0', \'1.0', \'-0', \'0e3', \'10e-1', map { ($_, uc, ucfirst, "\t$_ ") } qw(true false yes no y n on off 1 0));
our @no_opt_ins = ('t', 'f', 'tru', 'yess', 'ye', 'of', 'ok', '01', '1.0', '-0', '2', '-1', \'2', \'-1', \'0.5', \'1e300', 'true false');
sub opt_in { return one_of(\'true', \'false', 'true', 'FALSE', 'Yes', 'no', 'on', 'OFF', \'1', \'0', '0'); }
sub odd_opt_in
{
	return weighted(
		2 => sub { odd('true') },
		1 => sub { one_of(@opt_ins, @no_opt_ins) });
}

# ---------------------------------------------------------------------------
# The configuration, the same in both schemas: %s is the schema
# ---------------------------------------------------------------------------

our $configuration = <<'SQL';
INSERT INTO %s.workspace (id, name) VALUES (1, 'One'), (2, 'Two'), (3, 'Empty');
INSERT INTO %s.dealership (id, workspace_id) VALUES
	(356, 1), (357, 1), (400, 2), (-5, 2), (9223372036854775807, 2), (500, 3);
INSERT INTO %s.location (workspace_id, id, name, archived_at) VALUES
	(1, 1, 'Dealer A', NULL), (1, 2, 'Dealer B', NULL), (1, 3, 'Old Yard', now()),
	(1, 4, 'Straße Ö', NULL), (1, 5, 'DEALER B', now()), (1, 6, '12.5', NULL),
	(1, 7, 'Rio''s  North-West', NULL), (1, 8, 'Jo''s', NULL), (1, 9, 'Jo’s', NULL),
	(2, 1, 'Other Yard', NULL), (2, 2, 'dealer a', NULL), (2, 3, 'Dealer C', NULL);
INSERT INTO %s.package (workspace_id, id, name, archived_at) VALUES
	(1, 1, 'Premium', NULL), (1, 2, 'Basic', NULL), (1, 3, 'Old Plan', now()),
	(1, 4, 'premium', NULL), (1, 5, '2000', NULL), (1, 6, 'Basic', now()), (1, 7, 'Größe', NULL),
	(2, 1, 'Premium', NULL), (2, 2, 'Gold', NULL);
INSERT INTO %s.asset (workspace_id, id, vin, stock_number, archived_at) VALUES
	(1, 1, 'JSAGJB74V00202326', '7021602', NULL),	-- archived location first
	(1, 2, 'VIN2', 'S2', NULL),
	(1, 3, 'VIN3', 'S3', now()),
	(1, 4, 'vin2', 'S2', now()),					-- archived twin of a live one
	(1, 5, NULL, 'S5', NULL),
	(1, 6, 'VIN6', NULL, NULL),
	(1, 7, 'VIN7', 'S7', NULL),						-- no location
	(1, 8, 'VIN8', 'S8', NULL),						-- archived location only
	(1, 9, NULL, 'S9', now()),
	(1, 10, NULL, 'S3', NULL),						-- live, of an archived one's stock number
	(1, 11, '12.5', '1000', NULL),
	(1, 12, 'Äbc1', 'ß', NULL),
	(1, 13, 'VIN9', 'S9', now()),
	(1, 14, 'VIN14', NULL, now()),
	(1, 15, 'VIN 15', 'Tt15', NULL), (1, 16, 'VIN-16', 'tT15', NULL), (1, 17, 'VIN-17', 'S17', now()), (1, 18, 'VIN 18', 'S17', now()),
	(2, 1, 'VIN2', 'S5', NULL),
	(2, 2, 'jsagjb74v00202326', '7021602', NULL),
	(2, 3, 'VIN6', NULL, now()),
	(2, 4, 'VIN3', 'S3', NULL);
INSERT INTO %s.asset_location (workspace_id, asset_id, location_id, position) VALUES
	(1, 1, 3, 1), (1, 1, 2, 5), (1, 1, 1, 9), (1, 2, 1, 1), (1, 2, 2, 2), (1, 3, 1, 1), (1, 4, 2, 1),
	(1, 5, 2, 2), (1, 5, 4, 3), (1, 6, 1, 1), (1, 8, 3, 1), (1, 10, 2, 1), (1, 11, 4, 1), (1, 12, 1, 7), (1, 15, 7, 1), (1, 16, 8, 2),
	(2, 1, 1, 2), (2, 1, 2, 1), (2, 2, 3, 1), (2, 4, 2, 1);

-- What a DBA may have added, to see deliveries fail: an error is a delivery's
-- failure, or it is raised, by its class.
ALTER TABLE %s.person ADD CONSTRAINT person_no_trap CHECK (last_name <> 'Trap');
ALTER TABLE %s.person ADD CONSTRAINT person_no_trap_city CHECK (city <> 'Trap');
CREATE FUNCTION %s.trap() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sign text := CASE TG_ARGV[0] WHEN 'number' THEN to_jsonb(NEW) ->> 'number' ELSE to_jsonb(NEW) ->> 'lead_reference' END;
BEGIN
	IF sign LIKE 'Trap %%' THEN
		RAISE EXCEPTION 'trap' USING ERRCODE = substr(sign, 6), COLUMN = 'a', TABLE = 'b', SCHEMA = 'c';
	END IF;
	IF sign LIKE '10%%9' THEN
		RAISE EXCEPTION 'trap';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON %s.identity_document
	FOR EACH ROW EXECUTE FUNCTION %s.trap('number');
CREATE TRIGGER trap AFTER INSERT OR UPDATE ON %s.booking
	FOR EACH ROW EXECUTE FUNCTION %s.trap('lead_reference');
SQL

our @vins = ((qw(JSAGJB74V00202326 VIN2 VIN6)) x 2, qw(VIN3 VIN7 VIN8 VIN9 VIN14 12.5 Äbc1 äbc1 VIN99), 'vin2',
	'vin 15', 'VIN15', "vin\x{a0}16", 'VIN16', "vin\x{2013}1 6", 'VIN 2', "JSAG JB74\x{202f}V002 02326", 'JSAG-JB74V00202326',
	"V\x{200b}IN3", 'vin17', 'V-IN18');
our @stocks = ((qw(7021602 S2 S5)) x 2, qw(S3 S7 S8 S9 1000 ß S99 s2), qw(tt15 Tt15 tT15 s5 s9 S17 s17 SS), 'S 2');
our @plans = (('Premium') x 12, 'Basic', 'premium', 'Gold', '2000', 'Größe', 'GRÖSSE', 'Old Plan', 'PREMIUM', 'Platinum');
our @locations = (
	('Dealer A') x 2, 'dealer b', 'DEALER A', 'Other Yard', 'Old Yard', 'straße Ö', 'straße ö', 'STRAßE Ö', 'Nowhere',
	'Dealer C', '12.5', "dealer\x{a0}a", "Dealer \t B", "rio\x{2019}s north\x{2013}west", "Rio`s\x{2003}North-West",
	"Rio's North\x{2212}WEST", "RIO\x{55a}S NORTH\x{ff0d}WEST", 'Rios North-West', "jo's", 'JO’S', 'Jo`s', "DEALER\x{200b}B",
	'DealerB', "straße\x{ad} Ö");
our @traps = map { "Trap $_" }
  qw(P0001 23514 22000 P0004 0A000 42501 00001 02000 40001 25001 53100 54000 55P03 57014 58030 XX000 08006 40P01 57P01);

# A change of the configuration that does not conflict with the archived rows of the
# same name.
sub change
{
	my $ws = 1 + int rand 2;
	my $live = one_of('NULL', 'NULL', 'now()');
	return weighted(
		4 => sub {
			my $id = 1 + int rand 18;
			"UPDATE %s.asset SET archived_at = $live WHERE workspace_id = $ws AND id = $id";
		},
		1 => sub {
			my ($a, $b) = one_of([ 2, 4 ], [ 9, 13 ], [ 3, 10 ])->@*;
			"UPDATE %s.asset SET archived_at = now() WHERE workspace_id = 1 AND id = $a;"
			  . " UPDATE %s.asset SET archived_at = NULL WHERE workspace_id = 1 AND id = $b";
		},
		2 => sub {
			my $id = 1 + int rand 9;
			"UPDATE %s.location SET archived_at = $live WHERE workspace_id = $ws AND id = $id";
		},
		2 => sub {
			my $id = 1 + int rand 7;
			"UPDATE %s.package SET archived_at = $live WHERE workspace_id = $ws AND id = $id";
		},
		1 => "UPDATE %s.package SET name = CASE name WHEN 'Basic' THEN 'Basic 2' ELSE 'Basic' END"
		  . " WHERE workspace_id = 1 AND id = 2",
		1 => "UPDATE %s.location SET name = CASE name WHEN 'Dealer B' THEN 'Dealer C' ELSE 'Dealer B' END"
		  . " WHERE workspace_id = 1 AND id = 2",
		1 => sub {
			my $id = one_of(5, 6, 7, 10);
			my $column = one_of('vin', 'stock_number');
			"UPDATE %s.asset SET $column = CASE WHEN $column IS NULL THEN '$column$id' END"
			  . " WHERE workspace_id = 1 AND id = $id";
		},
		1 => 'UPDATE %s.asset_location SET position = position + CASE WHEN position < 10 THEN 10 ELSE -10 END'
		  . ' WHERE workspace_id = 1 AND asset_id = 1 AND location_id = 2',
		1 => 'UPDATE %s.dealership SET workspace_id = 3 - workspace_id WHERE id = 357',
		1 => 'DELETE FROM %s.dealership WHERE id = 400',
		2 => 'INSERT INTO %s.dealership VALUES (400, 2) ON CONFLICT DO NOTHING',
		# erase a person
		14 => sub {
			my $n = 1 + int rand 5;
			"DELETE FROM %s.person WHERE workspace_id = $ws AND email = 'person$n\@ws$ws.example.com'";
		});
}

# ---------------------------------------------------------------------------
# Payloads
# ---------------------------------------------------------------------------

# Twenty leads are in use at a time, others after every 150 payloads.
our $done = 0;
sub lead_id
{
	my $id = 1000 + 20 * int($done / 150) + int rand 20;
	return chance(0.3) ? "$id" : \$id;
}

# For each field: path, valid values, any values. Parents are last.
our @fields = (
	[ 'id', sub { lead_id() }, sub { odd('1001') } ],
	[ 'updated_at', \&updated_at, \&odd_updated_at ],
	[ 'dealership.id', sub { one_of(@dealerships) }, \&odd_dealership ],
	(map { my $f = $_;
		[ "prospect.$f", sub { one_of('John', 'Mary', 'Ann', "Zoë") }, sub { odd('John') } ] }
	  qw(first_name middle_name last_name)),
	[ 'prospect.email', sub { email(1) }, \&odd_email ],
	[ 'prospect.dob', \&date, \&odd_date ],
	[ 'prospect.mobile_phone', sub { one_of('0403 123 123', '+61 2 5550', \'403123123') }, sub { odd('0403') } ],
	[ 'prospect.opt_in_to_marketing', \&opt_in, \&odd_opt_in ],
	[ 'prospect.address.street', sub { one_of('Elizabeth St', '1 Main Road') }, sub { odd('Elizabeth St') } ],
	[ 'prospect.address.city', sub { one_of('Sydney', 'Sydney', 'Perth') }, sub { odd('Sydney') } ],
	[ 'prospect.address.state', sub { one_of(@states) }, sub { one_of(odd('NSW'), one_of(@no_states), two_letters()) } ],
	[ 'prospect.address.country', sub { one_of(@countries) }, sub { odd('Australia') } ],
	[ 'prospect.address.postcode', sub { one_of(\'2000', '2000', \'2000.0', '6050', \'12.50', @postcodes) }, sub { odd('2000') } ],
	[ 'additional_details.license_expiry', \&date, \&odd_date ],
	[ 'additional_details.license_dob', \&date, \&odd_date ],
	[ 'additional_details.license_number', sub { one_of(\'12345678', '12345678', '87654321', @same_numbers) }, sub { odd('12345678') } ],
	[ 'additional_details.license_card_number', sub { one_of(\'9999999', '9999999', '111') }, sub { odd('9999999') } ],
	[ 'additional_details.license_state', sub { one_of(@states) }, sub { one_of(odd('NSW'), one_of(@no_states), two_letters()) } ],
	[ 'additional_details.passport_country', \&passport_country,
		sub { one_of(odd('Australia'), one_of(@no_country_names), two_letters()) } ],
	[ 'additional_details.passport_expiry', \&date, \&odd_date ],
	[ 'additional_details.passport_dob', \&date, \&odd_date ],
	[ 'additional_details.passport_number', sub { one_of('PB12345678', 'PB12345678', 'pb12345678', 'PB 1234-5678', '0PB12345678', @same_numbers) }, sub { odd('PB12345678') } ],
	[ 'additional_details.subscription_plan', sub { one_of(@plans) }, sub { odd('Premium') } ],
	[ 'item.vin', sub { one_of(@vins, 'N/A', 'XXXXXXXXXX') }, sub { odd(one_of(@vins)) } ],
	[ 'item.stock_number', sub { one_of(@stocks) }, sub { odd(one_of(@stocks)) } ],
	[ 'location.location_name', sub { one_of(@locations) }, sub { odd(one_of(@locations)) } ],
	(map { [ $_, undef, sub { odd('Sydney') } ] }
	  qw(dealership prospect prospect.address additional_details item location)));

sub put
{
	my ($payload, $path, $value) = @_;
	my @keys = split /\./, $path;
	my $last = pop @keys;
	for my $key (@keys)
	{
		# A parent that an earlier change has removed is not added again.
		$payload->{$key} = {} unless exists $payload->{$key};
		$payload = $payload->{$key};
		return unless ref $payload eq 'HASH';
	}
	$payload->{$last} = $value;
}

# A person has few dates and documents, so that deliveries often have the same.
our %usual = (
	'prospect.dob' => '10/10/1980',
	'additional_details.license_expiry' => '10/10/2029',
	'additional_details.license_dob' => '10/10/1980',
	'additional_details.passport_expiry' => '01/04/2030',
	'additional_details.passport_dob' => '10/10/1980',
	'additional_details.passport_country' => 'Australia',
	'additional_details.passport_number' => 'PB12345678',
	'additional_details.license_number' => \'12345678',
	'prospect.address.street' => 'Elizabeth St',
	'prospect.address.city' => 'Sydney',
	'prospect.address.state' => 'NSW',
	'prospect.address.country' => 'Australia',
	'prospect.address.postcode' => \'2000');

# What a website sends: some parts complete, others missing.
sub new_payload
{
	my $ws = weighted(3 => 1, 2 => 2);
	my %part = (
		address => chance(0.5), license => chance(0.45), passport => chance(0.4), item => chance(0.7),
		location => chance(0.6), updated => chance(0.5), name => chance(0.7));
	my $payload = { comments => one_of('hello', NULL), lead_events => [] };
	for my $field (@fields)
	{
		my ($path, $valid) = @$field;
		next unless $valid;
		next if $path =~ /address/ && !$part{address};
		next if $path =~ /license/ && !$part{license};
		next if $path =~ /passport/ && !$part{passport};
		next if $path =~ /item|plan/ && !$part{item};
		next if $path =~ /location/ && !$part{location};
		next if $path =~ /updated_at/ && !$part{updated};
		next if $path =~ /_name|dob|mobile|opt_in/ && $path =~ /prospect/ && (!$part{name} || chance(0.3));
		next if $path =~ /card_number|license_state/ && chance(0.5);
		next if $path =~ /vin|stock_number/ && chance(0.3);
		put($payload, $path, $usual{$path} && chance(0.75) ? $usual{$path} : $valid->());
	}
	put($payload, 'prospect.email', email($ws));
	put($payload, 'dealership.id', $ws == 1 ? one_of(\'356', \'357', '356') : one_of(\'400', \'-5', \'9223372036854775807'));
	return $payload;
}

sub copy_of
{
	my ($v) = @_;
	return ref $v eq 'HASH' ? { map { $_ => copy_of($v->{$_}) } keys %$v }
	  : ref $v eq 'ARRAY' ? [ map { copy_of($_) } @$v ]
	  : $v;
}

# Recent payloads, which may be sent again, unchanged or with a small change.
our @recent;

sub payload
{
	return undef if chance(0.01);
	if (chance(0.01))
	{
		return one_of('null', '[]', '"a"', '1', 'true', '{}', '[{"id": 1}]', '"{}"', '1e1000', '{"": {}}');
	}

	my $payload;
	if (@recent && chance(0.3))
	{
		$payload = copy_of(one_of(@recent));
		my $change = weighted(
			3 => '', 1 => 'email', 1 => 'plan', 1 => 'vin', 2 => 'location_name', 1 => 'card_number',
			1 => 'license_state', 1 => 'updated_at');
		my ($field) = $change ? grep { $_->[0] =~ /$change$/ } @fields : ();
		put($payload, $field->[0], $field->[1]->()) if $field;
	}
	else
	{
		$payload = new_payload();
		push @recent, copy_of($payload);
		shift @recent if @recent > 25;
	}

	# The number of faults: mostly none or few, sometimes many.
	my $changes = weighted(6 => 0, 6 => 1, 3 => 2, 2 => sub { 3 + int rand 5 }, 0.3 => 40);
	for (1 .. $changes)
	{
		my ($path, $valid, $any) = one_of(@fields)->@*;
		put($payload, $path, $valid && chance(0.3) ? $valid->() : $any->());
	}
	if (chance(0.06)) { put($payload, 'id', one_of(ABSENT, NULL, '', [], long_text())); }

	if (chance(0.08))
	{
		my ($path) = one_of(grep { $_->[2] == \&odd_date } @fields)->@*;
		put($payload, $path, one_of(@no_dates));
	}

	# Values that fail in the database
	if (chance(0.06))
	{
		my $number = one_of('license_number', 'passport_number');
		my $document = $number =~ s/number//r;
		one_of(
			sub { put($payload, 'prospect.last_name', 'Trap') },
			sub { put($payload, 'prospect.address.city', 'Trap') },
			sub { put($payload, 'id', one_of(@traps)) },
			(sub {
				put($payload, $_, $usual{$_}) for grep { /$document/ } keys %usual;
				put($payload, "additional_details.$number", one_of(@traps));
			}) x 2)->();
	}
	return json($payload);
}

# ---------------------------------------------------------------------------
# Histories
# ---------------------------------------------------------------------------

# What staff may do to a person or to what the log has of a lead.
sub staff_edit
{
	my ($ws, $email, $lead) = @_;
	my $person = "WHERE workspace_id = $ws AND email = '$email'";
	my $document = "WHERE workspace_id = $ws AND person_id = (SELECT id FROM %s.person $person)";
	my $reference = "lead_reference = '$lead'";
	return weighted(
		4 => "UPDATE %s.person SET mobile_phone = '0499 999 999' $person",
		4 => sub { 'UPDATE %s.person SET marketing_opt_in = ' . one_of('false', 'true', 'NULL') . " $person" },
		2 => sub { 'UPDATE %s.person SET ' . one_of(qw(first_name middle_name last_name)) . " = 'Staff' $person" },
		2 => sub { 'UPDATE %s.person SET ' . one_of(qw(first_name middle_name last_name date_of_birth mobile_phone)) . " = NULL $person" },
		1 => "UPDATE %s.person SET date_of_birth = '1981-11-11' $person",
		1 => "UPDATE %s.person SET mobile_phone = '0488', updated_at = clock_timestamp() $person",
		2 => "UPDATE %s.person SET street = 'Staff St', city = 'Perth', state = 'WA', postcode = '6000', country = 'Australia' $person",
		1 => "UPDATE %s.person SET street = NULL, city = NULL, state = NULL, postcode = NULL, country = NULL $person",
		1 => "UPDATE %s.person SET source_updated_at = NULL $person",
		4 => "UPDATE %s.identity_document SET expires_on = '2033-03-03' $document",
		1 => sub { 'UPDATE %s.identity_document SET number = ' . one_of("'12-345-678'", "'99'", "'012345678'") . " $document" },
		1 => "UPDATE %s.identity_document SET card_number = NULL, issuing_state = NULL $document",
		1 => sub { "DELETE FROM %s.identity_document $document AND kind = '" . one_of(qw(driver_licence passport)) . "'" },
		1 => "UPDATE %s.booking SET location_id = 1 WHERE workspace_id = $ws AND $reference",
		1 => "DELETE FROM %s.booking WHERE workspace_id = $ws AND $reference",
		1 => "UPDATE %s.ingest_log SET payload = NULL WHERE $reference",
		2 => "UPDATE %s.ingest_log SET payload = NULL WHERE $reference"
		  . " AND received_at = (SELECT max(received_at) FROM %s.ingest_log WHERE $reference)",
		1 => "DELETE FROM %s.ingest_log WHERE $reference",
		1 => sub { change() });
}

my $histories = 0;

# The steps of a few leads of one person, each of which comes several times: as it was,
# later, with a changed field, with another fault, in another order, or replayed; in between
# staff correct what is stored. Returns steps as t/020_differential.pl has them.
sub history
{
	my @steps;
	my $ws = weighted(3 => 1, 1 => 2);
	my $email = sprintf 'history%d@ws%d.example.com', 1 + int rand 3, $ws;
	my $day = 1;
	my @leads;

	$histories++;
	for my $number (1 .. 1 + int rand 3)
	{
		my $lead = new_payload();
		put($lead, 'id', "h$histories.$number");
		put($lead, 'prospect.email', $email);
		put($lead, 'dealership.id', $ws == 1 ? \'356' : \'-5');
		put($lead, "prospect.$_->[0]", $_->[1])
		  for [ 'first_name', one_of('John', 'Ann') ], [ 'mobile_phone', one_of('0411', '0422') ], [ 'opt_in_to_marketing', opt_in() ];
		delete $lead->{updated_at} if chance(0.4);
		push @leads, $lead;
	}
	# Rejected at first, because its dealership is not configured yet.
	my $rescued = chance(0.4) ? one_of(@leads) : undef;
	if ($rescued)
	{
		my $sent = copy_of($rescued);
		put($sent, 'dealership.id', \'555');
		push @steps, [ undef, json($sent), undef ];
		$done++;
	}
	for (1 .. 4 + int rand 8)
	{
		my $lead = one_of(@leads);
		my $sent = $lead;
		my ($path, $valid, $any) = one_of(grep { $_->[1] && $_->[0] !~ /^id|email|dealership/ } @fields)->@*;
		my $edit = sub { push @steps, [ staff_edit($ws, $email, $lead->{id}), undef, undef ] };

		$edit->() if @steps && chance(0.5);
		$edit->() if @steps && chance(0.2);
		if (@steps && chance(0.15))
		{
			push @steps, [ undef, undef, 1 + int rand @steps ];
			next;
		}
		weighted(
			4 => sub { },
			3 => sub { put($lead, 'updated_at', sprintf '2025-11-%02dT00:00:00Z', ++$day) },
			1 => sub { put($lead, 'updated_at', updated_at()) },
			1 => sub { delete $lead->{updated_at} },
			# the sender corrects a field, and may have it as it was before
			3 => sub { put($lead, $path, $valid->()) },
			1 => sub { put($lead, $path, $usual{$path} // $valid->()) },
			# a document's number in another form
			2 => sub {
				put($lead, 'additional_details.' . one_of('license_number', 'passport_number'),
					one_of('12345678', '12 345 678', '12-345-678', '012345678', 'PB12345678', 'pb 1234-5678'));
			},
			# of this delivery alone
			1 => sub { $sent = copy_of($lead); put($sent, $path, $any->()) },
			1 => sub { $sent = copy_of($lead); put($sent, 'updated_at', one_of(@no_times)) },
			# a correction that only fills at first
			2 => sub {
				put($lead, $path, $valid->());
				$sent = copy_of($lead);
				put($sent, 'updated_at', chance(0.7) ? one_of(@no_times) : updated_at());
			},
			1 => sub { $sent = copy_of($lead); put($sent, 'dealership.id', \'999') },
			1 => sub { $sent = copy_of($lead); put($sent, 'prospect.email', email($ws)) });
		push @steps, [ undef, json($sent), undef ];
		$done++;
	}
	if ($rescued)
	{
		push @steps, [ "INSERT INTO %s.dealership VALUES (555, $ws) ON CONFLICT DO NOTHING", undef, undef ];
		push @steps, [ undef, undef, scalar @steps ];
		push @steps, [ 'DELETE FROM %s.dealership WHERE id = 555', undef, undef ];
		push @steps, [ staff_edit($ws, $email, $rescued->{id}), undef, undef ] if chance(0.5);
		push @steps, [ undef, json($rescued), undef ];
		$done++;
	}
	return @steps;
}

1;

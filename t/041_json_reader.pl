# The reader of common bodies (src/rules/json_read.c) makes the same jsonb as the
# server's parser, byte by byte, of every text that it takes, and it takes what
# senders write.
#
# LOOPIT_TEXTS   the number of generated texts (default: 30,000)
# LOOPIT_SEED    of the generator (default: 1)
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top compiler);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();
my $library = abs_path(PostgreSQL::Test::Utils::tempdir()) . '/json_readers.so';
chomp(my $headers = `$ENV{PG_CONFIG} --includedir-server`);
command_ok(
	[
		compiler(), '-std=gnu99', '-O1', '-Wall', '-Werror', '-fPIC', '-shared', '-D_GNU_SOURCE',
		"-I$top/src", "-I$headers", '-o', $library, "$top/t/standalone/json_readers.c",
		(map { "$top/src/rules/$_.c" } qw(json_read repair number text utf8)), "$top/src/server/json_write.c"
	],
	'the library compiles');

my $node = new_node('json_reader');
$node->safe_psql('postgres', qq{
	CREATE FUNCTION compare_readers(bytea) RETURNS text LANGUAGE C STRICT AS '$library';
	CREATE FUNCTION compare_generated(seed bigint, count int, OUT taken int, OUT different bytea)
		LANGUAGE C STRICT AS '$library'});

# Compares each of the texts; they come with what they show.
sub compares
{
	my ($expected, @texts) = @_;
	my $values = join ', ', map { sprintf "(%d, '\\x%s'::bytea)", $_, unpack('H*', $texts[$_][0]) } 0 .. $#texts;
	my @got = split /\n/, $node->safe_psql('postgres', "SELECT compare_readers(v.t) FROM (VALUES $values) v (n, t) ORDER BY n");
	is($got[$_], $expected, "$expected: $texts[$_][1]") for 0 .. $#texts;
}

my $example = slurp_file("$top/examples/dealer-studio-as-published.txt");
compares('same', [ $example, 'the example of the specification, with its trailing comma' ],
	[ slurp_file("$top/examples/dealer-studio.json"), 'the same without it' ],
	['{}', 'an empty object'], ['[]', 'an empty array'], ["  [ 1 , [ ] , { } ]\r\n", 'white space'],
	['{"a": 1, "bb": 2, "a": 3, "aa": 4, "bb": [5]}', 'keys that are given twice'],
	['[0, -0, 1.50, -0.00, 0.00001, 100000000, 10000, 123456789012345, 0.00010000, 9999.9999, 1234567.1]', 'numbers'],
	['["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00 ", "x\\n", {"\\u0061": 1, "a": 2}]', 'escapes'],
	["[\"\xc3\xa9\xf0\x9f\x98\x80\", \"abcdefg\xe2\x82\xac\"]", 'UTF-8'],
	['[1,]', 'a trailing comma in an array'], ['{"a": [true,], }', 'and in an object'],
	['{' . join(', ', map { "\"key$_\": $_" } 1 .. 200) . '}', '200 keys'],
	['[' x 32 . ']' x 32, '32 levels']);
compares('declined', ['', 'nothing'], ['1', 'a scalar'], ['"{}"', 'a string'], ['[' x 33 . ']' x 33, '33 levels'], ['[1e2]', 'an exponent'],
	['[1234567890123456]', '16 digits'], ['[01]', 'a leading zero'], ['[1.]', 'no digit after the point'], ['[.5]', 'none before it'],
	['[+1]', 'a plus sign'], ['[-]', 'a minus sign'], ['["\\ud800"]', 'half of a surrogate pair'], ['["\\ud800\\u0041"]', 'and another escape'],
	['["\\udc00"]', 'the other half'], ['["\\u0000"]', 'NUL'], ['["\\x"]', 'an unknown escape'], ["[\"\t\"]", 'a tab in a string'],
	["[\"\x92\"]", 'Windows-1252'], ["[\"\xed\xa0\x80\"]", 'a surrogate in UTF-8'], ["[\"\xc0\x80\"]", 'an overlong form'],
	['[1,,]', 'two commas'], ['[,]', 'a comma alone'], ['{"a"}', 'a key alone'], ['{a: 1}', 'a key without quotes'], ['{"a": 1 "b": 2}', 'no comma'],
	['[1 2]', 'none in an array'], ['[1]]', 'another bracket'], ['[1] [2]', 'two documents'], ["[1]\0", 'a NUL byte'], ['[nul]', 'part of a word'],
	['[nulls]', 'a longer word'], ['[True]', 'another case'], ['["a', 'a string without an end'], ['["\\', 'an escape without one'],
	['["\\u12', 'one of Unicode'], ['{"a":', 'an object without one'], ['[' . '0,' x 511 . '0]', 'more values than there is room for']);

# Cut off anywhere, it is no JSON.
my $cut = $example =~ s/\s+\z//r;
my $hex = unpack('H*', $cut);
is($node->safe_psql('postgres', qq{
	SELECT string_agg(DISTINCT compare_readers(substr('\\x$hex'::bytea, 1, n)), ',') FROM generate_series(0, length('\\x$hex'::bytea) - 1) n}),
	'declined', 'the example is declined wherever it is cut off');

my $count = $ENV{LOOPIT_TEXTS} // 30_000;
my $seed = $ENV{LOOPIT_SEED} // 1;
my ($taken, $different) = split /\|/,
  $node->safe_psql('postgres', "SELECT * FROM compare_generated($seed, $count)"), -1;
is($different, '', "generated texts, seed $seed: all that are taken are the same");
cmp_ok($taken, '>', $count / 3, "$taken of $count are taken");

done_testing();

# What is generated is up to date: README's tables, the example in the schema,
# the country table; and no file refers to what its users do not have.
use strict;
use warnings;
use FindBin;
use Test::More;

my $top = "$FindBin::Bin/..";

sub run_in_top
{
	my ($command) = @_;
	my $output = `cd '$top' && $command 2>&1`;
	return ($? >> 8, $output);
}

my ($status, $output) = run_in_top('script/generate-reference --check');
is($output, '', 'README has the field reference and the code catalogue of today');
is($status, 0, 'script/generate-reference says so');

($status, $output) =
  run_in_top('script/generate-example | diff - src/payload/example_table.h');
is($output, '', 'src/payload/example_table.h is examples/dealer-studio.json');

SKIP:
{
	skip 'iso-codes is not installed', 1
	  unless -f '/usr/share/iso-codes/json/iso_3166-1.json';
	($status, $output) =
	  run_in_top('script/generate-countries | diff - src/rules/country_table.h');
	is($output, '', 'src/rules/country_table.h is what iso-codes has');
}

sub contents
{
	my ($file) = @_;
	open(my $in, '<', "$top/$file") or die "$file: $!";
	local $/;
	return <$in>;
}

# The published example differs from the one that is JSON by one comma.
my $published = contents('examples/dealer-studio-as-published.txt');
my $json = contents('examples/dealer-studio.json');
is($published =~ s/("opt_in_to_marketing": false),/$1/,
	1, 'the published example has its trailing comma');
s/\s+$// for $published, $json;
is($published, $json, 'and is the JSON one without it');

my $size = 0;
for my $file (glob("$top/src/*/*.[ch] $top/src/*/*/*.[ch] $top/loopit_leads.c"))
{
	open(my $in, '<', $file) or die "$file: $!";
	my @lines = <$in>;
	close $in;
	next if $file =~ /_table\.h$/;
	$size++;
	cmp_ok(scalar(@lines), '<=', 600, "$file has 600 lines at most");

	# a function's body stands between braces in the first column
	my ($start, $longest) = (0, 0);
	for my $number (0 .. $#lines)
	{
		$start = $number if $lines[$number] =~ /^\{/;
		next unless $lines[$number] =~ /^\}/ && $start;
		$longest = $number - $start if $number - $start > $longest;
		$start = 0;
	}
	cmp_ok($longest, '<=', 100, "$file has no function over 100 lines");
	next if $file =~ m{/store/|/admin/setup};
	is(scalar(grep { /\bSPI_\w+/ && !m{^ ?\*} } @lines),
		0, "$file makes no SPI call");
}
cmp_ok($size, '>', 30, 'all files were looked at');

done_testing();

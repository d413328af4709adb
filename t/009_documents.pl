# The documents are up to date: what is generated (the reference tables, the
# example in the schema, the table of countries) is what its generator prints,
# and every link leads somewhere.
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use Test::More;

my $top = "$FindBin::Bin/..";

sub run_in_top
{
	my ($command) = @_;
	my $output = `cd '$top' && $command 2>&1`;
	return ($? >> 8, $output);
}

sub contents
{
	my ($file) = @_;
	open(my $in, '<', "$top/$file") or die "$file: $!";
	local $/;
	return <$in>;
}

my ($status, $output) = run_in_top('script/generate-reference --check');
is($output, '', 'the tables of fields and codes are those of src/rules');
is($status, 0, 'script/generate-reference exits with status 0');

($status, $output) =
  run_in_top('script/generate-example | diff - src/payload/example_table.h');
is($output, '', 'src/payload/example_table.h is examples/dealer-studio.json');

SKIP:
{
	($status) = run_in_top('script/generate-countries --offline');
	skip 'iso-codes or cldr-localenames-full is not there', 2 if $status == 2;
	($status, $output) = run_in_top(
		'script/generate-countries --offline | diff - src/rules/country_table.h');
	is($output, '', 'src/rules/country_table.h is what its sources have');
	($status, $output) = run_in_top(
		'script/generate-countries --offline --names | diff - sql/fixture/country_names.sql');
	is($output, '', 'and so is sql/fixture/country_names.sql');
}

# The published example differs from the one that is JSON by one comma.
my $published = contents('examples/dealer-studio-as-published.txt');
my $json = contents('examples/dealer-studio.json');
is($published =~ s/("opt_in_to_marketing": false),/$1/,
	1, 'the published example has its trailing comma');
s/\s+$// for $published, $json;
is($published, $json, 'and is the JSON one without it');

# A heading's anchor, as GitHub makes it.
sub anchor
{
	my ($heading) = @_;
	$heading =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;	# a link's text
	$heading = lc($heading =~ s/\s+$//r);
	return $heading =~ s/[^\w\- ]//gr =~ s/ /-/gr;
}

# The Markdown text without its blocks of code, where "#" is no heading.
sub prose
{
	my ($file) = @_;
	return contents($file) =~ s/^```.*?^```$//gmsr;
}

my $links = 0;
for my $page (map { s/^\Q$top\E\///r } sort glob("$top/*.md $top/*/*.md"))
{
	my @dead;
	my $text = prose($page);
	while ($text =~ /\]\(([^)\s]+)[^)]*\)|\b(?:src|href)="([^"]+)"/g)
	{
		my $link = $1 // $2;
		next if $link =~ /^\w+:/;	# another site
		$links++;
		my ($path, $fragment) = $link =~ /^([^#]*)(?:#(.*))?$/;
		my $target = $path eq '' ? $page : dirname($page) . "/$path";
		if (!-e "$top/$target")
		{
			push @dead, $link;
		}
		elsif (defined $fragment && $target =~ /\.md$/)
		{
			my $page_text = prose($target);
			my %anchors = map { anchor($_) => 1 } $page_text =~ /^#+\s+(.*)$/mg;
			$anchors{$_} = 1 for $page_text =~ /\b(?:id|name)="([^"]+)"/g;
			push @dead, $link unless $anchors{$fragment};
		}
	}
	is("@dead", '', "$page has no dead link");
}
cmp_ok($links, '>', 5, 'links were looked at');

done_testing();

#!/usr/bin/env perl
# Prints the picture of the folders of src as SVG, from the files that are
# there and the headers that they include.  Run by script/generate-pictures.
#
# An arrow is drawn where a folder includes headers of another; those that
# follow from two other arrows are left out.  One that runs back up is red.
use strict;
use warnings;
use utf8;
use FindBin;
binmode(STDOUT, ':utf8');
chdir "$FindBin::Bin/.." or die;

# The floors from top to bottom, and what each folder is for.
my @floors = (
	[ [ '', 'The functions that SQL sees: a table of contents.' ] ],
	[ [ 'report', 'What people and monitors read: metrics, report, stories of leads, drift.' ] ],
	[ [ 'admin', 'Setup, OAuth clients, support, erasure and retention.' ] ],
	[ [ 'ingest', 'The stages of a delivery: resolve, decide, apply, outcome, log.' ] ],
	[ [ 'payload', 'Bodies and jsonb: reading, masking, the JSON Schema.' ],
	  [ 'store', 'Rows by SQL: what is written to which table.',
	    'store/direct', 'Rows by access methods, without SQL.' ] ],
	[ [ 'server', 'The role of a call, caught errors, writing jsonb, server versions.' ] ],
	[ [ 'rules', 'Fields, codes and the rules of one payload, in plain C.' ] ]);

my ($width, $margin, $between, $line) = (880, 28, 34, 22);
my $character = 6.7;
# A box that is wider has its name and what it is for in one line.
my $narrow = 600;

# ---------------------------------------------------------------------------
# The files, and what they include
# ---------------------------------------------------------------------------

my (%files, %includes);
for my $file ('loopit_leads.c', glob('src/*/*.[ch] src/*/*/*.[ch]'))
{
	my ($folder, $name) = $file =~ m{^(?:src/(.*)/)?([^/]*)$};
	$folder //= '';
	# a header beside its source is no room of its own
	push @{ $files{$folder} }, $name =~ s/\.c$//r
	  unless $name =~ /\.h$/ && -f ($file =~ s/\.h$/.c/r);
	open(my $in, '<', $file) or die "$file: $!\n";
	while (<$in>)
	{
		next unless m{^#include "(.*)/[^/]*\.h"} && -d "src/$1";
		$includes{$folder}{$1} = 1 if $1 ne $folder;
	}
}
$files{''} = ['loopit_leads.c'];

# Where a folder stands: floor, and box on the floor.
my %place;
for my $floor (0 .. $#floors)
{
	for my $box (@{ $floors[$floor] })
	{
		$place{ $box->[0] } = $floor;
		$place{ $box->[2] } = $floor + 0.5 if $box->[2];
	}
}
for my $folder (sort keys %files)
{
	die "folder_picture.pl does not say what src/$folder is for\n" unless exists $place{$folder};
}

# Whether a folder reaches another by way of others.
sub reaches_by_others
{
	my ($from, $to) = @_;
	for my $next (grep { $_ ne $to && $place{$_} > $place{$from} } keys %{ $includes{$from} // {} })
	{
		return 1 if $includes{$next}{$to} && $place{$to} > $place{$next};
		return 1 if $place{$next} < $place{$to} && reaches_by_others($next, $to);
	}
	return 0;
}

# ---------------------------------------------------------------------------
# Boxes
# ---------------------------------------------------------------------------

# The lines of files that fit a width.
sub rows_of
{
	my ($folder, $room) = @_;
	my (@rows, $used);
	for my $name (@{ $files{$folder} })
	{
		my $needs = length($name) * $character + 24;
		if (!@rows || $used + $needs > $room)
		{
			push @rows, [];
			$used = 0;
		}
		push @{ $rows[-1] }, $name;
		$used += $needs;
	}
	return @rows;
}

my (%box, @boxes);
my $y = $margin;
for my $floor (@floors)
{
	my $count = @$floor;
	my $wide = ($width - 2 * $margin - ($count - 1) * $between) / $count;
	my $tallest = 0;
	my $x = $margin;
	for my $spec (@$floor)
	{
		my ($folder, $purpose, $inner, $inner_purpose) = @$spec;
		my %new = (folder => $folder, purpose => $purpose, x => $x, y => $y, wide => $wide,
			rows => [ rows_of($folder, $wide - 32) ]);
		$new{high} = ($wide > $narrow ? 46 : 64) + $line * @{ $new{rows} } + 4;
		if ($inner)
		{
			my %nested = (folder => $inner, purpose => $inner_purpose, x => $x + 14,
				y => $y + $new{high}, wide => $wide - 28, rows => [ rows_of($inner, $wide - 60) ], inner => 1);
			$nested{high} = 64 + $line * @{ $nested{rows} };
			$new{high} += $nested{high} + 14;
			$new{nested} = \%nested;
		}
		push @boxes, \%new;
		push @boxes, $new{nested} if $inner;
		$tallest = $new{high} if $new{high} > $tallest;
		$x += $wide + $between;
	}
	$_->{high} = $tallest for grep { $_->{y} == $y && !$_->{inner} } @boxes;
	$y += $tallest + $between;
}
$box{ $_->{folder} } = $_ for @boxes;
my $height = $y - $between + $margin + 20;

print <<"SVG";
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" width="$width" height="$height" role="img" aria-labelledby="title">
<title id="title">The folders of src, from the entry points down to the rules</title>
<!-- Written by script/generate-pictures from the files and their includes. -->
<style>
.page { fill: #f7f8fa; }
.box { fill: #ffffff; stroke: #cfd5dd; }
.inner { fill: #f3f6f9; stroke: #cfd5dd; stroke-dasharray: 5 4; }
.mark { fill: #4a6785; }
.name { font: 600 15px system-ui, sans-serif; fill: #24384d; }
.text { font: 12.5px system-ui, sans-serif; fill: #47525f; }
.chip { fill: #e6edf4; }
.file { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: #24384d; }
.arrow { stroke: #6d8199; stroke-width: 1.8; fill: none; }
.tip { fill: #6d8199; }
.back { stroke: #c0392b; }
\@media (prefers-color-scheme: dark) {
.page { fill: #12161b; }
.box { fill: #1b2129; stroke: #3a434f; }
.inner { fill: #161b22; stroke: #3a434f; }
.mark { fill: #6f93b8; }
.name { fill: #e3e8ee; }
.text { fill: #b4bec9; }
.chip { fill: #2a3542; }
.file { fill: #cfdae5; }
.arrow { stroke: #8296ab; }
.tip { fill: #8296ab; }
.back { stroke: #e0685c; }
}
</style>
<rect class="page" width="$width" height="$height" rx="12"/>
SVG

sub arrow
{
	my ($x1, $y1, $x2, $y2, $back) = @_;
	my $class = $back ? 'arrow back' : 'arrow';
	my $stop = $y2 > $y1 ? $y2 - 6 : $y2 + 6;
	print qq{<path class="$class" d="M$x1 ${y1}L$x2 $stop"/>\n};
	my $base = $y2 > $y1 ? $y2 - 9 : $y2 + 9;
	print qq{<path class="tip" d="M$x2 ${y2}L} . ($x2 - 5) . " ${base}H" . ($x2 + 5) . qq{Z"/>\n};
}

for my $at (@boxes)
{
	my $class = $at->{inner} ? 'inner' : 'box';
	print qq{<rect class="$class" x="$at->{x}" y="$at->{y}" width="$at->{wide}" height="$at->{high}" rx="9"/>\n};
	print qq{<rect class="mark" x="} . ($at->{x} + 14) . qq{" y="} . ($at->{y} + 14)
	  . qq{" width="4" height="16" rx="2"/>\n} unless $at->{inner};
	my $left = $at->{x} + ($at->{inner} ? 14 : 26);
	my $name = $at->{folder} eq '' ? 'entry' : $at->{folder};
	# the purpose follows the name on a floor of its own, and is below it in a narrow box
	my $beside = $at->{wide} > $narrow;
	print qq{<text class="name" x="$left" y="} . ($at->{y} + 27) . qq{">$name</text>\n};
	my ($text_x, $text_y) = $beside ? ($left + 100, $at->{y} + 27) : ($left, $at->{y} + 46);
	print qq{<text class="text" x="$text_x" y="$text_y">$at->{purpose}</text>\n};
	my $top = $at->{y} + ($beside ? 42 : 58);
	for my $row (@{ $at->{rows} })
	{
		my $x = $left;
		for my $file (@$row)
		{
			my $long = length($file) * $character + 14;
			print qq{<rect class="chip" x="$x" y="$top" width="$long" height="17" rx="5"/>};
			print qq{<text class="file" x="} . ($x + 7) . qq{" y="} . ($top + 12.5) . qq{">$file</text>\n};
			$x += $long + 8;
		}
		$top += $line;
	}
}

my %gate;
for my $from (sort { $place{$a} <=> $place{$b} || $a cmp $b } keys %includes)
{
	for my $to (sort { $place{$a} <=> $place{$b} || $a cmp $b } keys %{ $includes{$from} })
	{
		next if $from =~ m{^\Q$to\E/} || $to =~ m{^\Q$from\E/};
		my $back = $place{$to} < $place{$from};
		next if !$back && reaches_by_others($from, $to);
		# a nested box leaves the house by the box around it
		my ($upper, $lower) = map { my $f = $_; $f =~ s{/.*}{}; $box{$f} } $back ? ($to, $from) : ($from, $to);
		my $smaller = $upper->{wide} < $lower->{wide} ? $upper : $lower;
		my $x = $smaller->{x} + $smaller->{wide} / 2;
		$x += 40 if $back;
		next if $gate{"$x $upper->{y} $lower->{y}"}++;
		my ($y1, $y2) = ($upper->{y} + $upper->{high}, $lower->{y});
		arrow($x, $back ? ($y2, $x, $y1) : ($y1, $x, $y2), $back);
	}
}
print qq{<text class="text" x="$margin" y="} . ($height - 16)
  . qq{">A folder may also include those further down. A header beside its source is not shown.</text>\n};
print "</svg>\n";

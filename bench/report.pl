#!/usr/bin/env perl
# report.pl RAW: reads the figures that script/bench has collected, writes
# results.md and results.svg into the current folder, and prints the tables.
use strict;
use warnings;

my (%about, %cpu, %wal, %instructions, %growth, %bulk, %single, %tps, %p50, %p99);
while (<>)
{
	chomp;
	my ($kind, @f) = split /\t/;
	if ($kind eq 'about') { $about{ $f[0] } = $f[1] }
	elsif ($kind eq 'cpu')
	{
		$cpu{ $f[1] }{ $f[0] }[ $f[2] ] = $f[3] / 1000;
		$wal{ $f[1] }{ $f[0] }[ $f[2] ] = $f[4];
	}
	elsif ($kind eq 'instructions') { $instructions{ $f[2] }{ $f[1] }[1] = $f[3] / 1000 }
	elsif ($kind eq 'growth')
	{
		my ($size) = $f[0] =~ /(\d+)/;
		$growth{ $f[2] }{$size}[1] = $f[3] / 1000;
	}
	elsif ($kind eq 'bulk') { $bulk{ $f[0] }[ $f[1] ] = $f[2] / 1000 }
	elsif ($kind eq 'single') { $single{ $f[1] }[ $f[2] ] = $f[3] / 1000 }
	elsif ($kind eq 'throughput')
	{
		my ($commit, $clients, $mix, $variant, $round) = @f;
		my $where = "$commit $clients $mix";
		$tps{$where}{$variant}[$round] = $f[5];
		$p50{$where}{$variant}[$round] = $f[6] / 1000;
		$p99{$where}{$variant}[$round] = $f[7] / 1000;
	}
}

sub median
{
	my @v = sort { $a <=> $b } grep { defined } @_;
	return unless @v;
	return ($v[ $#v / 2 ] + $v[ @v / 2 ]) / 2;
}

# The median of the ratios of two lists of rounds, round by round.
sub ratio
{
	my ($over, $under) = @_;
	return unless $over && $under;
	return median(map { $under->[$_] ? ($over->[$_] // 0) / $under->[$_] : undef } 1 .. $#$under);
}

# The rounds of a variant less what it takes to make the text of the body within the
# statement, which no client's server has to do: a SELECT of it less an empty one.
sub net
{
	my ($of, $variant) = @_;
	my ($all, $body, $call) = map { $of->{$_} } $variant, 'body', 'call';
	return unless $all && $body && $call;
	return [ map { defined $all->[$_] && defined $body->[$_] ? $all->[$_] - $body->[$_] + $call->[$_] : undef } 0 .. $#$all ];
}

sub net_ratio
{
	my ($of, $over, $under) = @_;
	return ratio(net($of, $over), net($of, $under));
}

sub number
{
	my ($v) = @_;
	return '–' unless defined $v;
	my $text = sprintf $v < 10 ? '%.2f' : $v < 100 ? '%.1f' : '%.0f', $v;
	1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
	return $text;
}

my @mixes = qw(new redelivery minimal rejected);
my %name = (
	raw => 'loopit_leads, raw body', ours => 'loopit_leads, jsonb', sql => 'loopit_leads, jsonb, storage = sql',
	peer => 'PL/pgSQL', app => 'application side', floor => 'floor: INSERT of a log row', insert => 'INSERT of the payload alone',
	payload => '(making and parsing the payload)', body => '(making its text)', call => '(an empty statement)',
	tpcb => 'pgbench, TPC-B-like');
my $markdown = '';
sub out { $markdown .= join '', @_ }

# A table in Markdown, its first column aligned to the left.
sub table
{
	my ($head, @rows) = @_;
	out('| ' . join(' | ', @$head) . " |\n| --- |" . ' ---: |' x $#$head . "\n");
	out('| ' . join(' | ', @$_) . " |\n") for @rows;
	out("\n");
}

my ($smallest, $largest) = (sort { $a <=> $b } keys %{ $growth{new} // {} })[ 0, -1 ];
my $sizes = defined $smallest ? sprintf('%s ÷ at %s', map { number($_) } $largest, $smallest) : '1 M ÷ at 10 k';

# Each target: what is measured, whether the goal is a minimum or a maximum, and,
# for each of the mixes, the goal and the measured value.
my @targets = (
	['raw body, thousand instructions', '≤', [ 450, 325, 175, 250 ],
		sub { my $net = net($instructions{ $_[0] }, 'raw'); $net && $net->[1] } ],
	['instructions ÷ INSERT of the payload alone', '≤', [ 0.8, 0.6, 0.8 ],
		sub { net_ratio($instructions{ $_[0] }, 'raw', 'insert') } ],
	['CPU ÷ floor', '≤', [ 1.1, 0.95, 1.0 ],
		sub { net_ratio($cpu{ $_[0] }, 'raw', 'floor') } ],
	['throughput ÷ floor, 8 clients, durable', '≥', [ 0.95, 1.05, 1.0, 1.1 ],
		sub { my $t = $tps{"durable 8 $_[0]"}; ratio($t->{raw}, $t->{floor}) } ],
	['CPU, PL/pgSQL ÷ raw body', '≥', [ 3.5, 4, 3.5, 4 ],
		sub { net_ratio($cpu{ $_[0] }, 'peer', 'raw') } ],
	["instructions at $sizes persons and log rows", '≤', [ 1.06, 1.03, 1.02 ],
		sub { defined $smallest ? ratio($growth{ $_[0] }{$largest}, $growth{ $_[0] }{$smallest}) : undef } ],
	['bulk into an empty installation, CPU of a lead ÷ of a single call', '≤', [ 0.7, 0.5 ],
		sub { ratio($bulk{ $_[0] }, $single{ $_[0] }) } ]);

sub verdict
{
	my ($sign, $goal, $measured) = @_;
	return '' unless defined $goal;
	return "$sign $goal: not measured" unless defined $measured;
	my $met = $sign eq '≥' ? $measured >= $goal : $measured <= $goal;
	return sprintf $measured > 20 ? '%s %s: **%.0f** %s' : '%s %s: **%.2f** %s', $sign, $goal, $measured, $met ? 'met' : 'NOT MET';
}

out("# Benchmarks\n\nWritten by `script/bench`. The ratios can be compared, the absolute figures are this machine's.\n\n");
out("![Throughput, CPU and instructions](results.svg)\n\n## Targets\n\n");
table([ '', @mixes ],
	map {
		my ($what, $sign, $goals, $measure) = @$_;
		[ $what, map { verdict($sign, $goals->[$_], $measure->($mixes[$_])) } 0 .. 3 ]
	} @targets);
out("Of instructions and CPU, what it takes to make the text of the body is subtracted here, and nowhere else.\n\n");

# A table of variants and mixes, followed by the ratios of ours to the others.
sub by_variant
{
	my ($title, $of, $variants, $ratios) = @_;
	return unless grep { defined } map { @$_ } map { values %$_ } values %$of;
	out("## $title\n\n");
	table([ '', @mixes ],
		(map { my $v = $_; [ $name{$v}, map { number(median(@{ $of->{$_}{$v} // [] })) } @mixes ] } @$variants),
		(map { my ($o, $u) = @$_; [ "*$name{$o} ÷ $name{$u}*",
			map { number(ratio($of->{$_}{$o}, $of->{$_}{$u})) } @mixes ] } @$ratios));
}

my @in_server = qw(raw ours sql peer floor insert payload body call);
by_variant('Backend CPU of a call, µs', \%cpu, [ @in_server[ 0 .. 3 ], 'app', @in_server[ 4 .. 8 ] ],
	[ [qw(peer raw)], [qw(app raw)], [qw(raw floor)], [qw(sql ours)] ]);
by_variant('Instructions of a call, thousands', \%instructions, \@in_server,
	[ [qw(peer raw)], [qw(raw floor)], [qw(raw insert)], [qw(sql ours)] ]);
by_variant('WAL of a call, bytes', \%wal, [qw(raw ours peer app floor insert)], []);

if (defined $smallest)
{
	my @sizes = sort { $a <=> $b } keys %{ $growth{new} };
	out("## Growth: instructions of a call, thousands\n\n");
	table([ 'persons and log rows', @mixes ],
		map { my $size = $_; [ number($size), map { number($growth{$_}{$size}[1]) } @mixes ] } @sizes);
}

if ($about{bulk} && $bulk{new})
{
	out(sprintf "## Bulk: CPU of a lead, µs\n\n%s leads in one statement, into an installation that has none, one in a thousand of them rejected, "
		  . "against single calls in the same one afterwards.\n\n", number($about{bulk}));
	table([ '', 'new', 'redelivery' ],
		[ 'in one statement', map { number(median(@{ $bulk{$_} })) } qw(new redelivery) ],
		[ 'a call each', map { number(median(@{ $single{$_} })) } qw(new redelivery) ],
		[ '*one statement ÷ a call each*', map { number(ratio($bulk{$_}, $single{$_})) } qw(new redelivery) ]);
}

if ($tps{'durable 8 new'}{raw})
{
	out("## Throughput, calls a second (latency p50 / p99, ms)\n\n");
	for my $commit (qw(durable asynchronous))
	{
		for my $clients (1, 8, 16)
		{
			next unless $tps{"$commit $clients new"}{raw};
			out("### $commit commit, $clients client", $clients == 1 ? '' : 's', "\n\n");
			my $at = "$commit $clients";
			my $cell = sub {
				my ($mix, $variant) = @_;
				my $where = "$at $mix";
				sprintf '%s (%s / %s)', map { number(median(@{ $_->{$where}{$variant} // [] })) } \%tps, \%p50, \%p99;
			};
			table([ '', @mixes ],
				(map { my $v = $_; [ $name{$v}, map { $cell->($_, $v) } @mixes ] } qw(raw ours peer app floor)),
				(map { my $v = $_; [ "*$name{raw} ÷ $name{$v}*",
					map { number(ratio($tps{"$at $_"}{raw}, $tps{"$at $_"}{$v})) } @mixes ] } qw(peer app floor)));
			out("$name{tpcb}: ", $cell->('tpcb', 'tpcb'), "\n\n");
		}
	}
}

out("## How it was measured\n\n");
out("- $_: $about{$_}\n") for grep { $about{$_} } qw(machine system disk server extension settings memory numbers);
out("- load average when it began: $about{load}\n");
out(<<'TXT');
- One run, one cluster. In each round the variants take turns slice by slice; a figure is the median of the rounds, a ratio the
  median of the rounds' ratios. A slice of throughput is the same number of calls for every variant, so that their tables grow
  alike. A checkpoint before each round; none, and no autovacuum, during it.
- *new*: the specification's example with values of its own: person, licence and booking are created. *redelivery*: one of the
  loaded leads once more, nothing changes. *minimal*: id, dealership, e-mail and names of a known person, nothing changes.
  *rejected*: a new lead with an invalid e-mail address.
- Everyone gets the payload in the same way: the statement's parameter is the lead's number, from which the example's pieces
  are joined to a text, and for all but the raw body the cast to jsonb parses it, as it does a client's text. That is in all
  figures but the targets, and so brings ratios nearer to 1; the last three lines show how much it is.
- PL/pgSQL is `bench/peer.sql`: the whole contract, in one function, on tables of the same DDL. The application side is
  `bench/application.sql`: prepared statements in one transaction, over a local socket, with no network between; it does less
  than the contract (it is handed values that are read and valid already). The floor is one prepared INSERT of payload, an outcome
  that is a constant, and the look-up columns into a table with the log's columns, constraints, indexes and compression, in the
  server's own form of a row (payloads out of line); *the payload alone* has only the payload and the keys of the indexes.
- All clients are pgbench, `-M prepared`, on the same machine. CPU is what the kernel says of the backend
  (`/proc/self/schedstat`) between two calls of one connection, and so is WAL, which includes full-page images after a
  checkpoint; asynchronous commit. The server does not return freed memory to the kernel after each call
  (MALLOC_TRIM_THRESHOLD_).
- Instructions are callgrind's, of a backend that pgbench calls by the protocol, each call a transaction: user space only, the
  output of the outcome included, without full-page images.
- The calls before those that are measured fill the caches of a connection, among them the extension's memory of where it found
  most of the 2,000 vehicles. Variants that have no such memory have 51 before instructions are counted.
TXT

open my $md, '>', 'results.md' or die "results.md: $!";
print $md $markdown;
close $md;
print $markdown =~ s/^!\[.*\n\n//mr;

# The chart: one panel each for throughput, CPU and instructions, with bars
# grouped by mix.
my %colour = (raw => '#2563a8', peer => '#d98032', app => '#8a5fb0', floor => '#9aa0a6');
my @panels = (
	[ 'calls a second, 8 clients, durable', [qw(raw peer app floor)],
		sub { median(@{ $tps{"durable 8 $_[0]"}{ $_[1] } // [] }) } ],
	[ 'backend CPU of a call, µs', [qw(raw peer app floor)], sub { median(@{ $cpu{ $_[0] }{ $_[1] } // [] }) } ],
	[ 'instructions of a call, thousands', [qw(raw peer floor)], sub { $instructions{ $_[0] }{ $_[1] }[1] } ]);
my ($y, $svg) = (54, '');
my $x = 20;
for my $variant (qw(raw peer app floor))
{
	$svg .= qq(<rect x="$x" y="16" width="12" height="12" fill="$colour{$variant}"/>)
	  . sprintf qq(<text x="%d" y="26">%s</text>\n), $x + 17, $name{$variant};
	$x += 40 + 7 * length $name{$variant};
}
for my $panel (@panels)
{
	my ($title, $variants, $value) = @$panel;
	my ($most) = sort { $b <=> $a } map { my $m = $_; map { $value->($m, $_) // 0 } @$variants } @mixes;
	next unless $most;
	$svg .= qq(<text x="20" y="$y" font-weight="bold">$title</text>\n);
	$y += 12;
	for my $mix (@mixes)
	{
		$svg .= sprintf qq(<text x="20" y="%d">%s</text>\n), $y + 12, $mix;
		for my $variant (@$variants)
		{
			my $v = $value->($mix, $variant);
			next unless defined $v;
			my $width = 520 * $v / $most;
			$svg .= sprintf qq(<rect x="110" y="%d" width="%.1f" height="13" fill="%s"/>)
			  . qq(<text x="%.1f" y="%d" font-size="11">%s</text>\n),
			  $y, $width, $colour{$variant}, 114 + $width, $y + 11, number($v);
			$y += 15;
		}
		$y += 7;
	}
	$y += 26;
}
open my $chart, '>', 'results.svg' or die "results.svg: $!";
print $chart qq(<svg xmlns="http://www.w3.org/2000/svg" width="720" height="$y" font-family="sans-serif" font-size="12">\n)
  . qq(<rect width="100%" height="100%" fill="white"/>\n$svg</svg>\n);
close $chart;

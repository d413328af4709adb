#!/usr/bin/env perl
# Prints the entity-relationship picture of schema loopit as SVG, from the
# catalogs of a database that psql connects to without arguments.  Run by
# script/generate-pictures, and by the test that compares docs/schema.svg.
#
# Tables stand in columns from left to right, each to the right of those that
# it refers to; tables without a foreign key, and the views, are the last
# column.  Nothing depends on fonts, time or ids, so the output is the same on
# every installation of the same version.
use strict;
use warnings;
use utf8;
binmode(STDOUT, ':utf8');

# What is to be seen first in a column; other tables follow by name.
my @order = qw(workspace dealership location asset package person
  asset_location booking identity_document ingest_log schema_version);
# A column that refers to a table without a foreign key.
my @loose = ([qw(booking ingest_log_id ingest_log id)]);
# The colour of a table's head: who writes it.
my %kind = (map({ $_ => 'made' } qw(person identity_document booking)),
	map({ $_ => 'log' } qw(ingest_log schema_version)),
	map({ $_ => 'access' } qw(client access_token)));

my ($card, $gutter, $margin) = (262, 84, 30);
my ($head, $row, $gap) = (30, 19, 26);

sub query
{
	my ($sql) = @_;
	open(my $in, '-|:utf8', 'psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1',
		'-F', "\t", '-c', $sql)
	  or die "psql: $!\n";
	my @rows = map { chomp; [ split /\t/, $_, -1 ] } <$in>;
	close($in) or die "psql failed\n";
	return @rows;
}

sub escape
{
	my ($text) = @_;
	$text =~ s/&/&amp;/g;
	$text =~ s/</&lt;/g;
	$text =~ s/>/&gt;/g;
	return $text;
}

# The short name of a type.
sub short_type
{
	my ($type) = @_;
	$type =~ s/timestamp with time zone/timestamptz/;
	return $type;
}

# ---------------------------------------------------------------------------
# The catalogs
# ---------------------------------------------------------------------------

my (%table, @views, @keys);
for (query(q{
	SELECT c.relname, coalesce(replace(obj_description(c.oid, 'pg_class'), E'\n', ' '), ''), c.relkind
	FROM pg_class c WHERE c.relnamespace = 'loopit'::regnamespace
	AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition ORDER BY c.relname COLLATE "C"}))
{
	my ($name, $comment, $relkind) = @$_;
	push @views, { name => $name, comment => $comment, view => 1 } if $relkind eq 'v';
	$table{$name} = { name => $name, comment => $comment, columns => [] } if $relkind ne 'v';
}
for (query(q{
	SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
		coalesce(a.attnum = ANY (p.conkey), false),
		EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
			AND a.attnum = ANY (f.conkey)),
		coalesce(replace(col_description(c.oid, a.attnum), E'\n', ' '), '')
	FROM pg_class c
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
	WHERE c.relnamespace = 'loopit'::regnamespace AND c.relkind IN ('r', 'p')
	AND NOT c.relispartition
	ORDER BY c.relname COLLATE "C", coalesce(array_position(p.conkey, a.attnum), 100), a.attnum}))
{
	my ($table, $name, $type, $not_null, $primary, $foreign, $comment) = @$_;
	push @{ $table{$table}{columns} },
	  { name => $name, type => short_type($type), null => $not_null eq 'f',
		primary => $primary eq 't', foreign => $foreign eq 't', comment => $comment };
}
# The last column of a key tells which row is meant: the others are workspace_id.
for (query(q{
	SELECT c.relname, a.attname, p.relname, b.attname
	FROM pg_constraint f
	JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.conkey[array_upper(f.conkey, 1)]
	JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = f.confkey[array_upper(f.confkey, 1)]
	WHERE f.contype = 'f' AND f.conparentid = 0 AND c.relnamespace = 'loopit'::regnamespace
	AND NOT c.relispartition
	ORDER BY c.relname COLLATE "C", a.attnum, p.relname COLLATE "C"}))
{
	push @keys, { child => $_->[0], from => $_->[1], parent => $_->[2], to => $_->[3] };
}
die "schema loopit is empty: run loopit_setup() first\n" unless %table;

# ---------------------------------------------------------------------------
# Where everything stands
# ---------------------------------------------------------------------------

my %rank = map { $order[$_] => $_ } 0 .. $#order;

# How many steps a table is away from one that refers to nothing.
sub depth
{
	my ($name) = @_;
	my $depth = 0;
	for my $key (grep { $_->{child} eq $name && $_->{parent} ne $name } @keys)
	{
		my $below = depth($key->{parent}) + 1;
		$depth = $below if $below > $depth;
	}
	return $depth;
}

my (@columns, @alone);
for my $name (sort { ($rank{$a} // 99) <=> ($rank{$b} // 99) || $a cmp $b } keys %table)
{
	if (grep { $_->{child} eq $name || $_->{parent} eq $name } @keys)
	{
		push @{ $columns[ depth($name) ] }, $table{$name};
	}
	else { push @alone, $table{$name}; }
}
push @columns, [ @alone, @views ];

# The lines of a view's comment.
sub wrap
{
	my ($text, $width) = @_;
	my @lines = ('');
	for my $word (split / /, $text)
	{
		push @lines, '' if length("$lines[-1] $word") > $width;
		$lines[-1] .= ($lines[-1] eq '' ? '' : ' ') . $word;
	}
	return @lines;
}

my %y_of;
for my $number (0 .. $#columns)
{
	my $y = $margin;
	for my $table (@{ $columns[$number] })
	{
		$table->{column} = $number;
		$table->{x} = $margin + $number * ($card + $gutter);
		# a view shows what it is for: its columns are those of the log
		my ($sentence) = $table->{comment} =~ /^(.*?[.:])(?: |$)/;
		$table->{lines} = [ wrap(($sentence // $table->{comment}) =~ s/:$/./r, 39) ] if $table->{view};
		$table->{height} = $head + 10 + ($table->{view}
			? 15 * @{ $table->{lines} } : $row * @{ $table->{columns} });
		# level with what it refers to, where there is room
		my @wanted = map { $y_of{"$_->{parent}.$_->{to}"} // () }
		  grep { $_->{child} eq $table->{name} } @keys;
		if ($number > 1 && @wanted)
		{
			my ($low, $high) = (sort { $a <=> $b } @wanted)[ 0, -1 ];
			my $wish = ($low + $high) / 2 - $table->{height} / 2;
			$y = $wish if $wish > $y;
		}
		$table->{y} = int($y);
		my $place = $table->{y} + $head + 5 + $row / 2;
		for my $column (@{ $table->{columns} // [] })
		{
			$y_of{"$table->{name}.$column->{name}"} = $place;
			$place += $row;
		}
		$y = $table->{y} + $table->{height} + $gap;
	}
}

# Keys to one parent share a vertical line in the gutter behind it.
my %bus;
for my $key (@keys)
{
	my ($child, $parent) = @table{ $key->{child}, $key->{parent} };
	my $id = "$key->{parent}.$key->{to}.$child->{column}";
	$bus{$id} //= { gutter => $child->{column} - 1, from => $y_of{"$key->{parent}.$key->{to}"},
		parent => $parent, ends => [], id => $id };
	push @{ $bus{$id}{ends} }, { y => $y_of{"$key->{child}.$key->{from}"}, x => $child->{x},
		null => (grep { $_->{name} eq $key->{from} && $_->{null} } @{ $child->{columns} }) ? 1 : 0 };
}

# How many lines cross if the vertical lines stand in this order.
sub crossings
{
	my (@buses) = @_;
	my $count = 0;
	for my $i (0 .. $#buses)
	{
		for my $j (0 .. $#buses)
		{
			next if $i == $j;
			my ($low, $high) = (sort { $a <=> $b } $buses[$i]{from},
				map { $_->{y} } @{ $buses[$i]{ends} })[ 0, -1 ];
			# another's line from its parent, or to its children, passes this one
			my @passing = $j > $i ? ($buses[$j]{from}) : map { $_->{y} } @{ $buses[$j]{ends} };
			$count += grep { $_ > $low && $_ < $high } @passing;
		}
	}
	return $count;
}

sub permutations
{
	my (@items) = @_;
	return [] unless @items;
	return map
	{
		my $i = $_;
		map { [ $items[$i], @$_ ] } permutations(@items[ grep { $_ != $i } 0 .. $#items ])
	} 0 .. $#items;
}

for my $gutter_number (0 .. $#columns - 1)
{
	my @buses = map { $bus{$_} } grep { $bus{$_}{gutter} == $gutter_number } sort keys %bus;
	my ($best, $least);
	for my $try (permutations(@buses))
	{
		my $count = crossings(@$try);
		($best, $least) = ($try, $count) if !defined $least || $count < $least;
	}
	my $left = $margin + $gutter_number * ($card + $gutter) + $card;
	my $step = ($gutter - 40) / (@buses + 1);
	$best->[$_]{x} = $left + 16 + ($_ + 1) * $step for 0 .. $#buses;
}

# ---------------------------------------------------------------------------
# The picture
# ---------------------------------------------------------------------------

my $width = 2 * $margin + @columns * $card + $#columns * $gutter;
my $bottom = 0;
for my $table (map { @$_ } @columns)
{
	$bottom = $table->{y} + $table->{height} if $table->{y} + $table->{height} > $bottom;
}
my $height = $bottom + 58;

my @hues = ('#3b82c4', '#c2702b', '#2f9e6e', '#a855a0', '#b8902c', '#4f8a8b', '#8a6fd1');
my %hue;
$hue{$_} = $hues[ keys(%hue) % @hues ]
  for map { $bus{$_}{parent}{name} }
  sort { ($rank{ $bus{$a}{parent}{name} } // 99) <=> ($rank{ $bus{$b}{parent}{name} } // 99) || $a cmp $b }
  keys %bus;

print <<"SVG";
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" width="$width" height="$height" role="img" aria-labelledby="title">
<title id="title">The tables and views of schema loopit</title>
<!-- Written by script/generate-pictures from the catalogs of an installation. -->
<style>
.page { fill: #f7f8fa; }
.card { fill: #ffffff; stroke: #cfd5dd; }
.view { stroke-dasharray: 5 4; }
.head { fill: #4a6785; }
.made { fill: #2f7d5b; }
.log { fill: #8a5a2b; }
.access { fill: #6b5391; }
.views { fill: #77818d; }
.line { fill: none; stroke-width: 1.6; }
.loose { stroke: #8a5a2b; stroke-dasharray: 2 4; }
.name { font: 600 14px system-ui, sans-serif; fill: #ffffff; }
.column { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: #1f2933; }
.key { font-weight: 700; }
.null { fill: #6b7682; }
.type { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: #6b7682; text-anchor: end; }
.text { font: 11.5px system-ui, sans-serif; fill: #47525f; }
.dot { stroke: none; }
\@media (prefers-color-scheme: dark) {
.page { fill: #12161b; }
.card { fill: #1b2129; stroke: #3a434f; }
.head { fill: #3d5a78; }
.made { fill: #276a4d; }
.log { fill: #7a4f26; }
.access { fill: #5d4880; }
.views { fill: #545e6a; }
.column { fill: #e3e8ee; }
.null, .type { fill: #94a0ad; }
.text { fill: #b4bec9; }
.loose { stroke: #c58a4e; }
}
</style>
<rect class="page" width="$width" height="$height" rx="12"/>
SVG

# Lines first, so that cards cover their ends.
for my $id (sort keys %bus)
{
	my $bus = $bus{$id};
	my $hue = $hue{ $bus->{parent}{name} };
	my $left = $bus->{parent}{x} + $card;
	my $x = sprintf('%.1f', $bus->{x});
	print qq{<g stroke="$hue" fill="$hue">\n};
	print qq{<circle class="dot" cx="$left" cy="$bus->{from}" r="3.5"/>\n};
	for my $end (@{ $bus->{ends} })
	{
		my ($y1, $y2) = ($bus->{from}, $end->{y});
		my $r = abs($y2 - $y1) < 16 ? abs($y2 - $y1) / 2 : 8;
		my ($turn1, $turn2) = $y2 > $y1 ? ($y1 + $r, $y2 - $r) : ($y1 - $r, $y2 + $r);
		my ($before, $after, $foot) = ($x - $r, $x + $r, $end->{x} - 11);
		print qq{<path class="line" d="M$left ${y1}H${before}Q$x $y1 $x ${turn1}V${turn2}Q$x $y2 $after ${y2}H$end->{x}"/>\n};
		# crow's foot: many rows of the child
		my ($up, $down) = ($y2 - 5.5, $y2 + 5.5);
		print qq{<path class="line" d="M$foot ${y2}L$end->{x} ${up}M$foot ${y2}L$end->{x} $down"/>\n};
	}
	print "</g>\n";
}
for my $loose (@loose)
{
	my ($child, $from, $parent, $to) = @$loose;
	next unless exists $y_of{"$child.$from"} && exists $y_of{"$parent.$to"};
	my ($x1, $y1) = ($table{$child}{x} + $card, $y_of{"$child.$from"});
	my ($x2, $y2) = ($table{$parent}{x}, $y_of{"$parent.$to"});
	my $middle = ($x1 + $x2) / 2;
	print qq{<path class="line loose" d="M$x1 ${y1}C$middle $y1 $middle $y2 $x2 $y2"/>\n};
}

for my $table (map { @$_ } @columns)
{
	my ($x, $y, $high) = @$table{qw(x y height)};
	my $class = $table->{view} ? 'views' : $kind{ $table->{name} } // 'head';
	my $outline = $table->{view} ? 'card view' : 'card';
	my $corner = $y + $head;
	my $right = $x + $card;
	my ($inner, $outer) = ($x + 9, $right - 9);
	print "<g>\n<title>" . escape($table->{comment}) . "</title>\n";
	print qq{<rect class="$outline" x="$x" y="$y" width="$card" height="$high" rx="9"/>\n};
	print qq{<path class="$class" d="M$x ${corner}V} . ($y + 9) . qq{Q$x $y $inner ${y}H${outer}Q$right $y $right }
	  . ($y + 9) . qq{V${corner}Z"/>\n};
	print qq{<text class="name" x="} . ($x + 14) . qq{" y="} . ($y + 20) . qq{">$table->{name}</text>\n};
	my $baseline = $corner + 5 + 14;
	for my $column (@{ $table->{columns} // [] })
	{
		my $style = 'column' . ($column->{primary} ? ' key' : $column->{null} ? ' null' : '');
		print "<g>";
		print "<title>" . escape($column->{comment}) . "</title>" if $column->{comment} ne '';
		print qq{<text class="$style" x="} . ($x + 14) . qq{" y="$baseline">$column->{name}</text>};
		print qq{<text class="type" x="} . ($right - 12) . qq{" y="$baseline">$column->{type}</text></g>\n};
		$baseline += $row;
	}
	for my $line (@{ $table->{lines} // [] })
	{
		print qq{<text class="text" x="} . ($x + 14) . qq{" y="$baseline">} . escape($line) . "</text>\n";
		$baseline += 15;
	}
	print "</g>\n";
}

# What the signs mean.
my $y = $height - 24;
my $x = $margin;
my @legend = (
	[ 'swatch', 'head', 'loaded by you', 104 ],
	[ 'swatch', 'made', 'made by ingestion', 126 ],
	[ 'swatch', 'log', 'log', 40 ],
	(grep { ($kind{$_} // '') eq 'access' } keys %table)
	? [ 'swatch', 'access', 'OAuth clients', 102 ]
	: (),
	[ 'text', 'column key', 'bold', 42, 'primary key', 88 ],
	[ 'text', 'column null', 'grey', 42, 'can be null', 88 ],
	[ 'foot', '', 'foreign key, many rows to one', 216 ],
	[ 'loose', '', 'refers to it without a foreign key', 236 ]);
for (@legend)
{
	my ($sign, $class, $text, $space, $more, $more_space) = @$_;
	my $middle = $y - 4;
	if ($sign eq 'swatch')
	{
		print qq{<rect class="$class" x="$x" y="} . ($y - 11) . qq{" width="13" height="13" rx="3"/>\n};
		print qq{<text class="text" x="} . ($x + 19) . qq{" y="$y">$text</text>\n};
	}
	elsif ($sign eq 'text')
	{
		print qq{<text class="$class" x="$x" y="$y">$text</text>\n};
		print qq{<text class="text" x="} . ($x + $space - 4) . qq{" y="$y">$more</text>\n};
		$space += $more_space;
	}
	else
	{
		my $to = $x + 30;
		my $style = $sign eq 'loose' ? 'line loose' : 'line';
		my $stroke = $sign eq 'loose' ? '' : qq{ stroke="$hues[0]"};
		my $foot = $sign eq 'loose' ? '' : 'M' . ($to - 11) . " ${middle}L$to " . ($middle - 5.5)
		  . 'M' . ($to - 11) . " ${middle}L$to " . ($middle + 5.5);
		print qq{<path class="$style"$stroke d="M$x ${middle}H$to$foot"/>\n};
		print qq{<text class="text" x="} . ($to + 8) . qq{" y="$y">$text</text>\n};
	}
	$x += $space + 18;
}
print "</svg>\n";

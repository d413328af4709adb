# Checks of the C sources that no tool has; script/analyse runs them.  Prints a
# line for each violation, and exits with status 1 if there is one.
#
#	perl script/check_sources.pl layers|style|declarations|references
#
# layers         an #include follows the arrows between the folders of src/
# style          the sizes of files and functions, and where SPI may be used
# declarations   a function is declared in one header, and used outside the
#                file that defines it
# references     no file refers to what its readers do not have
use strict;
use warnings;
use File::Basename qw(dirname);

my ($check) = @ARGV;
my $violations = 0;
chdir(dirname(__FILE__) . '/..') or die "cannot enter the source tree: $!\n";

sub violation
{
	print "@_\n";
	$violations++;
}

sub contents
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	return scalar <$in>;
}

# The text of a C file, comments and strings blanked, lines kept.
sub code
{
	my ($file) = @_;
	my $text = contents($file);
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}
		{ $1 =~ s/[^\n]/ /gr }gsex;
	return $text;
}

my @files =
  sort('loopit_leads.c', glob('src/*/*.[ch] src/*/*/*.[ch] fuzz/*.[ch] script/*.[ch] door/*.[ch] door/*/*.[ch]'));
my @sources = grep { /^(src|loopit_leads)/ } @files;
@sources > 30 or die "there are only " . @sources . " files in src/\n";

# Which folders the files of a folder may include, besides their own.
my %may_include = (
	'report' => [qw(admin payload store server rules)],
	'admin' => [qw(ingest payload store server rules)],
	'ingest' => [qw(payload store server rules)],
	'payload' => [qw(server rules)],
	'store' => [qw(store/direct server rules)],
	'store/direct' => [qw(server rules)],
	'server' => [qw(rules)],
	'rules' => []);
my $arrows = 'includes go report -> admin -> ingest -> {store, payload} -> server -> rules, '
  . 'never back, and store/direct belongs to store alone';

sub check_layers
{
	for my $file (@sources)
	{
		my ($folder) = $file =~ m{^src/(.+)/};
		die "$file: unknown folder\n" if $folder && !$may_include{$folder};
		my $line = 0;
		for (split /\n/, contents($file))
		{
			$line++;
			next unless /^\s*#\s*include\s*(["<])([^">]+)/;
			my ($quote, $included) = ($1, $2);
			my ($target) = $included =~ m{^(.+)/};
			if (-f "src/$included")
			{
				next unless $folder;	# the entry points may use everything
				next if $target eq $folder || grep { $_ eq $target } @{ $may_include{$folder} };
				violation("$file:$line: $folder must not include $target (\"$included\"): $arrows");
			}
			elsif (-f dirname($file) . "/$included")
			{
				violation("$file:$line: write \"$included\" as \"folder/file.h\", relative to src/");
			}
			elsif ($folder && $folder eq 'rules' && $quote eq '"')
			{
				violation("$file:$line: rules must not include a header of the server (\"$included\"): it is plain C");
			}
		}
	}
}

sub check_style
{
	for my $file (@files)
	{
		my @lines = split /\n/, code($file);
		next if $file =~ /_table\.h$/;	# generated, or constant
		violation("$file has " . @lines . ' lines, and 400 is the limit') if @lines > 400;

		# a function's body is between braces in the first column
		my $start;
		for my $number (0 .. $#lines)
		{
			$start = $number if $lines[$number] =~ /^\{/;
			next unless defined $start && $lines[$number] =~ /^\}/;
			my $length = $number - $start - 1;
			violation("$file:" . ($start + 1) . ": the function has $length lines, and 100 is the limit") if $length > 100;
			$start = undef;
		}
		next if $file !~ m{^(src|loopit_leads)} || $file =~ m{^src/(store/|admin/setup)};
		for my $number (0 .. $#lines)
		{
			violation("$file:" . ($number + 1) . ': SPI may be used in src/store/ and src/admin/setup*.c only')
			  if $lines[$number] =~ /\bSPI_\w+/;
		}
	}
}

sub check_declarations
{
	my (%declared, %code);
	$code{$_} = code($_) for @files;
	for my $file (grep { m{^(src|door)/} && !m{^door/(fuzz|t)/} } @files)
	{
		my $text = $code{$file};
		while ($text =~ /^extern\b[^;{}()]*?\b(\w+)\s*\([^;{}]*\)[^;{}]*;/mg)
		{
			my $function = $1;
			violation("$file: $function() is declared in $declared{$function}, too") if $declared{$function};
			$declared{$function} = $file;
			violation("$file: $function() is declared in a file that is no header") if $file !~ /\.h$/;
		}
		while ($file =~ /\.h$/ && $text =~ /^(?:static inline|static pg_attribute_always_inline)\b[^;{}()]*?\b(\w+)\s*\(/mg)
		{
			$declared{$1} = $file;
		}
	}
	keys %declared > 20 or die 'there are only ' . keys(%declared) . " declarations in headers\n";
	for my $function (sort keys %declared)
	{
		my $header = $declared{$function};
		# in PostgreSQL's style a definition has its name in the first column
		my @own = ($header, grep { $code{$_} =~ /^\Q$function\E\(/m } @files);
		violation("$header: no file defines $function()") if @own < 2 && $code{$header} !~ /^\Q$function\E\(/m;
		my @users = grep {
			my $file = $_;
			!(grep { $_ eq $file } @own) && $code{$file} =~ /\b\Q$function\E\b/
		} @files;
		violation("$header: $function() is used only in the file that defines it: make it static") unless @users;
	}
}

sub check_references
{
	my $unknown = '\.\./' . 'shared|/work/' . 'shared';	# not to find itself
	my @tracked = split /\0/, `git -c safe.directory='*' ls-files -co --exclude-standard -z`;
	@tracked > 100 or die "git lists only " . @tracked . " files\n";
	for my $file (@tracked)
	{
		next unless -f $file;
		violation("$file refers to a folder outside the project") if contents($file) =~ /$unknown/;
	}
}

my %checks = (
	layers => \&check_layers,
	style => \&check_style,
	declarations => \&check_declarations,
	references => \&check_references);
die "usage: check_sources.pl " . join('|', sort keys %checks) . "\n" unless $check && $checks{$check};
$checks{$check}->();
exit($violations ? 1 : 0);

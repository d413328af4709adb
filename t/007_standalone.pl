# The rules of a payload (src/rules) compile and link with a C compiler alone,
# without the server and its headers.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top compiler);
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();
my @files = map { "$top/src/rules/$_.c" } qw(text email time country field code validate);
my $program = PostgreSQL::Test::Utils::tempdir . '/standalone';

command_ok(
	[
		compiler(), '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-Wno-sign-compare',
		"-I$top/src", '-o', $program, "$top/t/standalone/main.c", @files
	],
	'compiles and links without the server');

# Each check of the program is reported as one of this test.
my ($stdout, $stderr) = run_command([$program]);
is($stderr, '', 'writes nothing to stderr');
my @checks = $stdout =~ /^((?:not )?ok \d+ - .*)$/mg;
foreach my $check (@checks)
{
	my ($failed, $name) = $check =~ /^(not )?ok \d+ - (.*)$/;
	ok(!$failed, $name);
}
my ($planned) = $stdout =~ /^1\.\.(\d+)$/m;
is($planned, scalar @checks, 'and ran to its end');
cmp_ok(scalar @checks, '>', 20, 'a handful of checks');

# None of the files includes a header of the server.
foreach my $file (@files, map { "$top/src/rules/$_.h" } qw(text time country field code lead))
{
	unlike(slurp_file($file), qr/#include "(postgres|fmgr|utils|catalog|access)/,
		substr($file, length $top) . ' includes no header of the server');
}

done_testing();

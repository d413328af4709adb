# The units of systemd: systemd reads them without a complaint, finds the
# service well sandboxed, and what they name is what the door takes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder);
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no systemd-analyze' if system('command -v systemd-analyze >/dev/null') != 0;

# Runs systemd-analyze; returns what it prints and its exit status.
sub analyze
{
	my (@arguments) = @_;
	my $output = '';
	IPC::Run::run([ 'systemd-analyze', @arguments ], '<', \undef, '>', \$output, '2>&1');
	return ($output, $? >> 8);
}

# Writes the units to a folder, with the program in its place and as changed.
sub units
{
	my ($name, $change) = @_;
	mkdir "$folder/$name";
	for my $unit ('loopit-door.service', 'loopit-door.socket')
	{
		local $_ = slurp_file("$FindBin::Bin/../systemd/$unit");
		s{^ExecStart=\S+}{'ExecStart=' . File::Spec->rel2abs(Door::program())}me;
		$change->() if $change;
		append_to_file("$folder/$name/$unit", $_);
	}
	return map { "$folder/$name/$_" } 'loopit-door.service', 'loopit-door.socket';
}

require File::Spec;
my @units = units('units');
is_deeply([ analyze('verify', '--man=no', @units) ], [ '', 0 ], 'systemd-analyze verify has nothing to say');
my ($complaint) = analyze('verify', '--man=no', units('misspelled', sub { s/^ProtectHome/ProtectHomes/m }));
like($complaint, qr/ProtectHomes/, 'it would have');

my ($output, $status) = analyze('security', '--offline=yes', '--no-pager', '--threshold=20', $units[0]);
is($status, 0, 'systemd-analyze security: the exposure is at most 2.0');
like($output, qr/exposure level for loopit-door.service: [01]\.\d OK/, 'of 10');
note $output =~ /(Overall.*)/;
my ($open) = units('open', sub { s/^(Capability|Restrict|SystemCall|Protect).*\n//mg });
isnt((analyze('security', '--offline=yes', '--no-pager', '--threshold=20', $open))[1], 0, 'without the sandbox it would be more');

# The time to stop is longer than a request may take to arrive and to be answered.
my ($stop) = slurp_file($units[0]) =~ /^TimeoutStopSec=(\d+)$/m;
cmp_ok($stop, '>', 20 + 25, 'every request that has arrived can be answered before systemd kills');
my ($files) = slurp_file($units[0]) =~ /^LimitNOFILE=(\d+)$/m;
cmp_ok($files, '>', 10_000 + 100, '10,000 connections can be open');
done_testing();

# The environment: what is taken, what is refused, and where the door listens.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database new_client start_door stop_door curl token_of lead free_port);
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;
use Test::More;

# Runs the program with an environment that it must refuse.
sub refused
{
	my ($name, $message, %environment) = @_;
	local %ENV = (%ENV, PGHOST => '/nowhere', LOOPIT_DOOR_LISTEN => '127.0.0.1:' . free_port(), %environment);
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start([ Door::program() ], '>', \$out, '2>', \$err, IPC::Run::timeout(10));
	eval { $run->finish; 1 } or do { $run->kill_kill; fail("$name: it starts"); return };
	isnt($run->full_result(0), 0, "$name: refused");
	like($err, $message, "$name: says why");
}

my %issuer = (LOOPIT_DOOR_ISSUER => 'https://id.example.com', LOOPIT_DOOR_AUDIENCE => 'leads', LOOPIT_DOOR_SCOPE => 'leads');
refused('an unknown setting', qr/there is no setting LOOPIT_DOOR_LISTNE/, LOOPIT_DOOR_LISTNE => 'x');
refused('an unknown setting without a value', qr/there is no setting LOOPIT_DOOR_X/, LOOPIT_DOOR_X => '');
refused("the issuer without $_", qr/must be set together/, %issuer, $_ => '') for sort keys %issuer;
refused("$_ alone", qr/must be set together/, $_ => $issuer{$_}) for sort keys %issuer;
refused("the issuer $_", qr/must be a URL/, %issuer, LOOPIT_DOOR_ISSUER => $_)
  for 'http://id.example.com', 'id.example.com', 'http://127.0.0.1.example.com', 'ftp://id.example.com';
refused("$_ connections", qr/must be a number from 1 to 100/, LOOPIT_DOOR_CONNECTIONS => $_)
  for '0', '101', '-1', '8x', ' 8', '1e1', '99999999999999999999';
refused("the path $_", qr/LOOPIT_DOOR_PATH must begin/, LOOPIT_DOOR_PATH => $_)
  for 'leads', '/oauth/token', '/a b', '/a?b', '/a%20b', '/a#b', "/\xc3\xa4";
refused("to listen on $_", qr/cannot listen on/, LOOPIT_DOOR_LISTEN => $_)
  for '8080', ':8080', '127.0.0.1', '127.0.0.1:', '127.0.0.1:0', '127.0.0.1:65536', '127.0.0.1:80x', '127.0.0.1: 80',
  '127.1:8080', 'localhost:8080', '::1:8080', '[::1]', '[::1]8080', '[127.0.0.1]:8080', 'unix:', 'unix:' . '/x' x 100, 'unix:/nowhere/x', '192.0.2.1:8080';
refused('a private address', qr/cannot listen on x/, LOOPIT_DOOR_PRIVATE => 'x');

for my $argument ('--version', '--help', 'x')
{
	my $status = system("'" . Door::program() . "' $argument >/dev/null 2>&1") >> 8;
	is($status, $argument eq '--version' ? 0 : 2, "argument $argument");
}

# ---- where it listens ----

my $node = new_database('settings');
my ($id, $secret) = new_client($node);
my $tmp = $folder;

# The sockets that a process listens on.
sub listening
{
	my ($pid) = @_;
	my %inodes = map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/ ? ($1 => 1) : () } glob "/proc/$pid/fd/*";
	my @found;
	for my $file ('tcp', 'tcp6')
	{
		for (split /\n/, slurp_file("/proc/$pid/net/$file"))
		{
			my @field = split;
			next unless $field[3] eq '0A' && $inodes{ $field[9] };
			push @found, hex((split /:/, $field[1])[1]);
		}
	}
	return join ' ', sort { $a <=> $b } @found;
}

my $door = start_door($node);
my $token = token_of($door, $id, $secret);
my @bearer = ('-H', "Authorization: Bearer $token");
is(listening($door->{pid}), join(' ', sort { $a <=> $b } $door->{port}, $door->{private}), 'it listens where it is told');
refused('an address in use', qr/Address already in use/, LOOPIT_DOOR_LISTEN => "127.0.0.1:$door->{port}");
stop_door($door);
$door = start_door($node, LOOPIT_DOOR_PRIVATE => undef, LOOPIT_DOOR_PATH => '/hooks/dealer-studio', LOOPIT_DOOR_CONNECTIONS => 2);
is(listening($door->{pid}), $door->{port}, 'and nowhere else');
is(curl(@bearer, '-d', lead('P1'), "$door->{url}/hooks/dealer-studio")->{status}, 200, 'another path');
is(curl(@bearer, '-d', lead('P1'), "$door->{url}/leads")->{status}, 404, 'in place of the first');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'loopit_door'}), 3, 'two connections, and the watcher');
stop_door($door);

SKIP:
{
	skip 'no IPv6 here', 2 unless slurp_file('/proc/net/if_inet6') =~ /^0{31}1 /m;
	my $port = free_port();
	$door = start_door($node, LOOPIT_DOOR_LISTEN => "[::1]:$port");
	is(curl(@bearer, '-g', '-d', lead('P2'), "http://[::1]:$port/leads")->{status}, 200, 'IPv6');
	is(curl(@bearer, '-d', lead('P2'), "http://127.0.0.1:$port/leads")->{status}, 0, 'alone');
	stop_door($door);
}

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $path = "$dir/door";
$door = start_door($node, LOOPIT_DOOR_LISTEN => "unix:$path");
is(curl(@bearer, '--unix-socket', $path, '-d', lead('P3'), 'http://h/leads')->{status}, 200, 'a local socket');
is((stat $path)[2] & 0777, 0660, 'for user and group');
refused('a local socket in use', qr/Address already in use/, LOOPIT_DOOR_LISTEN => "unix:$path");
is(curl(@bearer, '--unix-socket', $path, '-d', lead('P4'), 'http://h/leads')->{status}, 200, 'which goes on');
is(stop_door($door), 0, 'the door stops');
ok(!-e $path, 'and takes its socket along');
$door = start_door($node, LOOPIT_DOOR_LISTEN => "unix:$path");
kill 'KILL', $door->{pid};
waitpid $door->{pid}, 0;
$door->{status} = 0;
ok(-S $path, 'a door that was killed leaves its socket');
$door = start_door($node, LOOPIT_DOOR_LISTEN => "unix:$path");
is(curl(@bearer, '--unix-socket', $path, '-d', lead('P5'), 'http://h/leads')->{status}, 200, 'the next one takes its place');
stop_door($door);
append_to_file($path, 'a file');
refused('a file in the place of a socket', qr/Address already in use/, LOOPIT_DOOR_LISTEN => "unix:$path");
is(slurp_file($path), 'a file', 'which stays');
done_testing();

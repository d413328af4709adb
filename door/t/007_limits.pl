# Slow and greedy senders: connections, time and memory have limits, and other
# senders do not notice.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw(new_database new_client start_door stop_door curl token_of lead metric wait_for);
use IO::Select;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = new_database('limits');
my $door = start_door($node);
my $token = token_of($door, new_client($node));
my @bearer = ('-H', "Authorization: Bearer $token");
my $head = "POST /leads HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\n";

sub open_connection
{
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port}) // die "connect: $!";
}

# ---- deadlines: all at the same time ----

local $SIG{PIPE} = 'IGNORE';
my %slow = (
	'a connection that sends nothing' => [ open_connection(), '', 0 ],
	'headers that drip' => [ open_connection(), 'x' x 100, 1 ],
	'a body that drips' => [ open_connection(), 'x' x 100, 1 ],
	'a chunked body that drips' => [ open_connection(), "1\r\nx\r\n" x 20, 1 ],
	'a body that stops' => [ open_connection(), '', 0 ],
	'a connection that is kept alive' => [ open_connection(), '', 0 ],
);
my $write = sub { syswrite $slow{ $_[0] }[0], $_[1] };
$write->('headers that drip', "POST /leads HTTP/1.1\r\nHost: h\r\nX: ");
$write->('a body that drips', "${head}Content-Length: 100\r\n\r\n");
$write->('a chunked body that drips', "${head}Transfer-Encoding: chunked\r\n\r\n");
$write->('a body that stops', "${head}Content-Length: 100\r\n\r\nx");
$write->('a connection that is kept alive', "${head}Content-Length: 0\r\n\r\n");
my $began = time;
my %ended;
while (keys %ended < keys %slow && time - $began < 60)
{
	for my $name (grep { !$ended{$_} } keys %slow)
	{
		my ($socket, undef, $drips) = @{ $slow{$name} };
		syswrite $socket, substr $slow{$name}[1], 0, 1, '' if $drips;
		while (IO::Select->new($socket)->can_read(0))
		{
			next if sysread $socket, my $got, 65536;
			$ended{$name} = time - $began;
			last;
		}
	}
	sleep 0.5;
}
for my $name (sort keys %slow)
{
	my $idle = $name =~ /alive|stops|nothing/;
	my $ended = $ended{$name} // 60;
	note sprintf '%s: %.1f s', $name, $ended;
	ok($ended > ($idle ? 13 : 17) && $ended < 24, "$name is closed in time");
}
cmp_ok(metric($door, 'loopit_door_late_total'), '>=', 3, 'and counted');

# ---- 9,500 slow connections ----

SKIP:
{
	my ($hard) = `sh -c 'ulimit -Hn'` =~ /(\d+)/;
	skip 'not enough open files allowed', 5 if defined $hard && $hard < 12000;
	my $script = q{
		use IO::Socket::INET;
		my ($port, $count) = @ARGV;
		my @all;
		for (1 .. $count) {
			my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connection $_: $!";
			syswrite $s, "POST /leads HTTP/1.1\r\nHost: h\r\n";
			push @all, $s;
		}
		$| = 1; print "open\n"; sleep 600;
	};
	my $open = '';
	my $opening = time;
	my $slow = IPC::Run::start([ 'sh', '-c', 'ulimit -n 12000; exec perl -e "$0" "$@"', $script, $door->{port}, 9500 ], '>', \$open, '2>&1');
	ok(wait_for(sub { $slow->pump_nb; $open =~ /open/ }, 19), '9,500 connections') or diag $open;
	my $connections = metric($door, 'loopit_door_connections');
	# on a slow machine the first ones are late before the last ones are there
	cmp_ok($connections, '>=', time - $opening < 15 ? 9500 : 5000, 'are there');
	my $slowest = 0;
	my $good = 0;
	for my $number (1 .. 50)
	{
		my $start = time;
		$good++ if curl(@bearer, '-d', lead("among-$number"), "$door->{url}/leads")->{status} == 200;
		$slowest = time - $start if time - $start > $slowest;
	}
	is($good, 50, 'others get their answers');
	note sprintf 'slowest %.3f s', $slowest;
	cmp_ok($slowest, '<', 1, 'at once');
	ok(wait_for(sub { metric($door, 'loopit_door_connections') < 100 }, 40), 'and the slow ones are closed');
	$slow->kill_kill;
}

# ---- memory ----

my $mega = 1024 * 1024;
my $body = 'x' x ($mega - 1);
my @greedy;
$began = time;
for (1 .. 300)
{
	my $socket = open_connection();
	my $bytes = "${head}Content-Length: $mega\r\n\r\n$body";
	my $sent = 0;
	while ($sent < length $bytes)
	{
		my $n = syswrite $socket, $bytes, length($bytes) - $sent, $sent;
		last unless $n;
		$sent += $n;
	}
	push @greedy, $socket;
}
SKIP:
{
	skip 'too slow a machine: bodies were late', 1 if time - $began > 15;
	ok(wait_for(sub { metric($door, 'loopit_door_body_bytes') > 250 * $mega }, 10), 'bodies take memory');
}
cmp_ok(metric($door, 'loopit_door_body_bytes'), '<=', 256 * $mega, 'within 256 MiB');
my ($resident) = slurp_file("/proc/$door->{pid}/status") =~ /^VmRSS:\s+(\d+) kB/m;
note "$resident kB resident";
SKIP:
{
	skip 'a sanitizer has memory of its own', 1 if $ENV{LOOPIT_TEST_SANITIZE};
	cmp_ok($resident, '<', 400 * 1024, 'so does the process');
}
my %status = (200 => 0, 503 => 0);
for my $socket (@greedy)
{
	syswrite $socket, 'x';
	my $text = '';
	sysread $socket, $text, 65536;
	$status{ $text =~ m{^HTTP/1.1 (\d+)} ? $1 : 0 }++;
}
note join ', ', map { "$_: $status{$_}" } sort keys %status;
ok($status{503} < 100, 'what is beyond it gets 503');
SKIP:
{
	skip 'too slow a machine: bodies were late', 1 if time - $began > 15;
	is($status{200} + $status{503}, 300, 'the others 200');
}
is(curl(@bearer, '-d', lead('after'), "$door->{url}/leads")->{status}, 200, 'afterwards all is well');
is(metric($door, 'loopit_door_body_bytes'), 0, 'no memory is left with bodies');
is(metric($door, 'loopit_door_requests_in_flight'), 0, 'no request is left');
is(stop_door($door), 0, 'the door stops');
done_testing();

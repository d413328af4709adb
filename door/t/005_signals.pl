# SIGTERM answers what has arrived; SIGHUP reads anew; sockets of systemd.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database new_client start_door stop_door curl request token_of lead wait_for
  send_leads statuses free_port metric log_lines);
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = new_database('signals');
my $door = start_door($node);
my ($id, $secret) = new_client($node);
my $token = token_of($door, $id, $secret);
my @bearer = ('-H', "Authorization: Bearer $token");
my $tmp = $folder;

# ---- SIGTERM while leads arrive, and one waits for a lock ----

my ($in, $out, $err) = ('', '', '');
my @files = map { "$tmp/stop.$_" } 1 .. 8;
my @pids = map { send_leads($door, $token, "stop-$_", 3, $files[ $_ - 1 ]) } 1 .. 8;
sleep 1;
my $locker = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, 'postgres',
	'-c', 'BEGIN; LOCK TABLE loopit.person; SELECT pg_sleep(4); COMMIT' ],
	'<', \$in, '>', \$out, '2>', \$err);
wait_for(sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE relation = 'loopit.person'::regclass AND NOT granted") > 0 });
my $began = time;
my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port});
my $body = lead('arriving');
syswrite $slow, "POST /leads HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\nContent-Length: " . length($body) . "\r\n\r\n" . substr($body, 0, 20);
sleep 0.2;
kill 'TERM', $door->{pid};
sleep 0.3;
ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port}), 'no new connection after SIGTERM');
is(curl("$door->{private_url}/readyz")->{status}, 503, 'not ready any more');
is(curl("$door->{private_url}/healthz")->{status}, 200, 'but alive while it stops');
syswrite $slow, substr $body, 20;
my $text = '';
1 while sysread $slow, $text, 65536, length $text;
like($text, qr{^HTTP/1.1 200}, 'a request that was arriving is answered');
like($text, qr{^Connection: close}m, 'and told to go');
is(stop_door($door, 0), 0, 'the door ends in order');
cmp_ok(time - $began, '>', 2, 'having waited for the lock');
waitpid $_, 0 for @pids;
$locker->finish;
my ($count, $accepted) = statuses(@files);
note join ', ', map { "$_: $count->{$_}" } sort keys %$count;
is((grep { /^[1-5]/ && $_ ne '200' } keys %$count), 0, 'no answer but 200');
is($count->{closed} // 0, 0, 'no request without an answer');
my %stored = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT lead_reference FROM loopit.ingest_log');
is((grep { !$stored{$_} } @$accepted), 0, 'what was accepted is stored');
ok($stored{arriving}, 'so is what was arriving');

# ---- SIGTERM twice ends it at once, SIGINT ends it too ----

$door = start_door($node);
is(stop_door($door, 'INT'), 0, 'SIGINT');
$door = start_door($node);
$slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port});
syswrite $slow, "POST /leads HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\nContent-Length: 100\r\n\r\n";
wait_for(sub { (metric($door, 'loopit_door_requests_in_flight') // 0) > 0 });
kill 'TERM', $door->{pid};
sleep 0.5;
$began = time;
is(stop_door($door) >> 8, 1, 'a second SIGTERM ends it with a request unanswered');
cmp_ok(time - $began, '<', 5, 'at once');

# ---- SIGHUP: passwords are read anew ----

append_to_file("$tmp/pgpass", '');
chmod 0600, "$tmp/pgpass";
$node->safe_psql('postgres', q{ALTER ROLE loopit_door PASSWORD 'first'});
my $password = sub {
	open my $file, '>', "$tmp/pgpass";
	print $file "*:*:*:*:$_[0]\n";
};
$password->('first');
$node->safe_psql('postgres', 'SELECT 1');
open my $hba, '>', $node->data_dir . '/pg_hba.conf';
print $hba "local all loopit_door scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n";
close $hba;
$node->reload;
$door = start_door($node, PGPASSFILE => "$tmp/pgpass");
is(curl(@bearer, '-d', lead('password-1'), "$door->{url}/leads")->{status}, 200, 'with a password');
my $sessions = sub { $node->safe_psql('postgres', q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = 'loopit_door'}) };
ok(wait_for(sub { split(' ', $sessions->()) == 9 }, 120), 'a session for each connection, and one that watches');
my $before = $sessions->();
$node->safe_psql('postgres', q{ALTER ROLE loopit_door PASSWORD 'second'});
$password->('second');
kill 'HUP', $door->{pid};
ok(wait_for(sub { my %old = map { $_ => 1 } split ' ', $before; my @new = split ' ', $sessions->(); @new == 9 && grep({ $old{$_} } @new) <= 1 }, 120),
	'SIGHUP: sessions are made anew');
is(curl(@bearer, '-d', lead('password-2'), "$door->{url}/leads")->{status}, 200, 'with the new password');
is(stop_door($door), 0, 'the door stops');

# ---- sockets that systemd hands over: a restart that no sender sees ----

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 100, ReuseAddr => 1);
my $port = $listener->sockport;
sub start_inherited
{
	my ($number) = @_;
	my $log = "$tmp/inherited.$number";
	append_to_file($log, '');
	my $pid = fork;
	if ($pid == 0)
	{
		require POSIX;
		open STDOUT, '>', $log;
		open STDERR, '>', "$log.stderr";
		POSIX::dup2($listener->fileno, 3);
		# descriptors over $^F close at exec
		exec 'sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" 3<&3', Door::program();
	}
	return { pid => $pid, port => $port, log => $log, url => "http://127.0.0.1:$port" };
}
{
	local @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PGPASSFILE)} = ($node->host, $node->port, 'loopit_door', 'postgres', "$tmp/pgpass");
	local $^F = 10;
	$door = start_inherited(0);
	ok(wait_for(sub { slurp_file($door->{log}) =~ /"started","listen":"systemd"/ }), 'started with a socket of systemd');
	@files = map { "$tmp/restart.$_" } 1 .. 4;
	@pids = map { send_leads($door, $token, "restart-$_", $ENV{LOOPIT_TEST_SANITIZE} ? 20 : 6, $files[ $_ - 1 ]) } 1 .. 4;
	for my $number (1 .. 4)
	{
		sleep 0.7;
		# before that it does not know of SIGTERM
		wait_for(sub { slurp_file($door->{log}) =~ /"started"/ }, 120);
		is(stop_door($door), 0, "restart $number: ended in order");
		$door = start_inherited($number);
	}
	waitpid $_, 0 for @pids;
	($count) = statuses(@files);
	note join ', ', map { "$_: $count->{$_}" } sort keys %$count;
	cmp_ok($count->{200}, '>', 100, 'leads were accepted');
	is($count->{refused} // 0, 0, 'no connection was refused');
	is((grep { /^[1-5]/ && $_ ne '200' } keys %$count), 0, 'no answer but 200');
	wait_for(sub { slurp_file($door->{log}) =~ /"started"/ }, 120);
	is(stop_door($door), 0, 'the door stops');
}
done_testing();

# A second database takes leads while the first is away: nobody waits, nobody
# gets a 401, nothing is lost, and the door goes back by itself.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database new_client start_door stop_door curl token_of lead metric wait_for
  send_leads statuses log_lines);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $primary = new_database('primary', 'wal_level = logical');
my $spool = new_database('spool');
$spool->safe_psql('postgres', 'TRUNCATE loopit.dealership; DELETE FROM loopit.workspace');
$primary->safe_psql('postgres', 'CREATE PUBLICATION loopit_clients FOR TABLE loopit.client, loopit.access_token');
system_or_bail('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-h', $spool->host, '-p', $spool->port, '-d', 'postgres',
	'-v', 'primary=host=' . $primary->host . ' port=' . $primary->port . ' dbname=postgres', '-f', "$FindBin::Bin/../spool.sql");

my $door = start_door($primary,
	PGHOST => join(',', $primary->host, $spool->host), PGPORT => join(',', $primary->port, $spool->port));
my ($id, $secret) = new_client($primary, 7);
my $token = token_of($door, $id, $secret);
my @bearer = ('-H', "Authorization: Bearer $token");
ok(wait_for(sub { $spool->safe_psql('postgres', 'SELECT count(*) FROM loopit.access_token') == 1 }), 'the spool has the token');
is(curl(@bearer, '-d', lead('before'), "$door->{url}/leads")->{status}, 200, 'a lead');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'before'}), 1, 'goes to the primary');

# ---- the primary goes away under load, and comes back ----

my $tmp = $folder;
my @files = map { "$tmp/sent.$_" } 1 .. 8;
my @pids = map { send_leads($door, $token, "spool-$_", 30, $files[ $_ - 1 ]) } 1 .. 8;
sleep 1;
$primary->stop('immediate');
ok(wait_for(sub { (metric($door, 'loopit_door_database_fallback') // 0) > 0 }, 10), 'away: the door turns to the spool');
sleep 3;
is(curl("$door->{private_url}/readyz")->{status}, 200, 'it is ready');
is(curl(@bearer, '-d', lead('during'), "$door->{url}/leads")->{status}, 200, 'a lead is taken');
is(curl('-H', 'Authorization: Bearer unknown', '-d', lead('x'), "$door->{url}/leads")->{status}, 503,
	'a token that the spool does not know is 503, since it may be good');
is(curl('-u', "$id:$secret", '-d', 'grant_type=client_credentials', "$door->{url}/oauth/token")->{status}, 503,
	'a new token waits for the primary');
is($spool->safe_psql('postgres', q{SELECT status, reason, client_id IS NOT NULL FROM loopit.ingest_log WHERE lead_reference = 'during'}),
	'rejected|workspace_not_found|t', 'the spool keeps the lead, and whose it is');
$primary->start;
ok(wait_for(sub { metric($door, 'loopit_door_database_fallback') == 0 }, 15), 'back: the door goes back by itself');
is(curl(@bearer, '-d', lead('after'), "$door->{url}/leads")->{status}, 200, 'a lead');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'after'}), 1, 'goes to the primary');
is(curl('-u', "$id:$secret", '-d', 'grant_type=client_credentials', "$door->{url}/oauth/token")->{status}, 200, 'tokens are given again');
is(curl('-H', 'Authorization: Bearer unknown', '-d', lead('x'), "$door->{url}/leads")->{status}, 401, 'an unknown token is 401 again');
waitpid $_, 0 for @pids;
my ($count, $accepted, $slowest) = statuses(@files);
my $spooled = $spool->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log');
note join(', ', map { "$_: $count->{$_}" } sort keys %$count), ", slowest $slowest s, $spooled at the spool";
is_deeply([ keys %$count ], ['200'], 'every answer was 200');
cmp_ok($slowest, '<', 10, 'soon');
cmp_ok($spooled, '>', 100, 'the spool has taken leads');

# ---- the spool is drained ----

for my $time (1, 2)
{
	system_or_bail('sh', '-c', sprintf('psql -XAtq -h %s -p %s -d postgres -f %s | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -h %s -p %s -d postgres',
		$spool->host, $spool->port, "$FindBin::Bin/../drain.sql", $primary->host, $primary->port));
	my %stored = map { $_ => 1 } split /\n/, $primary->safe_psql('postgres', q{SELECT DISTINCT lead_reference FROM loopit.ingest_log WHERE status = 'processed'});
	is((grep { !$stored{$_} } @$accepted, 'during'), 0, "drained ($time): every accepted lead is in the primary");
}
is($primary->safe_psql('postgres', q{SELECT count(*) FROM (SELECT email FROM loopit.person GROUP BY 1 HAVING count(*) > 1) s}), 0, 'no person twice');
is($spool->safe_psql('postgres', q{SELECT loopit_purge_ingest_log('0', max_rows => 1000000)}), $spooled, 'the spool is empty again');
is(stop_door($door), 0, 'the door stops');
done_testing();

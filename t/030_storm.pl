# Many clients deliver few persons and leads at once: whatever the order, there are
# no duplicates, failures or deadlocks, and each call has its log row.
#
# LOOPIT_STORM_SECONDS   the duration (default: 10)
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node invariants);
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{LOOPIT_STORM_SECONDS} // 10;
my $node = new_node('storm', 'max_connections = 40', 'fsync = off');
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck');

# 20 addresses and 50 leads in two workspaces, with all things in the payload.
my $script = "$PostgreSQL::Test::Utils::tmp_check/storm.sql";
append_to_file(
	$script, q{
\set email random(1, 20)
\set lead random(1, 50)
\set value random(1, 5)
\set dealership random(0, 1) * 544 + 356
\set age random(0, 2000)
SELECT loopit_ingest_lead(jsonb_build_object(
	'id', :lead, 'updated_at', clock_timestamp() - :age * interval '1 ms',
	'dealership', jsonb_build_object('id', :dealership),
	'prospect', jsonb_build_object('email', 'p' || :email || '@example.com', 'first_name', 'N' || :value,
		'address', jsonb_build_object('street', 'S' || :value, 'city', 'Sydney', 'state', 'NSW', 'postcode', 2000, 'country', 'Australia')),
	'item', jsonb_build_object('vin', 'vin' || :value),
	'additional_details', jsonb_build_object('subscription_plan', 'Premium',
		'license_number', :value, 'license_expiry', '01/01/2030', 'license_dob', '01/01/1990',
		'passport_number', :value, 'passport_country', 'au', 'passport_expiry', '01/01/2030', 'passport_dob', '01/01/1990')));
});

# Runs it, and returns the number of calls that succeeded.
sub storm
{
	my ($isolation, $duration, @options) = @_;
	local $ENV{PGOPTIONS} =
	  "-c default_transaction_isolation=$isolation";
	my ($stdout, $stderr) = run_command(
		[
			'pgbench', '-n', '-c', 16, '-j', 2, '-T', $duration, '-f', $script,
			@options, '-h', $node->host, '-p', $node->port, 'postgres'
		]);
	unlike($stderr, qr/abort|error/i, "$isolation: no client fails");
	my ($retries) = $stdout =~ /total number of retries: (\d+)/;
	ok($retries, "$isolation: $retries serialization failures") if @options;
	my ($calls) = $stdout =~ /transactions actually processed: (\d+)/;
	ok($calls, "$isolation: $calls calls");
	note($stdout);
	return $calls;
}

my $calls = storm('read\ committed', $seconds);

# Here clients must retry; a call that fails stores nothing.
$calls += storm('serializable', $seconds / 2, '--max-tries=10000');

is(invariants($node), '', 'all invariants hold');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'),
	$calls, 'one log row per call');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.person'),
	40, '20 addresses in two workspaces are 40 persons');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.booking'),
	100, '50 leads in two workspaces are 100 bookings');
is($node->safe_psql('postgres', q{
		SELECT count(*) FROM loopit.person p WHERE source_updated_at <>
			(SELECT max((payload->>'updated_at')::timestamptz) FROM loopit.ingest_log l
			 WHERE l.person_id = p.id)}),
	0, 'each person knows the newest payload');
is($node->safe_psql('postgres', q{
		SELECT count(bt_index_check(c.oid, true)) > 20 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = 'loopit'::regnamespace}),
	't', 'amcheck: every index has every row');
is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_class c, verify_heapam(c.oid)
		WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r'}),
	0, 'amcheck: the tables are sound');
ok(!$node->log_contains('deadlock detected'), 'no deadlock')
  if $node->can('log_contains');
$node->stop;
done_testing();

# A call that waits for a lock can be cancelled like any statement: whatever cancels
# it, it raises an error and stores nothing; it never returns "failed".
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('interrupts', 'fsync = off');
my $lead = q{loopit_ingest_lead('{"id": 1, "dealership": {"id": 356},
	"prospect": {"email": "ann@example.com", "first_name": "Anna"}, "item": {"vin": "vin1"},
	"additional_details": {"subscription_plan": "Premium"}}')};
$node->safe_psql('postgres', q{
	INSERT INTO loopit.person (workspace_id, email, first_name) VALUES (7, 'ann@example.com', 'Ann')});

# What is stored: only the person, unchanged.
sub nothing_stored
{
	my ($name) = @_;
	is( $node->safe_psql('postgres', q{
			SELECT (SELECT string_agg(first_name, ',') FROM loopit.person),
			(SELECT count(*) FROM loopit.booking), (SELECT count(*) FROM loopit.ingest_log)}),
		'Ann|0|0', "$name: nothing is stored, and nothing logged");
}

# The locks that a call may have to wait for, at its different steps.
my %lock = (
	'the person' => 'SELECT FROM loopit.person FOR UPDATE',
	'the package' => 'SELECT FROM loopit.package FOR UPDATE',
	'the lead\'s booking' => q{INSERT INTO loopit.booking
		(workspace_id, asset_id, location_id, package_id, ingest_log_id, lead_reference)
		VALUES (7, 701, 3, 2, 0, '1')},
	'the log' => 'LOCK loopit.ingest_log IN SHARE MODE');
my $holder = $node->background_psql('postgres');

foreach my $what (sort keys %lock)
{
	$holder->query_safe("BEGIN; $lock{$what}");

	# Time limits.
	foreach my $limit ([ 'statement_timeout', '57014' ], [ 'lock_timeout', '55P03' ])
	{
		my ($setting, $sqlstate) = @$limit;
		my ($status, $stdout, $stderr) = $node->psql('postgres',
			"\\set VERBOSITY sqlstate\nSET $setting = '200ms';\nSELECT $lead");
		is($status, 3, "$what, $setting: the statement fails");
		like($stderr, qr/ERROR:  $sqlstate$/, "$what, $setting: $sqlstate");
		is($stdout, '', "$what, $setting: no outcome");
	}

	# Another session cancels the statement, or terminates the session.
	foreach my $end ([ 'pg_cancel_backend', '57014' ], [ 'pg_terminate_backend', '57P01' ])
	{
		my ($function, $sqlstate) = @$end;
		my $caller = $node->background_psql('postgres', on_error_stop => 0);
		my $pid = $caller->query_safe('SELECT pg_backend_pid()');
		$caller->query_until(qr/calling/, "\\set VERBOSITY sqlstate\n\\echo calling\nSELECT $lead;\n");
		ok( $node->poll_query_until('postgres',
				"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid"),
			"$what, $function: the call waits");
		$node->safe_psql('postgres', "SELECT $function($pid)");
		$caller->{run}->pump until $caller->{stderr} =~ /ERROR|FATAL/ || $caller->{timeout}->is_expired;
		like($caller->{stderr}, qr/(ERROR|FATAL):  $sqlstate$/m, "$what, $function: $sqlstate");

		if ($function eq 'pg_cancel_backend')
		{
			# the same session continues with a call for another person
			$caller->{stderr} = '';
			is( $caller->query_safe(q{SELECT current_user = session_user AND
				current_setting('search_path') = '"$user", public'}),
				't', "$what, $function: the session is its caller's again");
			is($caller->query_safe("SELECT loopit_validate_lead(NULL)->>'status'"),
				'rejected', "$what, $function: its next call works");
			$caller->quit;
		}
		else
		{
			# psql exits by itself
			$caller->{run}->finish;
			ok($node->poll_query_until('postgres',
					"SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"),
				"$what, $function: the session is gone");
		}
	}

	$holder->query_safe('ROLLBACK');
	nothing_stored($what);
}
$holder->quit;

is( $node->safe_psql('postgres', "SELECT o->>'status', o#>>'{person,action}', o#>>'{booking,action}' FROM $lead o"),
	'processed|updated|created', 'the next delivery is stored');
is($node->safe_psql('postgres', 'SELECT status, count(*) FROM loopit.ingest_log GROUP BY 1'),
	'processed|1', 'one log row, and none that failed');

done_testing();

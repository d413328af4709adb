# The server crashes three times under load: after recovery, every acknowledged lead
# is stored, and none is stored in part.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run;
use Loopit qw(new_node invariants);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('crash', 'max_connections = 40', 'fsync = on',
	'restart_after_crash = off');
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck');
my $clients = 6;
my $round = 0;

# Starts a client that ingests one new lead after another, and prints the id of each
# acknowledged one.
sub start_client
{
	my ($number, $output) = @_;
	my $sql = '';
	for my $lead (1 .. 20000)
	{
		$sql .= sprintf(
			q[SELECT '%s', (loopit_ingest_lead('{"id": "%s", "dealership": {"id": 356}, "prospect": {"email": "%s@example.com"}, ]
			  . q["item": {"vin": "vin1"}, "additional_details": {"subscription_plan": "Premium"}}')#>>'{booking,id}');] . "\n",
			("r$round-c$number-$lead") x 2, "p$round.$number." . $lead % 50);
	}
	append_to_file("$output.sql", $sql);
	return IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host,
			'-p', $node->port, '-f', "$output.sql", 'postgres'
		],
		'>', $output, '2>', "$output.stderr");
}

my $total = 0;
for my $how ('immediate', 'SIGKILL', 'SIGKILL')
{
	$round++;
	my @files =
	  map { "$PostgreSQL::Test::Utils::tmp_check/acknowledged.$round.$_" } 1 .. $clients;
	my @running = map { start_client($_, $files[ $_ - 1 ]) } 1 .. $clients;

	# wait until each client has ingested some leads
	ok( $node->poll_query_until(
			'postgres',
			"SELECT count(DISTINCT split_part(lead_reference, '-', 2)) = $clients AND count(*) > 1000
			 FROM loopit.ingest_log WHERE lead_reference LIKE 'r$round-%'"),
		"round $round: every client is working");

	if ($how eq 'immediate')
	{
		$node->stop('immediate');
	}
	else
	{
		# the whole server dies in the middle of its work
		$node->kill9;
	}
	$_->finish for @running;

	# the server can start when the backends have noticed that the postmaster died
	my $tries = 0;
	while (!$node->start(fail_ok => 1) && $tries++ < 100)
	{
		# lets the test module forget the server that did not start
		$node->stop('fast', fail_ok => 1);
		usleep(200_000);
	}

	my (%acknowledged, @lost);
	for my $file (@files)
	{
		open(my $in, '<', $file) or die "$file: $!";
		while (my $line = <$in>)
		{
			# an incomplete line is no acknowledgement
			$acknowledged{$1} = $2 if $line =~ /^(r\S+)\|(\d+)\n/;
		}
		close $in;
	}
	my %stored = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
		"SELECT lead_reference, id FROM loopit.booking WHERE lead_reference LIKE 'r$round-%'");
	for my $lead (keys %acknowledged)
	{
		push @lost, $lead
		  unless defined $stored{$lead} && $stored{$lead} == $acknowledged{$lead};
	}
	my $count = keys %acknowledged;
	$total += $count;
	cmp_ok($count, '>', 300, "round $round: $count leads were acknowledged before $how");
	is("@lost", '', "round $round: all of them are there");
	is(invariants($node), '', "round $round: all invariants hold");
}

is($node->safe_psql('postgres', q{
		SELECT count(bt_index_check(c.oid, true)) > 20 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = 'loopit'::regnamespace}),
	't', 'amcheck: every index has every row');
like($node->safe_psql('postgres',
		q{SELECT loopit_ingest_lead('{"id": 1, "dealership": {"id": 356}, "prospect": {"email": "a@b.co"}}')->>'status'}),
	qr/processed/, 'ingestion works again');
note("$total acknowledged leads in three crashes");
$node->stop;
done_testing();

# On a standby, a dry run works and ingestion raises an error; after promotion all
# rows are there and ingestion works.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node invariants);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_node('primary', 'fsync = off');

# Ingests or validates a lead with all things in it, and returns its outcome in
# short.
sub call
{
	my ($function, $number) = @_;
	return qq{SELECT o->>'status', o#>>'{person,action}', o#>>'{driver_licence,action}',
		o#>>'{booking,action}', o->>'log_id' IS NULL
		FROM $function('{"id": $number, "dealership": {"id": 356},
		"prospect": {"email": "p$number\@example.com"}, "item": {"vin": "vin$number"},
		"additional_details": {"subscription_plan": "Premium",
		"license_number": "N$number", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}') o};
}

sub ingest { return call('loopit_ingest_lead', @_) }
sub validate { return call('loopit_validate_lead', @_) }

# The rows of all tables.
sub content
{
	my ($node) = @_;
	return join "\n", map {
		$node->safe_psql('postgres', "SELECT '$_', t::text FROM loopit.$_ t ORDER BY t::text COLLATE \"C\"")
	} qw(workspace dealership person identity_document booking ingest_log schema_version);
}

# Functions that raise an error there, whatever the payload.
sub is_refused
{
	my ($node, $name, $before, @calls) = @_;
	foreach my $call (@calls)
	{
		my ($status, $stdout, $stderr) =
		  $node->psql('postgres', "\\set VERBOSITY sqlstate\n${before}$call");
		like($stderr, qr/ERROR:  25006$/, "$name: 25006 for " . substr($call, 0, 50));
		is($stdout, '', "$name: no outcome");
	}
}

is($primary->safe_psql('postgres', ingest($_)), 'processed|created|created|created|f', "lead $_")
  for 1 .. 2;

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
is($primary->safe_psql('postgres', ingest(3)), 'processed|created|created|created|f', 'lead 3');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
my $content = content($primary);
like($content, qr/p3\@example\.com/, 'there are rows to stream');
is(content($standby), $content, 'the standby has all rows');

my @writing = (
	ingest(3), ingest(4), 'SELECT loopit_ingest_lead(NULL)',
	q[SELECT loopit_ingest_webhook('{"dealership"')],
	'SELECT loopit_replay_lead(1)');
is_refused($standby, 'standby', '', @writing);
is($standby->safe_psql('postgres', validate(3)),
	'processed|unchanged|unchanged|unchanged|t', 'standby: a dry run of a known lead');
is($standby->safe_psql('postgres', validate(4)),
	'processed|created|created|created|t', 'standby: a dry run of a new one');
is($standby->safe_psql('postgres', "SELECT loopit_validate_lead('[]')->>'reason'"),
	'payload_not_object', 'standby: a dry run of what would be rejected');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM loopit_find_leads()'),
	'3', 'standby: look-ups');
is($standby->safe_psql('postgres', 'SELECT sum(count) FROM loopit.ingest_summary'),
	'3', 'standby: the summary');
is($standby->safe_psql('postgres', q{SELECT payload#>>'{additional_details,license_number}' FROM loopit.ingest_audit WHERE id = 1}),
	'***', 'standby: the audit view');

# The same holds in a read-only transaction.
is_refused($primary, 'read-only', "SET default_transaction_read_only = on;\n", @writing);
is($primary->safe_psql('postgres', 'SET default_transaction_read_only = on; ' . validate(4)),
	'processed|created|created|created|t', 'read-only: a dry run');
is(content($primary), $content, 'nothing was written');

$primary->stop('immediate');
$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'promoted');
is(content($standby), $content, 'promoted: all rows are there');
is($standby->safe_psql('postgres', ingest(3)),
	'processed|unchanged|unchanged|unchanged|f', 'promoted: a known lead is known');
is($standby->safe_psql('postgres', ingest($_)),
	'processed|created|created|created|f', "promoted: lead $_ is stored")
  for 4 .. 5;
is( $standby->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM loopit.person), (SELECT count(*) FROM loopit.booking),
		(SELECT count(*) FROM loopit.ingest_log)}),
	'5|5|6', 'promoted: a row each');
is(invariants($standby), '', 'promoted: all invariants hold');

done_testing();

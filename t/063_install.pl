# README's "Install", pasted into psql by a superuser, ends with an ingest role
# that can ingest over a connection of its own, and can do nothing else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;

# A superuser, a database and an encoding of another name than usual.
$node->safe_psql('postgres', 'CREATE ROLE "Chief DBA" SUPERUSER LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE leads');

# Runs SQL over a connection of its own; returns what is printed, errors too.
sub run_as
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-A', '-t', '-q', '-h', $node->host, '-p', $node->port,
			'-U', $role, '-d', 'leads' ], '<', \$sql, '>', \$out, '2>', \$err);
	return $out . $err;
}

my ($install) = slurp_file(top() . '/README.md') =~ /^## Install\n(.*?)^## /ms;
my @blocks = $install =~ /^```sql\n(.*?)^```$/msg;
cmp_ok(scalar(@blocks), '>=', 1, 'README has SQL under "Install"');
for my $block (@blocks)
{
	unlike(run_as('Chief DBA', $block), qr/ERROR|FATAL|WARNING/, 'it succeeds');
}

is($node->safe_psql('leads', q{
	SELECT DISTINCT relowner::regrole FROM pg_class
	WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'p', 'v')}),
	'loopit_owner', 'one role owns all tables and views');
is($node->safe_psql('leads', q{
	SELECT rolsuper OR rolcanlogin OR rolcreaterole FROM pg_roles WHERE rolname = 'loopit_owner'}),
	'f', 'and is no role that somebody logs in as');

$node->safe_psql('leads', q{
	INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A');
	INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7)});
my $lead = q({"id": 1, "dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}});
for my $call ("loopit_ingest_lead('$lead')", "loopit_ingest_webhook(convert_to('$lead', 'UTF8'))")
{
	is(run_as('loopit_ingest', "SELECT $call->>'status'"), "processed\n", "the ingest role calls $call");
}

like(run_as('loopit_ingest', $_), qr/^ERROR:  permission denied/, "the ingest role is refused: $_")
  for "SELECT loopit_validate_lead('{}')", 'SELECT loopit_replay_lead(1)', 'SELECT loopit_find_leads()',
  "SELECT loopit_dismiss_lead(1, 'x')", "SELECT loopit_forget_person(7, 'ann\@example.com')",
  "SELECT loopit_purge_ingest_log('0')", 'SELECT loopit_setup()', 'SELECT FROM loopit.person',
  'SELECT FROM loopit.ingest_log', 'SELECT FROM loopit.ingest_audit', 'CREATE SCHEMA mine';

$node->stop;
done_testing();

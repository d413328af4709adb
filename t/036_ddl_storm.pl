# Leads arrive while a DBA changes the tables: whatever changes under an established
# session, no call fails, no row is lost, and every index has every row (amcheck).
#
# LOOPIT_STORM_SECONDS   the duration
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node invariants);
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{LOOPIT_STORM_SECONDS} // 10;
my $node = new_node('ddl_storm', 'max_connections = 40', 'fsync = off', 'autovacuum_naptime = 1');
my $tablespace = PostgreSQL::Test::Utils::tempdir_short() . "/elsewhere";
mkdir $tablespace or die;
$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$tablespace'");
$node->safe_psql('postgres', q{
	CREATE EXTENSION amcheck;
	CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TABLE public.region (id bigint PRIMARY KEY);
});

my $script = "$PostgreSQL::Test::Utils::tmp_check/ddl_storm.sql";
append_to_file(
	$script, q{
\set email random(1, 500)
\set lead random(1, 100000)
\set value random(1, 5)
SELECT loopit_ingest_lead(jsonb_build_object(
	'id', :lead, 'dealership', jsonb_build_object('id', 356),
	'prospect', jsonb_build_object('email', 'p' || :email || '@example.com', 'first_name', 'N' || :value),
	'item', jsonb_build_object('vin', 'vin' || :value),
	'additional_details', jsonb_build_object('subscription_plan', 'Premium',
		'license_number', :value, 'license_expiry', '01/01/2030', 'license_dob', '01/01/1990')));
});

# Pairs of statements, of which the second reverses the first.
my @work = (
	'CREATE INDEX CONCURRENTLY extra ON loopit.booking (created_at)',
	'ALTER INDEX loopit.person_email_key SET TABLESPACE elsewhere',
	'CREATE INDEX CONCURRENTLY extra_log ON loopit.ingest_log (status, received_at)',
	'DROP INDEX CONCURRENTLY loopit.extra',
	'ALTER TABLE loopit.person ADD note text',
	'CREATE TRIGGER t AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION public.fire()',
	'VACUUM loopit.person, loopit.ingest_log',
	'ALTER TABLE loopit.booking ADD region bigint REFERENCES public.region',
	'DROP TRIGGER t ON loopit.booking',
	'REINDEX TABLE CONCURRENTLY loopit.person',
	'ALTER TABLE loopit.person DROP note',
	'ALTER INDEX loopit.person_email_key SET TABLESPACE pg_default',
	'ALTER TABLE loopit.ingest_log ADD source text DEFAULT \'webhook\'',
	'CLUSTER loopit.identity_document USING identity_document_pkey',
	'ALTER TABLE loopit.booking DROP region',
	'VACUUM FULL loopit.asset',
	'ALTER INDEX loopit.booking_lead_reference_key RENAME TO one_a_lead',
	'ALTER TABLE loopit.ingest_log DROP source',
	'REINDEX INDEX loopit.ingest_log_email_idx',
	'ALTER INDEX loopit.one_a_lead RENAME TO booking_lead_reference_key',
	'ANALYZE loopit.person, loopit.booking, loopit.ingest_log',
	'DROP INDEX loopit.extra_log',
);

my ($stdout, $stderr) = ('', '');
my $pgbench = IPC::Run::start(
	[
		'pgbench', '-n', '-c', 8, '-j', 2, '-T', $seconds, '-f', $script,
		'-h', $node->host, '-p', $node->port, 'postgres'
	],
	'>', \$stdout, '2>', \$stderr);
my $until = time + $seconds - 1;
my ($done, @refused) = (0);
ROUND: while (1)
{
	for my $statement (@work)
	{
		last ROUND if time > $until && $done >= @work;
		my $error = '';
		# others would queue behind a long wait for a lock
		$node->psql('postgres', $statement, stderr => \$error);
		push @refused, "$statement: $error" if $error =~ /ERROR/;
		$done++;
	}
}
$pgbench->finish;
ok($done >= @work, "$done statements of a DBA");
is_deeply(\@refused, [], 'none is refused');
unlike($stderr, qr/abort|error/i, 'no client fails');
my ($calls) = $stdout =~ /transactions actually processed: (\d+)/;
ok($calls, "$calls calls");
is(invariants($node), '', 'all invariants hold');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'),
	$calls, 'a log row a call');
is($node->safe_psql('postgres', q{
		SELECT count(bt_index_check(c.oid, true)) > 20 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = 'loopit'::regnamespace}),
	't', 'amcheck: every index has every row');
is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_class c, verify_heapam(c.oid)
		WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r'}),
	0, 'amcheck: the tables are sound');
$node->stop;
done_testing();

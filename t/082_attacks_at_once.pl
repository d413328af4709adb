# Attacks that need more than one session: tables and columns that change places
# while a lead waits, VACUUM beside a lead that waits, an index that is made
# during an older transaction, a DBA who changes types while leads keep coming, and
# erasures without an end.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Attack qw(:DEFAULT clean_log);
use IPC::Run ();
use Loopit qw(invariants);
use PostgreSQL::Test::Utils;
use Test::More;

my $storage = $ENV{LOOPIT_STORAGE} // 'auto';
my $node = attack_node('at_once', 'max_connections = 40', 'deadlock_timeout = 200ms');

sub session
{
	my ($database) = @_;
	return $node->background_psql($database // 'victim', on_error_stop => 0);
}

# Starts a statement, and returns when it waits for something.
sub start_waiting
{
	my ($session, $sql, $event) = @_;
	my $pid = $session->query('SELECT pg_backend_pid()');
	$session->query_until(qr/started/, "\\echo started\n$sql\n");
	ok($node->poll_query_until('postgres', qq{SELECT wait_event_type IS NOT NULL AND wait_event_type = '@{[$event // 'Lock']}' FROM pg_stat_activity WHERE pid = $pid}),
		"it waits: @{[substr $sql, 0, 40]}");
}

# What the session printed since the statement was started.
sub result_of
{
	my ($session) = @_;
	return $session->query('SELECT NULL') =~ s/\s+$//r;
}

# ---------------------------------------------------------------------------
# While a lead waits for a table, another takes its place.
# ---------------------------------------------------------------------------

my @swaps = (
	[ 'asset', 'CREATE TABLE loopit.asset_new (LIKE loopit.asset INCLUDING ALL); INSERT INTO loopit.asset_new (workspace_id, id, vin) VALUES (7, 9999, \'NEW1\');
		INSERT INTO loopit.asset_location SELECT 7, 9999, 3, 1 WHERE false', '{"item": {"vin": "new1"}}' ],
	[ 'package', 'CREATE TABLE loopit.package_new (LIKE loopit.package INCLUDING ALL); INSERT INTO loopit.package_new (workspace_id, id, name) VALUES (7, 9999, \'New\')',
		'{"additional_details": {"subscription_plan": "New"}}' ],
	[ 'location', 'CREATE TABLE loopit.location_new (LIKE loopit.location INCLUDING ALL); INSERT INTO loopit.location_new (workspace_id, id, name) VALUES (7, 9999, \'New\')',
		'{"location": {"location_name": "New"}}' ]);
for my $swap (@swaps)
{
	my ($table, $prepare, $more) = @$swap;
	subtest "$table is swapped while a lead waits" => sub {
		fresh($node, 'victim');
		$node->safe_psql('victim', $prepare);
		my $dba = session();
		my $lead = session();
		# the session knows all the tables as they were
		is($lead->query(q{SELECT test.ingest(test.lead('1'))}), 'processed created created', 'a lead before');
		$dba->query_safe("BEGIN; ALTER TABLE loopit.$table RENAME TO ${table}_old; ALTER TABLE loopit.${table}_new RENAME TO $table");
		start_waiting($lead, qq{SELECT test.ingest(test.lead('2', '$more'));});
		$dba->query_safe('COMMIT');
		is(result_of($lead), "failed skipped skipped 23503 booking_workspace_id_${table}_id_fkey", 'the foreign key refers to the table that was');
		is($node->safe_psql('victim', 'SELECT count(*) FROM loopit.booking'), 1, 'no booking of it');
		$_->quit for $dba, $lead;
		clean_log();
	};
}
subtest 'columns are swapped while a lead waits' => sub {
	fresh($node, 'victim');
	# a location whose other number is that of no location
	$node->safe_psql('victim', q{ALTER TABLE loopit.location ADD other bigint NOT NULL DEFAULT 77; CREATE UNIQUE INDEX ON loopit.location (workspace_id, other)});
	my $dba = session();
	my $lead = session();
	is($lead->query(q{SELECT test.ingest(test.lead('1'))}), 'processed created created', 'a lead before');
	$dba->query_safe('BEGIN; ALTER TABLE loopit.location RENAME id TO x; ALTER TABLE loopit.location RENAME other TO id; ALTER TABLE loopit.location RENAME x TO other');
	start_waiting($lead, q{SELECT test.ingest(test.lead('2'));});
	$dba->query_safe('COMMIT');
	is(result_of($lead), 'failed skipped skipped 23503 booking_workspace_id_location_id_fkey', 'the foreign key refers to the column that was');
	$_->quit for $dba, $lead;
	clean_log();
};
subtest 'a foreign key is moved while a lead waits' => sub {
	fresh($node, 'victim');
	$node->safe_psql('victim', q{CREATE TABLE loopit.allowed (workspace_id bigint, id bigint, PRIMARY KEY (workspace_id, id))});
	my $dba = session();
	my $lead = session();
	is($lead->query(q{SELECT test.ingest(test.lead('1') - 'item' - 'additional_details')}), 'processed created skipped', 'a lead before');
	$dba->query_safe('BEGIN; ALTER TABLE loopit.booking DROP CONSTRAINT booking_workspace_id_package_id_fkey, ADD CONSTRAINT moved FOREIGN KEY (workspace_id, package_id) REFERENCES loopit.allowed');
	start_waiting($lead, q{SELECT test.ingest(test.lead('2'));});
	$dba->query_safe('COMMIT');
	is(result_of($lead), 'failed skipped skipped 23503 moved', 'it holds');
	$_->quit for $dba, $lead;
	clean_log();
};
subtest 'a trigger is added while a lead waits' => sub {
	fresh($node, 'victim');
	my $dba = session();
	my $lead = session();
	is($lead->query(q{SELECT test.ingest(test.lead('1'))}), 'processed created created', 'a lead before');
	$node->safe_psql('victim', q{CREATE FUNCTION test.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE 'ZZ001'; END $$});
	$dba->query_safe('BEGIN; CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION test.refuse()');
	start_waiting($lead, q{SELECT test.ingest(test.named('2', 'bea@example.com', 'Bea'));});
	$dba->query_safe('COMMIT');
	is(result_of($lead), 'failed skipped skipped ZZ001', 'it fires');
	$_->quit for $dba, $lead;
	clean_log();
};

# The same of what a call has found before it locks anything.
for my $gone (
	[ 'dropped', 'DROP TABLE loopit.ingest_log CASCADE', 'ERROR:  42P01' ],
	[ 'dropped with its schema', 'DROP SCHEMA loopit CASCADE', 'ERROR:  42P01' ],
	[ 'left without a sequence', 'ALTER TABLE loopit.ingest_log ALTER id DROP IDENTITY', 'ERROR:  42P01' ],
	[ 'made anew', 'DROP TABLE loopit.ingest_log CASCADE; SELECT FROM loopit_setup()', 'processed created created' ],
	[ 'given to another owner', q{REASSIGN OWNED BY at_once_owner TO at_once_other; DROP OWNED BY at_once_owner; DROP ROLE at_once_owner}, 'ERROR:  40001' ])
{
	my ($how, $ddl, $expected) = @$gone;
	subtest "the log is $how while a lead waits" => sub {
		fresh($node, 'victim');
		$node->safe_psql('victim', q{
			CREATE ROLE at_once_owner; CREATE ROLE at_once_other; GRANT CREATE ON DATABASE victim TO at_once_owner;
			ALTER SCHEMA loopit OWNER TO at_once_owner;
			DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
				LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO at_once_owner'; END LOOP; END $$}) if $how =~ /owner/;
		my $dba = session();
		my $lead = session();
		is($lead->query(q{SELECT test.ingest(test.lead('1') - 'item')}), 'processed created skipped', 'a lead before');
		$dba->query_safe("SET client_min_messages = error; BEGIN; $ddl");
		start_waiting($lead, "\\set VERBOSITY sqlstate\nSELECT test.ingest(test.named('2', 'bea\@example.com', 'Bea'));");
		$dba->query_safe('COMMIT');
		my $result = result_of($lead);
		$result = $lead->{stderr} =~ s/^psql:[^ ]+ //mgr if $expected =~ /ERROR/;
		like($result, qr/\Q$expected\E/, "then: $expected");
		$_->quit for $dba, $lead;
		run_sql($node, 'victim', 'DROP OWNED BY at_once_other CASCADE; DROP ROLE at_once_other', 'error') if $how =~ /owner/;
		clean_log();
	};
}
for my $gone (
	[ 'a table is dropped', 'DROP TABLE loopit.asset CASCADE', qr/^ERROR:  42P01/ ],
	[ 'the log is dropped', 'DROP TABLE loopit.ingest_log CASCADE', qr/^ERROR:  42P01/ ],
	[ 'the notes of the steps are dropped', 'DROP TABLE loopit.schema_version', qr/^ERROR:  42P01/ ],
	[ 'a function is dropped', 'DROP FUNCTION loopit.masked CASCADE', qr/^ERROR:  40001/ ],
	[ 'an index is dropped', 'DROP INDEX loopit.ingest_log_lead_reference_idx', qr/^\d+$/ ],
	[ 'the schema is dropped', 'DROP SCHEMA loopit CASCADE', qr/^\d+$/ ])
{
	my ($what, $ddl, $expected) = @$gone;
	subtest "$what during a setup" => sub {
		fresh($node, 'victim');
		my $dba = session();
		my $setup = session();
		$dba->query_safe("SET client_min_messages = error; BEGIN; $ddl");
		start_waiting($setup, "SET client_min_messages = error;\n\\set VERBOSITY sqlstate\nSELECT count(*) FROM loopit_setup();");
		$dba->query_safe('COMMIT');
		my $result = result_of($setup);
		like($result ne '' ? $result : $setup->{stderr} =~ s/^psql:[^ ]+ //mgr, $expected, 'it says so, or makes it anew');
		like(run_sql($node, 'victim', 'SELECT count(*) FROM loopit_setup();', 'error'), qr/^\d+$/m, 'and then it makes what is missing');
		$_->quit for $dba, $setup;
		clean_log();
	};
}

# ---------------------------------------------------------------------------
# A lead that waits for a row keeps nobody from working on the tables.
# ---------------------------------------------------------------------------

subtest 'VACUUM (FREEZE) beside a lead that waits' => sub {
	fresh($node, 'victim');
	my $blocker = session();
	my $lead = session();
	$node->safe_psql('victim', q{SELECT test.ingest(test.lead('1'))});
	$blocker->query_safe('BEGIN; SELECT FROM loopit.asset WHERE id = 709 FOR UPDATE');
	start_waiting($lead, q{SELECT test.ingest(test.named('2', 'ann@example.com', 'Bea'));});
	for my $table (qw(person identity_document workspace dealership location package asset_location ingest_log))
	{
		is(run_sql($node, 'victim', "SET statement_timeout = '10s'; VACUUM (FREEZE) loopit.$table;"), '', "$table is vacuumed");
		is($blocker->query("SET LOCAL statement_timeout = '10s'; ANALYZE loopit.$table"), '', 'and analyzed by the one whom the lead waits for');
	}
	$blocker->query_safe('COMMIT');
	is(result_of($lead), 'processed updated created', 'then the lead goes on');
	$_->quit for $blocker, $lead;
	clean_log();
};

subtest 'a caller who leaves its transaction open' => sub {
	fresh($node, 'victim');
	my $open = session();
	$open->query_safe(q{BEGIN; SELECT test.ingest(test.named('1', 'ann@example.com', 'Ann'))});
	my $impatient = "SET lock_timeout = '300ms'; SET loopit_leads.storage = $storage;";
	is(run_sql($node, 'victim', "$impatient SELECT test.ingest(test.named('2', 'bea\@example.com', 'Bea'));"), "processed created created\n", 'leads of other persons do not wait');
	is(run_sql($node, 'victim', "$impatient SELECT test.ingest(test.named('3', 'ann\@example.com', 'Ann'));"), "ERROR:  55P03\n", 'one of the same person does');
	is(run_sql($node, 'victim', "$impatient SELECT loopit_forget_person(7, 'bea\@example.com')->>'persons';"), "1\n", 'an erasure of another person does not');
	$open->query_safe('COMMIT');
	$open->quit;
	clean_log();
};

# ---------------------------------------------------------------------------
# An index that is too new for a transaction is not too new for the next.
# ---------------------------------------------------------------------------

SKIP: {
	skip 'storage = sql does not look at tables', 1 if $storage eq 'sql';
	subtest 'CREATE INDEX during an older transaction' => sub {
		fresh($node, 'victim');
		my $older = session();
		my $lead = session();
		my $described = q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'loopit_leads%'};
		$node->safe_psql('victim', q{SELECT test.ingest(test.lead('1'))});
		is($lead->query(q{SELECT test.ingest(test.named('2', 'ann@example.com', 'Bea'))}), 'processed updated created', 'a lead');
		my $all = $lead->query($described);
		$older->query_safe('BEGIN; SELECT pg_current_xact_id()');
		$node->safe_psql('victim', q{UPDATE loopit.person SET last_name = last_name || '!'; CREATE INDEX ON loopit.person (last_name)});
		is($node->safe_psql('victim', q{SELECT bool_or(indcheckxmin) FROM pg_index WHERE indrelid = 'loopit.person'::regclass}), 't', 'the index is too new for the transactions of now');
		is($lead->query(q{SELECT test.ingest(test.named('3', 'ann@example.com', 'Cid'))}), 'processed updated created', 'a lead that needs SQL');
		cmp_ok($lead->query($described), '<', $all, 'for person');
		$older->query_safe('COMMIT');
		is($lead->query(q{SELECT test.ingest(test.named('4', 'ann@example.com', 'Dan'))}), 'processed updated created', 'and one that does not');
		is($lead->query($described), $all, 'as before');
		$_->quit for $older, $lead;
		clean_log();
	};
}

# ---------------------------------------------------------------------------
# Under load
# ---------------------------------------------------------------------------

# Runs pgbench beside something; answers what it wrote to stderr.
sub under_load
{
	my ($seconds, $clients, $scripts, $beside) = @_;
	my ($stdout, $stderr) = ('', '');
	my @files;
	for my $i (0 .. $#$scripts)
	{
		my $file = "$PostgreSQL::Test::Utils::tmp_check/at_once.$i.$$.sql";
		unlink $file;
		append_to_file($file, $scripts->[$i]);
		push @files, '-f', $file;
	}
	my $pgbench = IPC::Run::start(
		[
			$node->installed_command('pgbench'), '-n', '-c', $clients, '-j', 2, '-T', $seconds, @files,
			'-h', $node->host, '-p', $node->port, 'victim'
		],
		'>', \$stdout, '2>', \$stderr);
	my $until = time + $seconds - 1;
	while (time < $until) { $beside->() }
	$pgbench->finish;
	my ($calls) = $stdout =~ /transactions actually processed: (\d+)/;
	return ($calls // 0, $stderr);
}

my $ingest = q{
\set email random(1, 50)
\set value random(1, 5)
SELECT loopit_ingest_lead(test.named(:email || '-' || :value, 'p' || :email || '@example.com', 'N' || :value));
};

subtest 'a DBA who changes types while leads keep coming' => sub {
	fresh($node, 'victim');
	my $n = 0;
	my @ddl = (
		'ALTER TABLE loopit.person ALTER postcode TYPE int USING NULL', 'ALTER TABLE loopit.person ALTER postcode TYPE text USING postcode::text',
		'ALTER TABLE loopit.person ALTER first_name TYPE bigint USING 1', q{ALTER TABLE loopit.person ALTER first_name TYPE text USING 'x'},
		'ALTER TABLE loopit.identity_document ALTER number TYPE lseg USING \'((1,2),(3,4))\'', q{ALTER TABLE loopit.identity_document ALTER number TYPE text USING 'x'},
		'ALTER TABLE loopit.asset RENAME vin TO v', 'ALTER TABLE loopit.asset RENAME v TO vin',
		'ALTER TABLE loopit.package RENAME TO p; CREATE VIEW loopit.package AS SELECT workspace_id, id, archived_at, name::name FROM loopit.p',
		'DROP VIEW loopit.package; ALTER TABLE loopit.p RENAME TO package',
		'ALTER TABLE loopit.dealership ALTER workspace_id TYPE text USING workspace_id', 'ALTER TABLE loopit.dealership ALTER workspace_id TYPE bigint USING workspace_id::bigint',
		'ALTER TABLE loopit.booking ALTER person_id TYPE smallint USING 1', 'ALTER TABLE loopit.booking ALTER person_id TYPE bigint USING NULL',
		'ALTER TABLE loopit.asset_location RENAME TO a; CREATE TABLE loopit.asset_location (LIKE loopit.a); ALTER TABLE loopit.asset_location ALTER position TYPE "char" USING \'1\'',
		'DROP TABLE loopit.asset_location; ALTER TABLE loopit.a RENAME TO asset_location');
	$node->safe_psql('victim', q{ALTER TABLE loopit.booking DROP CONSTRAINT booking_workspace_id_person_id_fkey; ALTER TABLE loopit.dealership DROP CONSTRAINT dealership_workspace_id_fkey});
	my @refused;
	my ($calls, $stderr) = under_load($ENV{LOOPIT_STORM_SECONDS} // 8, 6, [$ingest], sub {
		for my $i ($n % @ddl)
		{
			my $error = run_sql($node, 'victim', "SET lock_timeout = '5s'; BEGIN; $ddl[$i]; COMMIT;");
			push @refused, "$ddl[$i]: $error" if $error =~ /ERROR/;
			$n++;
			select undef, undef, undef, 0.05;
		}
	});
	is_up($node);
	ok($calls, "$calls calls");
	cmp_ok($n, '>', 3, "$n changes by the DBA");
	is(join("\n", @refused), '', 'none is refused');
	is($stderr =~ s/^pgbench \(.*\n//mgr, '', 'no call raises');
	is($node->safe_psql('victim', q{SELECT DISTINCT outcome#>>'{error,sqlstate}' FROM loopit.ingest_log WHERE status = 'failed'
			AND outcome#>>'{error,sqlstate}' NOT IN ('42804', '42703')}), '', 'what fails says why');
	cmp_ok($node->safe_psql('victim', q{SELECT count(*) FROM loopit.ingest_log WHERE status = 'failed'}), '>', 0, 'and something does');
	is($node->safe_psql('victim', 'SELECT count(*) FROM loopit.ingest_log'), $calls, 'a log row per call');
	clean_log();
};

subtest 'erasures without an end' => sub {
	fresh($node, 'victim');
	my $few = $ingest =~ s/50/3/r;
	my ($calls, $stderr) = under_load($ENV{LOOPIT_STORM_SECONDS} // 8, 8,
		[ "$few", q{
\set email random(1, 3)
SELECT loopit_forget_person(7, 'p' || :email || '@example.com');
} ], sub { select undef, undef, undef, 0.2 });
	ok($calls, "$calls calls");
	# what cannot be stored for races is raised, for the sender to send it again
	is(join("\n", grep { /ERROR/ && !/could not serialize|deadlock/ } split /\n/, $stderr), '', 'nothing else is raised');
	is($node->safe_psql('victim', q{SELECT outcome->'error', count(*) FROM loopit.ingest_log WHERE status = 'failed' GROUP BY 1}), '', 'no lead fails');
	clean_log();
};

$node->stop;
done_testing();

# The log in partitions: it is converted while leads come in, and none is lost,
# neither then nor while a DBA changes the partitions; look-ups of 120 partitions read
# little; retention drops whole ones; dump, restore, upgrade and pg_partman work.
#
# LOOPIT_STORM_SECONDS   how long partitions are changed under load
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node dealership invariants top);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{LOOPIT_STORM_SECONDS} // 15;
my $storage = $ENV{LOOPIT_STORAGE} // 'auto';
my $node = new_node('partitions', 'shared_buffers = 32MB', 'max_connections = 40', 'fsync = off',
	'max_locks_per_transaction = 256', 'autovacuum_naptime = 1');
my $top = top();

sub sql
{
	my ($sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql);
}

# SQL of an insert of log rows: one per hour before now, of which each tenth is open.
sub rows_before
{
	my ($count, $filler) = @_;
	return qq{INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, open, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT now() - i * interval '1 hour', 356, 7, 300, 1, i % 10 = 0, i % 1000 = 0, 'rejected', 'email_invalid', 'old' || i, 'p' || i || '\@example.com',
		'skipped', 'skipped', 'person_skipped', 'hook',
		jsonb_build_object('filler', repeat('x', $filler)), '{}'
	FROM generate_series(1, $count) i};
}

# A client that ingests until it is told to stop.
my $script = "$PostgreSQL::Test::Utils::tmp_check/partitions.sql";
append_to_file(
	$script, q{
\set email random(1, 500)
\set lead random(1, 100000)
\set value random(1, 5)
SELECT loopit_ingest_lead(jsonb_build_object(
	'id', :lead, 'dealership', jsonb_build_object('id', 356),
	'prospect', jsonb_build_object('email', 'p' || :email || '@example.com', 'first_name', 'N' || :value),
	'item', jsonb_build_object('vin', 'vin' || :value),
	'additional_details', jsonb_build_object('subscription_plan', 'Premium')));
});

# Runs the code while 4 clients ingest for that long; checks that no call fails.
sub while_ingesting
{
	my ($what, $duration, $code) = @_;
	my $before = sql('SELECT count(*) FROM loopit.ingest_log');
	my ($stdout, $stderr) = ('', '');
	my $pgbench = IPC::Run::start(
		[
			'pgbench', '-n', '-c', 4, '-j', 2, '-T', $duration, '-f', $script,
			'-h', $node->host, '-p', $node->port, 'postgres'
		],
		'>', \$stdout, '2>', \$stderr);
	my $removed = $code->(time + $duration - 1);
	$pgbench->finish;
	unlike($stderr, qr/abort|error/i, "$what: no call fails");
	my ($calls) = $stdout =~ /transactions actually processed: (\d+)/;
	is(sql('SELECT count(*) FROM loopit.ingest_log'), $before + $calls - $removed, "$what: a log row for each of $calls calls");
	is(invariants($node), '', "$what: all invariants hold");
}

# A large log is not converted before long work is done, which the error names.
sql(rows_before(45_000, 1_500));
my ($status, undef, $error) = $node->psql('postgres', q{SELECT loopit_partition_log('month')});
my ($hint) = $error =~ /HINT:  Run these.*?\n(.*)/s;
like($error, qr/too large to be partitioned without preparation/, 'a large log needs preparation');
is(sql(q{SELECT relkind FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass}), 'r', 'and nothing is changed');
while_ingesting('conversion', 12, sub {
	for (split /;\n/, $hint)
	{
		my $refused = '';
		$node->psql('postgres', $_, stderr => \$refused);
		is($refused, '', "under load: $_");
	}
	my $begun = time;
	sql(q{SELECT * FROM loopit_partition_log('month')});
	note(sprintf 'the conversion took %.2f s', time - $begun);
	return 0;
});
is(sql(q{SELECT relkind FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass}), 'p', 'the log is partitioned');
is(sql(q{SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ingest_log_before%'}), 0, 'the CHECK of its rows is gone');
is(sql(q{SELECT count(*), count(DISTINCT id) FROM loopit.ingest_log}) =~ /^(\d+)\|\1$/, 1, 'no id is given twice');
is(sql(q{SELECT count(*) FROM pg_stats WHERE schemaname = 'loopit' AND tablename LIKE 'ingest_log%' AND attname IN ('email', 'payload')}),
	0, 'no values of personal data are in the statistics');

# 120 partitions: 113 days, and the next ones.
sub make_days
{
	my ($database) = @_;
	sql(q{
		SELECT * FROM loopit_partition_log('day');
		SET client_min_messages = warning;
		DO $$
		DECLARE
			day date;
		BEGIN
			EXECUTE format('DROP TABLE %s', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text LIKE '%until%'));
			FOREACH day IN ARRAY ARRAY(SELECT (now() AT TIME ZONE 'UTC')::date - n FROM generate_series(0, 112) n) LOOP
				EXECUTE format('CREATE TABLE loopit.ingest_log_p%s PARTITION OF loopit.ingest_log FOR VALUES FROM (%L) TO (%L)',
					to_char(day, 'YYYYMMDD'), day || ' 00:00+00', day + 1 || ' 00:00+00');
			END LOOP;
		END $$}, $database);
}
sql('DROP SCHEMA loopit CASCADE');
sql('SELECT loopit_setup()');
sql(dealership());
make_days();
sql(rows_before(2_650, 10));
sql('VACUUM ANALYZE loopit.ingest_log');
cmp_ok(sql(q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'loopit.ingest_log'::regclass}), '>=', 120, '120 partitions');

# Checks how many pages a query reads in a session that has read the catalogs.
sub reads
{
	my ($name, $most, $query) = @_;
	my $plan = sql("SET enable_seqscan = off; BEGIN; $query; $query; ROLLBACK; BEGIN; EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) $query; ROLLBACK");
	my ($pages) = $plan =~ /Buffers: shared (.*)/;
	my $read = 0;
	$read += $_ for ($pages // '') =~ /(?:hit|read)=(\d+)/g;
	cmp_ok($read, '<', $most, "$name reads $read pages");
}

# The server compiles what it takes for long, which takes minutes for a view of so
# many partitions.
for my $view ('unresolved_lead', q{unresolved_lead WHERE received_at > now() - interval '1 day'}, 'open_delivery',
	'ingest_uncounted', 'ingest_summary', 'ingest_issue_summary', q{ingest_audit WHERE lead_reference = 'old77'})
{
	my ($cost) = sql("EXPLAIN SELECT * FROM loopit.$view") =~ /cost=[\d.]+\.\.(\d+)/;
	cmp_ok($cost, '<', 75_000, "$view: the planner's estimate is $cost");
}

# A look-up probes the index of each partition: that is three pages each at most.
my $lead = q{'{"id": "new", "dealership": {"id": 356}, "prospect": {"email": "new@example.com"}, "item": {"vin": "VIN1"}, "additional_details": {"subscription_plan": "Premium"}}'};
my $probe = 3 * 125;
reads('a lead', $storage eq 'auto' ? 200 : 5 * $probe, "SELECT loopit_ingest_lead($lead)");
reads('find by reference', 4 * $probe, q{SELECT * FROM loopit_find_leads('old77')});
reads('find by e-mail', 4 * $probe, q{SELECT * FROM loopit_find_leads(email => 'p77@example.com')});
reads('find around a time', 800, q{SELECT * FROM loopit_find_leads(around => now() - interval '50 days', within => '1 hour')});
reads('find the newest', 3_000, 'SELECT * FROM loopit_find_leads()');
reads('unresolved leads of a day', 2_000, q{SELECT * FROM loopit.unresolved_lead WHERE received_at > now() - interval '1 day'});
reads('unresolved leads', 3_000, 'SELECT * FROM loopit.unresolved_lead');
reads('audit of a lead', $probe, q{SELECT * FROM loopit.ingest_audit WHERE lead_reference = 'old77'});
reads('replay', 20 * $probe, 'SELECT loopit_replay_lead(1000)');
reads('dismissal', 4 * $probe, 'SELECT loopit_dismiss_lead(2000, NULL)');
reads('erasure', 8 * $probe, q{SELECT loopit_forget_person(7, 'p99@example.com')});
# the first one sets the statistics targets of partitions that a DBA has made
sql(q{SELECT loopit_purge_ingest_log('1 year')});
# the first calls count the days that are over
sql(q{SELECT loopit_purge_ingest_log('100 years')}) for 1 .. 10;
reads('purge of nothing', 8 * $probe, q{SELECT loopit_purge_ingest_log('1 year')});

# Retention drops partitions; one that is in use is left to the next call.
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM loopit.ingest_log');
my $begun = time;
($status, undef, $error) = $node->psql('postgres', q{SELECT loopit_purge_ingest_log('110 days', max_rows => 10)});
like($error, qr/NOTICE:  partitions of loopit.ingest_log were not dropped/, 'a partition in use is not dropped');
cmp_ok(time - $begun, '<', 10, 'and leads do not wait for it');
$reader->query_safe('COMMIT');
$reader->quit;
my $partitions = sql(q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'loopit.ingest_log'::regclass});
my $rows = sql('SELECT count(*) FROM loopit.ingest_log');
my $purged = sql(q{SELECT loopit_purge_ingest_log('60 days')});
cmp_ok($purged, '>', 1_000, "a purge drops $purged rows");
is(sql('SELECT count(*) FROM loopit.ingest_log'), $rows - $purged, 'and says how many');
cmp_ok(sql(q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'loopit.ingest_log'::regclass}), '<=', $partitions - 50, 'with their partitions');
1 while sql(q{SELECT loopit_purge_ingest_log('60 days')}) > 0;
is(sql(q{SELECT count(*) FROM loopit.ingest_log WHERE received_at < now() - interval '60 days'}), 0, 'the rest goes as from a table');
is(sql("SELECT loopit_ingest_lead($lead)->>'status'"), 'processed', 'the sequence is still there');

# An index that a later version adds, and one that was dropped, comes into all.
sql('DROP INDEX loopit.ingest_log_email_idx, loopit.ingest_log_open_idx');
sql('SELECT loopit_setup()');
is(sql(q{SELECT count(*) FROM pg_index i WHERE indrelid = 'loopit.ingest_log'::regclass AND indisvalid
	AND (SELECT count(*) FROM pg_inherits WHERE inhparent = indexrelid) = (SELECT count(*) FROM pg_inherits WHERE inhparent = indrelid)}),
	sql(q{SELECT count(*) FROM pg_index WHERE indrelid = 'loopit.ingest_log'::regclass}), 'setup makes an index in all partitions');

# Dump and restore.
my $dump = "$PostgreSQL::Test::Utils::tmp_check/partitions.dump";
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'it is dumped');
sql('CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'and restored');
is(sql('SELECT count(*), sum(id) FROM loopit.ingest_log', 'restored'), sql('SELECT count(*), sum(id) FROM loopit.ingest_log'), 'with all rows');
is(sql(q{SELECT count(*) FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed')}, 'restored'), 0, 'setup has nothing to do');
is(sql(q{SELECT count(*) FROM loopit_partition_log('day') WHERE done <> 'nothing to do'}, 'restored'), 0, 'nor has the conversion');
is(sql("SELECT (loopit_ingest_lead($lead)->>'log_id')::bigint > (SELECT max(id) FROM loopit.ingest_log)", 'restored'), 't', 'the ids go on');

# A DBA changes the partition that leads go into, and others.
my $today = sql(q{SELECT to_char(now() AT TIME ZONE 'UTC', '"loopit.ingest_log_p"YYYYMMDD')});
my $bounds = sql(qq{SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = '$today'::regclass});
sql(q{CREATE EXTENSION amcheck;
	CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'});
my @work = (
	"CREATE TRIGGER t AFTER INSERT ON $today FOR EACH ROW EXECUTE FUNCTION public.fire()",
	"BEGIN; ALTER TABLE loopit.ingest_log DETACH PARTITION $today; ALTER TABLE loopit.ingest_log ATTACH PARTITION $today $bounds; COMMIT",
	"DROP TRIGGER t ON $today",
	"CREATE INDEX CONCURRENTLY extra ON $today (status, received_at)",
	'CREATE TABLE loopit.far PARTITION OF loopit.ingest_log FOR VALUES FROM (\'2100-01-01\') TO (\'2101-01-01\')',
	'ALTER TABLE loopit.ingest_log ADD source text DEFAULT \'webhook\'',
	'ALTER TABLE loopit.far SET (fillfactor = 50)',
	'CREATE TRIGGER t BEFORE INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION public.fire()',
	'ALTER TABLE loopit.ingest_log ADD CONSTRAINT sane CHECK (duration_us > -1)',
	"VACUUM $today",
	# on its own, DROP TRIGGER locks the partitions before the table, and deadlocks with any insert
	'BEGIN; LOCK TABLE ONLY loopit.ingest_log; DROP TRIGGER t ON loopit.ingest_log; COMMIT',
	'DROP INDEX CONCURRENTLY loopit.extra',
	'ALTER TABLE loopit.ingest_log DROP source',
	'SELECT loopit_purge_ingest_log(\'1 year\')',
	"ALTER TABLE $today ADD CONSTRAINT own CHECK (duration_us > -2)",
	'SELECT * FROM loopit_partition_log(\'week\')',
	"REINDEX TABLE CONCURRENTLY $today",
	'ALTER TABLE loopit.ingest_log DROP CONSTRAINT sane',
	"ALTER TABLE $today DROP CONSTRAINT own",
	# the other period has replaced what had not begun
	'DROP TABLE IF EXISTS loopit.far',
	'SELECT * FROM loopit_partition_log(\'day\')');
# outside of a transaction, and only where there is no default partition
my @detach = (
	'CREATE TABLE loopit.far PARTITION OF loopit.ingest_log FOR VALUES FROM (\'2100-01-01\') TO (\'2101-01-01\')',
	'ALTER TABLE loopit.ingest_log DETACH PARTITION loopit.far CONCURRENTLY',
	'DROP TABLE loopit.far');
while_ingesting('changes', $seconds, sub {
	my ($until) = @_;
	my (@refused, $done);
	while (time < $until || !$done)
	{
		for my $statement (@work)
		{
			my $refused = '';
			$node->psql('postgres', $statement, stderr => \$refused);
			push @refused, "$statement: $refused" if $refused =~ /ERROR/;
			$done++;
		}
	}
	is_deeply(\@refused, [], "changes: none of $done is refused");
	return 0;
});
sql('DROP TABLE loopit.ingest_log_default');
while_ingesting('detaching', 6, sub {
	my ($until) = @_;
	while (time < $until)
	{
		sql($_) for @detach;
	}
	return 0;
});
is(sql(q{SELECT count(bt_index_check(c.oid, true)) > 100 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
	WHERE c.relnamespace = 'loopit'::regnamespace AND c.relkind = 'i'}), 't', 'amcheck: every index has every row');
is(sql(q{SELECT count(*) FROM pg_class c, verify_heapam(c.oid) WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r'}),
	0, 'amcheck: the tables are sound');

# Rows go into the partition without SQL, and take SQL where the partition asks for it.
SKIP:
{
	skip 'all rows take SQL', 3 if $storage eq 'sql';
	my $uses = sub {
		my (undef, undef, $messages) = $node->psql('postgres', "SET client_min_messages = debug1; SELECT loopit_ingest_lead($lead)");
		return join ' ', $messages =~ /table "(?:ingest_log_p\d+)" uses SQL: (.*)/g;
	};
	is($uses->(), '', 'a partition is used without SQL');
	sql("CREATE TRIGGER t AFTER INSERT ON $today FOR EACH ROW EXECUTE FUNCTION public.fire()");
	is($uses->(), 'it has a trigger', 'but not with a trigger');
	sql("DROP TRIGGER t ON $today");
	is($uses->(), '', 'until that is dropped');
}

# Regression tests on a log that is partitioned from the start.
for my $test (qw(example redelivery late_delivery unresolved find_leads summary_and_audit replay replay_order failed batch forget purge_intervals))
{
	sql('DROP DATABASE IF EXISTS regression');
	sql('CREATE DATABASE regression');
	sql(q{ALTER DATABASE regression SET bytea_output = 'hex'; ALTER DATABASE regression SET lc_messages = 'C'});
	local @ENV{qw(PG_ABS_SRCDIR LOOPIT_PARTITIONED PGTZ PGDATESTYLE)} = ($top, 1, 'PST8PDT', 'Postgres, MDY');
	my $got = '';
	IPC::Run::run([ 'psql', '-X', '-a', '-q', '-d', $node->connstr('regression'), '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on' ],
		'<', "$top/sql/$test.sql", '>&', \$got);
	my $same = $got eq slurp_file("$top/expected/$test.out");
	ok($same, "sql/$test.sql has the same results");
	if (!$same)
	{
		my $file = "$PostgreSQL::Test::Utils::tmp_check/$test.out";
		append_to_file($file, $got);
		diag(`diff -U1 '$top/expected/$test.out' '$file' | head -n 40`);
	}
}

# pg_partman makes the partitions instead.
SKIP:
{
	skip 'pg_partman is not installed', 5
	  if sql(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_partman'}) == 0;
	sql('CREATE DATABASE partman');
	sql('CREATE EXTENSION loopit_leads', 'partman');
	sql('SELECT loopit_setup()', 'partman');
	sql(dealership(), 'partman');
	sql(slurp_file("$top/examples/pg_partman.sql"), 'partman');
	my $count = q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'loopit.ingest_log'::regclass};
	cmp_ok(sql($count, 'partman'), '>=', 5, 'pg_partman makes partitions');
	my $before = sql($count, 'partman');
	sql(q{SELECT loopit_purge_ingest_log('1 year')}, 'partman');
	is(sql($count, 'partman'), $before, 'and a purge makes none beside them');
	is(sql(q{SELECT count(*) FROM pg_attribute a JOIN pg_inherits ON attrelid = inhrelid
		WHERE inhparent = 'loopit.ingest_log'::regclass AND attname = 'email' AND attstattarget <> 0}, 'partman'),
		0, 'but keeps values of personal data out of their statistics');
	sql(q{UPDATE partman.part_config SET premake = premake + 2}, 'partman');
	sql(q{SELECT partman.run_maintenance('loopit.ingest_log')}, 'partman');
	cmp_ok(sql($count, 'partman'), '>=', $before + 2, 'its maintenance makes the next ones');
	is(sql("SELECT loopit_ingest_lead($lead)->>'status'", 'partman'), 'processed', 'leads are stored');
}

$node->stop;
done_testing();

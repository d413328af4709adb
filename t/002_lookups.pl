# What a function or a view reads follows what it returns, not the size of the log:
# each uses an index, and the pages that it reads are counted.
#
# LOOPIT_ROWS          the number of log rows
# LOOPIT_PARTITIONED   set: the log is partitioned by month
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rows = $ENV{LOOPIT_ROWS} // 200_000;
my $addresses = int($rows / 4);
# More than a million rows come more often, so that they end before today.
my $step = $rows > 1_000_000 ? 78_000_000 / $rows : 78;
my $last = "timestamptz '2020-01-01Z' + $rows * interval '$step seconds'";
# 46 deliveries from then on, and twice as many around it
my $begin = "timestamptz '2020-03-01Z'";
my $minute = $step / 78 . ' minutes';
my $within = 46.1 * $step . ' seconds';
my $node = new_node('lookups', 'fsync = off', 'autovacuum = off', 'max_wal_size = 4GB',
	'jit = on', 'shared_buffers = 256MB', 'max_locks_per_transaction = 256');

# Months from 2017 to the middle of 2022.
my $months = $ENV{LOOPIT_PARTITIONED} ? 66 : 0;
$node->safe_psql('postgres', qq{
	SELECT loopit_partition_log('month');
	DO \$\$
	DECLARE
		month date;
	BEGIN
		EXECUTE format('DROP TABLE %s', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text LIKE '%until%'));
		FOREACH month IN ARRAY ARRAY(SELECT date '2017-01-01' + n * interval '1 month' FROM generate_series(0, $months - 1) n) LOOP
			EXECUTE format('CREATE TABLE loopit.ingest_log_p%s PARTITION OF loopit.ingest_log FOR VALUES FROM (%L) TO (%L)',
				to_char(month, 'YYYYMMDD'), month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00');
		END LOOP;
	END \$\$}) if $months;

# What may be read besides, of a partitioned log: each probe of an index reads up
# to three pages of each partition.
sub besides
{
	my ($probes) = @_;
	return ($months + 5) * 3 * $probes if $months;
	return 0;
}

# One delivery every 78 seconds from 2020 on, so that 200,000 are half a year: four
# per address, two per lead.  Half of them have their booking, half asked for none,
# and a few that got none were dismissed.  The last 20 were rejected.
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, dismissed_at, ingested_by, outcome, payload)
	SELECT timestamptz '2020-01-01Z' + i * interval '$step seconds', 356, 7, 300, 1, i % 2 = 0,
		'processed', NULL, (i / 2)::text, 'p' || i % $addresses || '\@example.com', 'unchanged',
		CASE WHEN i % 2 = 0 AND i % 2000 > 0 THEN 'created' ELSE 'skipped' END,
		CASE WHEN i % 2 = 1 THEN 'not_provided' WHEN i % 2000 = 0 THEN 'asset_not_found' END,
		CASE WHEN i % 2000 = 0 THEN now() END, 'hook', '{}', '{"filler": "0123456789"}'
	FROM generate_series(1, $rows) i;
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, open, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT $last + i * interval '1 minute', 356, 7, 300, 1, true, true,
		'rejected', 'email_invalid', 'new' || i, 'bad' || i, 'skipped', 'skipped', 'person_skipped',
		'hook', '{}', '{"filler": "0123456789"}'
	FROM generate_series(1, 20) i;
	-- bodies that could not be read
	INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status,
		reason, person_action, booking_action, dismissed_at, ingested_by, outcome, raw_body)
	SELECT $last + i * interval '1 minute', 300, 1, false, 'rejected', 'payload_malformed', 'skipped',
		'skipped', now(), 'hook', '{"person": {"id": null}}', convert_to('<raw' || i || '\@example.com>', 'UTF8')
	FROM generate_series(1, 20) i;
	-- a later delivery settled five of the rejected ones, and did not see that they are open
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, lead_reference, email,
		person_action, booking_action, ingested_by, outcome, payload)
	SELECT $last + interval '1 day' + i * interval '1 minute', 356, 7, 300, 1, true,
		'processed', 'new' || i, 'good\@example.com', 'created', 'created', 'hook', '{}', '{}'
	FROM generate_series(1, 5) i;
	-- half a log of redeliveries, of which the last three conflict with their booking
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, open, status, lead_reference, email,
		person_action, booking_action, ingested_by, outcome, payload)
	SELECT timestamptz '2019-01-01Z' + i * interval '$minute', 356, 7, 300, 1, true, i > $rows / 2 - 3,
		'processed', 'again' || i, 'again\@example.com', 'unchanged', 'unchanged', 'hook',
		jsonb_build_object('issues', jsonb_build_array(jsonb_build_object('code',
			CASE WHEN i > $rows / 2 - 3 THEN 'booking_conflict' ELSE 'stale_payload' END))), '{"filler": "0123456789"}'
	FROM generate_series(1, $rows / 2) i;
	-- one in fifty failed, of another workspace, and is settled
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT timestamptz '2017-01-01Z' + i * interval '2 seconds', 357, 8, 300, 1, true,
		'rejected', 'email_invalid', 'settled' || i, 'settled' || i, 'skipped', 'skipped', 'person_skipped',
		'hook', '{}', '{"filler": "0123456789"}'
	FROM generate_series(1, $rows, 50) i;
	-- a dealership that has fallen silent
	UPDATE loopit.ingest_log SET dealership_id = 358 WHERE lead_reference = '777';
	INSERT INTO loopit.workspace (id, name) VALUES (9, 'Quiet');
	INSERT INTO loopit.dealership (id, workspace_id) VALUES (358, 9);
	INSERT INTO loopit.booking (workspace_id, asset_id, location_id, package_id, ingest_log_id, lead_reference)
	SELECT 7, 701, 3, 2, i, 777 + i FROM generate_series(1, 1000) i;
});
$node->safe_psql('postgres', 'VACUUM ANALYZE');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'), $rows + int($rows / 2) + 45 + int(($rows + 49) / 50), "the log has $rows rows, and half as many");

# Checks that the plan of the query uses an index whose name matches the pattern,
# has no sequential scan and reads few pages, and that the query returns that many
# rows.
sub uses_index
{
	my ($name, $index, $rows, $query) = @_;
	my $plan = $node->safe_psql('postgres', "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) $query");
	my ($pages) = $plan =~ /Buffers: shared (.*)/;
	my $read = 0;
	$read += $_ for ($pages // '') =~ /(?:hit|read)=(\d+)/g;
	# indexes of partitions have names of their own, and empty partitions are scanned
	like($plan, qr/Index (Only )?Scan (Backward )?(using|on) $index\b/, "$name: uses $index") if !$months;
	unlike($plan, qr/Seq Scan on ingest_log/, "$name: reads no table from end to end") if !$months;
	cmp_ok($read, '<', 300 + besides(1) * ($name =~ /unresolved|conflicts/ ? 6 : 1), "$name: reads $read pages");
	unlike($plan, qr/^JIT:/m, "$name: is not compiled");
	note($plan);
	is($node->safe_psql('postgres', "SELECT count(*) FROM ($query) q"), $rows, "$name: $rows rows");
}

uses_index('lead reference', 'ingest_log_lead_reference_idx', 2,
	q{SELECT * FROM loopit.ingest_log WHERE lead_reference = '777' ORDER BY received_at DESC});
uses_index('e-mail', 'ingest_log_email_idx', 4,
	q{SELECT * FROM loopit.ingest_log WHERE email = 'p777@example.com' ORDER BY received_at DESC});
uses_index('e-mail and time', 'ingest_log_(email|received_at)_idx', 1,
	q{SELECT * FROM loopit.ingest_log WHERE email = 'p777@example.com'
	  AND received_at BETWEEN '2020-01-01Z' AND '2020-01-02Z'});
# since PostgreSQL 18 an index can be skipped through, where few dealerships are
uses_index('time', 'ingest_log_(received_at|dealership)_idx', 46,
	qq{SELECT * FROM loopit.ingest_log
	  WHERE received_at BETWEEN $begin AND $begin + interval '$within'});
uses_index('newest 100', 'ingest_log_received_at_idx', 100,
	q{SELECT * FROM loopit.ingest_log ORDER BY received_at DESC, id DESC LIMIT 100});
uses_index('unresolved leads', 'ingest_log_open_idx', 18,
	q{SELECT * FROM loopit.unresolved_lead});
uses_index('unresolved leads of a reason', 'ingest_log_open_idx', 15,
	q{SELECT * FROM loopit.unresolved_lead WHERE reason = 'email_invalid'});
uses_index('unresolved leads of the last day', 'ingest_log_(open|failure)_idx', 15,
	qq{SELECT * FROM loopit.unresolved_lead WHERE received_at > $last - interval '1 day'});
uses_index('conflicts', 'ingest_log_open_idx', 3,
	q{SELECT * FROM loopit.unresolved_lead WHERE reason = 'booking_conflict'});
uses_index('open deliveries of a lead', 'ingest_log_open_idx', 1,
	q{SELECT * FROM loopit.open_delivery WHERE dealership_id = 356 AND lead_reference = 'new7'});
uses_index('audit of a lead', 'ingest_log_lead_reference_idx', 2,
	q{SELECT * FROM loopit.ingest_audit WHERE lead_reference = '777'});

uses_index('audit of a booking', 'ingest_log_lead_reference_idx', 2,
	q{SELECT a.* FROM loopit.booking b JOIN loopit.ingest_audit a
	  ON a.lead_reference = b.lead_reference AND a.workspace_id = b.workspace_id
	  WHERE b.workspace_id = 7 AND b.id = 1});
uses_index('audit of a dealership', 'ingest_log_dealership_idx', 2,
	q{SELECT * FROM loopit.ingest_audit WHERE dealership_id = 358});
uses_index('audit of a dealership and time', 'ingest_log_dealership_idx', 46,
	qq{SELECT * FROM loopit.ingest_audit WHERE dealership_id = 356
	  AND received_at BETWEEN $begin AND $begin + interval '$within'});
uses_index('last delivery of a silent dealership', 'ingest_log_dealership_idx', 1,
	q{SELECT max(received_at) FROM loopit.ingest_log WHERE dealership_id = 358});

# Days that are over are counted once, a limited number of them by each call.
sub pages
{
	my ($query) = @_;
	# the second time: the first call of a session reads the catalogs
	my ($pages) = $node->safe_psql('postgres', "SELECT count(*) FROM ($query) q;
		EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) $query") =~ /Buffers: shared (.*)/;
	my $read = 0;
	$read += $_ for ($pages // '') =~ /(?:hit|read)=(\d+)/g;
	return $read;
}

my $whole = pages('SELECT * FROM loopit.ingest_summary');
note("figure: ingest_summary before days are counted: $whole pages");
my $calls = 0;
$calls++ while $calls < 100 + $rows / 10_000 && $node->safe_psql('postgres', qq{
	SELECT loopit_purge_ingest_log('100 years');
	SELECT counted_until <= (SELECT max(received_at)::date FROM loopit.ingest_log) FROM loopit.ingest_counted}) =~ /t$/;
note "all days are counted by $calls calls; the summary read $whole pages before";
is($node->safe_psql('postgres', 'SELECT sum(count) - (SELECT count(*) FROM loopit.ingest_log) FROM loopit.ingest_summary'), 0,
	'the summary has every row');

# Partitions of a few rows are read from end to end, as that of the failures.
my $few = 1000 + $rows / 50;
my $scanned = $months ? "sum(seq_tup_read) <= $few" : 'sum(seq_scan) = 0';

# The plans inside functions are not visible, but the server counts what they read.
sub reads_little
{
	my ($name, $rows, $query, $limit) = @_;
	$limit //= 1000;
	my $got = $node->safe_psql('postgres', qq{
		BEGIN;
		$query;
		SELECT $scanned, sum(idx_tup_fetch) < $limit, sum(idx_scan) > 0
		FROM pg_stat_xact_user_tables WHERE relname LIKE 'ingest_log%';
		ROLLBACK;
	});
	is($got, "$rows\nt|t|t", "$name: $rows, and no sequential scan");
}

my $find = 'SELECT count(*) FROM loopit_find_leads';
reads_little('find by reference', 2, "$find('777')");
reads_little('find by e-mail', 4, "$find(email => 'P777\@example.com')");
reads_little('find by both', 1, "$find('777', 'p1554\@example.com')");
reads_little('find around a time', 92, "$find(around => $begin, within => '$within')");
reads_little('find by reference and time', 2, "$find('777', around => '2020-01-02Z', within => '1 day')");
reads_little('find the newest', 100, "$find()");
reads_little('find by dealership', 2, "$find(dealership_id => 358)");
reads_little('find by dealership and time', 92, "$find(around => $begin, within => '$within', dealership_id => 356)");
reads_little('find by dealership and reference', 1, "$find('new7', dealership_id => 356)");
reads_little('unresolved leads', 18, 'SELECT count(*) FROM loopit.unresolved_lead');
reads_little('replay', 'rejected',
	"SELECT loopit_replay_lead($rows + 1)->>'status'");
reads_little('dismiss', '',
	"SELECT loopit_dismiss_lead($rows + 1, NULL)");
my $older = q{now() - timestamptz '2016-01-01Z'};
# Of a partitioned log a purge drops whole partitions (t/075_partitions.pl).
if (!$months)
{
	reads_little('purge of a few', 100,
		q{SELECT loopit_purge_ingest_log(now() - timestamptz '2020-01-02Z', max_rows => 100)});
	reads_little('purge of none', 0,
		q{SELECT loopit_purge_ingest_log(interval '100 years')});
	# Older than one of both intervals alone: failures that are kept less long; or longer,
	# in which case those that are kept are read.
	reads_little('purge of failures, none due', 0,
		qq{SELECT loopit_purge_ingest_log($older, now() - timestamptz '2016-06-01Z')});
	reads_little('purge of failures, some due', 100,
		qq{SELECT loopit_purge_ingest_log($older, interval '0', max_rows => 100)});
	reads_little('purge of processed ones', 100,
		qq{SELECT loopit_purge_ingest_log(interval '0', $older, max_rows => 100)}, 1000 + $rows / 50);
	$node->safe_psql('postgres',
		q{DELETE FROM loopit.ingest_log WHERE status <> 'processed' AND received_at < '2020-01-02Z'});
	reads_little('purge of leads that are still open, after all failures that are due', 3, qq{
		SELECT loopit_purge_ingest_log($older, now() - timestamptz '2020-01-02Z')});
}

# Erasure reads the rows of the person, by id and by e-mail, and the 40 that could
# not be read or processed.
sub erases
{
	my ($name, $rows, $email) = @_;
	reads_little("erasure of $name", $rows, "SELECT loopit_forget_person(7, '$email')->'log_rows'", $months ? $few : 1000);
}
$node->safe_psql('postgres', q{
	INSERT INTO loopit.person (workspace_id, email) SELECT 7, 'person' || i || '@example.com' FROM generate_series(1, 1000) i;
	UPDATE loopit.ingest_log SET person_id = (SELECT id FROM loopit.person WHERE email = 'person1@example.com') WHERE lead_reference IN ('3', '777', '9999');
	ANALYZE});
erases('nobody', 0, 'nobody@example.com');
erases('an e-mail of the log', 4, 'p778@example.com');
erases('a person whose e-mail was another', 6, 'person1@example.com');
erases('the sender of a body that could not be read', 1, 'raw7@example.com');
erases('the sender of an e-mail that is none', 1, 'bad7');

# Pages that a call reads, of whatever table, index or catalog; in a session that
# has made the plans.
sub reads_pages
{
	my ($name, $limit, $query) = @_;
	my $explain = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) $query;";
	my $plan = $node->safe_psql('postgres', "BEGIN; $explain ROLLBACK; BEGIN; $explain ROLLBACK;");
	my ($pages) = (split /^Execution Time.*$/m, $plan)[1] =~ /Buffers: shared (.*)/;
	my ($time) = $plan =~ /.*^Execution Time: (.*)/ms;
	my $read = 0;
	$read += $_ for ($pages // '') =~ /(?:hit|read)=(\d+)/g;
	cmp_ok($read, '<', $limit, "$name: reads $read pages");
	note("figure: $name: $read pages, $time");
}

my $lead = q{'{"id": "%s", "dealership": {"id": 356}, "prospect": {"email": "%s"}}'};
my %calls = (
	loopit_ingest_lead => [ 60, 'loopit_ingest_lead(' . sprintf($lead, 'fresh', 'fresh@example.com') . ')' ],
	'loopit_ingest_lead, which settles' =>
		[ 150, q{loopit_ingest_lead('{"id": "new7", "dealership": {"id": 356}, "prospect": {"email": "fresh@example.com"},
			"item": {"vin": "VIN7"}, "additional_details": {"subscription_plan": "Premium"}}')} ],
	loopit_ingest_webhook => [ 60, 'loopit_ingest_webhook(' . sprintf($lead, 'fresh', 'fresh@example.com') . ')' ],
	loopit_ingest_webhook_text => [ 60, 'loopit_ingest_webhook_text(' . sprintf($lead, 'fresh', 'fresh@example.com') . ')' ],
	loopit_validate_lead => [ 40, 'loopit_validate_lead(' . sprintf($lead, '777', 'p777@example.com') . ')' ],
	loopit_replay_lead => [ 150, "loopit_replay_lead($rows + 1)" ],
	loopit_dismiss_lead => [ 100, "loopit_dismiss_lead($rows + 1, NULL)" ],
	loopit_find_leads => [ 20, "loopit_find_leads('777', 'p1554\@example.com')" ],
	'loopit_find_leads, newest' => [ 350, 'loopit_find_leads()', 20 ],
	'loopit_find_leads, dealership' => [ 20, 'loopit_find_leads(dealership_id => 358)' ],
	loopit_forget_person => [ 400, "loopit_forget_person(7, 'person1\@example.com')", 25 ],
	loopit_explain_lead => [ 100, "loopit_explain_lead('777')", 45 ],
	loopit_support_mail => [ 20, "loopit_support_mail($rows)" ],
	loopit_metrics => [ 500, 'loopit_metrics()', 50 ],
	loopit_payload_drift => [ 100, 'loopit_payload_drift()' ],
	loopit_report => [ 2500, 'loopit_report()', 130 ],
	loopit_purge_ingest_log => [ 400, "loopit_purge_ingest_log($older, now() - timestamptz '2016-06-01Z')", 20 ]);
# pages, the call, and how many probes of all partitions it makes
reads_pages($_, $calls{$_}[0] + besides($calls{$_}[2] // 8), "SELECT * FROM $calls{$_}[1]") for sort keys %calls;
reads_pages('unresolved_lead', 300 + besides(18), 'SELECT * FROM loopit.unresolved_lead');
reads_pages('unresolved_lead, last day', 300 + besides(8), "SELECT * FROM loopit.unresolved_lead WHERE received_at > $last - interval '1 day'");
reads_pages('open_delivery', 300 + besides(18), 'SELECT * FROM loopit.open_delivery');
reads_pages('ingest_audit, lead', 20 + besides(1), q{SELECT * FROM loopit.ingest_audit WHERE lead_reference = '777'});
reads_pages('ingest_audit, person', 40 + besides(1), q{SELECT a.* FROM loopit.person p JOIN loopit.ingest_audit a
	ON a.person_id = p.id AND a.workspace_id = p.workspace_id WHERE p.email = 'person1@example.com'});
reads_pages('ingest_audit, booking', 20 + besides(1), q{SELECT a.* FROM loopit.booking b JOIN loopit.ingest_audit a
	ON a.lead_reference = b.lead_reference AND a.workspace_id = b.workspace_id WHERE b.workspace_id = 7 AND b.id = 1});
reads_pages('ingest_audit, dealership', 20 + besides(1), 'SELECT * FROM loopit.ingest_audit WHERE dealership_id = 358');
# by its dealerships, since the planner does not know that these are quiet
reads_pages('ingest_audit, quiet workspace', 20 + besides(1), q{SELECT a.* FROM loopit.dealership d,
	LATERAL (SELECT * FROM loopit.ingest_audit l WHERE l.dealership_id = d.id ORDER BY l.received_at DESC LIMIT 1000) a
	WHERE d.workspace_id = 9});

# None of the functions that read or write the log is left out; those of clients
# and setup, and those that read no table, have nothing to do with its size.
is( $node->safe_psql('postgres', q{SELECT proname FROM pg_proc JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'
		WHERE classid = 'pg_proc'::regclass AND proname LIKE 'loopit%' AND proname !~ '_client|_door_|_setup|_schema$|_codes$|_mask_|_partition_' ORDER BY proname COLLATE "C"}),
	join("\n", sort grep { !/,/ } keys %calls), 'every function of the log is among them');

# A busy day: the summaries read the counts and today's rows, and so do metrics and
# report.
my $today = int($rows / 365);
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.workspace (id, name) VALUES (7, 'Northside') ON CONFLICT DO NOTHING;
	INSERT INTO loopit.dealership (id, workspace_id) SELECT i, 7 FROM generate_series(5001, 5100) i;
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, open, status, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT now() - i * interval '1 day' / $today, 5001 + i % 100, 7, 300, 1, i % 2 = 0, i % 50 = 0,
		'processed', 'today' || i, 'today' || i || '\@example.com', 'created',
		CASE WHEN i % 2 = 0 AND i % 50 > 0 THEN 'created' ELSE 'skipped' END,
		CASE WHEN i % 2 = 1 THEN 'not_provided' WHEN i % 50 = 0 THEN 'package_not_found' END, 'hook',
		CASE WHEN i % 50 = 0 THEN '{"issues": [{"code": "package_not_found", "field": "additional_details.subscription_plan"}]}'::jsonb ELSE '{"issues": []}' END,
		jsonb_build_object('id', 'today' || i, 'dealership', jsonb_build_object('id', 5001 + i % 100),
			'prospect', jsonb_build_object('email', 'today' || i || '\@example.com', 'first_name', 'Ann', 'mobile_phone', '0400' || i),
			'item', jsonb_build_object('vin', 'VIN' || i % 20), 'additional_details', jsonb_build_object('subscription_plan', 'Premium ' || i % 3))
	FROM generate_series(1, $today) i;
	VACUUM ANALYZE});
for my $bounded ([ 'summary', 'loopit.ingest_summary', 300 ], [ 'issue summary', 'loopit.ingest_issue_summary', 300 ],
	# a sample looks at 499 places of two windows in eight rounds
	[ 'metrics', 'loopit_metrics()', 2000 ], [ 'report', 'loopit_report()', 30_000 ], [ 'drift', 'loopit_payload_drift()', 30_000 ],
	[ 'open leads', q{loopit.unresolved_lead WHERE received_at > now() - interval '1 day'}, 2000 ])
{
	my ($name, $relation, $limit) = @$bounded;
	# each of the open leads, of which one in 50 is, is looked at once more
	reads_pages("$name of a busy day", $limit + $today * 2 + ($today / 50) * besides(1) + besides(130), "SELECT * FROM $relation");
}

# A lead with 10,000 open rows, half of which asked for a booking: the rows behind
# each are not read for each.
$node->safe_psql('postgres', q{
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, open, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT now() - (10000 - i) * interval '1 second', 356, 7, 300, 1, i <= 5000, true,
		'rejected', 'email_invalid', 'stubborn', 'x', 'skipped', 'skipped', 'person_skipped', 'hook', '{}', '{}'
	FROM generate_series(1, 10000) i;
	VACUUM ANALYZE loopit.ingest_log});
is($node->safe_psql('postgres', q{SELECT count(*), max(received_at) < now() - interval '4000 seconds' FROM loopit.unresolved_lead
	WHERE lead_reference = 'stubborn'}), '1|t', 'one of 10,000 open rows stands for the lead');
reads_pages('unresolved_lead, lead of 10,000 rows', 10_000 * (300 + besides(4)), q{SELECT * FROM loopit.unresolved_lead WHERE lead_reference = 'stubborn'});
reads_pages('open_delivery, lead of 10,000 rows', 10_000 * (150 + besides(4)), q{SELECT * FROM loopit.open_delivery WHERE lead_reference = 'stubborn'});
cmp_ok($whole, '>', 1000, "without counts the summary reads $whole");

done_testing();

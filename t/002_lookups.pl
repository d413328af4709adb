# The look-ups of support use an index at any size: none scans the whole log, or
# reads more than a few hundred pages of it.
#
# LOOPIT_ROWS   the number of log rows
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
my $last = "timestamptz '2020-01-01Z' + $rows * interval '78 seconds'";
my $node = new_node('lookups', 'fsync = off', 'jit = off', 'autovacuum = off',
	'max_wal_size = 4GB');

# One delivery every 78 seconds from 2020 on, so that 200,000 are half a year: four
# per address, two per lead.  Half of them have their booking, half asked for none,
# and a few that got none were dismissed.  The last 20 were rejected.
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, dismissed_at, ingested_by, outcome, payload)
	SELECT timestamptz '2020-01-01Z' + i * interval '78 seconds', 356, 7, 300, 1, i % 2 = 0,
		'processed', NULL, (i / 2)::text, 'p' || i % $addresses || '\@example.com', 'unchanged',
		CASE WHEN i % 2 = 0 AND i % 2000 > 0 THEN 'created' ELSE 'skipped' END,
		CASE WHEN i % 2 = 1 THEN 'not_provided' WHEN i % 2000 = 0 THEN 'asset_not_found' END,
		CASE WHEN i % 2000 = 0 THEN now() END, 'hook', '{}', '{"filler": "0123456789"}'
	FROM generate_series(1, $rows) i;
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, reason, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT $last + i * interval '1 minute', 356, 7, 300, 1, true,
		'rejected', 'email_invalid', 'new' || i, 'bad' || i, 'skipped', 'skipped', 'person_skipped',
		'hook', '{}', '{"filler": "0123456789"}'
	FROM generate_series(1, 20) i;
	-- bodies that could not be read
	INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status,
		reason, person_action, booking_action, dismissed_at, ingested_by, outcome, raw_body)
	SELECT $last + i * interval '1 minute', 300, 1, false, 'rejected', 'payload_malformed', 'skipped',
		'skipped', now(), 'hook', '{"person": {"id": null}}', convert_to('<raw' || i || '\@example.com>', 'UTF8')
	FROM generate_series(1, 20) i;
	-- a later delivery settled five of the rejected ones
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, lead_reference, email,
		person_action, booking_action, ingested_by, outcome, payload)
	SELECT $last + interval '1 day' + i * interval '1 minute', 356, 7, 300, 1, true,
		'processed', 'new' || i, 'good\@example.com', 'created', 'created', 'hook', '{}', '{}'
	FROM generate_series(1, 5) i;
	-- half a log of redeliveries, of which the last three conflict with their booking
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, lead_reference, email,
		person_action, booking_action, ingested_by, outcome, payload)
	SELECT timestamptz '2019-01-01Z' + i * interval '1 minute', 356, 7, 300, 1, true,
		'processed', 'again' || i, 'again\@example.com', 'unchanged', 'unchanged', 'hook',
		jsonb_build_object('issues', jsonb_build_array(jsonb_build_object('code',
			CASE WHEN i > $rows / 2 - 3 THEN 'booking_conflict' ELSE 'stale_payload' END))), '{"filler": "0123456789"}'
	FROM generate_series(1, $rows / 2) i;
});
$node->safe_psql('postgres', 'VACUUM ANALYZE loopit.ingest_log');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'), $rows + int($rows / 2) + 45, "the log has $rows rows");

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
	like($plan, qr/Index (Only )?Scan (Backward )?(using|on) $index\b/, "$name: uses $index");
	unlike($plan, qr/Seq Scan/, "$name: reads no table from end to end");
	cmp_ok($read, '<', 300, "$name: reads $read pages");
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
uses_index('time', 'ingest_log_received_at_idx', 46,
	q{SELECT * FROM loopit.ingest_log
	  WHERE received_at BETWEEN '2020-03-01T00:00Z' AND '2020-03-01T01:00Z'});
uses_index('newest 100', 'ingest_log_received_at_idx', 100,
	q{SELECT * FROM loopit.ingest_log ORDER BY received_at DESC, id DESC LIMIT 100});
uses_index('unresolved leads', 'ingest_log_unsettled_idx', 18,
	q{SELECT * FROM loopit.unresolved_lead});
uses_index('unresolved leads of a reason', 'ingest_log_unsettled_idx', 15,
	q{SELECT * FROM loopit.unresolved_lead WHERE reason = 'email_invalid'});
uses_index('conflicts', 'ingest_log_conflict_idx', 3,
	q{SELECT * FROM loopit.unresolved_lead WHERE reason = 'booking_conflict'});
uses_index('audit of a lead', 'ingest_log_lead_reference_idx', 2,
	q{SELECT * FROM loopit.ingest_audit WHERE lead_reference = '777'});

# Days that are over are counted once, a limited number of them by each call.  Then
# the summaries read the counts, and the metrics today's rows.
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
my $calls = 0;
$calls++ while $calls < 100 + $rows / 10_000 && $node->safe_psql('postgres', qq{
	SELECT loopit_purge_ingest_log('100 years');
	SELECT counted_until <= (SELECT max(received_at)::date FROM loopit.ingest_log) FROM loopit.ingest_counted}) =~ /t$/;
note "all days are counted by $calls calls; the summary read $whole pages before";
$node->safe_psql('postgres', q{
	INSERT INTO loopit.workspace (id, name) VALUES (7, 'Northside') ON CONFLICT DO NOTHING;
	INSERT INTO loopit.dealership (id, workspace_id) SELECT i, 7 FROM generate_series(5001, 5100) i;
	SELECT loopit_ingest_lead(jsonb_build_object('id', 'today' || i, 'dealership', '{"id": 356}'::jsonb,
		'prospect', jsonb_build_object('email', 'today' || i || '\@example.com'))) FROM generate_series(1, 100) i;
	VACUUM ANALYZE});
is($node->safe_psql('postgres', 'SELECT sum(count) FROM loopit.ingest_summary'), $rows + int($rows / 2) + 145,
	'the summary has every row');
for my $bounded ([ 'summary', 'loopit.ingest_summary', 300 ], [ 'issue summary', 'loopit.ingest_issue_summary', 300 ],
	[ 'metrics', 'loopit_metrics()', 2000 ])
{
	my ($name, $relation, $limit) = @$bounded;
	my $read = pages("SELECT * FROM $relation");
	cmp_ok($read, '<', $limit, "$name: reads $read pages");
}
cmp_ok($whole, '>', 1000, "without counts the summary reads $whole");

# The plans inside functions are not visible, but the server counts what they read.
sub reads_little
{
	my ($name, $rows, $query) = @_;
	my $got = $node->safe_psql('postgres', qq{
		BEGIN;
		$query;
		SELECT seq_scan, idx_tup_fetch + seq_tup_read < 1000, idx_scan > 0
		FROM pg_stat_xact_user_tables WHERE relname = 'ingest_log';
		ROLLBACK;
	});
	is($got, "$rows\n0|t|t", "$name: $rows, and no sequential scan");
}

my $find = 'SELECT count(*) FROM loopit_find_leads';
reads_little('find by reference', 2, "$find('777')");
reads_little('find by e-mail', 4, "$find(email => 'P777\@example.com')");
reads_little('find by both', 1, "$find('777', 'p1554\@example.com')");
reads_little('find around a time', 92, "$find(around => '2020-03-01T00:00Z', within => '1 hour')");
reads_little('find by reference and time', 2, "$find('777', around => '2020-01-02Z', within => '1 day')");
reads_little('find the newest', 100, "$find()");
reads_little('unresolved leads', 18, 'SELECT count(*) FROM loopit.unresolved_lead');
reads_little('replay', 'rejected',
	"SELECT loopit_replay_lead($rows + 1)->>'status'");
reads_little('dismiss', '',
	"SELECT loopit_dismiss_lead($rows + 1, NULL)");
reads_little('purge of a few', 100,
	q{SELECT loopit_purge_ingest_log(now() - timestamptz '2020-01-02Z', max_rows => 100)});
reads_little('purge of none', 0,
	q{SELECT loopit_purge_ingest_log(interval '100 years')});

# Erasure reads the rows of the person, by id and by e-mail, and the 40 that could
# not be read or processed.
sub erases
{
	my ($name, $rows, $email) = @_;
	reads_little("erasure of $name", $rows, "SELECT loopit_forget_person(7, '$email')->'log_rows'");
}
$node->safe_psql('postgres', q{
	INSERT INTO loopit.workspace (id, name) VALUES (7, 'Northside') ON CONFLICT DO NOTHING;
	INSERT INTO loopit.person (workspace_id, email) SELECT 7, 'person' || i || '@example.com' FROM generate_series(1, 1000) i;
	UPDATE loopit.ingest_log SET person_id = (SELECT id FROM loopit.person WHERE email = 'person1@example.com') WHERE lead_reference IN ('3', '777', '9999');
	ANALYZE});
erases('nobody', 0, 'nobody@example.com');
erases('an e-mail of the log', 4, 'p778@example.com');
erases('a person whose e-mail was another', 6, 'person1@example.com');
erases('the sender of a body that could not be read', 1, 'raw7@example.com');
erases('the sender of an e-mail that is none', 1, 'bad7');

done_testing();

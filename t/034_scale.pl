# Ingestion never scans a whole large table, not even in a session that made its
# plans while the tables were empty.
#
# LOOPIT_ROWS   the number of rows of the large tables
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $rows = $ENV{LOOPIT_ROWS} // 100_000;
my $node = new_node('scale', 'fsync = off', 'autovacuum = off', 'max_wal_size = 4GB');

# A lead with all things in it; the person, the lead and the vehicle have numbers.
$node->safe_psql('postgres', q{
	CREATE FUNCTION payload(i bigint) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', i, 'dealership', '{"id": 356}'::jsonb,
			'prospect', jsonb_build_object('email', 'p' || i || '@example.com', 'first_name', 'N' || i % 3),
			'item', jsonb_build_object('vin', 'VIN' || i % 20 + 1, 'stock_number', 'none'),
			'location', '{"location_name": "depot"}'::jsonb,
			'additional_details', jsonb_build_object('subscription_plan', 'Premium',
				'license_number', i, 'license_expiry', '01/01/2030', 'license_dob', '01/01/1990',
				'passport_number', i, 'passport_country', 'au', 'passport_expiry', '01/01/2030', 'passport_dob', '01/01/1990'))
	$$;
	-- tables of which this session made sequential scans without need
	CREATE FUNCTION read_whole() RETURNS text LANGUAGE sql AS $$
		SELECT string_agg(relname || ' ' || seq_scan, ', ' ORDER BY relname) FROM pg_stat_xact_user_tables
		WHERE schemaname = 'loopit' AND seq_scan > 0
		AND relname IN ('person', 'identity_document', 'booking', 'ingest_log', 'asset', 'dealership')
	$$;
});

# One session that begins with empty tables, in a transaction, in which the counters
# are exact.
my $calls = 3000;
my $support = q{
	SELECT loopit_forget_person(7, 'nobody@example.com')->>'log_rows', (SELECT count(*) FROM loopit_find_leads('none')),
		(SELECT count(*) FROM loopit_find_leads(email => 'nobody@example.com')), (SELECT count(*) FROM loopit_find_leads(around => '2020-01-01Z')),
		loopit_purge_ingest_log('1 year')};
my @output = split /\n/, $node->safe_psql('postgres', qq{
	BEGIN;
	$support;
	SELECT count(loopit_ingest_lead(payload(i))) FROM generate_series(1, $calls) i;
	SELECT count(loopit_ingest_lead(payload(i))) FROM generate_series(1, $calls) i;
	$support;
	SELECT 'read: ' || coalesce(read_whole(), 'none');
	COMMIT;
});
is_deeply(\@output, [ '0|0|0|0|0', $calls, $calls, '0|0|0|0|0', 'read: none' ],
	'plans made for empty tables are still good when the tables have grown');

# The same with large tables.
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.person (workspace_id, email)
		SELECT 7, 'q' || i || '\@example.com' FROM generate_series(1, $rows) i;
	INSERT INTO loopit.identity_document (workspace_id, person_id, kind, number, date_of_birth, expires_on)
		SELECT 7, id, 'driver_licence', id, '1990-01-01', '2030-01-01' FROM loopit.person
		WHERE email LIKE 'q%';
	INSERT INTO loopit.booking (workspace_id, person_id, asset_id, location_id, package_id, ingest_log_id, lead_reference)
		SELECT 7, id, 701, 3, 2, 1, 'q' || id FROM loopit.person WHERE email LIKE 'q%';
	INSERT INTO loopit.asset (workspace_id, id, vin) SELECT 7, 10000 + i, 'Q' || i FROM generate_series(1, $rows / 10) i;
	INSERT INTO loopit.dealership (id, workspace_id) SELECT 1000 + i, 7 FROM generate_series(1, $rows / 10) i;
	INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status,
			lead_reference, email, person_action, booking_action, ingested_by, outcome)
		SELECT now(), 1, 1, true, 'processed', 'q' || i, 'q' || i || '\@example.com', 'created', 'created', 'x', '{}'
		FROM generate_series(1, $rows) i;
	ANALYZE loopit.person, loopit.identity_document, loopit.booking, loopit.asset, loopit.dealership, loopit.ingest_log;
});
is($node->safe_psql('postgres', qq{
		BEGIN;
		SELECT count(loopit_ingest_lead(payload(i))) FROM generate_series($calls - 50, $calls + 50) i;
		SELECT count(loopit_validate_lead(payload(i))) FROM generate_series($calls, $calls + 100) i;
		SELECT count(loopit_replay_lead(id)) FROM (SELECT id FROM loopit.ingest_log ORDER BY id LIMIT 100) l;
		SELECT 'read: ' || coalesce(read_whole(), 'none');
		COMMIT;
	}),
	"101\n101\n100\nread: none", "nor with $rows rows more");

# A sender that gives every lead the same id: all but the first conflict with its
# booking, and stay open.  A delivery reads some of them, and not all.
my $conflicts = 5000;
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us, payload_version, asked_for_booking,
			open, status, lead_reference, email, person_action, booking_action, ingested_by, outcome)
		SELECT now() - i * 2003 % 5000 * interval '1 second', 356, 7, 1, 1, true, true, 'processed', '1', 'c' || i || '\@example.com', 'created', 'unchanged', 'x',
			'{"issues": [{"code": "booking_conflict"}]}' FROM generate_series(1, $conflicts) i;
	ANALYZE loopit.ingest_log;
});
for my $what ([ 'is booked', '' ], [ 'is not booked', q{ #- '{item}'} ])
{
	my ($name, $without) = @$what;
	my $sends = qq{loopit_ingest_lead((payload(1) || '{"prospect": {"email": "one\@example.com"}}')$without)};
	my ($pages) = $node->safe_psql('postgres', "SELECT $sends; EXPLAIN (ANALYZE, BUFFERS) SELECT $sends") =~ /Buffers: shared hit=(\d+)/;
	cmp_ok($pages, '<', 500, "of a lead with $conflicts open rows, a delivery that $name reads $pages pages");
}
# One of them failed; the next delivery settles it.
my $settled = $node->safe_psql('postgres', q{
	UPDATE loopit.ingest_log SET status = 'failed', reason = 'database_error', booking_action = 'skipped', booking_reason = 'database_error', payload = '{}'
		WHERE id = (SELECT max(id) FROM loopit.ingest_log WHERE lead_reference = '1' AND open) RETURNING id;
	SELECT loopit_ingest_lead(payload(1))->>'status';
	SELECT count(*) FROM loopit.ingest_log WHERE status = 'failed' AND open});
like($settled, qr/^\d+\nprocessed\n0$/, 'and what the newest of them asks for is settled');
$node->stop;
done_testing();

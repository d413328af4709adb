# loopit_payload_drift() on a large log: what it costs, that its samples are even,
# that it reports nothing by chance, and fifteen changes that a sender may make to a
# fifth of the leads of a day.
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
my $node = new_node('drift', 'fsync = off', 'autovacuum = off', 'max_wal_size = 4GB');

# Sixty days of the specification's example, of 40 dealerships: of 20 leads 19 come
# in one half of the day.  Some keys are there by chance.
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.dealership (id, workspace_id) SELECT 1000 + i, 7 FROM generate_series(1, 40) i;
	INSERT INTO loopit.asset (workspace_id, vin) VALUES (7, 'JSAGJB74V00202326');
	INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position)
		SELECT 7, id, 3, 1 FROM loopit.asset WHERE vin = 'JSAGJB74V00202326';
	SELECT setseed(0.5);
	CREATE TABLE public.example AS SELECT loopit_lead_schema()#>'{examples,0}' || '{"dealership": {"id": 1001}}' AS payload;
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us, payload_version,
		asked_for_booking, status, lead_reference, email, person_action, booking_action, ingested_by, outcome, payload)
	SELECT now() - interval '1 minute' - interval '1 day' * (i % 60 + CASE WHEN i / 2400 % 20 = 0 THEN 0.5 + random() / 2.01 ELSE random() / 2 END),
		1001 + i / 60 % 40, 7, 300, 1, true, 'processed', i::text, 'p' || i || '\@example.com', 'created', 'created', 'hook', o.outcome,
		e.payload || jsonb_build_object('id', i, 'often', CASE WHEN random() < 0.9 THEN 1 END, 'half', CASE WHEN random() < 0.5 THEN '1' END,
			'seldom', CASE WHEN random() < 0.03 THEN 1 END, 'mixed', CASE WHEN random() < 0.5 THEN to_jsonb(1) ELSE to_jsonb('1'::text) END)
	FROM public.example e, loopit_validate_lead(e.payload) o(outcome), generate_series(1, $rows) i});
$node->safe_psql('postgres', 'VACUUM ANALYZE loopit.ingest_log');

# Cost: pages, and the CPU of a backend after its first call.
my $call = 'SELECT * FROM loopit_payload_drift()';
my $plan = $node->safe_psql('postgres', "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) $call");
my $pages = 0;
$pages += $_ for ($plan =~ /Buffers: shared (.*)/)[0] =~ /(?:hit|read)=(\d+)/g;
cmp_ok($pages, '<', 80_000, "two samples of 2,000 payloads of $rows take $pages pages");
is($node->safe_psql('postgres', "BEGIN; DO 'BEGIN PERFORM * FROM loopit_payload_drift(); END';
	SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'ingest_log'; COMMIT"), '0', 'and no sequential scan');
SKIP:
{
	skip 'there is no /proc', 1 unless -e '/proc/self/stat';
	my $clock = q{(SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat', 0, 1000) s)};
	my $ticks = $node->safe_psql('postgres', "SELECT count(*) FROM loopit_payload_drift();
		SELECT $clock AS before \\gset
		SELECT count(*) FROM generate_series(1, 10) i, LATERAL (SELECT count(*) FROM loopit_payload_drift('1 day', '30 days', 2000 + i * 0)) c;
		SELECT 'ticks ' || $clock - :before");
	my ($used) = $ticks =~ /ticks (\d+)/;
	my $seconds = $used / 10 / `getconf CLK_TCK`;
	cmp_ok($seconds, '<', 0.6, "a call takes $seconds s of CPU");
}

# Nothing has changed.
for my $since ('6 hours', '1 day', '3 days', '7 days', '20 days')
{
	is($node->safe_psql('postgres', "SELECT * FROM loopit_payload_drift('$since')"), '', "nothing changed in $since");
}
is($node->safe_psql('postgres', "SELECT * FROM loopit_payload_drift(sample => 100)"), '', 'nor in a small sample');

# Each lead has the same chance, in a busy hour and at night.
sub in_transaction
{
	my ($change, $query) = @_;
	return $node->safe_psql('postgres', "BEGIN; $change; $query; ROLLBACK");
}
my $today = "received_at > now() - interval '1 day'";
is( in_transaction(
		qq{UPDATE loopit.ingest_log SET payload = payload || CASE WHEN received_at > now() - interval '12 hours 1 minute' THEN '{"day": 1}' ELSE '{"night": 1}' END::jsonb WHERE $today},
		q{SELECT path, change, before_share, now_share BETWEEN CASE path WHEN 'day' THEN 0.91 ELSE 0.03 END
			AND CASE path WHEN 'day' THEN 0.97 ELSE 0.09 END, now_leads BETWEEN 1900 AND 2000 FROM loopit_payload_drift() ORDER BY 1}),
	"day|new|0|t|t\nnight|new|0|t|t", 'the sample of a day is even');
is( in_transaction(
		qq{UPDATE loopit.ingest_log SET payload = payload || CASE WHEN (now() - received_at < interval '30 days') = (lead_reference::int / 2400 % 20 = 7) THEN '{"a": 1}' ELSE '{"b": 1}' END::jsonb
			WHERE received_at BETWEEN now() - interval '31 days' AND now() - interval '1 day' AND lead_reference::int / 2400 % 10 = 7},
		q{SELECT count(*) FROM loopit_payload_drift() WHERE path IN ('a', 'b') AND change = 'gone' AND before_share BETWEEN 0.035 AND 0.065}),
	'2', 'and that of thirty days');

# What a fifth of today's leads has, or all of one dealership.
my %changes = (
	'a key is renamed' => [ q{payload #- '{prospect,mobile_phone}' || '{"mobile": 1}'}, 'mobile new', 'prospect.mobile_phone share changed' ],
	'a key in another case' => [ q{jsonb_set(payload, '{item,VIN}', payload#>'{item,vin}') #- '{item,vin}'}, 'item.VIN new', 'item.vin share changed' ],
	'a key is gone' => [ q{payload #- '{prospect,last_name}'}, 'prospect.last_name share changed' ],
	'a value moves to another object' => [ q{jsonb_set(payload, '{item,location_name}', '"Depot"') #- '{location,location_name}'}, 'item.location_name new', 'location.location_name share changed' ],
	'a string instead of a number' => [ q{jsonb_set(payload, '{item,price}', '"39,500"')}, 'item.price type changed' ],
	'a number instead of a string' => [ q{jsonb_set(payload, '{prospect,mobile_phone}', '403123123')}, 'prospect.mobile_phone type changed' ],
	'an object instead of a number' => [ q{jsonb_set(payload, '{prospect,address,postcode}', '{"value": 2000}')}, 'prospect.address.postcode type changed', 'prospect.address.postcode issue share wrong_type' ],
	'an array instead of an object' => [ q{jsonb_set(payload, '{prospect,address}', jsonb_build_array(payload#>'{prospect,address}'))}, 'prospect.address type changed' ],
	'a string instead of a boolean' => [ q{jsonb_set(payload, '{prospect,opt_in_to_marketing}', '"false"')}, 'prospect.opt_in_to_marketing type changed' ],
	'null instead of a value' => [ q{jsonb_set(payload, '{prospect,middle_name}', 'null')}, 'prospect.middle_name share changed' ],
	'an empty string' => [ q{jsonb_set(payload, '{prospect,middle_name}', '""')}, 'prospect.middle_name share changed' ],
	'another form of dates' => [ q{jsonb_set(payload, '{additional_details,license_expiry}', '"2029-10-10"')}, 'additional_details.license_expiry issue share licence_expiry_invalid' ],
	'names instead of abbreviations' => [ q{jsonb_set(payload, '{prospect,address,state}', '"New South Wales"')}, 'prospect.address.state issue share state_not_abbreviated' ],
	'a new key' => [ q{payload || '{"campaign": {"name": "Spring"}}'}, 'campaign new' ],
	'elements of another type' => [ q{jsonb_set(payload, '{item,third_party_integrations}', '["Loopit"]')}, 'item.third_party_integrations[] type changed' ]);
is(keys %changes, 15, 'fifteen changes');
for my $what (sort keys %changes)
{
	my ($payload, @expected) = @{ $changes{$what} };
	for my $of ([ 'a fifth of the leads', 'lead_reference::int / 2400 % 5 = 2', '' ], [ 'one dealership', 'dealership_id = 1005', '1005' ])
	{
		my ($whose, $condition, $dealership) = @$of;
		my @found = split /\n/, in_transaction(
			"UPDATE loopit.ingest_log SET payload = $payload, outcome = loopit_validate_lead($payload || '{\"dealership\": {\"id\": 1001}}') WHERE $today AND $condition",
			q{SELECT coalesce(dealership_id::text, '') || ' ' || concat_ws(' ', path, change, code) FROM loopit_payload_drift()});
		for my $row (@expected)
		{
			my $line = $row;
			# in the leads of one dealership nothing of it is left
			$line =~ s/share changed$/gone/ if $dealership ne '';
			# a new path is there in one dealership alone
			ok((grep { $_ eq "$dealership $line" } @found), "$what, $whose: $line")
			  or diag(join("\n", @found));
		}
	}
}

$node->stop;
done_testing();

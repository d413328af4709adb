# Many leads in one statement, on tables that were empty when it began: each
# look-up uses the index of its key, whatever statistics say of the table, so
# the cost of a lead does not grow with the number of leads before it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $leads = $ENV{LOOPIT_LEADS} // 4000;
my $node = new_node('bulk', 'fsync = off', 'autovacuum = off', 'track_counts = on');

# The first leads are two of each person, so that the statements of a person who
# is known are planned when the tables are still empty.
$node->safe_psql('postgres', q{
	CREATE FUNCTION lead(i int, people int) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', i, 'dealership', '{"id": 356}'::jsonb,
			'prospect', jsonb_build_object('email', 'p' || CASE WHEN i < 100 THEN i / 2 ELSE i % people END || '@example.com',
				'first_name', 'Name' || i, 'mobile_phone', '04' || i),
			'item', '{"vin": "vin9"}'::jsonb,
			'additional_details', jsonb_build_object('subscription_plan', 'Premium',
				'license_number', 'L' || i, 'license_expiry', '01/01/2030', 'license_dob', '01/01/1990'))
	$$});

# The rows that index scans have read since the last reset, by table and index.
sub rows_read
{
	$node->safe_psql('postgres', 'SELECT pg_stat_force_next_flush()');
	return map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres',
		q{SELECT relname, indexrelname, idx_tup_read FROM pg_stat_user_indexes
			WHERE schemaname = 'loopit' ORDER BY idx_tup_read DESC});
}

foreach my $storage ('auto', 'sql')
{
	$node->safe_psql('postgres', q{TRUNCATE loopit.person, loopit.identity_document, loopit.booking, loopit.ingest_log;
		SELECT pg_stat_reset()});
	my $people = int($leads / 2.5);
	is($node->safe_psql('postgres', "SET loopit_leads.storage = $storage;
		SELECT o->>'status', count(*) FROM (SELECT loopit_ingest_lead(lead(i, $people)) o
			FROM generate_series(1, $leads) i) l GROUP BY 1"),
		"processed|$leads", "storage = $storage: all leads of one statement are processed");
	foreach my $index (rows_read())
	{
		my ($table, $name, $rows) = @$index;
		cmp_ok($rows, '<=', 12 * $leads,
			"storage = $storage: $rows rows read by $name of $table for $leads leads");
	}
	my $scanned = $node->safe_psql('postgres', q{SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables
		WHERE schemaname = 'loopit' AND relname IN ('person', 'identity_document', 'booking', 'ingest_log')});
	is($scanned, 0, "storage = $storage: no table that grows is read as a whole");
}

$node->stop;
done_testing();

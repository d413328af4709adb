# Leads of one statement, into tables of which the server knows nothing, neither
# rows nor statistics: the work per lead does not grow with the leads.
#
# LOOPIT_LEADS  how many (default: 20,000, two of each person)
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $leads = $ENV{LOOPIT_LEADS} // 20000;
my $node = new_node('bulk', 'fsync = off', 'autovacuum = off');
$node->safe_psql('postgres', q{
	CREATE TABLE public.lead AS
	SELECT i, jsonb_build_object('id', i, 'dealership', '{"id": 356}'::jsonb,
		'prospect', jsonb_build_object('email', 'p' || i / 2 || '@example.com', 'first_name', 'N' || i),
		'item', '{"vin": "vin9"}'::jsonb, 'location', '{"location_name": "Depot"}'::jsonb,
		'additional_details', '{"subscription_plan": "Premium", "license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}'::jsonb) AS payload
	FROM generate_series(1, LEADS) i} =~ s/LEADS/$leads/gr);

is($node->safe_psql('postgres', q{
		SELECT count(*), string_agg(DISTINCT o->>'status', ' '), string_agg(DISTINCT o#>>'{person,action}', ' '), string_agg(DISTINCT o#>>'{booking,action}', ' ')
		FROM (SELECT loopit_ingest_lead(payload) o FROM public.lead ORDER BY i OFFSET 0) l}),
	"$leads|processed|created updated|created", "$leads leads of one statement");

# by an index, whatever the table, each lead reads the few rows that it is about
my $most = 8;
for (split /\n/, $node->safe_psql('postgres', q{
		SELECT indexrelname, idx_tup_read FROM pg_stat_user_indexes WHERE schemaname = 'loopit' AND idx_tup_read > 0
		UNION ALL SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'loopit' ORDER BY 1}))
{
	my ($name, $read) = split /\|/;
	cmp_ok($read, '<=', $most * $leads, "$name: $read rows are read");
}
$node->stop;
done_testing();

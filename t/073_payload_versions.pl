# While a new version of the payload replaces an older one, both are accepted, and
# the log tells them apart.  The extension has one version, so the test compiles a
# copy to which it adds an invented second one, as docs/change-management.md says:
# t/data/payload_version_2.diff renames a key and changes the form of a date.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(top());
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
my $copy = abs_path(PostgreSQL::Test::Utils::tempdir) . '/version 2';
$copy =~ tr/ /_/;
mkdir $copy or die $!;

# Runs a command, and shows what it prints if it fails.
sub succeeds
{
	my ($command, $name) = @_;
	my $output = `{ $command; } 2>&1`;
	is($?, 0, $name) or diag($output);
	return $output;
}

succeeds("cp -r '$top/src' '$top/Makefile' '$top'/loopit_leads* '$copy' && find '$copy' -name '*.o' -delete",
	'the sources are copied');
succeeds("patch -p1 -d '$copy' --fuzz=0 <'$top/t/data/payload_version_2.diff'", 'version 2 is added to them');
succeeds("make -s -C '$copy' PG_CONFIG='$pg_config' with_llvm=no PROFILE='-O0 -Werror' loopit_leads.so",
	'they compile');

# Each database with its own library: the functions of the second one are those of
# the copy.
my $node = new_node('versions', 'fsync = off');
$node->safe_psql('postgres', 'CREATE DATABASE two TEMPLATE postgres');
$node->safe_psql('two', qq{UPDATE pg_catalog.pg_proc SET probin = '$copy/loopit_leads' WHERE probin = '\$libdir/loopit_leads'});

# Leads of both versions, and of neither: the booking, the licence, the issues, and
# what the log says.
my $ingest = q{
	CREATE FUNCTION public.send(id int, item text, expiry text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		got jsonb := loopit_ingest_lead(jsonb_build_object('id', id, 'dealership', '{"id": 356}'::jsonb,
			'prospect', jsonb_build_object('email', id || '@example.com'), 'item', item::jsonb,
			'additional_details', jsonb_build_object('subscription_plan', 'Premium', 'license_number', 'L1',
				'license_dob', '10/10/1980', 'license_expiry', expiry)));
	BEGIN
		RETURN concat_ws(', ', 'booking ' || (got#>>'{booking,action}'),
			(SELECT 'expires ' || to_char(expires_on, 'DD Mon YYYY') FROM loopit.identity_document WHERE person_id = (got#>>'{person,id}')::bigint),
			(SELECT string_agg((i->>'field') || ' ' || (i->>'code'), ', ') FROM jsonb_array_elements(got->'issues') i),
			'version ' || (SELECT payload_version FROM loopit.ingest_log l WHERE l.id = (got->>'log_id')::bigint));
	END $$};
$node->safe_psql($_, $ingest) for qw(postgres two);

sub sends
{
	my ($database, $name, $item, $expiry, $expected) = @_;
	our $id++;
	is($node->safe_psql($database, "SELECT public.send($id, '$item', '$expiry')"), $expected, "$database: $name");
}

sends('postgres', 'version 1', '{"vin": "VIN1"}', '04/03/2099',
	'booking created, expires 04 Mar 2099, version 1');
sends('postgres', 'version 2 is not accepted', '{"vehicle_number": "VIN2"}', '2099-03-04',
	'booking skipped, additional_details.license_expiry licence_expiry_invalid, item vehicle_missing, version 1');
sends('two', 'version 1', '{"vin": "VIN1"}', '04/03/2099',
	'booking created, expires 04 Mar 2099, version 1');
sends('two', 'version 2', '{"vehicle_number": "VIN2"}', '2099-03-04',
	'booking created, expires 04 Mar 2099, version 2');
sends('two', 'the key of 1, the date of 2', '{"vin": "VIN3"}', '2099-03-04',
	'booking created, expires 04 Mar 2099, version 1');
sends('two', 'the key of 2, the date of 1', '{"vehicle_number": "VIN4"}', '04/03/2099',
	'booking created, expires 04 Mar 2099, version 1');
sends('two', 'both keys: the newer one', '{"vehicle_number": "VIN5", "vin": "VIN6"}', '2099-03-04',
	'booking created, expires 04 Mar 2099, version 2');
sends('two', 'an empty new key', '{"vehicle_number": "", "vin": "VIN6"}', '2099-03-04',
	'booking created, expires 04 Mar 2099, version 1');
sends('two', 'a date of neither', '{"vehicle_number": "VIN7"}', '2099/03/04',
	'booking skipped, additional_details.license_expiry licence_expiry_invalid, version 2' =~ s/skipped/created/r);
sends('two', 'a vehicle that is not found', '{"vin": "VIN99"}', '2099-03-04',
	'booking skipped, expires 04 Mar 2099, item.vehicle_number asset_not_found, version 1');
is($node->safe_psql('two', q{SELECT loopit_ingest_lead(NULL)->>'reason', max(payload_version) FROM loopit.ingest_log WHERE payload IS NULL}),
	'payload_missing|', 'two: a call without a payload');
is($node->safe_psql('two', q{SELECT DISTINCT payload_version FROM loopit.ingest_log WHERE payload IS NULL}),
	'2', 'two: which is of the newest version');

# Schema, masking and the comparison of payloads follow the table.
my $schema = q{SELECT s->>'$comment', s#>>'{properties,item,properties,vin,description}' = s#>>'{properties,item,properties,vehicle_number,description}',
	jsonb_array_length(s#>'{properties,additional_details,properties,license_expiry,anyOf}'),
	jsonb_path_query_array(s, '$.properties.additional_details.properties.license_dob.pattern') =
	jsonb_path_query_array(s, '$.properties.additional_details.properties.license_expiry.anyOf[1].pattern')
	FROM loopit_lead_schema() s};
is($node->safe_psql('two', $schema), 'payload version 2 (2027-03-01)|t|2|t', 'the schema has both forms');
is($node->safe_psql('postgres', $schema), 'payload version 1 (2025-10-01)|||f', 'and that of version 1 one');
is( $node->safe_psql('two', q{SELECT loopit_mask_payload('{"item": {"vin": "V1", "vehicle_number": "V2", "number": "V3"}}')}),
	'{"item": {"vin": "V1", "number": "***", "vehicle_number": "V2"}}', 'both keys are shown to auditors');
$node->safe_psql('two', q{
	UPDATE loopit.ingest_log SET received_at = received_at - interval '2 days';
	SELECT public.send(100 + i, '{"vin": "VIN8"}', '2099-03-04') FROM generate_series(1, 50) i;
	UPDATE loopit.ingest_log SET received_at = received_at - interval '2 days' WHERE lead_reference::int > 100;
	SELECT public.send(200 + i, '{"vehicle_number": "VIN8"}', '2099-03-04') FROM generate_series(1, 50) i});
is( $node->safe_psql('two', q{SELECT path, known, change FROM loopit_payload_drift() ORDER BY 1}),
	"item.vehicle_number|t|share changed\nitem.vin|t|gone", 'both keys are read by the extension');
is($node->safe_psql('two', q{SELECT payload_version, count(*) FROM loopit.ingest_log WHERE received_at > now() - interval '1 day' GROUP BY 1}),
	'2|50', 'and the log tells when nobody sends the older one');

$node->stop;
done_testing();

# Many calls in one backend, good and bad ones: its memory does not grow.
#
# LOOPIT_CALLS   the number of calls
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $calls = $ENV{LOOPIT_CALLS} // 20000;
my $node = new_node('memory', 'fsync = off', 'autovacuum = off',
	'log_min_messages = fatal');

# New persons, updates, redeliveries, rejected and failed leads, raw bodies and dry
# runs, a thousand per statement: a leak into the caller's context would last until
# the end of the statement, any other as long as the backend.
$node->safe_psql('postgres', q{
	ALTER TABLE loopit.person ADD CONSTRAINT no_bob CHECK (first_name <> 'Bob');
	CREATE FUNCTION payload(i bigint) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', i % 5000, 'dealership', jsonb_build_object('id', 356 + (i % 7 / 6)),
			'prospect', jsonb_build_object('email', 'p' || i % 1000 || '@example.com',
				'first_name', CASE i % 11 WHEN 0 THEN 'Bob' ELSE 'N' || i END),
			'item', jsonb_build_object('vin', 'vin' || i % 25),
			'additional_details', jsonb_build_object('subscription_plan', CASE i % 3 WHEN 0 THEN 'premium' ELSE 'Premium' END,
				'license_number', i % 100, 'license_expiry', '01/01/2030', 'license_dob', '01/01/1990',
				'passport_country', 'nz'))
	$$;
	CREATE FUNCTION calls(first bigint, last bigint) RETURNS bigint LANGUAGE sql AS $$
		SELECT count(CASE i % 5
			WHEN 0 THEN loopit_ingest_webhook(convert_to(left(payload(i)::text, -(i % 2)::int), 'UTF8'))
			WHEN 1 THEN loopit_validate_lead(payload(i))
			ELSE loopit_ingest_lead(payload(i)) END)
		FROM generate_series(first, last) i
	$$;
});

my $total = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
my $chunks = '';
for (my $first = 7001; $first <= $calls; $first += 1000)
{
	$chunks .= "SELECT calls($first, $first + 999);\n";
}
my @output = split /\n/, $node->safe_psql('postgres', qq{
	SELECT calls(1, 7000);
	$total;
	$chunks
	$total;
	SELECT string_agg(DISTINCT status, ' ' ORDER BY status) FROM loopit.ingest_log;
});
my (undef, $before) = splice(@output, 0, 2);
my ($after, $kinds) = splice(@output, -2);
my $done = 0;
$done += $_ for @output;
is($done, $calls - 7000, "$done calls");
is($kinds, 'failed processed rejected', 'leads of every status were among them');
cmp_ok($after, '<=', $before * 1.02 + 65536,
	"memory stays flat: $before bytes before, $after after");

# A look-up of the whole log needs no more memory than one of a few rows: what is
# found goes to a file.  (VmHWM is the most that the backend ever had.)
SKIP:
{
	skip 'there is no /proc', 1 if !-r '/proc/self/status';
	my $rows = 200_000;
	$node->safe_psql('postgres', qq{
		INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status, lead_reference,
			person_action, booking_action, ingested_by, outcome)
		SELECT timestamptz '2020-01-01Z' + i * interval '1 second', 1, 1, false, 'processed', i, 'unchanged', 'skipped', 'x',
			jsonb_build_object('filler', repeat('x', 500)) FROM generate_series(1, $rows) i});
	my ($few, $found, $all) = split /\n/, $node->safe_psql('postgres', qq{
		CREATE TEMP TABLE peak (status text);
		SELECT format('COPY peak FROM PROGRAM %L (FORMAT csv)', 'grep VmHWM /proc/' || pg_backend_pid() || '/status') AS copy \\gset
		SELECT count(*) FROM loopit_find_leads(around => '2020-01-01Z') LIMIT 0;
		:copy;
		SELECT substring(status FROM '[0-9]+') FROM peak; TRUNCATE peak;
		SELECT count(*) FROM loopit_find_leads(around => '2020-01-01Z', within => '1 year');
		:copy;
		SELECT substring(status FROM '[0-9]+') FROM peak;
	});
	is($found, $rows, "$rows rows are found");
	# shared memory that is touched for the first time counts as well
	cmp_ok($all - $few, '<', 60_000, "at most 60 MB more for them: $few kB, then $all kB");
}
$node->stop;
done_testing();

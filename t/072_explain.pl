# loopit_explain_lead() reads a bounded number of pages at any size of the log,
# with statistics and without, and answers in databases of other encodings.
#
# LOOPIT_ROWS   the number of log rows
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node dealership);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rows = $ENV{LOOPIT_ROWS} // 20_000;
my $node = new_node('explain', 'fsync = off', 'autovacuum = off', 'max_wal_size = 4GB', 'shared_buffers = 256MB');

# Leads of two deliveries, by addresses of four; one lead, one address and one
# dealership with a great many; bodies that could not be read.
$node->safe_psql('postgres', qq{
	INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us,
		payload_version, asked_for_booking, status, lead_reference, email,
		person_action, booking_action, booking_reason, ingested_by, outcome, payload)
	SELECT timestamptz '2020-01-01Z' + i * interval '78 seconds', 356, 7, 300, 1, false, 'processed',
		CASE WHEN i % 4 = 0 THEN 'manymany' ELSE (1000000 + i / 2)::text END,
		CASE WHEN i % 4 = 1 THEN 'many\@example.com' ELSE 'person' || (i / 4) || '\@example.com' END,
		'unchanged', 'skipped', 'not_provided', 'hook', '{"issues": []}', '{"filler": "0123456789"}'
	FROM generate_series(1, $rows) i;
	INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status,
		reason, person_action, booking_action, ingested_by, outcome, raw_body)
	SELECT timestamptz '2020-01-01Z' + i * interval '78 seconds', 300, 1, false, 'rejected', 'payload_malformed', 'skipped',
		'skipped', 'hook', '{}', convert_to('<raw>' || (9000000 + i) || '</raw>', 'UTF8')
	FROM generate_series(1, $rows / 20) i;
});

# Checks that an answer has a line, and reads no more pages than that.
sub reads
{
	my ($name, $limit, $arguments, $line) = @_;
	my $query = "SELECT x FROM loopit_explain_lead($arguments) x";
	# once before, since a new session reads the catalogue
	my $plan = $node->safe_psql('postgres', "$query; EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) $query");
	like($plan, $line, "$name: is answered");
	my ($pages) = $plan =~ /Buffers: shared (.*)/;
	my ($time) = $plan =~ /Execution Time: ([\d.]+)/;
	my $read = 0;
	$read += $_ for ($pages // '') =~ /(?:hit|read)=(\d+)/g;
	cmp_ok($read, '>', 0, "$name: pages are counted");
	cmp_ok($read, '<', $limit, "$name: reads $read pages in $time ms");
}

# The same whether the table was ever analyzed or not.
foreach my $statistics ('without statistics', 'with statistics')
{
	$node->safe_psql('postgres', 'ANALYZE loopit.ingest_log') if $statistics eq 'with statistics';
	reads("$statistics, a lead", 500, q{'1000777'}, qr/^Lead 1000777 of dealership 356/m);
	reads("$statistics, an address", 4500, q{email => 'person777@example.com'}, qr/^Lead \d+ of/m);
	reads("$statistics, both", 500, q{'1000777', 'person388@example.com'}, qr/^Lead 1000777 of/m);
	reads("$statistics, a lead with many deliveries", 8000, q{'manymany'}, qr/^  \(The deliveries before the newest 50 are left out/m);
	reads("$statistics, an address with many leads", 8500, q{email => 'many@example.com'}, qr/^990 more leads, which are older, are left out/m);
	reads("$statistics, a dealership", 8500, q{dealership_id => 356}, qr/more leads, which are older, are left out/);
	reads("$statistics, a reference with one mistake", 8500, q{'1002777', 'person1@example.com'}, qr/1002777 of dealership/);
	reads("$statistics, an address with one mistake", 14000, q{email => 'persn777@example.com'}, qr/^  person777\@example.com of/m);
	reads("$statistics, nothing near", 14000, q{'x-x-x-x-x', 'nobody.at.all@example.org'}, qr/^It has no e-mail addresses near it/m);
	reads("$statistics, a body", 4000, sprintf(q{'%d'}, 9000000 + $rows / 20), qr/^  log \d+, received/m);
}

# An address of the greatest length, and longer than any.
like($node->safe_psql('postgres', q{SELECT string_agg(x, ' ') FROM loopit_explain_lead(email => repeat('x', 248) || '@x.com') x}), qr/no e-mail addresses near it/, 'a long address');
like($node->safe_psql('postgres', q{SELECT string_agg(x, ' ') FROM loopit_explain_lead(repeat('9', 100000), repeat('é', 100000)) x}), qr/no e-mail addresses near it/, 'arguments of 100,000 characters');

# Other encodings: names beyond ASCII are shown, and control characters of the
# encoding are not.
foreach my $encoding (qw(LATIN1 EUC_JP SQL_ASCII))
{
	my $database = lc $encoding;
	my $letter = $encoding eq 'LATIN1' ? "\xc3\xa9" : "\xe5\xb1\xb1";
	my $control = $encoding eq 'EUC_JP' ? '\x1B[2J' : "\xc2\x9b" . '2J';
	$node->safe_psql('postgres', "CREATE DATABASE $database ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION loopit_leads');
	$node->safe_psql($database, 'SELECT loopit_setup()');
	$node->safe_psql($database, dealership());
	local $ENV{PGCLIENTENCODING} = $encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
	$node->safe_psql($database, qq{
		UPDATE loopit.workspace SET name = E'Dealer $letter $control' WHERE id = 7;
		SELECT loopit_ingest_lead('{"id": "A${letter}1", "dealership": {"id": 356}, "prospect": {"email": "ann$letter\@example.com"}}')});
	my $shown = $encoding eq 'EUC_JP' ? '\x1B[2J' : '\u009B2J';
	like($node->safe_psql($database, "SELECT x FROM loopit_explain_lead('#A${letter}1') x LIMIT 1"),
		qr/^Lead A${letter}1 of dealership 356 \(workspace 7, Dealer $letter \Q$shown\E\)$/, "$encoding: the name is shown, and a control character is not sent");
	like($node->safe_psql($database, "SELECT x FROM loopit_explain_lead('A${letter}2') x"), qr/^  A${letter}1 of/m, "$encoding: a reference beyond ASCII with a mistake");
	like($node->safe_psql($database, "SELECT x FROM loopit_explain_lead(email => 'ann$letter\@example.con') x"), qr/^  ann$letter\@example.com of/m, "$encoding: an address");
	like($node->safe_psql($database, "SELECT loopit_support_mail(1)"), qr/^E-mail: +ann$letter\@example.com$/m, "$encoding: the mail");
}
# Bytes that are no character, as SQL_ASCII may store them.
$node->safe_psql('sql_ascii', q{UPDATE loopit.workspace SET name = E'A\xffB\xe2\x80' WHERE id = 7});
like($node->safe_psql('sql_ascii', q{SELECT x FROM loopit_explain_lead(dealership_id => 356) x LIMIT 1}), qr/\(workspace 7, A\\xFFB\\xE2\\x80\)/, 'bytes that are no character');

done_testing();

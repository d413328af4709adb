# Whatever was sent, by either entry, the log can be dumped and restored, its
# views can be read, and a person in it can be erased.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('hostile_dump');
my $n = 200_000;

# A lead that has this beside what it needs, as a body.
sub body
{
	my ($extra) = @_;
	return qq[convert_to('{"dealership": {"id": 356}, "prospect": {"email": "ann\@example.com"}, "x": ' || $extra || '}', 'UTF8')];
}

my @bodies = (
	body("'[' || repeat('1e131071,', $n / 9) || '1]'"), body("'[' || repeat('1e-16383,', $n / 9) || '1]'"),
	body("'[' || repeat('1e99,', $n / 5) || '1]'"), body("repeat('7', $n)"), body("'0.' || repeat('0', $n) || '1e$n'"),
	body("'\"' || repeat(E'\\x01', $n) || '\"'"), body("'\"' || repeat('\\u0001', $n / 6) || '\"'"),
	body("'\"' || repeat('\\\\', $n / 2) || '\"'"), body("'\"' || repeat('\\\"', $n / 2) || '\"'"),
	body("'\"' || repeat('\\ud83d', $n / 6) || '\"'"), body("'[' || repeat('[],', $n / 3) || '1]'"),
	body("'[' || repeat('{},', $n / 3) || '1]'"), body("repeat('[', 999) || repeat(']', 999)"),
	body("repeat('{\"\":', 999) || '1' || repeat('}', 999)"), body("repeat('[', $n)"), body("'{' || repeat('\"\":\"\",', $n / 6) || '\"\":1}'"),
	"decode(repeat('ff', $n), 'hex')", "decode(repeat('00', $n), 'hex')", "decode(repeat('5c', $n), 'hex')", "''::bytea");
my @leads = (
	q[jsonb_build_object('x', (SELECT jsonb_agg(1e131071) FROM generate_series(1, 9000)))],
	q[jsonb_build_object('x', repeat(chr(1), 200000))], q[to_jsonb(1e131071)],
	q[jsonb_build_object(repeat('\\', 100000), repeat('"', 100000))],
	map { "pg_temp.deep($_)" } 900, 1000, 1001, 6000, 9000);

# Deeper than a server could parse it, if it is made level by level.
my $deep = q{
	CREATE FUNCTION pg_temp.deep(levels int) RETURNS jsonb LANGUAGE plpgsql AS $$
	DECLARE
		made jsonb := '1';
	BEGIN
		FOR i IN 1 .. levels LOOP
			made := jsonb_build_array(made);
		END LOOP;
		RETURN made;
	END $$;
};
my $calls = 0;
for my $body (@bodies)
{
	my ($status, $out, $err) = $node->psql('postgres', "SELECT loopit_ingest_webhook($body)->>'status'");
	is($status, 0, 'body ' . ++$calls . ": an outcome, $out") or diag($err);
}
for my $lead (@leads)
{
	my $more = $lead =~ /jsonb_build_object/ ? q[ || '{"dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}}'] : '';
	my ($status, $out, $err) = $node->psql('postgres', "$deep; SELECT loopit_ingest_lead($lead$more)->>'status'");
	is($status, 0, 'lead ' . ++$calls . ": an outcome, $out") or diag($err);
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'), $calls, 'and a log row for each');

# The text of a row is at most some twenty times what was sent.
is($node->safe_psql('postgres', "SELECT max(length(l::text)) < 25 * $n FROM loopit.ingest_log l"), 't', 'no row is many times as large');
is($node->safe_psql('postgres', q[SET max_stack_depth = '400kB'; SELECT count(*), max(length(a::text)) < 10000000 FROM loopit.ingest_audit a]),
	"$calls|t", 'the audit view is read, also with a small stack');
is($node->safe_psql('postgres', 'SELECT sum(count) FROM loopit.ingest_summary'), $calls, 'and so is the summary');

# A server with less stack restores what this one has.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'the database is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->safe_psql('postgres', q[ALTER DATABASE restored SET max_stack_depth = '400kB']);
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', 'restored', '-f', $dump ], 'and restored');
my $digest = q[SELECT count(*), md5(string_agg(md5(l::text), ' ' ORDER BY id)) FROM loopit.ingest_log l];
is($node->safe_psql('restored', $digest), $node->safe_psql('postgres', $digest), 'as it was');

like($node->safe_psql('restored', q[SELECT loopit_forget_person(7, 'ann@example.com')->>'persons']), qr/^1$/, 'the person is erased');
is($node->safe_psql('restored', q[SELECT count(*) FROM loopit.ingest_log WHERE email = 'ann@example.com' OR payload::text LIKE '%ann@example.com%']),
	0, 'in every row');
$node->stop;
done_testing();

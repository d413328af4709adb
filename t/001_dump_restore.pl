# The tables are ordinary tables: pg_dump and restore include their rows and all
# that a DBA has added; they remain when the extension is dropped, and a new one
# uses them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('dump', 'fsync = off');
my $folder = PostgreSQL::Test::Utils::tempdir;

# A lead with all things in it; its number is also its reference.
sub lead
{
	my ($number) = @_;
	return qq{loopit_ingest_lead('{"id": $number, "dealership": {"id": 356},
		"prospect": {"email": "p$number\@example.com", "dob": "01/01/1990"},
		"item": {"vin": "vin$number"}, "additional_details": {"subscription_plan": "Premium",
		"license_number": "N$number", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}}')};
}

# Its outcome, in short.
sub told
{
	my ($number, $schema) = @_;
	$schema //= 'public';
	return "SELECT concat_ws(' ', o->>'status', o#>>'{person,action}', o#>>'{driver_licence,action}', "
	  . "o#>>'{booking,action}') FROM $schema." . lead($number) . ' o';
}

# Every row of every table, and the state of every sequence.
sub content
{
	my ($database) = @_;
	my @tables = split /\n/, $node->safe_psql($database,
		q{SELECT relname FROM pg_class WHERE relnamespace = 'loopit'::regnamespace
		  AND relkind = 'r' ORDER BY relname COLLATE "C"});
	my $all = join ' UNION ALL ', map {
		"(SELECT '$_: ' || t::text FROM loopit.$_ t ORDER BY t::text COLLATE \"C\")"
	} @tables;
	return $node->safe_psql($database, $all)
	  . $node->safe_psql($database,
		q{SELECT sequencename, last_value FROM pg_sequences
		  WHERE schemaname = 'loopit' ORDER BY sequencename COLLATE "C"});
}

# What the DBA has added: column, index, trigger, view column and grant.
sub additions
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SELECT attname, pg_get_expr(adbin, adrelid) FROM pg_attribute
			JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
			WHERE attrelid = 'loopit.person'::regclass AND attname = 'crm';
		SELECT pg_get_indexdef('loopit.person_crm_idx'::regclass);
		SELECT pg_get_triggerdef(oid) FROM pg_trigger
			WHERE tgrelid = 'loopit.person'::regclass AND NOT tgisinternal;
		SELECT attname FROM pg_attribute
			WHERE attrelid = 'loopit.ingest_summary'::regclass AND attname = 'last_id';
		SELECT has_table_privilege('auditor', 'loopit.ingest_audit', 'SELECT');
	});
}

# Restores a plain-text dump; any error fails the test.
sub restore
{
	my ($database, $file) = @_;
	command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port,
			'-d', $database, '-f', $file
		],
		"$database: restored");
}

sub dump_to
{
	my ($file, @options) = @_;
	command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-f', $file, @options, 'postgres' ],
		"dumped: @options");
}

# The restored database continues where the dumped one was.
sub goes_on
{
	my ($database, $number) = @_;
	is($node->safe_psql($database, told($number)),
		'processed created created created', "$database: a new lead is stored");
	is($node->safe_psql($database, told(1)),
		'processed unchanged unchanged unchanged', "$database: a known lead is known");
	is( $node->safe_psql($database, q{SELECT count(*), count(DISTINCT id), count(crm) FROM loopit.person}),
		'4|4|4', "$database: no id twice, and the DBA's column is filled");
	is($node->safe_psql($database, q{SELECT count(*) FROM loopit.crm_inbox}),
		'4', "$database: the DBA's trigger runs");
	is($node->safe_psql($database,
			q{SELECT count(*) FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed')}),
		'0', "$database: setup has nothing to do");
}

$node->safe_psql('postgres', q{
	CREATE ROLE auditor;
	CREATE ROLE hook;
	GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO hook;
	ALTER TABLE loopit.person ADD COLUMN crm text DEFAULT 'new';
	CREATE INDEX person_crm_idx ON loopit.person (crm);
	CREATE TABLE loopit.crm_inbox (email text);
	CREATE FUNCTION loopit.to_crm() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO loopit.crm_inbox VALUES (new.email); RETURN new; END $$;
	CREATE TRIGGER to_crm AFTER INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.to_crm();
	CREATE OR REPLACE VIEW loopit.ingest_summary AS
	SELECT (received_at AT TIME ZONE 'UTC')::date AS day, workspace_id, status,
		COALESCE(reason, booking_reason) AS reason, pg_catalog.count(*) AS count,
		pg_catalog.max(received_at) AS last_seen, dealership_id, 0::bigint AS asked,
		0::bigint AS booked, pg_catalog.max(id) AS last_id
	FROM loopit.ingest_log GROUP BY 1, 2, 3, 4, 7;
	GRANT USAGE ON SCHEMA loopit TO auditor;
	GRANT SELECT ON loopit.ingest_audit TO auditor;
});
is($node->safe_psql('postgres', told($_)), 'processed created created created', "lead $_") for 1 .. 3;
$node->safe_psql('postgres', q{SELECT loopit_ingest_lead('{"id": 9, "dealership": {"id": 999}}')});
my ($client, $secret) = split /\|/, $node->safe_psql('postgres', q{SELECT * FROM loopit_create_client('A sender')});
my $token = $node->safe_psql('postgres', "SELECT answer::json->>'access_token' FROM loopit_door_token('$client', sha256('$secret'))");
like($token, qr/^[0-9a-f]{64}$/, 'a client has a token');
my $content = content('postgres');
my $additions = additions('postgres');
is(() = $additions =~ /\n/g, 4, 'the DBA has added five things');
like($content, qr/^person: .*p3\@example\.com/m, 'the content includes the persons');

# The whole database.
dump_to("$folder/whole.sql");
$node->safe_psql('postgres', 'CREATE DATABASE whole');
restore('whole', "$folder/whole.sql");
is(content('whole'), $content, 'whole: same rows, same sequences');
is(additions('whole'), $additions, 'whole: the additions of the DBA are there');
unlike(slurp_file("$folder/whole.sql"), qr/$secret|$token/, 'whole: neither the secret nor the token of a client is in the dump');
is($node->safe_psql('whole', "SELECT (SELECT status FROM loopit_door_token('$client', sha256('$secret'))), client_id = '$client' FROM loopit.access_token"),
	'200|t', 'whole: but both work after the restore');
is( $node->safe_psql('whole',
		q{SELECT has_function_privilege('hook', 'loopit_ingest_lead(jsonb)', 'EXECUTE'),
		  has_function_privilege('hook', 'loopit_validate_lead(jsonb)', 'EXECUTE')}),
	't|f', 'whole: who may execute what is kept');
goes_on('whole', 4);

# The schema alone, into a database that has the extension.
dump_to("$folder/schema.sql", '-n', 'loopit');
$node->safe_psql('postgres', 'CREATE DATABASE part');
$node->safe_psql('part', 'CREATE EXTENSION loopit_leads');
restore('part', "$folder/schema.sql");
is(content('part'), $content, 'part: same rows, same sequences');
is(additions('part'), $additions, 'part: the additions of the DBA are there');
goes_on('part', 4);

# The schema alone, before the extension is created.
$node->safe_psql('postgres', 'CREATE DATABASE bare');
restore('bare', "$folder/schema.sql");
is(content('bare'), $content, 'bare: same rows, same sequences');
$node->safe_psql('bare', 'CREATE EXTENSION loopit_leads');
goes_on('bare', 4);

# The rows of a table alone, into tables that loopit_setup() has created.
dump_to("$folder/rows.sql", '--data-only', map { ('-t', "loopit.$_") } qw(workspace person ingest_log));
$node->safe_psql('postgres', 'CREATE DATABASE rows');
$node->safe_psql('rows', 'CREATE EXTENSION loopit_leads');
$node->safe_psql('rows', 'SELECT loopit_setup()');
$node->safe_psql('rows', 'ALTER TABLE loopit.person ADD COLUMN crm text');
restore('rows', "$folder/rows.sql");
is( $node->safe_psql('rows',
		'SELECT (SELECT count(*) FROM loopit.person), (SELECT count(*) FROM loopit.ingest_log)'),
	'3|4', 'rows: they are there');
$node->safe_psql('rows', 'INSERT INTO loopit.dealership VALUES (356, 7)');
is($node->safe_psql('rows', told(9)), 'processed created created skipped', 'rows: a new lead is stored');

# The extension is dropped, without CASCADE; its tables remain, and the views
# without masking can be read.
$node->safe_psql('postgres', 'DROP EXTENSION loopit_leads');
is(content('postgres'), $content, 'dropped: the data is untouched');
is(additions('postgres'), $additions, 'dropped: so are the additions of the DBA');
is($node->safe_psql('postgres', 'SELECT sum(count) FROM loopit.ingest_summary'),
	'4', 'dropped: the summary can be read');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.unresolved_lead'),
	'1', 'dropped: and the unresolved leads');

# A new extension, in a schema whose name has upper-case letters and needs quotes.
$node->safe_psql('postgres', 'CREATE SCHEMA "Ext"; CREATE EXTENSION loopit_leads SCHEMA "Ext"');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM "Ext".loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed')}),
	'0', 'again: setup makes nothing but the masking anew');
is(content('postgres'), $content, 'again: the data is untouched');
is(additions('postgres'), $additions, 'again: so are the additions of the DBA');
is( $node->safe_psql('postgres',
		q{SELECT DISTINCT payload#>>'{prospect,dob}' FROM loopit.ingest_audit WHERE payload ? 'item'}),
	'***', 'again: the audit view masks');
# the caller of a view needs USAGE on the schema of the functions that it calls
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA "Ext" TO auditor');
is( $node->safe_psql('postgres', q{SET ROLE auditor;
		SELECT DISTINCT payload#>>'{prospect,dob}' FROM loopit.ingest_audit WHERE payload ? 'item'}),
	'***', 'again: for the auditor, too');
is($node->safe_psql('postgres', told(4, '"Ext"')),
	'processed created created created', 'again: a new lead is stored');
is($node->safe_psql('postgres', told(1, '"Ext"')),
	'processed unchanged unchanged unchanged', 'again: a known lead is known');
is( $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM loopit.ingest_log'),
	'6|6', 'again: the log goes on');

done_testing();

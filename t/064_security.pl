# docs/security.md: what each role can do at most, with the roles that the
# documents create.  Each connects on its own.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('security');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;

# The SQL of a section of a document.
sub documented
{
	my ($document, $section) = @_;
	my ($text) = slurp_file(top() . "/$document") =~ /^## \Q$section\E\n(.*?)(?=^## |\z)/ms;
	my ($sql) = $text =~ /^```sql\n(.*?)^```$/ms;
	return $sql;
}

# Runs SQL over a connection of its own; returns what is printed, errors too.
sub run_as
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-A', '-t', '-q', '-h', $node->host, '-p', $node->port,
			'-U', $role, '-d', 'postgres' ], '<', \$sql, '>', \$out, '2>', \$err);
	return $out . $err;
}

$node->safe_psql('postgres', documented('README.md', 'Install'));
$node->safe_psql('postgres', documented('docs/security.md', 'Grants'));
$node->safe_psql('postgres', q{
	ALTER ROLE loopit_owner LOGIN;
	ALTER ROLE loopit_auditor LOGIN;
	ALTER ROLE loopit_support LOGIN;
	CREATE ROLE anybody LOGIN;
	GRANT CREATE ON DATABASE postgres TO anybody;
	INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A');
	INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7)});

sub lead
{
	my ($phone) = @_;
	return qq{loopit_ingest_lead('{"id": 1, "dealership": {"id": 356}, "prospect": {"email": "ann\@example.com",
		"dob": "02/03/1990", "mobile_phone": "$phone", "address": {"street": "Elm Row 1"}}}')};
}

# The functions that every role can call.
is(run_as('anybody', q{
	SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc
	WHERE proname LIKE 'loopit%' AND has_function_privilege(oid, 'EXECUTE')}),
	"loopit_lead_schema loopit_mask_payload loopit_reason_codes loopit_setup_steps\n",
	'a role without grants can call the functions that read no data');
like(run_as('anybody', "SELECT FROM loopit.$_"), qr/permission denied for schema loopit/, "and cannot read $_")
  for qw(person ingest_log ingest_audit);

# The ingest role, and what its outcomes tell.
is(run_as('loopit_ingest', "SELECT @{[ lead('0400') ]}#>>'{person,action}'"), "created\n",
	'the ingest role ingests');
is(run_as('loopit_ingest', "SELECT @{[ lead('0400') ]}#>>'{person,action}'"), "unchanged\n",
	'its outcome tells that a value is the stored one');
is(run_as('loopit_ingest', "SELECT @{[ lead('0401') ]}#>>'{person,action}'"), "updated\n",
	'or that it is not');

# The auditor and the support role.
my $payload = run_as('loopit_auditor', 'SELECT payload FROM loopit.ingest_audit LIMIT 1');
like($payload, qr/\Q"street": "***"/, 'the auditor reads a masked payload');
unlike($payload, qr/Elm Row|1990/, 'without an address or a date of birth');
is(run_as('loopit_support', 'SELECT count(*) > 0 FROM loopit_find_leads()'), "t\n", 'the support role finds leads');
for my $role (qw(loopit_auditor loopit_support))
{
	like(run_as($role, $_), qr/^ERROR:  permission denied/, "$role is refused: $_")
	  for 'SELECT FROM loopit.person', 'SELECT payload FROM loopit.ingest_log',
	  'SELECT raw_body FROM loopit.ingest_log', "SELECT loopit_forget_person(7, 'ann\@example.com')",
	  "SELECT loopit_ingest_lead('{}')", 'DELETE FROM loopit.booking';
}

# Code of the owner runs as the owner, but a deferred trigger as the caller; since
# PostgreSQL 18 as the role that was active when it was queued.
my $deferred = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000 ? 'loopit_owner' : 'loopit_ingest';
is(run_as('loopit_owner', q{
	CREATE TABLE loopit.seen (what text, who text);
	GRANT INSERT ON loopit.seen TO PUBLIC;
	GRANT USAGE ON SCHEMA loopit TO PUBLIC;
	CREATE FUNCTION loopit.see() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO loopit.seen VALUES (TG_NAME, current_user); RETURN NULL; END $$;
	CREATE TRIGGER immediate AFTER INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION loopit.see();
	CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON loopit.ingest_log DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION loopit.see()}), '', 'the owner attaches code to the log');
run_as('loopit_ingest', 'SELECT ' . lead('0402'));
is($node->safe_psql('postgres', 'SELECT what, who FROM loopit.seen ORDER BY what'),
	"deferred|$deferred\nimmediate|loopit_owner", 'it runs as the owner, but a deferred trigger as the caller');
run_as('loopit_owner', 'DROP TRIGGER immediate ON loopit.ingest_log; DROP TRIGGER deferred ON loopit.ingest_log');

# A trigger cannot leave the role of the owner, not for one that the caller may set.
$node->safe_psql('postgres', 'GRANT loopit_support TO loopit_ingest');
is(run_as('loopit_owner', q{
	CREATE FUNCTION loopit.leave() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN SET ROLE loopit_support; RETURN NULL; END $$;
	CREATE TRIGGER leave AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION loopit.leave();
	CREATE TRIGGER leave AFTER UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION loopit.leave()}), '',
	'a trigger of the owner calls SET ROLE');
is(run_as('loopit_ingest', "SELECT @{[ lead('0403') ]}->'error'->>'sqlstate'"), "42501\n", 'which is refused');

# A schema that another role has made first.
$node->safe_psql('postgres', 'CREATE DATABASE squatted');
$node->safe_psql('postgres', 'GRANT CREATE ON DATABASE squatted TO anybody');
my ($out, $err);
$node->psql('squatted', 'SET ROLE anybody; CREATE SCHEMA loopit', on_error_die => 1);
(undef, $out, $err) = $node->psql('squatted',
	documented('README.md', 'Install') =~ s/^CREATE ROLE.*$//mgr, on_error_stop => 1);
like($err, qr/schema "loopit" already exists/, 'the installation stops at the schema of another role');

$node->stop;
done_testing();

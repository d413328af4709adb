# Upgrades: the scripts are those that their sources say, released steps never
# change, and an installation of every older version becomes one of today.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();

is(`'$top/script/generate-install' --check 2>&1`, '', 'the generated scripts are up to date');
is($?, 0, 'script/generate-install says so');

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;

# A database with the extension, of a version or of the control file's.
sub database
{
	my ($name, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name,
		'CREATE EXTENSION loopit_leads' . (defined $version ? " VERSION '$version'" : ''));
}

# What the extension consists of: every attribute of its functions and types.
sub extension
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SELECT p.oid::regprocedure, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), p.proacl
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		ORDER BY p.oid::regprocedure::text COLLATE "C";
		SELECT t.oid::regtype, obj_description(t.oid, 'pg_type'),
			(SELECT string_agg(concat_ws(' ', attname, atttypid::regtype), ', ' ORDER BY attnum)
			 FROM pg_attribute WHERE attrelid = t.typrelid)
		FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		ORDER BY t.oid::regtype::text COLLATE "C"});
}

database('old', '1.0');
database('fresh');

# Released steps.
my $steps = q{SELECT step, title, makes, ddl FROM loopit_setup_steps() WHERE step <= 9 ORDER BY step};
is($node->safe_psql('fresh', $steps), $node->safe_psql('old', $steps), 'steps 1 to 9 are those of 1.0');
is( $node->safe_psql('fresh', q{SELECT count(*) = max(step) AND min(step) = 1 FROM loopit_setup_steps()}),
	't', 'steps are numbered without a gap');

# Grants of 1.0, also to PUBLIC, and a view that calls one of the functions.
$node->safe_psql('postgres', 'CREATE ROLE hook; CREATE ROLE support');
$node->safe_psql('old', q{
	GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO hook;
	GRANT EXECUTE ON FUNCTION loopit_find_leads(text, text, timestamptz, interval) TO support WITH GRANT OPTION;
	GRANT EXECUTE ON FUNCTION loopit_replay_lead(bigint) TO PUBLIC;
	REVOKE EXECUTE ON FUNCTION loopit_reason_codes() FROM PUBLIC;
	CREATE VIEW found AS SELECT log_id, email FROM loopit_find_leads(email => 'p1@example.com')});
my $grants = q{
	SELECT p.oid::regproc, a.grantee::regrole, a.privilege_type, a.is_grantable
	FROM pg_proc p, aclexplode(p.proacl) a WHERE p.proname LIKE 'loopit%'
	AND p.proname = ANY (%s) ORDER BY 1, 2 };
my $names = $node->safe_psql('old', q{
	SELECT format('%L::text[]', array_agg(proname)) FROM pg_proc WHERE proname LIKE 'loopit%'});
my $before = $node->safe_psql('old', sprintf($grants, $names));
$node->safe_psql('old', 'ALTER EXTENSION loopit_leads UPDATE');
is($node->safe_psql('old', sprintf($grants, $names)), $before, 'an upgrade keeps the grants');
is( $node->safe_psql('old', q{SELECT pg_get_viewdef('found'::regclass) ~ 'loopit_find_leads'}),
	't', 'and a view that calls a function');

# Without what a DBA granted, all is as when installed from nothing.
database('plain', '1.0');
$node->safe_psql('plain', 'ALTER EXTENSION loopit_leads UPDATE');
is(extension('plain'), extension('fresh'), 'an upgraded extension is the installed one');

done_testing();

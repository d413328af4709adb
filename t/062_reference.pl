# docs/reference.md has a row for every function, table and view of an
# installation, and for no function that does not exist.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('reference', 'fsync = off');
my $reference = slurp_file(top() . '/docs/reference.md');

# The rows of a table that begin with a name in backquotes.
sub documented
{
	my ($name) = @_;
	return $reference =~ /^\|[^|]*`\Q$name\E[`(]/m;
}

my @functions = split /\n/, $node->safe_psql('postgres', q{
	SELECT DISTINCT proname FROM pg_proc JOIN pg_depend d ON d.objid = pg_proc.oid
	WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'loopit_leads')
	ORDER BY proname});
cmp_ok(scalar(@functions), '>', 10, 'the extension has functions');
ok(documented($_), "function $_ is in the reference") for @functions;

my @relations = split /\n/, $node->safe_psql('postgres', q{
	SELECT 'loopit.' || relname FROM pg_class WHERE relnamespace = 'loopit'::regnamespace
	AND relkind IN ('r', 'p', 'v') AND NOT relispartition ORDER BY 1});
cmp_ok(scalar(@relations), '>', 10, 'the schema has tables and views');
ok(documented($_), "relation $_ is in the reference") for @relations;
ok(!documented('loopit_nothing') && !documented('loopit.nothing'), 'other names are not');

for my $row ($reference =~ /^\| `(loopit_\w+)\(/mg)
{
	ok((grep { $_ eq $row } @functions), "$row of the reference exists");
}
$node->stop;

done_testing();

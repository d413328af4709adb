# The SQL of README.md and docs/*.md works as it stands, pasted into psql in
# this order by a superuser, and prints what the documents show.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('documents');
$node->init;
# A document that lowers client_min_messages would see the statements logged.
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\n");
$node->start;
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;

# Returns the exit status and what the script prints.
sub check
{
	my ($document) = @_;
	my $output = `@{[ top() ]}/script/run-documents --check '$document' 2>&1`;
	return ($? >> 8, $output);
}

for my $document ('README.md', sort map { s{.*/docs/}{docs/}r } glob(top() . '/docs/*.md'))
{
	my ($status, $output) = check(top() . "/$document");
	is($output, '', "$document shows what its SQL prints");
	is($status, 0, "$document has no SQL that fails");
}

# The check itself notices another output, and an error that is not shown.
my $folder = PostgreSQL::Test::Utils::tempdir;
for my $wrong ([ "```sql\nSELECT 1 AS n;\n```\n```\n n\n---\n 2\n(1 row)\n```\n", 'another output' ],
	[ "```sql\nSELECT 1 / 0;\n```\n", 'an error' ])
{
	my ($text, $what) = @$wrong;
	append_to_file("$folder/$what.md", $text);
	my ($status, $output) = check("$folder/$what.md");
	is($status, 1, "$what is noticed");
	like($output, qr/prints/, "$what is shown");
}

$node->stop;
done_testing();

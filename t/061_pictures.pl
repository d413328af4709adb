# The pictures of the documents are those of this version: the tables as
# loopit_setup() makes them, and the folders as their files include each other.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('pictures', 'fsync = off');
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';

# What a script prints.
sub printed
{
	my ($script) = @_;
	my $output = `@{[ top() ]}/script/$script`;
	is($?, 0, "$script succeeds");
	return $output;
}

my $schema = printed('schema_picture.pl');
is($schema, slurp_file(top() . '/docs/schema.svg'), 'docs/schema.svg: run script/generate-pictures');
is(printed('folder_picture.pl'), slurp_file(top() . '/docs/folders.svg'),
	'docs/folders.svg: run script/generate-pictures');

# The picture does not depend on the database, but on what is in the schema.
$node->safe_psql('postgres', 'CREATE DATABASE other TEMPLATE template0 LOCALE_PROVIDER libc LOCALE "C"');
$node->safe_psql('other', $_) for 'CREATE EXTENSION loopit_leads', 'SELECT loopit_setup()';
$ENV{PGDATABASE} = 'other';
is(printed('schema_picture.pl'), $schema, 'another installation has the same picture');
$node->safe_psql('other', 'ALTER TABLE loopit.person ADD COLUMN nickname text');
isnt(printed('schema_picture.pl'), $schema, 'another column is another picture');

$node->stop;
done_testing();

# A body reaches the database byte for byte through each of the drivers that
# docs/drivers.md shows: the programs in examples/drivers/ are run.  Through a
# string parameter of the bytea function it would not.
use strict;
use warnings;
use FindBin;
use IPC::Run;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();
my $folder = PostgreSQL::Test::Utils::tempdir();
my $node = new_node('drivers');
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';
$ENV{PGUSER} = $ENV{USER} = $node->safe_psql('postgres', 'SELECT current_user');
my $port = $node->port;

# JDBC has no sockets of Unix, so the server listens on the loopback as well.
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$node->append_conf('pg_hba.conf', 'host all all 127.0.0.1/32 trust');
$node->restart;

# node-postgres is Debian's where it can be loaded, else npm's.
sub has_node
{
	return 0 if system('node --version >/dev/null 2>&1') != 0;
	return 1 if system(q(node -e "require('pg')" >/dev/null 2>&1)) == 0;
	return 0 if ($ENV{LOOPIT_INSTALL} // '') eq 'no'
	  || system("npm install --prefix $folder --no-audit --no-fund --silent pg\@8 >$folder/npm.log 2>&1") != 0;
	$ENV{NODE_PATH} = "$folder/node_modules";
	return system(q(node -e "require('pg')" >/dev/null 2>&1)) == 0;
}

my $jar = '/usr/share/java/postgresql.jar';
my @drivers = (
	[ 'psycopg2', system(q(/usr/bin/python3 -c 'import psycopg2' >/dev/null 2>&1)) == 0,
		sub { ('/usr/bin/python3', "$top/examples/drivers/ingest_psycopg2.py", @_) } ],
	[ 'psycopg3', system(q(/usr/bin/python3 -c 'import psycopg' >/dev/null 2>&1)) == 0,
		sub { ('/usr/bin/python3', "$top/examples/drivers/ingest_psycopg3.py", @_) } ],
	[ 'node-postgres', has_node(), sub { ('node', "$top/examples/drivers/ingest_node_postgres.js", @_) } ],
	[ 'JDBC', -f $jar && system("javac -d $folder $top/examples/drivers/IngestJdbc.java >/dev/null 2>&1") == 0,
		sub { ('java', '-cp', "$jar:$folder", 'IngestJdbc', @_,
				"jdbc:postgresql://127.0.0.1:$port/postgres?user=$ENV{PGUSER}") } ],
	[ 'PDO', system(q(php -r 'exit(extension_loaded("pdo_pgsql") ? 0 : 1);' >/dev/null 2>&1)) == 0,
		sub { ('php', "$top/examples/drivers/ingest_pdo.php", @_, "pgsql:host=$ENV{PGHOST};port=$port;dbname=postgres;user=$ENV{PGUSER}") } ]);

my $lead = '"id": 1, "dealership": {"id": 356}, "prospect": {"email": "ann@example.com"}';
# Each is cut off, so that the log keeps the bytes: what came is compared.
my %body = (
	'a backslash' => "{$lead, \"comments\": \"C:\\\\dir\\n\\\\101\"",
	'a form of hexadecimal' => '\\x7b7d',
	'octal' => "{$lead, \"comments\": \"\\\\303\\\\251",
	'quotes and a percent sign' => "{$lead, \"comments\": \"it's 100%s \$1 ? :x ''\"",
	'line breaks' => "{$lead,\r\n\t\"comments\": \"",
	'UTF-8' => "{$lead, \"comments\": \"\xc3\xa9\xf0\x9f\x98\x80",
	'a byte-order mark' => "\xef\xbb\xbf{$lead",
	'no bytes' => '');
my %bytes_alone = (
	'a byte that is not UTF-8' => "{$lead, \"comments\": \"it\x92s",
	'a NUL' => "{$lead, \"comments\": \"x\0y",
	'UTF-16' => join('', map { "$_\0" } split //, "{$lead"));

sub run_driver
{
	my ($command, $body) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run($command, '<', \$body, '>', \$out, '2>', \$err);
	chomp $out;
	return $ok && $out =~ /^\d+$/ ? $out : "failed: $out $err";
}

# What the log has of that row, in hexadecimal; a body of no bytes is not kept.
sub logged
{
	my ($log_id) = @_;
	return $log_id if $log_id !~ /^\d+$/;
	return $node->safe_psql('postgres', "SELECT coalesce(encode(raw_body, 'hex'), '') FROM loopit.ingest_log WHERE id = $log_id");
}

for my $driver (@drivers)
{
	my ($name, $is_there, $command) = @$driver;
  SKIP:
	{
		skip "$name is not installed", scalar(keys %body) * 2 + keys %bytes_alone unless $is_there;
		for my $what (sort keys %body)
		{
			is(logged(run_driver([ $command->('bytes') ], $body{$what})), unpack('H*', $body{$what}), "$name: $what, as bytes");
			is(logged(run_driver([ $command->('text') ], $body{$what})), unpack('H*', $body{$what}), "$name: $what, as text");
		}
		for my $what (sort keys %bytes_alone)
		{
			is(logged(run_driver([ $command->('bytes') ], $bytes_alone{$what})),
				unpack('H*', $bytes_alone{$what}), "$name: $what, as bytes");
		}
	}
}

# Why a string must not be bound to the bytea function: what the server makes of
# it, as libpq sends it.
my ($status, $out, $err) = $node->psql('postgres', q[SELECT loopit_ingest_webhook('{"a": "x\ny"}')]);
like($err, qr/invalid input syntax for type bytea/, 'a string with a backslash is no bytea');
is($node->safe_psql('postgres', q[SELECT octet_length('{"a": "C:\\\\dir"}'::bytea), octet_length('{"a": "C:\\\\dir"}'::text)]),
	'15|16', 'or another one');

# The page shows the programs as they are.
open(my $page, '<', "$top/docs/drivers.md") or die "docs/drivers.md: $!";
my $text = do { local $/; <$page> };
for my $file (glob "$top/examples/drivers/*")
{
	open(my $in, '<', $file) or die "$file: $!";
	my $program = do { local $/; <$in> };
	for my $function ($program =~ /^(def ingest_\w+.*?(?=\n\n\n)|async function ingest.*?^\}|function ingest_\w+.*?^\}|    static String ingest.*?^    \})/gms)
	{
		$function =~ s/^    //mg if $file =~ /java$/;
		ok(index($text, $function) >= 0, "docs/drivers.md shows a function of $file") or diag($function);
	}
}

$node->stop;
done_testing();

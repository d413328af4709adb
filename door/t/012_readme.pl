# The commands of README.md, as they are there, on a server that asks for a
# password by TCP.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database free_port wait_for start_program);
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::Bin/../..";
plan skip_all => 'the source tree is not writable' unless -w "$top/door";

my $node = new_database('readme', "listen_addresses = '127.0.0.1'");
open my $hba, '>', $node->data_dir . '/pg_hba.conf' or die;
print $hba "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
close $hba;
$node->reload;

my $readme = slurp_file("$top/door/README.md");
my ($configure, $send) = $readme =~ /```sh\n(.*?)```/sg;
is(scalar(my @commands = split /\n/, $configure), 5, 'five commands configure a client');
$configure =~ s/^sudo apt-get .*\n//;
my $port = free_port();
my $script = "set -e\ncd '$top'\n${configure}$send";
$script =~ s/127\.0\.0\.1:8080/127.0.0.1:$port/g;
$script =~ s/^(TOKEN=)/for i in \$(seq 100); do curl -so \/dev\/null http:\/\/127.0.0.1:$port\/ && break; sleep 0.1; done\n$1/m;
$script =~ s/^(LOOPIT_DOOR_LISTEN=.*) &$/$1 >$folder\/door.log & echo \$! >$folder\/door.pid/m;
append_to_file("$folder/readme.sh", $script);
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
	my $sent = `bash $folder/readme.sh 2>$folder/readme.err`;
	like($sent, qr{(?:^|\n)HTTP/1.1 200 OK\r\n.*\r\n\r\n\{"log_id": \d+, "lead_reference": "1759346"\}$}s, 'the lead gets what README says')
	  or diag $sent, slurp_file("$folder/readme.err");
}
is($node->safe_psql('postgres', q{SELECT c.name FROM loopit.ingest_log l JOIN loopit.client c USING (client_id) WHERE lead_reference = '1759346'}),
	'Dealer Studio', 'and is stored');
kill 'TERM', slurp_file("$folder/door.pid") if -f "$folder/door.pid";
done_testing();

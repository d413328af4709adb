# The log's table fills its disk: the error is raised, since nothing could say
# otherwise, nothing of the lead is stored, and once there is room the next
# call works.  The disk is a small tmpfs that script/test mounts as root.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node invariants);
use PostgreSQL::Test::Utils;
use Test::More;

my $disk = $ENV{LOOPIT_SMALL_DISK};
plan skip_all => 'needs a small disk, which script/test makes as root'
  unless $disk && -d $disk;

my $node = new_node('full');
my $space = "$disk/" . ($ENV{LOOPIT_STORAGE} // 'auto');	# one disk for both
mkdir $space or die "$space: $!";
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$space'");
$node->safe_psql('postgres', 'ALTER TABLE loopit.ingest_log SET TABLESPACE small');

# Leads with something that no compression makes small.
my $lead = q{SELECT loopit_ingest_lead(jsonb_build_object('id', 'x' || i, 'dealership', '{"id": 356}'::jsonb,
	'prospect', jsonb_build_object('email', 'p' || i || '@example.com'),
	'filler', (SELECT string_agg(md5(i || '-' || j), '') FROM generate_series(1, 3000) j)))->>'status'
	FROM generate_series(%d, %d) i};

# (From a file: psql ends before it has read all of it.)
my $file = "$PostgreSQL::Test::Utils::tmp_check/leads.sql";
append_to_file($file, "\\set VERBOSITY verbose\n"
	  . join('', map { sprintf($lead, $_, $_) . ";\n" } 1 .. 500));
my ($status, $stdout, $stderr) = $node->psql('postgres', '',
	on_error_stop => 1, extra_params => [ '-f', $file ]);
my $calls = 1 + $node->safe_psql('postgres', 'SELECT count(*) FROM loopit.person');
is($status, 3, "call $calls fails");
cmp_ok($calls, '>', 3, 'after some that did not');
like($stderr, qr/53100/, 'for want of room on the disk');
is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.person WHERE email = 'p$calls\@example.com'"),
	0, 'nothing of the lead is stored');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'),
	$calls - 1, 'nor is its log row');
is(invariants($node), '', 'nothing is there by half');

$node->safe_psql('postgres', 'ALTER TABLE loopit.ingest_log SET TABLESPACE pg_default');
is($node->safe_psql('postgres', sprintf($lead, $calls, $calls)),
	'processed', 'with room again the same lead is stored');
$node->safe_psql('postgres', 'DROP TABLESPACE small');
$node->stop;
done_testing();

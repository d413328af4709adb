# The table of the log fills its disk: the call raises an error, since no log row
# could report it; nothing of the lead is stored; when there is room again, the next
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
my $space = "$disk/" . ($ENV{LOOPIT_STORAGE} // 'auto');	# both storages use one disk
mkdir $space or die "$space: $!";
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$space'");
$node->safe_psql('postgres', 'ALTER TABLE loopit.ingest_log SET TABLESPACE small');

# Leads with a filler that cannot be compressed.
my $lead = q{SELECT loopit_ingest_lead(jsonb_build_object('id', 'x' || i, 'dealership', '{"id": 356}'::jsonb,
	'prospect', jsonb_build_object('email', 'p' || i || '@example.com'),
	'filler', (SELECT string_agg(md5(i || '-' || j), '') FROM generate_series(1, 3000) j)))->>'status'
	FROM generate_series(%d, %d) i};

# (The input is a file, since psql exits before it has read it all.)
my $file = "$PostgreSQL::Test::Utils::tmp_check/leads.sql";
append_to_file($file, "\\set VERBOSITY verbose\n"
	  . join('', map { sprintf($lead, $_, $_) . ";\n" } 1 .. 500));
my ($status, $stdout, $stderr) = $node->psql('postgres', '',
	on_error_stop => 1, extra_params => [ '-f', $file ]);
my $calls = 1 + $node->safe_psql('postgres', 'SELECT count(*) FROM loopit.person');
is($status, 3, "call $calls fails");
cmp_ok($calls, '>', 3, 'after some calls that succeeded');
like($stderr, qr/53100/, 'with the code of a full disk');
is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.person WHERE email = 'p$calls\@example.com'"),
	0, 'nothing of the lead is stored');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'),
	$calls - 1, 'nor is its log row');
is(invariants($node), '', 'all invariants hold');

$node->safe_psql('postgres', 'ALTER TABLE loopit.ingest_log SET TABLESPACE pg_default');
is($node->safe_psql('postgres', sprintf($lead, $calls, $calls)),
	'processed', 'with room again the same lead is stored');
$node->safe_psql('postgres', 'DROP TABLESPACE small');
$node->stop;
done_testing();

# A fuzzer inside a server: random shapes of the tables (types, defaults, CHECKs,
# domains, triggers, rules, policies, views, partitions, generated columns,
# indexes, collations, privileges), as their owner may make them, and random
# calls.  Both settings of loopit_leads.storage give the same outcomes and rows;
# nothing crashes, leaks, raises an internal error, or reads what its owner may
# not.
#
# LOOPIT_SEED             the run that is repeated (default: 1; 0: a random one)
# LOOPIT_SHAPES_SECONDS   how long (default: 30); see script/fuzz-shapes
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Attack;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;
use Shapes;
use Test::More;

my $seconds = $ENV{LOOPIT_SHAPES_SECONDS} // 30;
my $seed = $ENV{LOOPIT_SEED} // 1;
$seed = 1 + int rand 1e9 if $seed == 0;
note("LOOPIT_SEED=$seed");

my $node = attack_node('shapes', 'statement_timeout = 20s', 'shared_preload_libraries = loopit_leads', 'lock_timeout = 10s');
my $offset = -s $node->logfile;
$node->safe_psql('postgres', q{
	CREATE ROLE shapes_owner LOGIN;
	CREATE ROLE shapes_other;
	CREATE SCHEMA shapes AUTHORIZATION shapes_owner;
	CREATE TABLE public.secrets AS SELECT 'SECRET' || repeat('s', 3000) AS secret;
	ALTER TABLE public.secrets OWNER TO shapes_other;
	INSERT INTO loopit.client (client_id, name, workspaces, secret_digest) VALUES ('c1', 'Client', '{7}', '\x01');
	INSERT INTO loopit.access_token (digest, client_id, expires_at) VALUES ('\x0102', 'c1', 'infinity');
	ALTER SCHEMA loopit OWNER TO shapes_owner;
	DO $$ DECLARE t text; BEGIN
		FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
		LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO shapes_owner'; END LOOP;
		FOR t IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'loopit'::regnamespace
		LOOP EXECUTE 'ALTER FUNCTION ' || t || ' OWNER TO shapes_owner'; END LOOP;
	END $$;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO shapes_owner;
	DO $$ BEGIN CREATE COLLATION shapes.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	EXCEPTION WHEN feature_not_supported THEN CREATE COLLATION shapes.nocase FROM "C"; END $$;
	SET SESSION AUTHORIZATION shapes_owner;
} . setup_shapes(q{ts_rewrite('a'::tsquery, 'SELECT ''b''::tsquery, ''c''::tsquery FROM (SELECT 1) one WHERE shapes.reenter()')}));

# A shape and calls, all rolled back.
sub rolled_back
{
	my ($number) = @_;
	return "\\echo == $number\nBEGIN;\nUPDATE shapes.depth SET n = 0, total = 0;\n" . random_calls(2) . random_shape() . random_calls(6)
	  . "RESET search_path;\n" . rows_of_all() . "SELECT secret FROM public.secrets;\n@{[rand() < 0.2 ? 'SET CONSTRAINTS ALL IMMEDIATE;' : '']}\nROLLBACK;\n";
}

# The same, kept for those that follow in the session.
sub kept
{
	my ($number) = @_;
	return "\\echo == $number\nUPDATE shapes.depth SET n = 0, total = 0;\n" . random_shape() . random_calls(4) . "RESET search_path;\n" . rows_of_all();
}

# Times of now, and what a generated column makes of ids and of them.
sub same_each_time
{
	my ($output) = @_;
	my $day = join '|', map { strftime('%Y-%m-%d', gmtime $_) } time - 86400, time, time + 86400;
	$output =~ s/"(?:$day)[T ][^"]*"/"now"/g;
	$output =~ s/"n\d+": (?:"(?:[^"\\]|\\.)*"|\[[^]]*\]|[^,}]*)(?:, )?//g;
	return $output;
}

my ($shapes, $differences, $batch, %seen) = (0, 0, 0);
my $end = time + $seconds;
while (time < $end)
{
	srand($seed + $batch++);
	my $script = "\\set ON_ERROR_ROLLBACK on\nSET SESSION AUTHORIZATION shapes_owner;\n";
	$script .= rolled_back($shapes++) for 1 .. 20;
	$script .= kept($shapes++) for 1 .. 4;

	my %output;
	for my $storage (qw(sql auto))
	{
		fresh($node, 'victim');
		$node->safe_psql('template1', "ALTER DATABASE victim SET loopit_leads.storage = $storage");
		$output{$storage} = same_each_time(run_sql($node, 'victim', $script, 'error'));
		is_up($node);
	}
	$seen{$1}++ while $output{auto} =~ /^(processed|rejected|failed|ERROR)/mg;
	$seen{"failed with $1"}++ while $output{auto} =~ /^failed database_error .* ([0-9A-Z]{5}) ?/mg;
	my ($found, $new_offset) = found_in_log($node, $offset);
	$offset = $new_offset;
	my %parts;
	for my $storage (keys %output)
	{
		my @parts = split /^== /m, $output{$storage};
		$parts{$storage} = \@parts;
	}
	my @different = grep { ($parts{auto}[$_] // '') ne ($parts{sql}[$_] // '') } 0 .. $#{ $parts{sql} };
	my @read = grep { /SECRET/ } values %output;
	next if $found eq '' && !@different && !@read && @{ $parts{auto} } == @{ $parts{sql} } && @{ $parts{sql} } == 25;

	$differences++;
	diag('LOOPIT_SEED=' . ($seed + $batch - 1) . " gives this batch first");
	diag("in the log: $found") if $found ne '';
	diag('a secret is read') if @read;
	diag(@{ $parts{sql} } . ' and ' . @{ $parts{auto} } . ' parts of 25');
	for my $part (@different[0 .. ($#different < 2 ? $#different : 2)])
	{
		my @texts = split /^\\echo == /m, $script;
		my @sql = split /\n/, $parts{sql}[$part] // '';
		my @auto = split /\n/, $parts{auto}[$part] // '';
		my ($at) = grep { ($sql[$_] // '') ne ($auto[$_] // '') } 0 .. $#sql + 1;
		diag("$texts[$part]\n--- by SQL\n$parts{sql}[$part]\n--- line $at, by SQL and without\n@{[$sql[$at] // 'none']}\n@{[$auto[$at] // 'none']}");
	}
	last if $differences >= 3;
}
note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
cmp_ok($shapes, '>', 10, "$shapes shapes");
is(join(', ', grep { !$seen{$_} } 'processed', 'rejected', 'failed', 'ERROR', 'failed with 42804', 'failed with 42703'), '', 'everything occurred');
is($differences, 0, 'no difference, no crash, no leak, no internal error, nothing read that is not granted');
$node->stop;
done_testing();

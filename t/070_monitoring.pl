# The files of examples/monitoring as they are shipped: both exporters scrape a real
# server, Prometheus makes the metrics of them that the alert rules and the dashboard
# name, and every alert fires and clears.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node top);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $shipped = top() . '/examples/monitoring';
my $folder = PostgreSQL::Test::Utils::tempdir;
my $node = new_node('monitoring', 'fsync = off');
my @programs;

# Returns the path of a program; undef if it is not installed.
sub find_program
{
	my ($name) = @_;
	my ($found) = grep { -x } map { "$_/$name" } split(/:/, $ENV{PATH});
	note "$name is not installed" unless $found;
	return $found;
}

sub start_program
{
	my ($name, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', "$folder/$name.log");
		open(STDERR, '>&', \*STDOUT);
		exec @command or exit 1;
	}
	push @programs, $pid;
	return;
}

# Returns the body of an answer of HTTP, '' if there is none.
sub get
{
	my ($url) = @_;
	my $body = `curl -s --max-time 20 '$url'`;
	return $? == 0 ? $body : '';
}

# Waits until a function returns true; returns what it returned last.
sub wait_for
{
	my ($function) = @_;
	my $answer;
	for (1 .. 240)
	{
		$answer = $function->();
		return $answer if $answer;
		sleep(0.5);
	}
	return $answer;
}

sub metrics_of
{
	return $node->safe_psql('postgres', q{
		SELECT string_agg(series, E'\n' ORDER BY series COLLATE "C")
		FROM loopit_metrics(), concat_ws(' ', metric, nullif(workspace_id, ''), nullif(dealership_id, ''), nullif(label, '')) series});
}

END
{
	my $status = $?;
	kill 'TERM', @programs;
	waitpid($_, 0) for @programs;
	$? = $status;
}

# Leads of all kinds, one of a dealership that is not configured; 900 never sent any.
$node->safe_psql('postgres', slurp_file("$shipped/role.sql"));
$node->safe_psql('postgres', q{
	ALTER TABLE loopit.person ADD CONSTRAINT no_bea CHECK (first_name <> 'Bea');
	SELECT loopit_ingest_lead(jsonb_build_object('id', n, 'dealership', jsonb_build_object('id', CASE n WHEN 4 THEN 999 ELSE 356 END),
		'prospect', jsonb_build_object('email', 'p' || n || '@example.com', 'first_name', CASE n WHEN 5 THEN 'Bea' ELSE 'Ann' END),
		'item', jsonb_build_object('vin', CASE n WHEN 3 THEN 'LATE1' ELSE 'VIN1' END), 'additional_details', '{"subscription_plan": "Premium"}'::jsonb))
	FROM generate_series(1, 5) n});
my $expected = metrics_of();
is((() = $expected =~ /^loopit_/mg), 17, 'the server has metrics');

# ---- the role ----

is($node->safe_psql('postgres', 'SET ROLE loopit_monitor; SELECT count(*) > 10 FROM loopit_metrics()'), 't', 'the role reads the metrics');
for my $refused ('SELECT loopit_ingest_lead(NULL)', 'SELECT * FROM loopit_find_leads()', 'SELECT * FROM loopit.ingest_log',
	'SELECT * FROM loopit.ingest_summary')
{
	my ($status, undef, $error) = $node->psql('postgres', "SET ROLE loopit_monitor; $refused");
	like($error, qr/permission denied/, "and not $refused");
}

# ---- the exporters ----

# What an exporter shows, as metrics_of() has it.
sub scraped
{
	my ($name, $text) = @_;
	my @lines;
	while ($text =~ /^$name\{(.*)\} (\S+)$/mg)
	{
		my %label = $1 =~ /(\w+)="([^"]*)"/g;
		push @lines, join ' ', $label{metric}, grep { $_ ne '' } @label{qw(workspace_id dealership_id label)};
	}
	return join "\n", sort @lines;
}

my %target;
SKIP:
{
	my $exporter = find_program('prometheus-postgres-exporter');
	skip 'no prometheus-postgres-exporter', 1 unless $exporter;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	local $ENV{DATA_SOURCE_NAME} = 'user=loopit_monitor dbname=postgres sslmode=disable host=' . $node->host . ' port=' . $node->port;
	start_program('postgres-exporter', $exporter, "--web.listen-address=127.0.0.1:$port", '--disable-default-metrics',
		'--disable-settings-metrics', "--extend.query-path=$shipped/postgres-exporter.yml");
	my $text = wait_for(sub { my $t = get("http://127.0.0.1:$port/metrics"); $t =~ /^loopit_value/m ? $t : '' });
	is(concat_lines(scraped('loopit_value', $text)), concat_lines($expected), 'prometheus-postgres-exporter shows every metric')
	  or diag slurp_file("$folder/postgres-exporter.log");
	like($text, qr/^loopit_value\{dealership_id="900",label="",metric="loopit_last_delivery_seconds",.*\} \+Inf$/m, 'and infinity');
	unlike($text, qr/example\.com/, 'and nothing personal');
	$target{postgres} = "127.0.0.1:$port";
}
SKIP:
{
	my $exporter = find_program('prometheus-sql-exporter');
	skip 'no prometheus-sql-exporter', 1 unless $exporter;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $config = slurp_file("$shipped/sql-exporter.yml");
	my $where = 'postgres://loopit_monitor@/postgres?host=' . $node->host . '&port=' . $node->port . '&sslmode=disable';
	$config =~ s{postgres://\S+}{$where};
	$config =~ s/interval: 1m/interval: 1s/;
	append_to_file("$folder/sql-exporter.yml", $config);
	start_program('sql-exporter', $exporter, '-config.file', "$folder/sql-exporter.yml", '-web.listen-address', "127.0.0.1:$port");
	my $text = wait_for(sub { my $t = get("http://127.0.0.1:$port/metrics"); $t =~ /^sql_loopit/m ? $t : '' });
	is(concat_lines(scraped('sql_loopit', $text)), concat_lines($expected), 'prometheus-sql-exporter shows every metric')
	  or diag slurp_file("$folder/sql-exporter.log");
	like($text, qr/^sql_exporter_last_scrape_failed\{.*\} 0$/m, 'and whether its query failed');
	$target{sql} = "127.0.0.1:$port";
}

sub concat_lines
{
	return join '; ', split /\n/, $_[0];
}

# ---- the dashboard ----

my $dashboard = decode_json(slurp_file("$shipped/dashboard.json"));
my @queries;
for my $panel (@{ $dashboard->{panels} })
{
	push @queries, map { $_->{expr} } @{ $panel->{targets} // [] };
}
cmp_ok(scalar @queries, '>', 20, 'the dashboard has queries');
s/\$workspace/.*/ for @queries;
my %door = map { $_ => 1 } slurp_file(top() . '/door/metrics.c') =~ /"(loopit_door_\w+)"/g;
for my $file ('dashboard.json', 'door-alerts.yml')
{
	my %named = map { s/_bucket$//r => 1 } slurp_file("$shipped/$file") =~ /\b(loopit_door_\w+)/g;
	is(join(' ', grep { !$door{$_} } sort keys %named), '', "$file names metrics that the door has");
}
my %metric = map { $_ => 1 } $expected =~ /^(loopit_\w+)/mg;
for my $named ([ 'the dashboard', join(' ', @queries) ], [ 'lead-alerts.yml', slurp_file("$shipped/lead-alerts.yml") ])
{
	my ($what, $text) = @$named;
	my %named = map { $_ => 1 } $text =~ /\b(loopit_(?!door_|metrics\b)\w+)\b/g;
	is(join(' ', grep { !$metric{$_} } sort keys %named), '', "$what names metrics that loopit_metrics() has");
}

# ---- Prometheus ----

SKIP:
{
	my $promtool = find_program('promtool');
	skip 'no promtool', 1 unless $promtool;
	command_ok([ $promtool, 'check', 'rules', map { "$shipped/$_-alerts.yml" } qw(lead door) ], 'the alert rules are valid');
	command_ok([ $promtool, 'check', 'config', "$shipped/prometheus.yml" ], 'the configuration is valid');
	my %alert = map { $_ => 1 } slurp_file("$shipped/lead-alerts.yml") =~ /- alert: (\w+)/g;
	my %tested = map { $_ => 1 } slurp_file("$shipped/lead-alerts-test.yml") =~ /alertname: (\w+)\n +exp_alerts/g;
	is(join(' ', sort keys %tested), join(' ', sort keys %alert), 'each alert of leads has a test');
	command_ok([ $promtool, 'test', 'rules', "$shipped/lead-alerts-test.yml" ], 'each alert of leads fires, and clears');
}
SKIP:
{
	my $prometheus = find_program('prometheus');
	skip 'no Prometheus, or no exporter', 1 unless $prometheus && %target;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $config = slurp_file("$shipped/prometheus.yml");
	my $targets = join ', ', map { "'$_'" } sort values %target;
	$config =~ s/\['localhost:9187'\]/[$targets]/ or die 'prometheus.yml has no target';
	$config =~ s/_interval: 1m/_interval: 3s/g;
	$config =~ s/scrape_timeout: 15s/scrape_timeout: 3s/;
	$config =~ s{- (\w+-alerts.yml)}{- $shipped/$1}g;
	append_to_file("$folder/prometheus.yml", $config);
	start_program('prometheus', $prometheus, "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/prometheus",
		"--web.listen-address=127.0.0.1:$port");

	my $query = sub {
		my ($expr) = @_;
		my $encoded = $expr =~ s/([^A-Za-z0-9])/sprintf('%%%02X', ord $1)/ger;
		my $text = get("http://127.0.0.1:$port/api/v1/query?query=$encoded");
		return $text eq '' ? { status => 'none' } : decode_json($text);
	};
	my $instances = scalar keys %target;
	my $found = wait_for(sub {
		my $answer = $query->('count by (__name__) (count by (instance, __name__) ({__name__=~"loopit_.*"}))');
		my @series = @{ $answer->{data}{result} // [] };
		return @series >= keys %metric && !(grep { $_->{value}[1] != $instances } @series) ? \@series : undef });
	is(join(' ', sort map { $_->{metric}{__name__} } @{ $found // [] }), join(' ', sort keys %metric),
		"Prometheus has every metric by its name, by $instances exporter(s)") or diag slurp_file("$folder/prometheus.log");
	my $labels = $query->('loopit_leads_total{label="failed"}')->{data}{result}[0]{metric};
	is(join(' ', sort keys %$labels), '__name__ dealership_id instance job label workspace_id', 'and its labels');
	is($query->('sum(loopit_open_leads) / ' . $instances)->{data}{result}[0]{value}[1], 3, 'three leads are open');

	my @invalid = grep { $query->($_)->{status} ne 'success' } @queries;
	is(join("\n", @invalid), '', 'every query of the dashboard is valid');
	# a rate is none yet, the door is not running
	my @empty = grep { !/door|increase/ && !@{ $query->($_)->{data}{result} } } @queries;
	is(join("\n", @empty), '', 'and has a result');

	my $firing = wait_for(sub {
		my @alerts = map { $_->{metric}{alertname} } @{ $query->('ALERTS{alertstate="firing"}')->{data}{result} // [] };
		return (grep { $_ eq 'LeadsFailed' } @alerts) ? 1 : 0 });
	ok($firing, 'the failed lead raises an alert');
	$node->safe_psql('postgres', q{
		ALTER TABLE loopit.person DROP CONSTRAINT no_bea;
		SELECT loopit_replay_lead(log_id) FROM loopit.unresolved_lead WHERE reason = 'database_error'});
	my $cleared = wait_for(sub { @{ $query->('ALERTS{alertname="LeadsFailed"}')->{data}{result} // [1] } == 0 });
	ok($cleared, 'and its replay clears it');
}

$node->stop;
done_testing();

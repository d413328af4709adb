# What stands before and behind the door: nginx with the example's
# configuration, and PgBouncer in transaction mode.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database new_client start_door stop_door curl token_of lead metric wait_for
  send_leads statuses free_port log_lines start_program);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = new_database('proxies');
my ($id, $secret) = new_client($node);
my $tmp = $folder;

sub find_program
{
	my ($name) = @_;
	my ($found) = grep { -x } map { "$_/$name" } split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin';
	return $found;
}

# ---- nginx ----

SKIP:
{
	my $nginx = find_program('nginx');
	skip 'no nginx', 1 unless $nginx;
	my $door = start_door($node);
	my $port = free_port();
	system_or_bail('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
		'-keyout', "$tmp/key.pem", '-out', "$tmp/certificate.pem", '-days', '2',
		'-subj', '/CN=leads.example.com', '-addext', 'subjectAltName=DNS:leads.example.com');
	my $example = slurp_file("$FindBin::Bin/../nginx.conf");
	$example =~ s/listen 443/listen 127.0.0.1:$port/;
	$example =~ s/127\.0\.0\.1:8080/127.0.0.1:$door->{port}/;
	$example =~ s{/etc/ssl/certs/leads.example.com.pem}{$tmp/certificate.pem};
	$example =~ s{/etc/ssl/private/leads.example.com.key}{$tmp/key.pem};
	$example =~ s{/var/log/nginx/loopit.log}{$tmp/access.log};
	append_to_file("$tmp/nginx.conf", "daemon off; pid $tmp/nginx.pid; error_log $tmp/error.log; worker_processes 1;\n"
		  . "events { worker_connections 512; }\nhttp {\n"
		  . join('', map { "${_}_temp_path $tmp/$_;\n" } qw(client_body proxy fastcgi uwsgi scgi))
		  . "$example\n}\n");
	my $running = start_program($nginx, '-e', "$tmp/error.log", '-c', "$tmp/nginx.conf");
	my $url = "https://leads.example.com:$port";
	my @tls = ('--cacert', "$tmp/certificate.pem", '--resolve', "leads.example.com:$port:127.0.0.1");
	ok(wait_for(sub { curl(@tls, "$url/leads")->{status} == 405 }), 'nginx answers')
	  or diag slurp_file("$tmp/error.log");

	my $answer = curl(@tls, '-u', "$id:$secret", '-d', 'grant_type=client_credentials', "$url/oauth/token");
	my ($token) = $answer->{body} =~ /"access_token": "([^"]+)"/;
	ok($token, 'a token by TLS');
	my @bearer = (@tls, '-H', "Authorization: Bearer $token");
	$answer = curl(@bearer, '-d', lead('N1'), "$url/leads");
	is($answer->{status}, 200, 'a lead by TLS');
	like($answer->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'with the request id of nginx');
	ok((grep { /"request_id":"$answer->{headers}{'x-request-id'}"/ } log_lines($door)), 'which the door logs');
	is(curl(@tls, '-d', lead('N2'), "$url/leads")->{status}, 401, 'no token: 401');
	is(curl(@bearer, '-d', lead('N3'), '-H', 'Transfer-Encoding: chunked', "$url/leads")->{status}, 200, 'a chunked body');
	append_to_file("$tmp/nearly", 'x' x (1024 * 1024 - 100));
	is(curl(@bearer, '--data-binary', "\@$tmp/nearly", "$url/leads")->{status}, 200, 'a body of nearly 1 MiB');
	append_to_file("$tmp/large", 'x' x (1024 * 1024 + 1));
	is(curl(@bearer, '--data-binary', "\@$tmp/large", "$url/leads")->{status}, 413, 'a larger one is 413');
	is(curl(@bearer, "$url/healthz")->{status}, 404, 'the private pages are not there');
	is(curl(@bearer, "$url/metrics")->{status}, 404, 'metrics neither');

	my %count;
	IPC::Run::run([ 'curl', '-sS', @tls, '-u', "$id:x", '-d', 'grant_type=client_credentials',
			'-w', '%{http_code}\n', map { ('-o', '/dev/null', "$url/oauth/token") } 1 .. 60 ], '>', \my $codes);
	$count{$_}++ for split /\n/, $codes;
	ok($count{401} >= 15 && ($count{429} // 0) > 5, 'guessing secrets is limited: '
		  . join ', ', map { "$_: $count{$_}" } sort keys %count);
	is(curl(@bearer, '-d', lead('N4'), "$url/leads")->{status}, 200, 'leads are not');

	# connections that nginx keeps alive, across the door's idle time
	my $bad = 0;
	for my $pause (0, 0, 9, 11, 16)
	{
		sleep $pause;
		$bad++ if curl(@bearer, '-d', lead("N-after-$pause"), "$url/leads")->{status} != 200;
	}
	is($bad, 0, 'a connection kept alive is not used when the door closes it');
	unlike(slurp_file("$tmp/access.log"), qr/\Q$token\E|127\.0\.0\.1|example\.com/, 'no token and no address in its log');
	kill 'TERM', $running;
	waitpid $running, 0;
	is(stop_door($door), 0, 'the door stops');
}

# ---- PgBouncer ----

SKIP:
{
	my $pgbouncer = find_program('pgbouncer');
	skip 'no pgbouncer', 1 unless $pgbouncer;
	my $port = free_port();
	append_to_file("$tmp/users", qq("loopit_door" ""\n));
	append_to_file("$tmp/pgbouncer.ini", <<INI);
[databases]
postgres = host=@{[$node->host]} port=@{[$node->port]} pool_size=3
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $tmp/users
pool_mode = transaction
logfile = $tmp/pgbouncer.log
pidfile = $tmp/pgbouncer.pid
INI
	my $running = start_program($pgbouncer, '-q', "$tmp/pgbouncer.ini");
	my $door = start_door($node, PGHOST => '127.0.0.1', PGPORT => $port);
	ok(wait_for(sub { curl("$door->{private_url}/readyz")->{status} == 200 }), 'ready through PgBouncer')
	  or diag slurp_file("$tmp/pgbouncer.log");
	my $token = token_of($door, $id, $secret);
	my @files = map { "$tmp/sent.$_" } 1 .. 8;
	my @pids = map { send_leads($door, $token, "pooled-$_", 4, $files[ $_ - 1 ]) } 1 .. 8;
	waitpid $_, 0 for @pids;
	my ($count, $accepted) = statuses(@files);
	note join ', ', map { "$_: $count->{$_}" } sort keys %$count;
	is_deeply([ keys %$count ], ['200'], 'every answer is 200');
	is($node->safe_psql('postgres', q{SELECT count(DISTINCT lead_reference) FROM loopit.ingest_log WHERE lead_reference LIKE 'pooled-%'}),
		scalar @$accepted, 'every lead is stored');
	cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'loopit_door'}), '<=', 3, 'by three sessions');
	is((() = join("\n", log_lines($door)) =~ /"event":"pooler"/g), 1, 'the door has noticed the pooler, once');
	is(stop_door($door), 0, 'the door stops');
	kill 'TERM', $running;
	waitpid $running, 0;
}
done_testing();

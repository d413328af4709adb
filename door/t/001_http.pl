# What each request of the contract's table gets.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw($folder new_database new_client start_door stop_door curl token_of lead metric log_lines);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_database('http');
my $door = start_door($node);
my ($id, $secret) = new_client($node);
my $token = token_of($door, $id, $secret);
my $leads = "$door->{url}/leads";
my @bearer = ('-H', "Authorization: Bearer $token");

# A file with bytes, for curl's --data-binary.
my $files = 0;

sub file
{
	my ($bytes) = @_;
	my $name = "$folder/body." . ++$files;
	append_to_file($name, $bytes);
	return "\@$name";
}

sub post
{
	my ($body, @more) = @_;
	return curl(@bearer, '--data-binary', $body, @more, $leads);
}

# ---- a lead ----

my $answer = post(lead('A1'));
is($answer->{status}, 200, 'a lead gets 200');
like($answer->{body}, qr/^\{"log_id": \d+, "lead_reference": "A1"\}$/, 'its log id and its reference, no more');
is($answer->{headers}{'content-type'}, 'application/json', 'as JSON');
like($answer->{headers}{'x-request-id'}, qr/^[0-9a-f]{24}$/, 'a request id is made');
is($node->safe_psql('postgres', "SELECT status FROM loopit.ingest_log WHERE lead_reference = 'A1'"),
	'processed', 'the lead is stored');

for my $type ('application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x/y; charset=latin1', '')
{
	is(post(lead('A2'), '-H', "Content-Type: $type")->{status}, 200, "content type \"$type\" is taken");
}
is(post(lead('A3', 1))->{status}, 200, 'a rejected lead gets 200');
is(post('no JSON')->{status}, 200, 'a malformed body gets 200');
$answer = curl(@bearer, '-X', 'POST', $leads);
is($answer->{status}, 200, 'no body gets 200');
is($node->safe_psql('postgres', 'SELECT reason FROM loopit.ingest_log ORDER BY received_at DESC LIMIT 3'),
	"payload_missing\npayload_malformed\nworkspace_not_found", 'and each is in the log');
is(post(file("{\"id\": \"\xff\xfe\", \"x\": \"\0\"}"))->{status}, 200, 'bytes that are no text get 200');
is(post(lead('chunked'), '-H', 'Transfer-Encoding: chunked')->{status}, 200, 'a chunked body');
is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'chunked'"),
	1, 'is put together');

$answer = post(lead('A4'), '-H', 'X-Request-Id: my.request_id-1');
is($answer->{headers}{'x-request-id'}, 'my.request_id-1', 'the request id is echoed');
for my $bad ('a b', 'a@b', 'x' x 65, '"x"')
{
	like(post(lead('A4'), '-H', "X-Request-Id: $bad")->{headers}{'x-request-id'},
		qr/^[0-9a-f]{24}$/, 'one that could harm is not');
}
is(post(lead('A4'), '-H', 'X-Request-Id: ' . 'x' x 64)->{headers}{'x-request-id'}, 'x' x 64, '64 characters are taken');

# ---- tokens ----

$answer = curl('-d', lead('B1'), $leads);
is($answer->{status}, 401, 'no token is 401');
is($answer->{headers}{'www-authenticate'}, 'Bearer realm="loopit"', 'with a challenge that has no error');
$answer = curl('-u', "$id:$secret", '-d', lead('B1'), $leads);
is($answer->{headers}{'www-authenticate'}, 'Bearer realm="loopit"', 'the same with credentials of another scheme');

for my $bad ('x', $token . 'x', substr($token, 1), 'a b', "$token $token", "\"$token\"")
{
	$answer = curl('-H', "Authorization: Bearer $bad", '-d', lead('B1'), $leads);
	is($answer->{status}, 401, 'a bad token is 401');
	is($answer->{headers}{'www-authenticate'}, 'Bearer realm="loopit", error="invalid_token"', 'with its challenge');
}
is(curl('-H', "authorization:   bEARER   $token", '-d', lead('B2'), $leads)->{status}, 200, 'the scheme has no case');
is(curl('-d', lead('B1'), "$leads?access_token=$token")->{status}, 401, 'a token in the URL is none');

$node->safe_psql('postgres', "UPDATE loopit.access_token SET expires_at = now() - interval '1 s'");
is(post(lead('B3'))->{status}, 401, 'an expired token is 401');
$token = token_of($door, $id, $secret);
@bearer = ('-H', "Authorization: Bearer $token");
is(post(lead('B4'))->{status}, 200, 'a new one is good');
$node->safe_psql('postgres', "SELECT loopit_revoke_client('$id')");
is(post(lead('B5'))->{status}, 401, 'a revoked client is 401 at once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM loopit.ingest_log WHERE lead_reference IN ('B1', 'B3', 'B5')}),
	0, 'none of the refused leads is stored');
($id, $secret) = new_client($node);
$token = token_of($door, $id, $secret);
@bearer = ('-H', "Authorization: Bearer $token");

# ---- sizes ----

my $mega = 1024 * 1024;
is(post(file(lead('C1') . ' ' x ($mega - length lead('C1'))))->{status}, 200, '1 MiB is taken');
$answer = post(file(lead('C2') . ' ' x ($mega + 1 - length lead('C2'))));
is($answer->{status}, 413, '1 MiB and a byte is 413');
is($answer->{body}, '{"error": "body_too_large"}', 'and says so');
is(post(file('x' x ($mega + 1)), '-H', 'Transfer-Encoding: chunked')->{status}, 413, 'chunked too');
is(post(file('x' x ($mega + 1)), '-H', 'Expect:')->{status}, 413, 'without waiting for 100 too');
is(post(file('x' x (6 * 1000 * 1000)), '-H', 'Expect:')->{status}, 413, '6 MB is 413');
is(post(file('x' x (16 * $mega)), '-H', 'Expect:')->{status}, 413, '16 MiB is 413');
is(post(file('x' x (60 * 1000 * 1000)))->{status}, 413, '60 MB, announced, is 413');
my $huge = file('x' x (60 * 1000 * 1000));
ok( (grep { $_ == post($huge, '-H', 'Transfer-Encoding: chunked')->{status} } 413, 0) > 0,
	'60 MB, not announced, is 413 or cut off');
is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'C2' OR length(raw_body) > $mega"),
	0, 'none of it is stored');
is(metric($door, 'loopit_door_body_bytes'), 0, 'no memory is left with bodies');

# ---- methods, paths, encodings ----

for my $method (qw(GET PUT DELETE PATCH OPTIONS))
{
	$answer = curl(@bearer, '-X', $method, $leads);
	is($answer->{status}, 405, "$method is 405");
	is($answer->{headers}{allow}, 'POST', 'with Allow');
}
$answer = curl('-I', $leads);
is($answer->{status}, 405, 'HEAD is 405');
is(curl("$door->{url}/oauth/token")->{status}, 405, 'GET of a token is 405');
for my $path ('/', '/Leads', '/leads/', '/lead', '/leads%00', '/le%61ds', '/healthz', '/readyz', '/metrics', '//leads')
{
	is(curl(@bearer, '-d', 'x', "$door->{url}$path")->{status}, 404, "$path is 404");
}
is(post(lead('D1'), '--request-target', "http://example.com/leads")->{status}, 200, 'the absolute form of a URL');
is(post(lead('D2'), '--request-target', '/leads?x=1')->{status}, 200, 'a query is ignored');
for my $encoding ('gzip', 'deflate', 'br', 'GZIP', 'identity, gzip')
{
	$answer = post('x', '-H', "Content-Encoding: $encoding");
	is($answer->{status}, 415, "encoding $encoding is 415");
	is($answer->{headers}{'accept-encoding'}, 'identity', 'which says what would be taken');
}
is(post(lead('D3'), '-H', 'Content-Encoding: identity')->{status}, 200, 'identity is no encoding');

# ---- the private address ----

is(curl("$door->{private_url}/healthz")->{status}, 200, '/healthz');
is(curl("$door->{private_url}/readyz")->{status}, 200, '/readyz');
$answer = curl("$door->{private_url}/metrics");
is($answer->{status}, 200, '/metrics');
like($answer->{headers}{'content-type'}, qr{^text/plain; version=0.0.4}, 'in the format of Prometheus');
is(curl('-d', 'x', "$door->{private_url}/metrics")->{status}, 405, 'which is not posted to');
is(curl("$door->{private_url}/leads")->{status}, 404, 'no leads there');
is(curl(@bearer, '-d', lead('E1'), "$door->{private_url}/leads")->{status}, 404, 'by no method');
my ($taken) = $answer->{body} =~ /^loopit_door_requests_total\{endpoint="leads",status="200"\} (\d+)$/m;
is($taken, $node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log'),
	'as many requests with 200 as there are log rows');
my ($asked) = $answer->{body} =~ /^loopit_door_database_seconds_count (\d+)$/m;
cmp_ok($asked, '>', $taken, 'the histogram has them, and what the database refused');
is(metric($door, 'loopit_door_tokens_issued_total'), 3, 'the tokens are counted');

# ---- the log ----

my @lines = log_lines($door);
is((grep { !/^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"\w+","event":"\w+".*\}$/ } @lines),
	0, 'every line of the log is JSON');
my ($line) = grep { /"request_id":"my.request_id-1"/ } @lines;
like($line, qr/"event":"request","request_id":"my.request_id-1","endpoint":"leads","status":200,"client_id":"[^"]+","log_id":\d+,"bytes":\d+,"door_us":\d+,"database_us":\d+\}$/,
	'with what an operator needs');
unlike(join("\n", @lines), qr/\Q$secret\E|\Q$token\E|example\.com/, 'no secret, no token, no address');
is(stop_door($door), 0, 'the door stops');
done_testing();

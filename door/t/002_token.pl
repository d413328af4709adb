# The token endpoint: RFC 6749 sections 4.4 and 5, to the letter.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw(new_database new_client start_door stop_door curl lead log_lines);
use Digest::SHA qw(sha256_hex);
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_database('token', 'log_statement = all', 'log_min_duration_statement = 0');
my $door = start_door($node);
my ($id, $secret) = new_client($node);
my $url = "$door->{url}/oauth/token";
my @grant = ('-d', 'grant_type=client_credentials');

# Good requests (section 4.4.2): what the answer must be.
my $token;
for my $good (
	[ 'by HTTP Basic', '-u', "$id:$secret", @grant ],
	[ 'in the form', @grant, '-d', "client_id=$id", '-d', "client_secret=$secret" ],
	[ 'by Basic, the id in the form too', '-u', "$id:$secret", @grant, '-d', "client_id=$id" ],
	[ 'with parameters nobody knows', '-u', "$id:$secret", @grant, '-d', 'audience=x&resource=y&resource=z' ],
	[ 'with parameters without a value', '-u', "$id:$secret", @grant, '-d', 'client_secret=&grant_type=' ],
	[ 'escaped', '-H', 'Content-Type: application/x-www-form-urlencoded', '--data-raw', "grant%5Ftype=client%5fcredentials&client_id=$id&client%5Fsecret=$secret" ],
	[ 'escaped by Basic', '-H', 'Authorization: Basic ' . encode_base64(join(':', map { s/(.)/sprintf '%%%02x', ord $1/ger } $id, $secret), ''), @grant ],
	[ 'Basic without padding', '-H', 'Authorization: basic ' . (encode_base64("$id:$secret", '') =~ s/=+$//r), @grant ])
{
	my ($name, @arguments) = @$good;
	my $answer = curl(@arguments, $url);
	is($answer->{status}, 200, "$name: 200");
	like($answer->{body}, qr/^\{"access_token" ?: ?"[A-Za-z0-9_-]{43,}", ?"token_type" ?: ?"Bearer", ?"expires_in" ?: ?3600, ?"scope" ?: ?"leads"\}$/,
		"$name: a token");
	is($answer->{headers}{'cache-control'}, 'no-store', "$name: not to be stored");
	is($answer->{headers}{pragma}, 'no-cache', "$name: by older caches too");
	is($answer->{headers}{'content-type'}, 'application/json', "$name: JSON");
	($token) = $answer->{body} =~ /"access_token" ?: ?"([^"]+)"/;
}

# Bad ones (section 5.2).
my @basic = ('-u', "$id:$secret");
my $bad_basic = sub { ('-H', 'Authorization: Basic ' . shift) };
for my $bad (
	[ 400, 'invalid_request', 'no parameters', @basic, '-X', 'POST' ],
	[ 400, 'invalid_request', 'no grant type', @basic, '-d', 'scope=leads' ],
	[ 400, 'invalid_request', 'an empty grant type', @basic, '-d', 'grant_type=' ],
	[ 400, 'invalid_request', 'a parameter twice', @basic, @grant, @grant ],
	[ 400, 'invalid_request', 'a secret twice', @grant, '-d', "client_id=$id&client_secret=$secret&client_secret=$secret" ],
	[ 400, 'invalid_request', 'two ways to authenticate', @basic, @grant, '-d', "client_id=$id&client_secret=$secret" ],
	[ 400, 'invalid_request', 'two clients', @basic, @grant, '-d', 'client_id=another' ],
	[ 400, 'invalid_request', 'a bad escape', @basic, '--data-raw', 'grant_type=client%5credentials%' ],
	[ 400, 'invalid_request', 'half an escape', @basic, '--data-raw', 'grant_type=client%5' ],
	[ 400, 'invalid_request', 'a NUL', @grant, '-d', "client_id=$id%00&client_secret=$secret" ],
	[ 400, 'invalid_request', 'JSON', @basic, '-H', 'Content-Type: application/json', '-d', '{"grant_type": "client_credentials"}' ],
	[ 400, 'unsupported_grant_type', 'another grant', @basic, '-d', 'grant_type=password' ],
	[ 400, 'unsupported_grant_type', 'another case', @basic, '-d', 'grant_type=Client_Credentials' ],
	[ 400, 'unsupported_grant_type', 'a long grant', @basic, '-d', 'grant_type=' . 'x' x 2000 ],
	[ 401, 'invalid_client', 'no client', @grant ],
	[ 401, 'invalid_client', 'no secret', @grant, '-d', "client_id=$id" ],
	[ 401, 'invalid_client', 'a wrong secret', '-u', "$id:x$secret", @grant ],
	[ 401, 'invalid_client', 'a wrong secret in the form', @grant, '-d', "client_id=$id&client_secret=x" ],
	[ 401, 'invalid_client', 'an empty secret', '-u', "$id:", @grant ],
	[ 401, 'invalid_client', 'an unknown client', '-u', "x$id:$secret", @grant ],
	[ 401, 'invalid_client', 'a client that no text is', @grant, '-d', "client_id=%ff%fe&client_secret=$secret" ],
	[ 401, 'invalid_client', 'a client of 200 characters', '-u', 'x' x 200 . ":$secret", @grant ],
	[ 401, 'invalid_client', 'Basic without base64', $bad_basic->('!!!'), @grant ],
	[ 401, 'invalid_client', 'Basic without a colon', $bad_basic->(encode_base64($id, '')), @grant ],
	[ 401, 'invalid_client', 'Basic and no more', '-H', 'Authorization: Basic', @grant ],
	[ 401, 'invalid_client', 'Basic with a NUL', $bad_basic->(encode_base64("$id\0:$secret", '')), @grant ],
	[ 401, 'invalid_client', 'a bearer token', '-H', "Authorization: Bearer $token", @grant ])
{
	my ($status, $error, $name, @arguments) = @$bad;
	my $answer = curl(@arguments, $url);
	is($answer->{status}, $status, "$name: $status");
	is($answer->{body}, "{\"error\": \"$error\"}", "$name: $error");
	is($answer->{headers}{'www-authenticate'}, $status == 401 ? 'Basic realm="loopit", charset="UTF-8"' : undef,
		"$name: a challenge with 401 alone");
	is($answer->{headers}{'cache-control'}, 'no-store', "$name: not to be stored");
}
is(curl(@basic, @grant, '-d', 'x=' . 'y' x 20000, $url)->{status}, 413, 'a form of 20 kB is 413');
is(curl(@basic, @grant, '-d', 'x=' . 'y' x 15000, $url)->{status}, 200, 'one of 15 kB is none too many');

# ---- what is kept, and what is not ----

is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.access_token WHERE digest = '\\x" . sha256_hex($token) . "'"),
	1, 'of a token the digest is stored');
is(curl('-H', "Authorization: Bearer $token", '-d', lead('T1'), "$door->{url}/leads")->{status}, 200, 'it lets a lead in');
my $activity = $node->safe_psql('postgres', q{SELECT string_agg(query, ' ') FROM pg_stat_activity WHERE usename = 'loopit_door'});
like($activity, qr/loopit_door_receive/, 'pg_stat_activity has the statements of the door');
unlike($activity, qr/\Q$secret\E|\Q$token\E|t1\@example\.com/, 'and neither secret nor token nor body');
is(stop_door($door), 0, 'the door stops');
$node->stop;
unlike(slurp_file($node->logfile), qr/\Q$secret\E|\Q$token\E|t1\@example\.com/, 'neither secret nor token nor body is in the log of the server, though it logs all statements');
unlike(join("\n", log_lines($door)), qr/\Q$secret\E|\Q$token\E/, 'nor in the log of the door');
done_testing();

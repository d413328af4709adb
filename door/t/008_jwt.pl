# Tokens of an identity provider: a real one (oidc-provider of npm), tokens
# that are bad in one thing alone, its keys' rotation, and its absence.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw(new_database new_client start_door stop_door curl token_of lead metric wait_for
  start_provider log_lines);
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $provider = start_provider();
plan skip_all => 'no node with oidc-provider' unless $provider;

my $node = new_database('jwt');
$node->safe_psql('postgres', q{
	GRANT EXECUTE ON FUNCTION loopit_door_receive_as(text, bytea) TO loopit_door;
	INSERT INTO loopit.client (client_id, name) VALUES ('sender', 'by the provider'), ('revoked', 'once');
	SELECT loopit_revoke_client('revoked');
});
my $audience = 'https://leads.example.com';
my %issuer = (LOOPIT_DOOR_ISSUER => $provider->{issuer}, LOOPIT_DOOR_AUDIENCE => $audience, LOOPIT_DOOR_SCOPE => 'leads');
my $door = start_door($node, %issuer);
ok(wait_for(sub { curl("$door->{private_url}/readyz")->{status} == 200 }), 'the door is ready');

my $json = JSON::PP->new->canonical;
my $references = 0;

sub command
{
	my ($path, $what) = @_;
	my $body = curl('-d', $what ? $json->encode($what) : '', "$provider->{control}/$path")->{body};
	return $body;
}

sub post
{
	my ($token) = @_;
	return curl('-H', "Authorization: Bearer $token", '-d', lead('J' . ++$references), "$door->{url}/leads");
}

# A token that is good but for what the arguments change; undef takes a member
# away.
sub token
{
	my ($header, $claims, %more) = @_;
	my %header = (alg => 'RS256', typ => 'at+jwt', kid => 'rsa-1', %$header);
	my $now = int time;
	my %claims = (
		iss => $provider->{issuer}, aud => $audience, exp => $now + 600, iat => $now, sub => 'sender',
		client_id => 'sender', scope => 'leads', jti => "t$now", %$claims);
	delete @header{ grep { !defined $header{$_} } keys %header };
	delete @claims{ grep { !defined $claims{$_} } keys %claims };
	return command('sign', { header => \%header, claims => \%claims, key => 'rsa', %more });
}

my $now = int time;

# ---- the provider's own ----

my $answer = curl('-u', 'sender:a-secret-of-the-sender', '-d', 'grant_type=client_credentials&scope=leads', "$provider->{issuer}/token");
my ($own) = $answer->{body} =~ /"access_token":"([^"]+)"/;
$answer = post($own);
is($answer->{status}, 200, 'a token that the provider gave');
is($node->safe_psql('postgres', "SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = 'J1'"), 1, 'its lead is stored');
my ($without) = curl('-u', 'sender:a-secret-of-the-sender', '-d', 'grant_type=client_credentials', "$provider->{issuer}/token")->{body} =~ /"access_token":"([^"]+)"/;
is(post($without)->{status}, 403, 'one that it gave without the scope');
is(curl('-H', "Authorization: Bearer " . token_of($door, new_client($node)), '-d', lead('J-own'), "$door->{url}/leads")->{status}, 200, 'tokens of the database go on');

# ---- good ones ----

for my $good (
	[ 'as it is', {}, {} ],
	[ 'ES256', { alg => 'ES256', kid => 'ec-1' }, {}, key => 'ec' ],
	[ 'no key id', { kid => undef }, {} ],
	[ 'type JWT', { typ => 'JWT' }, {} ],
	[ 'the long type', { typ => 'application/at+JWT' }, {} ],
	[ 'no type', { typ => undef }, {} ],
	[ 'an array of audiences', {}, { aud => [ 'x', $audience ] } ],
	[ 'several scopes', {}, { scope => 'x leads y' } ],
	[ 'scp, an array', {}, { scope => undef, scp => [ 'x', 'leads' ] } ],
	[ 'scp, words', {}, { scope => undef, scp => 'x leads' } ],
	[ 'azp', {}, { client_id => undef, azp => 'sender' } ],
	[ 'appid', {}, { client_id => undef, appid => 'sender' } ],
	[ 'cid', {}, { client_id => undef, cid => 'sender' } ],
	[ 'in force since now', {}, { nbf => $now } ],
	[ 'a clock that is ahead by some seconds', {}, { nbf => $now + 15 } ],
	[ 'a fraction of a second', {}, { exp => $now + 600.5 } ],
	[ 'claims nobody knows', {}, { cnf => { x => 1 }, x => [1] } ])
{
	my ($name, @arguments) = @$good;
	is(post(token(@arguments))->{status}, 200, "good: $name");
}

# ---- bad ones ----

my $unsigned = token({ alg => 'none' }, {}, key => undef);
my $good = token({}, {});
my @parts = split /\./, $good;
my $elsewhere = token({}, { client_id => 'revoked' });
for my $bad (
	[ 401, 'alg none', $unsigned ],
	[ 401, 'alg none, no key id', token({ alg => 'none', kid => undef }, {}, key => undef) ],
	[ 401, 'alg None', token({ alg => 'None' }, {}, key => undef) ],
	[ 401, 'no alg', token({ alg => undef }, {}) ],
	[ 401, 'alg that is a number', token({ alg => 256 }, {}) ],
	[ 401, 'HS256 with the public key as PEM', token({ alg => 'HS256' }, {}, hmac => 'pem') ],
	[ 401, 'HS256 with the public key as DER', token({ alg => 'HS256' }, {}, hmac => 'der') ],
	[ 401, 'HS256 with the modulus', token({ alg => 'HS256' }, {}, hmac => 'modulus') ],
	[ 401, 'HS256 with a symmetric key of the set', token({ alg => 'HS256', kid => 'symmetric-1' }, {}, hmac => 'symmetric') ],
	[ 401, 'RS512', token({ alg => 'RS512' }, {}) ],
	[ 401, 'PS256', token({ alg => 'PS256' }, {}) ],
	[ 401, 'ES384 by its own key', token({ alg => 'ES384', kid => 'p384-1' }, {}, key => 'p384') ],
	[ 401, 'RS256 that is ES256', token({}, {}, key => 'ec') ],
	[ 401, 'signed by another key', token({}, {}, key => 'other') ],
	[ 401, 'signed by another key, no key id', token({ kid => undef }, {}, key => 'other') ],
	[ 401, 'no signature', "$parts[0].$parts[1]." ],
	[ 401, 'half a signature', "$parts[0].$parts[1]." . substr $parts[2], 0, 100 ],
	[ 401, 'claims of another token', join '.', $parts[0], (split /\./, $elsewhere)[1], $parts[2] ],
	[ 401, 'two parts', "$parts[0].$parts[1]" ],
	[ 401, 'four parts', "$good.$parts[2]" ],
	[ 401, 'five parts', "$good.$parts[2].$parts[2]" ],
	[ 401, 'a dot', '.' ],
	[ 401, 'two dots', '..' ],
	[ 401, 'no base64', 'a.b.c' ],
	[ 401, 'a header that is no JSON', 'YWJj.' . join '.', @parts[ 1, 2 ] ],
	[ 401, 'an issuer that is another', token({}, { iss => 'https://id.example.com' }) ],
	[ 401, 'an issuer with a slash more', token({}, { iss => "$provider->{issuer}/" }) ],
	[ 401, 'an issuer that is an array', token({}, { iss => [ $provider->{issuer} ] }) ],
	[ 401, 'no issuer', token({}, { iss => undef }) ],
	[ 401, 'expired', token({}, { exp => $now - 60 }) ],
	[ 401, 'expired long ago', token({}, { exp => 1 }) ],
	[ 401, 'no expiry', token({}, { exp => undef }) ],
	[ 401, 'an expiry that is text', token({}, { exp => '' . ($now + 600) . 'x' }) ],
	[ 401, 'an expiry that is null', token({}, {}, raw => $json->encode({ iss => $provider->{issuer}, aud => $audience, exp => undef, client_id => 'sender', scope => 'leads' })) ],
	[ 401, 'in force later', token({}, { nbf => $now + 600 }) ],
	[ 401, 'in force from text', token({}, { nbf => 'x' }) ],
	[ 401, 'a critical extension', token({ crit => ['b64'], b64 => JSON::PP::true }, {}) ],
	[ 401, 'a critical extension that is unknown', token({ crit => ['x'], x => 1 }, {}) ],
	[ 401, 'an empty list of them', token({ crit => [] }, {}) ],
	[ 401, 'type: id token of logout', token({ typ => 'logout+jwt' }, {}) ],
	[ 401, 'type: security event', token({ typ => 'secevent+jwt' }, {}) ],
	[ 401, 'type that is a number', token({ typ => 1 }, {}) ],
	[ 401, 'key id that is a number', token({ kid => 1 }, {}) ],
	[ 401, 'a key of its own', token({ jwk => { kty => 'oct', k => 'AAAA' } }, {}, key => 'other') ],
	[ 401, 'a set of its own', token({ jku => "$provider->{control}/jwks" }, {}, key => 'other') ],
	[ 401, 'claims that are an array', token({}, {}, raw => '[]') ],
	[ 401, 'claims that are no JSON', token({}, {}, raw => 'x') ],
	[ 401, 'a claim twice', token({}, {}, raw => substr($json->encode({ iss => $provider->{issuer}, aud => $audience, exp => $now + 600, client_id => 'sender', scope => 'leads' }), 0, -1) . ',"exp":9999999999}') ],
	[ 403, 'another audience', token({}, { aud => 'https://other.example.com' }) ],
	[ 403, 'an audience that begins alike', token({}, { aud => "$audience/x" }) ],
	[ 403, 'no audience', token({}, { aud => undef }) ],
	[ 403, 'another scope', token({}, { scope => 'lead' }) ],
	[ 403, 'a scope that begins alike', token({}, { scope => 'leads.read' }) ],
	[ 403, 'no scope', token({}, { scope => undef }) ],
	[ 403, 'a client that the database does not know', token({}, { client_id => 'stranger' }) ],
	[ 403, 'a client that was revoked', token({}, { client_id => 'revoked' }) ],
	[ 403, 'no client', token({}, { client_id => undef }) ],
	[ 403, 'a client that is no text', token({}, { client_id => 7 }) ],
	[ 403, 'a client with a control character', token({}, { client_id => "sender\n" }) ],
	[ 403, 'a client of 200 characters', token({}, { client_id => 'x' x 200 }) ],
	[ 401, 'expired, for another audience', token({}, { exp => 1, aud => 'x' }) ])
{
	my ($status, $name, $token) = @$bad;
	$answer = post($token);
	is($answer->{status}, $status, "bad: $name");
	my $error = $status == 401 ? 'invalid_token' : 'insufficient_scope';
	is($answer->{headers}{'www-authenticate'}, "Bearer realm=\"loopit\", error=\"$error\"", "$name: $error");
}

# ---- keys that are not known ----

my $fetches = command('fetches');
my %status;
$status{ post(token({ kid => 'unknown-' . $_ % 5 }, {}, key => 'other'))->{status} }++ for 0 .. 19;
note join ', ', map { "$_: $status{$_}" } sort keys %status;
is_deeply([ grep { $_ ne '401' && $_ ne '503' } keys %status ], [], 'unknown key ids: 401 or, until the provider may be asked again, 503');
ok($status{401} > 0, 'a key id that the provider does not have is 401');
is(command('fetches') - $fetches, 1, 'twenty tokens with unknown key ids: one fetch');
is(post(token({}, {}))->{status}, 200, 'known keys go on');
is(post(token({ kid => 'encryption-1' }, {}, key => 'encryption'))->{status}, 503, 'a key for encryption is none');
stop_door($door);

# ---- rotation ----

$door = start_door($node, %issuer);
ok(wait_for(sub { curl("$door->{private_url}/readyz")->{status} == 200 }), 'ready');
is(post(token({}, {}))->{status}, 200, 'the first key');
my $old = token({}, {});
is(command('rotate'), 'rsa-2', 'the provider has a new key');
is(post(token({ kid => 'rsa-2' }, {}))->{status}, 200, 'tokens of the new key are good at once');
is(post($old)->{status}, 401, 'those of the old key no more');
for my $kind ('encryption', 'short')
{
	my $verdict = post(token({ kid => "$kind-1" }, {}, key => $kind))->{status};
	ok($verdict == 401 || $verdict == 503, "a key that is not for this ($kind) lets nobody in");
}
is(command('rotate'), 'rsa-3', 'and another one, within the minute');
is(post(token({ kid => 'rsa-3' }, {}))->{status}, 503, 'whose tokens have to wait, but get no 401');
kill 'HUP', $door->{pid};
ok(wait_for(sub { post(token({ kid => 'rsa-3' }, {}))->{status} == 200 }, 10), 'SIGHUP fetches the keys at once');
cmp_ok(metric($door, 'loopit_door_keys_age_seconds'), '<', 30, 'their age is known');

# ---- the provider is away ----

my $known = token({ kid => 'rsa-3' }, {});
command('stop');
is(post($known)->{status}, 200, 'away: known keys go on');
is(post(token({ kid => 'rsa-4' }, {}))->{status}, 503, 'an unknown one is 503');
stop_door($door);
$door = start_door($node, %issuer);
is(curl("$door->{private_url}/readyz")->{status}, 503, 'a door that starts now is not ready');
my $began = time;
is(post($known)->{status}, 503, 'and knows no key: 503');
cmp_ok(time - $began, '<', 27, 'in time');
is(curl('-H', "Authorization: Bearer " . token_of($door, new_client($node)), '-d', lead('J-own'), "$door->{url}/leads")->{status}, 200, 'tokens of the database go on');
command('start');
ok(wait_for(sub { post($known)->{status} == 200 }, 15), 'back: it fetches the keys by itself');
ok(!(grep { /"status":401/ } log_lines($door)), 'nobody got a 401 for it');
stop_door($door);

# ---- a provider whose document is of another issuer ----

$door = start_door($node, %issuer, LOOPIT_DOOR_ISSUER => "$provider->{issuer}/");
ok(wait_for(sub { grep { /"event":"keys".*another issuer/ } log_lines($door) }), 'a document of another issuer is refused');
is(post($known)->{status}, 503, 'so no token is good');
stop_door($door);

# ---- without an issuer ----

$door = start_door($node);
is(post($known)->{status}, 401, 'without an issuer in the settings such a token is unknown');
is(stop_door($door), 0, 'the door stops');
done_testing();

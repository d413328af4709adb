# Requests that no honest sender makes: each is refused or harmless, and the
# door goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw(new_database new_client start_door stop_door request curl token_of lead);
use Test::More;

my $node = new_database('hostile');
my $door = start_door($node);
my $token = token_of($door, new_client($node));
my $head = "POST /leads HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\n";
my $body = lead('H1');
my $length = 'Content-Length: ' . length($body) . "\r\n";
my $chunked = "Transfer-Encoding: chunked\r\n";
my $chunk = sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body);

sub stored
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log');
}

is(request($door, "$head$length\r\n$body")->{status}, 200, 'the request without a fault');
is(request($door, "$head$chunked\r\n$chunk")->{status}, 200, 'and in chunks');
my $before = stored();

# A proxy in front may see another end of these: request smuggling.
my %ambiguous = (
	'two lengths' => "$head$length$length\r\n$body",
	'two lengths that differ' => "${head}Content-Length: 5\r\n$length\r\n$body",
	'a list of lengths' => "${head}Content-Length: 5, 5\r\n\r\nhello",
	'a length with a sign' => "${head}Content-Length: +5\r\n\r\nhello",
	'a negative length' => "${head}Content-Length: -5\r\n\r\nhello",
	'a hexadecimal length' => "${head}Content-Length: 0x5\r\n\r\nhello",
	'an empty length' => "${head}Content-Length: \r\n\r\n",
	'a length beyond 64 bits' => "${head}Content-Length: 99999999999999999999\r\n\r\nhello",
	'a length and chunks' => "$head$length$chunked\r\n$chunk",
	'chunks and a length' => "$head$chunked$length\r\n$chunk",
	'chunks twice' => "$head$chunked$chunked\r\n$chunk",
	'an encoding besides' => "${head}Transfer-Encoding: gzip, chunked\r\n\r\n$chunk",
	'an encoding after' => "${head}Transfer-Encoding: chunked, identity\r\n\r\n$chunk",
	'an unknown encoding' => "${head}Transfer-Encoding: xchunked\r\n\r\n$chunk",
	'chunks after a tab' => "${head}Transfer-Encoding:\tchunked;q=1\r\n\r\n$chunk",
	'a space before the colon' => "${head}Content-Length : 5\r\n\r\nhello",
	'a tab before the colon' => "${head}Transfer-Encoding\t: chunked\r\n\r\n$chunk",
	'a space in a name' => "${head}X Y: 1\r\n$length\r\n$body",
	'no colon' => "${head}Nonsense\r\n$length\r\n$body",
	'a control character in a value' => "${head}X: a\x01b\r\n$length\r\n$body",
	'two hosts' => "${head}Host: i\r\n$length\r\n$body",
	'no host' => "POST /leads HTTP/1.1\r\nAuthorization: Bearer $token\r\n$length\r\n$body",
	'two tokens' => "${head}Authorization: Bearer $token\r\n$length\r\n$body",
	'two schemes' => "${head}Authorization: Basic eDp5\r\n$length\r\n$body",
	'chunks in HTTP/1.0' => "POST /leads HTTP/1.0\r\nHost: h\r\nAuthorization: Bearer $token\r\n$chunked\r\n$chunk",
	'a chunk without a size' => "$head$chunked\r\n\r\nhello\r\n0\r\n\r\n",
	'a chunk of a negative size' => "$head$chunked\r\n-5\r\nhello\r\n0\r\n\r\n",
	'a chunk of no size' => "$head$chunked\r\nzz\r\nhello\r\n0\r\n\r\n",
	'a chunk of a huge size' => "$head$chunked\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	'a chunk longer than its size' => "$head$chunked\r\n3\r\nhello\r\n0\r\n\r\n",
	'HTTP/2.0' => "POST /leads HTTP/2.0\r\nHost: h\r\nAuthorization: Bearer $token\r\n$length\r\n$body",
	'HTTP/9.9' => "POST /leads HTTP/9.9\r\nHost: h\r\nAuthorization: Bearer $token\r\n$length\r\n$body",
	'no version' => "POST /leads\r\n\r\n",
	'100 kB of headers' => $head . "X: @{['y' x 1000]}\r\n" x 100 . "$length\r\n$body",
	'a header of 100 kB' => $head . "X: @{['y' x 100000]}\r\n$length\r\n$body",
	'a path of 100 kB' => 'POST /' . 'x' x 100000 . " HTTP/1.1\r\nHost: h\r\n\r\n",
	'10,000 headers' => $head . "X: y\r\n" x 10000 . "$length\r\n$body",
);
for my $name (sort keys %ambiguous)
{
	my $answer = request($door, $ambiguous{$name}, 3);
	ok($answer->{status} == 0 || ($answer->{status} >= 400 && $answer->{status} != 503), "$name is refused ($answer->{status})");
	ok($answer->{closed}, "$name: the connection is closed");
	unlike($answer->{text}, qr{^HTTP/1.1 (?:2|503)}m, "$name: no part of it is taken for a request");
}
for my $name ('two lengths', 'a length and chunks', 'two tokens', 'a space before the colon', 'two hosts')
{
	is(request($door, $ambiguous{$name})->{status}, 400, "$name is 400");
}
is(request($door, $ambiguous{'two tokens'})->{headers}{'www-authenticate'},
	'Bearer realm="loopit", error="invalid_request"', 'two tokens: RFC 6750 section 3.1');
is(stored(), $before, 'nothing of it is stored');

# What libmicrohttpd reads otherwise than other programs do, so that nothing
# after it may count as a request: a line that begins with a colon ends the
# headers, and a NUL ends a line's text.
for my $odd (
	[ 'no name', "${head}: x\r\n$length\r\n$body" ],
	[ 'no name, then a request', "${head}: x\r\n$head$length\r\n$body" ],
	[ 'a NUL at the start of a line', "${head}\0: x\r\n$head$length\r\n$body" ])
{
	my ($name, $bytes) = @$odd;
	my $answer = request($door, $bytes);
	is(() = $answer->{text} =~ m{^HTTP/1}mg, 1, "$name: one answer");
	ok($answer->{closed}, "$name: and the end");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM loopit.ingest_log WHERE lead_reference IS NOT NULL'),
	$before, 'no lead was smuggled in');
$before = stored();
for my $odd (
	[ 'a NUL in a value', "${head}X: a\0b\r\n$length\r\n$body" ],
	[ 'a NUL in a length', "${head}Content-Length: " . length($body) . "\0 3\r\n\r\n$body" ],
	[ 'a NUL in the path', "POST /leads\0x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\n$length\r\n$body" ])
{
	my ($name, $bytes) = @$odd;
	is(() = request($door, $bytes)->{text} =~ m{^HTTP/1}mg, 1, "$name: one answer");
}
for my $bytes ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 500, "\r\n" x 1000 . "\0" x 1000)
{
	is(request($door, $bytes)->{text} =~ m{^HTTP/1.1 (?:2|503)}, '', 'bytes that are no request');
}
$before = stored();

# Harmless ones.
is(request($door, "$head$length\r\n${body}$head$length\r\n$body")->{text} =~ s{HTTP/1.1 200 OK}{}g, 2,
	'two requests without waiting get two answers');
is(request($door, "GET /leads HTTP/1.1\r\nHost: h\r\n$length\r\n$body$head$length\r\n$body")->{text} =~ m{405.*HTTP/1.1 200}s, 1,
	'the body of a refused request is no request');
is(request($door, "${head}X: " . 'y' x 6000 . "\r\n$length\r\n$body")->{status}, 200, '6 kB of headers are taken');
is(request($door, "${head}$length\r\n" . substr($body, 0, 10))->{status}, 0, 'half a body gets no answer yet');
is(stored(), $before + 4, 'what was whole is stored, no more');
is(curl("$door->{private_url}/readyz")->{status}, 200, 'the door goes on');
is(stop_door($door), 0, 'and stops');
done_testing();

# OAuth clients that others wrote get a token and send a lead: openid-client
# of npm, requests-oauthlib of Debian's python.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Door qw(new_database new_client start_door stop_door lead);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_database('clients');
my $door = start_door($node);
my ($id, $secret) = new_client($node);

# Runs a program with what it needs; returns what it prints.
sub run_client
{
	my (@command) = @_;
	local %ENV = (%ENV, DOOR => $door->{url}, CLIENT_ID => $id, CLIENT_SECRET => $secret, OAUTHLIB_INSECURE_TRANSPORT => 1);
	delete $ENV{PYTHONPATH};
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '>', \$out, '2>', \$err) or diag "$out$err";
	return $out;
}

sub stored
{
	my ($reference) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM loopit.ingest_log WHERE lead_reference = '$reference'");
}

SKIP:
{
	skip 'no openid-client', 1 unless -d ($ENV{LOOPIT_NODE_MODULES} // '') . '/openid-client';
	for my $method ('client_secret_basic', 'client_secret_post')
	{
		my $script = q{
			const { Issuer } = require(process.env.LOOPIT_NODE_MODULES + '/openid-client');
			(async () => {
				const [reference, method] = process.argv.slice(1);
				const issuer = new Issuer({ issuer: process.env.DOOR, token_endpoint: process.env.DOOR + '/oauth/token' });
				const client = new issuer.Client({
					client_id: process.env.CLIENT_ID, client_secret: process.env.CLIENT_SECRET, token_endpoint_auth_method: method });
				const token = await client.grant({ grant_type: 'client_credentials' });
				const answer = await client.requestResource(process.env.DOOR + '/leads', token, { method: 'POST',
					headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: reference, dealership: { id: 356 }, prospect: { email: 'a@example.com' } }) });
				console.log(token.token_type, token.expires_in > 3500, answer.statusCode, JSON.parse(answer.body).lead_reference);
				const bad = new issuer.Client({ client_id: process.env.CLIENT_ID, client_secret: 'x', token_endpoint_auth_method: method });
				await bad.grant({ grant_type: 'client_credentials' }).catch((error) => console.log(error.error));
			})();
		};
		is(run_client('node', '-e', $script, "openid-$method", $method), "Bearer true 200 openid-$method\ninvalid_client\n", "openid-client, $method");
		is(stored("openid-$method"), 1, 'its lead is stored');
	}
}

SKIP:
{
	skip 'no requests-oauthlib', 1
	  unless -x '/usr/bin/python3' && system('/usr/bin/python3 -c "import requests_oauthlib" 2>/dev/null') == 0;
	for my $in_form ('False', 'True')
	{
		my $script = qq{
import os
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from requests_oauthlib import OAuth2Session
from requests.auth import HTTPBasicAuth
door, client_id, secret = (os.environ[k] for k in ('DOOR', 'CLIENT_ID', 'CLIENT_SECRET'))
session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
token = session.fetch_token(door + '/oauth/token', client_id=client_id, client_secret=secret, include_client_id=$in_form)
answer = session.post(door + '/leads', json={'id': 'python-$in_form', 'dealership': {'id': 356}, 'prospect': {'email': 'a\@example.com'}})
print(token['token_type'], token['expires_in'], answer.status_code, answer.json()['lead_reference'])
try:
    OAuth2Session(client=BackendApplicationClient(client_id=client_id)).fetch_token(door + '/oauth/token', client_id=client_id, client_secret='x', include_client_id=$in_form)
except InvalidClientError as error:
    print(error.error)
};
		is(run_client('/usr/bin/python3', '-c', $script), "Bearer 3600 200 python-$in_form\ninvalid_client\n", "requests-oauthlib, secret in the form: $in_form");
		is(stored("python-$in_form"), 1, 'its lead is stored');
	}
}
is(stop_door($door), 0, 'the door stops');
done_testing();

# What the tests of the door have in common.
package Door;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use IO::Socket::INET;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw($folder new_database new_client start_door stop_door curl request token_of
  free_port wait_for start_provider start_program lead metric log_lines statuses send_leads);

# For files of this test alone.
our $folder;

INIT
{
	$folder = abs_path(PostgreSQL::Test::Utils::tempdir());
}

my @running;
my @scratch_files;

# The program; script/test says where.
sub program
{
	return $ENV{LOOPIT_DOOR} // dirname(__FILE__) . '/../loopit-door';
}

# A running node with the extension, a small dealership, and the door's role.
sub new_database
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', join("\n", 'max_connections = 100', 'jit = off', @settings) . "\n");
	$node->start;
	$node->safe_psql('postgres', q{
		CREATE EXTENSION loopit_leads;
		SELECT loopit_setup();
		INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A'), (8, 'Dealer B');
		INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7), (900, 8);
	});
	system_or_bail('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port,
		'-d', 'postgres', '-f', dirname(__FILE__) . '/../role.sql');
	return $node;
}

# An OAuth client: its id and secret.
sub new_client
{
	my ($node, $workspaces) = @_;
	my $array = defined $workspaces ? "'{$workspaces}'" : 'NULL';
	return split /\|/,
	  $node->safe_psql('postgres', "SELECT * FROM loopit_create_client('a sender', $array)");
}

# A port that nobody listens on.
sub free_port
{
	return PostgreSQL::Test::Cluster::get_free_port();
}

# Runs code until it returns true, at most so many seconds.
sub wait_for
{
	my ($code, $seconds) = @_;
	my $end = time + ($seconds // 30);
	while (time < $end)
	{
		my $result = $code->();
		return $result if $result;
		sleep 0.05;
	}
	return 0;
}

# Starts a door; environment variables as arguments.  Returns it when it
# listens.
sub start_door
{
	my ($node, %environment) = @_;
	my $port = free_port();
	my $private = free_port();
	my $number = @scratch_files;
	my $log = "$folder/door.$number.log";
	push @scratch_files, $log;
	append_to_file($log, '');
	my %all = (
		LOOPIT_DOOR_LISTEN => "127.0.0.1:$port",
		LOOPIT_DOOR_PRIVATE => "127.0.0.1:$private",
		PGUSER => 'loopit_door',
		PGDATABASE => 'postgres',
		$node ? (PGHOST => $node->host, PGPORT => $node->port) : (),
		%environment);
	my $door = {
		port => $port,
		private => $private,
		url => "http://127.0.0.1:$port",
		private_url => "http://127.0.0.1:$private",
		log => $log
	};
	my $pid = fork;
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		for my $name (keys %all)
		{
			if (defined $all{$name}) { $ENV{$name} = $all{$name} }
			else { delete $ENV{$name} }
		}
		delete $ENV{PGAPPNAME};
		open STDOUT, '>', $log or die;
		open STDERR, '>', "$log.stderr" or die;
		exec program() or die "exec: $!";
	}
	$door->{pid} = $pid;
	push @running, $door;
	wait_for(sub { slurp_file($log) =~ /"started"/ or waitpid($pid, 1) == $pid }, 120)
	  or die 'the door did not start';
	return $door;
}

# Sends a signal and waits.  Returns the exit status; checks that a sanitizer,
# if the program has one, found nothing.
sub stop_door
{
	my ($door, $signal) = @_;
	return $door->{status} if defined $door->{status};
	kill $signal // 'TERM', $door->{pid};
	waitpid $door->{pid}, 0;
	$door->{status} = $?;
	my $stderr = slurp_file("$door->{log}.stderr");
	# libpq's, of a connection that was ended while it was being made
	$stderr =~ s/^(?:FATAL|WARNING):  terminating connection.*\n(?:(?:DETAIL|HINT):  .*\n)*//mg;
	fail("the door's standard error: $stderr") if $stderr ne '';
	return $door->{status};
}

# Starts a program that the test's end kills.
sub start_program
{
	my (@command) = @_;
	my $pid = fork;
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		open STDOUT, '>>', "$folder/programs.log";
		open STDERR, '>&', \*STDOUT;
		exec @command or die "exec: $!";
	}
	push @running, { pid => $pid };
	return $pid;
}

# Starts the identity provider of provider.mjs; undef where its packages are
# not there.
sub start_provider
{
	return undef unless -d ($ENV{LOOPIT_NODE_MODULES} // '') . '/oidc-provider';
	my $port = free_port();
	my $log = "$folder/provider.log";
	append_to_file($log, '');
	my $pid = fork;
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		open STDOUT, '>', $log;
		open STDERR, '>&', \*STDOUT;
		exec 'node', dirname(__FILE__) . '/provider.mjs', $port, free_port();
	}
	push @running, { pid => $pid };
	wait_for(sub { slurp_file($log) =~ /^ready (\d+)/m }, 120) or die 'the provider did not start: ' . slurp_file($log);
	my ($control) = slurp_file($log) =~ /^ready (\d+)/m;
	return { issuer => "http://127.0.0.1:$port", control => "http://127.0.0.1:$control" };
}

END
{
	my $status = $?;
	for my $door (grep { !defined $_->{status} } @running)
	{
		kill 'KILL', $door->{pid};
		waitpid $door->{pid}, 0;
	}
	$? = $status;
}

# curl: status, headers (names in lower case) and body of the last response.
sub curl
{
	my (@arguments) = @_;
	my ($stdin, $stdout, $stderr) = ('', '', '');
	IPC::Run::run([ 'curl', '-sS', '-i', '--max-time', '60', @arguments ],
		'<', \$stdin, '>', \$stdout, '2>', \$stderr);
	return parse_response($stdout, $stderr);
}

sub parse_response
{
	my ($text, $error) = @_;
	$text =~ s{\AHTTP/1.1 100 Continue\r\n\r\n}{};
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my ($line, @lines) = split /\r\n/, $head // '';
	my %headers;
	for (@lines)
	{
		my ($name, $value) = /^([^:]+):\s*(.*)$/ or next;
		$headers{ lc $name } = $value;
	}
	return {
		status => ($line // '') =~ m{^HTTP/1\.\d (\d+)} ? $1 : 0,
		headers => \%headers,
		body => $body // '',
		error => $error // ''
	};
}

# Sends bytes as they are, and returns what comes back until the connection
# closes or nothing has come for some seconds.
sub request
{
	my ($door, $bytes, $seconds) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port})
	  or die "connect: $!";
	local $SIG{PIPE} = 'IGNORE';
	syswrite $socket, $bytes;
	my $text = '';
	my $closed = 0;
	while (1)
	{
		my $ready = '';
		vec($ready, fileno $socket, 1) = 1;
		last unless select($ready, undef, undef, $seconds // 2);
		my $n = sysread $socket, $text, 65536, length $text;
		if (!$n) { $closed = 1; last }
	}
	return { %{ parse_response($text) }, text => $text, closed => $closed };
}

# A token for a client.
sub token_of
{
	my ($door, $id, $secret) = @_;
	my $answer = curl('-u', "$id:$secret", '-d', 'grant_type=client_credentials',
		"$door->{url}/oauth/token");
	$answer->{body} =~ /"access_token" ?: ?"([^"]+)"/
	  or die "no token: $answer->{status} $answer->{body} $answer->{error}";
	return $1;
}

# A lead's JSON.
sub lead
{
	my ($reference, $dealership) = @_;
	return sprintf '{"id": "%s", "dealership": {"id": %s}, "prospect": {"email": "%s@example.com"}}',
	  $reference, $dealership // 356, lc $reference;
}

# A value of the metrics.
sub metric
{
	my ($door, $name) = @_;
	my $text = curl("$door->{private_url}/metrics")->{body};
	return $text =~ /^\Q$name\E (\S+)$/m ? $1 : undef;
}

sub log_lines
{
	my ($door) = @_;
	return split /\n/, slurp_file($door->{log});
}

# Starts a process that sends leads over and over, each until it gets a 200,
# writing "reference status seconds" for each answer.
sub send_leads
{
	my ($door, $token, $prefix, $seconds, $file) = @_;
	my $pid = fork;
	die unless defined $pid;
	return $pid if $pid;
	open my $out, '>', $file or die;
	my $end = time + $seconds;
	my $number = 0;
	my $socket;
	local $SIG{PIPE} = 'IGNORE';
	while (time < $end)
	{
		my $reference = "$prefix-" . ++$number;
		my $body = lead($reference);
		my $began = time;
		$socket //= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $door->{port});
		my $status = 'refused';
		if ($socket)
		{
			print $socket "POST /leads HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer $token\r\n"
			  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
			$socket->flush;
			my $text = '';
			1 while $text !~ /\r\n\r\n/ && sysread $socket, $text, 65536, length $text;
			$status = $text =~ m{^HTTP/1.1 (\d+)} ? $1 : 'closed';
			if ($text =~ /Content-Length: (\d+)/i)
			{
				my $length = $1 + index($text, "\r\n\r\n") + 4;
				1 while length $text < $length && sysread $socket, $text, 65536, length $text;
			}
			undef $socket if $status eq 'closed' || $text =~ /Connection: close/i;
		}
		printf $out "%s %s %.3f\n", $reference, $status, time - $began;
		sleep 0.02 if $status !~ /^\d/;
	}
	close $out;
	require POSIX;
	POSIX::_exit(0);
}

# How often each status is in files of send_leads(), and the accepted leads.
sub statuses
{
	my (@files) = @_;
	my (%count, @accepted, $slowest);
	for my $file (@files)
	{
		for (split /\n/, slurp_file($file))
		{
			my ($reference, $status, $seconds) = split / /;
			$count{$status}++;
			push @accepted, $reference if $status eq '200';
			$slowest = $seconds if !defined $slowest || $seconds > $slowest;
		}
	}
	return (\%count, \@accepted, $slowest);
}

1;

# What the tests of attacks and t/081_table_shapes.pl have in common: a server whose
# log tells every SQLSTATE, databases that are thrown away, and what must never
# be in that log.
package Attack;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use Loopit qw(new_node);
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(attack_node run_sql fresh found_in_log is_up);
our @EXPORT_OK = qw(attack clean_log lead update);

# The node that was made last, and how far its log has been looked at.
my ($node, $offset);

# A node with what an attack needs: a lead that asks for all there is, and a
# function that tells of an outcome in a line.
sub attack_node
{
	my ($name, @settings) = @_;
	$node = new_node($name, 'fsync = off', 'autovacuum = off', 'log_error_verbosity = verbose',
		'restart_after_crash = on', 'max_prepared_transactions = 4', @settings);
	$node->safe_psql('postgres', q{
		CREATE SCHEMA test;
		CREATE FUNCTION test.lead(id text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
			SELECT jsonb_build_object('id', id, 'dealership', '{"id": 356}'::jsonb,
				'prospect', '{"email": "ann@example.com", "first_name": "Ann", "last_name": "Bell", "mobile_phone": "1",
					"dob": "01/01/1990", "opt_in_to_marketing": true,
					"address": {"street": "1 High St", "city": "Perth", "state": "WA", "postcode": "6000", "country": "Australia"}}'::jsonb,
				'item', '{"vin": "vin9"}'::jsonb, 'location', '{"location_name": "DEPOT"}'::jsonb,
				'additional_details', '{"subscription_plan": "Premium",
					"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "01/01/1990",
					"passport_number": "P1", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"}'::jsonb) || more
		$$;
		CREATE FUNCTION test.named(id text, email text, first_name text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
			SELECT test.lead(id, more || jsonb_build_object('prospect', jsonb_build_object('email', email, 'first_name', first_name)))
		$$;
		CREATE FUNCTION test.told(o jsonb) RETURNS text LANGUAGE sql AS $$
			SELECT concat_ws(' ', o->>'status', o#>>'{person,action}', o#>>'{booking,action}',
				o#>>'{error,sqlstate}', o#>>'{error,column}', o#>>'{error,constraint}')
		$$;
		CREATE FUNCTION test.ingest(lead jsonb) RETURNS text LANGUAGE sql AS 'SELECT test.told(public.loopit_ingest_lead(lead))';
		CREATE FUNCTION test.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		GRANT USAGE ON SCHEMA test TO PUBLIC;
	});
	$offset = -s $node->logfile;
	return $node;
}

# Runs SQL in a session of its own; answers what it printed, errors among it by
# their SQLSTATE.
sub run_sql
{
	my ($node, $database, $sql, $level) = @_;
	my $output = '';
	my $file = "$PostgreSQL::Test::Utils::tmp_check/attack.$$.sql";
	unlink $file;
	append_to_file($file, "SET client_min_messages = @{[$level // 'warning']};\n$sql\n");
	# from a file, since a pipe breaks where the server does
	IPC::Run::run(
		[
			$node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=sqlstate', '-h', $node->host, '-p', $node->port,
			'-d', $database, '-f', $file
		],
		'>&', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$output =~ s/^psql:[^ ]+:\d+: //mg;
	return $output;
}

# Makes a database anew, from that of the tests.
sub fresh
{
	my ($node, $name) = @_;
	$node->safe_psql('template1', "DROP DATABASE IF EXISTS $name WITH (FORCE)");
	$node->safe_psql('template1', "CREATE DATABASE $name TEMPLATE postgres");
}

# After a crash the server comes back, and then it has to be waited for.
sub is_up
{
	my ($node) = @_;
	return $node->poll_query_until('template1', 'SELECT true');
}

# What the log has, from that offset on, that nobody may cause: a crash, a failed
# assertion, a leaked reference, an internal error.  Answers its lines and the
# log's new end.
sub found_in_log
{
	my ($node, $offset) = @_;
	my $log = slurp_file($node->logfile, $offset);
	# a function of an index that is being made cannot insert into its table
	$log =~ s/^[^\n]*ERROR:  XX001: could not read block (?:(?!STATEMENT:|ERROR:).)*STATEMENT:  CREATE +(?:UNIQUE )?INDEX [^\n]*//msg;
	# nor can plain SQL delete or update a row if a rule has rewritten what a foreign key does
	$log =~ s/^[^\n]*ERROR:  XX000: referential integrity query on (?:(?!STATEMENT:|ERROR:).)*STATEMENT:  (?:DELETE|UPDATE|TRUNCATE) [^\n]*//msg;
	my @found = grep { /TRAP:|was terminated by signal|WARNING:.* leak|[A-Z]: +XX\d\d\d:|PANIC: / } split /\n/, $log;
	return (join("\n", map { substr($_, 0, 300) } @found), -s $node->logfile);
}

# A lead that asks for all there is, and the same that changes the first name.
sub lead { return q{SELECT test.ingest(test.lead('1'));}; }
sub update { return q{SELECT test.ingest(test.lead('1') || test.named('1', 'ann@example.com', 'Bea'));}; }

# That nothing is in the log that must not be there.
sub clean_log
{
	my $found;
	($found, $offset) = found_in_log($node, $offset);
	is($found, '', 'no crash, no failed assertion, no leak, no internal error');
}

# Runs SQL on a fresh database, on both storages; what it prints has to match,
# and to be the same.
sub attack
{
	my ($name, $sql, $expected, %options) = @_;
	subtest $name => sub {
		my %output;
		for my $storage (qw(auto sql))
		{
			fresh($node, 'victim');
			$output{$storage} = run_sql($node, 'victim', "SET loopit_leads.storage = $storage;\n$sql", $options{level});
			is_up($node);
			like($output{$storage}, $expected, "as expected, storage = $storage");
		}
		is($output{auto}, $output{sql}, 'the same on both storages') unless $options{may_differ};
		clean_log();
	};
}

1;

# The description of the tables in src/store/tables.c, the tables that
# loopit_setup() makes, and what is stored by SQL and without it agree in every
# column: name, type, nullability, and the field of the payload that fills it.
# So two columns that are swapped, in any of them, do not go unnoticed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use Loopit qw(new_node top compiler);
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

# ---------------------------------------------------------------------------
# The description, which a program that is linked with it prints.
# ---------------------------------------------------------------------------

my $program = PostgreSQL::Test::Utils::tempdir . '/print_tables';
chomp(my $includes = `$pg_config --includedir-server`);
command_ok(
	[
		compiler(), '-std=gnu11', '-O1', '-D_GNU_SOURCE', "-I$top/src", "-I$includes", '-o', $program,
		"$top/t/standalone/print_tables.c", "$top/src/store/tables.c", glob("$top/src/rules/*.c")
	],
	'the description links without the server');
my ($printed) = run_command([$program]);
my @columns;
for (split /\n/, $printed)
{
	my %column;
	@column{qw(table name type not_null use update field other_field)} = split /\|/, $_, -1;
	push @columns, \%column;
}
cmp_ok(scalar @columns, '>', 70, 'it has columns');

# What the specification says that each column holds; of a document, for a
# driver licence and for a passport.
my %filled_by = (
	(map { ("person.$_" => "prospect.$_") } qw(first_name middle_name last_name mobile_phone)),
	(map { ("person.$_" => "prospect.address.$_") } qw(street city state country postcode)),
	'person.date_of_birth' => 'prospect.dob',
	'person.marketing_opt_in' => 'prospect.opt_in_to_marketing',
	'identity_document.number' => 'license_number passport_number',
	'identity_document.card_number' => 'license_card_number ',
	'identity_document.issuing_state' => 'license_state ',
	'identity_document.issuing_country' => ' passport_country',
	'identity_document.date_of_birth' => 'license_dob passport_dob',
	'identity_document.expires_on' => 'license_expiry passport_expiry');
for (@columns)
{
	my $fields = join(' ', map { s/^additional_details\.//r } @{$_}{qw(field other_field)});
	is($fields =~ s/^(prospect.*) $/$1/r, $filled_by{"$_->{table}.$_->{name}"} // ' ', "$_->{table}.$_->{name}: the fields that fill it");
}

# ---------------------------------------------------------------------------
# The tables.
# ---------------------------------------------------------------------------

my $node = new_node('descriptions', 'fsync = off');
my $described = join ', ',
  map { "('$_->{table}', '$_->{name}', $_->{type}::oid, '$_->{not_null}'::bool)" } @columns;
is($node->safe_psql('postgres', qq{
		SELECT d.*, a.atttypid, a.attnotnull
		FROM (VALUES $described) d (tab, col, type, not_null)
		LEFT JOIN pg_attribute a ON a.attrelid = to_regclass('loopit.' || tab) AND a.attname = col
			AND a.attnum > 0 AND NOT a.attisdropped
		WHERE (d.type, d.not_null) IS DISTINCT FROM (a.atttypid, a.attnotnull)}),
	'', 'each has the name, type and nullability of its column');
is($node->safe_psql('postgres', qq{
		SELECT a.attrelid::regclass, a.attname
		FROM pg_attribute a
		WHERE a.attrelid IN (SELECT to_regclass('loopit.' || tab) FROM (VALUES $described) d (tab))
		AND a.attnum > 0 AND NOT a.attisdropped
		AND (a.attrelid::regclass::text, a.attname) NOT IN (SELECT 'loopit.' || tab, col FROM (VALUES $described) d (tab, col))
		AND (a.attnotnull OR a.atthasdef) AND a.attrelid::regclass::text <> ALL ('{@{[
			join ',', map { "loopit.$_->{table}" } grep { $_->{use} eq 'read' } @columns]}}')}),
	'', 'and a column that it lacks takes a null, where rows are inserted');

# ---------------------------------------------------------------------------
# What is stored: every field has a value of its own.
# ---------------------------------------------------------------------------

sub lead
{
	my ($id, $mark, $year, $opt_in, $state, $licence_state, $country) = @_;
	my %text = map { $_ => "$_ $mark" } qw(first_name middle_name last_name mobile_phone street city country postcode);
	my %field = (
		'id' => $id,
		'updated_at' => "2025-10-0${mark}T01:02:03Z",
		'dealership.id' => 356,
		'prospect.email' => 'ann@example.com',
		(map { ("prospect.$_" => $text{$_}) } qw(first_name middle_name last_name mobile_phone)),
		'prospect.dob' => "01/02/$year",
		'prospect.opt_in_to_marketing' => $opt_in,
		(map { ("prospect.address.$_" => $text{$_}) } qw(street city country postcode)),
		'prospect.address.state' => $state,
		'additional_details.license_number' => "L-$mark-1",
		'additional_details.license_card_number' => "C-$mark-2",
		'additional_details.license_state' => $licence_state,
		'additional_details.license_dob' => "03/04/$year",
		'additional_details.license_expiry' => "05/06/204$mark",
		'additional_details.passport_number' => "P-$mark-3",
		'additional_details.passport_country' => $country,
		'additional_details.passport_dob' => "07/08/$year",
		'additional_details.passport_expiry' => "09/10/205$mark",
		'additional_details.subscription_plan' => 'Premium',
		'item.vin' => 'vin9',
		'item.stock_number' => 'S9',
		'location.location_name' => 'Depot');
	return \%field;
}

sub payload
{
	my ($fields) = @_;
	my $payload = {};
	for my $path (keys %$fields)
	{
		my @keys = split /\./, $path;
		my $last = pop @keys;
		my $at = $payload;
		$at = $at->{$_} //= {} for @keys;
		$at->{$last} = $fields->{$path};
	}
	return JSON::PP->new->canonical->encode($payload);
}

# As a column of that type shows it.
sub stored
{
	my ($value) = @_;
	return JSON::PP::is_bool($value) ? ($value ? 't' : 'f')
	  : $value =~ m{^(\d\d)/(\d\d)/(\d{4})$} ? "$3-$2-$1"
	  : $value =~ /^\d{4}-.*T.*Z$/ ? $value =~ s/T(.*)Z/ $1+00/r
	  : $value;
}

# Compares each column that a field fills with that field.
sub compare_stored
{
	my ($fields, $storage, $what) = @_;
	my @asked =
	  ([ 'person', 'field', 'true' ], [ 'identity_document', 'field', "kind = 'driver_licence'" ],
		[ 'identity_document', 'other_field', "kind = 'passport'" ]);
	my $compared = 0;
	for (@asked)
	{
		my ($table, $kind, $where) = @$_;
		for my $column (grep { $_->{table} eq $table && $_->{$kind} ne '' } @columns)
		{
			my $path = $column->{$kind};
			is($node->safe_psql('postgres', qq{SET TimeZone = 'UTC'; SELECT $column->{name} FROM loopit.$table WHERE $where}),
				stored($fields->{$path}), "$storage, $what: $table.$column->{name} has $path");
			$compared++;
		}
		# what is of the other kind of document is null
		for my $column (grep { $_->{table} eq $table && $_->{field} . $_->{other_field} ne '' && $_->{$kind} eq '' } @columns)
		{
			is($node->safe_psql('postgres', qq{SELECT $column->{name} IS NULL FROM loopit.$table WHERE $where}),
				't', "$storage, $what: $table.$column->{name} is null where $where");
		}
	}
	cmp_ok($compared, '>=', 20, "$storage, $what: all of them");
	is($node->safe_psql('postgres', q{SET TimeZone = 'UTC';
			SELECT email, workspace_id, source_updated_at FROM loopit.person}),
		join('|', 'ann@example.com', 7, stored($fields->{updated_at})),
		"$storage, $what: what else a person has");
}

# What no field fills has an id or a word of its own.
sub compare_log
{
	my ($storage, $what, @conditions) = @_;
	for (@conditions)
	{
		my ($column, $expected) = @$_;
		is($node->safe_psql('postgres', qq{SELECT ($column) IS NOT DISTINCT FROM ($expected) OR NULL
				FROM loopit.ingest_log l ORDER BY id DESC LIMIT 1}),
			't', "$storage, $what: $column is $expected");
	}
}

my $true = JSON::PP::true;
my $false = JSON::PP::false;
my $first = lead('lead-1', 1, 1981, $true, 'NSW', 'VIC', 'fr');
my $second = lead('lead-1', 2, 1982, $false, 'QLD', 'WA', 'de');

# so that ids of other tables are not the same by chance
$node->safe_psql('postgres', q{
	UPDATE loopit.asset SET stock_number = 'S9' WHERE id = 709;
	ALTER SEQUENCE loopit.person_id_seq RESTART 5001;
	ALTER SEQUENCE loopit.booking_id_seq RESTART 6001;
	ALTER SEQUENCE loopit.ingest_log_id_seq RESTART 8001;
	UPDATE loopit.asset_location SET position = 4 WHERE asset_id = 709;
	CREATE TABLE public.before (LIKE loopit.person)});

sub ingest
{
	my ($storage, $call) = @_;
	my ($stdout, $stderr) = ('', '');
	$node->psql('postgres', "SET loopit_leads.storage = $storage; SET client_min_messages = debug1; SELECT $call",
		stdout => \$stdout, stderr => \$stderr);
	unlike($stderr, qr/ERROR/, "$storage: no error");
	unlike($stderr, qr/uses SQL/, 'no table uses SQL') if $storage eq 'auto';
	return $stdout;
}

for my $storage ('sql', 'auto')
{
	my %stored_first = (%$first, 'additional_details.passport_country' => 'FR');
	my %stored_second = (%$second, 'additional_details.passport_country' => 'DE');

	$node->safe_psql('postgres', 'TRUNCATE loopit.person, loopit.identity_document, loopit.booking, loopit.ingest_log, public.before');
	like(ingest($storage, "loopit_ingest_lead(\$\$@{[payload($first)]}\$\$)"), qr/"status": "processed"/, 'processed');
	compare_stored(\%stored_first, $storage, 'inserted');
	is($node->safe_psql('postgres', q{SELECT workspace_id, asset_id, location_id, package_id, lead_reference FROM loopit.booking}),
		'7|709|3|2|lead-1', "$storage: a booking");
	compare_log($storage, 'inserted',
		[ 'l.id', 'SELECT ingest_log_id FROM loopit.booking' ],
		[ 'l.received_at', 'SELECT created_at FROM loopit.booking' ],
		[ 'l.received_at', 'SELECT created_at FROM loopit.person' ],
		[ 'l.received_at', 'SELECT updated_at FROM loopit.person' ],
		[ 'l.received_at', 'SELECT min(updated_at) FROM loopit.identity_document' ],
		[ 'l.received_at', 'SELECT min(created_at) FROM loopit.identity_document' ],
		[ 'l.dealership_id', 356 ], [ 'l.workspace_id', 7 ],
		[ 'l.person_id', 'SELECT id FROM loopit.person' ],
		[ 'l.person_id', 'SELECT person_id FROM loopit.booking' ],
		[ 'l.person_id', 'SELECT min(person_id) FROM loopit.identity_document' ],
		[ 'l.booking_id', 'SELECT id FROM loopit.booking' ],
		[ 'l.replay_of', 'NULL' ], [ 'l.first_received_at', 'NULL' ],
		[ 'l.duration_us BETWEEN 1 AND 10000000', 'true' ], [ 'l.payload_version', 1 ],
		[ 'l.asked_for_booking', 'true' ], [ 'l.status', "'processed'" ], [ 'l.reason', 'NULL' ],
		[ 'l.lead_reference', "'lead-1'" ], [ 'l.email', "'ann\@example.com'" ],
		[ 'l.person_action', "'created'" ], [ 'l.booking_action', "'created'" ],
		[ 'l.booking_reason', 'NULL' ], [ 'l.ingested_by', "'postgres'" ],
		[ "l.outcome->>'log_id'", 'l.id::text' ], [ "l.payload->>'id'", "'lead-1'" ], [ 'l.raw_body', 'NULL' ]);

	# an update changes what the description marks, and nothing else
	$node->safe_psql('postgres', 'INSERT INTO public.before OVERRIDING SYSTEM VALUE SELECT * FROM loopit.person');
	like(ingest($storage, "loopit_ingest_lead(\$\$@{[payload($second)]}\$\$)"), qr/"status": "processed"/, 'processed');
	compare_stored(\%stored_second, $storage, 'updated');
	for my $column (grep { $_->{table} eq 'person' } @columns)
	{
		is($node->safe_psql('postgres', qq{SELECT p.$column->{name} IS DISTINCT FROM b.$column->{name} FROM loopit.person p, public.before b}),
			$column->{update} eq 'updated' ? 't' : 'f', "$storage: person.$column->{name} is $column->{update}");
	}
	compare_log($storage, 'updated', [ 'l.person_action', "'updated'" ], [ 'l.booking_action', "'unchanged'" ],
		[ 'l.received_at', 'SELECT min(updated_at) FROM loopit.identity_document' ],
		[ 'l.received_at > (SELECT max(created_at) FROM loopit.identity_document)', 'true' ]);

	# a row that was rejected, and one that replays it
	ingest($storage, q{loopit_ingest_webhook('{"id": "lead-3", "item": {"vin": "x"}, "dealership": {"id": 357},}')});
	compare_log($storage, 'rejected', [ 'l.status', "'rejected'" ], [ 'l.reason', "'workspace_not_found'" ],
		[ 'l.person_action', "'skipped'" ], [ 'l.booking_action', "'skipped'" ], [ 'l.booking_reason', "'person_skipped'" ],
		[ 'l.workspace_id', 'NULL' ], [ 'l.dealership_id', 357 ],
		[ 'l.person_id', 'NULL' ], [ 'l.booking_id', 'NULL' ], [ "l.payload->>'id'", "'lead-3'" ],
		[ "position('lead-3' in convert_from(l.raw_body, 'UTF8')) > 0", 'true' ]);
	ingest($storage, 'loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log))');
	compare_log($storage, 'replayed', [ 'l.replay_of', "SELECT id FROM loopit.ingest_log WHERE raw_body IS NOT NULL" ],
		[ 'l.first_received_at', "SELECT received_at FROM loopit.ingest_log WHERE raw_body IS NOT NULL" ],
		[ 'l.received_at > l.first_received_at', 'true' ]);

	# what a loader brings: an archived vehicle, and its first location
	ingest($storage, q{loopit_ingest_lead('{"id": "lead-4", "dealership": {"id": 356}, "prospect": {"email": "bea@example.com"},
		"item": {"vin": "VIN7"}, "additional_details": {"subscription_plan": "Premium"}}')});
	is($node->safe_psql('postgres', q{SELECT asset_id, location_id, package_id FROM loopit.booking WHERE lead_reference = 'lead-4'}),
		'707|3|2', "$storage: the first location of the vehicle");
}

$node->stop;
done_testing();

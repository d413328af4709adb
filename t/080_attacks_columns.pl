# Attacks by tables whose columns have other types, or none, and by their rows.
# None crashes the server, raises an internal error, has somebody act as somebody
# else, or reads what plain SQL would refuse; and each ends in the same way on
# both settings of loopit_leads.storage.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Attack qw(:DEFAULT attack clean_log lead update);
use IPC::Run ();
use Loopit qw(top);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = attack_node('attacks', 'max_connections = 40', 'statement_timeout = 60s',
	'shared_preload_libraries = loopit_leads');
my ($lead, $update) = (lead(), update());

# The calls that read or write any table, each of which may fail alone.
my $every_call = q{
	SELECT 'ingest ' || test.ingest(test.lead('2'));
	SELECT 'webhook ' || test.told(loopit_ingest_webhook(convert_to(test.lead('3')::text, 'UTF8')));
	SELECT 'validate ' || test.told(loopit_validate_lead(test.lead('4')));
	SELECT 'replay ' || test.told(loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log)));
	SELECT 'find ' || count(*) FROM loopit_find_leads();
	SELECT 'find by reference ' || count(f.outcome) FROM loopit_find_leads(lead_reference => '1') f;
	SELECT 'find by email ' || count(f.booking_reason) FROM loopit_find_leads(email => 'ann@example.com') f;
	SELECT 'find by time ' || count(f.*::text) FROM loopit_find_leads(around => now()) f;
	SELECT 'dismiss ' || loopit_dismiss_lead((SELECT min(id) FROM loopit.ingest_log), 'note');
	SELECT 'purge ' || loopit_purge_ingest_log('1 day');
	SELECT 'forget ' || (loopit_forget_person(7, 'ann@example.com')->>'persons');
	SELECT 'after ' || test.ingest(test.lead('5'));
};

my $drop_views = 'DROP VIEW loopit.unresolved_lead, loopit.open_delivery, loopit.ingest_summary, loopit.ingest_issue_summary, loopit.ingest_uncounted, loopit.ingest_log_result, loopit.ingest_audit; DROP INDEX loopit.ingest_log_failure_idx;';

attack('postcode as int', "$lead ALTER TABLE loopit.person ALTER postcode TYPE int USING postcode::int; $update",
	qr/^processed created created\nfailed skipped skipped 42804 postcode$/);
attack('first_name as bigint', "$lead ALTER TABLE loopit.person ALTER first_name TYPE bigint USING 1; $update",
	qr/^processed created created\nfailed skipped skipped 42804 first_name$/);
attack('kind of a document as an enum', qq{$lead
	CREATE TYPE test.kind AS ENUM ('driver_licence', 'passport');
	ALTER TABLE loopit.identity_document DROP CONSTRAINT identity_document_kind_check, DROP CONSTRAINT identity_document_of_its_kind,
		ALTER kind TYPE test.kind USING kind::test.kind; $update},
	qr/^processed created created\nfailed skipped skipped 42804 kind$/);
attack('a column that was dropped', "$lead ALTER TABLE loopit.person DROP city CASCADE; $update",
	qr/^processed created created\nfailed skipped skipped 42703 city$/);
attack('a column that was renamed', "$lead ALTER TABLE loopit.asset RENAME stock_number TO stock; $update",
	qr/^processed created created\nfailed skipped skipped 42703 stock_number$/);
attack('a domain over text, with a CHECK', qq{$lead
	CREATE DOMAIN test.short AS text CHECK (length(VALUE) < 4);
	ALTER TABLE loopit.person ALTER first_name TYPE test.short; $update
	SELECT test.ingest(test.named('1', 'ann\@example.com', 'Beatrix'));},
	qr/^processed created created\nprocessed updated unchanged\nfailed skipped skipped 23514 short_check$/);
attack('varchar(n)', qq{$lead ALTER TABLE loopit.person ALTER first_name TYPE varchar(4); $update
	SELECT test.ingest(test.named('1', 'ann\@example.com', 'Beatrix'));},
	qr/^processed created created\nprocessed updated unchanged\nfailed skipped skipped 22001$/);
attack('a column of a composite type', qq{$lead
	CREATE TYPE test.name AS (first text, last text);
	ALTER TABLE loopit.person ALTER last_name TYPE test.name USING ROW(first_name, last_name)::test.name; $update},
	qr/^processed created created\nfailed skipped skipped 42804 last_name$/);
attack('a domain over a composite type', qq{$lead
	CREATE TYPE test.name AS (first text, last text); CREATE DOMAIN test.full AS test.name;
	ALTER TABLE loopit.person DROP last_name, ADD last_name test.full DEFAULT ROW('a', 'b'); $update},
	qr/^processed created created\nfailed skipped skipped 42804 last_name$/);
attack('a view in the place of a table', qq{$lead
	ALTER TABLE loopit.asset RENAME TO asset_old; CREATE VIEW loopit.asset AS SELECT * FROM loopit.asset_old; $every_call},
	qr/ingest processed unchanged created\n.*validate processed.*find by time \d.*forget 1\nafter processed created created$/s);
attack('a view whose column has another type', qq{$lead
	ALTER TABLE loopit.asset RENAME TO asset_old;
	CREATE VIEW loopit.asset AS SELECT workspace_id, id, vin::name, stock_number, archived_at FROM loopit.asset_old; $every_call},
	qr/ingest failed skipped skipped 42804 vin\n.*validate failed skipped skipped 42804 vin.*after failed skipped skipped 42804 vin$/s);
attack('a materialized view', qq{$lead
	ALTER TABLE loopit.package RENAME TO package_old; CREATE MATERIALIZED VIEW loopit.package AS SELECT * FROM loopit.package_old; $every_call},
	qr/ingest failed skipped skipped (42809|55000).*after failed/s);
attack('a partitioned table', qq{$lead
	ALTER TABLE loopit.location RENAME TO location_old;
	CREATE TABLE loopit.location (LIKE loopit.location_old INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (workspace_id);
	CREATE TABLE test.location_7 PARTITION OF loopit.location FOR VALUES IN (7);
	INSERT INTO loopit.location SELECT * FROM loopit.location_old WHERE workspace_id = 7; $every_call},
	qr/ingest processed unchanged created\n.*after processed created created$/s);
attack('a sequence', qq{$lead ALTER TABLE loopit.package RENAME TO package_old; CREATE SEQUENCE loopit.package; $every_call},
	qr/ingest failed skipped skipped 42703 workspace_id\n.*after failed/s);
attack('a composite type of a table\'s name', qq{$lead ALTER TABLE loopit.package RENAME TO package_old; CREATE TYPE loopit.package AS (workspace_id bigint, id bigint, archived_at timestamptz, name text); $every_call},
	qr/ingest failed skipped skipped 42809\n.*after failed/s);
attack('an index of a table\'s name', qq{$lead ALTER TABLE loopit.package RENAME TO package_old; CREATE INDEX package ON loopit.package_old (name); $every_call},
	qr/ingest failed skipped skipped 42809\n.*after failed/s);
attack('a foreign table without a handler', qq{$lead ALTER TABLE loopit.package RENAME TO package_old;
	CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
	CREATE FOREIGN TABLE loopit.package (workspace_id bigint, id bigint, archived_at timestamptz, name text) SERVER nowhere; $every_call},
	qr/ERROR:  55000.*forget 1\n/s);
attack('a foreign table of another type', qq{$lead ALTER TABLE loopit.package RENAME TO package_old;
	CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
	CREATE FOREIGN TABLE loopit.package (workspace_id bigint, id int, archived_at timestamptz, name text) SERVER nowhere; $every_call},
	qr/ingest failed skipped skipped 42804 id\n/s);
attack('a temporary type, table, function and operator of the names that are used', qq{
	CREATE ROLE attacks_sender; GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO attacks_sender; SET SESSION AUTHORIZATION attacks_sender;
	CREATE TEMP TABLE person (workspace_id bigint, id bigint, email text);
	CREATE TEMP TABLE dealership AS SELECT 356::bigint AS id, 8::bigint AS workspace_id;
	CREATE TEMP TABLE ingest_log (id int);
	CREATE DOMAIN pg_temp.text AS int; CREATE DOMAIN pg_temp.bigint AS pg_catalog.text;
	CREATE FUNCTION pg_temp.lower(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT NULL';
	CREATE FUNCTION pg_temp.nothing(pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
	CREATE OPERATOR pg_temp.= (leftarg = pg_catalog.text, rightarg = pg_catalog.text, function = pg_temp.nothing);
	SET search_path = pg_temp, public, pg_catalog;
	SELECT status FROM (SELECT public.loopit_ingest_lead(test.lead('1'))->>'workspace_id') o (status);
	SELECT count(*) FROM pg_temp.person; SELECT count(*) FROM pg_temp.ingest_log;
	RESET SESSION AUTHORIZATION; DROP OWNED BY attacks_sender; DROP ROLE attacks_sender;},
	qr/^7\n0\n0$/);

# Every column in turn loses its type, by what has other bytes: calls fail with
# the column's name, or do not need it.
subtest 'every column of another type' => sub {
	my @columns = split /\n/, $node->safe_psql('postgres', q{
		SELECT attrelid::regclass || ' ' || quote_ident(attname) FROM pg_attribute
		WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r')
		AND attnum > 0 AND NOT attisdropped AND attrelid <> 'loopit.schema_version'::regclass ORDER BY 1});
	cmp_ok(scalar @columns, '>', 70, 'there are columns');
	my @types = (
		q{DEFAULT '((1e-300,2),(3,4))'}, 'lseg', "DEFAULT 7", 'smallint', "DEFAULT 'driver_licence'", 'test.word',
		"DEFAULT '1'", '"char"', 'DEFAULT true', 'boolean', q{DEFAULT '{1,2}'}, 'int[]', "DEFAULT 'x'", 'name');
	for my $storage (qw(auto sql))
	{
		fresh($node, 'victim');
		run_sql($node, 'victim', qq{CREATE TYPE test.word AS ENUM ('driver_licence'); $lead});
		my $sql = "SET loopit_leads.storage = $storage;\n\\set ON_ERROR_ROLLBACK on\n$lead";
		my $n = 0;
		for my $column (@columns)
		{
			my ($table, $name) = split / /, $column;
			for my $i (0 .. 2)
			{
				my $type = ($n++ * 2) % @types;
				my $ddl = $i == 0 ? "ALTER TABLE $table DROP $name CASCADE"
				  : "ALTER TABLE $table DROP $name CASCADE, ADD $name $types[$type + 1] $types[$type]";
				$sql .= "\\echo -- $column\nBEGIN;\n$ddl;\n$every_call\nROLLBACK;\n";
			}
		}
		my $output = run_sql($node, 'victim', $sql, 'error');
		is_up($node);
		my (%odd, $column);
		my $failures = 0;
		for (split /\n/, $output)
		{
			$column = $1 if /^-- (.*)/;
			next unless defined $column;
			my ($name) = $column =~ /(\w+)"?$/;
			$failures++ if / failed /;
			# a view of the log goes with its column; without its key a table has no row to conflict with, or to refer to
			next if /^(--|\w+ (?:by \w+ )?\d+$|[\w ]+ processed|dismiss )/ || ($column =~ /^loopit\.ingest_/ && /42P01/)
			  || /^\w+ failed skipped skipped (42804|42703) \Q$name\E$/
			  || /^\w+ failed skipped skipped (42P10|42703|42804|23503|23502 \w+)/
			  || /^ERROR:  (42804|42703|42883|42P10|23502|P0002|55000)$/;
			$odd{"$column: $_"}++;
		}
		is(join("\n", sort keys %odd), '', "storage = $storage: nothing but failures that name the column");
		cmp_ok($failures, '>', 300, 'of which there are many');
	}
	clean_log();
};

# The bytes of a forged TOAST pointer, in a column of a fixed-length type.
subtest 'a forged TOAST pointer' => sub {
	for my $storage (qw(auto sql))
	{
		fresh($node, 'victim');
		my $setup = run_sql($node, 'victim', q{
			CREATE ROLE attacks_owner; CREATE ROLE attacks_other;
			CREATE TABLE public.secrets AS SELECT 'SECRET' || string_agg(md5(i::text), '') AS secret FROM generate_series(1, 300) i;
			ALTER TABLE public.secrets OWNER TO attacks_other;
			ALTER TABLE public.secrets ALTER secret SET STORAGE external; UPDATE public.secrets SET secret = secret || '';
			GRANT attacks_owner TO CURRENT_USER;
			ALTER SCHEMA loopit OWNER TO attacks_owner; GRANT CREATE ON DATABASE victim TO attacks_owner;
			DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
				LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO attacks_owner'; END LOOP; END $$;
			GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO attacks_owner;
		});
		my ($toast) = $node->safe_psql('victim', q{SELECT reltoastrelid FROM pg_class WHERE relname = 'secrets'});
		my ($chunk, $size) = split /\|/, $node->safe_psql('victim', qq{SELECT chunk_id, sum(length(chunk_data)) FROM pg_toast.pg_toast_}
			  . $node->safe_psql('victim', q{SELECT 'secrets'::regclass::oid}) . ' GROUP BY 1');
		# varattrib_1b_e of VARTAG_ONDISK, varatt_external; a short text follows
		my $forged = pack('CCllLLx2Cx11', 1, 18, $size + 4, $size, $chunk, $toast, 23);
		my @doubles = map { sprintf '%.17g', $_ } unpack('d4', $forged);
		my $output = run_sql($node, 'victim', qq{
			SET loopit_leads.storage = $storage; SET ROLE attacks_owner;
			$drop_views
			ALTER TABLE loopit.ingest_log DROP booking_reason;
			ALTER TABLE loopit.ingest_log ADD booking_reason lseg DEFAULT lseg(point('$doubles[0]'::float8, '$doubles[1]'::float8), point('$doubles[2]'::float8, '$doubles[3]'::float8));
			INSERT INTO loopit.ingest_log (received_at, duration_us, payload_version, asked_for_booking, status, person_action, booking_action, ingested_by, outcome, email, lead_reference)
				VALUES (now(), 1, 1, false, 'processed', 'created', 'created', 'me', '{}', 'e\@x.yz', 'r');
			SELECT count(*) FROM loopit.ingest_log;
			SELECT left(booking_reason, 100) FROM loopit_find_leads(lead_reference => 'r');
			SELECT left(booking_reason, 100) FROM loopit_find_leads(email => 'e\@x.yz');
			SELECT left(booking_reason, 100) FROM loopit_find_leads(around => now());
			SELECT left(booking_reason, 100) FROM loopit_find_leads();
			SELECT secret FROM public.secrets;
		});
		is_up($node);
		is($output, "1\n" . "ERROR:  42804\n" x 4 . "ERROR:  42501\n", "storage = $storage: the type is refused, as plain SQL refuses the table");
		unlike($output, qr/SECRET/, 'nothing is read');
		run_sql($node, 'victim', 'DROP OWNED BY attacks_owner, attacks_other CASCADE; DROP ROLE attacks_owner, attacks_other');
	}
	clean_log();
};

# Documents of a kind that is none, or that a DBA has added.
attack('a document without a kind', qq{$lead
	ALTER TABLE loopit.identity_document DROP CONSTRAINT identity_document_pkey, ALTER kind DROP NOT NULL;
	CREATE UNIQUE INDEX ON loopit.identity_document (workspace_id, person_id, kind);
	INSERT INTO loopit.identity_document (workspace_id, person_id, date_of_birth, expires_on, number)
		SELECT 7, id, '1990-01-01', '2030-01-01', 'x' FROM loopit.person;
	$update SELECT number FROM loopit.identity_document ORDER BY 1;},
	qr/^processed created created\nprocessed updated unchanged\nL1\nP1\nx$/);
attack('a document of a further kind', qq{
	ALTER TABLE loopit.identity_document DROP CONSTRAINT identity_document_kind_check;
	SELECT test.ingest(test.named('1', 'ann\@example.com', 'Ann') #- '{additional_details,license_number}' #- '{additional_details,license_dob}' #- '{additional_details,license_expiry}');
	INSERT INTO loopit.identity_document (workspace_id, person_id, kind, date_of_birth, expires_on, number)
		SELECT 7, id, 'visa', '1990-01-01', '2030-01-01', 'V1' FROM loopit.person;
	SELECT test.ingest(test.named('1', 'ann\@example.com', 'Ann')); SELECT kind, number FROM loopit.identity_document ORDER BY 1;},
	qr/^processed created created\nprocessed unchanged unchanged\ndriver_licence\|L1\npassport\|P1\nvisa\|V1$/);
attack('nulls where the description has none', qq{$lead
	ALTER TABLE loopit.package ALTER name DROP NOT NULL; INSERT INTO loopit.package (workspace_id, id) VALUES (7, 97), (7, 98);
	ALTER TABLE loopit.person ALTER updated_at DROP NOT NULL; UPDATE loopit.person SET updated_at = NULL;
	ALTER TABLE loopit.dealership ALTER workspace_id DROP NOT NULL; UPDATE loopit.dealership SET workspace_id = NULL WHERE id = 900;
	ALTER TABLE loopit.identity_document ALTER number DROP NOT NULL, ALTER expires_on DROP NOT NULL;
	UPDATE loopit.identity_document SET number = NULL, expires_on = NULL;
	ALTER TABLE loopit.booking ALTER asset_id DROP NOT NULL; UPDATE loopit.booking SET asset_id = NULL;
	$update
	SELECT test.ingest(test.named('2', 'ann\@example.com', 'Bea', '{"additional_details": {"subscription_plan": "premiun"}}'));
	SELECT test.ingest(test.lead('3', '{"dealership": {"id": 900}}'));
	SELECT test.told(loopit_replay_lead((SELECT min(id) FROM loopit.ingest_log)));},
	qr/^processed created created\nprocessed updated unchanged\nprocessed unchanged skipped\nrejected skipped skipped\nprocessed unchanged unchanged$/);

$node->stop;
done_testing();

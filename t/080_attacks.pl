# Attacks: what the owner of the tables, the sender of the bytes, a caller, and
# a DBA at work may try.  None crashes the server, raises an internal error, has
# somebody act as somebody else, or reads what plain SQL would refuse; and each
# ends in the same way on both settings of loopit_leads.storage.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Attack;
use IPC::Run ();
use Loopit qw(top);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = attack_node('attacks', 'max_connections = 40', 'statement_timeout = 60s',
	'shared_preload_libraries = loopit_leads');
my $offset = -s $node->logfile;

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

# ---------------------------------------------------------------------------
# A column of another type, or none.
# ---------------------------------------------------------------------------

my $lead = q{SELECT test.ingest(test.lead('1'));};
my $update = q{SELECT test.ingest(test.lead('1') || test.named('1', 'ann@example.com', 'Bea'));};

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

my $drop_views = 'DROP VIEW loopit.unresolved_lead, loopit.ingest_summary, loopit.ingest_audit; DROP INDEX loopit.ingest_log_conflict_idx;';

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
		my $sql = "SET loopit_leads.storage = $storage;\n\\set ON_ERROR_ROLLBACK on\n$drop_views\n$lead";
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
			# without its key a table has no row to conflict with, or to refer to
			next if /^(--|\w+ (?:by \w+ )?\d+$|[\w ]+ processed|dismiss )/ || ($column eq 'loopit.ingest_log id' && /42P01/)
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

# ---------------------------------------------------------------------------
# What calls back.
# ---------------------------------------------------------------------------

# A function that ingests a lead of another person, once in a call, and a
# function of the server that calls it: query_to_xml() is another, where there
# is XML.
my $by_server = q{ts_rewrite('a'::tsquery, 'SELECT ''b''::tsquery, ''c''::tsquery FROM (SELECT 1) one WHERE test.reenter()')};
my $has_xml = $node->safe_psql('postgres', q{DO $$ BEGIN PERFORM '<a/>'::xml; EXCEPTION WHEN feature_not_supported THEN PERFORM set_config('test.none', 'x', false); END $$;
	SELECT current_setting('test.none', true) IS NULL}) eq 't';
my $reenter = q{
	CREATE TABLE test.depth (n int); INSERT INTO test.depth VALUES (0);
	CREATE FUNCTION test.reenter() RETURNS boolean LANGUAGE plpgsql AS $$
	DECLARE depth int;
	BEGIN
		UPDATE test.depth SET n = depth.n + 1 RETURNING depth.n INTO depth;
		IF depth = 1 THEN
			PERFORM public.loopit_ingest_lead(test.named('9', 'inner@example.com', 'Inner', '{"updated_at": "2025-10-01T00:00:00Z"}'));
		END IF;
		UPDATE test.depth SET n = depth.n - 1;
		RETURN true;
	END $$;
	CREATE FUNCTION test.by_server() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN BY_SERVER IS NOT NULL; END $$;
	CREATE FUNCTION test.reenter(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM test.by_server(); RETURN $1; END $$;
} =~ s/BY_SERVER/$by_server/r;
my $twice = qq{$lead $update SELECT test.ingest(test.named('2', 'cid\@example.com', 'Cid'));
	SELECT email, first_name FROM loopit.person ORDER BY 1; SELECT count(*) FROM loopit.ingest_log;};
my $called_back = qr/^processed created created\nprocessed (updated|unchanged) unchanged\nprocessed created created\nann\@example.com\|Bea\ncid\@example.com\|Cid\ninner\@example.com\|Inner\n/;
my $is_true = "($by_server IS NOT NULL)";

attack('a CHECK that calls back', "$reenter ALTER TABLE loopit.person ADD CHECK $is_true NOT VALID; $twice", $called_back);
attack('a CHECK that calls back by XML', "$reenter ALTER TABLE loopit.person ADD CHECK (query_to_xml('SELECT test.reenter()', true, true, '') IS NOT NULL) NOT VALID; $twice", $called_back)
  if $has_xml;
attack('a CHECK that calls back, on every table', join(' ', $reenter,
		(map { "ALTER TABLE loopit.$_ ADD CHECK $is_true NOT VALID;" } qw(person identity_document booking ingest_log)), $twice), $called_back);
attack('a domain that calls back', qq{$reenter CREATE DOMAIN test.calls AS text CHECK $is_true;
	ALTER TABLE loopit.person ADD CHECK (last_name::test.calls IS NULL OR first_name <> '') NOT VALID; $twice}, $called_back);
attack('a domain that calls back, as a column\'s type', qq{$reenter CREATE DOMAIN test.calls AS text;
	ALTER TABLE loopit.booking ADD extra test.calls DEFAULT 'x';
	ALTER DOMAIN test.calls ADD CHECK $is_true NOT VALID; $twice}, $called_back);
attack('a generated column that calls back', qq{$reenter ALTER TABLE loopit.identity_document ADD extra text GENERATED ALWAYS AS (test.reenter(number)) STORED; $twice}, $called_back);
attack('an index expression that calls back', qq{$reenter CREATE INDEX ON loopit.person (test.reenter(last_name)); $twice}, $called_back, may_differ => 1, level => 'error');
attack('an index predicate that calls back', qq{$reenter CREATE INDEX ON loopit.booking (id) WHERE test.reenter(lead_reference) <> ''; $twice}, $called_back, may_differ => 1, level => 'error');
attack('a default that calls back', qq{$reenter ALTER TABLE loopit.person ADD extra boolean; ALTER TABLE loopit.person ALTER extra SET DEFAULT test.reenter(); $twice}, $called_back);
attack('triggers that call back', qq{$reenter
	CREATE FUNCTION test.call() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM test.reenter(); RETURN NEW; END';
	CREATE TRIGGER t BEFORE INSERT OR UPDATE ON loopit.person FOR EACH ROW EXECUTE FUNCTION test.call();
	CREATE TRIGGER t AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.call();
	CREATE TRIGGER t AFTER INSERT ON loopit.ingest_log FOR EACH STATEMENT EXECUTE FUNCTION test.call(); $twice}, $called_back);
attack('a policy that calls back', qq{$reenter
	CREATE ROLE attacks_rls; GRANT attacks_rls TO CURRENT_USER; GRANT ALL ON SCHEMA test TO attacks_rls; GRANT ALL ON ALL TABLES IN SCHEMA test TO attacks_rls;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO attacks_rls;
	ALTER SCHEMA loopit OWNER TO attacks_rls;
	DO \$\$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
		LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO attacks_rls'; END LOOP; END \$\$;
	ALTER TABLE loopit.booking ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
	CREATE POLICY p ON loopit.booking USING (true) WITH CHECK (test.reenter()); $twice
	SET client_min_messages = error; DROP OWNED BY attacks_rls CASCADE; DROP ROLE attacks_rls;}, $called_back);
attack('a view that calls back', qq{$reenter
	ALTER TABLE loopit.dealership RENAME TO dealership_old;
	CREATE VIEW loopit.dealership AS SELECT d.* FROM loopit.dealership_old d WHERE test.reenter(); $twice}, $called_back);

# Functions of the server call what the operator classes of a DBA's types have.
my $opclass = q{
	CREATE TYPE test.pair AS (a text);
	CREATE FUNCTION test.cmp(test.pair, test.pair) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM test.reenter(); RETURN 0; END';
	CREATE FUNCTION test.eq(test.pair, test.pair) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN test.cmp($1, $2) = 0; END';
	CREATE FUNCTION test.lt(test.pair, test.pair) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN test.cmp($1, $2) < 0; END';
	CREATE OPERATOR test.= (leftarg = test.pair, rightarg = test.pair, function = test.eq);
	CREATE OPERATOR test.< (leftarg = test.pair, rightarg = test.pair, function = test.lt);
	CREATE OPERATOR CLASS test.pair_ops DEFAULT FOR TYPE test.pair USING btree AS
		OPERATOR 1 test.<, OPERATOR 3 test.=, FUNCTION 1 test.cmp(test.pair, test.pair);
};
attack('an operator class that calls back, through a function of the server', qq{$reenter $opclass
	ALTER TABLE loopit.person ADD CHECK (ARRAY[ROW(first_name)::test.pair] = ARRAY[ROW(last_name)::test.pair]) NOT VALID; $twice}, $called_back);
attack('an operator class that changes the row being updated', q{
	CREATE TABLE test.depth (n int); INSERT INTO test.depth VALUES (1);
	CREATE FUNCTION test.reenter() RETURNS boolean LANGUAGE plpgsql AS $$
	DECLARE depth int;
	BEGIN
		UPDATE test.depth SET n = depth.n + 1 RETURNING depth.n INTO depth;
		IF depth = 1 THEN PERFORM test.ingest(test.named('8', 'ann@example.com', 'Inner')); END IF;
		RETURN true;
	END $$;} . qq{$opclass $lead
	ALTER TABLE loopit.person ADD CHECK (ARRAY[ROW(first_name)::test.pair] = ARRAY[ROW(last_name)::test.pair]) NOT VALID;
	UPDATE test.depth SET n = 0; $update}, qr/^processed created created\nfailed skipped skipped 27000$/);
attack('an index with an operator class of a DBA', q{
	CREATE FUNCTION test.cmp(text, text) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('test.inside', true) = 'no' THEN
			PERFORM set_config('test.inside', 'yes', false);
			PERFORM test.ingest(test.named('9', 'inner@example.com', 'Inner') - 'item' - 'additional_details');
		END IF;
		RETURN bttextcmp($1, $2);
	END $$;
	CREATE OPERATOR CLASS test.text_ops FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 test.cmp(text, text);
	CREATE INDEX ON loopit.booking (lead_reference test.text_ops);} . qq{
	$lead SET test.inside = 'no'; SET client_min_messages = error;
	SELECT test.ingest(test.lead('2')); SELECT lead_reference FROM loopit.ingest_log ORDER BY 1;},
	qr/^processed created created\nprocessed unchanged created\n1\n2\n9$/);
attack('calls within calls without an end', qq{
	CREATE FUNCTION test.call() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.loopit_ingest_lead(test.lead(NEW.id::text)); RETURN NEW; END';
	CREATE TRIGGER t BEFORE INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.call();
	SET max_stack_depth = '200kB';
	$lead DROP TRIGGER t ON loopit.ingest_log; $lead SELECT count(*) FROM loopit.ingest_log;},
	qr/^ERROR:  54001\nprocessed created created\n1$/);

# ---------------------------------------------------------------------------
# The owner of the tables, in the middle of a call.
# ---------------------------------------------------------------------------

# A trigger that runs something once.
sub trigger
{
	my ($when, $code, $more) = @_;
	return "CREATE FUNCTION test.act() RETURNS trigger LANGUAGE plpgsql AS \$act\$ BEGIN $code; RETURN NEW; END \$act\$;
		CREATE TRIGGER act $when FOR EACH ROW EXECUTE FUNCTION test.act(); @{[$more // '']}\n";
}

attack('a trigger that drops a column of a table in use', trigger('AFTER INSERT ON loopit.person', 'ALTER TABLE loopit.booking DROP lead_reference') . "$lead $lead",
	qr/^failed skipped skipped 42703 lead_reference\nfailed/);
attack('a trigger that drops a column of its own table', trigger('AFTER INSERT ON loopit.person', 'ALTER TABLE loopit.person DROP city') . "$lead SELECT count(*) FROM loopit.person;",
	qr/^(failed skipped skipped 55006|ERROR:  55006\n0)/);
attack('a trigger that drops a table', trigger('AFTER INSERT ON loopit.person', 'DROP TABLE IF EXISTS loopit.identity_document CASCADE') . "$lead SELECT count(*) FROM loopit.ingest_log;",
	qr/^failed skipped skipped 42P01\n1$/);
attack('a trigger that changes a type', trigger('AFTER INSERT ON loopit.person', 'ALTER TABLE loopit.identity_document ALTER number TYPE int USING 1') . "$lead",
	qr/^failed skipped skipped 42804 number$/);
attack('a trigger that swaps two tables', trigger('AFTER INSERT ON loopit.identity_document', q{
		IF to_regclass('loopit.asset_old') IS NULL THEN
			ALTER TABLE loopit.asset RENAME TO asset_old; CREATE TABLE loopit.asset (LIKE loopit.asset_old INCLUDING ALL);
			INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 709, 'VIN9'); DELETE FROM loopit.asset_old WHERE false;
		END IF}) . "$lead SELECT b.asset_id, a.id FROM loopit.booking b JOIN loopit.asset a ON a.id = b.asset_id;", qr/^processed created created/);
attack('a trigger that swaps two tables, one of which lacks the row', trigger('AFTER INSERT ON loopit.identity_document', q{
		IF to_regclass('loopit.asset_old') IS NULL THEN
			ALTER TABLE loopit.asset RENAME TO asset_old; CREATE TABLE loopit.asset (LIKE loopit.asset_old INCLUDING ALL);
			INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 709, 'VIN9'); DELETE FROM loopit.asset_location; DELETE FROM loopit.asset_old;
		END IF}) . "$lead", qr/^failed skipped skipped 23503 booking_workspace_id_asset_id_fkey$/);
attack('a trigger that truncates', trigger('AFTER INSERT ON loopit.identity_document', 'TRUNCATE loopit.booking, loopit.asset_location') . "$lead $lead", qr/^processed created created\nprocessed unchanged unchanged$/);
attack('a trigger that truncates the person', trigger('AFTER INSERT ON loopit.identity_document', 'TRUNCATE loopit.person CASCADE') . "$lead SELECT count(*) FROM loopit.person;", qr/^(ERROR:  55006|failed skipped skipped 55006)\n0$/);
attack('a trigger that deletes the person', trigger('AFTER INSERT ON loopit.identity_document', 'DELETE FROM loopit.person') . "$lead SELECT count(*) FROM loopit.person, loopit.booking;", qr/^failed .*\n0$/);
attack('a trigger that gives the row to another tenant', trigger('BEFORE INSERT ON loopit.person', 'NEW.workspace_id := 8') . "$lead SELECT workspace_id FROM loopit.person;", qr/^(failed .*|processed .*\n8)$/);
attack('a trigger that changes the id', trigger('BEFORE INSERT ON loopit.person', 'NEW.id := -5') . "$lead SELECT p.id, b.person_id, l.person_id FROM loopit.person p, loopit.booking b, loopit.ingest_log l;", qr/^processed created created\n-5\|-5\|-5$/);
attack('a trigger that stores nothing', trigger('BEFORE INSERT ON loopit.booking', 'RETURN NULL') . "$lead SELECT count(*) FROM loopit.person;", qr/^failed skipped skipped 27000\n0$/);
attack('a trigger that stores nothing in the log', trigger('BEFORE INSERT ON loopit.ingest_log', 'RETURN NULL') . "$lead SELECT count(*) FROM loopit.person;", qr/^ERROR:  27000\n0$/);
attack('a trigger that takes on another role', trigger('AFTER INSERT ON loopit.booking', 'SET ROLE pg_monitor') . "$lead", qr/^failed skipped skipped 42501$/);
attack('a trigger that takes on another session user', trigger('AFTER INSERT ON loopit.booking', 'SET SESSION AUTHORIZATION pg_monitor') . "$lead", qr/^failed skipped skipped (42501|22023)$/);
attack('a trigger that ends the transaction', trigger('AFTER INSERT ON loopit.booking', 'COMMIT') . "$lead", qr/^failed skipped skipped 2D000$/);
attack('settings that a trigger leaves', trigger('AFTER INSERT ON loopit.booking',
		q{PERFORM set_config('search_path', 'evil', false), set_config('test.left', 'x', false), set_config('DateStyle', 'SQL', false)})
	  . "$lead SHOW search_path; SHOW DateStyle; SELECT current_setting('test.left', true) IS DISTINCT FROM 'x';",
	qr/^processed created created\n"\$user", public\nISO, MDY\nt$/);
attack('an error that pretends to be a race', trigger('AFTER INSERT ON loopit.booking',
		q{UPDATE test.races SET n = nextval('test.race'); RAISE SQLSTATE '23505' USING SCHEMA = 'loopit', TABLE = 'person', CONSTRAINT = 'person_email_key'},
		'CREATE TABLE test.races (n int); CREATE SEQUENCE test.race;') . "$lead SELECT last_value < 10 FROM test.race;", qr/^failed skipped skipped 23505 person_email_key\nt$/);
attack('an error that pretends to be a race, with NULL for a row', trigger('BEFORE INSERT ON loopit.person', 'RETURN NULL') . $lead, qr/^failed skipped skipped 27000$/);
attack('an error whose texts are huge', trigger('AFTER INSERT ON loopit.booking',
		q{RAISE SQLSTATE 'ZZ999' USING MESSAGE = repeat('m', 1000000), DETAIL = repeat('%s', 1000000), COLUMN = repeat('"\\', 100000), CONSTRAINT = E'a\nb'})
	  . q{SELECT length(loopit_ingest_lead(test.lead('1'))::text) > 100;}, qr/^t$/);
attack('deferred triggers of a foreign key', qq{
	ALTER TABLE loopit.booking ALTER CONSTRAINT booking_workspace_id_asset_id_fkey DEFERRABLE INITIALLY DEFERRED;
	BEGIN; $lead DELETE FROM loopit.asset_location; DELETE FROM loopit.asset WHERE id = 709; COMMIT; SELECT count(*) FROM loopit.ingest_log;}, qr/^processed created created\nERROR:  23503\n/);
attack('a rule that does nothing instead', "CREATE RULE r AS ON INSERT TO loopit.booking DO INSTEAD NOTHING; $lead", qr/^failed skipped skipped (0A000|27000)$/);
attack('a rule that did nothing instead, until it was dropped', "$lead CREATE RULE r AS ON UPDATE TO loopit.person DO INSTEAD NOTHING; CREATE RULE r AS ON DELETE TO loopit.ingest_log DO INSTEAD NOTHING;
	$update SELECT loopit_purge_ingest_log('0'); DROP RULE r ON loopit.person; DROP RULE r ON loopit.ingest_log; $update SELECT loopit_purge_ingest_log('0');",
	qr/^processed created created\nfailed skipped skipped 27000\n0\nprocessed updated unchanged\n3$/);
attack('a rule that selects instead', "CREATE RULE r AS ON UPDATE TO loopit.person DO INSTEAD SELECT lseg '((1,2),(3,4))'; $lead $update", qr/^(failed skipped skipped 0A000|processed created created\nfailed)/);
attack('a rule that selects as well', "$lead CREATE RULE r AS ON UPDATE TO loopit.identity_document DO ALSO SELECT lseg '((1,2),(3,4))', 'x'::text;
	SELECT test.ingest(test.lead('1', '{\"additional_details\": {\"license_number\": \"L9\", \"license_expiry\": \"01/01/2030\", \"license_dob\": \"01/01/1990\"}}'));", qr/^processed created created\nprocessed unchanged unchanged$/);
attack('a rule on the log', "CREATE RULE r AS ON INSERT TO loopit.ingest_log DO INSTEAD SELECT 1; $lead SELECT count(*) FROM loopit.person;", qr/^ERROR:  27000\n0$/);
attack('children of every table', join(' ', map { "CREATE TABLE test.$_ () INHERITS (loopit.$_);" } qw(workspace dealership location package asset asset_location person identity_document booking ingest_log))
	. " $lead $lead INSERT INTO test.person (workspace_id, id, email) SELECT workspace_id, id, email FROM loopit.person; INSERT INTO test.asset SELECT * FROM ONLY loopit.asset; $update", qr/^processed created created\nprocessed unchanged unchanged\n(processed|failed)/);
attack('a child with other column order', "CREATE TABLE test.child (x lseg DEFAULT '((1,2),(3,4))', name text, archived_at timestamptz, id bigint DEFAULT 99, workspace_id bigint);
	ALTER TABLE test.child ALTER id SET NOT NULL, ALTER workspace_id SET NOT NULL, ALTER name SET NOT NULL, ADD CONSTRAINT package_name_check CHECK (name <> ''); ALTER TABLE test.child INHERIT loopit.package;
	INSERT INTO test.child (workspace_id, name) VALUES (7, 'Gold'); SELECT test.ingest(test.lead('1', '{\"additional_details\": {\"subscription_plan\": \"Gold\"}}'));", qr/^(failed skipped skipped 23503|processed|ERROR)/);
attack('ids that begin with 0', "ALTER TABLE loopit.person ALTER id SET MINVALUE 0 RESTART 0; $lead $lead", qr/^failed skipped skipped 23514 id\nprocessed created created$/);
attack('ids below 0', "ALTER TABLE loopit.person ALTER id SET MINVALUE -10 RESTART WITH -10; ALTER TABLE loopit.booking ALTER id SET START -1 SET INCREMENT -1 SET MINVALUE -100 SET MAXVALUE -1 RESTART; $lead $lead", qr/^processed created created\nprocessed unchanged unchanged$/);
attack('the largest id', "ALTER TABLE loopit.person ALTER id SET CACHE 1 RESTART 9223372036854775807; $lead SELECT test.ingest(test.named('2', 'bea\@example.com', 'Bea'));", qr/^processed created created\n(failed skipped skipped|ERROR: ) 2200H$/);
attack('a sequence that the ids do not come from', "ALTER TABLE loopit.person ALTER id DROP IDENTITY; CREATE SEQUENCE test.ids START 77; ALTER TABLE loopit.person ALTER id SET DEFAULT nextval('test.ids');
	CREATE SEQUENCE loopit.more OWNED BY loopit.person.id; $lead SELECT id FROM loopit.person;", qr/^processed created created\n77$/);
attack('no sequence for the log', "ALTER TABLE loopit.ingest_log ALTER id DROP IDENTITY; $lead CREATE VIEW loopit.ingest_log_id_seq AS SELECT 1; $lead DROP VIEW loopit.ingest_log_id_seq; CREATE SEQUENCE loopit.ingest_log_id_seq; $lead", qr/^ERROR:  42P01\nERROR:  42809\nprocessed created created$/);
attack('two columns that change their names', qq{$lead
	ALTER TABLE loopit.person RENAME first_name TO x; ALTER TABLE loopit.person RENAME last_name TO first_name; ALTER TABLE loopit.person RENAME x TO last_name;
	SELECT test.ingest(test.named('1', 'ann\@example.com', 'Zoe'));
	SELECT first_name, last_name FROM loopit.person;}, qr/^processed created created\nprocessed updated unchanged\nZoe\|Ann$/);
attack('two columns of a key that change their names', qq{$lead
	ALTER TABLE loopit.location RENAME workspace_id TO x; ALTER TABLE loopit.location RENAME id TO workspace_id; ALTER TABLE loopit.location RENAME x TO id;
	INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 7, 'New') ON CONFLICT DO NOTHING;
	SELECT test.ingest(test.lead('2', '{"location": {"location_name": "New"}}'));}, qr/^processed created created\n/);
attack('a generated column in the place of one that is filled', "ALTER TABLE loopit.person DROP state CASCADE, ADD state text GENERATED ALWAYS AS ('WA') STORED; $lead", qr/^failed skipped skipped 428C9$/);
attack('an identity column in the place of one that is filled', "ALTER TABLE loopit.booking ALTER ingest_log_id ADD GENERATED ALWAYS AS IDENTITY; $lead", qr/^failed skipped skipped 428C9/);
attack('a version table that is a view, a foreign thing or nothing', qq{
	ALTER TABLE loopit.schema_version RENAME TO old; CREATE VIEW loopit.schema_version AS SELECT 99 AS step; $lead DROP VIEW loopit.schema_version;
	CREATE TABLE loopit.schema_version (step bigint); INSERT INTO loopit.schema_version VALUES (99); $lead DROP TABLE loopit.schema_version;
	CREATE TABLE loopit.schema_version (step int); $lead DROP TABLE loopit.schema_version; CREATE SEQUENCE loopit.schema_version; $lead DROP SEQUENCE loopit.schema_version; $lead
	ALTER TABLE loopit.old RENAME TO schema_version; $lead}, qr/^(ERROR:  55000\n){4}ERROR:  42P01\nprocessed created created$/);
attack('tables of two owners', "CREATE ROLE attacks_owner; ALTER TABLE loopit.booking OWNER TO attacks_owner; $lead ALTER TABLE loopit.booking OWNER TO CURRENT_USER; $lead DROP ROLE attacks_owner;", qr/^ERROR:  42501\nprocessed created created$/);
attack('an event trigger that calls during DDL', qq{$lead
	CREATE FUNCTION test.ddl() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM test.ingest(test.lead('e')); END \$\$;
	CREATE EVENT TRIGGER attacks ON ddl_command_end EXECUTE FUNCTION test.ddl();
	ALTER TABLE loopit.person ADD extra int; ALTER TABLE loopit.booking ALTER created_at SET DEFAULT NULL; ALTER TABLE loopit.person DROP city CASCADE;
	DROP EVENT TRIGGER attacks; SELECT status, count(*) FROM loopit.ingest_log GROUP BY 1 ORDER BY 1;}, qr/^processed created created\nfailed\|1\nprocessed\|3$/);

# The foreign keys hold, whatever a view's function does to rows that are locked.
attack('a view that deletes the person whom the lead has locked', q{
	SELECT test.ingest(test.named('1', 'ann@example.com', 'Ann') - 'additional_details' - 'location' - 'item');
	CREATE TABLE test.armed (n int); INSERT INTO test.armed VALUES (0);
	CREATE FUNCTION test.strike() RETURNS boolean LANGUAGE plpgsql AS $$
	DECLARE calls int; BEGIN UPDATE test.armed SET n = n + 1 RETURNING n INTO calls; IF calls > 1 THEN DELETE FROM loopit.person; END IF; RETURN true; END $$;
	ALTER TABLE loopit.asset_location RENAME TO asset_location_old;
	CREATE VIEW loopit.asset_location AS SELECT * FROM loopit.asset_location_old WHERE test.strike();
	SELECT test.ingest(test.named('2', 'ann@example.com', 'Ann') - 'location');
	SELECT count(*) FROM loopit.identity_document;}, qr/^processed created skipped\nfailed skipped skipped 23503 identity_document_workspace_id_person_id_fkey\n0$/);

# ---------------------------------------------------------------------------
# A caller.
# ---------------------------------------------------------------------------

attack('a cursor, savepoints and an exception around calls', q{
	CREATE TABLE test.leads AS SELECT i, test.named(i::text, 'p' || i % 3 || '@example.com', 'N' || i) AS payload FROM generate_series(1, 30) i;
	BEGIN;
	DECLARE c CURSOR FOR SELECT test.ingest(payload) FROM test.leads ORDER BY i;
	FETCH 2 FROM c; SAVEPOINT s; FETCH 2 FROM c; ROLLBACK TO s; FETCH 2 FROM c;
	DO $$ BEGIN PERFORM test.ingest(payload) FROM test.leads; RAISE 'out'; EXCEPTION WHEN raise_exception THEN NULL; END $$;
	FETCH 1 FROM c; COMMIT; SELECT count(*) FROM loopit.person;}, qr/^(processed created created\n){2}/);
attack('a transaction that is prepared', qq{BEGIN; $lead PREPARE TRANSACTION 'attacks'; SET lock_timeout = '100ms'; SELECT count(*) FROM loopit.person; COMMIT PREPARED 'attacks'; $update}, qr/^processed created created\n0\nprocessed updated unchanged$/);
attack('a transaction that may not write', "BEGIN READ ONLY; $lead ROLLBACK; BEGIN READ ONLY; SELECT test.told(loopit_validate_lead(test.lead('1'))); COMMIT;", qr/^ERROR:  25006\nprocessed created created$/);
attack('settings of a hostile session', q{
	SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Kolkata'; SET standard_conforming_strings = off;
	SET transform_null_equals = on; SET quote_all_identifiers = on; SET extra_float_digits = -15; SET bytea_output = escape; SET array_nulls = off;
	SET backslash_quote = on; SET xmlbinary = hex; SET plan_cache_mode = force_custom_plan; SET jit_above_cost = 0; SET row_security = off; SET client_encoding = 'SQL_ASCII';
	SET enable_indexscan = off; SET enable_seqscan = off; SET enable_bitmapscan = off; SET work_mem = '64kB'; SET default_statistics_target = 1; SET from_collapse_limit = 1;
	SET geqo_threshold = 2; SET constraint_exclusion = on; SET check_function_bodies = off; SET default_transaction_isolation = serializable; SET default_with_oids = off; SET force_parallel_mode = on;
	SET search_path = '';
	SELECT test.ingest(test.lead('1')); SELECT test.ingest(test.named('1', 'ann@example.com', 'Bea'));
	SELECT count(*) FROM public.loopit_find_leads(lead_reference => '1'); SELECT public.loopit_forget_person(7, 'ann@example.com') ->> 'persons';
	SELECT count(*) FROM loopit.person;},
	qr/^(ERROR.*\n)*processed created created\nprocessed updated unchanged\n2\n1\n0$/, level => 'error');
attack('a role that may ingest and nothing else', q{
	CREATE ROLE attacks_sender; GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb), loopit_ingest_webhook(bytea) TO attacks_sender;
	SET SESSION AUTHORIZATION attacks_sender;
	SELECT status FROM (SELECT public.loopit_ingest_lead(test.lead('1'))->>'status') o (status);
	SELECT * FROM loopit.person; SELECT nextval('loopit.person_id_seq'); SELECT * FROM loopit.ingest_audit; INSERT INTO loopit.workspace (name) VALUES ('x');
	SELECT loopit_find_leads(); SELECT loopit_replay_lead(1); SELECT loopit_forget_person(7, 'ann@example.com'); SELECT loopit_purge_ingest_log('1 day'); SELECT loopit_dismiss_lead(1, '');
	SELECT loopit_validate_lead('{}'); SELECT loopit_setup(); SELECT * FROM loopit.person FOR UPDATE; SET loopit_leads.storage = sql; CREATE TABLE loopit.x (); COMMENT ON TABLE loopit.person IS ''; VACUUM loopit.person;
	RESET SESSION AUTHORIZATION; DROP OWNED BY attacks_sender; DROP ROLE attacks_sender;}, qr/^processed\n(ERROR:  42501\n){16}$/);
attack('an auditor with a leaky function', q{SELECT test.ingest(test.lead('1'));
	CREATE ROLE attacks_auditor; GRANT USAGE ON SCHEMA loopit TO attacks_auditor; GRANT SELECT ON loopit.ingest_audit TO attacks_auditor; GRANT CREATE ON SCHEMA test TO attacks_auditor;
	SET SESSION AUTHORIZATION attacks_auditor;
	CREATE FUNCTION test.leak(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN position('1 High St' IN $1::text) > 0 OR position('L1' IN $1::text) > 0; END $$;
	SELECT count(*) FROM loopit.ingest_audit a WHERE test.leak(a.payload) OR test.leak(a.outcome) OR test.leak(a); SELECT count(*) FROM loopit.ingest_log;
	RESET SESSION AUTHORIZATION; DROP OWNED BY attacks_auditor; DROP ROLE attacks_auditor;}, qr/^processed created created\n0\nERROR:  42501$/);
attack('a role with CREATE on the database cannot be first', q{
	DROP SCHEMA loopit CASCADE; CREATE ROLE attacks_creator; GRANT CREATE ON DATABASE victim TO attacks_creator; SET ROLE attacks_creator;
	CREATE SCHEMA loopit; CREATE TABLE loopit.schema_version (step int PRIMARY KEY, title text, taken_at timestamptz DEFAULT now());
	RESET ROLE; SELECT count(*) FROM loopit_setup(); SELECT count(*) FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r';
	DROP OWNED BY attacks_creator CASCADE; DROP ROLE attacks_creator;}, qr/^ERROR:  42501\n1$/, level => 'error');
attack('a role with CREATE on the schema of the functions', q{
	CREATE ROLE attacks_creator; SET ROLE attacks_creator; CREATE FUNCTION public.loopit_ingest_lead(text) RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$; RESET ROLE;
	GRANT CREATE ON SCHEMA public TO attacks_creator; SET ROLE attacks_creator; CREATE FUNCTION public.loopit_ingest_lead(text) RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$; RESET ROLE;
	PREPARE call (jsonb) AS SELECT test.told(loopit_ingest_lead($1)); EXECUTE call (test.lead('1'));
	SELECT loopit_ingest_lead('{}');
	DROP OWNED BY attacks_creator; DROP ROLE attacks_creator;}, qr/^ERROR:  42501\nprocessed created created\nmine$/);

# What the documents say cannot be closed.
attack('an ingest-only role learns whether a value is the stored one', q{SELECT test.ingest(test.lead('1'));
	CREATE ROLE attacks_sender; GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO attacks_sender; SET SESSION AUTHORIZATION attacks_sender;
	SELECT loopit_ingest_lead(test.named('1', 'ann@example.com', 'Ann'))#>>'{person,action}'; SELECT loopit_ingest_lead(test.named('1', 'ann@example.com', 'Zoe'))#>>'{person,action}';
	RESET SESSION AUTHORIZATION; DROP OWNED BY attacks_sender; DROP ROLE attacks_sender;}, qr/^processed created created\nunchanged\nupdated$/);
attack('a deferred trigger runs at COMMIT as the caller', q{
	CREATE ROLE attacks_owner; GRANT attacks_owner TO CURRENT_USER; ALTER SCHEMA loopit OWNER TO attacks_owner; CREATE TABLE test.ran (place text, as_role text); GRANT ALL ON test.ran TO PUBLIC;
	DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
		LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO attacks_owner'; END LOOP; END $$;
	CREATE FUNCTION test.ran() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO test.ran VALUES (TG_NAME, current_user); RETURN NULL; END $$;
	CREATE TRIGGER at_once AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.ran();
	CREATE CONSTRAINT TRIGGER later AFTER INSERT ON loopit.booking DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.ran();
	CREATE ROLE attacks_sender; GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO attacks_sender; SET SESSION AUTHORIZATION attacks_sender;
	SELECT status FROM (SELECT public.loopit_ingest_lead(test.lead('1'))->>'status') o (status);
	RESET SESSION AUTHORIZATION; SELECT * FROM test.ran;
	SET client_min_messages = error; DROP OWNED BY attacks_sender, attacks_owner CASCADE; DROP ROLE attacks_sender, attacks_owner;}, qr/^processed\nat_once\|attacks_owner\nlater\|attacks_sender$/);
attack('what the code of the owner leaves in the session of the caller', q{
	CREATE ROLE attacks_owner; GRANT attacks_owner TO CURRENT_USER; ALTER SCHEMA loopit OWNER TO attacks_owner; CREATE TABLE test.ran (place text, as_role text); GRANT ALL ON test.ran TO PUBLIC;
	DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
		LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO attacks_owner'; END LOOP; END $$;
	CREATE FUNCTION test.ran(place text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO test.ran VALUES (place, current_user); RETURN place; END $$;
	CREATE FUNCTION test.act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT test.ran(''at COMMIT'')'; EXECUTE 'CREATE TEMP TABLE left_behind (x int)';
		EXECUTE 'PREPARE left_behind AS SELECT 1'; PERFORM pg_advisory_lock(42); RETURN NEW; END $$;
	CREATE TRIGGER act AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.act();
	CREATE ROLE attacks_sender; GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO attacks_sender; SET SESSION AUTHORIZATION attacks_sender;
	BEGIN; SELECT status FROM (SELECT public.loopit_ingest_lead(test.lead('1'))->>'status') o (status); COMMIT;
	RESET SESSION AUTHORIZATION; SELECT * FROM test.ran; SELECT relowner::regrole FROM pg_class WHERE relname = 'left_behind'; SELECT name FROM pg_prepared_statements;
	SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'; CLOSE ALL; DISCARD TEMP; SELECT pg_advisory_unlock_all();
	SET client_min_messages = error; DROP OWNED BY attacks_sender, attacks_owner CASCADE; DROP ROLE attacks_sender, attacks_owner;},
	qr/^processed\nat COMMIT\|attacks_sender\nattacks_owner\nleft_behind\n1$/m);
attack('the code of the owner in a view runs as the auditor', q{SELECT test.ingest(test.lead('1'));
	CREATE TABLE test.ran (as_role text); GRANT ALL ON test.ran TO PUBLIC;
	CREATE OR REPLACE FUNCTION loopit.masked(payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN INSERT INTO test.ran VALUES (current_user); RETURN NULL; END $$;
	CREATE ROLE attacks_auditor; GRANT USAGE ON SCHEMA loopit TO attacks_auditor; GRANT SELECT ON loopit.ingest_audit TO attacks_auditor;
	SET SESSION AUTHORIZATION attacks_auditor; SELECT count(payload) FROM loopit.ingest_audit; RESET SESSION AUTHORIZATION; SELECT * FROM test.ran;
	DROP OWNED BY attacks_auditor; DROP ROLE attacks_auditor;}, qr/^processed created created\n0\nattacks_auditor$/);

# No function can be made to raise an internal error by its arguments.
subtest 'arguments of every function' => sub {
	my %values = (
		jsonb => [ 'NULL', "'{}'", "'null'", "'[]'", "'0'", "'\"x\"'", "'1e999'", q{'{"dealership": {"id": 9223372036854775807}}'},
			q{'{"dealership": {"id": 356}, "prospect": {"email": "a@b.co", "dob": "01/01/0001"}, "updated_at": "0001-01-01T00:00:00Z"}'},
			q{'{"dealership": {"id": -9223372036854775808}, "id": 1e300, "updated_at": "9999-12-31T23:59:60Z"}'},
			q{jsonb_build_object('dealership', '{"id": 356}'::jsonb, 'id', repeat('x', 3000000), 'prospect', jsonb_build_object('email', 'a@b.co', 'first_name', repeat(U&'\+01F600', 255)))},
			q{(repeat('[', 900) || repeat(']', 900))::jsonb}, q{(SELECT jsonb_object_agg(i, i) FROM generate_series(1, 10000) i)} ],
		bytea => [ 'NULL', "''", "'\\x00'", "'\\xff'", "'\\xfeff'", "convert_to('{}', 'UTF8')", "decode(repeat('5b', 100000), 'hex')", "decode(repeat('7b2261223a', 900), 'hex')",
			q{convert_to('{"id": "\ud800"}', 'UTF8')}, q{convert_to('[' || repeat('1,', 100000) || '1]', 'UTF8')}, q{convert_to('"' || repeat('\\', 9999) || '"', 'UTF8')}, q{convert_to('1e1000000', 'UTF8')} ],
		bigint => [ 'NULL', '0', "'-1'", '1', '9223372036854775807', "'-9223372036854775808'", '7', '(SELECT max(id) FROM loopit.ingest_log)' ],
		integer => [ 'NULL', '0', "'-1'", '1', '2147483647', "'-2147483648'" ],
		boolean => [ 'NULL', 'true', 'false' ],
		text => [ 'NULL', "''", "'x'", q{E'\x01\x7f\n'}, q{'%s%n$1\\'';--'}, q{repeat('a', 1000000)}, q{repeat('@', 300)}, q{'ann@example.com'}, q{U&'\00a0\200b\+01F600@\feff.co'}, q{'(?<!a)*[' } ],
		interval => [ 'NULL', "'0'", "'-1 day'", "'1 microsecond'", "'178000000 years'", "'-178000000 years'", "'2147483647 days'", "'1 mon -31 days'" ],
		'timestamp with time zone' => [ 'NULL', 'now()', "'infinity'", "'-infinity'", "'4713-11-24 00:00:00 BC'", "'294276-12-31 23:59:59'", "'epoch'" ],
		'bigint[]' => [ 'NULL', "'{}'", "'{NULL}'", "'{{7},{8}}'", "'[0:1]={7,8}'", "'{9223372036854775807}'" ]);
	fresh($node, 'victim');
	run_sql($node, 'victim', "$lead $update SELECT loopit_ingest_webhook('\\xff');");
	my @functions = map { [ split /\|/, $_, -1 ] } split /\n/, $node->safe_psql('victim', q{
		SELECT p.oid::regproc, coalesce((SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY a (t, n)), '')
		FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
		JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'loopit_leads' ORDER BY 1});
	cmp_ok(scalar @functions, '>=', 13, 'there are functions');
	my $calls = 0;
	for my $storage (qw(auto sql))
	{
		my $sql = "\\set ON_ERROR_ROLLBACK on\nSET loopit_leads.storage = $storage; SET statement_timeout = '20s';\n";
		for (@functions)
		{
			my ($function, $types) = @$_;
			my @lists = ([]);
			for my $type (split /,/, $types)
			{
				ok($values{$type}, "values of type $type") or next;
				@lists = map { my $list = $_; map { [ @$list, "$_\::$type" ] } @{ $values{$type} } } @lists;
			}
			# all of one argument's, and a sample of what goes together
			my $step = int(@lists / 300) + 1;
			for (my $i = 0; $i < @lists; $i += $step)
			{
				my $call = "$function(" . join(', ', @{ $lists[$i] }) . ')';
				$sql .= "BEGIN; SELECT length(($call)::text); SELECT count(*) FROM (SELECT $call) s; SELECT count(*) FROM $call; ROLLBACK;\n";
				$calls += 3;
			}
		}
		my $output = run_sql($node, 'victim', $sql, 'error');
		is_up($node);
		my %states;
		$states{$_}++ for $output =~ /^(?:ERROR|FATAL|PANIC):  (\w+)/mg;
		note("storage = $storage: ", join ', ', map { "$_ $states{$_}" } sort keys %states);
		is(join(', ', grep { /^(XX|58|57)/ } keys %states), '', "storage = $storage: no internal error");
	}
	cmp_ok($calls, '>', 2000, "$calls calls");
	clean_log();
};

$node->stop;
done_testing();

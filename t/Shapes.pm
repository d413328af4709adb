# Random shapes of the tables, as their owner, who is no superuser, may make them,
# and random calls; for t/081_table_shapes.pl.  Random by rand(), so that srand()
# repeats a run.
package Shapes;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(setup_shapes random_shape random_calls rows_of_all);

sub one_of { return $_[ int rand @_ ]; }
sub chance { return rand() < $_[0]; }

my @tables = qw(workspace dealership location package asset asset_location person identity_document booking ingest_log client access_token);
my %columns = (
	workspace => [qw(id name)],
	dealership => [qw(id workspace_id)],
	location => [qw(workspace_id id name archived_at)],
	package => [qw(workspace_id id name archived_at)],
	asset => [qw(workspace_id id vin stock_number archived_at)],
	asset_location => [qw(workspace_id asset_id location_id position)],
	person => [
		qw(workspace_id id date_of_birth marketing_opt_in source_updated_at created_at updated_at email first_name
		  middle_name last_name mobile_phone street city state postcode country)
	],
	identity_document => [
		qw(workspace_id person_id date_of_birth expires_on created_at updated_at kind number card_number issuing_state
		  issuing_country)
	],
	booking => [qw(workspace_id id person_id asset_id location_id package_id ingest_log_id created_at lead_reference)],
	ingest_log => [
		qw(id received_at dealership_id workspace_id person_id booking_id replay_of first_received_at dismissed_at
		  duration_us payload_version asked_for_booking status reason lead_reference email person_action booking_action
		  booking_reason ingested_by dismissal_note outcome payload raw_body client_id)
	],
	client => [qw(client_id name workspaces secret_digest previous_digest previous_until created_at revoked_at)],
	access_token => [qw(digest client_id expires_at)]);

# A type, and a value of it.
my @types = (
	[ 'text', "'x'" ], [ 'varchar(3)', "'abc'" ], [ 'char(4)', "'a'" ], [ 'name', "'n'" ], [ '"char"', "'c'" ],
	[ 'int', 1 ], [ 'bigint', 7 ], [ 'smallint', 2 ], [ 'oid', 1 ], [ 'numeric', '1.5' ], [ 'float8', '1e-300' ], [ 'money', 1 ],
	[ 'boolean', 'true' ], [ 'date', "'1990-01-01'" ], [ 'timestamptz', "'2025-01-01'" ], [ 'timestamp', "'2025-01-01'" ], [ 'timestamptz(0)', "'2025-01-01'" ],
	[ 'interval', "'1 day'" ], [ 'lseg', "'((1e-310,2),(3,4))'" ], [ 'box', "'((1,2),(3,4))'" ], [ 'point', "'(1,2)'" ], [ 'uuid', "'00000000-0000-0000-0000-000000000001'" ],
	[ 'bytea', "'\\x0112'" ], [ 'jsonb', "'{\"a\": 1}'" ], [ 'json', "'[]'" ], [ 'text[]', "'{a,b}'" ], [ 'bigint[]', "'{1,2}'" ], [ 'int4range', "'[1,2)'" ],
	[ 'bit(8)', "B'10101010'" ], [ 'inet', "'10.0.0.1'" ], [ 'tsvector', "'a b'" ], [ 'pg_lsn', "'0/1'" ], [ 'regclass', "'pg_class'" ],
	[ 'shapes.word', "'driver_licence'" ], [ 'shapes.pair', "ROW('a', 1)" ], [ 'shapes.short', "'abc'" ], [ 'shapes.number', 7 ],
	[ 'shapes.never_null', "'x'" ], [ 'shapes.calls', "'x'" ], [ 'shapes.pairs', "ROW('a', 1)" ]);

# What the owner makes first: functions that do as they please.
sub setup_shapes
{
	my ($by_server) = @_;
	return q{
		CREATE FUNCTION shapes.told(o jsonb) RETURNS text LANGUAGE sql AS $$
			SELECT concat_ws(' ', o->>'status', o->>'reason', o#>>'{person,action}', o#>>'{address,action}', o#>>'{driver_licence,action}',
				o#>>'{passport,action}', o#>>'{booking,action}', o#>>'{booking,reason}', o#>>'{error,sqlstate}', o#>>'{error,table}',
				o#>>'{error,column}', (SELECT string_agg(i->>'code', ',') FROM jsonb_array_elements(o->'issues') i))
		$$;
		CREATE TYPE shapes.word AS ENUM ('driver_licence', 'passport');
		CREATE TYPE shapes.pair AS (a text, b int);
		CREATE DOMAIN shapes.pairs AS shapes.pair;
		CREATE DOMAIN shapes.short AS text CHECK (length(VALUE) < 6);
		CREATE DOMAIN shapes.number AS bigint DEFAULT 7;
		CREATE DOMAIN shapes.never_null AS text NOT NULL DEFAULT 'x';
		CREATE TABLE shapes.depth (n int, total int);
		INSERT INTO shapes.depth VALUES (0, 0);
		CREATE TABLE shapes.region (id bigint PRIMARY KEY);
		INSERT INTO shapes.region SELECT generate_series(1, 800);
		CREATE FUNCTION shapes.reenter() RETURNS boolean LANGUAGE plpgsql AS $$
		DECLARE calls int; all_calls int;
		BEGIN
			-- a deferred trigger that ingests a lead has no end of its own
			UPDATE shapes.depth SET n = n + 1, total = total + 1 RETURNING n, total INTO calls, all_calls;
			IF calls = 1 AND all_calls < 20 THEN
				PERFORM public.loopit_ingest_lead('{"id": "inner", "dealership": {"id": 356}, "prospect": {"email": "a@example.com", "first_name": "Inner"}}');
			END IF;
			UPDATE shapes.depth SET n = calls - 1;
			RETURN true;
		END $$;
		CREATE FUNCTION shapes.by_server(x anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM BY_SERVER; RETURN true; EXCEPTION WHEN feature_not_supported THEN RETURN true; END $$;
		CREATE FUNCTION shapes.same(x anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN x; END';
		CREATE FUNCTION shapes.fails(x anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN RAISE SQLSTATE 'ZZ001' USING SCHEMA = 'loopit', TABLE = 'person'; END $$;
		CREATE DOMAIN shapes.calls AS text CHECK (shapes.by_server(VALUE));
	} =~ s/BY_SERVER/$by_server/r;
}

my $number = 0;
sub fresh_name { return 'n' . $number++; }

sub some_table { return one_of(@tables, qw(person person identity_document booking ingest_log)); }
sub some_column { return one_of(@{ $columns{ $_[0] } }); }

# An expression over a column.
sub some_expression
{
	my ($column) = @_;
	return one_of("lower($column\::text)", "md5($column\::text)", "shapes.same($column)", "($column IS NULL)", "length($column\::text)",
		"coalesce($column\::text, '')", "lower($column\::text COLLATE \"C\")", "($column)", "ARRAY[$column]", "($column\::text COLLATE \"C\")");
}

sub some_condition
{
	my ($column) = @_;
	return one_of("$column IS NOT NULL", "$column IS NULL", "length($column\::text) < 4", "shapes.by_server($column)", "shapes.fails($column)",
		"length($column\::text) < 1 / 0", "ARRAY[$column] = ARRAY[$column]", "$column\::text::shapes.short IS NOT NULL", "$column\::text <> 'Bea'",
		"(ts_rewrite('a'::tsquery, 'SELECT ''b''::tsquery, ''c''::tsquery FROM (SELECT 1) one WHERE shapes.reenter()') IS NOT NULL)",
		"num_nulls($column, id) < 2", "current_user <> 'x'", 'true');
}

# What a trigger does before it returns.
sub some_action
{
	my ($table) = @_;
	my $column = some_column($table);
	my $other = some_table();
	return one_of('NULL', 'NULL', "NEW.$column := NULL", "NEW.$column := OLD.$column", "NEW.$column := @{[one_of(@types)->[1]]}",
		'PERFORM shapes.reenter()', "RAISE SQLSTATE '@{[one_of(qw(ZZ001 23505 40001 23514 42804 27000 55000 22000 P0001))]}' USING SCHEMA = 'loopit', TABLE = '$table', CONSTRAINT = '${table}_email_key'",
		"UPDATE loopit.$other SET @{[some_column($other)]} = NULL", "DELETE FROM loopit.$other", "TRUNCATE loopit.$other CASCADE",
		"PERFORM set_config('search_path', 'shapes', false)", "PERFORM public.loopit_forget_person(7, 'a\@example.com')",
		"ALTER TABLE loopit.$other DROP COLUMN IF EXISTS @{[some_column($other)]} CASCADE", "DROP TABLE IF EXISTS loopit.$other CASCADE",
		"ALTER TABLE loopit.$other RENAME TO @{[fresh_name()]}", "ALTER TABLE loopit.$other ADD COLUMN IF NOT EXISTS extra int DEFAULT 3",
		"EXECUTE 'CREATE INDEX ON loopit.$other (@{[some_column($other)]})'", "EXECUTE 'SET ROLE pg_monitor'",
		"UPDATE loopit.person SET last_name = 'by trigger'", "LOCK TABLE loopit.$other");
}

# One change, as statements; one that is refused is skipped by ON_ERROR_ROLLBACK.
my @changes = (
	sub { my ($t, $c) = @_; my ($type, $value) = @{ one_of(@types) }; "ALTER TABLE loopit.$t DROP COLUMN $c CASCADE, ADD COLUMN $c $type DEFAULT $value;" },
	sub { my ($t, $c) = @_; my ($type, $value) = @{ one_of(@types) }; "DROP VIEW IF EXISTS loopit.unresolved_lead, loopit.open_delivery, loopit.ingest_summary, loopit.ingest_issue_summary, loopit.ingest_uncounted, loopit.ingest_log_result, loopit.ingest_audit; DROP INDEX IF EXISTS loopit.ingest_log_failure_idx; ALTER TABLE loopit.$t ALTER COLUMN $c TYPE $type USING $value;" },
	sub { my ($t, $c) = @_; "DROP VIEW IF EXISTS loopit.unresolved_lead, loopit.open_delivery, loopit.ingest_summary, loopit.ingest_issue_summary, loopit.ingest_uncounted, loopit.ingest_log_result, loopit.ingest_audit; DROP INDEX IF EXISTS loopit.ingest_log_failure_idx; ALTER TABLE loopit.$t ALTER COLUMN $c TYPE @{[one_of('text', 'varchar', 'varchar(255)', 'shapes.short', 'text COLLATE \"POSIX\"', 'text COLLATE \"C\"', 'text COLLATE shapes.nocase')]} USING $c\::text;" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t DROP COLUMN $c CASCADE;" },
	sub { my ($t, $c) = @_; $c = 'email' if $c eq 'duration_us'; "ALTER TABLE loopit.$t RENAME COLUMN $c TO @{[fresh_name()]};" },
	sub { my ($t, $c) = @_; my $d = some_column($t); my $x = fresh_name(); ($c, $d) = qw(email reason) if "$c $d" =~ /duration_us/; "ALTER TABLE loopit.$t RENAME COLUMN $c TO $x; ALTER TABLE loopit.$t RENAME COLUMN $d TO $c; ALTER TABLE loopit.$t RENAME COLUMN $x TO $d;" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ALTER COLUMN $c @{[one_of('DROP NOT NULL', 'SET NOT NULL', 'DROP DEFAULT', 'DROP IDENTITY', 'ADD GENERATED ALWAYS AS IDENTITY', 'SET STORAGE EXTERNAL', 'SET STATISTICS 0', 'RESTART WITH 0', 'SET GENERATED BY DEFAULT')]};" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ALTER COLUMN $c DROP NOT NULL; UPDATE loopit.$t SET $c = NULL;" },
	sub { my ($t, $c) = @_; my ($type, $value) = @{ one_of(@types) }; "ALTER TABLE loopit.$t ADD COLUMN @{[fresh_name()]} $type @{[one_of('', \"DEFAULT $value\", 'NOT NULL', \"NOT NULL DEFAULT $value\")]};" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ADD COLUMN @{[fresh_name()]} @{[one_of('text', 'int', 'boolean')]} GENERATED ALWAYS AS (@{[some_expression($c)]}) STORED;" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ADD CHECK (@{[some_condition($c)]}) NOT VALID;" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ADD CHECK (@{[some_condition($c)]}) NOT VALID;" },
	sub { my ($t) = @_; my $n = int rand 6; "DO \$\$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = 'loopit.$t'::regclass ORDER BY conname OFFSET $n LIMIT 1); END \$\$;" },
	sub { my ($t) = @_; my $n = int rand 4; "DO \$\$ BEGIN EXECUTE (SELECT format('DROP INDEX %s CASCADE', indexrelid::regclass) FROM pg_index WHERE indrelid = 'loopit.$t'::regclass ORDER BY indexrelid::regclass::text OFFSET $n LIMIT 1); END \$\$;" },
	sub { my ($t, $c) = @_; "CREATE @{[one_of('', 'UNIQUE')]} INDEX ON loopit.$t USING @{[one_of('btree', 'btree', 'btree', 'hash', 'brin')]} (@{[some_column($t) =~ s/duration_us/email/r]} @{[one_of('', '', 'DESC', 'NULLS FIRST')]}) @{[one_of('', \"INCLUDE ($c)\")]} @{[one_of('', 'WHERE ' . some_condition($c))]};" },
	# how long a call takes differs, and so would what a unique index of it refuses
	sub { my ($t, $c) = @_; $c = 'email' if $c eq 'duration_us'; "CREATE @{[one_of('', 'UNIQUE')]} INDEX ON loopit.$t ((@{[some_expression($c)]})) @{[one_of('', '', 'WHERE ' . some_condition(some_column($t)))]};" },
	sub { my ($t, $c) = @_; "CREATE UNIQUE INDEX ON loopit.$t (workspace_id, $c); CREATE UNIQUE INDEX ON loopit.$t (workspace_id, lower($c COLLATE \"C\")) WHERE archived_at IS NULL;" },
	(sub { my ($t) = @_; my ($f, $level) = (fresh_name(), one_of('ROW', 'ROW', 'STATEMENT'));
		"CREATE FUNCTION shapes.$f() RETURNS trigger LANGUAGE plpgsql AS \$t\$ BEGIN @{[some_action($t)]}; RETURN @{[one_of('NEW', 'NEW', 'NEW', 'OLD', 'NULL')]}; END \$t\$;
		CREATE TRIGGER $f @{[one_of('BEFORE', 'AFTER')]} @{[one_of('INSERT', 'UPDATE', 'INSERT OR UPDATE', 'DELETE')]} ON loopit.$t FOR EACH $level EXECUTE FUNCTION shapes.$f();" }) x 4,
	sub { my ($t) = @_; my $f = fresh_name();
		"CREATE FUNCTION shapes.$f() RETURNS trigger LANGUAGE plpgsql AS \$t\$ BEGIN @{[some_action($t)]}; RETURN NULL; END \$t\$;
		CREATE CONSTRAINT TRIGGER $f AFTER INSERT OR UPDATE ON loopit.$t @{[one_of('', 'DEFERRABLE INITIALLY DEFERRED')]} FOR EACH ROW EXECUTE FUNCTION shapes.$f();" },
	sub { my ($t, $c) = @_; "CREATE RULE @{[fresh_name()]} AS ON @{[one_of('INSERT', 'UPDATE', 'DELETE')]} TO loopit.$t @{[one_of('', \"WHERE shapes.same(1) = 1\")]} DO @{[one_of('ALSO', 'INSTEAD')]} @{[one_of('NOTHING', 'SELECT 1', \"UPDATE loopit.workspace SET name = 'by rule'\", \"SELECT '((1,2),(3,4))'::lseg\")]};" },
	sub { my ($t) = @_; "ALTER TABLE loopit.$t ENABLE ROW LEVEL SECURITY, @{[one_of('FORCE', 'NO FORCE')]} ROW LEVEL SECURITY;" . (chance(0.7) ? "CREATE POLICY p ON loopit.$t USING (@{[one_of('true', 'false', 'shapes.reenter()', 'workspace_id = 7')]}) WITH CHECK (@{[one_of('true', 'false', 'shapes.reenter()')]});" : '') },
	sub { my ($t) = @_; my $x = fresh_name(); "ALTER TABLE loopit.$t RENAME TO $x; CREATE @{[one_of('VIEW', 'VIEW', 'MATERIALIZED VIEW')]} loopit.$t AS SELECT * FROM loopit.$x @{[one_of('', '', 'UNION ALL SELECT * FROM loopit.' . $x, 'WHERE shapes.reenter()', 'LIMIT 1')]};" },
	sub { my ($t, $c) = @_; my $x = fresh_name(); my $type = one_of(@types)->[0]; "ALTER TABLE loopit.$t RENAME TO $x; CREATE VIEW loopit.$t AS SELECT @{[join ', ', map { $_ eq $c ? \"NULL::$type AS $_\" : $_ } @{ $columns{$t} }]} FROM loopit.$x;" },
	sub { my ($t) = @_; my $x = fresh_name(); "ALTER TABLE loopit.$t RENAME TO $x; CREATE TABLE loopit.$t (LIKE loopit.$x INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (@{[one_of('workspace_id', 'id')]}); CREATE TABLE shapes.$x PARTITION OF loopit.$t DEFAULT; INSERT INTO loopit.$t OVERRIDING SYSTEM VALUE SELECT * FROM loopit.$x;" },
	sub { my ($t) = @_; my $x = fresh_name(); "ALTER TABLE loopit.$t RENAME TO $x; CREATE TABLE loopit.$t (LIKE loopit.$x INCLUDING ALL); @{[chance(0.5) ? \"INSERT INTO loopit.$t OVERRIDING SYSTEM VALUE SELECT * FROM loopit.$x;\" : '']}" },
	sub { my ($t) = @_; my $x = fresh_name(); "ALTER TABLE loopit.$t RENAME TO $x; CREATE @{[one_of('SEQUENCE loopit.' . $t, \"TYPE loopit.$t AS (id int)\", 'INDEX ' . $t . \" ON loopit.$x ((1))\", \"TABLE loopit.$t ()\")]};" },
	sub { my ($t) = @_; my $x = fresh_name(); "CREATE TABLE shapes.$x () INHERITS (loopit.$t); @{[one_of('', \"INSERT INTO shapes.$x SELECT * FROM ONLY loopit.$t;\")]}" },
	sub { my ($t, $c) = @_; "ALTER TABLE loopit.$t ADD FOREIGN KEY ($c) REFERENCES shapes.region @{[one_of('', 'ON DELETE CASCADE', 'ON UPDATE CASCADE')]} @{[one_of('', 'DEFERRABLE INITIALLY DEFERRED')]} NOT VALID;" },
	sub { my ($t) = @_; my $n = int rand 4; "DO \$\$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'loopit.$t'::regclass ORDER BY conname OFFSET $n LIMIT 1); END \$\$;" },
	# not of a row's parent: SQL checks again the foreign keys of a row that this transaction has inserted
	sub { my ($t) = @_; $t = 'booking' if $t =~ /^(workspace|person)$/; "REVOKE @{[one_of('INSERT', 'UPDATE', 'SELECT', 'ALL', 'DELETE')]} ON loopit.$t FROM CURRENT_USER; @{[one_of('', \"GRANT SELECT (id) ON loopit.$t TO CURRENT_USER;\")]}" },
	sub { my ($t) = @_; "ALTER TABLE loopit.$t @{[one_of('SET UNLOGGED', 'REPLICA IDENTITY FULL', 'REPLICA IDENTITY NOTHING', 'SET (fillfactor = 20)', 'DISABLE TRIGGER ALL', 'DISABLE TRIGGER USER', 'SET WITHOUT CLUSTER', 'DISABLE RULE x')]};" },
	sub { my ($t) = @_; "ALTER SEQUENCE loopit.@{[one_of(qw(person booking ingest_log))]}_id_seq @{[one_of('RESTART 9223372036854775800', 'INCREMENT -1', 'MINVALUE -5 RESTART -5', 'MAXVALUE 2000000000 CYCLE', 'CACHE 1', 'AS int', 'RENAME TO ' . fresh_name())]};" },
	sub { my ($t) = @_; "@{[one_of('DELETE FROM', 'TRUNCATE')]} loopit.$t;" },
	sub { my ($t, $c) = @_; "UPDATE loopit.$t SET $c = @{[one_of(@types)->[1]]};" },
	sub { "INSERT INTO loopit.package (workspace_id, name) VALUES (7, 'Premiun'); INSERT INTO loopit.asset (workspace_id, id, vin, archived_at) VALUES (7, 799, 'VIN99', now());" },
	sub { 'CREATE UNIQUE INDEX ON loopit.identity_document (workspace_id, person_id, kind); ALTER TABLE loopit.identity_document DROP CONSTRAINT identity_document_pkey; ALTER TABLE loopit.identity_document ALTER kind DROP NOT NULL; UPDATE loopit.identity_document SET kind = NULL;' },
	sub { "CREATE OR REPLACE FUNCTION loopit.masked(payload jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';" },
	sub { "ALTER TABLE loopit.schema_version @{[one_of('RENAME TO ' . fresh_name(), 'ALTER step TYPE bigint', 'RENAME step TO s', 'ADD x int')]};" });

sub random_shape
{
	my $sql = '';
	for (0 .. one_of(0, 0, 1, 1, 2, 3, 5))
	{
		my $table = some_table();
		$sql .= one_of(@changes)->($table, some_column($table)) . "\n";
	}
	return $sql;
}

sub some_payload
{
	my @parts = ('"dealership": {"id": ' . (chance(0.9) ? 356 : one_of(900, 1, '"356"', 'null')) . '}');
	push @parts, '"id": "' . one_of(qw(r1 r2 r3)) . '"' if chance(0.9);
	push @parts, '"updated_at": "2025-0' . one_of(1 .. 9) . '-01T00:00:00Z"' if chance(0.5);
	my @prospect = ('"email": "' . (chance(0.95) ? one_of(qw(a@example.com B@example.com c@example.com)) : 'bad') . '"', '"first_name": ' . one_of('"Ann"', '"Bea"', '""', 'null', '5'));
	push @prospect, '"last_name": "' . one_of('x', 'y' x 200, 'ü') . '"', '"dob": "' . (chance(0.9) ? '01/02/1990' : '31/02/1990') . '"' if chance(0.5);
	push @prospect, '"address": {"street": "1 High St", "city": "Perth", "state": "WA", "postcode": ' . one_of('"6000"', 6001) . ', "country": "Australia"}' if chance(0.5);
	push @parts, '"prospect": {' . join(', ', @prospect) . '}';
	my @details;
	push @details, '"subscription_plan": "' . one_of('Premium', 'Premium', 'premiun') . '"' if chance(0.8);
	push @details, '"license_number": "L' . int(rand 3) . '", "license_expiry": "01/01/2030", "license_dob": "01/01/1990", "license_state": "WA"' if chance(0.5);
	push @details, '"passport_number": "P' . int(rand 3) . '", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"' if chance(0.4);
	push @parts, '"additional_details": {' . join(', ', @details) . '}';
	push @parts, '"item": {"vin": "' . one_of('vin9', 'VIN8', 'vin99', 'none1') . '"' . (chance(0.2) ? ', "stock_number": "S"' : '') . '}' if chance(0.8);
	push @parts, '"location": {"location_name": "' . one_of('depot', 'nowhere') . '"}' if chance(0.5);
	return '{' . join(', ', @parts) . '}';
}

my @calls = (
	(sub { "SELECT shapes.told(public.loopit_ingest_lead('@{[some_payload()]}'));" }) x 6,
	sub { "SELECT shapes.told(public.loopit_ingest_webhook(convert_to('@{[some_payload()]}', 'UTF8') || '@{[one_of('', '\\x2c', '\\xff', '\\x00')]}'::bytea));" },
	sub { "SELECT shapes.told(public.loopit_validate_lead('@{[some_payload()]}'));" },
	sub { "SELECT shapes.told(public.loopit_replay_lead((SELECT max(id) FROM loopit.ingest_log)));" },
	sub { "SELECT count(f.log_id), string_agg(DISTINCT f.status, ' '), max(length(f.outcome::text)) > 5, min(f.booking_reason) FROM public.loopit_find_leads(@{[one_of('', qq{lead_reference => 'r1'}, qq{email => 'a\@example.com'}, 'around => now()')]}) f;" },
	sub { 'SELECT public.loopit_dismiss_lead((SELECT min(id) FROM loopit.ingest_log), \'note\');' },
	sub { "SELECT public.loopit_forget_person(7, '@{[one_of(qw(a@example.com b@example.com))]}');" },
	sub { "SELECT public.loopit_purge_ingest_log('@{[one_of('1 day', '-1 day', '0')]}');" },
	sub { "SELECT count(client_id), min(length(client_secret)) FROM public.loopit_create_client('x', @{[one_of('NULL', q('{7}'), q('{7,8}'), q('{-1}'))]});" },
	sub { "SELECT length(public.loopit_rotate_client('c1', '@{[one_of('1 day', '0', '999999 years')]}'));" },
	sub { "SELECT public.loopit_revoke_client('c1');" },
	sub { "SELECT t.status, t.error, t.client_id, length(t.answer) FROM public.loopit_door_token('c1', '@{[one_of('\\x01', '\\x02', '')]}') t;" },
	sub { my $call = one_of(q{loopit_door_receive('\x0102'}, q{loopit_door_receive('\x'}, q{loopit_door_receive_as('c1'}, q{loopit_door_receive_as('c2'}); "SELECT d.status, d.error, d.client_id, d.answer IS NULL FROM public.$call, convert_to('@{[some_payload()]}', 'UTF8')) d;" },
	sub { 'SELECT count(*) FROM public.loopit_setup();' },
	sub { 'SELECT count(*) FROM loopit.unresolved_lead; SELECT count(*) FROM loopit.ingest_summary; SELECT count(payload) FROM loopit.ingest_audit;' });

sub random_calls
{
	my ($count) = @_;
	return join('', map { one_of(@calls)->() . "\n" } 1 .. $count);
}

# Prints the rows of all tables, without ids, and what else is never the same.
sub rows_of_all
{
	return join('', map {
			"SELECT '$_', (to_jsonb(t) - '{id,person_id,booking_id,ingest_log_id,replay_of,duration_us,outcome}'::text[])::text FROM loopit.$_ t ORDER BY 2;\n"
		} qw(person identity_document booking ingest_log workspace));
}

1;

# Attacks by callers, by what they send and what they give as arguments.
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
# Since PostgreSQL 18 it runs as the role that was active when it was queued.
my $deferred_as = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000 ? 'attacks_owner' : 'attacks_sender';
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
	SET client_min_messages = error; DROP OWNED BY attacks_sender, attacks_owner CASCADE; DROP ROLE attacks_sender, attacks_owner;}, qr/^processed\nat_once\|attacks_owner\nlater\|$deferred_as$/);
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

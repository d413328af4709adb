# Attacks by the owner of the tables, with code that calls back or runs in the
# middle of a call.
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
	qr/^processed created created\nfailed skipped skipped 27000\nERROR:  0A000\nprocessed updated unchanged\n3$/);
attack('a rule that notified instead, until it was dropped', "$lead CREATE RULE r AS ON UPDATE TO loopit.person DO INSTEAD NOTIFY x; $update DROP RULE r ON loopit.person; $update",
	qr/^processed created created\nfailed skipped skipped 27000\nprocessed updated unchanged$/);
attack('a rule that selects instead', "CREATE RULE r AS ON UPDATE TO loopit.person DO INSTEAD SELECT lseg '((1,2),(3,4))'; $lead $update", qr/^(failed skipped skipped 0A000|processed created created\nfailed)/);
attack('a rule that selects as well', "$lead CREATE RULE r AS ON UPDATE TO loopit.identity_document DO ALSO SELECT lseg '((1,2),(3,4))', 'x'::text;
	SELECT test.ingest(test.lead('1', '{\"additional_details\": {\"license_number\": \"L9\", \"license_expiry\": \"01/01/2030\", \"license_dob\": \"01/01/1990\"}}'));", qr/^processed created created\nprocessed unchanged unchanged$/);
attack('a rule on the log', "CREATE RULE r AS ON INSERT TO loopit.ingest_log DO INSTEAD SELECT 1; $lead SELECT count(*) FROM loopit.person;", qr/^ERROR:  27000\n0$/);
# The server calls it an internal error if a rule has rewritten what a foreign key does.
my $forget = q{SELECT loopit_forget_person(7, 'ann@example.com')->>'persons'; SELECT count(*) FROM loopit.person;};
attack('a rule that rewrites the SET NULL of a foreign key', "$lead CREATE RULE r AS ON UPDATE TO loopit.booking DO INSTEAD SELECT 1; $forget DROP RULE r ON loopit.booking; $forget",
	qr/^processed created created\nERROR:  27000\n1\n1\n0$/);
attack('a rule that rewrites the CASCADE of a foreign key', "$lead CREATE RULE r AS ON DELETE TO loopit.identity_document DO INSTEAD SELECT 1; $forget DROP RULE r ON loopit.identity_document; $forget",
	qr/^processed created created\nERROR:  27000\n1\n1\n0$/);
attack('a rule that rewrites what a foreign key of a DBA does', qq{$lead
	CREATE TABLE test.note (workspace_id bigint, person_id bigint, FOREIGN KEY (workspace_id, person_id) REFERENCES loopit.person ON DELETE CASCADE);
	INSERT INTO test.note SELECT workspace_id, id FROM loopit.person; CREATE RULE r AS ON DELETE TO test.note DO INSTEAD UPDATE loopit.workspace SET name = 'x'; $forget
	CREATE TABLE test.about (log_id bigint REFERENCES loopit.ingest_log ON DELETE SET DEFAULT); INSERT INTO test.about SELECT id FROM loopit.ingest_log;
	CREATE RULE r AS ON UPDATE TO test.about DO INSTEAD NOTHING; SELECT loopit_purge_ingest_log('0');}, qr/^processed created created\nERROR:  27000\n1\nERROR:  27000$/);
attack('a rule that rewrites what an update makes a foreign key do', qq{$lead
	ALTER TABLE loopit.person ADD UNIQUE (first_name); CREATE TABLE test.named_so (first_name text REFERENCES loopit.person (first_name) ON UPDATE CASCADE);
	INSERT INTO test.named_so VALUES ('Ann'); CREATE RULE r AS ON UPDATE TO test.named_so DO INSTEAD NOTHING; $update}, qr/^processed created created\nfailed skipped skipped 27000$/);
attack('a rule that rewrites what a foreign key does, under a view', qq{$lead
	CREATE RULE r AS ON UPDATE TO loopit.booking DO INSTEAD NOTHING; ALTER TABLE loopit.ingest_log RENAME TO x;
	CREATE FUNCTION test.erase() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM loopit.person; RETURN true; END';
	CREATE VIEW loopit.ingest_log AS SELECT * FROM loopit.x WHERE test.erase(); SELECT count(*) FROM loopit_find_leads(); SELECT count(*) FROM loopit.person;},
	qr/^processed created created\nERROR:  27000\n1$/);
attack('a person who is not deleted', trigger('BEFORE DELETE ON loopit.person', 'RETURN NULL') . "$lead $forget DROP TRIGGER act ON loopit.person;
	CREATE RULE r AS ON DELETE TO loopit.person DO INSTEAD NOTHING; $forget", qr/^processed created created\nERROR:  27000\n1\nERROR:  27000\n1$/);
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
attack('a trigger of the owner of a partition', q{
	CREATE ROLE attacks_partition; CREATE SCHEMA theirs AUTHORIZATION attacks_partition; GRANT USAGE ON SCHEMA loopit TO attacks_partition;
	SELECT count(*) > 0 FROM loopit_partition_log('day');
	DO $$ BEGIN EXECUTE format('ALTER TABLE %s OWNER TO attacks_partition', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text ~ 'until')); END $$;
	SET ROLE attacks_partition;
	CREATE TABLE theirs.seen AS SELECT current_user AS name WHERE false;
	CREATE FUNCTION theirs.see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO theirs.seen SELECT current_user; RETURN NEW; END';
	DO $$ BEGIN EXECUTE format('CREATE TRIGGER see BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION theirs.see()', (SELECT relid FROM pg_partition_tree('loopit.ingest_log') WHERE relid::text ~ 'until')); END $$;
	RESET ROLE;} . "$lead SELECT name FROM theirs.seen; SELECT loopit_purge_ingest_log('1 day'); SELECT length(loopit_report()) > 0;
	DROP OWNED BY attacks_partition CASCADE; DROP ROLE attacks_partition;", qr/^t\nprocessed created created\npostgres\n0\nt\n$/);
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
	DECLARE calls int; BEGIN UPDATE test.armed SET n = n + 1 RETURNING n INTO calls; IF calls > 0 THEN DELETE FROM loopit.person; END IF; RETURN true; END $$;
	ALTER TABLE loopit.asset_location RENAME TO asset_location_old;
	CREATE VIEW loopit.asset_location AS SELECT * FROM loopit.asset_location_old WHERE test.strike();
	SELECT test.ingest(test.named('2', 'ann@example.com', 'Ann') - 'location');
	SELECT count(*) FROM loopit.identity_document;}, qr/^processed created skipped\nfailed skipped skipped 23503 identity_document_workspace_id_person_id_fkey\n0$/);

$node->stop;
done_testing();

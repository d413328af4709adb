# Every function of the extension while each table, view and sequence of schema
# loopit in turn is something else: missing, of another kind, without its keys,
# with rules, policies, children, generated columns, or with indexes and CHECKs
# that raise.  No function raises an internal error, and both settings of
# loopit_leads.storage end each call in the same way.
#
# LOOPIT_EVERY   only every so many of the cases (default: 1)
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Attack qw(:DEFAULT clean_log lead);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = attack_node('every_table', 'statement_timeout = 60s', 'shared_preload_libraries = loopit_leads');
$node->safe_psql('postgres', lead() . q{
	SELECT loopit_ingest_webhook('<ann@example.com');
	INSERT INTO loopit.client (client_id, name, workspaces, secret_digest) VALUES ('c1', 'Client', '{7}', '\x01');
	INSERT INTO loopit.access_token (digest, client_id, expires_at) VALUES ('\x0102', 'c1', 'infinity');
	CREATE FUNCTION test.raises(x anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE SQLSTATE 'ZZ001'; END $$;
	CREATE FUNCTION test.same(x anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN x; END';
	CREATE FUNCTION test.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE FUNCTION test.deletes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM loopit.booking; DELETE FROM loopit.person; RETURN NEW; END';
	CREATE DOMAIN test.short AS text; CREATE DOMAIN test.shorter AS test.short CHECK (length(VALUE) < 500);
	CREATE DOMAIN test.number AS bigint; CREATE DOMAIN test.numbers AS test.number;
	CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
	CREATE SCHEMA other; CREATE TYPE other.text AS (a int); CREATE TYPE other.bigint AS ENUM ('x'); CREATE TYPE other.jsonb AS (a int);
});

# A call of each function, with arguments that are found by name, else by type.
my %by_name = (
	log_id => '(SELECT 1)', email => q{'ann@example.com'}, lead_reference => q{'1'}, workspace_id => 7, client_id => q{'c1'},
	token_digest => q{'\x0102'}, secret_digest => q{'\x01'}, dealership_id => 356, shard => 'NULL', period => q{'month'});
my %by_type = (
	bigint => 7, integer => 10, boolean => 'true', text => q{'x'}, interval => q{'1 day'}, 'timestamp with time zone' => 'now()',
	jsonb => q{test.lead('2')}, bytea => q{convert_to(test.lead('3')::text, 'UTF8')}, 'bigint[]' => q{'{7}'});
my @calls;
for (split /\n/, $node->safe_psql('postgres', q{
	SELECT p.oid::regproc, coalesce((SELECT string_agg(coalesce(p.proargnames[n], '') || ' ' || format_type(t, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY a (t, n)), '')
	FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'loopit_leads' ORDER BY p.proname = 'loopit_setup', p.oid::regprocedure::text}))
{
	my ($function, $arguments) = split /\|/, $_, -1;
	my @values = map {
		my ($name, $type) = /^(\w*) (.*)$/;
		my $value = $by_name{$name} // $by_type{$type};
		ok(defined $value, "a value of $function($_)") if !defined $value;
		"($value)::$type"
	} split /,/, $arguments;
	push @calls, [ $function, 'public.' . ($function =~ s/^public\.//r) . '(' . join(', ', @values) . ')' ];
}
cmp_ok(scalar @calls, '>=', 20, 'there are functions: ' . @calls);
push @calls, map { [ $_, "loopit.$_" ] } qw(unresolved_lead ingest_summary ingest_audit);

# What becomes of a table T.  A statement that is refused is left out.
my @shapes = (
	'DROP TABLE loopit.T CASCADE',
	'ALTER TABLE loopit.T RENAME TO x; CREATE VIEW loopit.T AS SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE VIEW loopit.T AS SELECT * FROM loopit.x; CREATE RULE r AS ON INSERT TO loopit.T DO INSTEAD NOTHING; CREATE RULE s AS ON UPDATE TO loopit.T DO INSTEAD NOTHING; CREATE RULE d AS ON DELETE TO loopit.T DO INSTEAD NOTHING',
	'ALTER TABLE loopit.T RENAME TO x; CREATE VIEW loopit.T AS SELECT * FROM loopit.x UNION ALL SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE VIEW loopit.T AS SELECT x.* FROM loopit.x WHERE test.raises(1)',
	'ALTER TABLE loopit.T RENAME TO x; CREATE MATERIALIZED VIEW loopit.T AS SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE MATERIALIZED VIEW loopit.T AS SELECT * FROM loopit.x WITH NO DATA',
	'ALTER TABLE loopit.T RENAME TO x; CREATE TABLE loopit.T (LIKE loopit.x INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (id); CREATE TABLE test.p PARTITION OF loopit.T DEFAULT; INSERT INTO loopit.T OVERRIDING SYSTEM VALUE SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE TABLE loopit.T (LIKE loopit.x INCLUDING ALL EXCLUDING INDEXES) PARTITION BY HASH (client_id)',
	'ALTER TABLE loopit.T RENAME TO x; CREATE TABLE loopit.T ()', 'ALTER TABLE loopit.T RENAME TO x; CREATE SEQUENCE loopit.T', 'ALTER TABLE loopit.T RENAME TO x; CREATE TYPE loopit.T AS (id bigint)',
	'ALTER TABLE loopit.T RENAME TO x; CREATE INDEX T ON loopit.x ((1))',
	'ALTER TABLE loopit.T RENAME TO x; CREATE TABLE loopit.T (LIKE loopit.x INCLUDING ALL); INSERT INTO loopit.T OVERRIDING SYSTEM VALUE SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE UNLOGGED TABLE loopit.T (LIKE loopit.x INCLUDING ALL); INSERT INTO loopit.T OVERRIDING SYSTEM VALUE SELECT * FROM loopit.x',
	'ALTER TABLE loopit.T RENAME TO x; CREATE FOREIGN TABLE loopit.T (id bigint, workspace_id bigint, email text) SERVER nowhere',
	q{DO $$ DECLARE c text; BEGIN FOR c IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = 'loopit.T'::regclass AND contype IN ('p', 'u') LOOP EXECUTE c; END LOOP; END $$},
	q{DO $$ DECLARE c text; BEGIN FOR c IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = 'loopit.T'::regclass LOOP EXECUTE c; END LOOP;
		FOR c IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'loopit.T'::regclass LOOP EXECUTE 'DROP INDEX ' || c; END LOOP; END $$},
	(map { my $event = $_; map { "CREATE RULE r AS ON $event TO loopit.T DO $_" } 'INSTEAD NOTHING', 'INSTEAD SELECT 1', 'INSTEAD NOTIFY x', 'ALSO NOTIFY x', "INSTEAD UPDATE loopit.workspace SET name = 'x'", 'INSTEAD DELETE FROM loopit.access_token' } qw(INSERT UPDATE DELETE)),
	'CREATE RULE r AS ON UPDATE TO loopit.T WHERE test.raises(1) DO INSTEAD NOTHING',
	'CREATE RULE r AS ON UPDATE TO loopit.T WHERE test.same(true) DO INSTEAD NOTHING; CREATE RULE s AS ON DELETE TO loopit.T WHERE test.same(true) DO INSTEAD NOTHING',
	(map { "CREATE TRIGGER a BEFORE $_ ON loopit.T FOR EACH ROW EXECUTE FUNCTION test.nothing()" } qw(INSERT UPDATE DELETE)),
	'CREATE TRIGGER a AFTER INSERT OR UPDATE ON loopit.T FOR EACH ROW EXECUTE FUNCTION test.deletes(); CREATE RULE r AS ON UPDATE TO loopit.booking DO INSTEAD NOTHING',
	'ALTER TABLE loopit.T DISABLE TRIGGER ALL', 'ALTER TABLE loopit.T ENABLE ALWAYS TRIGGER ALL',
	'ALTER TABLE loopit.T ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON loopit.T USING (test.raises(1))',
	'CREATE TABLE test.child () INHERITS (loopit.T); INSERT INTO test.child SELECT * FROM ONLY loopit.T',
	'ALTER TABLE loopit.T ADD CHECK (test.raises(1)) NOT VALID', 'ALTER TABLE loopit.T ADD CHECK (1 / (CASE WHEN id IS NULL THEN 1 ELSE 0 END) > 0) NOT VALID', 'ALTER TABLE loopit.T ADD CHECK (NULL::int[] = ARRAY[1]) NOT VALID',
	'ALTER TABLE loopit.T ADD extra text GENERATED ALWAYS AS (workspace_id::text) STORED', 'ALTER TABLE loopit.T ADD extra text DEFAULT 1 / 0', 'ALTER TABLE loopit.T ADD extra test.numbers NOT NULL DEFAULT 5',
	(map { "DO \$\$ DECLARE c text; BEGIN FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'loopit.T'::regclass AND attnum > 0 AND atttypid = '$_->[0]'::regtype LOOP
		BEGIN EXECUTE format('ALTER TABLE loopit.T ALTER %I TYPE $_->[1] USING $_->[2]', c); EXCEPTION WHEN OTHERS THEN
		BEGIN EXECUTE format('ALTER TABLE loopit.T DROP %I CASCADE, ADD %I $_->[1]', c, c); EXCEPTION WHEN OTHERS THEN NULL; END; END; END LOOP; END \$\$" }
		[qw(text test.shorter), '%1$I'], [qw(bigint test.numbers), '%1$I'], [qw(text other.text), 'NULL'], [qw(bigint other.bigint), 'NULL'], [qw(jsonb other.jsonb), 'NULL'], [qw(bytea text), 'NULL'],
		[ 'bigint[]', 'text[]', 'NULL' ], [qw(timestamptz interval), 'NULL'], [qw(text varchar(3)), "''x''" ], [ 'text', 'text COLLATE pg_catalog."POSIX"', '%1$I' ]),
	'CREATE INDEX ON loopit.T (test.raises(id)) WHERE id > 5; CREATE INDEX ON loopit.T (test.same(id))', 'CREATE INDEX ON loopit.T ((id / 0)) WHERE id > 1000',
	'CREATE UNIQUE INDEX ON loopit.T ((true)) WHERE id > 1', 'ALTER TABLE loopit.T ADD EXCLUDE USING btree (id WITH =) DEFERRABLE INITIALLY DEFERRED',
	'CREATE TABLE test.refers (w bigint, i bigint, FOREIGN KEY (w, i) REFERENCES loopit.T (workspace_id, id) ON DELETE CASCADE); INSERT INTO test.refers SELECT workspace_id, id FROM loopit.T; CREATE RULE r AS ON DELETE TO test.refers DO INSTEAD NOTHING',
	'CREATE TABLE test.refers (i bigint REFERENCES loopit.T (id) ON DELETE SET NULL); INSERT INTO test.refers SELECT id FROM loopit.T; CREATE RULE r AS ON UPDATE TO test.refers DO INSTEAD SELECT 1',
	'CREATE TABLE test.refers (i text REFERENCES loopit.T (client_id) ON DELETE SET DEFAULT); INSERT INTO test.refers SELECT client_id FROM loopit.T; CREATE RULE r AS ON UPDATE TO test.refers DO INSTEAD NOTHING',
	'ALTER TABLE loopit.T REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR TABLE loopit.T', 'REVOKE ALL ON loopit.T FROM CURRENT_USER',
	'DELETE FROM loopit.T', 'TRUNCATE loopit.T CASCADE', 'ALTER TABLE loopit.T SET UNLOGGED', 'ALTER TABLE loopit.T SET SCHEMA other', 'ALTER TABLE loopit.T ALTER id DROP IDENTITY, ALTER id DROP NOT NULL');

# The same for a view and a sequence.
my @shapes_of_others = ('DROP VIEW loopit.T', 'DROP SEQUENCE loopit.T CASCADE', 'DROP VIEW loopit.T; CREATE TABLE loopit.T (log_id bigint)', 'DROP VIEW loopit.T; CREATE SEQUENCE loopit.T',
	'DROP VIEW loopit.T; CREATE MATERIALIZED VIEW loopit.T AS SELECT 1 AS log_id', 'DROP VIEW loopit.T; CREATE TYPE loopit.T AS (a int)', 'ALTER SEQUENCE loopit.T OWNED BY NONE; DROP SEQUENCE loopit.T CASCADE; CREATE TABLE loopit.T (a int)',
	'ALTER SEQUENCE loopit.T MAXVALUE 9 RESTART 9; SELECT nextval(\'loopit.T\')', 'ALTER SEQUENCE loopit.T AS smallint', 'ALTER VIEW loopit.T RENAME TO x', 'CREATE RULE r AS ON INSERT TO loopit.T DO INSTEAD NOTHING');

my (@cases, $tables);
for (split /\n/, $node->safe_psql('postgres', q{SELECT relname, relkind IN ('r', 'p') FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'p', 'v', 'S') ORDER BY 1}))
{
	my ($relation, $is_table) = split /\|/;
	$tables++ if $is_table eq 't';
	push @cases, map { s/\bT\b/$relation/gr } $is_table eq 't' ? @shapes : @shapes_of_others;
}
cmp_ok($tables, '>=', 13, "there are tables: $tables");
my $every = $ENV{LOOPIT_EVERY} // 1;
@cases = @cases[ grep { $_ % $every == 0 } 0 .. $#cases ];

# In a part of the cases at a time, since each leaves much in the memory of its session.
my ($calls, $refused, %states);
my %ended;
for my $storage (qw(auto sql))
{
	fresh($node, 'victim');
	my @left = @cases;
	while (my @part = splice(@left, 0, 100))
	{
		my $sql = "\\set ON_ERROR_ROLLBACK on\nSET loopit_leads.storage = $storage;\n";
		for my $case (@part)
		{
			$sql .= "BEGIN;\n\\o /dev/null\n$case;\n\\if :ERROR\n\\o\n\\echo refused\n\\else\n";
			for (@calls)
			{
				my ($name, $call) = @$_;
				$sql .= "SELECT count(*) FROM $call;\n\\o\n\\echo call $name :SQLSTATE\n\\o /dev/null\n";
			}
			$sql .= "\\endif\n\\o\nROLLBACK;\n\\echo end\n";
		}
		# what the statements of a case print is not compared
		my $output = run_sql($node, 'victim', $sql, 'error');
		is_up($node);
		my $case = shift @part;
		for (split /\n/, $output)
		{
			if (/^call (\S+) (\w+)/)
			{
				push @{ $ended{$storage} }, "$case: $1 $2";
				$states{$2}++;
				$calls++;
			}
			$refused++ if /^refused$/;
			$case = shift @part if /^end$/;
		}
	}
	clean_log();
}
note("$calls calls: ", join ', ', map { "$_ $states{$_}" } sort keys %states);
is($calls, (2 * @cases - $refused) * @calls, 'every call has ended');
cmp_ok($refused, '<', @cases, 'most cases are possible');
my @different = grep { $ended{auto}[$_] ne ($ended{sql}[$_] // '') } 0 .. $#{ $ended{auto} };
is(join("\n", map { "$ended{auto}[$_], by SQL " . ($ended{sql}[$_] =~ s/.* //r) } @different[0 .. ($#different < 20 ? $#different : 20)]), '', 'in the same way on both storages');
is(join(', ', grep { /^(XX|57|58)/ } keys %states), '', 'no internal error');
is(join(', ', grep { !$states{$_} } qw(00000 42P01 42703 42804 27000)), '', 'calls succeed, and fail as they have to');

$node->stop;
done_testing();

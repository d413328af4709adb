# The cached descriptions of the tables outlive transactions: whatever is committed
# to the tables between two leads, the same leads have the same results with both
# settings of loopit_leads.storage, and no memory leaks.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $node = new_node('sessions', 'fsync = off', 'autovacuum = off');
$node->safe_psql('postgres', q{
	CREATE ROLE sessions_owner;
	CREATE ROLE sessions_group;
	CREATE SCHEMA test;
	CREATE FUNCTION test.lead(id text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', id, 'dealership', '{"id": 356}'::jsonb,
			'prospect', '{"email": "ann@example.com", "first_name": "Ann"}'::jsonb,
			'additional_details', '{"subscription_plan": "Premium"}'::jsonb) || more
	$$;
	CREATE FUNCTION test.ingest(lead jsonb) RETURNS text LANGUAGE sql AS $$
		SELECT concat_ws(' ', o->>'status', o#>>'{person,action}', o#>>'{booking,action}', o#>>'{booking,reason}')
		FROM loopit_ingest_lead(lead) o
	$$;
});

# Runs statements, each committed, in one session on a new copy of the database.
sub run
{
	my ($storage, $sql) = @_;
	my ($stdout, $stderr) = ('', '');
	$node->safe_psql('template1', 'CREATE DATABASE copy TEMPLATE postgres');
	$node->psql('copy', "SET loopit_leads.storage = $storage;\n$sql", stdout => \$stdout, stderr => \$stderr);
	$node->safe_psql('template1', 'DROP DATABASE copy');
	return "$stdout\n$stderr";
}

my $with_vehicle = q{'{"item": {"vin": "vin9"}, "location": {"location_name": "Depot"}}'};
my $swap = qq{
	ALTER TABLE loopit.asset RENAME TO asset_old;
	CREATE TABLE loopit.asset (LIKE loopit.asset_old INCLUDING ALL);
	INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 9999, 'VIN9');
	SELECT test.ingest(test.lead('2', $with_vehicle));
	SELECT b.asset_id FROM loopit.booking b;
};
my @cases = (
	[ 'another table takes the place of one that the session never opened',
		qr/^processed created skipped vehicle_missing\nfailed skipped skipped person_skipped$/m,
		"SELECT test.ingest(test.lead('1')); $swap" ],
	[ 'or of one that it has',
		qr/^processed created created\nfailed skipped skipped person_skipped\n709$/m,
		"SELECT test.ingest(test.lead('1', $with_vehicle)); $swap" ],
	[ 'a CHECK that cannot be prepared harms no lead that writes nothing there',
		qr/^processed created created\nprocessed unchanged unchanged\nfailed skipped skipped person_skipped\nfailed skipped skipped person_skipped\nprocessed unchanged unchanged$/m, qq{
		SELECT test.ingest(test.lead('1', $with_vehicle));
		ALTER TABLE loopit.person ADD CHECK (length(first_name) < 1 / 0) NOT VALID;
		SELECT test.ingest(test.lead('1', $with_vehicle));
		SELECT test.ingest(jsonb_set(test.lead('1', $with_vehicle), '{prospect,first_name}', '"Bea"'));
		SELECT test.ingest(jsonb_set(test.lead('1', $with_vehicle), '{prospect,first_name}', '"Bea"'));
		SELECT test.ingest(test.lead('1', $with_vehicle));
	} ],
	[ 'a further unique index is not the key, and no serialization failure',
		qr/^processed created created\nfailed skipped skipped person_skipped\n2$/m, qq{
		CREATE COLLATION test.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE UNIQUE INDEX ON loopit.booking (workspace_id, lead_reference COLLATE test.nocase);
		SELECT test.ingest(test.lead('Abc', $with_vehicle));
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SELECT test.ingest(test.lead('aBC', $with_vehicle));
		COMMIT;
		SELECT count(*) FROM loopit.ingest_log;
	} ],
	[ 'a role of the owner is taken away', qr/^processed created skipped vehicle_missing\nfailed skipped skipped person_skipped$/m, q{
		GRANT sessions_group TO sessions_owner;
		ALTER SCHEMA loopit OWNER TO sessions_owner;
		DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind IN ('r', 'v')
			LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO sessions_owner'; END LOOP; END $$;
		REVOKE UPDATE ON loopit.person FROM sessions_owner; GRANT UPDATE ON loopit.person TO sessions_group;
		SELECT test.ingest(test.lead('1'));
		REVOKE sessions_group FROM sessions_owner;
		SELECT test.ingest(jsonb_set(test.lead('1'), '{prospect,first_name}', '"Bea"'));
	} ]);

my $icu = $node->safe_psql('postgres', q{SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')});
for my $case (@cases)
{
	my ($what, $expected, $sql) = @$case;
	next if $sql =~ /provider = icu/ && $icu eq 'f';
	like(run('sql', $sql), $expected, "$what: by SQL");
	like(run('auto', $sql), $expected, "$what: without");
}

# Statements that make the session rebuild its descriptions again and again.
like(run('auto', q{
		SELECT test.ingest(test.lead('1', '{"item": {"vin": "vin9"}}'));
		BEGIN;
		CREATE TABLE test.memory AS SELECT sum(total_bytes) AS bytes FROM pg_backend_memory_contexts;
		DO $$ BEGIN FOR i IN 1 .. 40 LOOP
			PERFORM test.ingest(test.lead(i::text, '{"item": {"vin": "vin9"}}'));
			EXECUTE format('CREATE TABLE test.t%s (w bigint REFERENCES loopit.workspace)', i);
		END LOOP; END $$;
		SELECT 'left behind: ' || (sum(total_bytes) - bytes > 6000000) FROM pg_backend_memory_contexts, test.memory GROUP BY bytes;
	}), qr/left behind: false/, 'descriptions that are not valid any more are not kept');
like(run('auto', q{
		CREATE INDEX ON loopit.ingest_log ((md5(payload::text)));
		SELECT test.ingest(test.lead('1'));
		SELECT test.ingest(test.lead('2', jsonb_build_object('filler', repeat('x', 8000000))));
		SELECT 'left behind: ' || (sum(total_bytes) > 8000000) FROM pg_backend_memory_contexts WHERE name = 'ExprContext';
	}), qr/left behind: false/, 'nor what an index computed of a large payload');
$node->stop;
done_testing();

# Which tables are accessed directly, and that the results are the same as with SQL:
# whatever a DBA adds or removes, the same leads have the same outcomes and rows with
# both settings of loopit_leads.storage.  If a table has a feature that requires SQL,
# a message at DEBUG1 names it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $node = new_node('storage', 'fsync = off', 'autovacuum = off');

# Leads of all kinds: a new one, an update, a second document, a redelivery, a late
# delivery, and one that is booked at the location of the vehicle.
$node->safe_psql('postgres', q{
	CREATE SCHEMA test;
	CREATE FUNCTION test.lead(id int, name text, more jsonb) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', id, 'dealership', '{"id": 356}'::jsonb,
			'updated_at', '2025-10-0' || id || 'T00:00:00Z',
			'prospect', jsonb_build_object('email', 'ann@example.com', 'first_name', name),
			'item', '{"vin": "vin9"}'::jsonb, 'location', '{"location_name": "DEPOT"}'::jsonb,
			'additional_details', '{"subscription_plan": "Premium"}'::jsonb || more)
	$$;
	CREATE TABLE test.lead AS SELECT * FROM (VALUES
		(1, test.lead(5, 'Ann', '{"license_number": "L1", "license_expiry": "01/01/2030", "license_dob": "01/01/1990"}')),
		(2, test.lead(6, 'Bea', '{"passport_number": "P1", "passport_country": "au", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"}')),
		(3, test.lead(7, 'Bea', '{"license_number": "L2", "license_expiry": "01/01/2031", "license_dob": "01/01/1990"}')),
		(4, test.lead(7, 'Bea', '{}')),
		(5, test.lead(2, 'Old', '{}')),
		(6, test.lead(8, 'Bea', '{}') - 'location')) v (n, payload);
	CREATE FUNCTION test.identity(x bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN x; END';
	CREATE FUNCTION test.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TABLE test.state (id text PRIMARY KEY);
	CREATE TABLE test.region (id bigint PRIMARY KEY);
	CREATE DOMAIN test.flag AS boolean DEFAULT true;
	CREATE DOMAIN test.flagged AS text CHECK (VALUE <> 'x');
	CREATE EXTENSION btree_gist;
	CREATE FUNCTION test.calls() RETURNS SETOF text LANGUAGE sql AS $$
		SELECT concat_ws(' ', o->>'status', o#>>'{person,action}', o#>>'{driver_licence,action}',
			o#>>'{passport,action}', o#>>'{booking,action}', o#>>'{booking,location_from}', o#>>'{issues,0,code}')
		FROM (SELECT loopit_ingest_lead(payload) o FROM test.lead ORDER BY n) l
	$$;
	CREATE FUNCTION test.rows() RETURNS SETOF text LANGUAGE sql AS $$
		SELECT to_jsonb(p)::text FROM (SELECT workspace_id, email, first_name, source_updated_at FROM loopit.person) p
		UNION ALL SELECT to_jsonb(d)::text FROM (SELECT kind, number, expires_on FROM loopit.identity_document ORDER BY kind) d
		UNION ALL SELECT to_jsonb(b)::text FROM (SELECT lead_reference, asset_id, location_id, package_id FROM loopit.booking ORDER BY 1) b
		UNION ALL SELECT 'log rows ' || count(*) FROM loopit.ingest_log
	$$;
});

# Runs the leads after some DDL, and rolls all of it back.  Returns outcomes and
# rows, the messages about tables, and the errors.
sub run
{
	my ($ddl, $storage, $after) = @_;
	$after //= '';
	my ($stdout, $stderr) = ('', '');
	$node->psql('postgres', qq{
		SET client_min_messages = error;
		BEGIN;
		SET loopit_leads.storage = $storage;
		$ddl;
		SET client_min_messages = debug1;
		SELECT * FROM test.calls();
		SELECT * FROM test.rows();
		SET client_min_messages = error;
		$after;
		ROLLBACK;
	}, stdout => \$stdout, stderr => \$stderr);
	my @said = $stderr =~ /table "(\w+)" uses SQL: (.*)/g;
	my %said = @said;
	return ($stdout, join(', ', map { "$_: $said{$_}" } sort keys %said),
		join("\n", grep { /ERROR|WARNING|leak/ } split /\n/, $stderr));
}

my ($plain) = run('SELECT', 'sql');
is(() = $plain =~ /^processed/mg, 6, 'all leads are processed');
like($plain, qr/^processed created created skipped created payload$/m, 'the first creates everything');
like($plain, qr/^processed unchanged .* created asset$/m, 'the last is booked at the location of the vehicle');
like($plain, qr/stale_payload/, 'one is late');
is(() = $plain =~ /"kind"|"lead_reference"|log rows 6/g, 8, 'two documents, five bookings and six log rows');

# The DDL, and which tables then require SQL, and why.
my @cases = (
	[ 'SELECT', '' ],

	# what direct access supports
	[ 'ALTER TABLE loopit.person ADD note text, ADD CHECK (length(first_name) < 9)', '' ],
	[ 'CREATE INDEX ON loopit.booking (created_at); CREATE INDEX ON loopit.person (lower(last_name)) WHERE city IS NULL', '' ],
	[ 'ALTER INDEX loopit.person_email_key RENAME TO address', '' ],
	[ 'ALTER TABLE loopit.person ADD x int; ALTER TABLE loopit.person DROP x, ALTER first_name SET NOT NULL', '' ],
	[ 'ALTER TABLE loopit.identity_document DROP CONSTRAINT identity_document_workspace_id_person_id_fkey', '' ],
	[ 'ALTER TABLE loopit.person ENABLE ROW LEVEL SECURITY', '' ],
	[ 'ALTER TABLE loopit.ingest_log SET UNLOGGED', '' ],

	# what requires SQL
	[ 'CREATE TRIGGER t AFTER INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.fire()', 'booking: it has a trigger' ],
	[ 'CREATE TRIGGER t BEFORE UPDATE ON loopit.person FOR EACH STATEMENT EXECUTE FUNCTION test.fire()', 'person: it has a trigger' ],
	[ 'CREATE CONSTRAINT TRIGGER t AFTER INSERT ON loopit.ingest_log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.fire()', 'ingest_log: it has a trigger' ],
	[ 'CREATE FUNCTION test.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE loopit.asset SET stock_number = NEW.number WHERE id = 709; UPDATE loopit.person SET last_name = NEW.number; RETURN NULL; END $$;
		CREATE TRIGGER t AFTER INSERT OR UPDATE ON loopit.identity_document FOR EACH ROW EXECUTE FUNCTION test.touch()', 'identity_document: it has a trigger' ],
	[ 'ALTER TABLE loopit.asset DISABLE TRIGGER ALL', 'asset: a foreign key is not enabled as usual' ],
	[ 'ALTER TABLE loopit.booking ADD region bigint REFERENCES test.region', 'booking: it has a foreign key that is not known' ],
	[ 'ALTER TABLE loopit.booking DROP CONSTRAINT booking_workspace_id_asset_id_fkey; ALTER TABLE loopit.booking ADD FOREIGN KEY (asset_id) REFERENCES test.region NOT VALID; INSERT INTO test.region VALUES (709)',
		'booking: it has a foreign key that is not known' ],
	[ 'ALTER TABLE loopit.person ADD FOREIGN KEY (state) REFERENCES test.state', 'person: an updated column is of a foreign key' ],
	[ 'CREATE UNIQUE INDEX ON loopit.person (workspace_id, mobile_phone)', 'person: an updated column is unique' ],
	[ 'ALTER TABLE loopit.person ADD g text GENERATED ALWAYS AS (upper(first_name)) STORED', 'person: it has a generated column' ],
	[ 'ALTER TABLE loopit.booking ADD c timestamptz NOT NULL DEFAULT now()', 'booking: a column that is not known has a default or a domain' ],
	[ 'ALTER TABLE loopit.booking ADD c test.flag', 'booking: a column that is not known has a default or a domain' ],
	[ 'ALTER TABLE loopit.identity_document ADD CHECK (test.identity(person_id) > 0)', 'identity_document: a CHECK calls a function that is not an immutable one of the server' ],
	[ 'ALTER TABLE loopit.person ADD CHECK (first_name::test.flagged IS NOT NULL)', 'person: a CHECK calls a function that is not an immutable one of the server' ],
	[ 'CREATE INDEX ON loopit.ingest_log (test.identity(id))', 'ingest_log: an index calls a function that is not the server\'s' ],
	[ 'CREATE INDEX ON loopit.ingest_log USING gin (payload)', 'ingest_log: an index is not an ordinary one' ],
	[ 'CREATE INDEX ON loopit.ingest_log USING brin (received_at)', 'ingest_log: an index is not an ordinary one' ],
	[ 'ALTER TABLE loopit.booking ADD UNIQUE (ingest_log_id) DEFERRABLE INITIALLY DEFERRED', 'booking: it has a trigger' ],
	[ 'ALTER TABLE loopit.booking ADD EXCLUDE USING gist (id WITH =)', 'booking: an index is not an ordinary one' ],
	[ 'DROP INDEX loopit.asset_vin_key', 'asset: an index is missing' ],
	[ 'DROP INDEX loopit.asset_vin_key; CREATE INDEX asset_vin_key ON loopit.asset (workspace_id, upper(vin)) WHERE archived_at IS NULL', 'asset: an index is missing' ],
	[ 'DROP INDEX loopit.asset_vin_key; CREATE INDEX asset_vin_key ON loopit.asset (workspace_id, lower(vin COLLATE "C")) WHERE id > 0', 'asset: an index is missing' ],
	[ 'UPDATE loopit.asset SET vin = vin; DROP INDEX loopit.asset_vin_key; CREATE UNIQUE INDEX asset_vin_key ON loopit.asset (workspace_id, lower(vin COLLATE "C")) WHERE archived_at IS NULL',
		'asset: an index is newer than what the transaction sees' ],
	[ 'ALTER TABLE loopit.person ALTER mobile_phone TYPE varchar(50)', 'person: a column is missing or has another type' ],
	[ 'ALTER TABLE loopit.person ALTER source_updated_at TYPE timestamptz(0)', 'person: a column is missing or has another type' ],
	[ 'ALTER TABLE loopit.asset_location DROP CONSTRAINT asset_location_workspace_id_asset_id_position_key; CREATE UNIQUE INDEX ON loopit.asset_location (workspace_id, asset_id, position DESC)',
		'asset_location: an index is missing' ],
	[ 'CREATE COLLATION test.ci (provider = icu, locale = \'und-u-ks-level2\', deterministic = false); ALTER TABLE loopit.booking ALTER lead_reference TYPE text COLLATE test.ci',
		'booking: a column\'s collation is not deterministic' ],
	[ 'ALTER TABLE loopit.booking ALTER ingest_log_id ADD GENERATED BY DEFAULT AS IDENTITY', 'booking: a column is an identity column' ],
	[ 'ALTER TABLE loopit.person FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON loopit.person USING (true); CREATE ROLE storage_owner;
		GRANT ALL ON ALL TABLES IN SCHEMA test TO storage_owner; ALTER SCHEMA loopit OWNER TO storage_owner;
		DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = \'loopit\'::regnamespace AND relkind IN (\'r\', \'v\')
			LOOP EXECUTE \'ALTER TABLE \' || t || \' OWNER TO storage_owner\'; END LOOP; END $$',
		'person: its policies apply to its owner' ],
	[ 'CREATE RULE r AS ON INSERT TO loopit.person DO ALSO NOTHING; DROP RULE r ON loopit.person; CREATE RULE r AS ON DELETE TO loopit.person DO INSTEAD NOTHING', 'person: it has rules' ],
	[ 'CREATE TABLE test.child () INHERITS (loopit.location)', 'location: it is a partition or inherits' ],
	[ 'REVOKE INSERT ON loopit.package FROM CURRENT_USER', '' ],
	[ 'ALTER TABLE loopit.ingest_log RENAME TO old; CREATE TABLE loopit.ingest_log (LIKE loopit.old INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (received_at);
		CREATE TABLE test.today PARTITION OF loopit.ingest_log DEFAULT',
		'ingest_log: it is partitioned, today: an index is missing' ],
	[ 'CREATE TABLE test.whole (LIKE loopit.dealership) PARTITION BY LIST (id); ALTER TABLE test.whole ATTACH PARTITION loopit.dealership DEFAULT', 'dealership: it is a partition or inherits' ],
	[ "SET session_replication_role = replica", '' ],
);

my $icu = $node->safe_psql('postgres', q{SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')});
for my $case (@cases)
{
	my ($ddl, $reasons) = @$case;
	next if $ddl =~ /provider = icu/ && $icu eq 'f';	# the server was built without ICU
	my ($rows, $said, $errors) = run($ddl, 'auto');
	my ($rows_sql, $said_sql) = run($ddl, 'sql');
	my $short = substr($ddl =~ s/\s+/ /gr, 0, 90);
	is($rows, $plain, "the same rows: $short");
	is($rows_sql, $plain, "the same with SQL: $short");
	is($said, $reasons, 'reported: ' . ($reasons || 'nothing'));
	is($said_sql, '', 'nothing is reported with SQL');
	is($errors, '', 'no error');
}

# Cases that change the result: it is the same with both storages.
my $trigger = 'CREATE FUNCTION test.do() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NULL; END $$;
	CREATE TRIGGER t AFTER INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION test.do()';
my @same = (
	[ 'a person that a trigger takes away from the booking', qr/^failed/m,
		sprintf $trigger, 'DELETE FROM loopit.person', 'loopit.identity_document' ],
	[ 'a document that the trigger of the person changes', qr/^processed updated/m,
		sprintf $trigger, q{UPDATE loopit.identity_document SET number = 'T'}, 'loopit.person' ],
	[ 'a vehicle that a trigger gives another number', qr/^processed created created/m,
		sprintf $trigger, q{UPDATE loopit.asset SET stock_number = 'T' WHERE id = 709}, 'loopit.identity_document' ],
	[ 'a trigger that alters another table', qr/^processed created created/m,
		sprintf $trigger, 'ALTER TABLE loopit.person DISABLE TRIGGER ALL; ALTER TABLE loopit.person ENABLE TRIGGER ALL', 'loopit.identity_document' ],
	[ 'a row of this transaction whose foreign key is still to be checked', qr/^processed updated(.|\n)*referred to: f/m,
		q{ALTER TABLE loopit.person ALTER CONSTRAINT person_workspace_id_fkey DEFERRABLE INITIALLY DEFERRED;
		ALTER TABLE loopit.dealership DROP CONSTRAINT dealership_workspace_id_fkey; UPDATE loopit.dealership SET workspace_id = 77 WHERE id = 356;
		INSERT INTO loopit.person (workspace_id, email) VALUES (77, 'ann@example.com')},
		q{DO $$ BEGIN SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN foreign_key_violation THEN PERFORM set_config('test.refused', 't', true); END $$;
		SELECT 'referred to: ' || (current_setting('test.refused', true) IS DISTINCT FROM 't')} ],
	[ 'what stood in a column that was dropped', qr/^kept: f/m,
		q{ALTER TABLE loopit.person ADD secret text; SELECT FROM loopit_ingest_lead((SELECT payload FROM test.lead WHERE n = 1));
		UPDATE loopit.person SET secret = 'secret'; ALTER TABLE loopit.person DROP secret},
		q{CREATE EXTENSION pageinspect;
		SELECT 'kept: ' || bool_or(position('secret'::bytea IN t_data) > 0) FROM heap_page_items(get_raw_page('loopit.person', 0)) WHERE t_xmax = '0' OR t_infomask & 128 > 0} ],
	[ 'a predicate that raises an error, after an index that does', qr/^failed/m,
		q{CREATE UNIQUE INDEX ON loopit.booking (asset_id); CREATE INDEX ON loopit.booking (id) WHERE 1 / (id - id) > 0 OR person_id IS NULL},
		q{SELECT DISTINCT outcome ->> 'error' FROM loopit.ingest_log ORDER BY 1} ],
	[ 'a table that another takes the place of', qr/^failed(.|\n)*/m,
		q{SELECT FROM loopit_ingest_lead((SELECT payload FROM test.lead WHERE n = 1));
		ALTER TABLE loopit.asset RENAME TO asset_old; CREATE TABLE loopit.asset (LIKE loopit.asset_old INCLUDING ALL);
		INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 9999, 'VIN9')} ]);
for my $same (@same)
{
	my ($what, $expected, $ddl, $after) = @$same;
	my ($rows, undef, $errors) = run($ddl, 'auto', $after);
	my ($rows_sql, undef, $errors_sql) = run($ddl, 'sql', $after);
	like($rows_sql, $expected, $what);
	is($rows, $rows_sql, 'the same');
	is($errors, $errors_sql, 'and the same errors');
}

# Partial indexes: a row is in those whose predicate holds, whatever it is made of.
my $partial = join ';', map { "CREATE INDEX ON loopit.$_" }
	'ingest_log (id) WHERE NOT open', 'ingest_log (id) WHERE status <> \'processed\'', 'ingest_log (id) WHERE reason = \'x\'',
	'ingest_log (id) WHERE (reason <> \'x\') IS NOT TRUE', 'ingest_log (id) WHERE open IS NOT FALSE OR email IS NULL',
	'ingest_log (id) WHERE length(email) > 3', 'ingest_log (id) WHERE payload_version > 0',
	'person (id) WHERE middle_name IS NULL', 'person (id) WHERE first_name = \'Bea\'', 'person (id) WHERE NOT first_name <> \'Ann\'',
	'booking (id) WHERE person_id IS NOT NULL AND lead_reference <> \'5\'';
my $checked = q{SELECT loopit_ingest_lead('{"prospect": {"email": "nobody"}, "dealership": {"id": 356}}') ->> 'status';
	SELECT 'indexes: ' || count(*) || coalesce(sum(length(bt_index_check(indexrelid, true)::text)), 0)
	FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'loopit'::regnamespace AND indpred IS NOT NULL};
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck');
my ($partial_rows, $partial_said, $partial_errors) = run($partial, 'auto', $checked);
like($partial_rows, qr/^rejected\nindexes: 2\d0$/m, 'amcheck: every partial index has the rows of its predicate');
is($partial_said, '', 'they need no SQL');
is($partial_errors, '', 'no error');
is((run($partial, 'sql', $checked))[0], $partial_rows, 'the same with SQL');

# A function of the tables' owner that the server calls to read an index runs with the
# pinned search_path, whatever the caller's is.
$node->safe_psql('postgres', q{
	CREATE FUNCTION test.pinned(n bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
		IF current_setting('test.armed', true) = 'on' AND current_setting('search_path') <> 'pg_catalog, pg_temp' THEN RAISE 'not pinned'; END IF;
		RETURN n; END $$;
	CREATE INDEX pinned_1 ON loopit.booking (id) WHERE id > test.pinned(0); CREATE INDEX pinned_2 ON loopit.person (id) WHERE id > test.pinned(0);
	CREATE INDEX pinned_3 ON loopit.ingest_log (id) WHERE id > test.pinned(0)});
for my $storage (qw(auto sql))
{
	my ($rows, undef, $errors) = run('SET search_path = test, public; SET test.armed = on', $storage);
	is($rows, $plain, "the same rows from a session with a search_path of its own, storage = $storage");
	is($errors, '', 'no error');
}
$node->safe_psql('postgres', 'DROP INDEX loopit.pinned_1, loopit.pinned_2, loopit.pinned_3');

# However many leads fail in one transaction, no memory leaks.
like($node->safe_psql('postgres', q{
		BEGIN;
		ALTER TABLE loopit.person ADD CHECK (first_name <> 'Bad');
		SELECT count(loopit_ingest_lead(test.lead(i, 'Bad', '{}') - 'updated_at')) FROM generate_series(1, 20) i;
		CREATE TEMP TABLE memory AS SELECT sum(total_bytes) AS bytes FROM pg_backend_memory_contexts;
		SELECT count(loopit_ingest_lead(test.lead(i, 'Bad', '{}') - 'updated_at')) FROM generate_series(1, 500) i;
		SELECT sum(total_bytes) - bytes < 1000000 FROM pg_backend_memory_contexts, memory GROUP BY bytes;
		ROLLBACK}), qr/^t$/m, 'failing leads leak no memory');

# An error during the preparation of a CHECK makes each lead fail.
my $broken = 'ALTER TABLE loopit.person ADD CHECK (length(first_name) < 1 / 0) NOT VALID';
my ($broken_rows) = run($broken, 'auto');
is(() = $broken_rows =~ /^failed/mg, 6, 'a CHECK that cannot be evaluated fails every lead');
is((run($broken, 'sql'))[0], $broken_rows, 'the same with SQL');

# A session notices that a table has changed.
my (undef, undef, $stderr) = ('', '', '');
$node->psql('postgres', q{
	SET client_min_messages = debug1;
	SELECT loopit_ingest_lead(payload) FROM test.lead WHERE n = 1;
	CREATE TRIGGER t AFTER INSERT ON loopit.ingest_log FOR EACH ROW EXECUTE FUNCTION test.fire();
	SELECT loopit_ingest_lead(payload) FROM test.lead WHERE n = 1;
	SELECT loopit_ingest_lead(payload) FROM test.lead WHERE n = 1;
	DROP TRIGGER t ON loopit.ingest_log;
	SELECT loopit_ingest_lead(payload) FROM test.lead WHERE n = 1;
}, stderr => \$stderr);
is(() = $stderr =~ /uses SQL/g, 1, 'a table is checked once until it changes');

# A call within a call, after the cached tables of the outer call have been marked
# stale: the outer call keeps its entries until its end.
is($node->safe_psql('postgres', q{
		CREATE FUNCTION test.again() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.lead_reference = '1' THEN
				ANALYZE loopit.person, loopit.identity_document, loopit.ingest_log, loopit.asset;
				PERFORM public.loopit_ingest_lead(payload || '{"id": 99}') FROM test.lead WHERE n = 3;
			END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER t BEFORE INSERT ON loopit.booking FOR EACH ROW EXECUTE FUNCTION test.again();
		SELECT loopit_ingest_lead(payload || '{"id": 1}')->>'status' FROM test.lead WHERE n = 2;
		DROP TRIGGER t ON loopit.booking;
		SELECT status, lead_reference, booking_action FROM loopit.ingest_log WHERE lead_reference IN ('1', '99') ORDER BY 2;
	}),
	"processed\nprocessed|1|created\nprocessed|99|created", 'a call within a call');
$node->stop;
done_testing();

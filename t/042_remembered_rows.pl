# A session that remembers where it found rows finds the same as by SQL, whatever
# becomes of the rows meanwhile: they are changed, moved, deleted, rolled back, replaced
# by others in the same place, and their tables truncated.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use Test::More;

my $node = new_node('remembered', 'fsync = off', 'autovacuum = off', 'shared_buffers = 16MB');
$node->safe_psql('postgres', q{
	CREATE SCHEMA test;
	UPDATE loopit.asset SET stock_number = 'S' || id;
	CREATE FUNCTION test.lead(vehicle int, place text, plan text) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_build_object('id', 1, 'dealership', '{"id": 356}'::jsonb,
			'prospect', '{"email": "ann@example.com", "first_name": "Ann"}'::jsonb,
			'item', CASE vehicle % 3
				WHEN 0 THEN jsonb_build_object('vin', 'vin' || vehicle)
				WHEN 1 THEN jsonb_build_object('stock_number', 'S' || 700 + vehicle)
				ELSE jsonb_build_object('vin', 'Vin' || vehicle, 'stock_number', 'S' || 700 + vehicle) END,
			'location', jsonb_build_object('location_name', place),
			'additional_details', jsonb_build_object('subscription_plan', plan))
	$$;
	-- What a lead would do, and what it would do by SQL if that differs.
	CREATE FUNCTION test.would(lead jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		remembered text;
		by_sql text;
	BEGIN
		remembered := test.said(loopit_validate_lead(lead));
		SET LOCAL loopit_leads.storage = sql;
		by_sql := test.said(loopit_validate_lead(lead));
		SET LOCAL loopit_leads.storage = auto;
		RETURN remembered || CASE WHEN by_sql <> remembered THEN ', but by SQL: ' || by_sql ELSE '' END;
	END $$;
	CREATE FUNCTION test.said(outcome jsonb) RETURNS text LANGUAGE sql AS $$
		SELECT concat_ws(' ', outcome->>'status', outcome->>'workspace_id', outcome->'person'->>'action', outcome->'person'->>'id',
			outcome->'booking'->>'action', outcome->'booking'->>'reason', outcome->'booking'->>'asset_id',
			outcome->'booking'->>'location_id', outcome->'booking'->>'package_id',
			(SELECT string_agg(concat_ws(' ', i->>'code', i->>'hint'), ', ') FROM jsonb_array_elements(outcome->'issues') i))
	$$;
	-- How often this transaction has searched the indexes of tables, if the counts of
	-- earlier ones have been sent.
	CREATE FUNCTION test.searches(tables text) RETURNS bigint LANGUAGE sql AS $$
		SELECT sum(pg_stat_get_xact_numscans(indexrelid)) FROM pg_index WHERE indrelid::regclass::text ~ tables
	$$;
});

# The same lead twice: the second time, no index is searched.
my $inventory = q{'loopit\.(dealership|location|package|asset|asset_location)$'};
my $lead = q{test.lead(5, 'Depot', 'Premium')};
my $search = "SELECT loopit_validate_lead($lead)->>'x'; SELECT test.searches($inventory); COMMIT; SELECT pg_stat_force_next_flush();";
my @searches = split /\n/, $node->safe_psql('postgres', qq{
	BEGIN; $search
	BEGIN; $search
	UPDATE loopit.package SET name = name; SELECT pg_stat_force_next_flush();
	BEGIN; $search
	BEGIN; $search
	BEGIN ISOLATION LEVEL SERIALIZABLE; $search
	SET loopit_leads.storage = sql;
	BEGIN; $search
});
my ($first, $second, $moved, $fourth, $serializable, $sql) = grep { $_ ne '' } @searches;
cmp_ok($first, '>=', 5, 'a lead is searched for by indexes');
is($second, 0, 'and by none once its rows are remembered');
is($moved, 1, 'a row that has moved is searched for once');
is($fourth, 0, 'and remembered again');
cmp_ok($serializable, '>=', $first, 'SERIALIZABLE uses the indexes');
cmp_ok($sql, '>', 0, 'and so does SQL');

# Each case: statements between two leads, of which the first finds the rows.
my @cases = (
	[ 'a vehicle is archived', 'UPDATE loopit.asset SET archived_at = now() WHERE id = 705', qr/asset_archived/ ],
	[ 'it is deleted', 'DELETE FROM loopit.asset_location WHERE asset_id = 705; DELETE FROM loopit.asset WHERE id = 705', qr/asset_not_found/ ],
	[ 'its keys change', q{UPDATE loopit.asset SET vin = 'X', stock_number = 'X' WHERE id = 705}, qr/asset_not_found/ ],
	[ 'two vehicles change places', q{
		UPDATE loopit.asset SET vin = NULL, stock_number = NULL WHERE id IN (704, 705);
		UPDATE loopit.asset SET vin = 'VIN5', stock_number = 'S705' WHERE id = 704;
		UPDATE loopit.asset SET vin = 'VIN4', stock_number = 'S704' WHERE id = 705}, qr/ 704 3 2/ ],
	[ 'the VIN is written in another case', q{UPDATE loopit.asset SET vin = 'vIn5', stock_number = 'S705' WHERE id = 705}, qr/ 705 3 2/ ],
	[ 'the location is renamed', q{UPDATE loopit.location SET name = 'Yard'}, qr/location_defaulted|location_not_found/ ],
	[ 'the package is renamed, and another has its name', q{
		UPDATE loopit.package SET name = 'Old' WHERE id = 2; INSERT INTO loopit.package VALUES (7, 22, 'Premium')}, qr/ 705 3 22/ ],
	[ 'the package is archived', 'UPDATE loopit.package SET archived_at = now()', qr/package/ ],
	[ 'the dealership belongs to another workspace', 'UPDATE loopit.dealership SET workspace_id = 8 WHERE id = 356', qr/processed 8/ ],
	[ 'the dealership is deleted', 'DELETE FROM loopit.dealership', qr/workspace_not_found/ ],
	[ 'the table is written anew', 'VACUUM FULL loopit.asset; VACUUM FULL loopit.location; CLUSTER loopit.package USING package_pkey', qr/ 705 3 2/ ],
	[ 'the table is emptied and filled in another order', q{
		CREATE TEMP TABLE copy AS SELECT * FROM loopit.asset_location ORDER BY asset_id DESC;
		TRUNCATE loopit.asset_location; INSERT INTO loopit.asset_location SELECT * FROM copy; DROP TABLE copy}, qr/ 705 3 2/ ],
	[ 'pages at the end are cut off', q{
		INSERT INTO loopit.package (workspace_id, id, name) SELECT 7, i, repeat('x', 100) || i FROM generate_series(1000, 3000) i;
		INSERT INTO loopit.package VALUES (7, 22, 'Last');
		SELECT test.would(test.lead(5, 'Depot', 'Last'));
		DELETE FROM loopit.package WHERE id > 20;
		VACUUM (TRUNCATE) loopit.package;
		SELECT test.would(test.lead(5, 'Depot', 'Last'))}, qr/ 705 3 2/ ],
	[ 'a change is rolled back', q{BEGIN; UPDATE loopit.asset SET vin = 'Y', stock_number = 'Y' WHERE id = 705;
		SELECT test.would(test.lead(5, 'Depot', 'Premium')); ROLLBACK}, qr/ 705 3 2/ ],
	[ 'a row that was rolled back is replaced', q{BEGIN; UPDATE loopit.package SET name = 'Old' WHERE id = 2; INSERT INTO loopit.package VALUES (7, 23, 'Premium');
		SELECT test.would(test.lead(5, 'Depot', 'Premium')); ROLLBACK; VACUUM loopit.package;
		INSERT INTO loopit.package VALUES (7, 24, 'Basic')}, qr/ 705 3 2/ ],
	[ 'another table has the name', q{ALTER TABLE loopit.package RENAME TO former; CREATE TABLE loopit.package (LIKE loopit.former INCLUDING ALL);
		INSERT INTO loopit.package VALUES (7, 77, 'Premium')}, qr/ 705 3 77/,
		'DROP TABLE loopit.package; ALTER TABLE loopit.former RENAME TO package' ],
	[ 'the index is not unique any more', q{DROP INDEX loopit.package_name_key; CREATE INDEX package_name_key ON loopit.package (workspace_id, (name COLLATE "C")) WHERE archived_at IS NULL}, qr/ 705 3 2/,
		q{DROP INDEX loopit.package_name_key; CREATE UNIQUE INDEX package_name_key ON loopit.package (workspace_id, (name COLLATE "C")) WHERE archived_at IS NULL} ],
);
for my $case (@cases)
{
	my ($title, $statements, $expected, $undo) = @$case;
	my @said = split /\n/, $node->safe_psql('postgres', qq{
		SELECT test.would($lead);
		$statements;
		SELECT test.would($lead);
		SELECT test.would($lead);
	});
	like($said[0], qr/^processed 7 created created  ?705 3 2$/, "$title: the lead finds the rows");
	like($said[$_], $expected, "$title: it finds what is there now") for -2, -1;
	is_deeply([ grep { /but by SQL/ } @said ], [], "$title: the same as by SQL");
	$node->safe_psql('postgres', $undo) if $undo;
	$node->safe_psql('postgres', q{
		DELETE FROM loopit.asset_location; DELETE FROM loopit.asset; DELETE FROM loopit.package; DELETE FROM loopit.location;
		DELETE FROM loopit.dealership; DELETE FROM loopit.workspace;
	} . Loopit::dealership() . q{UPDATE loopit.asset SET stock_number = 'S' || id});
}

# A snapshot that is older than the unique index sees rows that it would not allow: of
# two vehicles with the VIN, the second has the stock number.
my $told = q{SELECT test.said(loopit_validate_lead(test.lead(5, 'Depot', 'Premium')))};
my @told = split /\n/, $node->safe_psql('postgres', qq{
	DROP INDEX loopit.asset_vin_key;
	UPDATE loopit.asset SET stock_number = NULL WHERE id = 705;
	INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES (7, 800, 'VIN5', 'S705');
	BEGIN;
	DECLARE remembered CURSOR FOR $told;
	DECLARE by_sql CURSOR FOR $told;
	DELETE FROM loopit.asset WHERE id = 800;
	CREATE UNIQUE INDEX asset_vin_key ON loopit.asset (workspace_id, lower(vin COLLATE "C")) WHERE archived_at IS NULL;
	FETCH remembered;
	SET LOCAL loopit_leads.storage = sql;
	FETCH by_sql;
	COMMIT;
	UPDATE loopit.asset SET stock_number = 'S705' WHERE id = 705;
});
like($told[1], qr/^processed 7 created created  ?705 /, 'an older snapshot than a unique index sees two vehicles with one VIN');
is($told[0], $told[1], 'and a lead the one of them that SQL finds');

# Many changes at random, in one session.
my $seed = $ENV{LOOPIT_SEED} // 1;
srand($seed);
my @change = (
	sub { my ($a, $b) = map { 701 + int rand 20 } 1, 2; "UPDATE loopit.asset SET archived_at = CASE WHEN archived_at IS NULL THEN now() END WHERE id IN ($a, $b)" },
	sub { my $a = 701 + int rand 20; "UPDATE loopit.asset SET vin = upper(vin) || '' WHERE id = $a" },
	sub { my ($a, $b) = map { 701 + int rand 20 } 1, 2;
		"UPDATE loopit.asset SET vin = '-' || vin WHERE id IN ($a, $b); UPDATE loopit.asset SET vin = 'VIN' || (CASE id WHEN $a THEN $b ELSE $a END - 700) WHERE id IN ($a, $b)" },
	sub { my $a = 701 + int rand 20; "DELETE FROM loopit.asset_location WHERE asset_id = $a; DELETE FROM loopit.asset WHERE id = $a" },
	sub { my $a = 1 + int rand 20; "INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES (7, 700 + $a, 'VIN$a', 'S7' || to_char($a, 'FM00')) ON CONFLICT DO NOTHING; INSERT INTO loopit.asset_location VALUES (7, 700 + $a, 3, 1) ON CONFLICT DO NOTHING" },
	sub { 'UPDATE loopit.package SET name = CASE name WHEN \'Premium\' THEN \'Basic\' ELSE \'Premium\' END' },
	sub { 'UPDATE loopit.location SET name = CASE lower(name) WHEN \'depot\' THEN \'Yard\' ELSE \'DEPOT\' END' },
	sub { 'VACUUM loopit.asset, loopit.package, loopit.location' },
	sub { 'VACUUM FULL loopit.asset' },
);
my $script = "SET client_min_messages = error;\n";
for (1 .. 1500)
{
	my $change = $change[ rand(9) < 0.2 ? 8 : int rand 8 ]->();
	$change = "BEGIN; $change; ROLLBACK" if rand() < 0.2 && $change !~ /VACUUM/;
	$script .= "$change;\n";
	$script .= sprintf "SELECT 'lead: ' || test.would(test.lead(%d, '%s', '%s'));\n",
		1 + int rand 20, (qw(Depot Yard))[rand 2], (qw(Premium Basic))[rand 2] for 1, 2;
}
my $stdout;
$node->psql('postgres', $script, stdout => \$stdout, on_error_stop => 0);
my @lines = grep { /^lead: / } split /\n/, $stdout;
is(scalar @lines, 3000, "3,000 leads between 1,500 changes (seed $seed)");
is_deeply([ grep { /but by SQL/ } @lines ], [], 'have the outcomes that they have by SQL');
cmp_ok(scalar(() = $stdout =~ /created created/g), '>', 100, 'some are booked');
cmp_ok(scalar(() = $stdout =~ /asset_not_found/g), '>', 100, 'and of some the vehicle is not found');

done_testing();

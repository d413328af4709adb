# Upgrades: the scripts are those that their sources say, released steps never
# change, and an installation of every older version becomes one of today.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(top);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = top();

is(`'$top/script/generate-install' --check 2>&1`, '', 'the generated scripts are up to date');
is($?, 0, 'script/generate-install says so');

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\n");
$node->start;

# A database with the extension, of a version or of the control file's.
sub database
{
	my ($name, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name,
		'CREATE EXTENSION loopit_leads' . (defined $version ? " VERSION '$version'" : ''));
}

# What the extension consists of: every attribute of its functions and types.
sub extension
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SELECT p.oid::regprocedure, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), p.proacl
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		ORDER BY p.oid::regprocedure::text COLLATE "C";
		SELECT t.oid::regtype, obj_description(t.oid, 'pg_type'),
			(SELECT string_agg(concat_ws(' ', attname, atttypid::regtype), ', ' ORDER BY attnum)
			 FROM pg_attribute WHERE attrelid = t.typrelid)
		FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		ORDER BY t.oid::regtype::text COLLATE "C"});
}

database('old', '1.0');
database('fresh');

# Released steps.
my $steps = q{SELECT step, title, makes, ddl FROM loopit_setup_steps() WHERE step <= 9 ORDER BY step};
is($node->safe_psql('fresh', $steps), $node->safe_psql('old', $steps), 'steps 1 to 9 are those of 1.0');
is( $node->safe_psql('fresh', q{SELECT count(*) = max(step) AND min(step) = 1 FROM loopit_setup_steps()}),
	't', 'steps are numbered without a gap');

# Grants of 1.0, also to PUBLIC, and a view that calls one of the functions.
$node->safe_psql('postgres', 'CREATE ROLE hook; CREATE ROLE support');
$node->safe_psql('old', q{
	GRANT EXECUTE ON FUNCTION loopit_ingest_lead(jsonb) TO hook;
	GRANT EXECUTE ON FUNCTION loopit_find_leads(text, text, timestamptz, interval) TO support WITH GRANT OPTION;
	GRANT EXECUTE ON FUNCTION loopit_replay_lead(bigint) TO PUBLIC;
	REVOKE EXECUTE ON FUNCTION loopit_reason_codes() FROM PUBLIC;
	CREATE VIEW found AS SELECT log_id, email FROM loopit_find_leads(email => 'p1@example.com')});
my $grants = q{
	SELECT p.oid::regproc, a.grantee::regrole, a.privilege_type, a.is_grantable
	FROM pg_proc p, aclexplode(p.proacl) a WHERE p.proname LIKE 'loopit%'
	AND p.proname = ANY (%s) ORDER BY 1, 2 };
my $names = $node->safe_psql('old', q{
	SELECT format('%L::text[]', array_agg(proname)) FROM pg_proc WHERE proname LIKE 'loopit%'});
my $before = $node->safe_psql('old', sprintf($grants, $names));
$node->safe_psql('old', 'ALTER EXTENSION loopit_leads UPDATE');
is($node->safe_psql('old', sprintf($grants, $names)), $before, 'an upgrade keeps the grants');
is( $node->safe_psql('old', q{SELECT pg_get_viewdef('found'::regclass) ~ 'loopit_find_leads'}),
	't', 'and a view that calls a function');

my $dump = '';
IPC::Run::run([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-s', 'old' ], '>', \$dump);
my @dumped = $dump =~ /^(?:GRANT|REVOKE) .* ON FUNCTION public\.(\w+)\(.*? (?:TO|FROM) (\w+)/mg;
is("@dumped", 'loopit_find_leads support loopit_ingest_lead hook loopit_reason_codes PUBLIC loopit_replay_lead PUBLIC',
	'a dump still has them');

# Without what a DBA granted, all is as when installed from nothing.
database('plain', '1.0');
$node->safe_psql('plain', 'ALTER EXTENSION loopit_leads UPDATE');
is(extension('plain'), extension('fresh'), 'an upgraded extension is the installed one');

# Installations of released versions, as t/data has them: what a lead does is
# told by the library of today, so what it did with the old one is in a dump.
my @released = ('1.0');

$node->safe_psql('postgres', 'CREATE ROLE loopit_owner; CREATE ROLE auditor');

# Restores the dump of a version.  Returns what psql complained about.
sub restore
{
	my ($database, $version) = @_;
	my ($stdout, $stderr);
	IPC::Run::run(
		[
			'psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-d', $database,
			'-f', "$top/t/data/dump-$version.sql"
		],
		'>', \$stdout, '2>', \$stderr);
	return $stderr;
}

# The error and hint that a data function raises, as the hook's role.
sub refusal
{
	my ($database) = @_;
	my ($status, $stdout, $stderr) = $node->psql($database,
		q{\set VERBOSITY verbose
		SET ROLE hook; SELECT loopit_ingest_lead('{}')});
	return join ' ', $stderr =~ /ERROR:  (\d+):.*\n/, $stderr =~ /HINT:  (.*)\n/;
}

# Rows of the log that the old version wrote, one for each way in which a lead may
# have ended, and what is on the old work list.
sub old_log
{
	my ($database) = @_;
	$node->safe_psql($database, q{
		INSERT INTO loopit.ingest_log (received_at, dealership_id, workspace_id, duration_us, payload_version,
			status, reason, lead_reference, asked_for_booking, booking_action, booking_reason, person_action,
			ingested_by, outcome, payload, raw_body, dismissed_at)
		SELECT timestamptz '2025-01-01Z' + n * interval '1 minute', dealership, 7, 300, 1,
			CASE WHEN reason IS NULL THEN 'processed' ELSE 'rejected' END, reason, 'old ' || lead, asked, action,
			CASE action WHEN 'skipped' THEN CASE WHEN asked THEN 'asset_not_found' ELSE 'not_provided' END END, 'skipped', 'hook',
			jsonb_build_object('issues', CASE WHEN issue IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('code', issue)) END),
			payload::jsonb, raw_body, dismissed
		FROM (VALUES
			(1, 'rejected', 356, 'email_invalid', false, 'skipped', NULL, '{}', NULL::bytea, NULL::timestamptz),
			(2, 'rejected, settled', 356, 'email_invalid', false, 'skipped', NULL, '{}', NULL, NULL),
			(3, 'rejected, settled', 356, NULL, false, 'skipped', NULL, '{}', NULL, NULL),
			(4, 'rejected after it was processed', 356, NULL, false, 'skipped', NULL, '{}', NULL, NULL),
			(5, 'rejected after it was processed', 356, 'email_invalid', false, 'skipped', NULL, '{}', NULL, NULL),
			(6, 'rejected, dismissed', 356, 'email_invalid', false, 'skipped', NULL, '{}', NULL, now()),
			(7, 'rejected, erased', 356, 'email_invalid', false, 'skipped', NULL, NULL, NULL, NULL),
			(8, 'no booking', 356, NULL, true, 'skipped', NULL, '{}', NULL, NULL),
			(9, 'no booking, booked', 356, NULL, true, 'skipped', NULL, '{}', NULL, NULL),
			(10, 'no booking, booked', 356, NULL, true, 'created', NULL, '{}', NULL, NULL),
			(11, 'no booking, and none asked', 356, NULL, true, 'skipped', NULL, '{}', NULL, NULL),
			(12, 'no booking, and none asked', 356, NULL, false, 'skipped', NULL, '{}', NULL, NULL),
			(13, 'no booking, another booked', 356, NULL, true, 'skipped', NULL, '{}', NULL, NULL),
			(14, 'no booking, another booked', 900, NULL, true, 'created', NULL, '{}', NULL, NULL),
			(15, 'conflict', 356, NULL, true, 'unchanged', 'booking_conflict', '{}', NULL, NULL),
			(16, 'conflict', 356, NULL, true, 'unchanged', NULL, '{}', NULL, NULL),
			(17, 'conflict, dismissed', 356, NULL, true, 'unchanged', 'booking_conflict', '{}', NULL, now()),
			(18, 'conflict, erased', 356, NULL, true, 'unchanged', 'booking_conflict', NULL, NULL, NULL),
			(19, 'stale', 356, NULL, true, 'unchanged', 'stale_payload', '{}', NULL, NULL),
			(20, 'malformed', NULL, 'payload_malformed', false, 'skipped', NULL, NULL, '[', NULL),
			(21, 'malformed, replayed', NULL, 'payload_malformed', false, 'skipped', NULL, NULL, '[', NULL),
			(22, 'malformed, replay', NULL, 'payload_malformed', false, 'skipped', NULL, NULL, '[', NULL),
			(23, 'empty', NULL, 'payload_missing', false, 'skipped', NULL, NULL, '', NULL)
		) v(n, lead, dealership, reason, asked, action, issue, payload, raw_body, dismissed);
		UPDATE loopit.ingest_log SET replay_of = (SELECT id FROM loopit.ingest_log WHERE lead_reference = 'old malformed, replayed')
			WHERE lead_reference = 'old malformed, replay';
		CREATE SCHEMA keep;
		CREATE TABLE keep.listed AS SELECT log_id, lead_reference, reason FROM loopit.unresolved_lead});
}

# Every row of our tables, as jsonb, in keep.row.
sub keep_rows
{
	my ($database) = @_;
	$node->safe_psql($database, q{
		CREATE TABLE keep.row (relation name, content jsonb);
		DO $$
		DECLARE r name;
		BEGIN
			FOR r IN SELECT relname FROM pg_class WHERE relnamespace = 'loopit'::regnamespace AND relkind = 'r' LOOP
				EXECUTE format('INSERT INTO keep.row SELECT %L, to_jsonb(t) FROM loopit.%I t', r, r);
			END LOOP;
		END $$});
}

# The kept rows that are not there any more, whatever columns were added.
sub lost_rows
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		CREATE TABLE keep.now (relation name, content jsonb);
		DO $$
		DECLARE r name;
		BEGIN
			FOR r IN SELECT DISTINCT relation FROM keep.row LOOP
				EXECUTE format('INSERT INTO keep.now SELECT %L, to_jsonb(t) FROM loopit.%I t', r, r);
			END LOOP;
		END $$;
		SELECT relation, content FROM keep.row k WHERE NOT EXISTS (
			SELECT FROM keep.now n WHERE n.relation = k.relation AND n.content @> k.content);
		SELECT relation, n.count, k.count FROM (SELECT relation, count(*) FROM keep.now GROUP BY 1) n
			JOIN (SELECT relation, count(*) FROM keep.row GROUP BY 1) k USING (relation)
			WHERE n.count <> k.count AND relation <> 'schema_version'});
}

# What the catalogs have of schema loopit, without what the DBA added, and
# without what names alone tell: one line for each thing.  (Compression depends
# on the server's build.)
sub catalogs
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SET search_path = pg_catalog;
		CREATE TEMP VIEW ours AS SELECT * FROM pg_class
			WHERE relnamespace = 'loopit'::regnamespace AND relname NOT IN ('crm_inbox', 'person_crm_idx');
		SELECT 'schema', nspowner::regrole, obj_description(oid, 'pg_namespace')
			FROM pg_namespace WHERE nspname = 'loopit';
		SELECT 'relation', relname, relkind, relowner::regrole, relpersistence,
			nullif(array_remove(reloptions, 'toast_tuple_target=4080'), '{}'), relrowsecurity, relreplident
			FROM ours WHERE relkind <> 'i' ORDER BY relname COLLATE "C";
		SELECT 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
			attcollation::regcollation, attstorage, nullif(attstattarget, -1), attislocal, pg_get_expr(adbin, adrelid)
			FROM ours JOIN pg_attribute ON attrelid = ours.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
			WHERE attnum > 0 AND NOT attisdropped AND attname <> 'crm' AND relkind <> 'i'
			ORDER BY relname COLLATE "C", attname COLLATE "C";
		SELECT 'constraint', relname, conname, replace(pg_get_constraintdef(c.oid), ' NOT VALID', ''), condeferrable, condeferred
			FROM pg_constraint c JOIN ours ON ours.oid = conrelid ORDER BY relname COLLATE "C", conname COLLATE "C";
		SELECT 'index', regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \S+ ', ''), indisprimary, indisvalid, indimmediate
			FROM pg_index JOIN ours ON ours.oid = indrelid WHERE indexrelid <> coalesce(to_regclass('loopit.person_crm_idx'), 0)
			ORDER BY pg_get_indexdef(indexrelid) LIKE '% UNIQUE %', regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \S+ ', '') COLLATE "C";
		SELECT 'sequence', relname, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle
			FROM pg_sequence JOIN ours ON ours.oid = seqrelid ORDER BY relname COLLATE "C";
		SELECT 'statistics', stxrelid::regclass, pg_get_statisticsobjdef(oid), stxowner::regrole FROM pg_statistic_ext
			WHERE stxnamespace = 'loopit'::regnamespace ORDER BY stxname;
		SELECT 'view', relname, pg_get_viewdef(oid) FROM ours WHERE relkind = 'v' ORDER BY relname COLLATE "C";
		SELECT 'function', pg_get_functiondef(oid), proowner::regrole, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
			WHERE pronamespace = 'loopit'::regnamespace AND proname <> 'to_crm' ORDER BY proname COLLATE "C";
		SELECT 'comment', relname, attname, description FROM ours JOIN pg_description d ON objoid = ours.oid
			AND classoid = 'pg_class'::regclass LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND attnum > 0
			WHERE description <> 'Our fleet.' AND NOT (relname = 'asset' AND objsubid = 0)
			ORDER BY relname COLLATE "C", attname COLLATE "C";
		SELECT 'step', step, title FROM loopit.schema_version ORDER BY step});
}

# The lines that only one of two texts has.
sub difference
{
	my ($mine, $other) = map { [ split /\n/ ] } @_;
	my %mine = map { $_ => 1 } @$mine;
	my %other = map { $_ => 1 } @$other;
	return join "\n", (map { "- $_" } grep { !$other{$_} } @$mine), (map { "+ $_" } grep { !$mine{$_} } @$other);
}

# From the state in which the SQL is of today, and the schema is not, to the end.
sub goes_on
{
	my ($database) = @_;
	is(refusal($database), '55000 Run SELECT loopit_setup().', "$database: not before loopit_setup()");

	# an ANALYZE of the old version has kept values of persons
	$node->safe_psql($database, q{
		ALTER TABLE loopit.person ALTER email SET STATISTICS -1;
		ANALYZE loopit.person});
	cmp_ok($node->safe_psql($database, q{SELECT count(*) FROM pg_stats WHERE schemaname = 'loopit' AND tablename = 'person'}),
		'>', 5, "$database: statistics have personal data");

	my ($status, $stdout, $stderr) = $node->psql($database,
		q{SET ROLE loopit_owner; SELECT step, done FROM loopit_setup() WHERE step > 9});
	is($status, 0, "$database: loopit_setup()");
	like($stdout, qr/not valid: workspace_name_trimmed \(1 rows of workspace, such as \(8\)\), dealership_id_not_zero/,
		"$database: it names the rows that violate a new constraint");
	like($stderr, qr/VALIDATE CONSTRAINT asset_vin_trimmed/, "$database: and says what to do");
	is( $node->safe_psql($database, q{SELECT conname FROM pg_constraint
			WHERE NOT convalidated AND connamespace = 'loopit'::regnamespace ORDER BY 1}),
		join("\n", qw(asset_stock_number_trimmed asset_vin_trimmed dealership_id_not_zero
			location_name_trimmed workspace_name_trimmed)), "$database: those are not valid");

	is(lost_rows($database), '', "$database: every row is as it was");
	is(difference(catalogs($database), catalogs('new')), '', "$database: tables, columns, constraints, indexes and views are those of a new installation");
	is($node->safe_psql($_, q{SELECT reloptions FROM pg_class WHERE oid = 'loopit.ingest_log'::regclass}),
		$_ eq 'new' ? '{toast_tuple_target=4080}' : '', "$_: the form of rows of the log") for 'new', $database;
	is( $node->safe_psql($database, q{
			SELECT regexp_replace(lead_reference, '^old ', '') || ': ' || coalesce(reason, booking_reason, 'conflict') FROM loopit.ingest_log
			WHERE open AND lead_reference LIKE 'old %' ORDER BY id}),
		join("\n", 'rejected: email_invalid', 'rejected after it was processed: email_invalid', 'no booking: asset_not_found',
			'no booking, and none asked: asset_not_found', 'no booking, another booked: asset_not_found', 'conflict: conflict',
			'malformed: payload_malformed', 'malformed, replay: payload_malformed'),
		"$database: old rows of leads that need something done are open, and no others");
	is( $node->safe_psql($database, q{
			SELECT count(*) > 10 FROM keep.listed;
			(SELECT * FROM keep.listed EXCEPT SELECT log_id, lead_reference, reason FROM loopit.unresolved_lead) ORDER BY 1;
			(SELECT log_id, lead_reference, reason FROM loopit.unresolved_lead EXCEPT SELECT * FROM keep.listed) ORDER BY 1}),
		"t\n" . $node->safe_psql($database, q{
			SELECT id, lead_reference, reason FROM loopit.ingest_log WHERE raw_body = '' ORDER BY 1;
			SELECT id, lead_reference, 'booking_conflict' FROM loopit.ingest_log
			WHERE lead_reference = 'old conflict' AND outcome::text LIKE '%booking_conflict%'}),
		"$database: the work list is the old one, without an empty body and with conflicts");
	is( $node->safe_psql($database, q{SELECT to_regclass('loopit.ingest_log_unsettled_idx'), count(*) FROM pg_statistic_ext
			WHERE stxname = 'ingest_log_unsettled_stats'}), '|0', "$database: what is no longer used is dropped");
	is( $node->safe_psql($database, q{
			SELECT description FROM pg_description WHERE objoid = 'loopit.asset'::regclass AND objsubid = 0;
			SELECT to_regclass('loopit.bookings_by_package') IS NOT NULL, to_regclass('loopit.person_crm_idx') IS NOT NULL;
			SELECT tgname FROM pg_trigger WHERE tgrelid = 'loopit.person'::regclass AND NOT tgisinternal;
			SELECT has_table_privilege('auditor', 'loopit.ingest_audit', 'SELECT'),
				has_table_privilege('auditor', 'loopit.ingest_summary', 'SELECT')}),
		"Our fleet.\nt|t\nto_crm\nt|t", "$database: what the DBA added, named, commented and granted is there");
	$node->safe_psql($database, 'ANALYZE');
	is( $node->safe_psql($database, q{
			SELECT tablename, attname FROM pg_stats WHERE schemaname = 'loopit' AND (tablename, attname) IN
			(SELECT relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attstattarget = 0)}),
		'', "$database: no personal data in statistics, nor after ANALYZE");
	is( $node->safe_psql($database, q{SELECT count(*) FROM pg_stats WHERE schemaname = 'loopit'
			AND (tablename = 'identity_document' AND attname IN ('number', 'date_of_birth')
			OR tablename = 'person' AND attname IN ('email', 'last_name', 'street')
			OR tablename = 'ingest_log' AND attname IN ('email', 'payload', 'raw_body', 'outcome'))}),
		'0', "$database: none of these");

	# ingestion, redelivery, replay, erasure
	my $person = q{"prospect": {"email": "new@example.com"}};
	is( $node->safe_psql($database, qq{SET ROLE hook;
			SELECT o->>'status', o#>>'{person,action}' FROM loopit_ingest_lead('{"id": 5001, "dealership": {"id": 356}, $person}') o;
			SELECT o->>'status', o#>>'{person,action}', o#>>'{booking,action}' FROM loopit_ingest_lead(
				'{"id": 2, "dealership": {"id": 356}, "prospect": {"email": "p2\@example.com"}, "item": {"vin": "VIN2"},
				  "additional_details": {"subscription_plan": "Premium"}}') o}),
		"processed|created\nprocessed|unchanged|unchanged", "$database: leads go on");
	is($node->safe_psql($database, q{SELECT count(*) FROM loopit.crm_inbox WHERE email = 'new@example.com'}),
		'1', "$database: and the DBA's trigger fires");
	is( $node->safe_psql($database, q{
			INSERT INTO loopit.asset (workspace_id, id, vin) VALUES (7, 999, 'VIN0');
			INSERT INTO loopit.asset_location VALUES (7, 999, 3, 1);
			SELECT bool_or(o#>>'{booking,action}' = 'created') FROM (SELECT log_id FROM loopit.unresolved_lead
				WHERE reason = 'asset_not_found' AND lead_reference IN
				(SELECT lead_reference FROM loopit.ingest_log WHERE payload#>>'{item,vin}' = 'VIN0')) u,
				loopit_replay_lead(log_id) o}),
		't', "$database: what was unresolved is replayed");
	is( $node->safe_psql($database, q{SELECT (loopit_forget_person(7, 'p5@example.com')->>'log_rows')::int > 1}),
		't', "$database: a person is erased");
	is($node->safe_psql($database, q{SELECT count(*) FROM loopit.ingest_log WHERE payload::text LIKE '%"p5@example.com"%'}),
		'0', "$database: everywhere");
	is( $node->safe_psql($database, q{SET ROLE loopit_owner;
			SELECT count(*) FROM loopit_setup() WHERE done NOT IN ('nothing to do', 'renewed')}),
		'0', "$database: loopit_setup() has nothing more to do");
	$node->safe_psql($database, q{
		UPDATE loopit.asset SET vin = btrim(vin), stock_number = btrim(stock_number, E'\t ');
		ALTER TABLE loopit.asset VALIDATE CONSTRAINT asset_vin_trimmed, VALIDATE CONSTRAINT asset_stock_number_trimmed});
}

database('new');
$node->safe_psql('new', q{GRANT CREATE ON DATABASE new TO loopit_owner;
	GRANT EXECUTE ON FUNCTION loopit_setup TO loopit_owner; SET ROLE loopit_owner; SELECT loopit_setup()});

for my $version (@released)
{
	my $name = $version =~ tr/./_/r;

	# The extension of that version, updated in place.
	database("upgraded_$name", $version);
	is(restore("upgraded_$name", $version), '', "upgraded_$name: the dump is restored");
	old_log("upgraded_$name");
	keep_rows("upgraded_$name");
	is(refusal("upgraded_$name"), '55000 Run ALTER EXTENSION loopit_leads UPDATE, then SELECT loopit_setup().',
		"upgraded_$name: not with the old SQL");
	$node->safe_psql("upgraded_$name", 'ALTER EXTENSION loopit_leads UPDATE');
	goes_on("upgraded_$name");
	is( $node->safe_psql("upgraded_$name", q{
			SELECT has_function_privilege('hook', p.oid, 'EXECUTE'), has_function_privilege('auditor', p.oid, 'EXECUTE')
			FROM pg_proc p WHERE proname IN ('loopit_ingest_lead', 'loopit_find_leads') ORDER BY proname}),
		"f|t\nt|f", "upgraded_$name: the grants are kept");

	# A plain dump, restored beside the library and the SQL of today.  A function
	# that has got an argument is the only thing that the dump may not find.
	$node->safe_psql('postgres', "CREATE DATABASE restored_$name");
	my @complaints = grep { /ERROR/ && !/function public\.loopit_\w+\(.*\) does not exist/ }
	  split /\n/, restore("restored_$name", $version);
	is("@complaints", '', "restored_$name: the dump is restored");
	old_log("restored_$name");
	keep_rows("restored_$name");
	$node->safe_psql("restored_$name", q{GRANT EXECUTE ON FUNCTION loopit_setup TO loopit_owner});
	goes_on("restored_$name");
}

done_testing();

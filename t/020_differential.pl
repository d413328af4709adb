# Compares the extension with bench/peer.sql, which implements the same rules in
# PL/pgSQL: both ingest the same payloads, and must have the same outcomes and
# stored rows.  First come values at the limits of each rule, then random payloads,
# between which the configuration changes, persons are erased, staff correct what is
# stored, and earlier payloads are sent again or replayed.
#
# LOOPIT_SEED      the seed, to repeat a run (each run prints its seed)
# LOOPIT_TIME      the Unix time, at most an hour ago, from which values near today are
#                  counted, for runs that are to have the same payloads
# LOOPIT_PAYLOADS  the number of random payloads (default: 2000)

use strict;
use warnings;
use utf8;

use FindBin;
use lib $FindBin::RealBin;
# Payloads makes some of its values by chance when it is loaded.
my $seed;
BEGIN
{
	$seed = $ENV{LOOPIT_SEED} // int(rand(2**31));
	srand($seed);
}
use Payloads;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $payloads = $ENV{LOOPIT_PAYLOADS} // 2000;
my $chunk = 2000;
my $top = "$FindBin::RealBin/..";
note("LOOPIT_SEED=$seed LOOPIT_PAYLOADS=$payloads");

# ---------------------------------------------------------------------------
# Both functions, step by step
# ---------------------------------------------------------------------------

my $harness = <<'SQL';
CREATE SCHEMA diff;
-- A step is a payload (which may be NULL), a change of what is stored, or a replay
-- of the log row of another step.
CREATE TABLE diff.step (n int PRIMARY KEY, change text, payload jsonb, replay int);
CREATE TABLE diff.result (
	n int PRIMARY KEY, ours jsonb, peers jsonb, our_log bigint, peer_log bigint,
	-- the person and documents after the step
	our_person jsonb, peer_person jsonb);
-- Which id of the peer's is which of the extension's
CREATE TABLE diff.id (
	thing text, ours bigint, peers bigint, UNIQUE (thing, ours), UNIQUE (thing, peers));

-- An outcome without what may differ: texts are left out; an id of the peer's is
-- replaced by the extension's, by an impossible one where it has none.
CREATE FUNCTION diff.ours(of_thing text, id bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT COALESCE((SELECT i.ours FROM diff.id i WHERE i.thing = of_thing AND i.peers = id), -id)
$$;
CREATE FUNCTION diff.plain(outcome jsonb, is_peers boolean) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	thing text;
BEGIN
	IF outcome ? 'raised' THEN
		RETURN outcome;
	END IF;
	outcome := jsonb_set(outcome, '{issues}', COALESCE((
		SELECT jsonb_agg(i - 'message' - 'hint' ORDER BY ordinality)
		FROM jsonb_array_elements(outcome -> 'issues') WITH ORDINALITY AS e (i, ordinality)), '[]'));
	IF jsonb_typeof(outcome -> 'log_id') = 'number' THEN
		outcome := jsonb_set(outcome, '{log_id}', '"a number"');
	END IF;
	IF is_peers THEN
		FOREACH thing IN ARRAY '{person,booking}'::text[] LOOP
			IF outcome -> thing ? 'id' THEN
				outcome := jsonb_set(outcome, ARRAY[thing, 'id'],
					to_jsonb(diff.ours(thing, (outcome #>> ARRAY[thing, 'id'])::bigint)));
			END IF;
		END LOOP;
		IF outcome #>> '{error,schema}' = 'peer' THEN
			outcome := jsonb_set(outcome, '{error,schema}', '"loopit"');
		END IF;
	END IF;
	RETURN outcome;
END
$$;

CREATE FUNCTION diff.our_person(of_outcome jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT to_jsonb(p) - 'id' - 'created_at' - 'updated_at' || jsonb_build_object(
		-- a replay may store the time of a receipt
		'source_updated_at', CASE WHEN p.source_updated_at BETWEEN pg_postmaster_start_time() AND clock_timestamp()
			THEN 'a receipt' ELSE p.source_updated_at::text END,
		'created now', p.created_at = l.received_at, 'updated now', p.updated_at = l.received_at,
		'documents', (
			SELECT jsonb_agg(to_jsonb(d) - 'person_id' - 'created_at' - 'updated_at' || jsonb_build_object(
				'created now', d.created_at = l.received_at, 'updated now', d.updated_at = l.received_at)
				ORDER BY d.kind)
			FROM loopit.identity_document d WHERE d.workspace_id = p.workspace_id AND d.person_id = p.id))
		FROM loopit.person p, loopit.ingest_log l
		WHERE p.workspace_id = (of_outcome ->> 'workspace_id')::bigint AND p.id = (of_outcome #>> '{person,id}')::bigint
		AND l.id = (of_outcome ->> 'log_id')::bigint);
END
$$;
DO $do$
BEGIN
	EXECUTE replace(replace(pg_get_functiondef('diff.our_person'::regproc), 'our_person', 'peer_person'), 'loopit.', 'peer.');
END
$do$;

CREATE PROCEDURE diff.run(first int, last int) LANGUAGE plpgsql AS $$
DECLARE
	step diff.step;
	ours jsonb;
	peers jsonb;
	our_row bigint;
	peer_row bigint;
BEGIN
	FOR i IN first .. last LOOP
		SELECT * INTO STRICT step FROM diff.step s WHERE s.n = i;
		-- those that can be replayed
		SELECT l.id INTO our_row FROM diff.result r JOIN loopit.ingest_log l ON l.id = r.our_log
		WHERE r.n = step.replay AND l.payload IS NOT NULL;
		SELECT l.id INTO peer_row FROM diff.result r JOIN peer.ingest_log l ON l.id = r.peer_log
		WHERE r.n = step.replay AND l.payload IS NOT NULL;
		BEGIN
			IF step.change IS NOT NULL THEN
				EXECUTE replace(step.change, '%s', 'loopit');
				ours := '{"changed": true}';
			ELSIF step.replay IS NULL THEN
				ours := loopit_ingest_lead(step.payload);
			ELSIF our_row IS NOT NULL THEN
				ours := loopit_replay_lead(our_row);
			ELSE
				ours := '{"replayed": false}';
			END IF;
		EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
			ours := jsonb_build_object('raised', SQLSTATE);
		END;
		BEGIN
			IF step.change IS NOT NULL THEN
				EXECUTE replace(step.change, '%s', 'peer');
				peers := '{"changed": true}';
			ELSIF step.replay IS NULL THEN
				peers := peer.ingest_lead(step.payload);
			ELSIF peer_row IS NOT NULL THEN
				peers := peer.replay_lead(peer_row);
			ELSE
				peers := '{"replayed": false}';
			END IF;
		EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
			peers := jsonb_build_object('raised', SQLSTATE);
		END;
		INSERT INTO diff.id
		SELECT i.thing, i.ours::bigint, i.peers::bigint
		FROM (VALUES ('person', ours #>> '{person,id}', peers #>> '{person,id}'),
			('booking', ours #>> '{booking,id}', peers #>> '{booking,id}'),
			('log', ours ->> 'log_id', peers ->> 'log_id')) AS i (thing, ours, peers)
		WHERE i.ours IS NOT NULL AND i.peers IS NOT NULL
		ON CONFLICT DO NOTHING;
		INSERT INTO diff.result VALUES (i, ours, peers, (ours ->> 'log_id')::bigint, (peers ->> 'log_id')::bigint,
			diff.our_person(ours), diff.peer_person(peers));
		IF i % 50 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END
$$;

-- The stored rows. Ids are the extension's, negative where the other side has no
-- such thing; a time is the step whose time it is.
CREATE PROCEDURE diff.collect(source text) LANGUAGE plpgsql AS $$
DECLARE
	is_peers boolean := source = 'peer';
BEGIN
	DROP TABLE IF EXISTS pg_temp.log, pg_temp.id;
	EXECUTE format($sql$
CREATE TEMP TABLE log AS
SELECT l.*, r.n, %2$s AS returned FROM %1$I.ingest_log l LEFT JOIN diff.result r ON %3$s = l.id;
CREATE TEMP TABLE id AS SELECT thing, %4$s AS own, ours AS id FROM diff.id;
ANALYZE log, id;
INSERT INTO diff.stored
SELECT %5$L, 'person', to_jsonb(p) - 'created_at' - 'updated_at'
	|| jsonb_build_object('id', COALESCE(i.id, -p.id), 'created', c.n, 'updated', u.n)
	|| CASE WHEN p.source_updated_at BETWEEN pg_postmaster_start_time() AND now() THEN jsonb_build_object('source_updated_at', s.n) ELSE '{}' END
FROM %1$I.person p
LEFT JOIN log s ON s.received_at = p.source_updated_at
LEFT JOIN id i ON i.thing = 'person' AND i.own = p.id
LEFT JOIN log c ON c.received_at = p.created_at
LEFT JOIN log u ON u.received_at = p.updated_at;
INSERT INTO diff.stored
SELECT %5$L, 'identity_document', to_jsonb(d) - 'created_at' - 'updated_at'
	|| jsonb_build_object('person_id', COALESCE(i.id, -d.person_id), 'created', c.n, 'updated', u.n)
FROM %1$I.identity_document d
LEFT JOIN id i ON i.thing = 'person' AND i.own = d.person_id
LEFT JOIN log c ON c.received_at = d.created_at
LEFT JOIN log u ON u.received_at = d.updated_at;
INSERT INTO diff.stored
SELECT %5$L, 'booking', to_jsonb(b) - 'created_at'
	|| jsonb_build_object('id', COALESCE(i.id, -b.id), 'person_id', COALESCE(p.id, -b.person_id),
		'ingest_log_id', COALESCE(l.id, -b.ingest_log_id), 'created', c.n)
FROM %1$I.booking b
LEFT JOIN id i ON i.thing = 'booking' AND i.own = b.id
LEFT JOIN id p ON p.thing = 'person' AND p.own = b.person_id
LEFT JOIN id l ON l.thing = 'log' AND l.own = b.ingest_log_id
LEFT JOIN log c ON c.received_at = b.created_at;
INSERT INTO diff.stored
SELECT %5$L, 'ingest_log', to_jsonb(l) - 'received_at' - 'first_received_at' - 'duration_us' - 'returned'
	-- what is open is sql/unresolved.sql's matter
	- 'open'
	|| jsonb_build_object('id', COALESCE(i.id, -l.id), 'person_id', COALESCE(p.id, -l.person_id),
		'replay_of', COALESCE(o.id, -l.replay_of), 'first_received', f.n,
		'booking_id', COALESCE(b.id, -l.booking_id), 'outcome', diff.plain(l.outcome, %6$L),
		-- the peer does not look into what is no object
		'lead_reference', CASE WHEN l.reason = 'payload_not_object' THEN NULL ELSE l.lead_reference END,
		'email', CASE WHEN l.reason = 'payload_not_object' THEN NULL ELSE l.email END,
		'as returned', l.outcome = l.returned, 'own id', (l.outcome ->> 'log_id')::bigint = l.id,
		'timely', l.duration_us BETWEEN 1 AND 60000000 AND now() - l.received_at BETWEEN '0' AND '1 day')
FROM log l
LEFT JOIN id i ON i.thing = 'log' AND i.own = l.id
LEFT JOIN id o ON o.thing = 'log' AND o.own = l.replay_of
LEFT JOIN log f ON f.received_at = l.first_received_at
LEFT JOIN id p ON p.thing = 'person' AND p.own = l.person_id
LEFT JOIN id b ON b.thing = 'booking' AND b.own = l.booking_id
$sql$,
		CASE WHEN is_peers THEN 'peer' ELSE 'loopit' END,
		CASE WHEN is_peers THEN 'r.peers' ELSE 'r.ours' END,
		CASE WHEN is_peers THEN 'r.peer_log' ELSE 'r.our_log' END,
		CASE WHEN is_peers THEN 'peers' ELSE 'ours' END,
		source, is_peers);
END
$$;
CREATE TABLE diff.stored (source text, tab text, data jsonb);
SQL

my $node = PostgreSQL::Test::Cluster->new('differential');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
jit = off
fsync = off
log_min_messages = panic
# settings that must not change a result
TimeZone = 'Australia/Sydney'
DateStyle = 'German, DMY'
IntervalStyle = 'sql_standard'
extra_float_digits = -10
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loopit_leads; SELECT loopit_setup()');
$node->command_ok(
	[ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', "$top/bench/peer.sql" ],
	'bench/peer.sql loads');
{
	my $sql = $configuration;
	utf8::encode($sql);
	for my $schema ('loopit', 'peer')
	{
		$node->safe_psql('postgres', "SET client_encoding = 'UTF8';\n" . ($sql =~ s/%%/%/gr =~ s/%s/$schema/gr));
	}
}
$node->safe_psql('postgres', $harness);

my @steps;
my $n = 0;

# Runs @steps, and empties it. The last value of a step is how many steps before it the
# one is that it replays.
sub run_steps
{
	my $first = $n + 1;
	my $copy = '';
	for my $step (@steps)
	{
		my ($change, $payload, $back) = @$step;
		my $replay = defined $back ? ++$n - $back : ++$n && undef;
		$copy .= join("\t", $n, map { defined $_ ? s/\\/\\\\/gr : '\\N' } $change, $payload, $replay) . "\n";
	}
	$node->safe_psql('postgres', "COPY diff.step FROM STDIN;\n$copy\\.\nANALYZE;\nCALL diff.run($first, $n);\n");
	@steps = ();
}

# First each listed value once, since a short random run would not use them all.
sub step_of
{
	my ($payload) = @_;
	push @steps, [ undef, ref $payload ? json($payload) : $payload, undef ];
}
sub step_of_one
{
	my ($path, $value) = @_;
	my $payload = { id => \'900', dealership => { id => \'356' }, prospect => { email => 'values@example.com' } };
	put($payload, $path, $value);
	step_of($payload);
}
step_of_one('prospect.email', $_) for @emails, @no_emails;
step_of_one('prospect.dob', $_) for @dates, @no_dates;
step_of_one('updated_at', $_) for @times, @no_times;
step_of_one('dealership.id', $_) for @dealerships, @no_dealerships;
step_of_one('prospect.opt_in_to_marketing', $_) for @opt_ins, @no_opt_ins;
for my $text (@placeholders, @no_placeholders)
{
	step_of_one($_->[0], $text) for @fields;
}
step_of_one('prospect.first_name', $_)
  for (map { "${_}X$_" } @blank, @no_blank), @blank, @no_blank, @numbers,
  map { my $n = $_; map { $_ x $n } 'a', 'é', "\x{1d11e}" } 255, 256;

# Postcodes that are numbers, in countries with and without a length.
for my $country (@countries)
{
	step_of({
		id => "postcode", dealership => { id => \'356' },
		prospect => {
			email => 'postcodes@example.com',
			address => { street => 'S', city => 'C', state => 'NT', country => $country, postcode => $_ } } })
	  for @postcodes;
}

# Each country name, and each state code with each country that has states.
my @pairs = map { my $state = $_; map { [ $state, $_ ] } 'Australia', 'usa', 'CA' } @state_codes;
for my $name (@country_names, @varied_country_names)
{
	my $pair = shift @pairs // [ two_letters(), one_of('Australia', 'usa', 'CA') ];
	step_of({
		dealership => { id => \'356' },
		prospect => {
			email => 'places@example.com',
			address => { street => 'S', city => 'C', state => $pair->[0], country => $pair->[1], postcode => '1' } },
		additional_details => {
			passport_number => 'P1', passport_expiry => '01/01/2030', passport_dob => '01/01/1990',
			passport_country => $name } });
}
is(scalar @pairs, 0, 'every state code has its payload');
my $directed = @steps;
run_steps();

while ($done < $payloads)
{
	for (1 .. $chunk)
	{
		last if $done >= $payloads;
		push @steps, [ change(), undef, undef ] if chance(0.04);
		push @steps, history() if chance(0.05);
		push @steps, [ undef, undef, 1 + int rand 100 ] if chance(0.02);
		step_of(payload());
		$done++;
	}
	run_steps();
}

# Fails if there is a difference, and prints it with the seed.
sub none
{
	my ($found, $name) = @_;
	is($found, '', $name) or diag("LOOPIT_SEED=$seed LOOPIT_PAYLOADS=$payloads");
}

my $compared =
  $node->safe_psql('postgres', 'SELECT count(*) FROM diff.result JOIN diff.step USING (n) WHERE change IS NULL AND replay IS NULL');
is($compared, $directed + $done, "payloads compared: $directed + $done");
my $replayed = $node->safe_psql('postgres', q{SELECT count(*) FROM diff.result JOIN diff.step USING (n) WHERE replay IS NOT NULL AND our_log IS NOT NULL});
note("payloads replayed: $replayed");

my $differences = $node->safe_psql('postgres', <<'SQL');
SELECT format(E'step %s: %s\n  extension %s\n  peer      %s', n, COALESCE(change, 'replay of step ' || replay, payload::text, 'NULL'),
	concat_ws(' ', ours, our_person), concat_ws(' ', peers, peer_person))
FROM (
	SELECT n, change, replay, payload, diff.plain(ours, false) AS ours, diff.plain(peers, true) AS peers, our_person, peer_person
	FROM diff.result JOIN diff.step USING (n)) r
WHERE ours IS DISTINCT FROM peers OR our_person IS DISTINCT FROM peer_person
ORDER BY n LIMIT 5
SQL
none($differences, 'the outcomes are the same, and so is the person after each step');

my $rows = $node->safe_psql('postgres', <<'SQL');
SET work_mem = '100MB';
SET client_min_messages = warning;
CALL diff.collect('extension');
CALL diff.collect('peer');
SELECT min(source) || ' alone: ' || tab || ' ' || data
FROM diff.stored
GROUP BY tab, data
HAVING count(*) <> 2
ORDER BY tab, data ->> 'n', min(source) LIMIT 6
SQL
none($rows, 'the stored rows are the same');

none($node->safe_psql('postgres', <<'SQL'), 'every log row says what the call returned');
SELECT source, data FROM diff.stored
WHERE tab = 'ingest_log' AND NOT (data @> '{"as returned": true, "own id": true, "timely": true}')
LIMIT 3
SQL

# ---------------------------------------------------------------------------
# The run is only useful if every code and action has occurred.
# ---------------------------------------------------------------------------

my @codes = qw(
  wrong_type too_long payload_missing payload_not_object payload_repaired
  dealership_missing dealership_invalid workspace_not_found email_missing email_invalid dob_invalid
  address_incomplete state_not_abbreviated
  licence_incomplete licence_expiry_invalid licence_dob_invalid licence_state_not_abbreviated
  passport_incomplete passport_country_unknown passport_expiry_invalid passport_dob_invalid
  vehicle_missing asset_not_found asset_archived location_not_found package_missing package_not_found
  vehicle_ambiguous location_defaulted location_unlisted booking_conflict placeholder id_missing stale_payload updated_at_invalid
  identity_changed document_expired dob_implausible);
my %reasons = (
	address => [qw(not_provided person_skipped stale_payload updated_at_invalid address_incomplete state_not_abbreviated)],
	driver_licence => [qw(not_provided person_skipped stale_payload updated_at_invalid licence_incomplete
		  licence_expiry_invalid licence_dob_invalid)],
	passport => [qw(not_provided person_skipped stale_payload updated_at_invalid passport_incomplete passport_country_unknown
		  passport_expiry_invalid passport_dob_invalid)],
	booking => [qw(not_provided person_skipped vehicle_missing asset_not_found asset_archived
		  location_not_found package_missing package_not_found)]);
my @wanted = (
	(map { "status $_" } qw(processed rejected failed), 'raised'),
	(map { "code $_" } @codes),
	(map { "reason $_" } qw(payload_missing payload_not_object dealership_missing dealership_invalid workspace_not_found
		  email_missing email_invalid dob_invalid database_error)),
	(map { my $thing = $_; map { "$thing $_" } qw(created updated unchanged skipped) }
	  qw(person address driver_licence passport)),
	(map { "booking $_" } qw(created unchanged skipped)),
	(map { my $thing = $_; map { "$thing skipped $_" } $reasons{$thing}->@* } sort keys %reasons),
	'location_from payload', 'location_from asset', 'hashed reference');

SKIP:
{
	skip 'too few payloads for all to occur', 1 if $payloads < 2000;
	my %seen = map { /^(.*)\|(\d+)$/ ? ($1, $2) : () } split /\n/, $node->safe_psql('postgres', <<'SQL');
WITH o AS (SELECT ours AS o FROM diff.result JOIN diff.step USING (n) WHERE change IS NULL AND ours ? 'status' OR ours ? 'raised')
SELECT s, count(*) FROM o, LATERAL (
	SELECT 'status ' || CASE WHEN o ? 'raised' THEN 'raised' ELSE o ->> 'status' END
	UNION ALL SELECT 'reason ' || (o ->> 'reason')
	UNION ALL SELECT 'code ' || (i ->> 'code') FROM jsonb_array_elements(o -> 'issues') i
	UNION ALL SELECT t || ' ' || (o #>> ARRAY[t, 'action'])
	FROM unnest('{person,address,driver_licence,passport,booking}'::text[]) t
	UNION ALL SELECT t || ' ' || (o #>> ARRAY[t, 'action']) || ' ' || (o #>> ARRAY[t, 'reason'])
	FROM unnest('{address,driver_licence,passport,booking}'::text[]) t
	UNION ALL SELECT 'location_from ' || (o #>> '{booking,location_from}')
	UNION ALL SELECT 'hashed reference' WHERE o ->> 'lead_reference' LIKE 'sha256:%') AS seen (s)
WHERE s IS NOT NULL
GROUP BY s
SQL
	none(join(', ', grep { !$seen{$_} } @wanted), 'everything occurred');
	note(join ', ', map { "$_ " . ($seen{$_} // 0) } @wanted);
}

# By which script/test-matrix tells whether versions of PostgreSQL differ.
my $outcomes = $node->safe_psql('postgres', q{
	SELECT encode(sha256(convert_to(string_agg(concat_ws(' ', n, ours, our_person), E'\n' ORDER BY n), 'UTF8')), 'hex') FROM diff.result});
note("outcomes of seed $seed: $outcomes");

$node->stop;
done_testing();

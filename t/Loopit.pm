# Functions that the TAP tests share.
package Loopit;

use strict;
use warnings;
use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(new_node dealership top compiler invariants);

# The path of the source tree.
sub top
{
	return "$FindBin::Bin/..";
}

# The C compiler and its options, as a list.
sub compiler
{
	my ($found) = grep { system("command -v $_ >/dev/null") == 0 } qw(cc gcc clang);
	return split ' ', $ENV{CC} // $found // 'cc';
}

# Starts a node with the extension, its tables and a small dealership, with the
# storage that LOOPIT_STORAGE names (script/test runs some tests with both).
sub new_node
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', join("\n", 'jit = off', @settings,
		'loopit_leads.storage = ' . ($ENV{LOOPIT_STORAGE} // 'auto')) . "\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION loopit_leads');
	$node->safe_psql('postgres', 'SELECT loopit_setup()');
	$node->safe_psql('postgres', dealership());
	return $node;
}

# SQL for two workspaces, with 20 vehicles that can be booked in each.
sub dealership
{
	return q{
		INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A'), (8, 'Dealer B');
		INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7), (900, 8);
		INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 3, 'Depot'), (8, 4, 'Depot');
		INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 2, 'Premium'), (8, 4, 'Premium');
		INSERT INTO loopit.asset (workspace_id, id, vin)
			SELECT w, w * 100 + i, 'VIN' || i FROM generate_series(7, 8) w, generate_series(1, 20) i;
		INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position)
			SELECT workspace_id, id, CASE workspace_id WHEN 7 THEN 3 ELSE 4 END, 1 FROM loopit.asset;
	};
}

# Checks what must always hold; returns a line for each violation.
sub invariants
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{
		SELECT 'two persons with one address: ' || email FROM loopit.person
			GROUP BY workspace_id, email HAVING count(*) > 1
		UNION ALL SELECT 'two bookings of one lead: ' || lead_reference FROM loopit.booking
			GROUP BY workspace_id, lead_reference HAVING count(*) > 1
		UNION ALL SELECT 'two documents of one kind: ' || kind FROM loopit.identity_document
			GROUP BY workspace_id, person_id, kind HAVING count(*) > 1
		UNION ALL SELECT 'a booking without its person: ' || b.id FROM loopit.booking b
			LEFT JOIN loopit.person p ON (p.workspace_id, p.id) = (b.workspace_id, b.person_id)
			WHERE p.id IS NULL
		UNION ALL SELECT 'a booking without its log row: ' || b.id FROM loopit.booking b
			LEFT JOIN loopit.ingest_log l ON l.id = b.ingest_log_id
			WHERE l.booking_id IS DISTINCT FROM b.id OR l.booking_action <> 'created'
		UNION ALL SELECT 'a log row without its booking: ' || l.id FROM loopit.ingest_log l
			LEFT JOIN loopit.booking b ON b.id = l.booking_id
			WHERE l.booking_action IN ('created', 'unchanged') AND b.id IS NULL
		UNION ALL SELECT 'a log row without its person: ' || l.id FROM loopit.ingest_log l
			LEFT JOIN loopit.person p ON p.id = l.person_id
			WHERE l.status = 'processed' AND p.id IS NULL
		UNION ALL SELECT 'another workspace''s row: ' || l.id FROM loopit.ingest_log l
			JOIN loopit.person p ON p.id = l.person_id
			WHERE p.workspace_id <> l.workspace_id
		UNION ALL SELECT 'failed: ' || id || ' ' || (outcome->'error')::text FROM loopit.ingest_log
			WHERE status = 'failed'
		LIMIT 20});
}

1;

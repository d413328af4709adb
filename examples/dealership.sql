-- A small dealership, loaded by plain INSERT.
INSERT INTO loopit.workspace (id, name) VALUES (7, 'Dealer A');
INSERT INTO loopit.dealership (id, workspace_id) VALUES (356, 7);
INSERT INTO loopit.location (workspace_id, id, name) VALUES (7, 3, 'Dealer A'), (7, 4, 'Depot');
INSERT INTO loopit.package (workspace_id, id, name) VALUES (7, 1, 'Basic'), (7, 2, 'Premium');
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number) VALUES
	(7, 88, 'JSAGJB74V00202326', '7021602'),
	(7, 89, 'WBA8E9C50GK646135', '7021603');
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position) VALUES
	(7, 88, 3, 1), (7, 88, 4, 2), (7, 89, 4, 1);

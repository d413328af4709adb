-- title: an index for stock numbers in any case
-- makes: loopit.asset_stock_number_lower_idx

-- Where no stock number is exactly that of the payload, the one live vehicle is
-- looked for that has it in another case.
CREATE INDEX IF NOT EXISTS asset_stock_number_lower_idx
	ON loopit.asset (workspace_id, pg_catalog.lower(stock_number COLLATE "C"))
	WHERE archived_at IS NULL;
COMMENT ON COLUMN loopit.asset.vin IS
	'Vehicle identification number; matches item.vin of a payload in any case, also without its spaces; unique among the live ones.';
COMMENT ON COLUMN loopit.asset.stock_number IS
	'Matches item.stock_number of a payload exactly, else in any case where that is one live vehicle; unique among the live ones.';
COMMENT ON COLUMN loopit.location.name IS
	'Matches location.location_name of a payload in any case, else where white space, apostrophes and hyphens are alike; unique among the live ones.';

-- A month of leads as they come to an installation, with what goes wrong in
-- one: twelve workspaces of three or four dealerships each, about 700 leads a
-- day.  A package is renamed at the website eleven days ago, a dealership is
-- missing in loopit.dealership, another one falls silent, the website sends the
-- licence's expiry in another form from seven days ago and a postcode as an
-- object from three days ago, and a constraint that a DBA adds yesterday
-- refuses some persons.  The same every time, but for the day.
--
-- psql variables: leads, how many there are a day; days

SET client_min_messages = warning;
SELECT setseed(0.5);

INSERT INTO loopit.workspace (id, name)
SELECT w, (ARRAY['Harbour Motors', 'Northside Auto Group', 'Coastline Cars', 'Redgum Subscriptions', 'Ferndale Automotive', 'Three Rivers Motors',
	'Summit Drive', 'Parkside Fleet', 'Bluewater Mobility', 'Eastgate Motor Company', 'Highlands Auto', 'Banksia Leasing'])[w]
FROM generate_series(1, 12) w;
INSERT INTO loopit.dealership (id, workspace_id) SELECT 300 + d, 1 + d % 12 FROM generate_series(1, 40) d;
INSERT INTO loopit.location (workspace_id, id, name)
SELECT w, w * 10 + l, (ARRAY['City', 'Airport', 'Service Centre'])[l] FROM generate_series(1, 12) w, generate_series(1, 3) l;
INSERT INTO loopit.package (workspace_id, id, name)
SELECT w, w * 10 + p, (ARRAY['Essential', 'Premium', 'Long Term'])[p] FROM generate_series(1, 12) w, generate_series(1, 3) p;
INSERT INTO loopit.asset (workspace_id, id, vin, stock_number)
SELECT w, w * 1000 + a, 'WBA8E9C5' || lpad((w * 1000 + a)::text, 9, '0'), (700000 + w * 1000 + a)::text
FROM generate_series(1, 12) w, generate_series(1, 60) a;
INSERT INTO loopit.asset_location (workspace_id, asset_id, location_id, position)
SELECT workspace_id, id, workspace_id * 10 + 1 + id % 3, 1 FROM loopit.asset;

-- One lead: ago is the days from now; u and v are random numbers.
CREATE FUNCTION pg_temp.month_lead(number int, ago numeric, u float8[]) RETURNS jsonb LANGUAGE sql AS $lead$
	SELECT jsonb_build_object(
		'id', 1700000 + number,
		'updated_at', to_char(now() - ago * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SSOF') || ':00',
		'dealership', jsonb_build_object('id', CASE WHEN u[1] < 0.012 THEN 999 ELSE d.id END),
		'prospect', jsonb_build_object(
			'email', CASE WHEN u[2] < 0.012 THEN 'none' ELSE 'person' || number % 9000 || '@example.com' END,
			'first_name', 'Sam', 'last_name', 'Example' || number % 9000, 'mobile_phone', '0400 000 000',
			'address', CASE WHEN u[3] < 0.7 THEN jsonb_build_object('street', '1 Example Street', 'city', 'Sydney', 'state', CASE WHEN u[4] < 0.03 THEN 'New South Wales' ELSE 'NSW' END,
				'country', 'Australia', 'postcode', CASE WHEN ago < 3 AND u[5] < 0.6 THEN '{"code": 2000}'::jsonb WHEN u[5] < 0.02 THEN 'null' ELSE '2000' END) END),
		'item', CASE WHEN u[9] < 0.12 THEN '{}' ELSE jsonb_build_object('vin', CASE WHEN u[6] < 0.012 THEN 'VF1RFB0006612' || lpad((u[7] * 60)::int::text, 4, '0') ELSE a.vin END) END,
		'location', jsonb_build_object('location_name', CASE WHEN u[8] < 0.02 THEN 'Head Office' ELSE a.location END),
		'additional_details', CASE WHEN u[9] < 0.13 THEN '{}'::jsonb ELSE jsonb_build_object(
			'subscription_plan', CASE WHEN d.workspace_id = 5 AND ago < 11 THEN 'Premium Plus' WHEN u[10] < 0.2 THEN 'Essential' ELSE 'Premium' END)
			|| CASE WHEN u[11] < 0.5 THEN jsonb_build_object('license_number', 10000000 + number, 'license_dob', '31/12/1990', 'license_state', 'NSW',
				'license_expiry', CASE WHEN ago < 7 OR u[12] < 0.03 THEN '2031-10-10' ELSE '10/10/2031' END) ELSE '{}' END END)
	FROM (SELECT 301 + (u[13] * 40)::int % 40 AS id, 1 + (1 + (u[13] * 40)::int % 40) % 12 AS workspace_id) d,
		LATERAL (SELECT vin, l.name AS location FROM loopit.asset JOIN loopit.asset_location b ON b.asset_id = asset.id JOIN loopit.location l ON l.id = b.location_id WHERE asset.id = d.workspace_id * 1000 + 1 + (u[14] * 60)::int % 60) a
$lead$;

-- Leads come in the order of their times; two of a hundred come twice.  A
-- weekend has half as many.
CREATE TEMP TABLE month_lead AS
SELECT number, ago, u FROM (
	SELECT number, :days * (1 - number::numeric / (:days * :leads)) AS ago,
		(SELECT array_agg(random() ORDER BY i) FROM generate_series(1, 16) i WHERE number > 0) AS u
	FROM generate_series(1, :days * :leads) number) n
WHERE (u[15] < 0.55 OR extract(isodow FROM now() - ago * interval '1 day') < 6)
	AND NOT (301 + (u[13] * 40)::int % 40 = 312 AND ago < 8);

SELECT count(loopit_ingest_lead(pg_temp.month_lead(number, ago, u)))
FROM (SELECT * FROM month_lead WHERE ago >= 0.6 ORDER BY number OFFSET 0) l;
ALTER TABLE loopit.person ADD CONSTRAINT person_last_name_plausible CHECK (last_name !~ '77$') NOT VALID;
SELECT count(loopit_ingest_lead(pg_temp.month_lead(number, ago, u)))
FROM (SELECT * FROM month_lead WHERE ago < 0.6 OR u[16] < 0.02 ORDER BY number OFFSET 0) l;

-- The times are those of the month.
UPDATE loopit.ingest_log l SET received_at = now() - m.ago * interval '1 day',
	duration_us = 180 + (-ln(1 - m.u[16]) * 120)::int
FROM month_lead m WHERE l.lead_reference = (1700000 + m.number)::text;

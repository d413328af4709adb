-- loopit_replay_lead() of payloads without updated_at, which count as of their
-- receipt: the end is as if each had been stored when it came.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh
CREATE FUNCTION test.named(id int, first_name text, dealership int DEFAULT 1000) RETURNS jsonb LANGUAGE sql AS $$
	SELECT test.lead(jsonb_build_object('id', id, 'dealership', jsonb_build_object('id', dealership),
		'prospect', jsonb_build_object('first_name', first_name)))
$$;
-- What each call did to the person, and what is stored after it.
CREATE FUNCTION test.did(outcome jsonb, OUT person text, OUT issues text, OUT first_name text) LANGUAGE plpgsql AS $$
BEGIN
	person := concat_ws(' ', outcome#>>'{person,action}', outcome#>>'{person,reason}');
	issues := test.issues(outcome);
	first_name := (SELECT p.first_name FROM loopit.person p);
END $$;

-- Two leads of one person that both wait, mended: oldest first, ...
SELECT * FROM test.did(loopit_ingest_lead(test.named(1, 'Older')));
SELECT * FROM test.did(loopit_ingest_lead(test.named(2, 'Newer')));
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.did(loopit_replay_lead(1));
SELECT * FROM test.did(loopit_replay_lead(2));
-- ... each again (the replay is no news, so nothing is older than it), ...
SELECT * FROM test.did(loopit_replay_lead(2));
SELECT * FROM test.did(loopit_replay_lead(4));
SELECT * FROM test.did(loopit_replay_lead(1));
-- ... and newest first.
\ir :fresh
SELECT * FROM test.did(loopit_ingest_lead(test.named(1, 'Older')));
SELECT * FROM test.did(loopit_ingest_lead(test.named(2, 'Newer')));
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.did(loopit_replay_lead(2));
SELECT * FROM test.did(loopit_replay_lead(1));

-- A delivery that came later and found its own values there already: they are
-- what came last all the same.
\ir :fresh
SELECT * FROM test.did(loopit_ingest_lead(test.named(1, 'New', 356)));
SELECT * FROM test.did(loopit_ingest_lead(test.named(2, 'Old')));
SELECT * FROM test.did(loopit_ingest_lead(test.named(3, 'New', 356)));
INSERT INTO loopit.dealership VALUES (1000, 7);
SELECT * FROM test.did(loopit_replay_lead(2));

-- After a replay a delivery is current as ever.
SELECT * FROM test.did(loopit_ingest_lead(test.named(4, 'Newest', 356)));
DROP FUNCTION test.named, test.did;
\ir :done

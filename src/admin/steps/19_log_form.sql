-- title: the form of rows of the log
-- makes:

-- A row stays in one piece, and its payload is not compressed, while two of them
-- fit a page.  To compress a payload, and to store it out of line, costs more than
-- to parse it.  Partitions get what the newest one has.
ALTER TABLE loopit.ingest_log SET (toast_tuple_target = 4080);

DROP INDEX report_conversions_due;
CREATE TABLE raw_rows (id INTEGER PRIMARY KEY, raw TEXT NOT NULL) STRICT;
INSERT INTO raw_rows (id, raw) SELECT id, raw FROM report_conversions;
ALTER TABLE report_conversions DROP COLUMN raw;
ALTER TABLE report_conversions ADD COLUMN part_first INTEGER;
ALTER TABLE report_conversions ADD COLUMN part_purchases INTEGER;
ALTER TABLE report_conversions ADD COLUMN part_worth TEXT;
ALTER TABLE report_conversions ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report_conversions ADD COLUMN wakes_at INTEGER GENERATED ALWAYS AS
    (CASE state WHEN 'in_flight' THEN due_at ELSE min(due_at, deadline) END) VIRTUAL;
ALTER TABLE objects ADD COLUMN digest TEXT;

-- What earlier versions exported has neither.
ALTER TABLE report_conversions ADD COLUMN country TEXT;
ALTER TABLE report_conversions ADD COLUMN reported_at INTEGER;

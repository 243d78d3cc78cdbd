-- Until then texts stayed forever.
ALTER TABLE report_conversions ADD COLUMN campaign_id TEXT;
ALTER TABLE report_conversions ADD COLUMN erased_at INTEGER;
ALTER TABLE report_conversions ADD COLUMN erased_by TEXT;

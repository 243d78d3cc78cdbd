-- Until then there was one platform.
ALTER TABLE report_conversions ADD COLUMN platform TEXT;
UPDATE report_conversions SET platform = 'meta' WHERE pixel IS NOT NULL;

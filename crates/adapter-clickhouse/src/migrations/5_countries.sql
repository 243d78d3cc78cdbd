-- What earlier versions wrote, and still write, has neither: the country is empty text, the time absent.
-- Both have a default, without which the driver of an earlier version would refuse to insert.
ALTER TABLE report_conversions
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) DEFAULT '' AFTER campaign_id,
    ADD COLUMN IF NOT EXISTS reported_at Nullable(DateTime64(3, 'UTC')) DEFAULT NULL AFTER updated_at
;
CREATE OR REPLACE VIEW report_conversions_latest AS
SELECT * FROM report_conversions FINAL

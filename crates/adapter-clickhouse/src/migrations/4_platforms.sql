-- Until then there was one platform: rows that were written before, and those that an earlier version still writes, are its.
ALTER TABLE report_conversions
    ADD COLUMN IF NOT EXISTS platform LowCardinality(String) DEFAULT if(pixel = '', '', 'meta') AFTER pixel
;
CREATE OR REPLACE VIEW report_conversions_latest AS
SELECT * FROM report_conversions FINAL
;
CREATE OR REPLACE VIEW report_conversions_hourly AS
SELECT
    toStartOfHour(ifNull(click_timestamp, created_at)) AS hour,
    campaign_id,
    network,
    platform,
    pixel,
    count() AS conversions,
    sum(observed_count) AS paid_clicks,
    sum(observed_revenue) AS revenue,
    sum(reported_count) AS reported_purchases,
    sum(reported_revenue) AS reported_revenue,
    sum(events) AS events,
    countIf(outcome = 'reported') AS reported,
    countIf(outcome = 'invalid') AS invalid,
    countIf(outcome = 'no_events') AS no_events,
    countIf(outcome = 'rejected') AS rejected,
    countIf(outcome = 'expired') AS expired,
    countIf(outcome = 'parked') AS parked,
    countIf(outcome = 'retry') AS retry,
    countIf(outcome = 'in_flight') AS in_flight
FROM report_conversions_latest
GROUP BY hour, campaign_id, network, platform, pixel

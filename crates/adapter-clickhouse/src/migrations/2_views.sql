-- The latest state of each conversion, whatever has been merged so far.
CREATE OR REPLACE VIEW report_conversions_latest AS
SELECT * FROM report_conversions FINAL
;
-- Conversions by the hour of the click (of their entry, where a row stated no click), campaign, network and pixel. Sums over
-- it are right: each conversion is in it once, with its latest state.
CREATE OR REPLACE VIEW report_conversions_hourly AS
SELECT
    toStartOfHour(ifNull(click_timestamp, created_at)) AS hour,
    campaign_id,
    network,
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
GROUP BY hour, campaign_id, network, pixel

-- Until then the latest figures were what is to be reported too, whichever row stated them.
ALTER TABLE report_conversions ADD COLUMN wanted_count INTEGER;
ALTER TABLE report_conversions ADD COLUMN wanted_revenue TEXT;
UPDATE report_conversions SET wanted_count = observed_count, wanted_revenue = observed_revenue
WHERE state IN ('in_flight', 'retry', 'parked') AND observed_count > 0;

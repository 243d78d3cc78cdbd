-- One row per conversion and change of its state. A key stays in one partition forever, because its entry was made once:
-- so optimising a partition leaves one row of each conversion, and clicks with odd times make no odd partitions.
-- What is absent is empty text.
CREATE TABLE IF NOT EXISTS report_conversions (
    key              String                       CODEC(ZSTD),
    version          UInt64,
    outcome          LowCardinality(String),
    reason           LowCardinality(String),
    reasons          LowCardinality(String),
    network          LowCardinality(String),
    pixel            LowCardinality(String),
    campaign_id      LowCardinality(String),
    session_id       String                       CODEC(ZSTD),
    keyword_clicked  String                       CODEC(ZSTD),
    click_timestamp  Nullable(DateTime64(3, 'UTC')),
    observed_count   Int64,
    observed_revenue Decimal(18, 6),
    reported_count   Int64,
    reported_revenue Decimal(18, 6),
    events           UInt64,
    object           String                       CODEC(ZSTD),
    row              UInt64,
    attempts         UInt32,
    created_at       DateTime64(3, 'UTC'),
    updated_at       DateTime64(3, 'UTC'),
    INDEX click_timestamp_range click_timestamp TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(created_at)
ORDER BY key
SETTINGS non_replicated_deduplication_window = 1000

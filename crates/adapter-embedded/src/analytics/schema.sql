-- Every state that a conversion was exported in; people read the view, which has the latest of each.
CREATE TABLE IF NOT EXISTS report_conversions (
    key              TEXT    NOT NULL,
    version          INTEGER NOT NULL,
    partition        TEXT    NOT NULL,
    outcome          TEXT    NOT NULL,
    reason           TEXT    NOT NULL,
    reasons          TEXT    NOT NULL,
    network          TEXT    NOT NULL,
    pixel            TEXT,
    campaign_id      TEXT,
    session_id       TEXT,
    keyword_clicked  TEXT,
    click_timestamp  INTEGER,
    observed_count   INTEGER NOT NULL,
    observed_revenue TEXT    NOT NULL,
    reported_count   INTEGER NOT NULL,
    reported_revenue TEXT    NOT NULL,
    events           INTEGER NOT NULL,
    object           TEXT    NOT NULL,
    row              INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- Whose pixel it is.
    platform         TEXT,
    -- The visitor's.
    country          TEXT,
    -- When the platform last accepted events of it.
    reported_at      INTEGER,
    PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS report_conversions_partition ON report_conversions (partition, key, version);

-- What retention has not erased yet.
CREATE INDEX IF NOT EXISTS report_conversions_personal ON report_conversions (created_at)
    WHERE session_id IS NOT NULL OR keyword_clicked IS NOT NULL;

CREATE VIEW IF NOT EXISTS report_conversions_latest AS
    SELECT * FROM report_conversions AS this
    WHERE version = (SELECT max(version) FROM report_conversions WHERE key = this.key);

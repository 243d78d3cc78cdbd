-- Until then no mark preceded a request. So what is in flight may have been sent since its claim, which came after the latest
-- attempt; and what waits with an attempt of unknown outcome, since the claim of the first of these.
CREATE TABLE IF NOT EXISTS maybe_received (
    entry         INTEGER PRIMARY KEY,
    since         INTEGER NOT NULL,
    short_answers INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS attempts (
    entry   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    owner   TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    events  INTEGER NOT NULL,
    answer  TEXT,
    PRIMARY KEY (entry, number)
) STRICT, WITHOUT ROWID;
ALTER TABLE raw_rows ADD COLUMN checksum INTEGER;
INSERT OR IGNORE INTO maybe_received (entry, since)
    SELECT e.id, coalesce((SELECT max(b.at) FROM attempts b WHERE b.entry = e.id AND b.number < a.number), e.created_at)
    FROM report_conversions e JOIN attempts a ON a.entry = e.id
    WHERE e.state IN ('in_flight', 'retry', 'parked', 'rejected', 'expired') AND a.reason = 'unknown_outcome'
    ORDER BY a.number;
INSERT OR IGNORE INTO maybe_received (entry, since)
    SELECT e.id, coalesce((SELECT max(a.at) FROM attempts a WHERE a.entry = e.id), e.created_at)
    FROM report_conversions e WHERE e.state = 'in_flight';

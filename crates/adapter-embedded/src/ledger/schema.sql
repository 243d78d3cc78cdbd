-- One row per conversion; its text is in `raw_rows`, so that a change of state does not write it again.
--
-- What is open has a due time. `ready` is set once that has come: what waits is found by time, what is due by deadline, and
-- neither search meets the other's rows or those at an end.
CREATE TABLE IF NOT EXISTS report_conversions (
    id               INTEGER PRIMARY KEY,
    key              BLOB    NOT NULL,
    state            TEXT    NOT NULL,
    reason           TEXT    NOT NULL DEFAULT '',
    reasons          TEXT    NOT NULL DEFAULT '',
    object           INTEGER NOT NULL REFERENCES objects (id),
    row              INTEGER NOT NULL,
    session_id       TEXT,
    keyword_clicked  TEXT,
    click_timestamp  INTEGER,
    -- Platform and code: `meta:123`.
    pixel            TEXT,
    network          TEXT    NOT NULL,
    observed_count   INTEGER NOT NULL,
    observed_revenue TEXT    NOT NULL,
    reported_count   INTEGER NOT NULL DEFAULT 0,
    reported_revenue TEXT    NOT NULL DEFAULT '0',
    accepted         TEXT    NOT NULL DEFAULT '',
    events           INTEGER NOT NULL DEFAULT 0,
    owner            TEXT,
    attempt          INTEGER NOT NULL DEFAULT 0,
    failures         INTEGER NOT NULL DEFAULT 0,
    due_at           INTEGER,
    deadline         INTEGER,
    version          INTEGER NOT NULL DEFAULT 1,
    exported         INTEGER NOT NULL DEFAULT 0,
    answer           TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    reported         INTEGER GENERATED ALWAYS AS (state = 'reported') VIRTUAL,
    valid            INTEGER GENERATED ALWAYS AS (state <> 'invalid') VIRTUAL,
    invalid_reason   TEXT    GENERATED ALWAYS AS (CASE state WHEN 'invalid' THEN reason END) VIRTUAL,
    -- An increment: index of the first Purchase, how many, and their worth; all empty for the whole conversion.
    part_first       INTEGER,
    part_purchases   INTEGER,
    part_worth       TEXT,
    -- Money that rows stated and the entry's own events do not report.
    wanted_count     INTEGER,
    wanted_revenue   TEXT,
    ready            INTEGER NOT NULL DEFAULT 0,
    -- A lease that runs is respected even past the deadline.
    wakes_at         INTEGER GENERATED ALWAYS AS
        (CASE state WHEN 'in_flight' THEN due_at ELSE min(due_at, deadline) END) VIRTUAL,
    -- Once its text is erased: the campaign that it named, when that was, and why. Session and keyword are empty from then on.
    campaign_id      TEXT,
    erased_at        INTEGER,
    erased_by        TEXT
) STRICT;

-- Keys and sessions are random; an index over all of them would have a claim write a page for each of its rows. So these have a
-- part for each 8,192 entries, and only the latest part changes. A key has one entry because of what `key_index.rs` does.
CREATE INDEX IF NOT EXISTS report_conversions_key ON report_conversions (id >> 13, substr(key, 1, 8));
CREATE INDEX IF NOT EXISTS report_conversions_session ON report_conversions (id >> 13, session_id);
CREATE INDEX IF NOT EXISTS report_conversions_waiting
    ON report_conversions (wakes_at) WHERE ready = 0 AND due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS report_conversions_ready ON report_conversions (pixel, deadline, wakes_at) WHERE ready = 1;
CREATE INDEX IF NOT EXISTS report_conversions_parked ON report_conversions (pixel) WHERE state = 'parked';
CREATE INDEX IF NOT EXISTS report_conversions_object ON report_conversions (object, state);
CREATE INDEX IF NOT EXISTS report_conversions_unexported
    ON report_conversions (updated_at) WHERE exported < version;

-- Entries by state, kept by whatever changes an entry: counting them would cost more and more.
CREATE TABLE IF NOT EXISTS state_counts (
    state   TEXT    PRIMARY KEY,
    entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The JSON text of rows, by the id of their entry, and its CRC-32, which versions before 5 did not store.
CREATE TABLE IF NOT EXISTS raw_rows (
    id       INTEGER PRIMARY KEY,
    raw      TEXT    NOT NULL,
    checksum INTEGER
) STRICT;

-- The earliest moment from which a text of a full generation may be erased; empty once none is left, 0 until it was looked at. So
-- nothing is stored about it when a row is claimed. The deadline counts, or the time of entry.
CREATE TABLE IF NOT EXISTS text_generations (
    generation INTEGER PRIMARY KEY,
    earliest   INTEGER
) STRICT;

-- Entries whose events the platform may have without a known outcome, since right before the first request; the mark is written
-- before each request. Narrow, so that a mark writes few pages.
CREATE TABLE IF NOT EXISTS maybe_received (
    entry         INTEGER PRIMARY KEY,
    since         INTEGER NOT NULL,
    short_answers INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Settlements of an entry, by the number of the claim.
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

-- Rows whose entry another row took over; their object's receipt counts them.
CREATE TABLE IF NOT EXISTS superseded (
    object  INTEGER NOT NULL REFERENCES objects (id),
    row     INTEGER NOT NULL,
    key     BLOB    NOT NULL,
    outcome TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    PRIMARY KEY (object, row)
) STRICT, WITHOUT ROWID;

-- `at` is empty until the object has been read to its end or refused.
CREATE TABLE IF NOT EXISTS objects (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    rows_in    INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    refused    TEXT,
    at         INTEGER,
    digest     TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS objects_at ON objects (at) WHERE at IS NOT NULL;

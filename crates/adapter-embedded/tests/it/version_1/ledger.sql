-- One row per conversion. `raw` comes last, so that reading the small columns does not touch it.
CREATE TABLE IF NOT EXISTS report_conversions (
    id               INTEGER PRIMARY KEY,
    key              BLOB    NOT NULL UNIQUE,
    state            TEXT    NOT NULL,
    reason           TEXT    NOT NULL DEFAULT '',
    reasons          TEXT    NOT NULL DEFAULT '',
    object           INTEGER NOT NULL REFERENCES objects (id),
    row              INTEGER NOT NULL,
    session_id       TEXT,
    keyword_clicked  TEXT,
    click_timestamp  INTEGER,
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
    raw              TEXT    NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS report_conversions_due
    ON report_conversions (deadline, due_at, state) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS report_conversions_parked ON report_conversions (pixel) WHERE state = 'parked';
CREATE INDEX IF NOT EXISTS report_conversions_object ON report_conversions (object, state);
CREATE INDEX IF NOT EXISTS report_conversions_session ON report_conversions (session_id);
CREATE INDEX IF NOT EXISTS report_conversions_unexported
    ON report_conversions (updated_at) WHERE exported < version;

-- Rows whose entry another row took over; they stay in their object's books.
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
    at         INTEGER
) STRICT;

CREATE INDEX IF NOT EXISTS objects_at ON objects (at) WHERE at IS NOT NULL;

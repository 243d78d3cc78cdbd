CREATE TABLE upgraded (
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
    part_first       INTEGER,
    part_purchases   INTEGER,
    part_worth       TEXT,
    ready            INTEGER NOT NULL DEFAULT 0,
    wakes_at         INTEGER GENERATED ALWAYS AS
        (CASE state WHEN 'in_flight' THEN due_at ELSE min(due_at, deadline) END) VIRTUAL
) STRICT;
INSERT INTO upgraded (id, key, state, reason, reasons, object, row, session_id, keyword_clicked, click_timestamp, pixel, network,
        observed_count, observed_revenue, reported_count, reported_revenue, accepted, events, owner, attempt, failures, due_at,
        deadline, version, exported, answer, created_at, updated_at, part_first, part_purchases, part_worth, ready)
    SELECT id, key, state, reason, reasons, object, row, session_id, keyword_clicked, click_timestamp, pixel, network,
        observed_count, observed_revenue, reported_count, reported_revenue, accepted, events, owner, attempt, failures, due_at,
        deadline, version, exported, answer, created_at, updated_at, part_first, part_purchases, part_worth, ready
    FROM report_conversions ORDER BY id;
DROP TABLE report_conversions;
ALTER TABLE upgraded RENAME TO report_conversions;
CREATE TABLE state_counts (state TEXT PRIMARY KEY, entries INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO state_counts (state, entries) SELECT state, count(*) FROM report_conversions GROUP BY state;

-- `networks` and `countries` are JSON arrays; empty: all.
CREATE TABLE IF NOT EXISTS subscriptions (
    id          TEXT    NOT NULL PRIMARY KEY,
    note        TEXT,
    enabled     INTEGER NOT NULL DEFAULT 1,
    networks    TEXT    NOT NULL DEFAULT '[]',
    countries   TEXT    NOT NULL DEFAULT '[]',
    min_revenue TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS turns (
    task  TEXT    NOT NULL PRIMARY KEY,
    owner TEXT    NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS pixels (
    source TEXT NOT NULL,
    code   TEXT NOT NULL,
    name   TEXT,
    PRIMARY KEY (source, code)
) STRICT, WITHOUT ROWID;

-- `position` 0 is the first choice.
CREATE TABLE IF NOT EXISTS credentials (
    source   TEXT    NOT NULL,
    code     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    label    TEXT    NOT NULL,
    token    TEXT    NOT NULL,
    PRIMARY KEY (source, code, position),
    FOREIGN KEY (source, code) REFERENCES pixels (source, code) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the operator says about feed networks; an earlier version does not look at it.
CREATE TABLE IF NOT EXISTS feeds (
    network   TEXT NOT NULL PRIMARY KEY,
    time_zone TEXT
) STRICT, WITHOUT ROWID;

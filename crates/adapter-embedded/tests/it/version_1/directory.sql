CREATE TABLE IF NOT EXISTS subscriptions (
    id   TEXT NOT NULL PRIMARY KEY,
    note TEXT
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

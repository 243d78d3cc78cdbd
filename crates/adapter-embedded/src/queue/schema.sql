-- A message is visible from `visible_at` on. `handle` names its latest delivery.
CREATE TABLE IF NOT EXISTS messages (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    queue         TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    sent_at       INTEGER NOT NULL,
    visible_at    INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0,
    handle        TEXT
) STRICT;

-- `sent_at` is there for the age of the oldest, which then needs no bodies.
CREATE INDEX IF NOT EXISTS messages_visible ON messages (queue, visible_at, seq, sent_at);

CREATE TABLE IF NOT EXISTS dead_letters (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    queue         TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    receive_count INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS dead_letters_queue ON dead_letters (queue, seq);

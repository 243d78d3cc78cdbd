-- Work that only one process may do at a time.
CREATE TABLE IF NOT EXISTS efflux_turns (
    task             text PRIMARY KEY,
    owner            text NOT NULL,
    until            timestamptz NOT NULL
);

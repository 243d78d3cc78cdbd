-- Bids for turns, of which none is ever changed. The server's time decides who came first.
CREATE TABLE IF NOT EXISTS efflux_turns (
    task      String,
    owner     String,
    placed_at DateTime64(6, 'UTC'),
    until     DateTime64(3, 'UTC'),
    ended     Bool,
    written_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (task, placed_at)
TTL written_at + INTERVAL 7 DAY

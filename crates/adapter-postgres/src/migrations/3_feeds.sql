-- What the operator says about feed networks.
CREATE TABLE IF NOT EXISTS efflux_feeds (
    network          text PRIMARY KEY,
    time_zone        text
);

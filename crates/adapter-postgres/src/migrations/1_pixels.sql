-- The legacy system's five tables, as far as Efflux uses them; in an installation that has them nothing is changed.
CREATE TABLE IF NOT EXISTS pixels (
    id               varchar(255) PRIMARY KEY,
    code             varchar(255),
    name             varchar(255),
    creation_time    timestamptz DEFAULT now(),
    traffic_source   varchar(255) NOT NULL,
    last_fired_time  timestamptz,
    activity_status  varchar(255),
    business_name    varchar(255),
    business_id      varchar(255)
);
CREATE TABLE IF NOT EXISTS ad_accounts (
    id               bigint PRIMARY KEY,
    provider         text,
    provider_id      varchar(255) UNIQUE,
    name             varchar(255),
    status           varchar(255),
    created_at       timestamptz DEFAULT now(),
    updated_at       timestamptz DEFAULT now(),
    network          text,
    fb_account_id    varchar(255)
);
CREATE TABLE IF NOT EXISTS pixels_ad_accounts_relations (
    id               serial PRIMARY KEY,
    pixel_id         varchar(255) NOT NULL REFERENCES pixels ON DELETE CASCADE,
    ad_account_id    bigint NOT NULL REFERENCES ad_accounts ON DELETE CASCADE,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (pixel_id, ad_account_id)
);
CREATE TABLE IF NOT EXISTS user_accounts (
    id               serial PRIMARY KEY,
    name             varchar(255) UNIQUE,
    email            varchar(255),
    provider         text,
    provider_id      varchar(255),
    status           varchar(255),
    token            text CONSTRAINT unique_token UNIQUE,
    created_at       timestamptz DEFAULT now(),
    updated_at       timestamptz DEFAULT now(),
    expires_in       timestamptz,
    backup           boolean DEFAULT false,
    fetching         boolean DEFAULT true,
    business_id      varchar(255),
    role             varchar(255) DEFAULT 'client'
);
CREATE TABLE IF NOT EXISTS aa_prioritized_ua_map (
    id               serial PRIMARY KEY,
    ua_id            integer NOT NULL REFERENCES user_accounts,
    aa_id            integer NOT NULL UNIQUE REFERENCES ad_accounts
);

-- The tables of the legacy system that matter here, with their exact columns.
CREATE TABLE pixels (id varchar(255) PRIMARY KEY, code varchar(255), name varchar(255), creation_time timestamptz DEFAULT now(),
    traffic_source varchar(255) NOT NULL, last_fired_time timestamptz, activity_status varchar(255), business_name varchar(255),
    business_id varchar(255));
CREATE TABLE ad_accounts (id bigint PRIMARY KEY, provider text, provider_id varchar(255) UNIQUE, name varchar(255), status varchar(255),
    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), network text, amount_spent varchar(255), balance varchar(255),
    spend_cap varchar(255), currency varchar(255), tz_name varchar(255), tz_offset smallint, fb_account_id varchar(255), date_start varchar(255),
    today_spent real DEFAULT 0, org_id integer);
CREATE TABLE pixels_ad_accounts_relations (id serial PRIMARY KEY, pixel_id varchar(255) NOT NULL REFERENCES pixels ON DELETE CASCADE,
    ad_account_id bigint NOT NULL REFERENCES ad_accounts ON DELETE CASCADE, created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (pixel_id, ad_account_id));
CREATE TABLE user_accounts (id serial PRIMARY KEY, name varchar(255) UNIQUE, email varchar(255), image_url text, provider text,
    provider_id varchar(255), status varchar(255), token text CONSTRAINT unique_token UNIQUE, user_id integer, created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(), business_scoped_id varchar(50) DEFAULT '', refresh_token text, expires_in timestamptz,
    refresh_token_expires_in timestamptz, org_id integer, backup boolean DEFAULT false, fetching boolean DEFAULT true, business_id varchar(255),
    role varchar(255) DEFAULT 'client');
CREATE TABLE aa_prioritized_ua_map (id serial PRIMARY KEY, ua_id integer NOT NULL REFERENCES user_accounts,
    aa_id integer NOT NULL UNIQUE REFERENCES ad_accounts);
CREATE TABLE ua_aa_map (id serial PRIMARY KEY, ua_id integer NOT NULL REFERENCES user_accounts, aa_id bigint REFERENCES ad_accounts,
    UNIQUE (ua_id, aa_id));

INSERT INTO user_accounts (name, provider, token, fetching, role, expires_in) VALUES
    ('Jane Doe', 'facebook', 'first', true, 'client', NULL),
    ('John Doe', 'facebook', 'idle', false, 'client', now() + interval '1 day'),
    ('Robot', 'facebook', 'system', true, 'system_user', NULL),
    ('Mary Major', 'facebook', 'fourth', NULL, NULL, NULL),
    ('Richard Roe', 'facebook', 'expired', true, 'system_user', now() - interval '1 day'),
    ('Stranger', 'facebook', NULL, true, 'system_user', NULL),
    ('Mario Rossi', 'tiktok', 'of-tiktok', true, 'client', NULL);
INSERT INTO ad_accounts (id, provider, provider_id, name) VALUES
    (1, 'facebook', 'act_1', 'One'), (2, 'facebook', 'act_2', 'Two'), (3, 'facebook', 'act_3', 'Three'),
    (4, 'facebook', 'act_4', 'Four'), (5, 'facebook', 'act_5', 'Five'), (6, 'facebook', 'act_6', 'Six'),
    (7, 'tiktok', 'advertiser_1', 'Advertiser'), (5000000000, 'facebook', 'act_7', 'Large');
INSERT INTO aa_prioritized_ua_map (ua_id, aa_id) VALUES (2, 1), (1, 2), (3, 3), (5, 4), (6, 5), (7, 7);
INSERT INTO ua_aa_map (ua_id, aa_id) VALUES (1, 1), (4, 2), (1, 5000000000), (1, 6), (4, 6);
INSERT INTO pixels (id, code, name, traffic_source) VALUES
    ('p1', '100', 'Shop', 'facebook'), ('p2', '200', NULL, 'facebook'), ('p3', '300', 'A', 'facebook'), ('p4', '300', 'B', 'facebook'),
    ('p5', '400', NULL, 'facebook'), ('p6', '100', NULL, 'tiktok'), ('p7', NULL, 'No code', 'facebook'), ('p8', 'no code!', NULL, 'facebook'),
    ('p9', 'C4A1B2C3D4E5F6G7H8I9', 'Shop', 'TikTok');
INSERT INTO pixels_ad_accounts_relations (pixel_id, ad_account_id) VALUES
    ('p1', 1), ('p1', 2), ('p1', 3), ('p1', 4), ('p2', 5000000000), ('p3', 6), ('p4', 6), ('p5', 4), ('p5', 5), ('p9', 7);

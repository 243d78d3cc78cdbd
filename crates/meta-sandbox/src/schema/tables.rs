//! The tables: every key the documentation or Meta's own SDK names, and nothing else.

use super::Shape::{self, *};
use super::lists::{ACTION_SOURCES, CHANNELS, CONTENT_TYPES, DELIVERY, FLAGS, LDU_STATES, SEGMENTS};
use super::{Key, Table};

const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

const fn must(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

/// The request body. `data` is looked at by itself, because its errors carry no subcode.
pub(crate) static BODY: Table = Table {
    open: false,
    keys: &[
        may("data", Any),
        may("access_token", Text),
        may("appsecret_proof", Text),
        may("appsecret_time", Any),
        may("namespace_id", Text),
        may("partner_agent", PartnerAgent),
        may("platforms", Any),
        may("progress", Any),
        may("test_event_code", Text),
        may("trace", Any),
        may("upload_id", Text),
        may("upload_source", Text),
        may("upload_tag", Text),
    ],
};

/// One event.
pub(crate) static EVENT: Table = Table {
    open: false,
    keys: &[
        must("event_name", TextUpTo(50)),
        must("event_time", Integer),
        must("user_data", Object(&USER_DATA)),
        must("action_source", OneOf(ACTION_SOURCES)),
        may("event_id", Text),
        may("event_source_url", Url),
        may("custom_data", Object(&CUSTOM_DATA)),
        may("advanced_measurement_table", Text),
        may("app_data", Object(&APP_DATA)),
        may("attribution_data", Object(&ATTRIBUTION_DATA)),
        may("data_processing_options", ProcessingOptions),
        may("data_processing_options_country", IntegerOf(&[0, 1])),
        may("data_processing_options_state", IntegerOf(LDU_STATES)),
        may("messaging_channel", OneOf(CHANNELS)),
        may("opt_out", Bool),
        may("original_event_data", Object(&ORIGINAL_EVENT_DATA)),
        may("referrer_url", Text),
    ],
};

static USER_DATA: Table = Table {
    open: false,
    keys: &[
        may("em", Hashed),
        may("ph", Hashed),
        may("fn", Hashed),
        may("ln", Hashed),
        may("db", Hashed),
        may("ge", Hashed),
        may("ct", Hashed),
        may("st", Hashed),
        may("zp", Hashed),
        may("country", Hashed),
        may("external_id", ExternalId),
        may("client_ip_address", Ip),
        may("client_user_agent", Text),
        may("fbc", Fbc),
        may("fbp", Fbp),
        may("anon_id", Text),
        may("ctwa_clid", Text),
        may("dobd", Hashed),
        may("dobm", Hashed),
        may("doby", Hashed),
        may("f5first", Hashed),
        may("f5last", Hashed),
        may("fb_login_id", Digits(1, 20)),
        may("fi", Hashed),
        may("ig_account_id", Digits(1, 20)),
        may("ig_sid", Digits(1, 20)),
        may("lead_id", Digits(15, 17)),
        may("madid", Text),
        may("page_id", Digits(1, 20)),
        may("page_scoped_user_id", Digits(1, 20)),
        may("subscription_id", Text),
        may("whatsapp_business_account_id", Digits(1, 20)),
    ],
};

static CUSTOM_DATA: Table = Table {
    open: true,
    keys: &[
        may("value", Amount),
        may("currency", Currency),
        may("content_category", Text),
        may("content_ids", Texts),
        may("content_name", Text),
        may("content_type", OneOf(CONTENT_TYPES)),
        may("contents", Contents(&CONTENT)),
        may("customer_segmentation", OneOf(SEGMENTS)),
        may("delivery_category", OneOf(DELIVERY)),
        may("event_source", Text),
        may("item_number", Text),
        may("lead_event_source", Text),
        may("net_revenue", Number),
        may("num_items", AtLeast(0)),
        may("order_id", Text),
        may("predicted_ltv", Number),
        may("search_string", Text),
        may("status", Text),
        may("store_data", Object(&STORE_DATA)),
    ],
};

static CONTENT: Table = Table {
    open: false,
    keys: &[
        must("id", Text),
        must("quantity", AtLeast(1)),
        may("item_price", Amount),
        may("delivery_category", OneOf(DELIVERY)),
    ],
};

static STORE_DATA: Table = Table {
    open: false,
    keys: &[may("store_page_id", Any), may("brand_page_id", Any), may("store_code", Any)],
};

static ORIGINAL_EVENT_DATA: Table = Table {
    open: false,
    keys: &[
        may("event_name", TextUpTo(50)),
        may("event_time", Integer),
        may("order_id", Text),
        may("event_id", Text),
    ],
};

static APP_DATA: Table = Table {
    open: false,
    keys: &[
        may("advertiser_tracking_enabled", IntegerOf(FLAGS)),
        may("application_tracking_enabled", IntegerOf(FLAGS)),
        may("extinfo", Extinfo),
        may("campaign_ids", Any),
        may("consider_views", Bool),
        may("include_dwell_data", Bool),
        may("include_video_data", Bool),
        may("install_referrer", Text),
        may("installer_package", Text),
        may("receipt_data", Text),
        may("url_schemes", Texts),
        may("vendor_id", Text),
        may("windows_attribution_id", Text),
    ],
};

static ATTRIBUTION_DATA: Table = Table {
    open: false,
    keys: &[
        may("ad_id", Digits(1, 20)),
        may("touchpoint_ts", Integer),
        may("attribution_share", Number),
        may("attribution_value", Number),
        may("adset_id", Any),
        may("attr_window", Any),
        may("attribution_method", Any),
        may("attribution_model", Any),
        may("attribution_setting", Any),
        may("attribution_source", Any),
        may("auditing_token", Any),
        may("campaign_id", Any),
        may("decline_reason", Any),
        may("linkage_key", Any),
        may("partner_client_id", Any),
        may("scope", Any),
        may("total_credit", Any),
        may("touchpoint_id", Any),
        may("touchpoint_type", Any),
        may("visit_time", Any),
    ],
};

//! The tables: every key that TikTok's own template, its help pages or several senders in production name, and nothing else.

use super::Shape::{self, *};
use super::{Key, Table};

const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

const fn must(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

/// The request body. `data` is looked at by itself.
pub(crate) static BODY: Table = Table(&[
    must("event_source", OneOf(&["web", "app", "offline", "crm"])),
    must("event_source_id", Code),
    must("data", Any),
    may("partner_name", Text),
    may("test_event_code", Word),
]);

/// One event.
pub(crate) static EVENT: Table = Table(&[
    must("event", TextUpTo(50)),
    must("event_time", Integer),
    may("event_id", Text),
    may("user", Object(&USER)),
    may("page", Object(&PAGE)),
    may("properties", Object(&PROPERTIES)),
    may("limited_data_use", Bool),
    may("lead", OpenObject),
    may("app", OpenObject),
    may("ad", OpenObject),
    may("device", OpenObject),
]);

static USER: Table = Table(&[
    may("ttclid", Word),
    may("ttp", Word),
    may("external_id", HashedOrList),
    may("email", HashedOrList),
    may("phone", HashedOrList),
    may("ip", Ip),
    may("user_agent", Text),
    may("locale", Word),
    may("first_name", Hashed),
    may("last_name", Hashed),
    may("zip_code", Hashed),
    may("city", Place),
    may("state", Place),
    may("country", Place),
    may("idfa", Word),
    may("idfv", Word),
    may("gaid", Word),
    may("att_status", Word),
]);

static PAGE: Table = Table(&[must("url", Url), may("referrer", Url)]);

const CONTENT_TYPES: &[&str] = &["product", "product_group"];

static PROPERTIES: Table = Table(&[
    may("value", Amount),
    may("currency", Currency),
    may("contents", Objects(&CONTENT)),
    may("content_type", OneOf(CONTENT_TYPES)),
    may("content_ids", Texts),
    may("num_items", Integer),
    may("query", Text),
    may("search_string", Text),
    may("description", Text),
    may("order_id", Text),
    may("shop_id", Text),
    may("predicted_ltv", Amount),
    may("delivery_category", Text),
]);

static CONTENT: Table = Table(&[
    may("content_id", Text),
    may("content_type", OneOf(CONTENT_TYPES)),
    may("content_name", Text),
    may("content_category", Text),
    may("price", Amount),
    may("quantity", Integer),
    may("brand", Text),
]);

//! What each `action_source` asks for.

use super::Parts;
use crate::refusal::Refusal;
use crate::schema::MESSAGING_NAMES;

pub(super) fn check(parts: &Parts<'_>) -> Result<(), Refusal> {
    match parts.source.as_ref() {
        "website" => website(parts),
        "app" => app(parts),
        "system_generated" => system_generated(parts),
        "business_messaging" => messaging(parts),
        _ => Ok(()),
    }
}

/// The documentation asks for both; Meta itself has been seen to let an event without the agent through,
/// but does not promise to use it.
fn website(parts: &Parts<'_>) -> Result<(), Refusal> {
    if !parts.event.has("event_source_url") {
        return Err(Refusal::missing("event_source_url"));
    }
    if !parts.user.has("client_user_agent") {
        return Err(Refusal::missing("client_user_agent").under("user_data"));
    }
    Ok(())
}

fn app(parts: &Parts<'_>) -> Result<(), Refusal> {
    let app = parts.event.object("app_data").ok_or_else(|| Refusal::missing("app_data"))?;
    match ["advertiser_tracking_enabled", "extinfo"].into_iter().find(|key| !app.has(key)) {
        Some(key) => Err(Refusal::missing(key).under("app_data")),
        None => Ok(()),
    }
}

fn system_generated(parts: &Parts<'_>) -> Result<(), Refusal> {
    if parts.custom_text("lead_event_source").is_none() {
        return Err(Refusal::missing("lead_event_source").under("custom_data"));
    }
    match parts.custom_text("event_source").as_deref() {
        Some("crm") => Ok(()),
        Some(_) => Err(Refusal::wrong("must be crm").under("event_source").under("custom_data")),
        None => Err(Refusal::missing("event_source").under("custom_data")),
    }
}

fn messaging(parts: &Parts<'_>) -> Result<(), Refusal> {
    let Some(channel) = parts.event.text("messaging_channel") else {
        return Err(refused(2_804_063, "Messaging channel missing"));
    };
    if !MESSAGING_NAMES.contains(&parts.name.as_ref()) {
        return Err(refused(2_804_066, "Event name not allowed for messaging"));
    }
    let needed: [(&str, Refusal); 2] = match channel.as_ref() {
        "messenger" => [
            ("page_id", refused(2_804_069, "Page id missing")),
            ("page_scoped_user_id", Refusal::missing("page_scoped_user_id").under("user_data")),
        ],
        "whatsapp" => [
            ("whatsapp_business_account_id", refused(2_804_116, "WhatsApp business account id missing")),
            ("ctwa_clid", refused(2_804_071, "WhatsApp click id missing")),
        ],
        _ => [
            ("ig_account_id", refused(2_804_079, "Instagram account id missing")),
            ("ig_sid", refused(2_804_075, "Instagram scoped id missing")),
        ],
    };
    match needed.into_iter().find(|(key, _)| !parts.user.has(key)) {
        Some((_, refusal)) => Err(refusal),
        None => Ok(()),
    }
}

fn refused(subcode: i64, title: &'static str) -> Refusal {
    Refusal::event(subcode, title, "A messaging event is incomplete or not allowed.")
}
